"""What a part of the traffic is made with: addresses, ports, hosts.

Every part has a random generator of its own, seeded by the capture's seed and
the part's name, so that adding or removing one part leaves the others' packets
as they were (their number and times aside).
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Callable, Mapping, Sequence, TypeVar

from .regions import Regions, Space
from .shapes import Origin, Packet

Host = tuple[int, Origin]
Maker = Callable[[int], Packet]  # time in ns -> packet
Item = TypeVar("Item")

PUBLIC_V6 = 0x2001_0DB8 << 96  # for addresses that no region owns


@dataclass
class Event:
    """Something planted, with what an analyst should find."""

    part: str
    kind: str  # dos, fixed_tool
    region: str
    evidence: dict[str, int | str]
    # by victim (dos) or sender (fixed_tool), IPv6 with V6_MARK
    packets: dict[int, int] = field(default_factory=dict)


@dataclass
class World:
    """What all parts share."""

    seed: str
    regions: Regions
    telescope4: ipaddress.IPv4Network
    telescope6: ipaddress.IPv6Network
    link: str
    link_header: int
    events: list[Event] = field(default_factory=list)


class Job:
    """One part of one capture."""

    def __init__(self, world: World, name: str, count: int) -> None:
        self.world = world
        self.name = name
        self.count = count
        self.rng = Random(f"{world.seed}/{name}")

    # --- destinations ---

    def targets(self) -> Callable[[], int]:
        """Addresses of the monitored IPv4 block, all alike."""
        network = self.world.telescope4
        base, bits = int(network.network_address), 32 - network.prefixlen
        draw = self.rng.getrandbits
        return lambda: base | draw(bits)

    def targets6(self) -> Callable[[], int]:
        """Low numbers in random subnets, as scanners of IPv6 guess them."""
        network = self.world.telescope6
        base, bits = int(network.network_address), 128 - network.prefixlen
        draw = self.rng.getrandbits
        low_bits = min(bits, 64)

        def target() -> int:
            subnet = draw(bits - low_bits) << low_bits
            return base | subnet | draw(min(low_bits, 4 if draw(2) else 64))

        return target

    # --- sources ---

    def hosts(
        self, per_host: float, *, skew: float = 2.0, bias: Mapping[str, float] | None = None
    ) -> Callable[[], Host]:
        """Sources, about one per per_host packets, by region weight times bias."""
        return self._hosts(self.world.regions.v4, per_host, skew, bias or {})

    def hosts6(self, per_host: float, *, skew: float = 2.0) -> Callable[[], Host]:
        """As hosts, for IPv6; without any IPv6 region, hosts that none owns."""
        space = self.world.regions.v6
        if space.regions:
            return self._hosts(space, per_host, skew, {})
        pool = [self.stray6() for _ in range(max(1, int(self.count / per_host)))]
        return lambda: pool[int(len(pool) * self.rng.random() ** skew)]

    def _hosts(
        self, space: Space, per_host: float, skew: float, bias: Mapping[str, float]
    ) -> Callable[[], Host]:
        """Within a region the host of rank r sends with weight r ** (1 / skew - 1).

        That is Zipf's law with exponent 1 - 1/skew: a uniform number to the
        power of skew falls below x with probability x ** (1 / skew).
        """
        regions = space.regions
        weights = [self.world.regions.weight(region) * bias.get(region, 1.0) for region in regions]
        total = sum(weights)
        wanted = self.count / per_host
        pools = [
            [space.draw(self.rng, region) for _ in range(max(1, round(wanted * weight / total)))]
            for region, weight in zip(regions, weights)
        ]
        bounds = [part / total for part in accumulate(weights)]
        bounds[-1] = 1.0
        random = self.rng.random

        def host() -> Host:
            pool = pools[bisect_right(bounds, random())]
            return pool[int(len(pool) * random() ** skew)]

        return host

    def region(self, wanted: str) -> str:
        """wanted, or the heaviest region where the plan lacks it."""
        regions = self.world.regions
        known = regions.v4.regions
        return wanted if wanted in known else max(known, key=regions.weight)

    def hosts_of(self, region: str, count: int) -> list[Host]:
        return [self.world.regions.v4.draw(self.rng, region) for _ in range(count)]

    def stray6(self) -> Host:
        """An IPv6 source in the documentation prefix, outside the telescope's use."""
        address = PUBLIC_V6 | 0xFFFF << 80 | self.rng.getrandbits(64)
        return address, self.world.regions.v6.origin(address)

    # --- odds and ends ---

    def ports(self, table: Mapping[int, float], tail: float = 0.0) -> Callable[[], int]:
        """Ports by weight; tail is the share of ports drawn from all of them."""
        names, random, draw = list(table), self.rng.random, self.rng.randrange
        sums = list(accumulate(table.values()))
        total = sums[-1] / (1.0 - tail)

        def port() -> int:
            place = random() * total
            return names[bisect_right(sums, place)] if place < sums[-1] else draw(1, 65536)

        return port

    def deck(self, kinds: Sequence[Item], weights: Sequence[float] | None = None) -> Callable[[], Item]:
        """Every kind once, in a random order, and from then on by weight."""
        first = list(kinds)
        self.rng.shuffle(first)
        sums = list(accumulate(weights or [1.0] * len(kinds)))
        random = self.rng.random

        def deal() -> Item:
            if first:
                return first.pop()
            return kinds[bisect_right(sums, random() * sums[-1])]

        return deal

    def plant(self, kind: str, region: str, **evidence: int | str) -> Event:
        event = Event(self.name, kind, region, evidence)
        self.world.events.append(event)
        return event

