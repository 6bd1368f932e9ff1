"""Live capture when nothing comes: workers rest, and what comes then is counted to the last frame.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_live_idle.py

How much a worker rests is told by its CPU time, which others on the machine do not change. The bounds are some ten
times what it takes.
"""

import os
import time
from pathlib import Path

import pytest
from live import Peer, counted, needs_namespaces, packet_device, pcap_device, syns, write_pcap

AT_ONCE = 1e12  # frames a second
IDLE_S = 1
LONG_S = 2
WOKEN = 0.05  # of a core, for each worker
NAPPING = 0.25

WAKES = "net_af_packet0: wakes idle workers"
LOOKS = "net_af_packet0: idle workers look for packets every 500 us"


def cpu_s(one):
    """CPU time of each worker's thread."""
    tasks = Path(f"/proc/{one.process.pid}/task").iterdir()  # ip netns exec becomes the program
    workers = [task for task in tasks if (task / "comm").read_text().startswith("rte-worker")]
    assert workers
    return {task.name: int((task / "schedstat").read_text().split()[0]) / 1e9 for task in workers}


def share_while_idle(one, seconds=IDLE_S):
    """The busiest worker's, of a core."""
    before, begin = cpu_s(one), time.monotonic()
    time.sleep(seconds)
    after, took = cpu_s(one), time.monotonic() - begin
    return max(after[name] - before[name] for name in before) / took


@needs_namespaces
@pytest.mark.parametrize("queues", [1, 2])
def test_sockets_wake_workers(live, namespace, queues):
    """Next to nothing while idle; a burst at any moment of idling is counted whole."""
    one = live({"devices": [packet_device(namespace, queues)]}, prefix=namespace.prefix).started()
    one.wait_for(WAKES)
    sent = 0
    for round_, seconds in enumerate((LONG_S, 0.001, 0.02, LONG_S)):
        if seconds == LONG_S:
            assert share_while_idle(one, LONG_S) < WOKEN
        else:
            time.sleep(seconds)
        frames = syns(8000, seed=round_)
        namespace.send(frames, rate=AT_ONCE)
        sent += len(frames)
        one.wait_for_frames(sent)
    counted(one, one.stop(), sent)


@needs_namespaces
def test_naps(live, namespace):
    """What cannot wake a worker, or must not, is looked at now and then."""
    one = live({"devices": [packet_device(namespace, 1, wake=False)]}, prefix=namespace.prefix).started()
    one.wait_for(LOOKS)
    assert share_while_idle(one) < NAPPING
    namespace.send(syns(8000), rate=AT_ONCE)
    one.wait_for_frames(8000)
    counted(one, one.stop(), 8000)


@needs_namespaces
def test_one_device_that_cannot_wake(live, namespace, tmp_path):
    """Its worker must not wait for another one."""
    capture = pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))
    one = live({"devices": [packet_device(namespace, 2), capture]}, prefix=namespace.prefix).started()
    one.wait_for(LOOKS)
    assert "net_pcap0: idle workers look for packets every 500 us" in one.log
    assert share_while_idle(one) < NAPPING
    namespace.send(syns(8000), rate=AT_ONCE)
    one.wait_for_frames(8010)
    counted(one, one.stop(), 8010)


@needs_namespaces
def test_two_devices_on_one_interface(live, namespace):
    """Each queue's worker waits at its own socket: frames of one device's queue do not wait for the other's."""
    first = packet_device(namespace, 2)
    second = {"name": first["name"].replace("packet0", "packet1"), "queues": 2}
    one = live({"devices": [first, second]}, prefix=namespace.prefix).started()
    one.wait_for("net_af_packet1: wakes idle workers")
    assert WAKES in one.log
    assert share_while_idle(one) < WOKEN
    namespace.send(syns(8000), rate=AT_ONCE)
    one.wait_for_frames(8000)
    counted(one, one.stop(), 8000)


@needs_namespaces
def test_interface_that_goes_down(live, namespace):
    """An error at the socket is no packet: it wakes the worker once, and not again and again."""
    one = live({"devices": [packet_device(namespace, 1)]}, prefix=namespace.prefix).started()
    one.wait_for(WAKES)
    namespace.run("ip", "link", "set", namespace.sensor, "down")
    one.wait_for("link is down")
    assert share_while_idle(one) < WOKEN
    namespace.run("ip", "link", "set", namespace.sensor, "up")
    time.sleep(0.2)
    namespace.send(syns(8000), rate=AT_ONCE)
    one.wait_for_frames(8000)
    counted(one, one.stop(), 8000)


@pytest.mark.skipif(bool(os.geteuid()), reason="memory of another process")
def test_interrupts_wake_workers(live, tmp_path):
    with Peer(tmp_path) as peer:
        device = {"name": f"net_virtio_user0,path={peer.socket},queues=2,queue_size=1024", "queues": 2}
        one = live({"devices": [device], "memory": {"hugepages": "no"}}).started()
        one.wait_for("net_virtio_user0: wakes idle workers")
        assert share_while_idle(one) < WOKEN
        peer.tell("start")
        time.sleep(0.5)
        peer.tell("stop")
        sent = peer.sent()
        assert sent
        one.wait_for_frames(sent)
        assert share_while_idle(one) < WOKEN
        counted(one, one.stop(), sent)
        assert min(one.queue_packets("net_virtio_user0").values())


def test_without_rest(live, tmp_path):
    device = pcap_device(write_pcap(tmp_path / "a.pcap", syns(10)))
    one = live({"devices": [device], "idle_sleep_us": 0}).started()
    one.wait_for("net_pcap0: idle workers poll on")
    one.wait_for_frames(10)
    counted(one, one.stop(), 10)
