"""When the packets of each part come, and in which order all of them."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Callable, Sequence

NS = 1_000_000_000
DAY_S = 86_400
SLOT_S = 600
SLOTS_MIN, SLOTS_MAX = 48, 50_000

DAILY_SWING = 0.3  # of the mean rate
BUSIEST_HOUR = 14  # UTC


@dataclass(frozen=True)
class Span:
    """The time that the capture covers: [start, start + length)."""

    start_s: int
    length_s: int


# The times in ns, in any order, of count packets.
Profile = Callable[[Span, Random, int], list[int]]


def daily(span: Span, rng: Random, count: int) -> list[int]:
    """A rate that rises and falls once a day, and is uneven from slot to slot."""
    slots = max(SLOTS_MIN, min(SLOTS_MAX, span.length_s // SLOT_S))
    width = span.length_s / slots
    sums = list(accumulate(_daily_rate(span.start_s + (i + 0.5) * width, rng) for i in range(slots)))
    total, random = sums[-1], rng.random
    start_ns, width_ns = span.start_s * NS, span.length_s * NS // slots

    def moment() -> int:
        slot = bisect_right(sums, random() * total)
        return start_ns + slot * width_ns + int(random() * width_ns)

    return [moment() for _ in range(count)]


def _daily_rate(moment_s: float, rng: Random) -> float:
    angle = 2 * math.pi * (moment_s / DAY_S - BUSIEST_HOUR / 24)
    return 1.0 + DAILY_SWING * math.cos(angle) + rng.uniform(-0.05, 0.05)


def burst(begin: float, length_s: int) -> Profile:
    """Even over length_s seconds (a twelfth of the span at most), from begin (0..1) on."""

    def times(span: Span, rng: Random, count: int) -> list[int]:
        length_ns = min(length_s * NS, span.length_s * NS // 12)
        start_ns = span.start_s * NS + int(span.length_s * NS * begin)
        return [start_ns + int(rng.random() * length_ns) for _ in range(count)]

    return times


def share_out(total: int, weights: Sequence[float], minima: Sequence[int]) -> list[int]:
    """total by weight, but each at least its minimum, or its share of the minima."""
    needed = [need if weight else 0 for need, weight in zip(minima, weights)]
    if sum(needed) > total:
        needed = _by_weight(total, needed)
    counts = _by_weight(total, weights)
    for i, need in enumerate(needed):
        while counts[i] < need:
            donor = max(range(len(counts)), key=lambda j: counts[j] - needed[j])
            counts[i] += 1
            counts[donor] -= 1
    return counts


def _by_weight(total: int, weights: Sequence[float]) -> list[int]:
    """Largest remainders."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    counts = [int(value) for value in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for i in by_rest[: total - sum(counts)]:
        counts[i] += 1
    return counts


PART_BITS = 8


def merge(
    times: Sequence[list[int]], resolution_ns: int, jitter_ns: int, rng: Random
) -> list[int]:
    """All times in order of writing, each as time << PART_BITS | number of its part.

    With jitter a packet is written up to jitter_ns after those that came later.
    """
    merged = [
        moment // resolution_ns * resolution_ns << PART_BITS | part
        for part, moments in enumerate(times)
        for moment in moments
    ]
    merged.sort()
    if jitter_ns:
        delayed = [(key + (rng.randrange(jitter_ns + 1) << PART_BITS), key) for key in merged]
        delayed.sort()
        merged = [key for _, key in delayed]
    return merged
