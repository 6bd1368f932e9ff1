"""needletail report: every rank, number, gap and date against two quarters whose truth is counted from their packets.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_report.py
"""

import datetime as dt
import json
import re
import shutil

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

import report_world as world_of
from report_checks import GROUP, check_days, check_hosts, near, rank_in, ranking
from report_world import BEGIN, END, FIRST, GAP, TRACES, days, start_of

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
    assert any("more than 100 packets a day" in note and "of 56 days" in note for note in items["T5"]["notes"])


def test_hours_end_with_the_data(report):
    """Two days behind an event are shown if there are any."""
    options = ("--from", "2022-09-01", "--to", "2022-09-30", "--traces", "JP", "--threshold", "1", "--format", "json")
    items = {item["id"]: item for item in json.loads(report(*options, quarter=None).text)["items"]}
    assert items["T5"]["rows"][-1]["date"] == "2022-09-30"
    assert items["F6"]["rows"][-1]["time"] <= "2022-09-30T23:00:00Z"


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
