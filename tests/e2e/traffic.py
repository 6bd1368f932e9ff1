"""Captures for the tests of Redis and of the spool: some of everything, minute by minute; and what Redis must hold."""

import random

from captures import files, frames
from redis_model import Model

SENSOR = "tokyo-1"
EVENING = 1601503200  # 2020-09-30 22:00 UTC: two hours before a day and a quarter end
SOURCES = ["5.1.2.3", "5.5.1.1", "5.5.5.6", "5.200.1.1", "1.0.1.9", "8.8.8.8", "130.1.1.1", "77.7.7.7"]


def frame(dice):
    """One of many, with few ports often and many ports seldom."""
    port = dice.choice((23, 445, 22, 80)) if dice.random() < 0.5 else dice.randrange(65536)
    source = dice.choice(SOURCES)
    kind = dice.randrange(20)
    if kind < 12:
        window = dice.choice((1024, 8192, 65535, dice.randrange(65536)))
        return frames.eth4(frames.tcp(port, dice.choice((2, 2, 2, 18, 4, 20)), window), source=source)
    if kind < 16:
        return frames.eth4(frames.udp(port), protocol=frames.UDP, source=source)
    if kind < 18:
        message = frames.icmp(dice.choice((0, 3, 8, 11)), dice.randrange(4))
        return frames.eth4(message, protocol=frames.ICMP, source=source)
    if kind == 18:
        return frames.eth6(frames.icmp(128), following=frames.ICMP6)
    return frames.eth4(frames.tcp(port, offset=3), source=source)  # malformed


def write_traffic(path, starts, count, seed=1, same=False):
    """A capture with `count` frames in the minute that begins at each of `starts`; the same in each of them, or not."""
    dice = random.Random(seed)
    kinds = [frame(dice) for _ in range(count)] if same else None
    records = []
    for start in starts:
        times = sorted(dice.randrange(60_000_000) for _ in range(count))
        each = kinds or (frame(dice) for _ in range(count))
        records += [files.Record(one, at_ns=start * files.NS + us * 1000) for one, us in zip(each, times)]
    path.write_bytes(files.pcap(records))
    return path


def same(server, lines, sensor=SENSOR, day_offset_h=0, nibbled=False):
    wrong = list(Model(lines, day_offset_h).differences(server, sensor, nibbled))
    assert not wrong, "\n".join(wrong[:20])
