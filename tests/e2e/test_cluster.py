"""Sensors that publish into a Redis Cluster: their keys are on several masters, masters die and slots move while they
write, and every packet is there exactly once.

    NEEDLETAIL=build/app/needletail/needletail NT_ROUNDS=1 NT_SEED=1 /usr/bin/python3 -m pytest tests/e2e/test_cluster.py
"""

import os
import random
import shutil
import subprocess
import time

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from conftest import intervals_of
from redis_cluster import PASSWORD, Cluster, wait_until
from test_redis import EVENING, same, write_traffic
from test_redis_rights import rules

ROUNDS = int(os.environ.get("NT_ROUNDS", "1"))
SEED = int(os.environ.get("NT_SEED", "1"))
INTERVALS = 400
REPLAY_S = 120
USER = "needletail"
DICE = [pytest.param(random.Random(1000 * SEED + k), id=f"{SEED}-{k}") for k in range(ROUNDS)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    one = Cluster(tmp_path_factory.mktemp("cluster"), users={"needletail": rules()["needletail"]})
    yield one
    one.stop()


@pytest.fixture(autouse=True)
def enough_rights(cluster):
    for node in cluster.nodes:
        node.client.acl_log_reset()
    yield
    for node in cluster.nodes:
        assert not node.client.acl_log()


@pytest.fixture(autouse=True)
def empty(cluster):
    wait_until(cluster.is_whole, "a whole cluster")
    for node in cluster.nodes:
        if node.is_master():
            node.client.flushall()


def live(sensor):
    return f"nt:{{{sensor}}}:live"


def sensors_apart(cluster, number=2):
    """Names of sensors whose keys are on masters of their own."""
    found = {}
    for k in range(1000):
        owner = cluster.home(live(f"s{k}"))
        found.setdefault(owner.port, f"s{k}")
        if len(found) == number:
            return list(found.values())
    raise AssertionError("all slots on one master")


class Replay:
    """One sensor's replay, beside others."""

    def __init__(self, program, country, folder, url, sensor, seed=1, step_s=60, intervals=INTERVALS):
        self.sensor = sensor
        self.lines = folder / f"{sensor}.json"
        self.said = folder / f"{sensor}.log"
        self.intervals = intervals
        starts = [EVENING + step_s * k for k in range(intervals)]
        capture = write_traffic(folder / f"{sensor}.pcap", starts, 40, seed)
        options = ("--redis", url, "--json", self.lines, "--sensor", sensor, "--country", country)
        with self.said.open("w") as log:
            self.process = subprocess.Popen([program, "replay", *options, capture], stderr=log)

    def check(self, cluster):
        assert self.process.wait(REPLAY_S) == 0, self.said.read_text()
        lines = intervals_of(self.lines.read_text())
        assert len(lines) == self.intervals
        home = cluster.home(live(self.sensor))
        same(home, lines, self.sensor)
        info = home.client.hgetall(f"nt:{{{self.sensor}}}:info")
        assert "gap_intervals" not in info and "dropped_intervals" not in info


@pytest.fixture
def replay(program, country_mmdb, tmp_path):
    running = []

    def start(url, sensor, **options):
        running.append(Replay(program, country_mmdb, tmp_path, url, sensor, **options))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


def written(node, sensor):
    return node.client.xlen(live(sensor))


def cut_off(master, replica):
    """From now on the replica gets nothing of what the master acknowledges."""
    replica.client.config_set("masterauth", "another")
    master.client.client_kill_filter(_type="slave")


@pytest.mark.parametrize("dice", DICE)
def test_a_master_dies_and_its_replica_lacks_the_last_writes(cluster, replay, dice):
    names = sensors_apart(cluster)
    # Reached by nodes that do not have their slots.
    home = [cluster.home(live(name)) for name in names]
    replays = [replay(home[1 - k].url_of(USER), name, seed=k) for k, name in enumerate(names)]
    dying, sensor = home[0], names[0]
    heir = cluster.replica_of(dying)
    before, between = dice.randrange(1, 100), dice.randrange(5, 100)
    wait_until(lambda: written(dying, sensor) >= before, "intervals")
    cut_off(dying, heir)
    there = written(dying, sensor)
    wait_until(lambda: written(dying, sensor) >= there + between, "more intervals")
    time.sleep(dice.random() / 100)  # in the middle of one
    assert replays[0].process.poll() is None
    dying.kill()
    heir.client.config_set("masterauth", PASSWORD)
    wait_until(heir.is_master, "a promotion")
    dying.start()
    for one in replays:
        one.check(cluster)
    assert "Redis lost the last" in replays[0].said.read_text()
    assert cluster.home("nt:sensors").client.smembers("nt:sensors") == set(names)


def move_slot(slot, source, target, pause_s, at_once):
    """What redis-cli --cluster reshard does, slowly."""
    target.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", source.id())
    source.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", target.id())
    moved = 0
    while True:
        keys = source.client.execute_command("CLUSTER GETKEYSINSLOT", slot, at_once)
        if not keys:
            break
        options = ("", 0, 5000, "AUTH", PASSWORD, "KEYS", *keys)
        source.client.execute_command("MIGRATE", "127.0.0.1", target.port, *options)
        moved += len(keys)
        time.sleep(pause_s)
    for node in (target, source):
        node.client.execute_command("CLUSTER SETSLOT", slot, "NODE", target.id())
    return moved


@pytest.mark.parametrize("dice", DICE)
def test_slots_move_while_sensors_write(cluster, replay, dice):
    names = sensors_apart(cluster)
    home = [cluster.home(live(name)) for name in names]
    # Of the one that moves every interval closes an hour, because what closes a bucket names not all of its keys.
    replays = [
        replay(home[0].url_of(USER), names[0], step_s=3600, intervals=250),
        replay(home[0].url_of(USER), names[1], seed=2),
    ]
    begin = dice.randrange(1, 60)
    wait_until(lambda: written(home[0], names[0]) >= begin, "intervals")
    slot = cluster.slot(live(names[0]))
    for source, target in (home, home[::-1]):  # there and back
        assert move_slot(slot, source, target, dice.random() / 300, dice.randrange(1, 20)) > 10
        before = written(target, names[0])
        if replays[0].process.poll() is None:
            wait_until(
                lambda: written(target, names[0]) > before + 20 or replays[0].process.poll() is not None, "more"
            )
    for one in replays:
        one.check(cluster)


def test_a_master_that_hangs(cluster, replay, program):
    """It is stopped, not dead: connections to it stay, and only time tells."""
    name = sensors_apart(cluster)[0]
    hanging = cluster.home(live(name))
    heir = cluster.replica_of(hanging)
    one = replay(heir.url_of(USER), name)  # a replica will do, too
    wait_until(lambda: written(hanging, name) >= 30, "intervals")
    hanging.process.send_signal(19)
    try:
        wait_until(heir.is_master, "a promotion")
        wait_until(lambda: written(heir, name) >= 60 or one.process.poll() is not None, "intervals at the heir")
    finally:
        hanging.process.send_signal(18)
    one.check(cluster)
    said = one.said.read_text()
    assert f"redis://127.0.0.1:{hanging.port}/0: no answer in time; intervals wait" in said, said  # not the URL's node


def test_through_a_socket_to_nodes_elsewhere(cluster, replay):
    names = sensors_apart(cluster)
    node = cluster.home(live(names[0]))
    url = f"unix://{USER}:{PASSWORD.replace(' ', '%20')}@{node.socket}"
    for one in [replay(url, name, intervals=10, seed=k) for k, name in enumerate(names)]:
        one.check(cluster)


def test_a_cluster_has_one_database(cluster, replay):
    one = replay(cluster.nodes[0].url_of(USER) + "/1", "s")
    assert one.process.wait(REPLAY_S) == 1
    assert "a cluster has database 0 only" in one.said.read_text()
