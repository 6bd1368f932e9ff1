"""Who owns which addresses: from files, or a made-up plan.

The answers must be those of a database that tools/mkregions builds from the
same data: the most specific network wins, of two equal ones the later.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_right
from collections import defaultdict
from pathlib import Path
from random import Random
from socket import AF_INET6, inet_pton
from typing import Iterable, NamedTuple, TextIO

from .errors import UsageError
from .shapes import NOWHERE, Origin

# Weights in per cent of the sources; roughly what the reports of telescopes
# show for 2020 to 2022. A region that a file has and this table lacks weighs
# OTHER_WEIGHT.
WEIGHTS = {
    "US": 22.0, "RU": 11.0, "CN": 10.0, "NL": 7.0, "GB": 6.0, "DE": 4.5, "BG": 4.0, "KR": 3.8,
    "VN": 3.2, "IN": 3.2, "BR": 3.0, "JP": 2.6, "TW": 2.5, "HK": 2.0, "SG": 1.9, "FR": 1.8,
    "ID": 1.6, "UA": 1.5, "TR": 1.2, "IR": 1.1, "TH": 1.0, "IT": 1.0, "RO": 0.9, "PL": 0.8,
    "CA": 0.8, "MX": 0.7, "AR": 0.6, "ZA": 0.6, "EG": 0.5, "PK": 0.5, "SE": 0.4, "NZ": 0.4,
}  # fmt: skip
OTHER_WEIGHT = 0.05

FIRST_ASN = 100_000
FIRST_V6_BLOCK = 0x2A00
# Not for sources of the plan: not global, or near the usual telescope prefixes.
AVOIDED_OCTETS = frozenset((0, 10, 100, 127, 169, 172, 192, 198, 203))


class Range(NamedTuple):
    low: int
    high: int
    origin: Origin


class Network(NamedTuple):
    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    origin: Origin


def flatten(ranges: Iterable[Range]) -> list[Range]:
    """Disjoint ranges in order; where one lies inside another, what it says wins."""
    result: list[Range] = []
    around: list[Range] = []
    position = 0

    def emit(high: int, origin: Origin) -> None:
        nonlocal position
        if position <= high:
            result.append(Range(position, high, origin))
            position = high + 1

    for item in sorted(ranges, key=lambda entry: (entry.low, -entry.high)):
        while around and around[-1].high < item.low:
            closed = around.pop()
            emit(closed.high, closed.origin)
        if around:
            if around[-1].high < item.high:
                raise UsageError(f"ranges overlap at {ipaddress.ip_address(item.low)}")
            emit(item.low - 1, around[-1].origin)
            item = item._replace(origin=_inside(item.origin, around[-1].origin))
        position = item.low
        around.append(item)
    while around:
        closed = around.pop()
        emit(closed.high, closed.origin)
    return result


def _inside(inner: Origin, outer: Origin) -> Origin:
    """A network that names no country, or no AS, is not in that database."""
    region = outer.region if inner.region == NOWHERE.region else inner.region
    system = inner[1:] if inner.asn else outer[1:]
    return Origin(region, *system)


class Space:
    """The ranges of one address family."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._ranges = flatten(ranges)
        self._lows = [item.low for item in self._ranges]
        self._by_region: dict[str, tuple[list[int], list[Range]]] = {}
        members: defaultdict[str, list[Range]] = defaultdict(list)
        for item in self._ranges:
            if item.origin.region == NOWHERE.region:
                continue
            members[item.origin.region].append(item)
        for region in sorted(members):
            size, sums = 0, []
            for item in members[region]:
                size += item.high - item.low + 1
                sums.append(size)
            self._by_region[region] = sums, members[region]

    @property
    def regions(self) -> list[str]:
        return list(self._by_region)

    def origin(self, address: int) -> Origin:
        index = bisect_right(self._lows, address) - 1
        if index < 0 or self._ranges[index].high < address:
            return NOWHERE
        return self._ranges[index].origin

    def draw(self, rng: Random, region: str) -> tuple[int, Origin]:
        """An address of the region, large ranges more often than small ones."""
        sums, ranges = self._by_region[region]
        place = rng.randrange(sums[-1])
        index = bisect_right(sums, place)
        item = ranges[index]
        return item.high - (sums[index] - 1 - place), item.origin


class Regions:
    """Both families, and the weight of each region among the sources."""

    def __init__(self, v4: Iterable[Range], v6: Iterable[Range]) -> None:
        self.v4 = Space(v4)
        self.v6 = Space(v6)

    @staticmethod
    def weight(region: str) -> float:
        return WEIGHTS.get(region, OTHER_WEIGHT)


# --- files ------------------------------------------------------------------


def load(paths: Iterable[str]) -> Regions:
    v4: list[Range] = []
    v6: list[Range] = []
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                _load_file(file, path, v4, v6)
        except UnicodeDecodeError as error:
            raise UsageError(f"{path}: not a text file") from error
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
    regions = Regions(v4, v6)
    if not regions.v4.regions:
        raise UsageError(f"{', '.join(paths)}: no IPv4 network with a region")
    return regions


def _load_file(file: TextIO, path: str, v4: list[Range], v6: list[Range]) -> None:
    origins: dict[tuple[str, ...], Origin] = {}
    for number, line in enumerate(file, 1):
        line = line.strip()
        if not line or line.startswith("#") or (number == 1 and line.startswith("network,")):
            continue
        fields = [part.strip().strip('"') for part in line.split(",", 3)]
        try:
            read = _network_line if "/" in fields[0] else _range_line
            version, low, high, owner = read(fields)
        except ValueError as error:
            raise UsageError(f"{path}:{number}: {error}") from error
        origin = origins.get(owner)
        if origin is None:
            origin = origins[owner] = _origin(owner)
        (v4 if version == 4 else v6).append(Range(low, high, origin))


def _origin(owner: tuple[str, ...]) -> Origin:
    region, asn, organisation = (*owner, "", "")[:3]
    if region in ("", "--", "??"):
        region = NOWHERE.region
    return Origin(region, int(asn or 0), organisation)


def _check_country(country: str) -> None:
    if not re.fullmatch(r"[A-Z0-9]{2}|--|\?\?|", country):
        raise ValueError(f"country {country}: not two of A-Z and 0-9")


def _network_line(fields: list[str]) -> tuple[int, int, int, tuple[str, ...]]:
    """network,country[,asn,organisation]"""
    if len(fields) < 2:
        raise ValueError("not network,country")
    network = ipaddress.ip_network(fields[0])
    _check_country(fields[1])
    asn = fields[2] if len(fields) > 2 else ""
    if not re.fullmatch(r"[0-9]{0,10}", asn) or int(asn or 0) > 0xFFFFFFFF:
        raise ValueError(f"AS number {asn}: not a number below 4294967296")
    low = int(network.network_address)
    return network.version, low, low + network.num_addresses - 1, tuple(fields[1:])


def _range_line(fields: list[str]) -> tuple[int, int, int, tuple[str, ...]]:
    """low,high,CC as in tor's geoip (decimal numbers) and geoip6"""
    if len(fields) != 3:
        raise ValueError("neither network,country nor low,high,country")
    low, high, country = fields
    _check_country(country)
    if ":" in low:
        version, first, last = 6, _number6(low), _number6(high)
    elif low.isdecimal() and high.isdecimal() and int(high) <= 0xFFFFFFFF:
        version, first, last = 4, int(low), int(high)
    else:
        raise ValueError("neither network,country nor low,high,country")
    if first > last:
        raise ValueError(f"{low},{high}: the first address is above the last")
    return version, first, last, (country,)


def _number6(text: str) -> int:
    """As ipaddress, but ten times as fast: tor's file has half a million of them."""
    try:
        return int.from_bytes(inet_pton(AF_INET6, text), "big")
    except OSError:
        raise ValueError(f"{text}: not an IPv6 address") from None


def write(networks: Iterable[Network], path: str) -> None:
    """The plan as a CSV file for mkregions --csv."""
    lines = ["network,country,asn,organisation"]
    lines += (f"{net},{org.region},{org.asn},{org.organisation}" for net, org in networks)
    try:
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


# --- the made-up plan -------------------------------------------------------


def plan() -> list[Network]:
    """Blocks for every region of WEIGHTS; the same on every call.

    Each region has /12 blocks by its weight under three organisations, one IPv6
    /20, and in both families a hole in a neighbour's block.
    """
    octets = [octet for octet in range(1, 224) if octet not in AVOIDED_OCTETS]
    blocks = [octet << 24 | part << 20 for octet in octets for part in range(0, 16, 4)]
    # A stride prime to the number of blocks scatters each region's blocks.
    scattered = [blocks[(index * 337) % len(blocks)] for index in range(len(blocks))]
    networks: list[Network] = []
    used = 0
    for number, (region, weight) in enumerate(WEIGHTS.items()):
        owners = _owners(region, number)
        count = max(3, round(weight * 5))
        for index, low in enumerate(scattered[used : used + count]):
            networks.append(Network(ipaddress.IPv4Network((low, 12)), owners[index % 3]))
        used += count
        hole = Network(ipaddress.IPv4Network((scattered[used - 1] | 0x5_4000, 18)), _guest(number))
        networks.append(hole)
        networks += _plan6(number, owners[0], _guest(number))
    return networks


def _owners(region: str, number: int) -> list[Origin]:
    kinds = ("Telecom", "Hosting", "University")
    first = FIRST_ASN + 10 * number
    return [Origin(region, first + i, f"{kind} of {region}") for i, kind in enumerate(kinds)]


def _guest(number: int) -> Origin:
    """The region that has a hole in the blocks of region number."""
    following = (number + 1) % len(WEIGHTS)
    return _owners(list(WEIGHTS)[following], following)[1]


def _plan6(number: int, owner: Origin, guest: Origin) -> list[Network]:
    low = (FIRST_V6_BLOCK + number) << 112
    return [
        Network(ipaddress.IPv6Network((low, 20)), owner),
        Network(ipaddress.IPv6Network((low | 1 << 100, 40)), guest),
    ]


def from_networks(networks: Iterable[Network]) -> Regions:
    sides: dict[int, list[Range]] = {4: [], 6: []}
    for network, origin in networks:
        low = int(network.network_address)
        sides[network.version].append(Range(low, low + network.num_addresses - 1, origin))
    return Regions(sides[4], sides[6])
