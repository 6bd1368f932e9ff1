"""needletail bench: what it prints and refuses. How fast anything is, is not asserted.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_bench.py
"""

import json
import shutil
from pathlib import Path

import pytest
from captures import files, frames

SHORT = ("--frames", 4000, "--rounds", 2, "--seconds", 0.02)
STAGES = ["receive", "decode", "sources", "locate", "dense", "cross", "signatures"]
WORKLOADS = ["telescope", "flood", "backscatter"]


@pytest.fixture
def bench(run):
    def start(*options):
        return run("bench", *map(str, (*SHORT, *options)))

    return start


def left_overs():
    """Of programs that have ended: others on this machine may be running."""
    found = [path for place in ("/dev/shm", "/tmp") for path in Path(place).glob("needletail-bench-[0-9]*-*")]
    return [path for path in found if not Path("/proc", path.name.split("-")[2]).exists()]


def measured(done):
    assert done.status == 0, done.errors
    return json.loads(done.text)


def test_every_workload_and_stage(bench):
    found = measured(bench("--json"))
    assert found["schema"] == "needletail-bench/1"
    assert [workload["name"] for workload in found["workloads"]] == WORKLOADS
    machine = found["machine"]
    assert machine["signatures"] == 7 and 500_000 < machine["prefixes"] < 700_000
    assert 0 < machine["cpu_share"] <= 1.01 and machine["clock_spread"] >= 1
    for workload in found["workloads"]:
        assert workload["frame_bytes"] == 60 and workload["workers"] == 1
        assert list(workload["stages"]) == STAGES
        assert workload["receive_only_pps"] > workload["full_pps"] > 0
        assert workload["ratio"] == pytest.approx(workload["full_pps"] / workload["receive_only_pps"], abs=2e-4)
        assert workload["ns_per_packet"] == pytest.approx(1e9 / workload["full_pps"], rel=0.01)
        for stage in workload["stages"].values():
            assert stage["pps_min"] <= stage["pps"] <= stage["pps_max"]


def test_lengths_and_workers(bench):
    found = measured(bench("--json", "--workload", "telescope", "--bytes", 60, "--bytes", 1514, "--workers", 2))
    assert [workload["frame_bytes"] for workload in found["workloads"]] == [60, 1514]
    for workload in found["workloads"]:
        assert workload["workers"] == 2 and len(workload["full_pps_per_worker"]) == 2
        wire = (workload["frame_bytes"] + 24) * 8
        assert workload["gbps"] == pytest.approx(workload["full_pps"] * wire / 1e9, rel=0.01)


def test_without_stages(bench):
    found = measured(bench("--json", "--no-stages", "--workload", "flood"))
    assert list(found["workloads"][0]["stages"]) == ["receive", "signatures"]


def test_switches(bench):
    (found,) = measured(bench("--json", "--switches", 2, "--workers", 2))["workloads"]
    assert found["name"] == "switches" and found["intervals"] == 2 and found["workers"] == 2
    assert found["packets"] > 0 and all(0 < part <= 1 for part in found["fill"].values())
    for name in ("gap_change_us", "gap_folding_us", "gap_otherwise_us", "fold_s", "snapshot_s"):
        assert 0 < found[name]["clock"]["median"] <= found[name]["clock"]["most"]
    assert found["gap_otherwise_us"]["clock"]["most"] >= found["gap_mean_us"]["clock"]


def test_words(bench):
    done = bench("--workload", "backscatter")
    assert done.status == 0, done.errors
    for word in ("backscatter, 60-byte frames, 1 worker: full / receive only = 0.", "receive only", "ns/packet", "CPU"):
        assert word in done.text
    assert not left_overs()


def test_a_capture(bench, tmp_path):
    path = tmp_path / "own.pcap"
    path.write_bytes(files.pcap([files.Record(frames.eth4(frames.tcp(port)), at_ns=0) for port in range(500)]))
    found = measured(bench("--json", path))
    (workload,) = found["workloads"]
    assert workload["name"] == str(path) and workload["frame_bytes"] == 0


@pytest.mark.skipif(not shutil.which("dpdk-testpmd"), reason="dpdk-testpmd is not installed")
def test_beside_testpmd(bench):
    for workers in (1, 2):
        load = ("--workload", "telescope", "--workers", workers)
        found = measured(bench("--json", "--no-stages", "--compare-testpmd", *load))
        assert found["workloads"][0]["testpmd_pps"] > 100_000


def test_sources_and_fill(bench):
    load = ("--sources", 1000, "--fill", 90, "--signatures", 32, "--prefixes", 5000)
    found = measured(bench("--json", "--no-stages", *load))
    assert found["machine"]["signatures"] == 32
    assert 4500 < found["machine"]["prefixes"] < 5500
    telescope, flood, backscatter = found["workloads"]
    assert telescope["sources"] == 1000 and flood["fill_percent"] == 90
    assert not {"sources", "fill_percent"} & backscatter.keys()


def test_workers_share_sources_and_fill(bench):
    for what in (("--sources", 5000), ("--fill", 100)):
        found = measured(bench("--json", "--no-stages", "--workers", 2, *what))
        assert all(len(workload["full_pps_per_worker"]) == 2 for workload in found["workloads"])


def test_growth(bench):
    found = measured(bench("--json", "--growth", "--rounds", 1, "--sources", 1_000_000))
    assert found["workloads"] == []
    rows = {(row["what"], row["to"], row["table"]): row for row in found["growth"]}
    assert len(rows) == len(found["growth"])
    whats = [what for what, _, _ in rows]
    assert whats.count("signatures") == 5 and whats.count("prefixes of regions") == 4
    sources = {to: table for what, to, table in rows if what == "sources"}
    assert sorted(sources) == [1000, 10_000, 100_000, 1_000_000]
    assert all(table >= to for to, table in sources.items())
    for what in ("fill, sources that are in the table", "fill, every packet a new source"):
        assert [to for name, to, _ in rows if name == what] == [10, 50, 90, 100]
    prefixes = [to for what, to, _ in rows if what == "prefixes of regions"]
    assert prefixes == pytest.approx([1000, 10_000, 100_000, 700_000], rel=0.01)
    assert all(row["ns_min"] <= row["ns_per_packet"] <= row["ns_max"] for row in rows.values())


def test_growth_is_a_table(bench):
    done = bench("--growth", "--rounds", 1, "--sources", 100_000)
    assert done.status == 0, done.errors
    rows = [line.split("|")[1:-1] for line in done.text.splitlines() if line.startswith("| ")]
    assert len(rows) > 20 and {len(row) for row in rows} == {6}
    assert [cell.strip() for cell in rows[0]][:2] == ["what grows", "to"]
    assert ["sources", "100,000", "1,048,576"] in [[cell.strip() for cell in row[:3]] for row in rows]


WRONG = [
    (("--workload", "telescop"), "did you mean telescope?"),
    (("--bytes", "59"), "--bytes 59: must be a number from 60 to 1514"),
    (("--frames", "0"), "--frames 0: must be a number"),
    (("--workers", "33"), "--workers 33: must be a number from 1 to 32"),
    (("--rounds", "0"), "--rounds 0: must be a number"),
    (("--seconds", "x"), "--seconds x: must be a number from 0.01 to 60"),
    (("/nonexistent.pcap",), "/nonexistent.pcap: No such file or directory"),
    (("one.pcap", "two.pcap"), "one capture at most"),
    (("--bytes", "60", "one.pcap"), "one.pcap is a capture"),
    (("--switches", "100"), "--switches 100: must be a number"),
    (("--switches", "1", "--bytes", "60"), "--switches has frames of its own"),
    (("--country", "/nonexistent.mmdb"), "/nonexistent.mmdb"),
    (("--sources", "0"), "--sources 0: must be a number from 1 to"),
    (("--fill", "101"), "--fill 101: must be a number from 0 to 100"),
    (("--prefixes", "999"), "--prefixes 999: must be a number"),
    (("--signatures", "33"), "--signatures 33: must be a number from 0 to 32"),
    (("--growth", "one.pcap"), "one.pcap is a capture"),
    (("--growth", "--workers", "2"), "--growth is measured with one worker"),
]


@pytest.mark.parametrize("options, message", WRONG, ids=lambda value: str(value)[:30])
def test_mistakes_are_one_line(bench, options, message):
    done = bench(*options)
    assert done.status == 2
    assert message in done.errors and done.errors.count("\n") == 1 and not done.text
    assert not left_overs()


def test_a_configuration_of_more_workers_than_there_can_be(bench, tmp_path):
    config = tmp_path / "many.yaml"
    config.write_text("workers: 33\n")
    done = bench("-c", config)
    assert done.status == 2 and "workers must be a number from 1 to 32" in done.errors
    assert not left_overs()


def test_captures_that_no_device_gives(bench, tmp_path):
    raw = tmp_path / "raw.pcap"
    raw.write_bytes(files.pcap([files.Record(frames.eth4(frames.tcp(80))[14:], at_ns=0)], link=101))
    done = bench(raw)
    assert done.status == 2 and "not Ethernet" in done.errors
    one = tmp_path / "one.pcap"
    one.write_bytes(files.pcap([files.Record(frames.eth4(frames.tcp(80)), at_ns=0)] * 100))
    done = bench("--workers", 4, one)
    assert done.status == 2 and "use fewer workers" in done.errors
    assert not left_overs()
