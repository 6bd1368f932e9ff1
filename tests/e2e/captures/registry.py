"""The list of captures that the tests go through.

A `counting` case is a list of frames in one interval of its own: all of these can be given to one
run of the program, where each comes out as one line. A `standing` case is about files: several of
them, broken ones, times that matter; it needs a run of its own.
"""

from dataclasses import dataclass, field, replace
from typing import Callable

from . import files

BASE_S = 1_662_422_400  # 2022-09-06 00:00:00 UTC, a multiple of every interval
SLOT_S = 60

_cases = {}


@dataclass(frozen=True)
class Case:
    name: str
    build: Callable  # () -> [(file name, content)], in the order of the command line
    interval: str = str(SLOT_S)
    status: int = 0
    expect: dict = field(default_factory=dict)  # by hand: keys of the first line, "outer__inner", -> values
    each: dict = field(default_factory=dict)  # by hand: keys -> their values in all lines
    counting: bool = False


def cases():
    return list(_cases.values())


def _add(case):
    assert case.name not in _cases, f"two captures are named {case.name}"
    _cases[case.name] = case


def counting(name, frames, link=1, write=None, **expect):
    """`frames`: bytes or Records without a time. `write`: (records, link) -> content of a file;
    a pcap when left out. The other arguments are keys of the line and their values."""
    start_ns = (BASE_S + SLOT_S * len(_cases)) * files.NS
    write = write or files.pcap
    suffix = "pcap" if write is files.pcap else "capture"

    def build():
        records = [one if isinstance(one, files.Record) else files.Record(one) for one in frames]
        step = SLOT_S * files.NS // (len(records) + 1) // 1_000_000 * 1_000_000
        timed = [replace(one, at_ns=start_ns + step * i) for i, one in enumerate(records)]
        return [(f"{name}.{suffix}", write(timed, link))]

    expect = {"frames": len(frames)} | {key.rstrip("_"): value for key, value in expect.items()}
    _add(Case(name, build, expect=expect, each={"start": (start_ns // files.NS,)}, counting=True))


def standing(name, contents, interval=SLOT_S, status=0, each=None, **expect):
    """`contents`: the bytes of each file, in the order of the command line. Expected by hand: the
    exit status, in `each` keys and their values in all lines, the rest as in a counting case."""

    def build():
        return [(f"{name}-{i}.capture", content) for i, content in enumerate(contents)]

    expect = {key.rstrip("_"): value for key, value in expect.items()}
    _add(Case(name, build, str(interval), status, expect, each or {}))


def captured(frame, size, at_ns=None):
    """The first `size` bytes of a frame of which the wire had all."""
    return files.Record(frame[:size], len(frame), at_ns)
