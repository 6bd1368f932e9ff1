"""Who owns which addresses in a scenario, and the hosts of every region."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from typing import Iterable

import numpy as np
from numpy.typing import NDArray

from .. import regions
from ..shapes import NOWHERE, Origin
from .model import Organisation

Numbers = NDArray[np.int64]
Addresses = NDArray[np.uint32]

UNKNOWN = NOWHERE.region
REGIONS = (*regions.WEIGHTS, UNKNOWN)
INDEX = {region: index for index, region in enumerate(REGIONS)}
NOBODYS = ipaddress.IPv4Network("100.64.0.0/10")  # sources that no region owns

# Hosts of a region come in pools, so that a host has one way of doing things. All pools together fit the smallest
# region of the plan, three /12 less a /18.
POOL = 1 << 15
GOLDEN = 0.6180339887


class _Hosts:
    """A region's addresses in a scattered order, each once."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        pairs = sorted(ranges)
        self._lows = np.array([low for low, _ in pairs], dtype=np.int64)
        self._sums = np.cumsum([high - low + 1 for low, high in pairs]).astype(np.int64)
        self.size = int(self._sums[-1])
        self._step = next(step for step in range(int(self.size * GOLDEN), self.size) if np.gcd(step, self.size) == 1)

    def address(self, numbers: Numbers) -> Addresses:
        place = numbers % self.size * self._step % self.size
        index = np.searchsorted(self._sums, place, side="right")
        before = self._sums[index] - np.diff(self._sums, prepend=0)[index]
        return (self._lows[index] + place - before).astype(np.uint32)


class Places:
    def __init__(self, organisations: list[Organisation]) -> None:
        self.networks = regions.plan() + [
            regions.Network(one.network, Origin(one.region, one.asn, one.name if one.asn else ""))
            for one in organisations
        ]
        self._space = regions.from_networks(self.networks).v4
        self._labels = {one.network: one for one in organisations}
        self._hosts = {UNKNOWN: _Hosts([_ends(NOBODYS)])}
        owned: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        ranges = [regions.Range(*_ends(net), org) for net, org in regions.plan() if net.version == 4]
        for item in regions.flatten(ranges):
            owned[item.origin.region].append((item.low, item.high))
        self._hosts |= {region: _Hosts(pairs) for region, pairs in owned.items()}
        # of whom nobody knows who they are
        self._unowned = {one.region: _Hosts([_ends(one.network)]) for one in organisations if not one.asn}

    def hosts(self, region: NDArray[np.integer], pool: Numbers | int, number: Numbers) -> Addresses:
        """Host `number` of a pool of each region (an index of REGIONS)."""
        wanted = np.asarray(pool, dtype=np.int64) * POOL + number % POOL
        return self._of_each(region, wanted, self._hosts)

    def senders(self, region: NDArray[np.integer], pool: int, number: Numbers) -> Addresses:
        """As hosts; where a region has addresses that nobody is known to own, one of those."""
        return self._of_each(region, number % POOL + pool * POOL, self._hosts | self._unowned)

    @staticmethod
    def _of_each(region: NDArray[np.integer], wanted: Numbers, hosts: dict[str, _Hosts]) -> Addresses:
        result = np.zeros(len(wanted), dtype=np.uint32)
        for index in np.unique(region):
            chosen = region == index
            result[chosen] = hosts[REGIONS[index]].address(wanted[chosen])
        return result

    def origin(self, address: int) -> Origin:
        return self._space.origin(address)

    def label(self, address: int) -> Organisation | None:
        """Whom the labels file names for it."""
        network = ipaddress.IPv4Network((address & 0xFFFFFF00, 24))
        found = self._labels.get(network)
        return found if found and found.label else None


def _ends(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> tuple[int, int]:
    low = int(network.network_address)
    return low, low + network.num_addresses - 1
