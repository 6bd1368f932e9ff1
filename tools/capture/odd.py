"""What else reaches a telescope: pings, fragments, tunnels, other protocols."""

from __future__ import annotations

import struct
from functools import partial
from typing import Callable

from .build import (
    MORE_FRAGMENTS,
    hops,
    icmp,
    icmp4_packet,
    icmp6,
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
from .scans import SERVICES, plain_id
from .shapes import (
    ARP_SHAPE,
    GRE,
    ICMP,
    ICMP6,
    IGMP,
    IPIP,
    LLC,
    NOWHERE,
    SYN,
    TCP,
    UDP,
    V6_MARK,
    Origin,
    Packet,
    other_shape,
    shape4,
    shape6,
)

# --- ICMP -------------------------------------------------------------------

PING = bytes(range(48))
# type, code, bytes behind the header: requests and announcements; no answers
REQUESTS4 = ((8, 1, 8), (13, 0, 12), (15, 0, 0), (17, 0, 4), (9, 0, 8), (10, 0, 0), (40, 0, 4))
# router solicitation, neighbour solicitation, MLD report, node information query
REQUESTS6 = ((133, 0, 0), (135, 0, 16), (143, 0, 4), (139, 0, 16), (138, 0, 8))


def echo(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets()
    host = job.hosts(40.0, skew=3.0)

    def make(_: int) -> Packet:
        source = host()
        ttl = 64 - hops(source[0])
        return icmp4_packet(source, target(), 8, 0, bits(32), PING, ttl, bits(15))

    return make


def requests(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets()
    host, kind_of = job.hosts(20.0), job.deck(REQUESTS4)

    def make(_: int) -> Packet:
        source, (kind, code, size) = host(), kind_of()
        ttl = 64 - hops(source[0])
        return icmp4_packet(source, target(), kind, code, bits(32), bytes(size), ttl, bits(15))

    return make


def echo6(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets6()
    host = job.hosts6(30.0, skew=3.0)

    def make(_: int) -> Packet:
        source = host()
        return icmp6_packet(source, target(), 128, 0, bits(32), PING, 64 - hops(source[0]))

    return make


def requests6(job: Job) -> Maker:
    """Neighbours on the sensor's own link, which no region owns."""
    bits, target = job.rng.getrandbits, job.targets6()
    kind_of = job.deck(REQUESTS6)

    def make(_: int) -> Packet:
        address = 0xFE80 << 112 | 0x5054_00FF_FE00_0000 | bits(4)
        host = address, job.world.regions.v6.origin(address)
        kind, code, size = kind_of()
        return icmp6_packet(host, target(), kind, code, 0, bytes(size), 255)

    return make


# --- IPv4 fragments, options, tunnels ---------------------------------------


def _first4(job: Job, host: Host, dst: int, proto: int) -> Packet:
    """The first fragment of three; what the headers say may lie in the later ones."""
    bits, ident, (src, origin) = job.rng.getrandbits, job.rng.getrandbits(15), host
    port, flags, window = 0, 0, 0
    if proto == TCP:  # with a data offset of 40 bytes, of which 24 came
        port, flags, window = 80, SYN, 1024
        payload = tcp(src, dst, 1024 + bits(15), port, bits(32), 0, flags, window, bytes(20))[:24]
    elif proto == UDP:
        port = 53
        payload = udp(src, dst, 1024 + bits(15), port, bytes(32), length=3000)
    else:
        flags, payload = 8, icmp(8, 0, bits(32), bytes(24))
    ttl = 64 - hops(src)
    body = ip4(src, dst, proto, payload, ttl=ttl, ident=ident, fragment=MORE_FRAGMENTS)
    return Packet(shape4(proto), origin, port, flags, window, src, body)


def _later4(job: Job, host: Host, dst: int, proto: int, last: bool) -> Packet:
    (src, origin), offset = host, 1 + job.rng.getrandbits(7)
    fragment = offset if last else offset | MORE_FRAGMENTS
    # Four bytes would be too few for any header, were there one.
    payload = bytes(job.rng.choice((4, 24, 600)) if last else 32)
    ident, ttl = job.rng.getrandbits(15), 64 - hops(src)
    body = ip4(src, dst, proto, payload, ttl=ttl, ident=ident, fragment=fragment)
    return Packet(shape4(proto, later=True), origin, 0, 0, 0, src, body)


def fragments(job: Job) -> Maker:
    host, target = job.hosts(10.0), job.targets()
    makers: list[Callable[[Job, Host, int], Packet]] = []
    for proto in (TCP, UDP, ICMP):
        makers.append(partial(_first4, proto=proto))
        makers += (partial(_later4, proto=proto, last=last) for last in (False, True))
    kind = job.deck(makers)
    return lambda _: kind()(job, host(), target())


ROUTER_ALERT = b"\x94\x04\x00\x00"
RECORD_ROUTE = b"\x07\x27\x04" + bytes(36) + b"\x00"
OPTION_KINDS = (ROUTER_ALERT, RECORD_ROUTE, b"\x01" * 8)


def ip_options(job: Job) -> Maker:
    """IPv4 options before TCP, UDP and ICMP."""
    bits, target = job.rng.getrandbits, job.targets()
    host = job.hosts(10.0)
    kinds = [(proto, options) for proto in (TCP, UDP, ICMP) for options in OPTION_KINDS]
    kind_of = job.deck(kinds)

    def make(_: int) -> Packet:
        (src, origin), dst, (proto, options) = host(), target(), kind_of()
        port, flags, window = 0, 8, 0
        if proto == TCP:
            port, flags, window = 80, SYN, 1024
            payload = tcp(src, dst, 1024 + bits(15), port, bits(32), 0, flags, window)
        elif proto == UDP:
            port, flags = 123, 0
            payload = udp(src, dst, 1024 + bits(15), port, bytes(8))
        else:
            payload = icmp(8, 0, bits(32), PING)
        ttl, ident = 64 - hops(src), bits(15)
        body = ip4(src, dst, proto, payload, ttl=ttl, ident=ident, options=options)
        shape = shape4(proto, 20 + len(options))
        return Packet(shape, origin, port, flags, window, src, body)

    return make


def _inner4(src: int, dst: int, sport: int, dport: int, payload: bytes) -> bytes:
    """A UDP packet for the inside of a tunnel."""
    return ip4(src, dst, UDP, udp(src, dst, sport, dport, payload), ttl=64, ident=0)


def gre(job: Job) -> Maker:
    """GRE with a packet inside: what infected routers send."""
    bits, target = job.rng.getrandbits, job.targets()
    host = job.hosts(12.0, bias={"CN": 2.0, "BR": 2.0, "TH": 3.0})

    def make(_: int) -> Packet:
        (src, origin), dst = host(), target()
        inner = _inner4(bits(32), dst, bits(16), bits(16), bytes(64))
        ttl, header = 64 - hops(src), struct.pack(">HH", 0, 0x0800)
        body = ip4(src, dst, GRE, header + inner, ttl=ttl, ident=bits(15))
        return Packet(shape4(GRE), origin, 0, 0, 0, src, body)

    return make


# 58 under IPv4 is a wrong pairing; 0 and 255 are reserved; 41 holds IPv6
PROTOCOLS4 = (0, 2, 4, 41, 50, 51, 58, 103, 132, 255)
# 1 under IPv6 is a wrong pairing; 59 says that nothing follows; 50 hides it
PROTOCOLS6 = (1, 4, 41, 47, 50, 59, 103, 132, 255)


def _inside(job: Job, proto: int, dst: int) -> bytes:
    """Something fit for proto, where a reader would look at it."""
    bits = job.rng.getrandbits
    if proto == IPIP:
        return _inner4(bits(32), dst & 0xFFFFFFFF, 53, 53, bytes(12))
    if proto == 41:
        src, dst = bits(128), bits(128)
        return ip6(src, dst, UDP, udp(src, dst, 53, 53, bytes(12)), hop_limit=64)
    if proto == IGMP:  # a general query
        return b"\x11\x64\xee\x9b" + bytes(4)
    if proto in (ICMP, ICMP6):
        return icmp(8, 0, bits(32), PING)
    return b"" if proto == 59 else bytes(32)


def protocols(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets()
    host, kind = job.hosts(10.0), job.deck(PROTOCOLS4)

    def make(_: int) -> Packet:
        (src, origin), dst, proto = host(), target(), kind()
        payload = _inside(job, proto, dst)
        body = ip4(src, dst, proto, payload, ttl=64 - hops(src), ident=bits(15))
        return Packet(shape4(proto), origin, 0, 0, 0, src, body)

    return make


def protocols6(job: Job) -> Maker:
    target, host, kind = job.targets6(), job.hosts6(10.0), job.deck(PROTOCOLS6)

    def make(_: int) -> Packet:
        (src, origin), dst, proto = host(), target(), kind()
        payload = _inside(job, proto, dst)
        body = ip6(src, dst, proto, payload, hop_limit=64 - hops(src))
        return Packet(shape6(proto), origin, 0, 0, 0, src | V6_MARK, body)

    return make


BOGONS = ("10", "172.16", "192.168", "100.64", "0", "127", "169.254", "240", "255.255.255.255")


def bogons(job: Job) -> Maker:
    """Sources that no region owns: private, reserved, the broadcast address."""
    bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
    kind, space = job.deck(BOGONS), job.world.regions.v4
    port = job.ports(SERVICES, tail=0.1)

    def make(_: int) -> Packet:
        octets = [int(part) for part in kind().split(".")]
        src = 0
        for place in range(4):
            src = src << 8 | (octets[place] if place < len(octets) else bits(8))
        dst, dport, seq = target(), port(), bits(32)
        return tcp4_packet(
            (src, space.origin(src)), dst, 1024 + bits(15), dport, seq, 0, SYN, 512,
            200, ident(dst, dport, seq),
        )  # fmt: skip

    return make


# --- IPv6 -------------------------------------------------------------------

HOP_BY_HOP, ROUTING, FRAGMENT, AH, DESTINATION = 0, 43, 44, 51, 60


def extension(kind: int, following: int, offset: int = 0, more: bool = False) -> bytes:
    """A well-formed extension header."""
    if kind == FRAGMENT:
        return struct.pack(">BBHI", following, 0, offset << 3 | more, 0x4E544E54)
    if kind == AH:  # counts its length in words of four bytes, less two
        return struct.pack(">BBHII", following, 4, 0, 1, 1) + bytes(12)
    if kind == ROUTING:  # segments left 0
        return struct.pack(">BBBBI", following, 0, 0, 0, 0)
    padding = bytes((1, 4, 0, 0, 0, 0))  # PadN
    return bytes((following, 0)) + padding


def chain_of(kinds: tuple[int, ...], last: int) -> tuple[bytes, tuple[int, ...]]:
    """The headers kinds in front of protocol last, and their lengths."""
    following = kinds[1:] + (last,)
    headers = [extension(kind, after) for kind, after in zip(kinds, following)]
    return b"".join(headers), tuple(len(header) for header in headers)


CHAINS = (
    (HOP_BY_HOP,), (DESTINATION,), (ROUTING,), (AH,), (FRAGMENT,), (HOP_BY_HOP, DESTINATION),
    (HOP_BY_HOP, ROUTING, FRAGMENT, AH, DESTINATION),
)  # fmt: skip


def segment6(job: Job, src: int, dst: int, proto: int) -> tuple[bytes, int, int, int]:
    """A small packet of proto: bytes, port, flags or type, window or code."""
    bits = job.rng.getrandbits
    if proto == TCP:
        options = mss(1440)
        return tcp(src, dst, 1024 + bits(15), 80, bits(32), 0, SYN, 1024, options), 80, SYN, 1024
    if proto == UDP:
        return udp(src, dst, 1024 + bits(15), 53, bytes(24)), 53, 0, 0
    return icmp6(src, dst, 128, 0, bits(32), PING), 0, 128, 0


def extensions6(job: Job) -> Maker:
    target, host = job.targets6(), job.hosts6(10.0)
    kinds = [(chain, proto) for chain in CHAINS for proto in (TCP, UDP, ICMP6)]
    kind = job.deck(kinds)

    def make(_: int) -> Packet:
        (src, origin), dst, (chain, proto) = host(), target(), kind()
        segment, port, flags, window = segment6(job, src, dst, proto)
        headers, lengths = chain_of(chain, proto)
        body = ip6(src, dst, chain[0], headers + segment, hop_limit=64 - hops(src))
        shape = shape6(proto, lengths)
        return Packet(shape, origin, port, flags, window, src | V6_MARK, body)

    return make


def fragments6(job: Job) -> Maker:
    """First and later fragments; a later one may name an extension header."""
    target, host = job.targets6(), job.hosts6(10.0)
    first = [(proto, False) for proto in (TCP, UDP, ICMP6)]
    later = [(proto, True) for proto in (TCP, UDP, ICMP6, DESTINATION, GRE)]
    kind, bits = job.deck(first + later), job.rng.getrandbits

    def make(_: int) -> Packet:
        (src, origin), dst, (proto, is_later) = host(), target(), kind()
        port, flags, window = 0, 0, 0
        offset, more = 0, True
        if is_later:
            segment, offset, more = bytes(24), 1 + bits(7), bool(bits(1))
        elif proto == UDP:
            port, segment = 53, udp(src, dst, 1024 + bits(15), 53, bytes(16), length=2000)
        else:
            segment, port, flags, window = segment6(job, src, dst, proto)
        header = extension(FRAGMENT, proto, offset, more)
        body = ip6(src, dst, FRAGMENT, header + segment, hop_limit=64 - hops(src))
        shape = shape6(proto, (8,), later=is_later)
        return Packet(shape, origin, port, flags, window, src | V6_MARK, body)

    return make


JUMBO_SIZES = (66_000, 70_000, 131_072)


def jumbo6(job: Job) -> Maker:
    """Jumbograms (RFC 2675), of which the capture has only the start.

    The IPv6 header's length field is 0, and so is that of UDP.
    """
    target, host, bits = job.targets6(), job.hosts6(10.0), job.rng.getrandbits
    kind = job.deck((TCP, UDP))

    def make(_: int) -> Packet:
        (src, origin), dst, proto = host(), target(), kind()
        size = job.rng.choice(JUMBO_SIZES)
        if proto == UDP:
            port, flags, window = 4321, 0, 0
            segment = udp(src, dst, 1024 + bits(15), port, bytes(64), length=0)
        else:
            segment, port, flags, window = segment6(job, src, dst, proto)
            segment += bytes(64)
        option = struct.pack(">BBBBI", proto, 0, 0xC2, 4, size)
        body = ip6(src, dst, HOP_BY_HOP, option + segment, hop_limit=64 - hops(src), length=0)
        extra = 40 + size - len(body)
        shape = shape6(proto, (8,))
        return Packet(shape, origin, port, flags, window, src | V6_MARK, body, extra)

    return make


def _aliases(src: int, low: int) -> tuple[int, ...]:
    """6to4, Teredo (its server), IPv4-mapped and the tree's own place for IPv4."""
    return (
        0x2002 << 112 | src << 80 | low,
        0x2001_0000 << 96 | src << 64 | low,
        0xFFFF << 32 | src,
        src,
    )


def aliases6(job: Job) -> Maker:
    """IPv6 sources that a region database answers from its IPv4 tree."""
    bits, target = job.rng.getrandbits, job.targets6()
    host, kind = job.hosts(10.0), job.deck(range(4))
    port = job.ports(SERVICES)

    def make(_: int) -> Packet:
        src, origin = host()
        address = _aliases(src, bits(48))[kind()]
        source: tuple[int, Origin] = address, origin
        return tcp6_packet(source, target(), 1024 + bits(15), port(), bits(32), 0, SYN, 8192, 60)

    return make


# --- other ethertypes -------------------------------------------------------

PPPOE, MPLS, LLDP = 0x8864, 0x8847, 0x88CC
SPANNING_TREE = b"\x42\x42\x03" + bytes(35)


def arp(job: Job) -> Maker:
    """The router looks for the monitored addresses."""
    target = job.targets()
    base = int(job.world.telescope4.network_address)
    header = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1)
    router = b"\x52\x54\x00\x4e\x54\x01"

    def make(_: int) -> Packet:
        body = header + router + struct.pack(">I6xI", base | 1, target())
        return Packet(ARP_SHAPE, NOWHERE, 0, 0, 0, 0, body)

    return make


def ethertypes(job: Job) -> Maker:
    """Frames of class other; over raw IP, by a version that does not exist."""
    if job.world.link == "raw":
        nibble = job.deck((0, 1, 5, 7, 15))
        return lambda _: Packet(
            other_shape(0), NOWHERE, 0, 0, 0, 0, bytes((nibble() << 4,)) + bytes(45)
        )
    inner = _inner4(0x0A000001, 0x0A000002, 53, 53, bytes(12))
    bodies = {
        LLC: SPANNING_TREE,
        PPPOE: struct.pack(">BBHHH", 0x11, 0, 1, 2 + len(inner), 0x0021) + inner,
        MPLS: struct.pack(">I", 16 << 12 | 1 << 8 | 64) + inner,
        LLDP: b"\x02\x07\x04RT\0NT\x01\x04\x03\x02ge\x06\x02\0\x78\0\0",
        0x9000: bytes(46),
    }
    kind = job.deck(list(bodies))

    def make(_: int) -> Packet:
        ethertype = kind()
        return Packet(other_shape(ethertype), NOWHERE, 0, 0, 0, 0, bodies[ethertype])

    return make
