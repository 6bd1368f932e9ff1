"""What a frame counts as.

A shape says in which of the engine's counters a frame belongs, short of the
values (ports, flags, source) that the packet itself carries. The makers of
frames attach it, so the truth never comes from parsing what was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Mapping, NamedTuple

IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
LLC = 0x0004  # 802.3 frames: the field holds a length instead of a type

ICMP, IGMP, IPIP, TCP, UDP, GRE, ICMP6 = 1, 2, 4, 6, 17, 47, 58

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))

# Only these four protocols have counters above the IP header, so only they can
# be without them.
WITH_PORTS_OR_TYPE = frozenset((ICMP, TCP, UDP, ICMP6))


def _tcp_marks() -> dict[int, str]:
    names = {SYN | ACK: "synack", RST: "rst", RST | ACK: "rstack"}
    wanted = ACK | RST | SYN | FIN
    return {flags: names[flags & wanted] for flags in range(256) if flags & wanted in names}


# Backscatter class by layer, then by the TCP flag byte or the ICMP type.
BACKSCATTER: dict[str, Mapping[int, str]] = {
    "tcp": _tcp_marks(),
    "icmp": {
        0: "icmp_echo_reply",
        3: "icmp_dest_unreach",
        4: "icmp_source_quench",
        5: "icmp_redirect",
        11: "icmp_time_exceeded",
        12: "icmp_param_problem",
        14: "icmp_ts_reply",
        16: "icmp_info_reply",
        18: "icmp_mask_reply",
    },
    "icmp6": {
        1: "icmp6_dest_unreach",
        2: "icmp6_pkt_too_big",
        3: "icmp6_time_exceeded",
        4: "icmp6_param_problem",
        129: "icmp6_echo_reply",
    },
}
NO_MARKS: Mapping[int, str] = {}


@dataclass(frozen=True, eq=False, slots=True)
class Shape:
    """Compared and hashed by identity: build shapes through the functions below."""

    family: str  # ipv4, ipv6, arp, other
    ethertype: int
    proto: int | str | None = None  # None: no IP header that passed its checks
    layer: str | None = None  # the layer whose fields count: tcp udp icmp icmp6
    verdict: str | None = None  # malformed, truncated
    reason: str = ""
    # (bytes behind the link header that must be captured, reason if they are not),
    # in the order in which a decoder needs them
    steps: tuple[tuple[int, str], ...] = ()
    padded: bool = True  # Ethernet: filled up to the shortest frame
    marks: Mapping[int, str] = field(default_factory=lambda: NO_MARKS)

    @property
    def no_l4(self) -> bool:
        """A good packet of a protocol that has ports or a type, but not here."""
        return self.proto in WITH_PORTS_OR_TYPE and not self.layer and not self.verdict


class Origin(NamedTuple):
    """Whose address it is."""

    region: str
    asn: int
    organisation: str


NOWHERE = Origin("--", 0, "")

V6_MARK = 1 << 128  # keeps IPv6 sources apart from IPv4 ones of equal value


class Packet(NamedTuple):
    """One frame, without its link header, and what it counts as."""

    shape: Shape
    origin: Origin
    port: int  # destination port; 0 where there is none
    flags: int  # TCP flags, or the ICMP type
    window: int  # TCP window, or the ICMP code
    source: int  # address, with V6_MARK for IPv6
    body: bytes
    extra: int = 0  # bytes that the wire had behind body, not captured
    link_bytes: int = -1  # captured bytes of the link header; -1: all


LAYERS = {TCP: ("tcp", 20), UDP: ("udp", 8), ICMP: ("icmp", 8), ICMP6: ("icmp6", 8)}


def _pairing(family: str, proto: int) -> tuple[str, int] | None:
    wrong = ICMP6 if family == "ipv4" else ICMP
    return None if proto == wrong else LAYERS.get(proto)


@lru_cache(maxsize=None)
def shape4(proto: int, header: int = 20, *, later: bool = False) -> Shape:
    """A sound IPv4 packet; later: a fragment other than the first."""
    steps = [(20, "ipv4_header"), (header, "ipv4_options")]
    layer = None if later else _pairing("ipv4", proto)
    if not layer:
        return Shape("ipv4", IPV4, proto, steps=tuple(steps))
    name, need = layer
    steps.append((header + need, f"{name}_header"))
    return Shape("ipv4", IPV4, proto, name, steps=tuple(steps), marks=BACKSCATTER.get(name, NO_MARKS))


@lru_cache(maxsize=None)
def shape6(proto: int, chain: tuple[int, ...] = (), *, later: bool = False) -> Shape:
    """A sound IPv6 packet; chain: the lengths of its extension headers."""
    steps = [(40, "ipv6_header")]
    size = 40
    for length in chain:
        size += length
        steps.append((size, "ipv6_ext"))
    layer = None if later else _pairing("ipv6", proto)
    if not layer:
        return Shape("ipv6", IPV6, proto, steps=tuple(steps))
    name, need = layer
    steps.append((size + need, f"{name}_header"))
    return Shape("ipv6", IPV6, proto, name, steps=tuple(steps), marks=BACKSCATTER.get(name, NO_MARKS))


@lru_cache(maxsize=None)
def malformed(base: Shape, reason: str, *, padded: bool = True) -> Shape:
    """base, but wrong at reason; the layers below stay counted."""
    return Shape(
        base.family,
        base.ethertype,
        _proto_left(base, reason),
        verdict="malformed",
        reason=reason,
        steps=_steps_before(base, reason),
        padded=padded,
    )


def _steps_before(base: Shape, reason: str) -> tuple[tuple[int, str], ...]:
    if reason.endswith("_version"):
        return ((1, f"{base.family}_header"),)
    if reason in ("ipv4_ihl", "ipv4_length", "ipv6_length"):
        return base.steps[:1]
    reasons = [step[1] for step in base.steps]
    if reason in reasons and reason != "ipv6_ext":
        return base.steps[: reasons.index(reason)]
    return base.steps


@lru_cache(maxsize=None)
def cut_at(base: Shape, reason: str) -> Shape:
    """base, of which the capture lacks what reason names."""
    return Shape(
        base.family,
        base.ethertype,
        _proto_left(base, reason),
        verdict="truncated",
        reason=reason,
    )


def _proto_left(base: Shape, reason: str) -> int | str | None:
    if reason == "ipv6_ext":
        return "unresolved"
    if reason.startswith(("ipv4_", "ipv6_")):
        return None
    return base.proto


def captured_as(shape: Shape, captured: int) -> Shape:
    """What shape counts as when only so many bytes behind the link header are there."""
    for need, reason in shape.steps:
        if captured < need:
            return cut_at(shape, reason)
    return shape


ARP_SHAPE = Shape("arp", ARP)
ETH_CUT = Shape("other", 0, verdict="truncated", reason="eth", padded=False)
VLAN_CUT = Shape("other", 0, verdict="truncated", reason="vlan", padded=False)
ETH_RUNT = Shape("other", 0, verdict="malformed", reason="eth", padded=False)
VLAN_RUNT = Shape("other", 0, verdict="malformed", reason="vlan", padded=False)


@lru_cache(maxsize=None)
def other_shape(ethertype: int) -> Shape:
    return Shape("other", ethertype)
