"""needletail top, and so the reader, on a Redis Cluster: sensors on several masters, slots that move while it looks, a
master that dies.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_top_cluster.py
"""

import os
import re
import shutil
import subprocess

import pytest

pytest.importorskip("redis")
pytest.importorskip("pyte")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from conftest import intervals_of
from redis_cluster import Cluster, wait_until
from terminal import Terminal
from test_cluster import live, move_slot, sensors_apart
from test_redis import write_traffic
from test_top import block, ports_of, same_order

DAY = 1601510400  # 2020-10-01 00:00 UTC


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    one = Cluster(tmp_path_factory.mktemp("cluster"))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def sensors(cluster, program, country_mmdb, tmp_path_factory):
    """{name: lines} of three sensors on three masters."""
    wait_until(cluster.is_whole, "a whole cluster")
    folder, lines = tmp_path_factory.mktemp("sensors"), {}
    for seed, sensor in enumerate(sensors_apart(cluster, 3)):
        capture = write_traffic(folder / f"{sensor}.pcap", [DAY, DAY + 60, DAY + 7200], 200, seed)
        path = folder / f"{sensor}.json"
        options = ["--redis", cluster.nodes[0].url, "--json", path, "--sensor", sensor, "--country", country_mmdb]
        subprocess.run([program, "replay", *options, capture], check=True)
        lines[sensor] = intervals_of(path.read_text())
    return lines


def union(cluster, sensors, name):
    """What PFCOUNT says of the strings once they stand beside one another."""
    home = cluster.home("{union}").client
    home.delete("{union}all")
    for number, sensor in enumerate(sensors):
        client = cluster.home(live(sensor)).client
        raw = client.connection_pool.get_connection("GET")
        raw.send_command("GET", f"nt:{{{sensor}}}:d:{DAY}:hll:{name}")
        string = raw.read_response(disable_decoding=True)
        client.connection_pool.release(raw)
        home.set(f"{{union}}{number}", string)
    return home.pfcount(*(f"{{union}}{number}" for number in range(len(sensors))))


@pytest.fixture(scope="module")
def sources(cluster, sensors):
    """Of all of them, each counted once."""
    return union(cluster, sensors, "sources")


@pytest.fixture
def once(program):
    def print_once(url):
        environment = {**os.environ, "COLUMNS": "80", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [program, "top", "--once", "--redis", url], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return print_once


def same(sensors, sources, lines):
    counted = [line for one in sensors.values() for line in one]
    same_order(block(lines, "PORTS"), ports_of(counted))
    total = f"{sum(line['frames'] for line in counted):,}"
    assert f"{total} packets" in lines[5] and "9 of 363 intervals" in lines[5]
    assert f" {sources:,} sources" in lines[5]


def test_sensors_on_several_masters(cluster, sensors, sources, once):
    for node in cluster.nodes:
        same(sensors, sources, once(node.url))


def test_slots_move_and_a_master_dies_meanwhile(cluster, sensors, sources, once, program):
    first, second = list(sensors)[:2]
    source, target, slot = cluster.home(live(first)), cluster.home(live(second)), cluster.slot(live(first))
    screen = Terminal([program, "top", "--redis", cluster.nodes[0].url, "--interval", 1])
    try:
        screen.shows("all 3 sensors", "PORTS", "9 of 363 intervals")
        move_slot(slot, source, target, 0.01, 40)
        screen.press("t")
        screen.shows("hour since 10-01 02:00 UTC", "3 of 3 intervals")
        assert "trying again" not in screen.text
        replica = cluster.replica_of(target)
        target.kill()
        screen.press("t")
        screen.shows("trying again")
        wait_until(replica.is_master, "a promotion")
        wait_until(lambda: cluster.owner(slot) is replica, "a new home")
        screen.wait(lambda text: "day since" in text and "trying again" not in text)
        assert re.search(r"9 of 363 intervals", screen.text)
    finally:
        screen.close()
    same(sensors, sources, once(next(n for n in cluster.nodes if n.process.poll() is None).url))
