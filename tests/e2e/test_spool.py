"""Nothing that was counted is lost or counted twice: the program, Redis and the connection die at any moment, disks are
full, read-only or hold nonsense, and in the end Redis holds exactly what the lines of JSON say.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_spool.py

NT_ROUNDS multiplies the rounds of what is done at random, NT_SEED chooses others; tools/soak sets both.
"""

import json
import os
import random
import shutil
import subprocess
import threading
import time

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from conftest import intervals_of
from live import Live, needs_namespaces, packet_device, syns, wait_until
from redis_model import SETS, members
from redis_server import LossyProxy, Server
from traffic import EVENING, SENSOR, same, write_traffic

ROUNDS = float(os.environ.get("NT_ROUNDS", "1"))
SEED = int(os.environ.get("NT_SEED", "1"))
MINUTE_S = 60
INFO = f"nt:{{{SENSOR}}}:info"

needs_root = pytest.mark.skipif(bool(os.geteuid()), reason="only root may mount")


class Sensor:
    """Replays of one sensor, one behind the other in packet time, through one spool into one Redis."""

    def __init__(self, program, folder, server, **config):
        self.program, self.folder, self.server = program, folder, server
        self.spool = folder / "spool"
        self.config = {
            "sensor": SENSOR,
            "redis": {"url": server.url, "timeout_ms": 500, "password_file": str(self.password("right"))},
            "spool": {"path": str(self.spool)},
            **config,
        }
        self.captures, self.files, self.next = [], [], EVENING

    def password(self, word):
        path = self.folder / f"{word}.password"
        path.write_text(word + "\n", encoding="ascii")
        path.chmod(0o600)
        return path

    @property
    def refused(self):
        """A configuration that Redis lets nobody in with."""
        return {**self.config["redis"], "password_file": str(self.password("wrong"))}

    def capture(self, minutes, frames=20, same=False):
        """Writes the next minutes, all of them the same or each another."""
        number = len(self.captures)
        starts = [self.next + MINUTE_S * minute for minute in range(minutes)]
        self.next += MINUTE_S * minutes
        path = write_traffic(self.folder / f"{number}.pcap", starts, frames, seed=SEED * 1000 + number, same=same)
        self.captures.append((path, starts))
        return path

    def begin(self, path, *options, **config):
        """Each replay has a file of lines of its own."""
        number = len(self.files)
        self.files.append(self.folder / f"{number}.json")
        yaml = self.folder / f"{number}.yaml"
        redis = config.get("redis", self.config["redis"])
        yaml.write_text(json.dumps({**self.config, "json": str(self.files[-1]), **config}), encoding="utf-8")
        return subprocess.Popen(
            [self.program, "replay", "-c", yaml, *(("--add",) if redis else ()), *options, path],
            stderr=subprocess.PIPE,
            text=True,
        )

    def replay(self, minutes=3, status=0, **config):
        """A whole replay; what it said."""
        process = self.begin(self.capture(minutes), **config)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == status, errors
        return errors

    @property
    def lines(self):
        return [line for path in self.files if path.exists() for line in intervals_of(path.read_text())]

    def holds_what_was_stored(self, server=None):
        """Redis is what the lines say, and of every capture that was interrupted they are its beginning."""
        lines = self.lines
        starts = [line["start"] for line in lines]
        assert len(set(starts)) == len(starts), "an interval stands there twice"
        for _, expected in self.captures:
            found = [start for start in starts if expected[0] <= start <= expected[-1]]
            assert found == expected[: len(found)], "an interval is missing"
        assert {line["frames"] for line in lines if not line.get("partial")} == {20}
        same(server or self.server, lines, nibbled=True)


@pytest.fixture
def durable(tmp_path):
    one = Server(tmp_path, durable=True, password="right")
    yield one
    one.kill()


@pytest.fixture
def sensor(program, tmp_path, durable):
    return Sensor(program, tmp_path, durable)


# Death


def kill_server(server):
    server.kill()
    server.start()


def test_replays_and_redis_die(sensor):
    """Both at random moments, sometimes before the first frame, sometimes in the middle of what was left over."""
    dice = random.Random(SEED)
    for number in range(1, round(10 * ROUNDS)):
        if number % 10 == 0:
            sensor.replay()
        process = sensor.begin(sensor.capture(150))
        for _ in range(dice.randrange(3)):
            time.sleep(dice.random() * 0.3)
            kill_server(sensor.server)
        time.sleep(dice.random() * 0.7)
        process.kill()
        process.communicate()
    stored = len(sensor.lines)
    errors = sensor.replay()
    assert len(sensor.lines) >= stored + 3, errors
    sensor.holds_what_was_stored()


@needs_namespaces
def test_live_capture_and_redis_die(sensor, program, namespace, tmp_path, durable):
    """One file of lines for all lives of the program: it is cut back to what was noted and written on."""
    dice = random.Random(SEED)
    config = {
        "sensor": SENSOR,
        "devices": [packet_device(namespace, 1)],
        "json": str(tmp_path / "live.json"),
        "json_rotate": {"mib": 1, "keep": 100},
        **{key: sensor.config[key] for key in ("redis", "spool")},
        "link_wait_s": 0,
    }
    stop = threading.Event()
    sender = threading.Thread(target=send_until, args=(namespace, stop))
    sender.start()
    try:
        for _ in range(round(6 * ROUNDS)):
            with Live(program, tmp_path, config, prefix=namespace.prefix) as one:
                one.wait_for("memory:")
                time.sleep(0.7 + dice.random() * 1.5)
                if dice.random() < 0.5:
                    kill_server(durable)
                    time.sleep(dice.random() * 0.3)
                one.process.kill()
        with Live(program, tmp_path, config, prefix=namespace.prefix) as one:
            one.started()
            time.sleep(1.5)
            assert one.stop() == 0, one.log
    finally:
        stop.set()
        sender.join()
    lines = intervals_of((tmp_path / "live.json").read_text())
    starts = [line["start"] for line in lines]
    assert len(set(starts)) == len(starts) >= round(6 * ROUNDS)
    assert sum(line["frames"] for line in lines) > 500
    same(durable, lines, nibbled=True)


def send_until(namespace, stop):
    frames = syns(2000)
    while not stop.is_set():
        namespace.send(frames[:200], rate=400)


def test_stop_leaves_the_rest_for_the_next_start(sensor, program, tmp_path, durable):
    """Live, a Redis that is away is no failure when there is a spool on disk."""
    capture = write_traffic(tmp_path / "a.pcap", [EVENING], 100)
    config = {
        "sensor": SENSOR,
        "devices": [{"name": f"net_pcap0,rx_pcap={capture}"}],
        "json": str(tmp_path / "live.json"),
        **{key: sensor.config[key] for key in ("redis", "spool")},
    }
    durable.kill()
    with Live(program, tmp_path, config) as one:
        path = tmp_path / "live.json"
        wait_until(lambda: path.exists() and path.read_text().count("\n") >= 2, what="two intervals")
        assert one.stop() == 0, one.log
        number = len(intervals_of(path.read_text()))
        assert f"{tmp_path}/spool: {number} intervals wait for the next start" in one.log
    durable.start()
    with Live(program, tmp_path, config) as one:
        one.wait_for(f"{tmp_path}/spool: {number} intervals are left from before; they go first")
        one.started()
        assert one.stop() == 0, one.log
        assert "for the next start" not in one.log
    same(durable, intervals_of((tmp_path / "live.json").read_text()), nibbled=True)


def test_replay_that_gave_up(sensor):
    """A wrong password does not mend itself: the intervals stay, and the next start publishes them."""
    errors = sensor.replay(minutes=50, status=1, redis=sensor.refused)
    assert "intervals not published in Redis: 50; they wait in" in errors
    errors = sensor.replay()
    assert "50 intervals are left from before; they go first" in errors
    sensor.holds_what_was_stored()


def test_somebody_else_writes_in_between(sensor):
    """Without the spool, so that the cursor in Redis is not ours any more: what is applied is not applied again."""
    sensor.replay(minutes=20)
    sensor.replay(minutes=20, spool={"path": ""})
    sensor.replay(minutes=20)
    sensor.holds_what_was_stored()


def test_redis_was_not_there_from_the_beginning(sensor):
    """It gets what is counted from then on, and misses nothing."""
    assert sensor.begin(sensor.capture(20), redis={}).wait() == 0
    first = sensor.files.pop(0), sensor.captures.pop(0)
    sensor.replay(minutes=20)
    sensor.holds_what_was_stored()
    assert len(intervals_of(first[0].read_text())) == len(sensor.lines) == 20
    assert "gap_intervals" not in sensor.server.client.hgetall(INFO)


def test_repetition_is_refused_on_the_way_too(sensor):
    """What waits in the spool counts as if Redis held it; and it gets there although the replay is refused."""
    process = sensor.begin(sensor.capture(50), redis=sensor.refused)
    process.communicate()
    first = sensor.files[0].read_text()
    yaml = sensor.folder / "again.yaml"
    yaml.write_text(json.dumps({**sensor.config, "json": str(sensor.files[0])}), encoding="utf-8")
    done = subprocess.run(
        [sensor.program, "replay", "-c", yaml, sensor.captures[0][0]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "--add" in done.stderr
    assert sensor.files[0].read_text() == first
    sensor.holds_what_was_stored()
    yaml.write_text(json.dumps({**sensor.config, "json": str(sensor.folder / "new.json")}), encoding="utf-8")
    done = subprocess.run([sensor.program, "replay", "-c", yaml, sensor.captures[0][0]], check=False)
    assert done.returncode == 1
    assert not (sensor.folder / "new.json").exists()


# The connection


def test_lossy_connection(sensor, tmp_path):
    """Requests and replies are lost, late and repeated; at least one reply in twenty is lost after it was applied."""
    faults = {
        "drop_reply": 0.06,
        "drop_request": 0.01,
        "delay_request": 0.02,
        "duplicate_request": 0.05,
        "delay_reply": 0.02,
        "duplicate_reply": 0.01,
    }
    minutes = round(420 * ROUNDS)
    proxy = LossyProxy(sensor.server, faults=faults, seed=SEED)
    try:
        errors = sensor.replay(minutes, redis={**sensor.config["redis"], "url": proxy.url})
    finally:
        proxy.stop()
    # Redis was away dozens of times, which is said with a number.
    assert errors.count("intervals wait") + errors.count("is back") <= 4 * ROUNDS + 4, errors
    assert len(sensor.lines) == minutes
    assert all(proxy.done[fault] for fault in faults), proxy.done
    assert proxy.lost >= 0.05 * proxy.replies > 0.05 * minutes
    sensor.holds_what_was_stored()


def aof_tail_lost(server, share):
    """What a machine's death does to an AOF that is not synced at every write."""
    server.kill()
    (aof,) = (server.folder / "appendonlydir").glob("*.incr.aof")
    os.truncate(aof, int(aof.stat().st_size * (1 - share)))
    server.start()


@pytest.fixture
def everysec(program, tmp_path):
    server = Server(tmp_path, durable=True, password="right")
    server.kill()
    server.options[3] = "everysec"
    server.start()
    yield Sensor(program, tmp_path, server)
    server.kill()


def test_lost_tail_comes_from_the_spool(everysec):
    everysec.replay(minutes=60)
    aof_tail_lost(everysec.server, 0.4)
    assert everysec.server.client.xlen(f"nt:{{{SENSOR}}}:live") < 50
    errors = everysec.replay()
    assert "lost" in errors
    everysec.holds_what_was_stored()
    info = everysec.server.client.hgetall(INFO)
    assert "gap_intervals" not in info or info["gap_intervals"] == "0"


def test_older_than_the_spool_is_a_gap(everysec):
    everysec.config["spool"]["keep_applied_s"] = 0
    everysec.replay(minutes=60)
    aof_tail_lost(everysec.server, 0.4)
    held = everysec.server.client.xlen(f"nt:{{{SENSOR}}}:live")
    everysec.replay()
    info = everysec.server.client.hgetall(INFO)
    # The one that was cut off in the middle may be a part of a gap as well.
    assert 60 - held <= int(info["gap_intervals"]) <= 61 - held


# The disk


def mounted(path, size="4m", *more):
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)
    return path


@pytest.fixture
def small_disk(tmp_path):
    path = mounted(tmp_path / "small")
    yield path
    subprocess.run(["umount", "-l", path], check=False)


@needs_root
def test_no_room_for_the_spool(sensor, small_disk):
    """It is said once, and capture goes on: nothing is lost as long as the program lives."""
    fill = small_disk / "fill"
    sensor.config["spool"] = {"path": str(small_disk / "spool")}
    sensor.replay()
    fill.write_bytes(bytes(shutil.disk_usage(small_disk).free))
    errors = sensor.replay(minutes=100)
    assert errors.count("No space left on device") == 1, errors
    sensor.holds_what_was_stored()
    fill.unlink()
    sensor.replay()
    sensor.holds_what_was_stored()


@needs_root
def test_no_room_for_the_lines(program, sensor, small_disk, namespace):
    """No line is torn; they wait until there is room."""
    fill = small_disk / "fill"
    config = {
        **sensor.config,
        "devices": [packet_device(namespace, 1)],
        "json": str(small_disk / "live.json"),
        "spool": {"path": str(sensor.spool)},
    }
    with Live(program, sensor.folder, config, prefix=namespace.prefix) as one:
        one.started()
        path = small_disk / "live.json"
        wait_until(lambda: path.exists() and path.read_text(), what="a line")
        with fill.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        namespace.send(syns(3000))
        one.wait_for("json: No space left on device; intervals wait")
        time.sleep(1.5)
        text = path.read_text()
        assert text.endswith("}\n")
        fill.unlink()
        one.wait_for("json: lines are written again")
        assert one.stop() == 0, one.log
        assert one.log.count("No space left") == 1
    lines = intervals_of(path.read_text())
    assert sum(line["frames"] for line in lines) == 3000
    starts = [line["start"] for line in lines]
    assert starts == list(range(starts[0], starts[0] + len(starts)))
    same(sensor.server, lines, nibbled=True)


@needs_root
def test_read_only_disk(program, sensor, small_disk, run):
    """A warning, no spool, everything else as ever; and check knows it."""
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    errors = sensor.replay(spool={"path": str(small_disk / "spool")})
    assert "spool" in errors and "Read-only file system" in errors
    sensor.holds_what_was_stored()
    yaml = sensor.folder / "check.yaml"
    device = {"name": f"net_pcap0,rx_pcap={sensor.captures[0][0]}"}
    yaml.write_text(json.dumps({"spool": {"path": str(small_disk / "spool")}, "devices": [device]}), encoding="utf-8")
    done = run("check", "-c", yaml)
    assert done.status == 1
    assert "spool.path: " in done.errors and "Read-only file system" in done.errors


def test_missing_folder(sensor):
    errors = sensor.replay(spool={"path": str(sensor.folder / "nowhere" / "spool")})
    assert "spool.path: " in errors and "No such file or directory" in errors
    sensor.holds_what_was_stored()


def in_the_middle(path):
    content = bytearray(path.read_bytes())
    dice = random.Random(SEED)
    for at in range(len(content) // 3, len(content) // 3 + 20000):
        content[at] = dice.randrange(256)
    path.write_bytes(content)


NONSENSE = {
    "bytes in the middle": in_the_middle,
    "header": lambda path: path.write_bytes(bytes(100) + path.read_bytes()[100:]),
    "cut off": lambda path: os.truncate(path, path.stat().st_size // 3),
    "a byte": lambda path: os.truncate(path, 1),
    "nothing": lambda path: os.truncate(path, 0),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_damaged_file(sensor, name):
    """What can be read is used, what cannot is put aside and said; no number is wrong because of it."""
    sensor.replay(minutes=150, status=1, redis=sensor.refused)
    assert sensor.spool.stat().st_size > 100000
    NONSENSE[name](sensor.spool)
    for left in sensor.folder.glob("spool-*"):
        left.unlink()  # a journal of what was there before
    errors = sensor.replay()
    if name not in ("nothing", "a byte"):  # which is how a file begins
        assert "spool" in errors, errors
    lines = sensor.lines
    held = {int(id.split("-")[0]) // 1000 for id, _ in sensor.server.client.xrange(f"nt:{{{SENSOR}}}:live")}
    assert {line["start"] for line in lines[-3:]} <= held
    same(sensor.server, [line for line in lines if line["start"] in held], nibbled=True)
    sensor.replay()
    held |= {line["start"] for line in sensor.lines[-3:]}
    same(sensor.server, [line for line in sensor.lines if line["start"] in held], nibbled=True)


def test_whose_it_is(sensor, tmp_path):
    """The file of another sensor, or one in use, is refused before anything is counted."""
    sensor.replay()
    before = sensor.server.client.dbsize()
    process = sensor.begin(sensor.capture(3), "--sensor", "other")
    _, errors = process.communicate()
    assert process.returncode == 2
    assert errors == f"needletail: spool.path: {sensor.spool}: it is another sensor's\n"
    assert not sensor.files.pop().exists()
    os.mkfifo(tmp_path / "pipe.json")
    waits = subprocess.Popen(
        [sensor.program, "replay", "-c", tmp_path / "0.yaml", "--add", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        waits.stdin.write(sensor.captures[1][0].read_bytes()[:1000])
        waits.stdin.flush()
        wait_until(lambda: sensor.spool.with_name("spool-wal").exists(), what="the spool in use")
        process = sensor.begin(sensor.captures[1][0])
        _, errors = process.communicate()
        assert process.returncode == 2
        assert errors == f"needletail: spool.path: {sensor.spool}: another process has it open\n"
    finally:
        waits.kill()
        waits.wait()
        waits.stdin.close()
    assert sensor.server.client.dbsize() == before


def database(path, application=0, wal=False):
    """Somebody else's, as an application leaves it that dies."""
    script = f"""
import os, sqlite3
db = sqlite3.connect({str(path)!r}, isolation_level=None)
db.execute("PRAGMA application_id={application}")
db.execute("PRAGMA journal_mode={"WAL" if wal else "DELETE"}")
db.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)")
db.executemany("INSERT INTO moz_places (url) VALUES (?)", [("x" * 500,)] * 200)
os._exit(0)
"""
    subprocess.run(["/usr/bin/python3", "-c", script], check=True)


FOREIGN = {
    "a text": lambda path: path.write_text("this is no spool\n" * 1000),
    "a letter": lambda path: path.write_text("x"),
    "a compressed file": lambda path: path.write_bytes(b"\x1f\x8b\x08\0" + random.Random(1).randbytes(5000)),
    "a database": database,
    "a database with a name": lambda path: database(path, application=1),
    "a database with a log": lambda path: database(path, wal=True),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_file_of_somebody_else(sensor, run, name):
    """A slip in the configuration: it is said, nothing is counted, and nothing of what is there is changed."""
    folder = sensor.folder / "theirs"
    folder.mkdir()
    sensor.spool = folder / "file"
    FOREIGN[name](sensor.spool)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    sensor.config["spool"] = {"path": str(sensor.spool)}
    refusal = f"needletail: spool.path: {sensor.spool}: it is no spool, and stays as it is: name another file\n"
    assert sensor.replay(status=2) == refusal
    yaml = sensor.folder / "check.yaml"
    device = {"name": f"net_pcap0,rx_pcap={sensor.captures[0][0]}"}
    yaml.write_text(json.dumps({"spool": sensor.config["spool"], "devices": [device]}), encoding="utf-8")
    assert refusal in run("check", "-c", yaml).errors
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not sensor.files[-1].exists()
    assert not sensor.server.client.dbsize()


def test_link_that_leads_nowhere(sensor, run):
    target = sensor.folder / "nowhere"
    sensor.spool.symlink_to(target)
    refusal = f"needletail: spool.path: {sensor.spool}: it is a link to a file that is not there\n"
    assert sensor.replay(status=2) == refusal
    yaml = sensor.folder / "check.yaml"
    device = {"name": f"net_pcap0,rx_pcap={sensor.captures[0][0]}"}
    yaml.write_text(json.dumps({"spool": sensor.config["spool"], "devices": [device]}), encoding="utf-8")
    assert refusal in run("check", "-c", yaml).errors
    assert not target.exists() and not sensor.files[-1].exists()
    target.touch()
    sensor.replay()
    assert target.stat().st_size and sensor.spool.is_symlink()


# A spool that is full


def test_full_spool(sensor):
    """Detail goes first, then whole intervals; every packet is in a set, in rest, or in an interval that is counted as
    dropped."""
    config = {"spool": {"path": str(sensor.spool), "mib": 1}}
    path = sensor.capture(1000, frames=500, same=True)
    process = sensor.begin(path, redis=sensor.refused, **config)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "the oldest lose their detail" in errors and "the oldest are dropped" in errors
    assert sensor.spool.stat().st_size <= 1 << 20
    sensor.replay(**config)
    sensor.replay(**config)  # there is room again
    client = sensor.server.client
    info = client.hgetall(INFO)
    lines = {line["start"]: line for line in sensor.lines}
    held = {int(id.split("-")[0]) // 1000 for id, _ in client.xrange(f"nt:{{{SENSOR}}}:live")}
    assert 0 < int(info["dropped_intervals"]) == len(lines) - len(held)
    reduced = {s for s in held if client.hget(f"nt:{{{SENSOR}}}:m:{s}:totals", "reduced") == "1"}
    assert 0 < int(info["reduced_intervals"]) == len(reduced) < len(held)
    dropped, whole = sorted(set(lines) - held), held - reduced
    assert len(whole) >= 3
    assert dropped[-2] < sorted(reduced)[1]  # the oldest lose most, but for one that was being read
    for kind in "dq":
        adds_up(sensor.server, kind, [lines[start] for start in held], len(reduced))


def adds_up(server, kind, lines, reduced):
    """Totals and every set with its rest, over all buckets of a kind."""
    totals = [server.numbers(key) for key in server.client.scan_iter(f"nt:{{{SENSOR}}}:{kind}:*:totals")]
    for field in ("frames", "bytes"):
        assert sum(each[field] for each in totals) == sum(line[field] for line in lines)
    assert sum(each.get("reduced", 0) for each in totals) == reduced
    for name in SETS:
        keys = server.client.scan_iter(f"nt:{{{SENSOR}}}:{kind}:*:{name}")
        found = sum(sum(server.numbers(key).values()) for key in keys)
        rest = sum(each.get(f"rest.{name}", 0) for each in totals)
        assert found + rest == sum(sum(members(line)[name].values()) for line in lines), name
