"""needletail report: every rank, number, gap and date against two quarters whose truth is counted from their packets.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_report.py
"""

import csv
import datetime as dt
import io
import json
import math
import os
import pty
import re
import shutil
import subprocess
import uuid
from collections import Counter

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

import report_world as world_of
from conftest import ROOT
from redis_server import Server
from report_world import BEGIN, END, FIRST, GAP, PARTIAL, TRACES, days, start_of

GROUP = ("tokyo-1", "osaka-1")
UNIQUE = 0.02


@pytest.fixture(scope="session")
def world(quarters):
    return quarters


@pytest.fixture(scope="module")
def report(world, run):
    """report("--lang", "ja", ...) -> the finished run"""

    def make(*options, quarter="2022Q3"):
        period = ("--quarter", quarter) if quarter else ()
        return run("report", "--redis", world.server.url, *period, *options)

    return make


@pytest.fixture(scope="module")
def document(report):
    done = report("--format", "json", "--lang", "en")
    assert done.status == 0, done.errors
    assert done.errors == ""  # progress is for terminals
    return json.loads(done.text)


@pytest.fixture(scope="module")
def items(document):
    return {item["id"]: item for item in document["items"]}


def ranking(counts):
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def rank_in(counts, member):
    return 1 + sum(n > counts[member] for n in counts.values()) if counts[member] else None


def near(number, truth):
    return abs(number - truth) <= UNIQUE * truth


def check_days(item, truth):
    """Every day of the period, with a gap on those that have no data. truth: column -> {day: number}."""
    assert [row["date"] for row in item["rows"]] == [day.isoformat() for day in days(BEGIN, END)]
    for row in item["rows"]:
        day = dt.date.fromisoformat(row["date"])
        for column, numbers in truth.items():
            assert row[column] == (None if day in GAP else numbers[day]), (day, column)
        assert row["sensors"] == (0 if day in GAP else 1 if day == PARTIAL else 2)
        assert row["intervals"] == (0 if day in GAP else 2 if day == PARTIAL else 4)


def check_hosts(item, world, names):
    """Sensors as small as these keep all HyperLogLogs of a day, so that a number of several is their union."""
    for row in item["rows"]:
        day = dt.date.fromisoformat(row["date"])
        assert "at_least" not in row
        for column, name in names.items():
            truth = world.union(name, day, day + dt.timedelta(1))
            if day in GAP:
                assert row[column] is None
            else:
                assert near(row[column], truth), (day, column)


# ---- tables of ranks ----


def check_ranking(item, world, what, key, hosts):
    now, before = world.total(what), world.total(what, FIRST, BEGIN)
    expected = ranking(now)[:5]
    assert [row[key] for row in item["rows"]] == [member for member, _ in expected]
    for place, (row, (member, packets)) in enumerate(zip(item["rows"], expected), 1):
        assert row["rank"] == place
        assert row["packets"] == packets
        assert row["share"] == pytest.approx(packets / sum(now.values()))
        assert row["previous_rank"] == rank_in(before, member)
        assert row["previous_packets"] == before[member]
        assert near(row["hosts"], world.union(f"sources:{hosts}:{member}"))


def test_ports(world, items):
    check_ranking(items["T1"], world, "ports", "port", "port")
    assert [row["service"] for row in items["T1"]["rows"]] == ["telnet", "ssh", "http", "redis", ""]


def test_regions(world, items):
    check_ranking(items["T2"], world, "regions", "region", "region")
    assert items["T2"]["rows"][1]["name"] == "Russian Federation"


def test_basis(world, items):
    basis = items["T1"]["basis"]
    assert basis["sensors"] == 2 and basis["addresses"] == 4096 + 256
    assert basis["lost_packets"] == 0 and basis["unexplained_packets"] == 0
    assert basis["intervals"] == 2 * 2 * (92 - len(GAP)) - 2
    assert basis["missing_intervals"] == basis["expected_intervals"] - basis["intervals"]
    assert basis["region_database_from"] > start_of(BEGIN)
    total = sum(sum(world.truth[s].frames[day] for day in days(BEGIN, END)) for s in GROUP)
    assert f"received {total:,} packets" in " ".join(items["basis"]["sentences"])


# ---- lines ----


def test_packets_per_day(world, items):
    check_days(items["F1"], {row["port"]: world.daily("ports", row["port"]) for row in items["T1"]["rows"]})
    check_days(items["F2"], {row["region"]: world.daily("regions", row["region"]) for row in items["T2"]["rows"]})


def test_hosts_per_day(world, items):
    check_hosts(items["F1-hosts"], world, {r["port"]: f"sources:port:{r['port']}" for r in items["T1"]["rows"]})
    check_hosts(items["F2-hosts"], world, {r["region"]: f"sources:region:{r['region']}" for r in items["T2"]["rows"]})


def test_missing_days_are_said(items):
    said = items["F1"]["sentences"]
    assert "No data on 14 July to 15 July: the lines have a gap there." in said
    assert any(sentence.startswith("Only a part of the data exists for 20 July;") for sentence in said)


def test_who_passed_whom(items):
    crossings = {(row["upper"], row["lower"]): row for row in items["F2-crossings"]["rows"]}
    assert crossings["RU", "CN"]["date"] == world_of.OVERTAKES.isoformat()
    assert crossings["RU", "CN"]["moved"] == "upper"
    assert crossings["BG", "KR"]["date"] == world_of.FALLS.isoformat()
    assert crossings["BG", "KR"]["moved"] == "lower"
    assert (crossings["BG", "KR"]["lower_before"], crossings["BG", "KR"]["lower_after"]) == (48, 24)
    assert any(
        re.match("Bulgaria overtook South Korea about 7 August and became number 5, because South Korea fell", sentence)
        for sentence in items["F2"]["sentences"]
    )


def test_ranks_have_dates(items):
    changes = {(row["line"], row["to"]): row for row in items["F2-ranks"]["rows"]}
    assert changes["RU", 2]["date"] == world_of.OVERTAKES.isoformat() and changes["RU", 2]["from"] == 3
    assert changes["BG", 5]["date"] == world_of.FALLS.isoformat()


def test_trends_and_shifts(items):
    trends = {row["line"]: row["trend"] for row in items["F1-trends"]["rows"]}
    assert trends == {"23/tcp": "flat", "22/tcp": "shift", "80/tcp": "flat", "6379/tcp": "rise", "5555/tcp": "flat"}
    shifts = {row["line"]: row for row in items["F1-shifts"]["rows"]}
    assert shifts["22/tcp"]["date"] == world_of.OVERTAKES.isoformat() and shifts["22/tcp"]["kind"] == "step"
    assert shifts["6379/tcp"]["kind"] == "ramp"
    late = dt.date.fromisoformat(shifts["6379/tcp"]["date"])
    assert abs((late - world_of.RISING).days) <= 6
    assert any("has been rising since late April" in s and "before the period" in s for s in items["F1"]["sentences"])


# ---- regions against others ----


def test_ports_of_regions(world, items):
    pairs, regions, ports = world.total("pairs"), world.total("regions"), world.total("ports")
    everything = sum(regions.values())
    rows = items["X1"]["rows"]
    assert [row["region"] for row in rows if row["rank"] == 1] == [r for r, _ in ranking(regions)[:5]] + ["JP"]
    for row in rows:
        region, port = row["region"], row["port"]
        assert row["packets"] == pairs[region, port]
        assert row["share"] == pytest.approx(pairs[region, port] / regions[region])
        others = (ports[port] - pairs[region, port]) / (everything - regions[region])
        assert row["share_others"] == pytest.approx(others)
    first, second = (row["port"] for row in rows if row["region"] == "RU")
    assert (first, second) == ("22/tcp", "3389/tcp")


def test_course_of_a_region(world, items):
    lines = [column["key"] for column in items["X1-RU"]["columns"] if column["line"]]
    assert lines == ["RU:22/tcp", "others:22/tcp", "RU:3389/tcp", "others:3389/tcp"]
    course = re.compile(r"Russian Federation: 22/tcp \(ssh\) had 7\d\.\d %")
    assert any(course.match(said) for said in items["X1-RU"]["sentences"])
    for row in items["X1-RU"]["rows"]:
        day = dt.date.fromisoformat(row["date"])
        if day in GAP:
            assert row["RU:22/tcp"] is None and row["others:22/tcp"] is None
            continue
        pair = sum(world.truth[s].pairs[day]["RU", "22/tcp"] for s in GROUP)
        region = sum(world.truth[s].regions[day]["RU"] for s in GROUP)
        port = sum(world.truth[s].ports[day]["22/tcp"] for s in GROUP)
        everything = sum(sum(world.truth[s].regions[day].values()) for s in GROUP)
        assert row["RU:22/tcp"] == pytest.approx(pair / region)
        assert row["others:22/tcp"] == pytest.approx((port - pair) / (everything - region))


# ---- backscatter ----


def test_backscatter(world, items):
    check_hosts(items["F3"], world, {r: f"backscatter:region:{r}" for r in ("JP", "TW", "NZ")})
    peaks = {row["line"]: row for row in items["F3-spikes"]["rows"] if row["line"] != "NZ"}
    assert {region: row["peak"] for region, row in peaks.items()} == {
        "JP": world_of.SPIKE_JP.isoformat(),
        "TW": world_of.SPIKE_TW.isoformat(),
    }


def test_senders_of_backscatter(world, items):
    for name, region, first in (("T3", "JP", dt.date(2022, 9, 1)), ("T4", "TW", dt.date(2022, 8, 1))):
        window = days(first, first + dt.timedelta(10))
        seen = {}
        for day in window:
            for sensor in GROUP:
                for source in world.truth[sensor].sources[day, f"backscatter:region:{region}"]:
                    seen.setdefault(source, set()).add(day)
        known = {s for s in seen if region != "JP" or int(s.split(".")[2]) < 128}  # the others have no AS
        rows = {row["address"]: row for row in items[name]["rows"]}
        assert set(rows) == known
        for source, row in rows.items():
            assert {day for day in window if row[day.isoformat()]} == seen[source]
        left_out = len(seen) - len(known)
        said = f"{left_out} further sources, whose organisation could not be estimated, are left out."
        assert (said in items[name]["sentences"]) == (left_out > 0)
    assert {row["organisation"] for row in items["T3"]["rows"]} == {"Example Bank Tokyo"}
    assert {row["organisation"] for row in items["T4"]["rows"]} == {"TW Portal", "TW Cable"}


# ---- one port from one region, and its windows ----


def test_focus(world, items):
    check_days(items["F4"], {"JP:445/tcp": world.daily("pairs", ("JP", "445/tcp"))})
    check_hosts(items["F5"], world, {n: f"sig:{n}:region:JP" for n in ("smb-8192", "smb-other")})
    assert "Of the two lines only the one with window 8192 grows." in items["F5"]["sentences"]


# ---- traces ----


def test_traces(items):
    assert [(row["date"], row["sources"], row["packets"]) for row in items["T5"]["rows"]] == [
        (day.isoformat(), sources, 200 * sources) for day, sources in TRACES.items()
    ]
    assert items["T5"]["rows"][2]["organisations"] == "NZ Exchange (4), NZ Hosting (3)"
    assert any("more than 100 packets a day" in note for note in items["T5"]["notes"])
    assert len(items["T5-sources"]["rows"]) == sum(TRACES.values())


def test_hours_of_an_event(world, items):
    rows = items["F6"]["rows"]
    assert rows[0]["time"] == "2022-08-26T00:00:00Z" and rows[-1]["time"] == "2022-09-02T23:00:00Z"
    for row in rows:
        at_s = int(dt.datetime.fromisoformat(row["time"].replace("Z", "+00:00")).timestamp())
        truth = sum(world.truth[s].hours[at_s, "NZ"] for s in GROUP)
        assert row["NZ"] == (truth or None)  # hours without any frame have no data


@pytest.mark.skipif(not shutil.which("gnuplot"), reason="no gnuplot")
def test_days_are_said_in_words(report, tmp_path):
    """A span of one day, beside the one before: data have periods, and people read dates."""
    options = ("--from", "2022-08-27", "--to", "2022-08-27", "--lang", "en")
    assert report(*options, "--format", "html,json", "-o", str(tmp_path), quarter=None).status == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<h1>Internet observation report, 27 August 2022</h1>" in page
    assert "<p>27 August 2022, compared with 26 August 2022</p>" in page
    assert "2022-08-26/2022-08-26" not in page
    document = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert document["compared_with"] == "2022-08-26/2022-08-26"
    assert document["period"]["name"] == "2022-08-27/2022-08-27"


@pytest.mark.parametrize("first", ("2022-08-27", "2022-08-30", "2022-08-31"))
def test_an_event_is_found_in_a_few_days(report, first):
    """What is usual is what was so before."""
    done = report("--from", first, "--to", "2022-08-31", "--format", "json", "--lang", "en", quarter=None)
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    assert [(row["date"], row["sources"]) for row in items["T5"]["rows"]] == [
        (day.isoformat(), sources) for day, sources in TRACES.items() if day.isoformat() >= first
    ]
    assert any("more than 100 packets a day" in note and "of days: 56" in note for note in items["T5"]["notes"])


def test_days_that_are_not_in_the_hours_are_named(report):
    done = report("--traces", "JP", "--threshold", "1", "--format", "json", "--lang", "en")
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    shown = {row["time"][:10] for row in items["F6"]["rows"]}
    left_out = [row["date"] for row in items["T5"]["rows"] if row["date"] not in shown]
    assert len(shown) == 14 and len(left_out) > 12
    said = [s for s in items["F6"]["sentences"] if s.startswith("Days of T5 that are not in this figure: 1 July to ")]
    assert len(said) == 1 and said[0].endswith(" to 30 September.")


def test_marks(items):
    marks = items["marks"]["rows"]
    assert [(row["start"][:10], row["sources"], row["packets"]) for row in marks] == [
        ("2022-08-27", 4, 800),
        ("2022-08-30", 1, 200),  # an attack on one address
        ("2022-08-31", 7, 1400),
    ]
    for row in marks:
        assert (row["source_port"], row["window"], row["sequence"], row["region"]) == (443, 5840, 123456, "NZ")
        assert "port 443" in row["means"] and "One tool" in row["means"]


def test_what_goes_to_holders_of_addresses(items):
    rows = items["export"]["rows"]
    victims = [row for row in rows if row["type"] == "dos"]
    assert len(victims) == sum(TRACES.values())
    assert {row["address"] for row in victims} == {world_of.address("NZ", 300 + n) for n in range(7)}
    assert all(row["packets"] == 200 and row["attacked_ports"] == "443/tcp" for row in victims)
    assert sum(row["type"] == "fixed_tool" for row in rows) == 4 + 7
    assert all((row["window"], row["sequence"], row["source_port"]) == (5840, 123456, 443) for row in rows)
    assert all(row["acknowledgement"] == 0 for row in rows)
    nz = {"NZ Exchange": world_of.ASN + 16, "NZ Hosting": world_of.ASN + 17}
    assert {row["organisation"] for row in rows} == set(nz)
    assert all(row["asn"] == nz[row["organisation"]] for row in [*rows, *items["T5-sources"]["rows"]])
    order = [(row["region"], row["organisation"], row["address"], row["start"]) for row in rows]
    assert order == sorted(order)


def test_events_say_what_they_are(items):
    assert {(row["type"], row["what"]) for row in items["events"]["rows"] if row["type"] != "surge"} == {
        ("dos", "443/tcp"),
        ("fixed_tool", "sequence"),
        ("sensor", "silence"),
    }
    surges = [row["what"] for row in items["events"]["rows"] if row["type"] == "surge"]
    assert all(re.fullmatch(r"(\d+/(tcp|udp) )?(packets|sources)", what) for what in surges)


# ---- what stands beside ----


def test_sensors_side_by_side(world, items):
    for sensor in GROUP:
        top = ranking(world.total("ports", sensors=[sensor]))[:10]
        assert [row[sensor] for row in items["sensors"]["rows"]] == [member for member, _ in top]
        assert [row[f"{sensor} packets"] for row in items["sensors"]["rows"]] == [n for _, n in top]


def test_groups(world, items):
    rows = {row["group"]: row for row in items["groups"]["rows"]}
    for group, sensors in (("domestic", GROUP), ("overseas", ("lima-1",))):
        frames = [world.truth[s].frames[day] for s in sensors for day in days(BEGIN, END)]
        assert rows[group]["packets"] == sum(frames)
        assert rows[group]["sensor_days"] == sum(n > 0 for n in frames)
        assert rows[group]["mean"] == pytest.approx(sum(frames) / sum(n > 0 for n in frames))
    for item in (items["groups"], items["groups-daily"]):  # of everybody, not of the report's sensors alone
        assert item["basis"]["sensors"] == len(world_of.SENSORS)
        assert item["basis"]["intervals"] > items["T1"]["basis"]["intervals"]
        assert item["basis"]["addresses"] == sum(addresses for _, addresses in world_of.SENSORS.values())
    assert "overseas: days of which no number is known: 62." in items["groups-daily"]["sentences"]
    for row in items["groups-daily"]["rows"]:
        frames = [world.truth[s].frames[dt.date.fromisoformat(row["date"])] for s in GROUP]
        present = [n for n in frames if n]
        assert row["domestic"] == (round(sum(present) / len(present)) if present else None)


def test_infected(world, items):
    names = {}
    for sig in ("mirai", "gre", "smb-8192"):
        names[f"{sig}:JP"] = f"sig:{sig}:region:JP"
    check_hosts(items["infected"], world, names | {"mirai": "sig:mirai", "gre": "sig:gre"})
    rows = {row["region"]: row for row in items["infected-regions"]["rows"]}
    assert near(rows["*"]["mirai"], world.union("sig:mirai"))
    assert near(rows["US"]["mirai"], world.union("sig:mirai:region:US"))
    assert near(rows["JP"]["gre"], world.union("sig:gre:region:JP"))
    assert near(rows["JP"]["smb-8192"], world.union("sig:smb-8192:region:JP"))
    assert set(rows) == {"*", "JP", "US"}  # where there are any, and the focus region
    names = {f"{sig}:{region}": f"sig:{sig}:region:{region}" for sig in ("mirai", "gre", "smb-8192") for region in ("JP", "US")}
    check_hosts(items["infected-regions-daily"], world, names)


def test_mirai(world, items):
    mirai, ports = world.total("mirai"), world.total("ports")
    for row in items["mirai"]["rows"]:
        assert row["mirai_packets"] == mirai[row["port"]]
        assert row["share"] == pytest.approx(mirai[row["port"]] / ports[row["port"]])
    for row in items["mirai-daily"]["rows"]:
        day = dt.date.fromisoformat(row["date"])
        if day in GAP:
            assert row["23/tcp"] is None
        else:
            share = [sum(getattr(world.truth[s], w)[day]["23/tcp"] for s in GROUP) for w in ("mirai", "ports")]
            assert row["23/tcp"] == pytest.approx(share[0] / share[1])


def test_scanners(items):
    for row in items["scanners"]["rows"]:
        day = dt.date.fromisoformat(row["date"])
        assert row["scanners"] == (None if day in GAP else 1 if day == world_of.SCANNED else 0)


def without_events(world, run, folder, *sensors, totals=None, others=0):
    """The report's `scanners` after streams of events were lost, as they are on a large telescope: {date: row}. totals:
    fields of sensors on the day of the scanner. others: events of tokyo-1 that came later and pushed them out."""
    world.server.client.save()
    shutil.copy(world.server.folder / "dump.rdb", folder)
    server = Server(folder)
    try:
        server.client.delete("nt:{tokyo-1}:events", "nt:{osaka-1}:events")
        fields = {"type": "sensor", "start": start_of(END), "end": start_of(END) + 1}
        fields |= {"region": "", "source": "", "body": "{}"}
        with server.client.pipeline() as pipeline:
            for number in range(others):
                pipeline.xadd("nt:{tokyo-1}:events", fields, id=f"{start_of(END) * 1000}-{number + 1}")
            pipeline.execute()
        for sensor, fields in (totals or {}).items():
            server.client.hset(f"nt:{{{sensor}}}:d:{start_of(world_of.SCANNED)}:totals", mapping=fields)
        options = ("--quarter", "2022Q3", "--format", "json", "--sensors", ",".join(sensors))
        done = run("report", "--redis", server.url, *options)
    finally:
        server.kill()
    assert done.status == 0, done.errors
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    return {dt.date.fromisoformat(row["date"]): row for row in items["scanners"]["rows"]}


@pytest.mark.parametrize("sensors", (["tokyo-1"], list(GROUP)))
def test_scanners_of_days_whose_events_are_gone(world, run, tmp_path, sensors):
    """One sensor told of scanners: its number is that of all."""
    for day, row in without_events(world, run, tmp_path, *sensors).items():
        assert row["scanners"] == (None if day in GAP else 1 if day == world_of.SCANNED else 0)
        assert row["research_scanners"] == (None if day in GAP else 0)
        assert "at_least" not in row


def test_scanners_that_nobody_can_tell_apart(world, run, tmp_path):
    """Two sensors saw scanners, and whether they are the same nobody knows: the larger number is a lower bound."""
    totals = {"osaka-1": {"scanners.others": 7, "scanners.known": 2}}
    rows = without_events(world, run, tmp_path, *GROUP, totals=totals)
    row = rows[world_of.SCANNED]
    assert (row["scanners"], row["research_scanners"], row["at_least"]) == (7, 2, ["scanners", "research_scanners"])
    assert not any("at_least" in row for day, row in rows.items() if day != world_of.SCANNED)


@pytest.mark.parametrize("sensors", (["tokyo-1"], list(GROUP)))
def test_days_of_which_scanners_are_not_known(world, run, tmp_path, sensors):
    """A stream that is full has let go of older events; where totals do not say a number, none is known."""
    for day, row in without_events(world, run, tmp_path, *sensors, others=19_500).items():
        assert row["scanners"] == (1 if day == world_of.SCANNED else None)
        assert "at_least" not in row


# ---- MISP ----

# Template `ddos` of MISP/misp-objects, version 6, as far as it is used: relation, type, whether there may be several
# (since version 7), and a category that the type may have.
DDOS = {
    "ip-dst": ("ip-dst", False, "Network activity"),
    "protocol": ("text", False, "Other"),
    "dst-port": ("port", True, "Network activity"),
    "first-seen": ("datetime", False, "Other"),
    "last-seen": ("datetime", False, "Other"),
    "total-pps": ("counter", False, "Other"),
    "text": ("text", False, "Other"),
}
DDOS_UUID, DDOS_VERSION = "e2f124d6-f57c-4f93-99e6-8450545fa05d", "6"
MISP_TIME = "%Y-%m-%dT%H:%M:%S.%f%z"
OURS = uuid.UUID("5a0d2c1e-937b-4f66-8e21-6fb40ad735c9")


def values(one):
    """{relation: its values}, each checked against the template."""
    found = {}
    for attribute in one["Attribute"]:
        relation = attribute["object_relation"]
        kind, several, category = DDOS[relation]
        assert (attribute["type"], attribute["category"]) == (kind, category)
        assert several or relation not in found
        assert attribute["to_ids"] is False and attribute["deleted"] is False and attribute["distribution"] == "5"
        assert isinstance(attribute["value"], str) and attribute["value"]
        index = attribute["value"] if several else ""
        assert attribute["uuid"] == str(uuid.uuid5(OURS, f"{one['uuid']}\n{relation}\n{index}"))
        found.setdefault(relation, []).append(attribute["value"])
    assert found.keys() >= {"ip-dst"}  # or ip-src, or domain-dst: required
    return found


def seconds(text):
    return int(dt.datetime.strptime(text, MISP_TIME).timestamp())


def test_attacks_for_misp(report, items):
    done = report("--format", "misp", "--lang", "en")
    assert done.status == 0, done.errors
    document = json.loads(done.text)
    assert set(document) == {"Event"}
    event = document["Event"]
    name = f"report\n{start_of(BEGIN)}\n{start_of(END)}\ndomestic"
    assert event["uuid"] == str(uuid.uuid5(OURS, name))
    assert (event["date"], event["distribution"], event["published"]) == ("2022-07-01", "0", False)
    assert (event["threat_level_id"], event["analysis"]) == ("4", "2")
    assert [tag["name"] for tag in event["Tag"]] == ["tlp:amber", 'rsit:availability="ddos"']
    assert len(event["info"]) < 256 and event["info"].endswith("2022Q3: 12")
    (basis,) = event["Attribute"]
    assert basis["type"] == "comment" and "2 sensors of the group domestic" in basis["value"]
    found = Counter()
    for one in event["Object"]:
        assert (one["name"], one["meta-category"]) == ("ddos", "network")
        assert (one["template_uuid"], one["template_version"]) == (DDOS_UUID, DDOS_VERSION)
        seen = values(one)
        first, last = seconds(seen["first-seen"][0]), seconds(seen["last-seen"][0])
        assert (seconds(one["first_seen"]), seconds(one["last_seen"])) == (first, last)
        assert (seen["protocol"], seen["dst-port"]) == (["TCP"], ["443"])
        assert one["uuid"] == str(uuid.uuid5(OURS, f"dos\ntokyo-1\n{seen['ip-dst'][0]}\n6\n{first}"))
        assert int(seen["total-pps"][0]) == math.ceil(60 / 60 * 2**32 / 4096)  # 60 packets a minute, 4,096 addresses
        assert "200 packets of backscatter (synack)" in seen["text"][0]
        (comment,) = (a["comment"] for a in one["Attribute"] if a["object_relation"] == "ip-dst")
        assert re.fullmatch(r"NZ (Exchange|Hosting), AS42000025(77|78), New Zealand", comment)
        found[seen["ip-dst"][0], first, last] += 1
    truth = Counter()
    for row in items["events"]["rows"]:
        if row["type"] == "dos":
            first, end = (seconds(row[key].replace("Z", ".0+00:00")) for key in ("start", "end"))
            truth[row["source"], first, end - 1] += 1
    assert found == truth and len(truth) == sum(TRACES.values())
    attacks = [(day, number) for day, many in TRACES.items() for number in range(many)]
    assert {(address, first) for address, first, _ in truth} == {
        (world_of.address("NZ", 300 + number), start_of(day, world_of.HOURS[0])) for day, number in attacks
    }


def test_misp_gets_the_same_again(report, tmp_path):
    files = []
    for folder in ("one", "two"):
        assert report("--format", "md,misp", "-o", tmp_path / folder).status == 0
        assert {path.name for path in (tmp_path / folder).iterdir()} == {"report.md", "report.misp.json"}
        files.append((tmp_path / folder / "report.misp.json").read_bytes())
    assert files[0] == files[1]


def test_misp_gets_an_event_without_objects(report):
    done = report("--format", "misp", "--lang", "ja", quarter="2022Q2")
    assert done.status == 0, done.errors
    event = json.loads(done.text)["Event"]
    assert event["Object"] == [] and "2022Q2：0 件" in event["info"]


# ---- formats ----


def test_csv_is_the_json(report, items, tmp_path):
    done = report("--format", "csv,json,md", "--lang", "en", "-o", tmp_path / "out")
    assert done.status == 0, done.errors
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.json", "report.md"} <= files
    tables = {f"{i['id']}.csv" for i in items.values() if i["columns"]}
    assert files - {"report.json", "report.md"} == tables | {"export-NZ.csv"}
    for item in items.values():
        if not item["columns"]:
            continue
        content = (tmp_path / "out" / f"{item['id']}.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(content)))
        assert len(rows) == len(item["rows"])
        for row, truth in zip(rows, item["rows"]):
            for column in item["columns"]:
                cell, value = row[column["key"]], truth[column["key"]]
                if value is None:
                    assert cell == ""
                elif column["kind"] in ("text", "date", "time"):
                    assert cell == value
                else:
                    assert float(cell) == pytest.approx(float(value), rel=1e-8)


def test_each_region_has_its_export(world, run, tmp_path):
    """For its CSIRT, and nothing of others in it; a region that is none names no file."""
    world.server.client.save()
    shutil.copy(world.server.folder / "dump.rdb", tmp_path)
    server = Server(tmp_path)
    try:
        for region in ("AU", "../../AU", "", "au"):
            at_s = start_of(dt.date(2022, 8, 10))
            fields = {"type": "dos", "start": at_s, "end": at_s + 9, "region": region}
            fields |= {"source": "192.0.2.1", "body": "{}"}
            server.client.xadd("nt:{tokyo-1}:events", fields)
        done = run("report", "--redis", server.url, "--quarter", "2022Q3", "--format", "csv", "-o", tmp_path / "out")
    finally:
        server.kill()
    assert done.status == 0, done.errors
    exports = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("export*")}
    assert set(exports) == {"export.csv", "export-AU.csv", "export-NZ.csv"}
    assert not (tmp_path / "AU.csv").exists()
    rows = {name: list(csv.DictReader(io.StringIO(text))) for name, text in exports.items()}
    assert len(rows["export.csv"]) == len(rows["export-NZ.csv"]) + 4
    for region in ("AU", "NZ"):
        assert rows[f"export-{region}.csv"] == [row for row in rows["export.csv"] if row["region"] == region]


def test_every_item_of_both_languages(report, items):
    said = {}
    for lang in ("en", "ja"):
        done = report("--lang", lang)
        assert done.status == 0
        said[lang] = done.text
        assert not re.search(r"\{[a-z_]+\}", done.text)  # a place that no word filled
        shown = [item for item in items.values() if item["form"] != "data"]
        assert len(re.findall("^## ", done.text, re.MULTILINE)) == len(shown)
    assert "ロシア連邦" in said["ja"] and "8月7日ごろ、ブルガリアが韓国を上回って 5 位になりました" in said["ja"]
    for name in ("T1", "F1", "T2", "F2", "X1", "F3", "T3", "T4", "F4", "F5", "T5", "F6"):
        assert re.search(f"^## {name} ", said["ja"], re.MULTILINE), name


def test_schema_of_the_document(document):
    """What config/report.md says of it."""
    assert document["schema"] == "needletail-report/1"
    assert set(document) == {"schema", "lang", "title", "period", "compared_with", "items"}
    assert document["period"]["start"] == start_of(BEGIN) and document["period"]["end"] == start_of(END)
    kinds = {"text": str, "date": str, "time": str, "count": int, "share": float, "real": float, "flag": bool}
    text = (ROOT / "config/report.md").read_text(encoding="utf-8")
    for item in document["items"]:
        assert set(item) == {"id", "form", "title", "sentences", "notes", "basis", "columns", "rows"}
        assert item["form"] in ("table", "figure", "data")
        assert (item["basis"] is None) == (item["form"] == "data"), item["id"]
        known = re.sub("^X1-..$", "X1-CC", item["id"])
        assert f"`{known}`" in text or item["form"] == "data", item["id"]
        for row in item["rows"]:
            assert set(row) - {"at_least"} == {column["key"] for column in item["columns"]}
            for column in item["columns"]:
                value = row[column["key"]]
                assert value is None or isinstance(value, kinds[column["kind"]]), (item["id"], column["key"])


@pytest.mark.parametrize("options", ((), ("--lang", "ja", "--pseudonyms"), ("--group", "southern")))
def test_the_written_schema_holds(report, options):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "config/report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    done = report("--format", "json", *options)
    assert done.status == 0, done.errors
    jsonschema.Draft7Validator(schema).validate(json.loads(done.text))


# ---- choices ----


def test_pseudonyms_and_labels(world, report, tmp_path):
    labels = tmp_path / "labels"
    labels.write_text("network,organisation,category\n16.6.0.0/17,Example Bank,bank\n16.6.128.0/17,Example Portal,portal\n")
    done = report("--format", "json", "--lang", "en", "--labels", labels)
    rows = {item["id"]: item for item in json.loads(done.text)["items"]}["T3"]["rows"]
    assert {row["organisation"] for row in rows} == {"Example Bank", "Example Portal"}
    done = report("--format", "json", "--lang", "en", "--labels", labels, "--pseudonyms")
    rows = {item["id"]: item for item in json.loads(done.text)["items"]}["T3"]["rows"]
    assert {row["organisation"] for row in rows} == {"bank A", "portal A"}
    assert not re.search(r"16\.[0-8]\.\d+\.\d+|Example|NZ Exchange", done.text)


def test_pseudonyms_need_an_empty_folder(report, run, tmp_path):
    """Files of an earlier report tell the addresses that this one is to hide. Nothing is read before that is said."""
    folder, formats = tmp_path / "out", ("--format", "json,csv")
    assert report(*formats, "-o", folder).status == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    hidden = (*formats, "--pseudonyms", "-o", folder)
    done = run("report", "--redis", f"unix://{tmp_path}/none.sock", "--quarter", "2022Q3", *hidden)
    assert done.status == 2 and done.text == "" and done.errors.count("\n") == 1
    assert f"{folder}: is not empty: with --pseudonyms" in done.errors
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    for path in folder.iterdir():
        path.unlink()
    (folder / ".hidden").touch()
    assert report(*hidden).status == 2
    (folder / ".hidden").unlink()
    for _ in range(2):  # a folder that is there and empty, and one that is not there
        assert report(*hidden).status == 0
        assert not (folder / "export.csv").exists()
        assert not any(re.search(rb"16\.[0-8]\.\d+\.\d+", path.read_bytes()) for path in folder.iterdir())
        shutil.rmtree(folder)


def test_a_folder_that_was_made_in_vain_goes(run, tmp_path):
    options = ("--redis", f"unix://{tmp_path}/none.sock", "--quarter", "2022Q3", "-o", tmp_path / "out")
    assert run("report", *options).status == 1 and not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    assert run("report", *options).status == 1 and (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written(run, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "out").mkdir(mode=0o500)
    options = ("--redis", f"unix://{tmp_path}/none.sock", "--quarter", "2022Q3", "-o", tmp_path / "out")
    done = run("report", *options)
    assert done.status == 2 and "out: Permission denied" in done.errors


def test_other_days_and_other_sensors(world, report):
    done = report(
        *("--from", "2022-08-01", "--to", "2022-08-10", "--compare-to", "2022-07-01/2022-07-10"),
        *("--sensors", "tokyo-1", "--format", "json", "--lang", "en"),
        quarter=None,
    )
    assert done.status == 0, done.errors
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    now = world.total("ports", dt.date(2022, 8, 1), dt.date(2022, 8, 11), ["tokyo-1"])
    before = world.total("ports", dt.date(2022, 7, 1), dt.date(2022, 7, 11), ["tokyo-1"])
    for row, (member, packets) in zip(items["T1"]["rows"], ranking(now)):
        assert (row["port"], row["packets"]) == (member, packets)
        assert (row["previous_rank"], row["previous_packets"]) == (rank_in(before, member), before[member])
    assert len(items["F1"]["rows"]) == 10
    assert not any("at_least" in row for row in items["F1-hosts"]["rows"])  # one sensor: no unions


def test_a_sensor_that_went_silent_is_missing(report):
    """Its newest interval is of 30 September: what it has not counted since is missing, and no day that is not there."""
    span = ("--from", "2022-09-21", "--to", "2022-10-20")
    done = report(*span, "--sensors", "tokyo-1", "--format", "json", "--lang", "en", quarter=None)
    assert done.status == 0, done.errors
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    assert items["T1"]["basis"]["expected_intervals"] == 30 * 24
    assert items["T1"]["basis"]["missing_intervals"] == 30 * 24 - items["T1"]["basis"]["intervals"]
    october = [row for row in items["F1"]["rows"] if row["date"] > "2022-09-30"]
    assert len(october) == 20
    for row in october:
        assert row["expected_intervals"] == 24 and not row["intervals"]
        assert all(row[column["key"]] is None for column in items["F1"]["columns"] if column["line"])


def test_days_of_another_time_zone(world, report):
    done = report("--group", "southern", "--format", "json")
    assert done.status == 0, done.errors
    document = json.loads(done.text)
    items = {item["id"]: item for item in document["items"]}
    assert document["period"]["start"] == start_of(BEGIN) - 9 * 3600
    packets = world.daily("regions", "US", ["naha-1"])
    assert {row["date"]: row["US"] for row in items["F2"]["rows"]} == {
        day.isoformat(): n or None for day, n in packets.items()
    }
    assert packets[dt.date(2022, 9, 21)] != packets[dt.date(2022, 9, 22)]  # the first one is half a day


def test_it_is_said_when_days_begin(report, items):
    assert "Days are those of UTC." in items["basis"]["notes"]
    options = ("--group", "southern", "--traces", "US", "--threshold", "3", "--format", "json", "--lang")
    for lang, said, days_of in (
        ("en", "Days are those of UTC+9 and begin at 15:00 UTC. Hours are those of UTC.", "{} September to {} October (UTC)"),
        ("ja", "日付は UTC+9 によります（1日は UTC の 15:00 に始まります）。時刻は UTC です。", "9月{}日～10月{}日、UTC"),
    ):
        done = report(*options, lang)
        southern = {item["id"]: item for item in json.loads(done.text)["items"]}
        for one in ("basis", "T5", "F6"):
            assert said in southern[one]["notes"]
        first, last = (southern["F6"]["rows"][at]["time"] for at in (0, -1))
        assert first.endswith("T15:00:00Z") and last.endswith("T14:00:00Z")
        # the figure's axis has the same days
        assert days_of.format(int(first[8:10]), int(last[8:10])) in southern["F6"]["title"]


def test_days_of_comparison_are_written_as_days(report):
    options = ("--from", "2022-08-05", "--to", "2022-08-05", "--compare-to", "2022-05-05/2022-05-05")
    done = report(*options, "--format", "json", "--lang", "en", quarter=None)
    document = json.loads(done.text)
    items = {item["id"]: item for item in document["items"]}
    assert document["compared_with"] == "2022-05-05/2022-05-05"
    assert "23/tcp (telnet) is number 1, as before (5 May)." in items["T1"]["sentences"]


def test_sensors_of_different_time_zones(report):
    done = report("--sensors", "tokyo-1,naha-1")
    assert done.status == 1
    assert "have days of different time zones" in done.errors


def test_focus_on_another_region(world, report):
    done = report("--focus-region", "US", "--format", "json")
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    assert [column["key"] for column in items["F4"]["columns"] if column["line"]] == ["US:445/tcp"]
    assert all(row["US:445/tcp"] in (0, None) for row in items["F4"]["rows"])


def test_chosen_senders_and_traces(world, report):
    options = ("--senders", "TW:2022-08-03/2022-08-05", "--traces", "JP", "--threshold", "1", "--format", "json")
    done = report(*options)
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    assert "T4" not in items
    flags = [column["key"] for column in items["T3"]["columns"] if column["kind"] == "flag"]
    assert flags == ["2022-08-03", "2022-08-04", "2022-08-05"]
    assert len(items["T3"]["rows"]) == 1 + 20
    for row in items["T5"]["rows"]:
        day = dt.date.fromisoformat(row["date"])
        sums = sum((world.truth[s].senders[day, "JP"] for s in GROUP), Counter())
        above = sum(n > 1 for n in sums.values())
        assert row["sources"] == min(above, 20)  # a closed day keeps 20 of a region


def test_nothing_before(report):
    done = report("--lang", "en", quarter="2022Q2")
    assert done.status == 0
    assert "There are no data of 2022Q1: nothing is known of ranks before." in done.text


# ---- what may go wrong ----


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--quarter", "2022Q5"), 2, "--quarter 2022Q5: no such quarter"),
        (("--quarter", "2019Q1"), 1, "2019Q1: no data of these sensors; they have data of 2022Q2 to 2022Q3"),
        (("--quarter", "2019Q1", "--sensors", "lima-1"), 1, "2019Q1: no data of these sensors; they have data of 2022Q3\n"),
        (("--from", "2022-07-14", "--to", "2022-07-15"), 1, "/2022-07-15: no data of these sensors; they have data of 2022Q2"),
        (("--quarter", "2022Q3", "--sensors", "tokio-1"), 1, "tokio-1: no such sensor, did you mean tokyo-1?"),
        (("--quarter", "2022Q3", "--group", "nobody"), 1, "no sensor is in group nobody; there are: overseas, southern, domestic"),
        (("--quarter", "2022Q3", "--format", "doc"), 2, "--format doc: must be"),
        (("--quarter", "2022Q3", "--lang", "fr"), 2, "--lang fr: must be ja or en"),
        (("--quarter", "2022Q3", "--from", "2022-07-01"), 2, "exclude each other"),
        (("--from", "2022-07-31", "--to", "2022-07-01"), 2, "--to is a day before --from"),
        (("--from", "2022-02-30", "--to", "2022-07-01"), 2, "no such date"),
        (("--quarter", "2022Q3", "--focus-region", "JPN"), 2, "a region is two letters"),
        (("--quarter", "2022Q3", "--senders", "JP:2022-09-01"), 2, "is a region and at most 31 days"),
        (("--quarter", "2022Q3", "--senders", "J:2022-09-01/2022-09-02"), 2, "is a region and at most 31 days"),
        (("--quarter", "2022Q3", "--traces", "nz"), 2, "--traces nz: a region is two letters"),
        (("--quarter", "2022Q3", "--format", "csv"), 2, "-o DIR"),
        (("--quarter", "2022Q3", "--format", "misp,md"), 2, "-o DIR"),
        (("--quarter", "2022Q3", "--format", "misp", "--pseudonyms"), 2, "--format misp tells addresses"),
        (("--quarter", "2022Q3", "--labels", "/nowhere"), 2, "/nowhere: No such file"),
        (("--quarter", "2022Q3", "-o", "/nowhere/out"), 2, "/nowhere/out: No such file"),
        (("--quarter", "2022Q3", "-o", "/dev/null"), 2, "/dev/null: Not a directory"),
        (("--quarter", "2022Q3", "--sensors", "tokyo-1", "--group", "domestic"), 2, "--group and --sensors exclude each other"),
        (("--quarter", "2022Q3", "--quarter", "2022Q2"), 2, "--quarter is given twice"),
        (("-o", "a", "--output", "b", "--quarter", "2022Q3"), 2, "--output is given twice"),
        (("--quarter", "2022Q3", "--threshold", "9223372036854775807"), 2, "must be a number from 1 to 9007199254740992"),
        (("--quarter", "2022Q3", "--focus-region", "XX"), 2, "--focus-region XX: no region has this code"),
        (("--quarter", "2022Q3", "--traces", "QQ"), 2, "--traces QQ: no region has this code"),
        (("--quarter", "2022Q3", "--senders", "XX:2022-09-01/2022-09-02"), 2, "--senders XX: no region has this code"),
        (("--from", "2021-07-01", "--to", "2022-07-02"), 2, "more than 366 days"),
        (("--quarter", "2022Q3", "extra"), 2, "extra: nothing is expected here"),
        (("--no-such-option",), 2, "no-such-option"),
        ((), 2, "say --quarter"),
    ],
)
def test_mistakes_are_told_in_one_line(report, options, status, said):
    done = report(*options, quarter=None)
    assert done.status == status
    assert done.text == ""
    assert said in done.errors and done.errors.startswith("needletail: ") and done.errors.count("\n") == 1


JUNK = (b"\xff\xfe", b"a|b\n<script>", b"x" * 300, b'"quoted",comma', b"{line}", b"%s%n", b"-1", b"nan", b"9" * 30, b"\0")
BODIES = (
    b"[1, 2]",
    b'{"ports": [1, "x", -5, 99999999999], "packets": 1e300, "examples": ["1.2.3.4", 5], "asn": -4, "mark": 7}',
    b'{"packets": 9223372036854775807, "source_port": 443, "window": 1, "sequence": 2, "examples": ["10.0.0.1"]}',
)


def spoil(client):
    """What anybody might write into Redis, at places that the report reads."""
    quarter, day = start_of(BEGIN), start_of(dt.date(2022, 8, 10))
    for junk in JUNK:
        for key in ("port", "region", "region_port"):
            client.zadd(f"nt:{{tokyo-1}}:q:{quarter}:{key}", {junk: 1e300, junk[:2] + b"/tcp": float("inf")})
            client.zadd(f"nt:{{tokyo-1}}:d:{day}:{key}", {junk: 7})
        for key in ("backscatter:JP", "source:NZ"):
            client.zadd(f"nt:{{tokyo-1}}:d:{day}:{key}", {junk: 1e300})
        client.hset(f"nt:{{tokyo-1}}:d:{day}:who", junk, junk)
        client.hset(f"nt:{{tokyo-1}}:d:{day}:unique", "backscatter:region:JP", junk)
        client.hset("nt:{tokyo-1}:org", world_of.ASN + 16, junk)
        client.hset("nt:{lima-1}:info", mapping={"group": junk, "addresses": junk, "geo_build": junk})
        for kind in (b"dos", b"fixed_tool", b"scanner", junk):
            for body in (junk, *BODIES):
                fields = {"type": kind, "start": day, "end": junk, "region": "NZ", "source": junk, "body": body}
                client.xadd("nt:{tokyo-1}:events", fields)
    client.set(f"nt:{{tokyo-1}}:d:{day + 86400}:port", "no set")


def test_what_anybody_wrote_breaks_nothing(world, run, tmp_path):
    world.server.client.save()
    shutil.copy(world.server.folder / "dump.rdb", tmp_path)
    server = Server(tmp_path)
    try:
        spoil(server.client)
        formats = ("--format", "md,json,csv,misp,html,svg")
        options = ("--redis", server.url, "--quarter", "2022Q3", *formats, "-o", tmp_path / "out")
        done = run("report", *options)
    finally:
        server.kill()
    assert done.status == 0, done.errors
    document = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))
    for item in document["items"]:
        for row in item["rows"]:
            assert set(row) - {"at_least"} == {column["key"] for column in item["columns"]}
    event = json.loads((tmp_path / "out/report.misp.json").read_text(encoding="utf-8"))["Event"]
    assert len(event["Object"]) == sum(TRACES.values())  # whoever is no address is no victim
    assert "<script" not in (tmp_path / "out/report.md").read_text(encoding="utf-8").replace("\\<", "")
    assert "<script" not in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    ports = {row["port"] for item in document["items"] if item["id"] == "T1" for row in item["rows"]}
    assert len(ports) == 5 and all(re.fullmatch(r"\d+/(tcp|udp)", port) for port in ports)


def test_a_readers_rights_are_enough(world, run, tmp_path):
    text = (ROOT / "config/redis-schema.md").read_text(encoding="utf-8")
    rule = re.search(r"ACL SETUSER needletail-reader on >PASSWORD ((?:.|\n)*?)\n\n", text).group(1).split()
    client = world.server.client
    client.execute_command("ACL", "SETUSER", "reader", "reset", "on", ">secret", *rule)
    client.acl_log_reset()
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("secret")
    url = world.server.url.replace("unix://", "unix://reader@")
    done = run("report", "--redis", url, "--password-file", secret, "--quarter", "2022Q3")
    assert done.status == 0, done.errors
    assert client.acl_log() == []
    secret.chmod(0o644)
    done = run("report", "--redis", url, "--password-file", secret, "--quarter", "2022Q3")
    assert done.status == 2 and done.errors.count("\n") == 1


def test_redis_is_away(run, tmp_path):
    done = run("report", "--redis", f"unix://{tmp_path}/none.sock", "--quarter", "2022Q3")
    assert done.status == 1
    assert done.errors.count("\n") == 1 and "none.sock" in done.errors
    assert run("report", "--quarter", "2022Q3").status == 2


def test_progress_on_a_terminal(world, program):
    controller, terminal = pty.openpty()
    command = [program, "report", "--redis", world.server.url, "--quarter", "2022Q3"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=terminal, timeout=60, check=False)
    os.close(terminal)
    told = os.read(controller, 65536).decode()
    os.close(controller)
    assert done.returncode == 0
    assert "1/12 ports and regions" in told and told.endswith("\r\x1b[K")
