"""needletail report: what is published beside it, against the truth of two quarters: sensors, groups, infected hosts,
scanners.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_report_beside.py
"""

import datetime as dt
import json
import shutil

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

import report_world as world_of
from redis_server import Server
from report_checks import GROUP, check_hosts, near, ranking
from report_world import BEGIN, END, GAP, days, start_of


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
