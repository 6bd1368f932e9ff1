"""Captures -> totals per interval: merging by time, aligned intervals, late frames."""

import heapq
from itertools import islice

from . import capture
from .count import Totals, judge

ALL = "all"


def merged(captures):
    """Yields (link type, frame): always from the capture whose next frame is the earliest."""
    rest = [iter(one.frames) for one in captures]
    heads = [(frame.time_ns, i, frame) for i, frames in enumerate(rest) for frame in islice(frames, 1)]
    heapq.heapify(heads)
    while heads:
        _, i, frame = heads[0]
        yield captures[i].link, frame
        following = next(rest[i], None)
        if following is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (following.time_ns, i, following))


def intervals(captures, length, region_of, asn_of=None):
    """Yields the totals of every interval that has frames; `length` in seconds, or ALL."""
    if length == ALL:
        yield from _one_interval(captures, region_of, asn_of)
        return
    current = None
    for link, frame in merged(captures):
        start = frame.time_ns // capture.NS // length * length
        if current is None or start > current.start:
            if current is not None:
                yield current
            current = Totals(start, start + length)
        current.add(judge(link, frame), region_of, asn_of, frame.time_ns, late=start < current.start)
    if current is not None:
        yield current


def _one_interval(captures, region_of, asn_of):
    seconds = [frame.time_ns // capture.NS for one in captures for frame in one.frames]
    if not seconds:
        return
    totals = Totals(min(seconds), max(seconds) + 1)
    for one in captures:
        for frame in one.frames:
            totals.add(judge(one.link, frame), region_of, asn_of, frame.time_ns)
    yield totals
