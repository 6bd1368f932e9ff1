"""Hosts of two sensors in the report on a month of a scenario, with the default configuration: every number of a day is
exactly the truth that mkcapture counted. All but the last week of it are old days.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_report_hosts.py
"""

import json
import shutil
import struct

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from redis_server import Server
from tool import tool

DAY_S = 86_400
DAYS = 30  # the last of the scenario
FIRST, LAST = "2022-09-01", "2022-09-30"
SENSORS = ("tokyo-1", "osaka-1")


def last_days(path, begin_s):
    """A little-endian capture from that time on."""
    content = path.read_bytes()
    head, at = content[:24], 24
    while at < len(content):
        seconds, _, size, _ = struct.unpack_from("<IIII", content, at)
        if seconds >= begin_s:
            break
        at += 16 + size
    return head + content[at:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("hosts")
    tool("mkcapture", "--scenario", "2022Q3", "-o", place)
    tool("mkregions", "--csv", place / "regions.csv", "-o", place / "country.mmdb", "--asn", place / "asn.mmdb")
    return place


@pytest.fixture(scope="module")
def truth(folder):
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server(folder, truth, run):
    server = Server(folder)
    for sensor in SENSORS:
        part = folder / f"{sensor}-part.pcap"
        part.write_bytes(last_days(folder / f"{sensor}.pcap", truth["end"] - DAYS * DAY_S))
        done = run("replay", "-c", folder / f"{sensor}.yaml", "--redis", server.url, part)
        assert done.status == 0, done.errors
    yield server
    server.kill()


@pytest.fixture(scope="module")
def items(server, run):
    done = run("report", "--redis", server.url, "--from", FIRST, "--to", LAST, "--format", "json", "--lang", "en")
    assert done.status == 0, done.errors
    return {item["id"]: item for item in json.loads(done.text)["items"]}


def series_of(domestic):
    """{item: {column: numbers of all days}}"""
    sources, signature = domestic["sources_day"], domestic["signature"]
    infected = {}
    for name in ("mirai", "gre", "smb-8192"):
        infected[name] = signature[name]["sources_day"]
        infected[f"{name}:JP"] = signature[name]["region_sources_day"].get("JP")
    return {
        "F1-hosts": sources["port"],
        "F2-hosts": sources["region"],
        "F3": domestic["backscatter"]["region_sources_day"],
        "F5": {name: signature[name]["region_sources_day"]["JP"] for name in ("smb-8192", "smb-other")},
        "infected": infected,
    }


@pytest.mark.parametrize("item", ("F1-hosts", "F2-hosts", "F3", "F5", "infected"))
def test_hosts_of_two_sensors_count_once(items, truth, item):
    series, numbers = series_of(truth["scopes"]["domestic"])[item], 0
    rows, known = items[item]["rows"], {"date", "sensors", "intervals", "expected_intervals", "lost_packets"}
    assert len(rows) == DAYS
    for i, row in enumerate(rows):
        assert "at_least" not in row and row["sensors"] == 2
        for column in row.keys() - known:
            expected = (series[column] or [0] * truth["days"])[truth["days"] - DAYS + i]
            numbers += 1
            assert row[column] == expected, (row["date"], column)
    assert numbers >= 2 * DAYS


def test_every_sketch_of_a_day_is_there(server, truth):
    for sensor in SENSORS:
        for day in range(DAYS):
            key = f"nt:{{{sensor}}}:d:{truth['end'] - (day + 1) * DAY_S}"
            names, numbers = set(server.client.zrange(f"{key}:hll_names", 0, -1)), server.client.hgetall(f"{key}:unique")
            assert len(names) > 50
            assert not numbers or numbers.keys() == names  # the last day is open


def test_each_period_names_its_region_databases(folder, server, run):
    """A sensor gets a new database; what was counted before keeps the date of the old one."""
    builds = (1650000000, 1655000000, 1660000000)
    begin_s = (1664582400, 1664668800, 1664755200)  # 1 October 2022 and the days after
    for build_s, start_s in zip(builds, begin_s):
        country, part = folder / f"country-{build_s}.mmdb", folder / f"hour-{start_s}.pcap"
        tool("mkregions", "--csv", folder / "regions.csv", "-o", country, "--epoch", build_s)
        frame = bytes(12) + b"\x08\x06" + bytes(46)
        head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        part.write_bytes(head + struct.pack("<IIII", start_s, 0, len(frame), len(frame)) + frame)
        done = run("replay", "--sensor", "kobe-1", "--country", country, "--redis", server.url, part)
        assert done.status == 0, done.errors
    for first, last, oldest, newest in ((1, 1, 0, 0), (2, 3, 1, 2), (1, 3, 0, 2), (3, 3, 2, 2)):
        days = ("--from", f"2022-10-0{first}", "--to", f"2022-10-0{last}")
        done = run("report", "--redis", server.url, *days, "--sensors", "kobe-1", "--format", "json", "--lang", "en")
        assert done.status == 0, done.errors
        basis = json.loads(done.text)["items"][0]["basis"]
        found = basis["region_database_from"], basis["region_database_to"]
        assert found == (builds[oldest], builds[newest])
