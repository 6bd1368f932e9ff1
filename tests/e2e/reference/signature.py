"""The shipped signatures: what packets they match, and which sources they count."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Callable

TCP, GRE = 6, 47
SMB = 445
WORM_WINDOW = 8192
ZMAP_OLD_IDENT = 54321
ZMAP_WINDOW, ZMAP_TTL, ZMAP_OPTIONS, ZMAP_SCALE = 65535, range(129, 256), (2, 1, 3, 1, 1, 4), b"\x08"
SCALE = 3


@dataclass(frozen=True)
class Signature:
    name: str
    matches: Callable  # a contribution -> whether its packet matches
    all_syns: bool = False  # counts only sources all of whose TCP SYNs match


def _syn4(one):
    return one.cls == "ipv4" and one.is_syn()


def _smb(one):
    return one.is_syn() and one.tcp[0] == SMB


def _mirai(one):
    return _syn4(one) and one.seq == int.from_bytes(one.target, "big")


def _zmap_new(one):
    if not _syn4(one) or one.tcp[2] != ZMAP_WINDOW or one.ttl not in ZMAP_TTL:
        return False
    return tuple(kind for kind, _ in one.options) == ZMAP_OPTIONS and (SCALE, ZMAP_SCALE) in one.options


def _masscan(one):
    return _syn4(one) and one.ident == (int.from_bytes(one.target, "big") ^ one.tcp[0] ^ one.seq) & 0xFFFF


SIGNATURES = (
    Signature("smb-8192", lambda one: _smb(one) and one.tcp[2] == WORM_WINDOW),
    Signature("smb-other", lambda one: _smb(one) and one.tcp[2] != WORM_WINDOW),
    Signature("mirai", _mirai),
    Signature("zmap-old", lambda one: _syn4(one) and one.ident == ZMAP_OLD_IDENT, all_syns=True),
    Signature("zmap-new", _zmap_new, all_syns=True),
    Signature("masscan", _masscan, all_syns=True),
    Signature("gre", lambda one: one.protocol == GRE),
)


@dataclass
class Matched:
    """What one signature found in an interval."""

    signature: Signature
    packets: int = 0
    region: Counter = field(default_factory=Counter)
    port: Counter = field(default_factory=Counter)
    found: dict = field(default_factory=dict)  # sources with a matching packet -> their region
    port_found: defaultdict = field(default_factory=lambda: defaultdict(set))
    strayed: set = field(default_factory=set)  # sources with a TCP SYN that does not match

    def add(self, one, region):
        """Adds a packet whose IP header passed its checks."""
        if not self.signature.matches(one):
            if self.signature.all_syns and one.is_syn():
                self.strayed.add(one.source)
            return
        self.packets += 1
        self.region[region] += 1
        self.found[one.source] = region
        if one.port():
            self.port[one.port()] += 1
            self.port_found[one.port()].add(one.source)

    def sources(self):
        """The addresses that count."""
        return self.found.keys() - self.strayed

    def region_sources(self):
        return Counter(self.found[source] for source in self.sources())

    def port_sources(self):
        return {port: len(found - self.strayed) for port, found in self.port_found.items()}
