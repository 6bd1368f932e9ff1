"""Events of live capture, in the lines and in Redis.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_live_events.py
"""

import json
import shutil

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from captures import frames as f
from live import SENSOR, counted, needs_namespaces, packet_device
from redis_server import Server


@needs_namespaces
def test_silence_of_one_queue(live, namespace, tmp_path):
    """All packets are of one source, and the kernel spreads by source: one of two queues gets nothing."""
    server = Server(tmp_path)
    try:
        config = {
            "devices": [packet_device(namespace, 2)],
            "redis": {"url": server.url},
            "detect": {"sensor": {"silence_s": 2}},
        }
        one = live(config, prefix=namespace.prefix).started()
        frames = [f.eth4(f.tcp(23), source="5.5.5.5")] * 3200
        namespace.send(frames, rate=800)
        one.wait_for_frames(len(frames))
        counted(one, one.stop(), len(frames))
        packets = one.queue_packets("net_af_packet0")
        assert sorted(packets.values()) == [0, len(frames)]
        quiet = min(packets, key=packets.get)
        (event,) = [each for each in one.events if each["body"]["what"] == "queue_silence"]
        body = event["body"]
        assert (event["type"], event["region"], event["source"]) == ("sensor", "", "")
        assert body["queue"] == f"net_af_packet0 queue {quiet}"
        assert body["value"] == event["end"] - event["start"] >= 2
        entries = [entry for _, entry in server.client.xrange(f"nt:{{{SENSOR}}}:events")]
        assert [json.loads(entry["body"]) for entry in entries if "queue_silence" in entry["body"]] == [body]
        assert {entry["type"] for entry in entries} == {"sensor"}
    finally:
        server.kill()
