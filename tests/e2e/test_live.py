"""Live capture: the program on devices that need no hardware, every frame that was sent against every frame counted.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_live.py
"""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time

import pytest
from captures import cases, frames as f
from conftest import ROOT, intervals_of
from live import SENSOR, Clock, Namespace, Peer, added, countable, counted, hugepages, in_order, left_overs
from live import needs_namespaces, nothing_lost, packet_device, pcap_device, syns, wait_until, write_pcap
from reference import capture, line, replay as reference

needs_root = pytest.mark.skipif(bool(os.geteuid()), reason="only root may set the number of hugepages")

FRAME_MAX = 1514


@pytest.fixture(scope="module", autouse=True)
def nothing_left_over():
    yield
    wait_until(lambda: not left_overs(), what=f"nothing in {left_overs()}")


def all_kinds(written):
    """Frames of every test of counting that an Ethernet interface could have received whole."""
    read = [capture.read(path) for case in cases() if case.counting for path in written(case)]
    wholes = [one.data for each in read if each.link == 1 for one in each.frames if one.wire == len(one.data)]
    return [frame for frame in wholes if len(frame) <= FRAME_MAX]


def expected(path, places):
    (totals,) = reference.intervals([capture.read(path)], reference.ALL, *places)
    return countable(line.as_object(totals, SENSOR))


# Counting


@pytest.mark.parametrize("queues", [1, 2])
def test_captures_as_devices(live, tmp_path, written, country_mmdb, asn_mmdb, places, queues):
    """Every kind of frame, through one worker and two: the same counts as the reference."""
    kinds = all_kinds(written)
    whole = write_pcap(tmp_path / "whole.pcap", kinds)
    parts = [write_pcap(tmp_path / f"{i}.pcap", kinds[i::queues]) for i in range(queues)]
    geo = {"country": str(country_mmdb), "asn": str(asn_mmdb)}
    one = live({"devices": [pcap_device(*parts)], "geo": geo}).started()
    one.wait_for_frames(len(kinds))
    counted(one, one.stop(), len(kinds))
    assert added(one.lines) == expected(whole, places)
    assert one.lines[0]["loss"]["missed"] == 0
    assert one.queue_packets("net_pcap0") == {i: len(kinds[i::queues]) for i in range(queues)}
    assert ("rss: none, spread by capture" in one.log) == (queues > 1)


def test_two_devices_with_different_queues(live, tmp_path):
    """Queue q of every device is worker q's; the number of workers follows from that."""
    parts = [write_pcap(tmp_path / f"{i}.pcap", syns(100 * (i + 1), i)) for i in range(3)]
    devices = [pcap_device(parts[0], parts[1]), pcap_device(parts[2], number=1)]
    one = live({"devices": devices, "workers": 2}).started()
    one.wait_for_frames(600)
    counted(one, one.stop(), 600)
    assert one.queue_packets("net_pcap0") == {0: 100, 1: 200}
    assert one.queue_packets("net_pcap1") == {0: 300}


@needs_namespaces
def test_kernel_interface(live, namespace, tmp_path, written, country_mmdb, asn_mmdb, places):
    """Every kind of frame that a kernel interface lets through: tags, fragments, headers that are cut off."""
    kinds = [frame for frame in all_kinds(written) if kernel_takes(frame)]
    whole = write_pcap(tmp_path / "whole.pcap", kinds)
    geo = {"country": str(country_mmdb), "asn": str(asn_mmdb)}
    one = live({"devices": [packet_device(namespace, 1)], "geo": geo}, prefix=namespace.prefix).started()
    namespace.send(kinds)
    one.wait_for_frames(len(kinds))
    counted(one, one.stop(), len(kinds))
    assert added(one.lines) == expected(whole, places)


def kernel_takes(frame):
    """It refuses to send less than a link header, and drops a tag without the ethertype behind it."""
    return len(frame) >= (20 if frame[12:14] in (b"\x81\x00", b"\x88\xa8") else 14)


@needs_namespaces
def test_two_queues_of_a_kernel_interface(live, namespace):
    frames = syns(6000)
    one = live({"devices": [packet_device(namespace, 2)]}, prefix=namespace.prefix).started()
    namespace.send(frames)
    one.wait_for_frames(len(frames))
    counted(one, one.stop(), len(frames))
    assert all(each["loss"]["missed"] is None for each in one.lines)  # this driver counts no loss
    assert "net_af_packet0: rss: none, spread by kernel fan-out" in one.log
    packets = one.queue_packets("net_af_packet0")
    assert sum(packets.values()) == len(frames)
    assert min(packets.values()) > len(frames) // 4
    assert "is idle" not in one.log


@needs_namespaces
def test_fragments_stay_fragments(live, namespace):
    """The kernel must not put them together first: one without its others would never be seen."""
    source = {"source": "5.5.5.5"}
    later = f.eth4(bytes(24), f.UDP, fragment=20, **source)
    first = f.eth4(f.udp(53, bytes(24)), f.UDP, fragment=f.MORE, **source)
    frames = [later, first] * 50
    one = live({"devices": [packet_device(namespace, 2)]}, prefix=namespace.prefix).started()
    namespace.send(frames)
    one.wait_for_frames(len(frames))
    counted(one, one.stop(), len(frames))
    total = added(one.lines)
    assert total["ip_proto"] == {"17": 100}
    assert total["no_l4"] == {"17": 50}
    assert total["udp_port"] == {"53": 50}


@needs_namespaces
def test_long_frames(live):
    with Namespace(mtu=9000) as namespace:
        device = packet_device(namespace, 1, "framesz=16384,blocksz=16384,framecnt=512")
        frames = [f.eth4(f.udp(53, bytes(5000)), f.UDP)] * 20
        one = live({"devices": [device], "memory": {"mbufs": 8191}}, prefix=namespace.prefix).started()
        namespace.send(frames)
        one.wait_for_frames(20)
        counted(one, one.stop(), 20)
        total = added(one.lines)
        assert total["bytes"] == sum(map(len, frames))
        assert total["udp_port"] == {"53": 20}
        assert "would be cut" not in one.log


@needs_namespaces
def test_frames_that_would_be_cut_are_announced(live):
    with Namespace(mtu=9000) as namespace:
        one = live({"devices": [packet_device(namespace, 1)]}, prefix=namespace.prefix).started()
        assert one.stop() == 0
        assert "frames above 1982 bytes would be cut" in one.log


@needs_root
@pytest.mark.parametrize("pages", [0, 512])
def test_virtio_user(live, tmp_path, pages):
    """Two queues, spread by the peer; what the peer has sent is what is counted."""
    with hugepages(pages) as enough, Peer(tmp_path) as peer:
        if not enough:
            pytest.skip(f"the machine has no {pages} hugepages to give")
        device = {"name": f"net_virtio_user0,path={peer.socket},queues=2,queue_size=1024", "queues": 2}
        one = live({"devices": [device], "memory": {"hugepages": "yes" if pages else "no"}}).started()
        peer.tell("start")
        time.sleep(1.5)
        peer.tell("stop")
        sent = peer.sent()
        assert sent
        one.wait_for_frames(sent)
        counted(one, one.stop(), sent)
        assert "net_virtio_user0: rss: none, spread by peer" in one.log
        assert all(each["loss"]["missed"] is None for each in one.lines)
        assert min(one.queue_packets("net_virtio_user0").values())
        assert ("memory: hugepages" if pages else "memory: no hugepages") in one.log


# Intervals


def test_every_interval_is_written(live, tmp_path):
    one = live({"devices": [pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))]}).started()
    wait_until(lambda: len(one.lines) >= 3, what="three intervals")
    counted(one, one.stop(signal.SIGINT), 10)
    assert [each["frames"] for each in one.lines].count(0) >= len(one.lines) - 2


def test_intervals_after_a_standstill(live, tmp_path):
    """Whatever took the machine's time, no interval is left out."""
    one = live({"devices": [pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))]}).started()
    wait_until(lambda: one.lines, what="an interval")
    one.send(signal.SIGSTOP)
    time.sleep(3.5)
    one.send(signal.SIGCONT)
    wait_until(lambda: len(one.lines) >= 5, what="five intervals")
    counted(one, one.stop(), 10)
    assert "jumped" not in one.log


@needs_namespaces
def test_stopping_finishes_the_open_interval(live, namespace):
    """Frames that lie in the ring when the signal comes are counted, and the interval is marked."""
    one = live({"devices": [packet_device(namespace, 1)], "interval": 3600}, prefix=namespace.prefix).started()
    time.sleep(0.5)
    namespace.send(syns(2000), rate=20000)
    counted(one, one.stop(), 2000, interval=3600)
    assert one.lines[-1]["partial"]


def test_second_signal_ends_it_at_once(live, tmp_path):
    """Also while it waits for a reader of its lines that does not read."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        device = pcap_device(write_pcap(tmp_path / "a.pcap", syns(4000, port=7)))
        one = live({"devices": [device], "json": str(pipe)}).started()
        fill(pipe)
        time.sleep(1.2)
        one.send(signal.SIGTERM)
        one.wait_for(" 0 unexplained")
        assert one.process.poll() is None
        assert one.stop() == 1
    finally:
        os.close(reader)


def fill(pipe):
    """Leaves no room in it."""
    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    try:
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
    finally:
        os.close(writer)


def test_clock_that_jumps(live, tmp_path):
    """Forward over two hours and back by one: said, nothing counted twice or lost, no interval for what never was."""
    clock = Clock(tmp_path)
    device = pcap_device(write_pcap(tmp_path / "a.pcap", syns(50)))
    one = live({"devices": [device]}, environment=clock.environment).started()
    wait_until(lambda: len(one.lines) >= 2, what="two intervals")
    clock.set(7200)
    one.wait_for("the clock jumped forward by 7200.0 s")
    wait_until(lambda: len(one.lines) >= 5, what="intervals after the jump")
    clock.set(3600)
    one.wait_for("the clock jumped back by 3600.0 s")
    ahead = len(one.lines)
    wait_until(lambda: len(one.lines) >= ahead + 2, what="intervals after the second jump")
    assert one.stop() == 0
    nothing_lost(one.lines)
    assert one.frames == 50
    steps = [b["start"] - a["end"] for a, b in zip(one.lines, one.lines[1:])]
    jumps = [step for step in steps if step]
    assert len(jumps) == 2
    assert 7190 < jumps[0] < 7210
    assert -3610 < jumps[1] < -3590
    for before, after in ((i, i + 1) for i, step in enumerate(steps) if step):
        assert one.lines[before]["partial"] and one.lines[after]["partial"]
    assert len(one.lines) < 60


# Links


@needs_namespaces
def test_link_that_comes_late(live, namespace):
    """It is waited for, and no interval says that nothing came while nothing could."""
    namespace.run("ip", "link", "set", namespace.generator, "down")
    one = live({"devices": [packet_device(namespace, 1)], "link_wait_s": 60}, prefix=namespace.prefix)
    one.wait_for("memory:")
    time.sleep(1.5)
    assert not one.lines and "link" not in one.log
    namespace.run("ip", "link", "set", namespace.generator, "up")
    one.started()
    namespace.send(syns(100))
    one.wait_for_frames(100)
    namespace.run("ip", "link", "set", namespace.generator, "down")
    one.wait_for("net_af_packet0: link is down")
    counted(one, one.stop(), 100)


@needs_namespaces
def test_link_that_does_not_come(live, namespace):
    namespace.run("ip", "link", "set", namespace.generator, "down")
    one = live({"devices": [packet_device(namespace, 1)], "link_wait_s": 1}, prefix=namespace.prefix)
    one.wait_for("net_af_packet0: no link after 1 s, going on without it")
    wait_until(lambda: one.lines, what="an interval")
    counted(one, one.stop(), 0)


# Reloading


@pytest.fixture
def regions_database(tmp_path):
    """regions_database(path, region): puts a database there, in one step, in which every address is in that region"""

    def make(path, region):
        table, fresh = tmp_path / "one.csv", tmp_path / "fresh.mmdb"
        table.write_text(f"network,country\n0.0.0.0/1,{region}\n128.0.0.0/1,{region}\n", encoding="ascii")
        subprocess.run([ROOT / "tools/mkregions", "--csv", table, "-o", fresh], check=True)
        fresh.replace(path)

    return make


@needs_namespaces
def test_reload_under_traffic(live, namespace, tmp_path, regions_database):
    database = tmp_path / "country.mmdb"
    regions_database(database, "AA")
    frames = syns(12000)
    config = {"devices": [packet_device(namespace, 2)], "geo": {"country": str(database)}}
    one = live(config, prefix=namespace.prefix).started()
    sender = threading.Thread(target=namespace.send, args=(frames, 3000))
    sender.start()
    for region in ("BB", "CC", "DD"):
        time.sleep(0.8)
        reloads = one.log.count("reloaded")
        regions_database(database, region)
        one.send(signal.SIGHUP)
        wait_until(lambda: one.log.count("reloaded") > reloads, what=f"the reload of {region}")
    sender.join()
    one.wait_for_frames(len(frames))
    namespace.send(syns(100, 2))
    one.wait_for_frames(len(frames) + 100)
    counted(one, one.stop(), len(frames) + 100)
    found = added(one.lines)["region"]
    assert sum(found.values()) == len(frames) + 100
    assert found["AA"] > 0 and found["DD"] >= 100
    assert set(found) <= {"AA", "BB", "CC", "DD"}


def test_broken_database_keeps_the_old_one(live, tmp_path, regions_database):
    database = tmp_path / "country.mmdb"
    regions_database(database, "AA")
    device = pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))
    one = live({"devices": [device], "geo": {"country": str(database)}}).started()
    one.wait_for_frames(10)
    database.write_bytes(b"no database")
    one.send(signal.SIGHUP)
    one.wait_for("what was loaded before stays in use")
    assert one.stop() == 0
    assert added(one.lines)["region"] == {"AA": 10}


def signature(name, port):
    return {"name": name, "match": f"tcp dport {port}"}


def test_signatures_change_between_intervals(live, namespace):
    """The file is read again: every interval is counted by one set of signatures, and no packet by none."""
    config = {"devices": [packet_device(namespace, 2)], "signatures": [signature("telnet", 23), signature("web", 80)]}
    one = live(config, prefix=namespace.prefix).started()
    frames = syns(9000)
    sender = threading.Thread(target=namespace.send, args=(frames, 3000))
    sender.start()
    time.sleep(1)
    whole = json.loads(one.path.read_text(encoding="utf-8"))
    one.path.write_text(json.dumps({**whole, "signatures": [signature("t", 23)]}), encoding="utf-8")
    one.send(signal.SIGHUP)
    one.wait_for("reloaded, 1 signatures")
    sender.join()
    one.wait_for_frames(len(frames))
    counted(one, one.stop(), len(frames))
    for line in one.lines:
        assert set(line["signatures"]) in ({"telnet", "web"}, {"t"})
        assert sum(each["packets"] for each in line["signatures"].values()) == line["frames"]
        assert sum(each["sources"] for each in line["signatures"].values()) == line["sources"]["total"]
    assert set(one.lines[0]["signatures"]) == {"telnet", "web"}
    assert set(one.lines[-1]["signatures"]) == {"t"}


def test_lines_go_on_in_a_new_file(live, tmp_path):
    """As logrotate does it: the file is moved away, then SIGHUP. No interval is in both, or in none."""
    one = live({"devices": [pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))]}).started()
    one.wait_for_frames(10)
    one.json.rename(tmp_path / "moved.json")
    one.send(signal.SIGHUP)
    wait_until(lambda: len(one.lines) >= 2, what="lines in the new file")
    assert one.stop() == 0
    before = intervals_of((tmp_path / "moved.json").read_text(encoding="utf-8"))
    in_order(before + one.lines, 1)


def test_broken_file_keeps_the_old_signatures(live, tmp_path):
    one = live({"devices": [pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))]}).started()
    one.wait_for_frames(10)
    one.path.write_text("sensor: [", encoding="utf-8")
    one.send(signal.SIGHUP)
    one.wait_for("what was loaded before stays in use")
    assert one.stop() == 0
    assert all("mirai" in line["signatures"] for line in one.lines)


# What goes wrong


def test_idle_queue_is_named(live, tmp_path):
    paths = write_pcap(tmp_path / "a.pcap", syns(600)), write_pcap(tmp_path / "b.pcap", [])
    one = live({"devices": [pcap_device(*paths)]}).started()
    one.wait_for("net_pcap0: queue 1 of 2 is idle: none of 600 packets came through it")
    assert one.stop() == 0
    assert one.log.count("is idle") == 1
    assert one.queue_packets("net_pcap0") == {0: 600, 1: 0}


def test_lines_that_cannot_be_written(live, tmp_path):
    one = live({"devices": [pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))], "json": "/dev/full"}).started()
    one.wait_for("No space left on device")
    assert one.stop() == 1


def test_killed_it_leaves_nothing(live, tmp_path):
    one = live({"devices": [pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))]}).started()
    one.process.kill()
    one.wait()
    assert not left_overs()
