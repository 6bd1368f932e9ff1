"""What a scenario is made of, short of the packets."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from .calendar import Calendar
from .courses import Course, Line

PACKETS_PER_LEVEL = 30  # a day, in the domestic group at scale 1: 3,000 in all
DOMESTIC, OVERSEAS = "domestic", "overseas"


@dataclass(frozen=True)
class Sensor:
    name: str
    group: str
    network: ipaddress.IPv4Network
    share: float  # of its group's packets

    @property
    def addresses(self) -> int:
        return self.network.num_addresses


SENSORS = (
    Sensor("tokyo-1", DOMESTIC, ipaddress.IPv4Network("198.18.0.0/20"), 0.7),
    Sensor("osaka-1", DOMESTIC, ipaddress.IPv4Network("198.18.16.0/21"), 0.3),
    Sensor("frankfurt-1", OVERSEAS, ipaddress.IPv4Network("198.19.0.0/22"), 1.0),
)


@dataclass(frozen=True)
class Group:
    """A group's traffic, against that of the domestic one."""

    volume: float = 1.0
    ports: dict[str, float] = field(default_factory=dict)  # factors
    regions: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Worm:
    """445/tcp from one region: two windows, each with its packets and its hosts a day, in all domestic sensors."""

    region: str
    packets: Line  # window 8192
    hosts: Line
    other_packets: Line
    other_hosts: Line
    grows: str  # the signature whose line does


@dataclass(frozen=True)
class Organisation:
    """An owner of a network of its own; no AS number: nobody knows whose it is."""

    network: ipaddress.IPv4Network
    region: str
    asn: int
    name: str
    label: str = ""  # what the labels file calls it
    category: str = ""


@dataclass(frozen=True)
class Victim:
    """A sender of backscatter with its dates: some packets within a minute or so on each, many on the worst."""

    owner: Organisation
    address: int
    days: tuple[int, ...]
    worst: int
    source_port: int = 443


@dataclass(frozen=True)
class Marked:
    """A source of packets that one tool has made, on one day, and when on it.

    With mark 1 its packets have source port 443, one window and one sequence number, with mark 2 destination port 23
    and one window.
    """

    owner: Organisation
    address: int
    day: int
    marks: tuple[int, ...]
    minutes: tuple[int, ...]  # of the day, at which the packets of each mark begin


@dataclass(frozen=True)
class Gap:
    """Hours in which a sensor saw nothing, because it was not there."""

    sensor: str
    start_s: int
    end_s: int


@dataclass
class Claims:
    """What must be found in the domestic sensors' traffic, or the scenario is wrong."""

    # The first five by rank, with the previous rank; empty: whichever they are, they are well apart
    ports: list[tuple[str, int]] = field(default_factory=list)
    regions: list[tuple[str, int]] = field(default_factory=list)
    crossings: list[tuple[str, str, str]] = field(default_factory=list)  # who overtook whom, and when
    # region, its ports by rank: each with a share 10 % and more above that of all others
    shares: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)  # regions without such a port


@dataclass
class Model:
    name: str
    calendar: Calendar
    ports: dict[str, Course]
    regions: dict[str, Course]
    groups: dict[str, Group]
    sensors: tuple[Sensor, ...] = SENSORS
    affinity: dict[tuple[str, str], float] = field(default_factory=dict)  # region, port: odds against the others
    worm: Worm | None = None
    organisations: list[Organisation] = field(default_factory=list)
    victims: list[Victim] = field(default_factory=list)
    marked: list[Marked] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    claims: Claims = field(default_factory=Claims)
    told: dict[str, Any] = field(default_factory=dict)  # more of what was planted, for the truth
