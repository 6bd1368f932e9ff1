"""Bytes of packets, with right checksums.

The ones' complement sum of 16-bit words is the value of the bytes modulo 65535,
because 2**16 is 1 modulo 65535 (RFC 1071); so a checksum needs no loop.
"""

from __future__ import annotations

import struct

from .shapes import ICMP, ICMP6, TCP, UDP, Origin, Packet, V6_MARK, shape4, shape6

IP4 = struct.Struct(">BBHHHBBHII")
IP4_TCP = struct.Struct(">BBHHHBBHIIHHIIBBHHH")
IP6 = struct.Struct(">IHBB16s16s")
TCP_HEADER = struct.Struct(">HHIIBBHHH")
UDP_HEADER = struct.Struct(">HHHH")
ICMP_HEADER = struct.Struct(">BBHI")

DONT_FRAGMENT, MORE_FRAGMENTS = 0x4000, 0x2000

SHAPE_TCP4, SHAPE_UDP4, SHAPE_ICMP4 = shape4(TCP), shape4(UDP), shape4(ICMP)
SHAPE_TCP6, SHAPE_UDP6, SHAPE_ICMP6 = shape6(TCP), shape6(UDP), shape6(ICMP6)

NOP = b"\x01"
SACK_OK = b"\x04\x02"


def mss(size: int) -> bytes:
    return struct.pack(">BBH", 2, 4, size)


def wscale(shift: int) -> bytes:
    return struct.pack(">BBB", 3, 3, shift)


def timestamps(value: int) -> bytes:
    return struct.pack(">BBII", 8, 10, value, 0)


def word_sum(data: bytes) -> int:
    """Congruent modulo 65535 to the sum of the 16-bit words of data."""
    if len(data) & 1:
        data += b"\0"
    return int.from_bytes(data, "big")


def hops(address: int) -> int:
    """Routers between a source and the telescope: 5..20, fixed for a source."""
    return 5 + ((address % 0xFFFFFFFB * 2654435761 >> 24) & 15)


def ip4(
    src: int,
    dst: int,
    proto: int,
    payload: bytes,
    *,
    ttl: int,
    ident: int,
    fragment: int = 0,
    options: bytes = b"",
    total: int | None = None,
    first: int | None = None,
) -> bytes:
    """total and first (version and header length) take wrong values for broken packets."""
    header = 20 + len(options)
    total = header + len(payload) if total is None else total
    first = 0x40 | header >> 2 if first is None else first
    words = (first << 8) + total + ident + fragment + (ttl << 8 | proto) + src + dst
    check = 65535 - (words + word_sum(options)) % 65535
    return (
        IP4.pack(first, 0, total, ident, fragment, ttl, proto, check, src, dst)
        + options
        + payload
    )


def ip6(
    src: int,
    dst: int,
    next_header: int,
    payload: bytes,
    *,
    hop_limit: int,
    flow: int = 0,
    length: int | None = None,
    version: int = 6,
) -> bytes:
    size = len(payload) if length is None else length
    head = version << 28 | flow
    addresses = src.to_bytes(16, "big"), dst.to_bytes(16, "big")
    return IP6.pack(head, size, next_header, hop_limit, *addresses) + payload


def tcp(
    src: int,
    dst: int,
    sport: int,
    dport: int,
    seq: int,
    ack: int,
    flags: int,
    window: int,
    options: bytes = b"",
    payload: bytes = b"",
) -> bytes:
    """A segment; src and dst (IPv4 or IPv6) go into the checksum only."""
    offset = 20 + len(options) << 2
    size = 20 + len(options) + len(payload)
    words = src + dst + TCP + size + sport + dport + seq + ack + (offset << 8 | flags) + window
    check = 65535 - (words + word_sum(options) + word_sum(payload)) % 65535
    header = TCP_HEADER.pack(sport, dport, seq, ack, offset, flags, window, check, 0)
    return header + options + payload


def udp(src: int, dst: int, sport: int, dport: int, payload: bytes, length: int = -1) -> bytes:
    """length: a value other than the true one for the length field."""
    size = 8 + len(payload)
    shown = size if length < 0 else length
    words = src + dst + UDP + size + sport + dport + shown + word_sum(payload)
    check = 65535 - words % 65535
    return UDP_HEADER.pack(sport, dport, shown, check) + payload


def icmp(kind: int, code: int, rest: int, payload: bytes) -> bytes:
    check = 65535 - ((kind << 8 | code) + rest + word_sum(payload)) % 65535
    return ICMP_HEADER.pack(kind, code, check, rest) + payload


def icmp6(src: int, dst: int, kind: int, code: int, rest: int, payload: bytes) -> bytes:
    words = src + dst + ICMP6 + 8 + len(payload) + (kind << 8 | code) + rest
    check = 65535 - (words + word_sum(payload)) % 65535
    return ICMP_HEADER.pack(kind, code, check, rest) + payload


# --- whole packets ----------------------------------------------------------


def tcp4_packet(
    source: tuple[int, Origin],
    dst: int,
    sport: int,
    dport: int,
    seq: int,
    ack: int,
    flags: int,
    window: int,
    ttl: int,
    ident: int,
    options: bytes = b"",
    fragment: int = 0,
) -> Packet:
    """A TCP packet without data, the bulk of the traffic: header built in one go."""
    src, origin = source
    size = 20 + len(options)
    offset = size << 2
    ip_words = 0x4500 + 20 + size + ident + fragment + (ttl << 8 | TCP) + src + dst
    words = src + dst + TCP + size + sport + dport + seq + ack + (offset << 8 | flags) + window
    if options:
        words += int.from_bytes(options, "big")
    body = IP4_TCP.pack(
        0x45, 0, 20 + size, ident, fragment, ttl, TCP, 65535 - ip_words % 65535, src, dst,
        sport, dport, seq, ack, offset, flags, window, 65535 - words % 65535, 0,
    )  # fmt: skip
    return Packet(SHAPE_TCP4, origin, dport, flags, window, src, body + options)


def udp4_packet(
    source: tuple[int, Origin], dst: int, sport: int, dport: int, payload: bytes, ttl: int, ident: int
) -> Packet:
    src, origin = source
    segment = udp(src, dst, sport, dport, payload)
    body = ip4(src, dst, UDP, segment, ttl=ttl, ident=ident)
    return Packet(SHAPE_UDP4, origin, dport, 0, 0, src, body)


def icmp4_packet(
    source: tuple[int, Origin], dst: int, kind: int, code: int, rest: int, payload: bytes, ttl: int, ident: int
) -> Packet:
    src, origin = source
    body = ip4(src, dst, ICMP, icmp(kind, code, rest, payload), ttl=ttl, ident=ident)
    return Packet(SHAPE_ICMP4, origin, 0, kind, code, src, body)


def tcp6_packet(
    source: tuple[int, Origin],
    dst: int,
    sport: int,
    dport: int,
    seq: int,
    ack: int,
    flags: int,
    window: int,
    hop_limit: int,
    options: bytes = b"",
) -> Packet:
    src, origin = source
    segment = tcp(src, dst, sport, dport, seq, ack, flags, window, options)
    body = ip6(src, dst, TCP, segment, hop_limit=hop_limit)
    return Packet(SHAPE_TCP6, origin, dport, flags, window, src | V6_MARK, body)


def udp6_packet(
    source: tuple[int, Origin], dst: int, sport: int, dport: int, payload: bytes, hop_limit: int
) -> Packet:
    src, origin = source
    body = ip6(src, dst, UDP, udp(src, dst, sport, dport, payload), hop_limit=hop_limit)
    return Packet(SHAPE_UDP6, origin, dport, 0, 0, src | V6_MARK, body)


def icmp6_packet(
    source: tuple[int, Origin], dst: int, kind: int, code: int, rest: int, payload: bytes, hop_limit: int
) -> Packet:
    src, origin = source
    message = icmp6(src, dst, kind, code, rest, payload)
    body = ip6(src, dst, ICMP6, message, hop_limit=hop_limit)
    return Packet(SHAPE_ICMP6, origin, 0, kind, code, src | V6_MARK, body)
