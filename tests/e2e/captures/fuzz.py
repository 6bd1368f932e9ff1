"""Seeded mutations of sound frames: what nobody thought of. No verdicts by hand here; the
reference and the program must agree."""

import random

from . import frames as f
from .cuts import LAYOUTS
from .files import Record
from .ipv6 import chain
from .registry import counting

INTERESTING = (0, 1, 2, 4, 5, 6, 7, 8, 17, 20, 43, 44, 45, 51, 58, 59, 60, 0x45, 0x4F, 0x60, 0x7F, 0x80, 0xC2, 0xFF)

MORE_FRAMES = (
    (1, f.eth(f.ip6(f.jumbo(f.TCP, 28) + f.tcp(), f.HOP, length=0), f.ETH_IPV6)),
    (1, f.eth(f.ip6(f.fragment6(f.TCP, 0, True) + f.tcp(payload=bytes(8)), f.FRAGMENT), f.ETH_IPV6)),
    (1, f.eth(f.ip6(f.fragment6(f.UDP, 9) + bytes(16), f.FRAGMENT), f.ETH_IPV6)),
    (1, f.eth(f.ip4(f.tcp(payload=bytes(8)), fragment=f.MORE))),
    (1, f.eth(f.ip4(f.udp(payload=bytes(8)), f.UDP, fragment=185))),
    (1, f.eth(f.ip6(*chain((f.DESTINATION, f.HOP, f.AUTH), f.UDP, f.udp())), f.ETH_IPV6)),
)


def _mutate(dice, frame):
    data = bytearray(frame)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 5))):
        at = dice.randrange(len(data))
        kind = dice.randrange(4)
        if kind == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            data[at] = dice.randrange(256)
        elif kind == 2:
            data[at] = dice.choice(INTERESTING)
        else:
            data[at] = (data[at] + dice.choice((-4, -1, 1, 4))) % 256
    if dice.random() < 0.2:
        data += bytes(dice.choice(INTERESTING) for _ in range(dice.randrange(24)))
    return bytes(data)


def _record(dice, frame):
    """Whole, cut by the capture, cut on the wire, or both at once."""
    data = _mutate(dice, frame)
    kind = dice.randrange(4)
    if kind == 0:
        return Record(data)
    wire = len(data) if kind == 1 else dice.randrange(len(data) + 1)
    return Record(data[: dice.randrange(wire + 1)] if kind != 2 else data[:wire], wire)


def _mutated(seed, frames, count):
    dice = random.Random(seed)
    return [_record(dice, dice.choice(frames)) for _ in range(count)]


_ETHERNET = [frame for _, link, frame, _ in LAYOUTS if link == 1] + [frame for _, frame in MORE_FRAMES]
for _seed in range(12):
    counting(f"fuzz_ethernet_{_seed}", _mutated(_seed, _ETHERNET, 500))
for _link in (0, 101, 108, 113, 228, 276):
    _frames = [frame for _, link, frame, _ in LAYOUTS if link == _link]
    counting(f"fuzz_link_{_link}", _mutated(_link, _frames, 500), _link)


def _random_behind(seed, head, count):
    """A sound beginning and noise behind it."""
    dice = random.Random(seed)
    for _ in range(count):
        noise = bytes(dice.choice(INTERESTING) if dice.random() < 0.7 else 0 for _ in range(dice.randrange(90)))
        data = head(dice, noise)
        yield Record(data[: dice.randrange(len(data) + 1)] if dice.random() < 0.3 else data, len(data))


counting(
    "fuzz_noise_in_extensions",
    list(
        _random_behind(
            100,
            lambda dice, noise: f.eth(
                f.ip6(noise, dice.choice((f.HOP, f.ROUTING, f.FRAGMENT, f.AUTH, f.DESTINATION))), f.ETH_IPV6
            ),
            1500,
        )
    ),
)
counting(
    "fuzz_noise_in_jumbo",
    list(
        _random_behind(
            101,
            lambda dice, noise: f.eth(
                f.ip6(
                    f.extension(
                        dice.choice((f.TCP, f.UDP, f.DESTINATION, f.FRAGMENT)),
                        dice.randrange(3),
                        noise[: dice.randrange(4)] + f.jumbo_option(dice.randrange(120)),
                    )
                    + noise,
                    f.HOP,
                    length=0,
                ),
                f.ETH_IPV6,
            ),
            1500,
        )
    ),
)
counting("fuzz_noise_in_ethernet", list(_random_behind(102, lambda dice, noise: noise, 500)))
counting("fuzz_noise_raw", list(_random_behind(103, lambda dice, noise: noise, 500)), 101)
