"""The program's counts, key by key, against the reference and against tshark.

All captures of one interval each go through one run of the program, where each comes out as a line
of its own; a capture that is about files, times or exit statuses has a run for itself.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_counts.py
"""

import os
import random

import pytest
import tshark
from captures import cases, files, sources
from comparing import objects, same_lines
from conftest import Places
from conservation import conserves
from reference import capture
from reference.region import Regions, Systems

COUNTING = [case for case in cases() if case.counting]
STANDING = [case for case in cases() if not case.counting]


@pytest.fixture(scope="module")
def together(written):
    return [written(case)[0] for case in COUNTING]


@pytest.fixture(scope="module")
def batch(replay, together):
    return replay(together)


@pytest.mark.parametrize("case", COUNTING, ids=lambda case: case.name)
def test_counts(case, batch, replay, written, places):
    paths = written(case)
    if batch.status in (0, 1):
        (start,) = case.each["start"]
        lines = [one for one in batch.lines if one["start"] == start]
    else:  # one capture spoilt the run for all: find out which
        alone = replay(paths)
        assert alone.status == 0, alone.errors
        lines = alone.lines
    same_lines(objects(paths, case.interval, places), lines)
    conserves(lines[0])


@pytest.mark.parametrize("case", STANDING, ids=lambda case: case.name)
def test_files_and_times(case, replay, written, places):
    paths = written(case)
    done = replay(paths, case.interval)
    assert done.status == case.status, done.errors
    if case.status == 2:
        refused(done)
        return
    same_lines(objects(paths, case.interval, places), done.lines)
    for one in done.lines:
        conserves(one)
    warned = case.status == 1 or any(one["late"] for one in done.lines)
    assert bool(done.complaints) == warned, done.errors or "no word of what was wrong"


def test_all_counting_captures_are_whole(batch):
    assert batch.status == 0, batch.errors
    assert len(batch.lines) == len(COUNTING)
    assert not batch.complaints


def refused(done):
    """Nothing was counted, and one line says why."""
    assert done.status == 2, done.errors
    assert done.text == ""
    assert done.errors.startswith("needletail: ")
    assert done.errors.count("\n") == 1, done.errors


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_change_nothing(workers, batch, replay, together):
    assert replay(together, workers=workers).text == batch.text


@pytest.fixture
def one_cpu():
    """Whatever is started meanwhile has one CPU alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.usefixtures("one_cpu")
@pytest.mark.parametrize("workers", [1, 3])
def test_a_single_cpu_changes_nothing(workers, batch, replay, together):
    assert replay(together, workers=workers).text == batch.text


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_captures_changes_nothing(seed, batch, replay, together):
    shuffled = random.Random(seed).sample(together, len(together))
    assert replay(shuffled, workers=seed).text == batch.text


@pytest.mark.parametrize("interval", [3600, "all"])
def test_other_intervals(interval, replay, together, places):
    done = replay(together, interval, workers=2)
    assert done.status == 0, done.errors
    same_lines(objects(together, interval, places), done.lines)


@pytest.mark.parametrize(
    "names",
    [("merge_two", "late"), ("merge_with_disorder", "merge_ties"), ("edges_60", "edges_ns", "late_contents")],
    ids="+".join,
)
def test_late_frames_in_any_order(names, replay, written, places):
    paths = [path for case in STANDING if case.name in names for path in written(case)]
    forward, backward = replay(paths), replay(paths[::-1], workers=4)
    assert forward.text == backward.text
    same_lines(objects(paths, 60, places), forward.lines)


@pytest.mark.parametrize("case", [case for case in COUNTING if case.name in tshark.SOUND], ids=lambda case: case.name)
def test_agrees_with_tshark(case, batch, written):
    (start,) = case.each["start"]
    one = next(one for one in batch.lines if one["start"] == start)
    for key, counts in tshark.counts(written(case)[0]).items():
        assert one[key] == counts, key


REGIONAL = [case for case in COUNTING if case.name.startswith("region_")]


@pytest.mark.parametrize(
    "form",
    [
        *(("--layout", "dbip"), ("--layout", "ipinfo"), ("--layout", "ipinfo-country"), ("--registered", "US")),
        *(("--record-size", "28"), ("--record-size", "32"), ("--no-alias",), ("--ip-version", "4")),
    ],
    ids=" ".join,
)
def test_forms_of_database(form, replay, make_mmdb, written, regions_csv):
    paths = [written(case)[0] for case in REGIONAL]
    held = {"ipv6": "4" not in form, "aliases": "--no-alias" not in form}
    places = Places(Regions.from_csv(regions_csv, **held).of, Systems.from_csv(regions_csv, **held).of)
    asn_form = () if "--layout" in form or "--registered" in form else form
    done = replay(paths, country=make_mmdb(*form), asn=make_mmdb(*asn_form, output="--asn"))
    assert done.status == 0, done.errors
    same_lines(objects(paths, 60, places), done.lines)


def test_without_database_every_region_is_unknown(replay, written):
    paths = [written(case)[0] for case in REGIONAL]
    done = replay(paths, country=None, asn=None)
    same_lines(objects(paths, 60, Places(Regions().of)), done.lines)
    assert all(one["asn"] == {} for one in done.lines)


@pytest.mark.parametrize("what", ["missing", "folder", "missing beside good", "folder beside good"])
def test_unreadable_captures_are_refused(what, replay, together, tmp_path):
    path = tmp_path if what.startswith("folder") else tmp_path / "missing.pcap"
    good = together[:1] if "beside" in what else []
    done = replay([*good, path])
    refused(done)
    assert str(path) in done.errors


@pytest.mark.parametrize(
    "arguments",
    [
        *((), ("--interval", "7"), ("--interval", "0"), ("--interval", "-60"), ("--interval", "86401")),
        *(("--interval", "sometimes"), ("--workers", "0"), ("--workers", "many"), ("--sensor", "a b"), ("--jsom", "-")),
        *(("--sensor", ""), ("--sensor", "x" * 65), ("--country", "/nowhere.mmdb")),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_refused(arguments, run, together):
    captures = together[:1] if arguments else []
    refused(run("replay", "--json", "-", *arguments, *captures))


def damaged(seed, write):
    """A capture with some of its bytes changed, behind the file header, and perhaps cut."""
    dice = random.Random(seed)
    frames = sources.traffic(seed, 20)
    content = bytearray(write([files.Record(frame, at_ns=(10**9 + i) * files.NS) for i, frame in enumerate(frames)]))
    for _ in range(dice.choice((1, 3, 10, 60))):
        content[dice.randrange(24, len(content))] = dice.randrange(256)
    return bytes(content[: dice.choice((len(content), dice.randrange(24, len(content))))])


@pytest.mark.parametrize("seed", range(12))
def test_damaged_pcap(seed, replay, places, tmp_path):
    path = tmp_path / "damaged"
    path.write_bytes(damaged(seed, files.pcap))
    done = replay([path], workers=1 + seed % 4)
    assert done.status == int(capture.read(path).defect is not None), done.errors
    same_lines(objects([path], 60, places), done.lines)


@pytest.mark.parametrize("seed", range(12))
def test_damaged_pcapng_does_no_harm(seed, replay, tmp_path):
    """How much of such a file can be read is not settled; that nothing gets lost is."""
    path = tmp_path / "damaged"
    path.write_bytes(damaged(seed, files.pcapng))
    done = replay([path], workers=1 + seed % 4)
    if done.status == 2:
        refused(done)
    assert done.status in (0, 1, 2), done.errors
    for one in done.lines:
        conserves(one)
