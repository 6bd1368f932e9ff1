"""Sources in Redis: sketches that merge over sensors and hours, unique numbers, heaviest sources, signatures, systems
and events, against the reference.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_redis_sources.py
"""

import ipaddress
import json
import random
import shutil
from collections import Counter, defaultdict

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from captures import files, frames as f
from conftest import events_of
from redis_server import Server
from reference import capture, replay as reference
from reference.line import address as text

DAY_S = 86400
START_S = 1_662_422_400  # a midnight
FEW_HOSTS = 512  # which are kept one by one
SENSORS = ("tokyo-1", "osaka-2")
PORTS = (23, 445, 80, 22, 8080, 443)
FRAMES = 1200  # an hour


def traffic(seed):
    """A minute of every hour of a day, and one of the next, which closes the day."""
    dice = random.Random(seed)
    for hour in range(25):
        for i in range(FRAMES if hour < 24 else 50):
            at_ns = (START_S + hour * 3600) * files.NS + i * 40_000_000
            low = dice.randrange(24) << 10 | dice.randrange(1024)  # both sensors see many of the same
            source = f"{dice.choice((5, 8, 130))}.{dice.choice((1, 5, 8))}.{low >> 8}.{low & 255}"
            port, kind = dice.choice(PORTS), dice.randrange(10)
            target = f"198.51.100.{dice.randrange(256)}"
            if kind == 0:
                frame = f.eth6(f.tcp(port), source=f"2400::{low:x}")
            elif kind < 3:
                flags = dice.choice((f.SYN | f.ACK, f.RST, f.RST | f.ACK))
                source_port = dice.choice((443, 80))
                frame = f.eth4(f.tcp(port, flags, source_port=source_port), source=source, target=target)
            elif kind == 3:
                frame = f.eth4(bytes(8), 47, source=source)
            else:
                seq = int(ipaddress.IPv4Address(target)) if kind < 6 else 1
                window = dice.choice((8192, 1024))
                frame = f.eth4(f.tcp(port, f.SYN, window, seq=seq), source=source, target=target)
            yield files.Record(frame, at_ns=at_ns)


class Union:
    """What the reference counts, over the intervals of some hours."""

    def __init__(self, intervals):
        self.names, self.packets = defaultdict(set), Counter()
        self.senders, self.ports = Counter(), Counter()
        self.signature, self.regions, self.systems = defaultdict(Counter), {}, {}
        for totals in intervals:
            self._add(totals)

    def _add(self, one):
        self.names["sources"] |= one.sources.keys()
        self.regions |= one.sources
        self.systems |= one.source_asn
        self.packets += one.source_packets
        self.names["backscatter"] |= one.senders.keys()
        for source, region in one.sources.items():
            self.names[f"sources:region:{region}"].add(source)
        for source, sender in one.senders.items():
            self.names[f"backscatter:region:{one.sources[source]}"].add(source)
            self.senders[source] += sender.packets
        for port, sources in one.port_sources.items():
            self.names[f"sources:port:{port}"] |= sources
        for name, matched in one.signatures.items():
            self._add_signature(name, matched)

    def _add_signature(self, name, matched):
        counted = matched.sources()
        if counted:
            self.names[f"sig:{name}"] |= counted
        for source in counted:
            self.names[f"sig:{name}:region:{matched.found[source]}"].add(source)
        fields = self.signature[name]
        fields["packets"] += matched.packets
        fields.update({f"region:{region}": packets for region, packets in matched.region.items()})
        fields.update({f"port:{port}": packets for port, packets in matched.port.items()})


@pytest.fixture(scope="module")
def published(tmp_path_factory, run, country_mmdb, asn_mmdb, places):
    """The server, per sensor the totals of its intervals, and the events."""
    folder = tmp_path_factory.mktemp("redis")
    server, totals, events = Server(folder), {}, {}
    config = folder / "config.yaml"  # room for all sources of a day: what is kept when it closes is then exact
    config.write_text('{"redis": {"members": {"open_source": 65536}}}', encoding="utf-8")
    for seed, sensor in enumerate(SENSORS):
        path, lines = folder / f"{sensor}.pcap", folder / f"{sensor}.json"
        path.write_bytes(files.pcap(list(traffic(seed))))
        options = ("--redis", server.url, "--json", lines, "--sensor", sensor, "--workers", seed + 1)
        done = run("replay", "-c", config, *options, "--country", country_mmdb, "--asn", asn_mmdb, path)
        assert done.status == 0, done.errors
        totals[sensor] = list(reference.intervals([capture.read(path)], 60, *places))
        events[sensor] = events_of(lines.read_text(encoding="utf-8"))
    yield server, totals, events
    server.kill()


def of_day(totals):
    return Union(one for one in totals if one.start < START_S + DAY_S)


def prefix(sensor, bucket="d"):
    return f"nt:{{{sensor}}}:{bucket}:{START_S}"


def close_all(found, expected):
    """Nearly all within 2 %, all within 3.3 %; few are counted nearly one by one."""
    off = {name: abs(found[name] - number) for name, number in expected.items()}
    wrong = {name: (found[name], expected[name]) for name in off if off[name] > max(1, 0.033 * expected[name])}
    assert not wrong
    far = [name for name in off if off[name] > max(1, 0.02 * expected[name])]
    assert len(far) <= max(1, 0.03 * len(off)), far


@pytest.mark.parametrize("sensor", SENSORS)
def test_unique_numbers_of_a_closed_day(published, sensor):
    server, totals, _ = published
    expected = {name: len(sources) for name, sources in of_day(totals[sensor]).names.items()}
    found = server.numbers(f"{prefix(sensor)}:unique")
    assert {name for name in found if not name.startswith("sig:") or ":port:" not in name} >= expected.keys()
    close_all(found, expected)


@pytest.mark.parametrize("sensor", SENSORS)
def test_sketches_of_a_closed_day(published, sensor):
    """All are kept: there is room for 48 dense ones, which these are not."""
    server, totals, _ = published
    expected = {name: len(sources) for name, sources in of_day(totals[sensor]).names.items()}
    start = f"{prefix(sensor)}:hll:"
    kept = {key[len(start) :] for key in server.client.scan_iter(f"nt:{{{sensor}}}:d:{START_S}:hll:*")}
    assert kept == expected.keys()
    close_all({name: server.client.pfcount(start + name) for name in kept}, {name: expected[name] for name in kept})


@pytest.mark.parametrize("sensor", SENSORS)
def test_small_numbers_are_exact(published, sensor):
    """Of a closed day they stand in a set of hosts, and so do their unions."""
    server, totals, _ = published
    expected = {name: len(sources) for name, sources in of_day(totals[sensor]).names.items()}
    found = server.numbers(f"{prefix(sensor)}:unique")
    start = f"{prefix(sensor)}:few:"
    few = {key[len(start) :] for key in server.client.scan_iter(f"nt:{{{sensor}}}:d:{START_S}:few:*")}
    assert few == {name for name, sources in expected.items() if sources <= FEW_HOSTS}
    assert any(50 < expected[name] for name in few)
    for name in few:
        assert server.client.scard(start + name) == found[name] == expected[name], name


def test_small_unions_are_exact(published):
    server, totals, _ = published
    names = [of_day(totals[sensor]).names for sensor in SENSORS]
    both = [name for name in names[0] if name in names[1] and max(len(n[name]) for n in names) <= FEW_HOSTS]
    assert len(both) > 5
    for name in both:
        found = server.client.sunion(*(f"{prefix(sensor)}:few:{name}" for sensor in SENSORS))
        assert len(found) == len(names[0][name] | names[1][name]), name


def test_sketches_merge_over_sensors_and_hours(published):
    server, totals, _ = published
    for name in ("sources", "backscatter"):
        both = [f"{prefix(sensor)}:hll:{name}" for sensor in SENSORS]
        hours = [
            f"nt:{{{sensor}}}:h:{START_S + hour * 3600}:hll:{name}" for sensor in SENSORS for hour in range(24)
        ]
        expected = len(set().union(*(of_day(totals[sensor]).names[name] for sensor in SENSORS)))
        for keys in (both, hours):
            assert all(server.client.exists(key) for key in keys)
            server.client.delete("merged")
            server.client.pfmerge("merged", *keys)
            close_all({name: server.client.pfcount("merged")}, {name: expected})


@pytest.mark.parametrize("sensor", SENSORS)
def test_signatures(published, sensor):
    server, totals, _ = published
    for name, fields in of_day(totals[sensor]).signature.items():
        found = server.numbers(f"{prefix(sensor)}:sig:{name}")
        assert Counter(found) == +fields, name


@pytest.mark.parametrize("sensor", SENSORS)
def test_senders_and_heaviest_sources(published, sensor):
    server, totals, _ = published
    day = of_day(totals[sensor])
    by_region = defaultdict(dict)
    for source, packets in day.senders.items():
        by_region[day.regions[source]][text(source)] = packets
    kept = 0
    for region, senders in by_region.items():
        found = server.numbers(f"{prefix(sensor)}:backscatter:{region}")
        kept += len(found)
        assert found.items() <= senders.items(), region
    assert kept == min(2000, len(day.senders))
    for region in set(day.regions.values()):
        expected = {text(source): n for source, n in day.packets.items() if day.regions[source] == region}
        found = server.numbers(f"{prefix(sensor)}:source:{region}")
        assert found.items() <= expected.items(), region
        assert sorted(found.values()) == sorted(sorted(expected.values())[-len(found) :])


@pytest.mark.parametrize("sensor", SENSORS)
def test_who(published, sensor):
    """Every address that is kept has its AS, every AS its name."""
    server, totals, _ = published
    day = of_day(totals[sensor])
    who = server.numbers(f"{prefix(sensor)}:who")
    systems = {text(source): number for source, number in day.systems.items()}
    assert who and who.items() <= systems.items()
    org = server.client.hgetall(f"nt:{{{sensor}}}:org")
    names = {"64500": "Around", "64501": "Within, with a comma", "15169": "Numbers", "7018": "Long lines"}
    assert org.items() >= names.items() - {item for item in names.items() if int(item[0]) not in who.values()}


@pytest.mark.parametrize("sensor", SENSORS)
def test_events_are_those_of_the_lines(published, sensor):
    server, _, events = published
    found = [fields for _, fields in server.client.xrange(f"nt:{{{sensor}}}:events")]
    expected = [
        {key: str(one[key]) for key in ("type", "start", "end", "region", "source")} for one in events[sensor]
    ]
    assert [{key: one[key] for key in one if key != "body"} for one in found] == expected
    assert [json.loads(one["body"]) for one in found] == [one["body"] for one in events[sensor]]


QUARTER_S = 1_656_633_600  # 2022-07-01
QUARTER_DAYS = 92


def quarter(dice):
    """A few hundred sources a day, many of them seen before."""
    for day in range(QUARTER_DAYS):
        for i in range(400):
            low = dice.randrange(30_000)
            at_ns = (QUARTER_S + day * DAY_S + i * 200) * files.NS
            source = f"{dice.choice((5, 8))}.1.{low >> 8}.{low & 255}"
            yield files.Record(f.eth4(f.tcp(dice.choice((23, 445)), f.SYN, 8192), source=source), at_ns=at_ns)


def test_sketches_merge_over_the_days_of_a_quarter(run, country_mmdb, places, tmp_path):
    path = tmp_path / "quarter.pcap"
    path.write_bytes(files.pcap(list(quarter(random.Random(7)))))
    names = Union(reference.intervals([capture.read(path)], 3600, *places)).names
    expected = {name: sources for name, sources in names.items() if sources}
    server = Server(tmp_path)
    try:
        options = ("--country", country_mmdb, "--interval", 3600, "--sensor", "q", "--redis", server.url)
        done = run("replay", *options, path)
        assert done.status == 0, done.errors
        starts = [QUARTER_S + day * DAY_S for day in range(QUARTER_DAYS)]
        merged = {}
        for name in expected:
            keys = [f"nt:{{q}}:d:{start}:hll:{name}" for start in starts]
            keys = [key for key in keys if server.client.exists(key)]
            assert keys, name
            merged[name] = server.client.pfcount(*keys)
        close_all(merged, {name: len(sources) for name, sources in expected.items()})
        whole = f"nt:{{q}}:q:{QUARTER_S}:hll:sources"
        close_all({"sources": server.client.pfcount(whole)}, {"sources": len(expected["sources"])})
    finally:
        server.kill()
