"""What a replay leaves in Redis, key by key, against the JSON lines of the same run; and that every packet is there
exactly once when the server or the connection does not last.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_redis.py
"""

import shutil
import subprocess
import time
from collections import Counter

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from conftest import intervals_of
from redis_model import Model, bucket_span, lifetime_s
from redis_server import LossyProxy, Server
from traffic import EVENING, SENSOR, SOURCES, same, write_traffic

HOUR_S = 3600


@pytest.fixture
def server(tmp_path):
    one = Server(tmp_path)
    yield one
    one.kill()


@pytest.fixture
def durable(tmp_path):
    one = Server(tmp_path, durable=True)
    yield one
    one.kill()


@pytest.fixture
def replay_beside(program, country_mmdb, tmp_path):
    """replay_beside(url, capture) -> (process, path of its lines), for what happens while it runs"""

    def start(url, capture):
        path = tmp_path / "lines.json"
        options = ("--redis", url, "--json", path, "--sensor", SENSOR, "--country", country_mmdb)
        return subprocess.Popen([program, "replay", *options, capture]), path

    return start


@pytest.fixture
def publish(run, country_mmdb, tmp_path):
    """publish(url, capture, *options) -> (run, lines)"""

    def replay(url, *rest, sensor=SENSOR):
        path = tmp_path / "lines.json"
        done = run(
            *("replay", "--redis", url, "--json", path, "--sensor", sensor, "--country", country_mmdb), *rest
        )
        text = path.read_text() if path.exists() else ""
        return done, intervals_of(text)

    return replay


def test_every_key(server, publish, tmp_path):
    starts = [EVENING + 60 * minute for minute in range(0, 200, 4)]
    capture = write_traffic(tmp_path / "c.pcap", starts, 300)
    done, lines = publish(server.url, capture)
    assert done.status == 0, done.errors
    assert len(lines) == len(starts)
    same(server, lines)
    assert server.client.smembers("nt:sensors") == {SENSOR}
    info = server.client.hgetall(f"nt:{{{SENSOR}}}:info")
    assert info["schema"] == "needletail/1"
    assert info["interval"] == "60"
    assert info["day_offset_h"] == "0"
    assert int(info["last"]) == lines[-1]["start"]
    assert abs(int(info["started"]) - time.time()) < 600
    assert "gap_intervals" not in info and "dropped_intervals" not in info


def test_live_and_now(server, publish, tmp_path):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING, EVENING + 60], 400)
    _, lines = publish(server.url, capture)
    entries = server.client.xrange(f"nt:{{{SENSOR}}}:live")
    assert [name for name, _ in entries] == [f"{line['start'] * 1000}-0" for line in lines]
    for (_, entry), line in zip(entries, lines):
        proto = line["ip_proto"]
        icmp = proto.get("1", 0) + proto.get("58", 0)
        expected = {
            "frames": line["frames"],
            "bytes": line["bytes"],
            "tcp": proto["6"],
            "udp": proto["17"],
            "icmp": icmp,
            "other": line["frames"] - proto["6"] - proto["17"] - icmp,
            "sources": line["sources"]["total"],
            "backscatter_packets": sum(line["backscatter"]["packets"].values()),
            "backscatter_sources": line["backscatter"]["sources"],
            "malformed": sum(line["malformed"].values()),
            "truncated": sum(line["truncated"].values()),
            "missed": line["loss"]["missed"],
            "no_mbuf": line["loss"]["no_mbuf"],
            "errors": line["loss"]["errors"],
            "unexplained": line["loss"]["unexplained"],
        }
        assert list(entry) == list(expected)
        assert {name: int(value) for name, value in entry.items()} == expected
    last = lines[-1]
    for name, counts in (("region", last["region"]), ("window", last["tcp_window"]), ("flags", last["tcp_flags"])):
        found = server.numbers(f"nt:{{{SENSOR}}}:now:{name}")
        assert sorted(found.values()) == sorted(sorted(counts.values())[-20:])
        assert all(counts[member] == count for member, count in found.items())


def summed(lines, *path):
    """Numbers of an object of the lines, added up by name."""
    sums = Counter()
    for line in lines:
        for name in path:
            line = line.get(name, {})
        sums.update({name: n["packets"] if isinstance(n, dict) else n for name, n in line.items()})
    return sums


def by_region(server, prefix, kind):
    """{region: {member: packets}} of a day's sets."""
    keys = server.client.scan_iter(f"{prefix}:{kind}:*")
    return {key.rsplit(":", 1)[1]: server.numbers(key) for key in keys}


def test_sources_of_an_open_day(server, publish, tmp_path):
    starts = [EVENING, EVENING + 60, EVENING + HOUR_S]
    _, lines = publish(server.url, write_traffic(tmp_path / "c.pcap", starts, 300))
    day = f"nt:{{{SENSOR}}}:d:{bucket_span('d', lines[0])[0]}"
    sources, backscatter = by_region(server, day, "source"), by_region(server, day, "backscatter")
    assert {region: sum(members.values()) for region, members in sources.items()} == summed(lines, "region")
    top = Counter()
    for line in lines:
        for one in line["backscatter"]["top"]:
            top[one["region"], one["source"]] += one["packets"]
    assert {(r, m): n for r, members in backscatter.items() for m, n in members.items()} == top
    addresses = {member for members in sources.values() for member in members}
    assert set(SOURCES) <= addresses
    assert set(server.client.hgetall(f"{day}:who")) == addresses
    for region, members in sources.items():
        assert server.client.pfcount(f"{day}:hll:sources:region:{region}") == len(members)
    for region, members in backscatter.items():
        assert server.client.pfcount(f"{day}:hll:backscatter:region:{region}") == len(members)
    assert server.client.pfcount(f"{day}:hll:sources") == len(addresses)
    assert server.numbers(f"{day}:hll_names")["sources"] == len(addresses)
    hours = [f"nt:{{{SENSOR}}}:h:{EVENING + hour * HOUR_S}:hll:sources" for hour in (0, 1)]
    assert server.client.pfcount(*hours) == len(addresses)


def test_signatures_and_a_closed_day(server, publish, tmp_path):
    starts = [EVENING, EVENING + 60, EVENING + 2 * HOUR_S]
    _, lines = publish(server.url, write_traffic(tmp_path / "c.pcap", starts, 300))
    day = f"nt:{{{SENSOR}}}:d:{bucket_span('d', lines[0])[0]}"
    first = lines[:2]
    found = {}
    for name in {name for line in first for name in line["signatures"]}:
        expected = Counter(packets=sum(line["signatures"].get(name, {}).get("packets", 0) for line in first))
        for part in ("region", "port"):
            for member, n in summed(first, "signatures", name, part).items():
                expected[f"{part}:{member}"] = n
        found[name] = server.numbers(f"{day}:sig:{name}")
        assert found[name] == +expected
    assert any(found.values())
    unique = server.numbers(f"{day}:unique")
    assert unique["sources"] >= max(line["sources"]["total"] for line in first)
    assert unique["sources"] == sum(n for name, n in unique.items() if name.startswith("sources:region:"))
    for name, n in server.numbers(f"{day}:hll_names").items():
        assert server.client.pfcount(f"{day}:hll:{name}") == n == unique[name]


@pytest.mark.parametrize("offset", [9, -5])
def test_days_of_another_zone(server, publish, tmp_path, offset):
    config = tmp_path / "needletail.yaml"
    config.write_text(f"day_offset_h: {offset}\n")
    midnight = EVENING + 2 * HOUR_S - offset * HOUR_S  # local
    starts = [midnight - 120, midnight - 60, midnight, midnight + 60]
    capture = write_traffic(tmp_path / "c.pcap", starts, 100)
    done, lines = publish(server.url, "-c", config, capture)
    assert done.status == 0, done.errors
    same(server, lines, day_offset_h=offset)
    assert {kind: len([b for b in Model(lines, offset).buckets if b[0] == kind]) for kind in "dq"} == {"d": 2, "q": 2}
    # The same sensor cannot go on with other days.
    done, _ = publish(server.url, "--add", capture)
    assert done.status != 0
    assert "day_offset_h" in done.errors
    same(server, lines, day_offset_h=offset)


def test_old_captures_stay(server, publish, tmp_path):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING], 50)
    publish(server.url, capture)
    now = time.time()
    keys = list(server.client.scan_iter(f"nt:{{{SENSOR}}}:[mhdq]:*"))
    assert len(keys) > 36
    for key in keys:
        lifetime = lifetime_s(*key.split(":")[2:5:2])
        assert abs(server.client.expiretime(key) - now - lifetime) < 60


def test_repetition_is_refused_and_add_adds(server, publish, tmp_path):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING, EVENING + 60], 100)
    _, lines = publish(server.url, capture)
    before = server.client.get(f"nt:{{{SENSOR}}}:cursor")
    done, kept = publish(server.url, capture)
    assert done.status == 1
    assert "--add" in done.errors
    assert kept == lines  # the file of the run before
    assert server.client.get(f"nt:{{{SENSOR}}}:cursor") == before
    same(server, lines)
    done, again = publish(server.url, "--add", capture)
    assert done.status == 0, done.errors
    same(server, lines + again, nibbled=True)


def test_what_follows_is_not_refused(server, publish, tmp_path):
    first = write_traffic(tmp_path / "a.pcap", [EVENING, EVENING + 60], 100, seed=1)
    second = write_traffic(tmp_path / "b.pcap", [EVENING + 120, EVENING + 2 * HOUR_S], 100, seed=2)
    lines = []
    for capture in (first, second):
        done, more = publish(server.url, capture)
        assert done.status == 0, done.errors
        lines += more
    same(server, lines)


def test_late_data_reopens(server, publish, tmp_path):
    newer = write_traffic(tmp_path / "a.pcap", [EVENING + HOUR_S, EVENING + 2 * HOUR_S], 900, seed=1)
    older = write_traffic(tmp_path / "b.pcap", [EVENING + HOUR_S + 60 * minute for minute in range(1, 6)], 900, seed=2)
    _, lines = publish(server.url, newer)
    done, more = publish(server.url, "--add", older)
    assert done.status == 0, done.errors
    same(server, lines + more, nibbled=True)
    hour = server.numbers(f"nt:{{{SENSOR}}}:h:{EVENING + HOUR_S}:totals")
    assert hour["reopened"] == 5
    assert server.client.xlen(f"nt:{{{SENSOR}}}:live") == 2
    info = server.client.hgetall(f"nt:{{{SENSOR}}}:info")
    assert info["live_skipped"] == "5"
    assert not [name for name in info if name.startswith("reopened.")]


def test_old_buckets_keep_less(server, publish, tmp_path):
    days = (0, 1, 3, 9, 10, 100, 190, 290, 380)  # from day 9 on hours and days become old, with the last ones quarters
    starts = [EVENING + day * 86400 + minute * 60 for day in days for minute in range(3)]
    done, lines = publish(server.url, write_traffic(tmp_path / "c.pcap", starts, 700))
    assert done.status == 0, done.errors
    same(server, lines)
    first = f"nt:{{{SENSOR}}}"
    quarter = bucket_span("q", lines[0])[0]
    assert server.client.zcard(f"{first}:h:{EVENING}:port") == 32
    assert server.client.zcard(f"{first}:d:{bucket_span('d', lines[0])[0]}:port") == 128
    assert server.client.zcard(f"{first}:q:{quarter}:port") == 256
    assert server.client.zcard(f"{first}:q:{bucket_span('q', lines[-4])[0]}:port") > 256
    assert server.numbers(f"{first}:q:{quarter}:totals")["rest.port"] > 0


def test_two_sensors(server, publish, tmp_path):
    for number, sensor in enumerate(("a.b", "c_d-1")):
        capture = write_traffic(tmp_path / "c.pcap", [EVENING + 60 * number], 200, seed=number)
        _, lines = publish(server.url, capture, sensor=sensor)
        same(server, lines, sensor)
    assert server.client.smembers("nt:sensors") == {"a.b", "c_d-1"}


def test_lost_replies_count_once(server, publish, tmp_path):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING + 60 * minute for minute in range(30)], 200)
    proxy = LossyProxy(server, 9)
    try:
        done, lines = publish(proxy.url, capture)
    finally:
        proxy.stop()
    assert done.status == 0, done.errors
    assert proxy.lost >= 3
    same(server, lines)


def test_killed_server(durable, replay_beside, tmp_path):
    """kill -9 several times while a replay writes, and the server comes back each time."""
    capture = write_traffic(tmp_path / "c.pcap", [EVENING + 60 * minute for minute in range(240)], 60)
    replay, path = replay_beside(durable.url, capture)
    for kill in range(4):
        time.sleep(0.4 + 0.13 * kill)
        durable.kill()
        durable.start()
    assert replay.wait(120) == 0
    lines = intervals_of(path.read_text())
    assert len(lines) == 240
    same(durable, lines)


def test_server_that_comes_back_empty(server, replay_beside, tmp_path):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING + 60 * minute for minute in range(1000)], 60)
    replay, path = replay_beside(server.url, capture)
    deadline = time.monotonic() + 60
    while server.client.xlen(f"nt:{{{SENSOR}}}:live") < 20:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server.kill()
    server.start()
    assert replay.wait(120) == 0
    same(server, intervals_of(path.read_text()))


def test_key_of_another_type(server, publish, tmp_path):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING], 50)
    start, _ = bucket_span("d", {"start": EVENING, "end": EVENING + 60})
    key = f"nt:{{{SENSOR}}}:d:{start}:port"
    server.client.set(key, "in the way")
    done, lines = publish(server.url, capture)
    assert done.status == 1
    assert key in done.errors
    assert len(lines) == 1
    assert set(server.client.scan_iter("nt:{*")) == {key}


def test_wrong_password(publish, tmp_path):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING], 10)
    server = Server(tmp_path, password="right")
    try:
        done, lines = publish(server.url, capture)
        assert done.status == 1
        assert len(lines) == 1
        assert server.client.dbsize() == 0
    finally:
        server.kill()


@pytest.mark.parametrize("url", ["redis://", "http://h", "unix://x", "redis://user:secret@h:0", "redis://h/x"])
def test_bad_urls(publish, tmp_path, url):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING], 1)
    done, lines = publish(url, capture)
    assert done.status == 2
    assert not lines
    assert "secret" not in done.errors
    assert len(done.errors.splitlines()) == 1
