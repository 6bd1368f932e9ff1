"""Detectors against what was planted: three days of background that nobody need hear of, and events in it.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest -s tests/e2e/test_events.py
"""

import json
import os
import random
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from conftest import ROOT, events_of

START_S = 1_661_990_400  # 2022-09-01 00:00:00 UTC
HOUR_S = 3600
DAYS = 3
FRAMES_A_SECOND = 0.5
SEEDS = range(int(os.environ.get("NT_SEEDS", "20")))
TYPES = ("dos", "fixed_tool", "surge", "scanner", "sensor")
TIMEOUT_S = 120

WATCHED = 65536
CONFIG = {"sensor": "planted", "interval": 60, "addresses": WATCHED}


@dataclass
class Seed:
    """One capture: its events, as the generator has planted them, and what the program said."""

    plants: list
    truth: list
    found: list = field(default_factory=list)
    status: int = 0
    errors: str = ""


class Calendar:
    """Hours behind the first day and a bit, none given twice, nor the one after it: surges last two of them."""

    def __init__(self, dice):
        self.hours = dice.sample(range(26, 24 * DAYS - 4, 2), 20)
        self.dice = dice

    def hour(self):
        return START_S + self.hours.pop() * HOUR_S

    def moment(self):
        """Within an hour, with half of it left."""
        return self.hour() + self.dice.randrange(1200)


def told(dice):
    """Events that must be told."""
    at = Calendar(dice)
    regions = dice.sample(("NZ", "SE", "PK", "EG", "ZA", "AR", "CA", "PL", "RO", "IT"), 7)
    mixed = ["synack", "rstack", "dest_unreach", "time_exceeded"]
    yield {"type": "dos", "region": regions[0], "start": at.moment(), "length": 100, "packets": 80} | {
        "port": dice.choice((80, 443)),
        "classes": dice.choice((["synack"], ["rst"], ["rstack"], mixed)),
    }
    yield {"type": "dos", "region": regions[1], "start": at.moment(), "length": 900, "packets": 1200} | {
        "protocol": "udp",
        "port": 53,
        "classes": ["dest_unreach", "time_exceeded"],
    }
    yield {"type": "dos", "protocol": "icmp", "start": at.moment(), "length": 300, "packets": 300} | dice.choice(
        ({"region": regions[2]}, {"victim": f"2a0{dice.randrange(1, 9)}::{dice.randrange(1, 99):x}"})
    )
    marks = {"type": "fixed_tool", "packets": 20, "length": 1200}
    yield marks | {"region": regions[3], "start": at.moment(), "sources": 7, "source_port": 443}
    yield marks | {"region": regions[4], "start": at.moment(), "sources": 4, "source_port": 443} | {
        "flags": "syn",
        "ports": 9,  # more of them, and its sources were scanners too
    }
    yield marks | {"region": regions[5], "start": at.moment(), "sources": 6, "destination_port": 23} | {
        "window": dice.randrange(1, 60000)
    }
    # smb-other counts it and explains nothing
    yield marks | {"region": regions[6], "start": at.moment(), "sources": 6, "destination_port": 445} | {
        "window": dice.choice((1024, 1025, 4321))
    }
    surge = {"type": "surge", "length": 2 * HOUR_S, "packets": 3000}
    yield surge | {"port": dice.choice(("2324/tcp", "9530/tcp", "1111/udp")), "sources": 1000, "start": at.hour()}
    yield surge | {"region": dice.choice(("BG", "TH", "IR")), "sources": 200, "start": at.hour()}
    yield {"type": "scanner", "source": "77.1.2.3", "ports": 11, "start": at.moment()} | {
        "tool": dice.choice(("masscan", "zmap-new", "stack")),
        "length": 1800,
        "packets": 22,
    }


def silent(dice):
    """Events just under some threshold: of packets, of length, of packets in a minute, of sources, of ports."""
    at = Calendar(dice)
    for length, packets in ((100, 24), (59, 100), (600, 280)):
        yield {"type": "dos", "region": "FR", "start": at.moment(), "length": length, "packets": packets}
        yield {"type": "dos", "region": "HK", "start": at.moment(), "length": length, "packets": packets} | {
            "protocol": "udp",
            "port": 123,
        }
    tool = {"type": "fixed_tool", "length": 1200}
    for mark in ({"source_port": 443}, {"destination_port": 23, "window": 4321}):
        yield tool | mark | {"region": "UA", "sources": 3, "packets": 20, "start": at.moment()}
        yield tool | mark | {"region": "TR", "sources": 6, "packets": 4, "start": at.moment()}
    # smb-8192 explains it
    yield tool | {"region": "UA", "sources": 6, "packets": 20, "start": at.moment()} | {
        "destination_port": 445,
        "window": 8192,
    }
    surge = {"type": "surge", "length": 2 * HOUR_S}
    yield surge | {"port": "23/tcp", "sources": 500, "packets": 900, "start": at.hour()}
    yield surge | {"port": "4444/tcp", "sources": 90, "packets": 360, "start": at.hour()}
    yield surge | {"region": "US", "sources": 150, "packets": 700, "start": at.hour()}
    yield {"type": "scanner", "source": "77.1.2.4", "ports": 10, "start": at.moment(), "length": 1800, "packets": 50}


@pytest.fixture(scope="module")
def detect(program, tmp_path_factory):
    """detect(seed, plants) -> Seed"""
    folder = tmp_path_factory.mktemp("events")
    plan, country = folder / "plan.csv", folder / "country.mmdb"
    subprocess.run([ROOT / "tools/mkcapture", "--write-regions", plan], check=True)
    subprocess.run([ROOT / "tools/mkregions", "--csv", plan, "-o", country], check=True)
    config = folder / "config.yaml"
    config.write_text(json.dumps(CONFIG), encoding="utf-8")

    def run(name, seed, plants):
        capture, table = folder / f"{name}-{seed}.pcap", folder / f"{name}-{seed}.json"
        table.write_text(json.dumps(plants), encoding="utf-8")
        shape = ("--only", "calm", "--start", START_S, "--span", f"{DAYS}d", "--seed", seed, "--no-sources")
        frames = int(DAYS * 86400 * FRAMES_A_SECOND)
        command = [ROOT / "tools/mkcapture", "-o", capture, "--frames", frames, "--plant", table, *shape]
        subprocess.run(list(map(str, command)), check=True, timeout=TIMEOUT_S)
        truth = json.loads(capture.with_suffix(".truth.json").read_text(encoding="utf-8"))["events"]
        options = ("-c", config, "--country", country, "--workers", 1 + seed % 2, "--json", "-", capture)
        done = subprocess.run(
            [program, "replay", *map(str, options)], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
        capture.unlink()
        return Seed(plants, truth, events_of(done.stdout), done.returncode, done.stderr)

    return run


def all_seeds(detect, name, planted):
    """All captures, as many at a time as there are cores."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        jobs = [pool.submit(detect, name, seed, list(planted(random.Random(f"{name}/{seed}")))) for seed in SEEDS]
        seeds = [job.result() for job in jobs]
    for seed in seeds:
        assert seed.status == 0, seed.errors
        for event in seed.found:
            well_formed(event)
    return seeds


def well_formed(event):
    keys = ["schema", "sensor", "type", "start", "end", "region", "source", "body"]
    assert list(event) == keys, event
    assert event["sensor"] == "planted" and event["type"] in TYPES
    assert START_S <= event["start"] < event["end"] <= START_S + (DAYS * 24 + 1) * HOUR_S
    assert isinstance(event["body"], dict)


def is_about(event, truth):
    """Whether the event names what was planted: its type, whom or what it is about, and the hour."""
    if event["type"] != truth["type"] or event["start"] // HOUR_S != truth["start"] // HOUR_S:
        return False
    body, evidence = event["body"], truth["evidence"]
    if truth["type"] == "dos":
        return event["source"] == victim_of(truth) and body["protocol"] == evidence["protocol"]
    if truth["type"] == "scanner":
        return event["source"] in truth["addresses"]
    if truth["type"] == "surge":
        return event["region"] == truth["region"] if truth["region"] != "--" else evidence["port"] in body.values()
    return event["region"] == truth["region"] and evidence["window"] == body["window"]


def victim_of(truth):
    """All of its addresses are the victim's: routers are not named."""
    (address,) = truth["addresses"]
    return address


def score(seeds):
    """For each type: found and planted, right and told."""
    planted, found, told_, right = Counter(), Counter(), Counter(), Counter()
    for seed in seeds:
        for truth in seed.truth:
            planted[truth["type"]] += 1
            found[truth["type"]] += any(is_about(event, truth) for event in seed.found)
        left = list(seed.truth)
        for event in seed.found:
            told_[event["type"]] += 1
            match = next((truth for truth in left if is_about(event, truth)), None)
            if match:  # told once: a second event about it is a wrong one
                left.remove(match)
                right[event["type"]] += 1
    return planted, found, told_, right


def wrong(seeds):
    """In words: what was missed, and what was told and should not have been."""
    for number, seed in enumerate(seeds):
        left = list(seed.truth)
        for event in seed.found:
            match = next((truth for truth in left if is_about(event, truth)), None)
            if match:
                left.remove(match)
            else:
                yield f"seed {number}: told: {json.dumps(event)[:600]}"
        for truth in left:
            short = {**truth, "addresses": dict(list(truth["addresses"].items())[:3])}
            yield f"seed {number}: missed: {json.dumps(short)}"


def test_every_planted_event_is_told(detect):
    seeds = all_seeds(detect, "told", told)
    planted, found, told_, right = score(seeds)
    for kind in TYPES:
        if planted[kind] or told_[kind]:
            recall = found[kind] / planted[kind] if planted[kind] else float("nan")
            precision = right[kind] / told_[kind] if told_[kind] else float("nan")
            print(f"\n{kind:<11} planted {planted[kind]:4} told {told_[kind]:4}  ", end="")
            print(f"precision {precision:.3f} recall {recall:.3f}", end="")
    print()
    assert sum(planted.values()) == 10 * len(SEEDS)
    faults = list(wrong(seeds))
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:20])


@pytest.mark.parametrize("name, planted", [("background", lambda dice: []), ("under", silent)], ids=["alone", "under"])
def test_nothing_is_told(detect, name, planted):
    seeds = all_seeds(detect, name, planted)
    faults = [f"seed {number}: {json.dumps(event)[:600]}" for number, seed in enumerate(seeds) for event in seed.found]
    assert not faults, f"{len(faults)} events\n" + "\n".join(faults[:20])


def test_numbers_of_an_attack(detect):
    """What the evidence says is what was sent."""
    plant = {"type": "dos", "region": "JP", "start": START_S + 30 * HOUR_S, "length": 299, "packets": 600}
    classes = ["synack", "rst", "dest_unreach", "time_exceeded"]
    seed = detect("numbers", 1, [plant | {"port": 8443, "targets": 40, "classes": classes}])
    (event,) = [one for one in seed.found if one["type"] == "dos"]
    body = event["body"]
    assert (event["start"], event["end"]) == (plant["start"], plant["start"] + 300)
    assert event["region"] == "JP" and event["source"] == victim_of(seed.truth[0])
    assert body["packets"] == 600 and body["ports"] == [8443] and body["protocol"] == 6
    assert body["duration"] == 299
    assert set(body["classes"]) == {"synack", "rst", "icmp_dest_unreach", "icmp_time_exceeded"}
    assert abs(body["targets"] - 40) <= 30
    assert 118 <= body["peak_packets"] <= 122
    assert body["addresses"] == WATCHED
    assert body["source_port"] == 8443  # of all; two classes share no window, nor a sequence number
    assert body["sequence"] is None
    seen = body["peak_packets"] / 60
    assert body["estimated_rate"] == pytest.approx(seen * 2**32 / WATCHED, rel=0.02)
