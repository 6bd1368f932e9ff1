"""Answers of victims to packets whose source address was forged.

Every victim keeps its attacked port and its attack's traits. ICMP errors quote
the packet that the victim, or a router before it, could not serve: from an
address of the telescope to the victim.
"""

from __future__ import annotations

import struct
from typing import Callable, NamedTuple

from .build import (
    DONT_FRAGMENT,
    hops,
    icmp4_packet,
    icmp6_packet,
    ip4,
    ip6,
    mss,
    tcp,
    tcp4_packet,
    tcp6_packet,
    udp,
)
from .job import Host, Job, Maker
from .scans import masscan_id, plain_id
from .shapes import ACK, ECE, PSH, RST, SYN, TCP, UDP, V6_MARK, Packet

# Attacked services; nearly all backscatter comes from 443 and 80.
ATTACKED = {443: 68, 80: 20, 53: 2, 22: 2, 8080: 2, 25565: 2, 3389: 1, 8443: 1, 30120: 1, 6667: 1}
WINDOWS = (65160, 28960, 14480, 64240, 8192, 5840, 0, 29200)

FLAGS = {
    "synack": ((SYN | ACK, SYN | ACK | ECE), (97, 3)),
    "rst": ((RST, RST | PSH), (98, 2)),
    "rstack": ((RST | ACK, RST | ACK | PSH), (98, 2)),
}


class Victim(NamedTuple):
    host: Host
    port: int
    window: int


def _victims(job: Job, host: Callable[[], Host]) -> Callable[[], Victim]:
    """A host becomes a victim when first drawn, and keeps port and window."""
    port, choice = job.ports(ATTACKED), job.rng.choice
    known: dict[int, Victim] = {}

    def victim() -> Victim:
        drawn = host()
        found = known.get(drawn[0])
        if found is None:
            found = known[drawn[0]] = Victim(drawn, port(), choice(WINDOWS))
        return found

    return victim


def _returned(job: Job) -> Callable[[int, int], int]:
    """Destination ports: what the forged packet came from.

    Never one that makes the ID of 0 match masscan's rule by chance.
    """
    bits = job.rng.getrandbits

    def port(dst: int, seq: int) -> int:
        drawn = 1024 + bits(15)
        return drawn ^ 1 if masscan_id(dst, drawn, seq) == 0 else drawn

    return port


def tcp_answers(name: str) -> Callable[[Job], Maker]:
    """synack, rst or rstack."""

    def prepare(job: Job) -> Maker:
        bits, target, returned = job.rng.getrandbits, job.targets(), _returned(job)
        flags = job.deck(*FLAGS[name])
        bias = {"JP": 2.0, "TW": 2.0, "US": 1.5}
        victim = _victims(job, job.hosts(25.0, skew=3.5, bias=bias))

        def make(_: int) -> Packet:
            host, port, window = victim()
            raised, dst = flags(), target()
            seq = bits(32) if raised & SYN or not raised & ACK else 0
            return tcp4_packet(
                host, dst, port, returned(dst, seq), seq, bits(32) if raised & ACK else 0, raised,
                window if raised & SYN else 0, 64 - hops(host[0]), 0,
                mss(1460) if raised & SYN else b"", DONT_FRAGMENT,
            )  # fmt: skip

        return make

    return prepare


# --- ICMP -------------------------------------------------------------------

# type, codes; the ones that quote what they answer, and the ones that do not
ERRORS = (
    (3, (0, 1, 2, 3, 4, 9, 10, 13)),
    (4, (0,)),
    (5, (0, 1)),
    (11, (0, 1)),
    (12, (0, 1)),
)
REPLIES = ((0, (0,)), (14, (0,)), (16, (0,)), (18, (0,)))
WEIGHTS4 = {3: 60, 11: 20, 0: 12, 5: 2, 4: 2, 12: 2, 14: 1, 16: 1, 18: 1}


def _quoted_layer4(job: Job, src: int, dst: int, port: int, size: int) -> tuple[int, bytes]:
    """Protocol and the first bytes of a forged packet to the attacked port."""
    sport = 1024 + job.rng.getrandbits(15)
    if port == 53:
        return UDP, udp(src, dst, sport, port, bytes(32))[:size]
    return TCP, tcp(src, dst, sport, port, job.rng.getrandbits(32), 0, SYN, 16384)[:size]


def quoted4(job: Job, forged: int, victim: Victim) -> bytes:
    """Header and eight bytes, as RFC 792 asks, with the length that they had."""
    address = victim.host[0]
    proto, start = _quoted_layer4(job, forged, address, victim.port, 8)
    total = 60 if proto == UDP else 40
    ident = job.rng.getrandbits(15)
    return ip4(forged, address, proto, start, ttl=1, ident=ident, total=total)


def _message4(kind: int, rest_bits: int, victim: Victim, quote: bytes) -> tuple[int, bytes]:
    """The four bytes behind the checksum, and what follows them."""
    if kind == 5:  # a gateway in the victim's network
        return victim.host[0] & 0xFFFFFF00 | 1, quote
    if kind == 12:  # pointer to the wrong byte
        return 20 << 24, quote
    if kind == 0:
        return rest_bits, bytes(range(32))
    if kind == 14:
        return rest_bits, struct.pack(">III", 40_000_000, 40_000_040, 40_000_040)
    if kind == 16:
        return rest_bits, b""
    if kind == 18:
        return rest_bits, b"\xff\xff\xff\x00"
    return 0, quote


def icmp_answers(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets()
    victim = _victims(job, job.hosts(20.0, skew=3.0))
    codes = dict(ERRORS + REPLIES)
    kinds = list(codes)
    kind_of = job.deck(kinds, [WEIGHTS4[kind] for kind in kinds])
    # A kind's codes are dealt from a deck of its own, so that all occur.
    code_of = {kind: job.deck(codes[kind]) for kind in kinds}

    def make(_: int) -> Packet:
        kind, attacked, dst = kind_of(), victim(), target()
        sender = attacked.host
        if kind == 11:  # a router on the way, in the victim's network
            router = sender[0] & 0xFFFFFF00 | 254
            sender = router, job.world.regions.v4.origin(router)
        rest, payload = _message4(kind, bits(32), attacked, quoted4(job, dst, attacked))
        ttl = 64 - hops(sender[0])
        return icmp4_packet(sender, dst, kind, code_of[kind](), rest, payload, ttl, bits(15))

    return make


# --- IPv6 -------------------------------------------------------------------

ERRORS6 = ((1, (0, 1, 3, 4)), (2, (0,)), (3, (0, 1)), (4, (0, 1)))
REPLIES6 = ((129, (0,)),)
WEIGHTS6 = {1: 50, 2: 5, 3: 25, 4: 5, 129: 15}
# the four bytes behind the checksum, where they are not zero
RESTS6 = {2: 1280, 4: 40}


def tcp6_answers(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets6()
    victim = _victims(job, job.hosts6(20.0, skew=3.0))
    flags = job.deck((SYN | ACK, RST, RST | ACK), (5, 1, 3))

    def make(_: int) -> Packet:
        host, port, window = victim()
        raised = flags()
        return tcp6_packet(
            host, target(), port, 1024 + bits(15), bits(32), bits(32), raised,
            window if raised & SYN else 0, 64 - hops(host[0]),
        )  # fmt: skip

    return make


def icmp6_answers(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets6()
    victim = _victims(job, job.hosts6(20.0, skew=3.0))
    codes = dict(ERRORS6 + REPLIES6)
    kinds = list(codes)
    kind_of = job.deck(kinds, [WEIGHTS6[kind] for kind in kinds])
    code_of = {kind: job.deck(codes[kind]) for kind in kinds}

    def make(_: int) -> Packet:
        kind, attacked, dst = kind_of(), victim(), target()
        address = attacked.host[0]
        if kind == 129:
            rest, payload = bits(32), bytes(range(32))
        else:
            proto, start = _quoted_layer4(job, dst, address, attacked.port, 40)
            rest = RESTS6.get(kind, 0)
            payload = ip6(dst, address, proto, start, hop_limit=1)
        hop_limit = 64 - hops(address)
        return icmp6_packet(attacked.host, dst, kind, code_of[kind](), rest, payload, hop_limit)

    return make


# --- planted events ---------------------------------------------------------


def attack(region: str, victims: int, flags: int, *, fixed: bool) -> Callable[[Job], Maker]:
    """A flood on the web servers of one region, seen from outside.

    fixed: the flooding tool uses one sequence number, so that the answers all
    acknowledge the same one.
    """

    def prepare(job: Job) -> Maker:
        bits, target, returned = job.rng.getrandbits, job.targets(), _returned(job)
        where = job.region(region)
        hosts = job.hosts_of(where, victims)
        constant, window = 1 + bits(31), 65160 if flags & SYN else 0
        marks: dict[str, int | str] = {"source_port": 443, "window": window}
        if fixed:
            marks["acknowledgement"] = constant
        event = job.plant("dos", where, **marks)
        choice = job.rng.choice

        def make(_: int) -> Packet:
            host, dst = choice(hosts), target()
            event.packets[host[0]] = event.packets.get(host[0], 0) + 1
            seq, ack = bits(32) if flags & SYN else 0, constant if fixed else bits(32)
            return tcp4_packet(
                host, dst, 443, returned(dst, seq), seq, ack, flags,
                window, 64 - hops(host[0]), 0, b"", DONT_FRAGMENT,
            )  # fmt: skip

        return make

    return prepare


def attack6(job: Job) -> Maker:
    """ICMPv6 errors about one victim, from several routers."""
    target = job.targets6()
    draw = job.hosts6(8.0)
    routers, host = [draw() for _ in range(8)], draw()
    victim = Victim(host, 443, 0)
    event = job.plant("dos", host[1].region, attacked_port=443)
    choice = job.rng.choice

    def make(_: int) -> Packet:
        dst, sender = target(), choice(routers)
        proto, start = _quoted_layer4(job, dst, host[0], victim.port, 40)
        payload = ip6(dst, host[0], proto, start, hop_limit=1)
        event.packets[host[0] | V6_MARK] = event.packets.get(host[0] | V6_MARK, 0) + 1
        return icmp6_packet(sender, dst, 3, 0, 0, payload, 64 - hops(sender[0]))

    return make


def fixed_tool(region: str, sources: int, *, sport: int, dport: int) -> Callable[[Job], Maker]:
    """Packets with one window and one sequence number, all made by one tool.

    From sport 443 to any port they look like answers of web servers; to one
    dport only the window is fixed.
    """

    def prepare(job: Job) -> Maker:
        bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
        where = job.region(region)
        hosts = job.hosts_of(where, sources)
        window, seq = 1 + bits(15), 1 + bits(31)
        marks = {"source_port": sport, "sequence": seq} if sport else {"destination_port": dport}
        event = job.plant("fixed_tool", where, window=window, **marks)
        choice = job.rng.choice

        def make(_: int) -> Packet:
            host, dst = choice(hosts), target()
            event.packets[host[0]] = event.packets.get(host[0], 0) + 1
            port, number = dport or 1024 + bits(15), seq if sport else bits(32)
            return tcp4_packet(
                host, dst, sport or 1024 + bits(15), port, number, 0, SYN | ACK if sport else SYN,
                window, 128 - hops(host[0]), ident(dst, port, number),
            )  # fmt: skip

        return make

    return prepare
