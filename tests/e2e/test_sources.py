"""Different sources, senders of backscatter, signatures and systems: exact while the tables hold them, and close when
they do not.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_sources.py
"""

import json
import random
import struct
import subprocess

import pytest
from captures import files, frames as f
from comparing import objects, same_lines
from conftest import ROOT, Places
from conservation import conserves
from reference.region import Regions, Systems

START_S = 1_662_422_400
CAPTURES = (
    ("--ipv6", "0.3", "--span", "10m"),
    ("--only", "backscatter", "--ipv6", "0.2", "--span", "5m"),
    ("--only", "scan", "--span", "5m", "--ipv6", "0.1"),
    ("--only", "calm,event,odd,broken", "--span", "3m", "--ipv6", "0.5"),
    ("--jitter", "3m", "--span", "15m", "--ipv6", "0.1"),
)
FRAMES = 40_000


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Regions and systems of the generator's sources: a table, and the databases made of it."""
    folder = tmp_path_factory.mktemp("plan")
    table, country, asn = folder / "plan.csv", folder / "country.mmdb", folder / "asn.mmdb"
    subprocess.run([ROOT / "tools/mkcapture", "--write-regions", table], check=True)
    subprocess.run([ROOT / "tools/mkregions", "--csv", table, "-o", country, "--asn", asn], check=True)
    places = Places(Regions.from_csv(table).of, Systems.from_csv(table).of)
    return places, {"country": country, "asn": asn}


@pytest.fixture(scope="module", params=CAPTURES, ids=" ".join)
def generated(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("generated") / "capture.pcap"
    options = ("--frames", FRAMES, "--seed", " ".join(request.param), "--no-sources", *request.param)
    subprocess.run([ROOT / "tools/mkcapture", "-o", path, *map(str, options)], check=True)
    return path


def test_exact(generated, replay, plan):
    """Every number of every interval, whoever counted."""
    places, databases = plan
    expected = objects([generated], 60, places)
    one = replay([generated], **databases)
    assert one.status == 0, one.errors
    same_lines(expected, one.lines)
    for workers in (2, 4):
        assert replay([generated], workers=workers, **databases).text == one.text


@pytest.mark.parametrize("interval", [3600, "all"])
def test_exact_over_longer_intervals(interval, generated, replay, plan):
    places, databases = plan
    same_lines(objects([generated], interval, places), replay([generated], interval, **databases).lines)


def test_backscatter_by_source_and_class(run, replay, plan, tmp_path):
    """Of few senders all are listed: their numbers by class are those of the packets."""
    path = tmp_path / "few.pcap"
    shape = ("--only", "bs-synack,bs-rst,bs-rstack,bs-icmp,bs6-tcp,bs6-icmp", "--frames", "1500", "--span", "1m")
    subprocess.run([ROOT / "tools/mkcapture", "-o", path, "--ipv6", "0.2", *shape], check=True)
    places, databases = plan
    (expected,), (found,) = objects([path], "all", places), replay([path], "all", **databases).lines
    same_lines([expected], [found])
    top = found["backscatter"]["top"]
    assert len(top) == min(100, found["backscatter"]["sources"])
    if found["backscatter"]["sources"] <= 100:
        for name, packets in found["backscatter"]["packets"].items():
            assert sum(sender["classes"].get(name, 0) for sender in top) == packets


def test_sizes_of_tables_change_nothing_as_long_as_they_suffice(generated, replay, plan, tmp_path):
    _, databases = plan
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps({"tables": {"sources": 65536, "pairs": 131072, "victims": 16384}}), encoding="utf-8")
    assert replay([generated], config=config, **databases).text == replay([generated], **databases).text


# Tables that are full

MANY = 1_000_000
SMALL = 1000


def write_many(path, count, seed=1):
    """A frame of each of so many sources, in no order, and a few more of some; half of them over one minute."""
    dice = random.Random(seed)
    head = f.eth4(f.tcp(445, f.SYN, 8192))
    ports, windows = (23, 445, 445, 80, 22), (8192, 1024)
    frames = []
    for port in ports:
        for window in windows:
            for flags in (f.SYN, f.SYN | f.ACK):
                frames.append(bytearray(f.eth4(f.tcp(port, flags, window))))
    assert all(len(frame) == len(head) for frame in frames)
    record = struct.Struct("<IIII")
    blocks = (5 << 24, 8 << 24, 128 << 24, 200 << 24)
    with open(path, "wb") as file:
        file.write(files.pcap_header())
        for i in range(count):
            # one after the other through a permutation of 24 bits, spread over four blocks
            low = i * 0x9E3779 & 0xFFFFFF
            frame = frames[dice.getrandbits(16) % (4 if i % 7 else len(frames))]
            frame[26:30] = (blocks[i & 3] | low).to_bytes(4, "big")
            at_us = i * 59_000_000 // count
            file.write(record.pack(START_S + at_us // 1_000_000, at_us % 1_000_000, len(frame), len(frame)))
            file.write(frame)
            if i % 50 == 0:  # some come again
                file.write(record.pack(START_S + at_us // 1_000_000, at_us % 1_000_000, len(frame), len(frame)))
                file.write(frame)


@pytest.fixture(scope="module")
def many(tmp_path_factory, places):
    path = tmp_path_factory.mktemp("many") / "many.pcap"
    write_many(path, MANY)
    (expected,) = objects([path], "all", places)
    return path, expected


ESTIMATED = ("sources", "backscatter", "signatures", "asn", "overflow", "end")


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_table_much_too_small(workers, many, replay, tmp_path):
    path, expected = many
    config = tmp_path / "config.yaml"
    tables = {"sources": SMALL, "pairs": SMALL // 2, "victims": SMALL, "sketches": 1024}
    config.write_text(json.dumps({"tables": tables}), encoding="utf-8")
    done = replay([path], "all", workers, config=config)
    assert done.status == 0, done.errors
    (found,) = done.lines
    conserves(found)
    for key in expected:
        if key not in ESTIMATED:
            assert found[key] == expected[key], key
    assert found["backscatter"]["packets"] == expected["backscatter"]["packets"]
    assert found["sources"]["estimated"] is True
    close(found["sources"]["total"], MANY, 0.02)
    close_maps(found["sources"]["region"], expected["sources"]["region"])
    close_maps(found["sources"]["port"], expected["sources"]["port"])
    close(found["backscatter"]["sources"], expected["backscatter"]["sources"])
    close_maps(found["backscatter"]["region"], expected["backscatter"]["region"])
    overflow = found["overflow"]
    close(overflow["sources"], MANY - SMALL, 0.02)
    assert overflow["victims"] > 0 and overflow["region_port"] == 0
    packets = sum(found["ip_proto"].values())
    assert sum(found["asn"].values()) + overflow["asn_packets"] == packets
    signatures(found["signatures"], expected["signatures"])


def signatures(found, expected):
    assert found.keys() == expected.keys()
    for name, one in expected.items():
        assert found[name]["packets"] == one["packets"], name
        close(found[name]["sources"], one["sources"])
        for group in ("region", "port"):
            packets = {key: value["packets"] for key, value in one[group].items()}
            assert {key: value["packets"] for key, value in found[name][group].items()} == packets, (name, group)
            for key, value in one[group].items():
                close(found[name][group][key]["sources"], value["sources"])


def close(found, expected, share=0.033):
    """Within four standard errors of a HyperLogLog of Redis' size; few are counted one by one, about."""
    assert abs(found - expected) <= max(1, share * expected), (found, expected)


def close_maps(found, expected):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        close(found[key], value)


def test_a_table_just_too_small(replay, tmp_path, places):
    """One more source than there is room for, and the numbers are estimates; as many, and they are not."""
    sources = [f"5.1.{i >> 8}.{i & 255}" for i in range(5000)]
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps({"tables": {"sources": 4096}}), encoding="utf-8")
    for count, estimated in ((3000, False), (4500, True)):
        path = tmp_path / f"{count}.pcap"
        frames = [f.eth4(f.tcp(23), source=source) for source in sources[:count]]
        path.write_bytes(files.pcap([files.Record(frame, at_ns=START_S * files.NS) for frame in frames]))
        (found,) = replay([path], config=config).lines
        assert found["sources"]["estimated"] is estimated
        assert bool(found["overflow"]["sources"]) is estimated
        if estimated:
            close(found["sources"]["total"], count)
        else:
            same_lines(objects([path], 60, places), [found])


def test_a_full_table_is_empty_again_in_the_next_interval(replay, tmp_path, places):
    path, config = tmp_path / "two.pcap", tmp_path / "config.yaml"
    config.write_text(json.dumps({"tables": {"sources": SMALL, "pairs": SMALL, "victims": SMALL}}), encoding="utf-8")
    first = [(START_S, f"5.{i >> 16}.{i >> 8 & 255}.{i & 255}") for i in range(20000)]
    second = [(START_S + 60, f"8.8.8.{i}") for i in range(200)]
    records = [
        files.Record(f.eth4(f.tcp(23, f.SYN | f.ACK), source=source), at_ns=second_ * files.NS)
        for second_, source in first + second
    ]
    path.write_bytes(files.pcap(records))
    lines = replay([path], config=config).lines
    assert [one["sources"]["estimated"] for one in lines] == [True, False]
    assert not any(lines[1]["overflow"].values())
    same_lines(objects([path], 60, places)[1:], lines[1:])
