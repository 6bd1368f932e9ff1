"""IPv6 extension headers: chains, lengths, the jumbo option."""

from itertools import permutations, product

from . import frames as f
from .files import Record
from .registry import captured, counting


HEADERS = {
    f.HOP: lambda following: f.extension(following),
    f.ROUTING: lambda following: f.extension(following, 1),
    f.FRAGMENT: lambda following: f.fragment6(following),
    f.AUTH: lambda following: f.authentication(following, 4),
    f.DESTINATION: lambda following: f.extension(following, 2),
}


def chain(kinds, last, payload):
    """The first protocol number, and the headers of these kinds in front of the payload."""
    for kind in reversed(kinds):
        payload = HEADERS[kind](last) + payload
        last = kind
    return payload, last


counting(
    "chain_orders",
    [f.eth6(*chain(kinds, f.TCP, f.tcp())) for kinds in permutations(HEADERS)],
    malformed={},
    tcp_port={"23": 120},
)
counting(
    "chain_pairs",  # also a header twice, also hop-by-hop behind another
    [
        f.eth6(*chain(kinds, last, payload))
        for kinds in product(HEADERS, repeat=2)
        for last, payload in ((f.UDP, f.udp()), (f.ICMP6, f.icmp(128)), (f.ESP, bytes(16)), (f.NOTHING, b""))
    ],
    malformed={},
    ip_proto={"17": 25, "50": 25, "58": 25, "59": 25},
)
counting(
    "chain_long",  # no limit is named
    [f.eth6(*chain((f.DESTINATION,) * count, f.TCP, f.tcp())) for count in range(0, 60)]
    + [f.eth6(f.extension(f.DESTINATION) * 170 + f.extension(f.UDP) + f.udp(), f.DESTINATION)],
    malformed={},
    tcp_port={"23": 60},
    udp_port={"53": 1},
)
counting(
    "extension_longest",
    [
        f.eth6(f.extension(f.TCP, 255, bytes(2046)) + f.tcp(), f.HOP),
        f.eth6(f.routing(f.TCP, 255) + f.tcp(), f.ROUTING),
        f.eth6(f.extension(f.TCP, 255, bytes(2046)) + f.tcp(), f.DESTINATION),
        f.eth6(f.authentication(f.TCP, 255) + f.tcp(), f.AUTH),
    ],
    malformed={},
    tcp_port={"23": 4},
)
counting(
    "extension_lengths",  # the header's own length against what the packet has: 40 bytes
    [
        f.eth6(bytes((f.TCP, units)) + bytes(18) + f.tcp(), kind)
        for kind in (f.HOP, f.ROUTING, f.DESTINATION)
        for units in range(8)
    ]
    + [f.eth6(bytes((f.TCP, words)) + bytes(18) + f.tcp(), f.AUTH) for words in range(12)],
    # units 0 leaves 32 bytes, 1 leaves 24 (both with zeros where the offset is), 2 leaves 16, 3
    # leaves 8, 4 leaves none, more does not fit; words 0 to 2 leave 32 to 24 bytes with zeros
    # there, 3 leaves exactly the segment, 4 to 8 too little
    malformed={"tcp_offset": 6 + 3, "tcp_header": 9 + 5, "ipv6_ext": 9 + 3},
    tcp_port={"23": 1},
    ip_proto={"6": 24, "unresolved": 12},
)
counting(
    "auth_shortest",  # eight bytes: less than the format allows, but a length all the same
    [f.eth6(f.authentication(f.TCP, 0) + f.tcp(), f.AUTH)],
    malformed={},
    tcp_port={"23": 1},
)
counting(
    "extension_cut_by_capture",  # long headers, of which the length field was or was not captured
    [
        captured(f.eth6(header + f.tcp(), kind), 54 + size)
        for kind, header in (
            (f.HOP, f.extension(f.TCP, 7)),
            (f.ROUTING, f.routing(f.TCP, 7)),
            (f.AUTH, f.authentication(f.TCP, 14)),
            (f.DESTINATION, f.extension(f.TCP, 7)),
        )
        for size in range(65)
    ],
    truncated={"ipv6_ext": 4 * 64, "tcp_header": 4},
    ip_proto={"unresolved": 256, "6": 4},
)
counting(
    "extension_too_long_and_cut",  # longer than the packet, as soon as its length is captured
    [
        Record(f.eth6(bytes((f.TCP, 9)) + bytes(38), kind)[: 54 + size], 94)
        for kind in (f.HOP, f.ROUTING, f.DESTINATION, f.AUTH)
        for size in range(2, 40)
    ],
    malformed={"ipv6_ext": 4 * 38},
    truncated={},
)
counting(
    "extension_ends_in_padding",  # the frame has the bytes, the packet has not
    [f.eth6(f.extension(f.TCP) + f.tcp(), kind, length=4) for kind in (f.HOP, f.ROUTING, f.DESTINATION)]
    + [f.eth6(f.authentication(f.TCP) + f.tcp(), f.AUTH, length=20)]
    + [f.eth6(f.fragment6(f.TCP) + f.tcp(), f.FRAGMENT, length=7)],
    malformed={"ipv6_ext": 5},
    region={"KR": 5},
    ip_proto={"unresolved": 5},
)
counting(
    "extension_like_in_ip4",  # under IPv4 these numbers are protocols
    [f.eth(f.ip4(HEADERS[kind](f.TCP) + f.tcp(), kind)) for kind in HEADERS],
    malformed={},
    ip_proto={"0": 1, "43": 1, "44": 1, "51": 1, "60": 1},
)
counting(
    "not_walked",  # ESP, mobility, HIP, shim6, experiments, no next header: protocols
    [f.eth6(f.extension(f.TCP) + f.tcp(), following) for following in (50, 59, 135, 139, 140, 253, 254, 255)],
    malformed={},
    tcp_port={},
)

# Jumbo payloads. The payload length is 0 and the length stands in a hop-by-hop option.


def _jumbo(size, behind, following=f.TCP, options=b"", units=0, length=0):
    header = f.extension(following, units, options + f.jumbo_option(size))
    return f.eth6(header + behind, f.HOP, length=length)


counting(
    "jumbo_small",
    [
        _jumbo(28, f.tcp()),
        _jumbo(16, f.udp(), f.UDP),
        _jumbo(16, f.udp(length=0), f.UDP),
        _jumbo(16, f.icmp(128), f.ICMP6),
        _jumbo(36, f.tcp(), options=bytes((0, 0)) + bytes((1, 4)) + bytes(4), units=1),
        _jumbo(36, f.tcp(), options=bytes((1, 0, 0, 1, 3, 9, 9, 9)), units=1),
        _jumbo(36, f.tcp(), options=bytes((0x1E, 6)) + bytes(6), units=1),
        _jumbo(28, f.tcp()) + bytes(20),  # padding behind the jumbo length
    ],
    malformed={},
    truncated={},
    tcp_port={"23": 5},
    udp_port={"53": 2},
    icmp6={"128/0": 1},
)
counting(
    "jumbo_length_all",  # 28 bytes are there
    [_jumbo(length, f.tcp()) for length in range(48)] + [_jumbo(0xFFFFFFFF, f.tcp()), _jumbo(1 << 16, f.tcp())],
    # below 8 the length does not even cover the header in which it stands
    malformed={"ipv6_ext": 8, "tcp_header": 20, "ipv6_length": 21},
    ip_proto={"6": 21, "unresolved": 8},
)
counting(
    "jumbo_udp_lengths",
    [_jumbo(24, f.udp(length=length, payload=bytes(8)), f.UDP) for length in range(24)],
    malformed={"udp_length": 7 + 7},
    udp_port={"53": 10},
)
counting(
    "udp_length_zero_without_jumbo",
    [
        f.eth6(f.udp(length=0), f.UDP),
        f.eth6(f.extension(f.UDP) + f.udp(length=0), f.HOP),
        _jumbo(16, f.udp(length=0), f.UDP, length=16),  # the option beside a payload length
        f.eth(f.ip4(f.udp(length=0), f.UDP)),
    ],
    malformed={"udp_length": 4},
)
counting(
    "jumbo_beside_payload_length",  # a payload length that is not 0 counts, the option does not
    [_jumbo(length, f.tcp(), length=28) for length in (0, 28, 1000, 0xFFFFFFFF)],
    malformed={},
    tcp_port={"23": 4},
)
counting(
    "jumbo_absent",  # nothing says how long the packet is: its payload is empty
    [
        f.eth6(f.extension(f.TCP) + f.tcp(), f.HOP, length=0),
        f.eth6(f.extension(f.TCP, 1) + f.tcp(), f.HOP, length=0),
        f.eth6(b"", f.HOP, length=0),
        f.eth6(bytes(7), f.HOP, length=0),
        f.eth6(bytes((f.TCP, 9)) + bytes(30), f.HOP, length=0),  # longer than the wire
        f.eth6(f.extension(f.TCP, 0, bytes((0xC2, 3, 0, 0, 28))) + f.tcp(), f.HOP, length=0),  # no jumbo length
        f.eth6(f.extension(f.TCP, 0, bytes((0xC2, 5, 0, 0, 0, 28))) + f.tcp(), f.HOP, length=0),  # overruns
        f.eth6(f.extension(f.TCP, 0, bytes((1, 4, 0xC2, 4, 0, 0))) + f.tcp(), f.HOP, length=0),  # in padding
        f.eth6(f.extension(f.TCP, 0, bytes((0, 0, 0, 0, 0, 0xC2))) + f.tcp(), f.HOP, length=0),
        f.eth6(f.extension(f.TCP, 0, bytes((0, 0, 0, 0, 0xC2, 4))) + bytes((0, 0, 0, 28)) * 8, f.HOP, length=0),
        f.eth6(f.extension(f.TCP, 0, bytes((1, 0, 0xC2, 4, 1, 1))) + bytes((0, 28)) * 16, f.HOP, length=0),
    ],
    malformed={"ipv6_ext": 11},
    ip_proto={"unresolved": 11},
)
counting(
    "jumbo_in_other_header",  # only hop-by-hop, only first
    [
        f.eth6(f.extension(f.TCP, 0, f.jumbo_option(28)) + f.tcp(), f.DESTINATION, length=0),
        f.eth6(f.extension(f.HOP) + f.jumbo(f.TCP, 36) + f.tcp(), f.DESTINATION, length=0),
        f.eth6(f.tcp(), f.TCP, length=0),
        f.eth6(f.udp(), f.UDP, length=0),
        f.eth6(f.icmp(128), f.ICMP6, length=0),
        f.eth6(bytes(8), f.NOTHING, length=0),
    ],
    malformed={"ipv6_ext": 2, "tcp_header": 1, "udp_header": 1, "icmp6_header": 1},
    ip_proto={"unresolved": 2, "17": 1, "58": 1, "59": 1, "6": 1},
)
_FRAME = _jumbo(36, f.tcp(), options=bytes((1, 6)) + bytes(6), units=1)
counting(
    "jumbo_cut_captured",
    [captured(_FRAME, size) for size in range(len(_FRAME) + 1)],
    truncated={"eth": 14, "ipv6_header": 40, "ipv6_ext": 16, "tcp_header": 20},
    malformed={},
)
counting(
    "jumbo_cut_wire",
    [_FRAME[:size] for size in range(len(_FRAME) + 1)],
    malformed={"eth": 14, "ipv6_header": 40, "ipv6_ext": 16, "ipv6_length": 20},
    truncated={},
)
counting(
    "jumbo_chain",
    [
        f.eth6(f.jumbo(f.DESTINATION, 36) + f.extension(f.TCP) + f.tcp(), f.HOP, length=0),
        f.eth6(f.jumbo(f.FRAGMENT, 36) + f.fragment6(f.TCP) + f.tcp(), f.HOP, length=0),
        f.eth6(f.jumbo(f.FRAGMENT, 24) + f.fragment6(f.UDP, 3) + f.udp(), f.HOP, length=0),
        f.eth6(f.jumbo(f.DESTINATION, 12) + f.extension(f.TCP) + f.tcp(), f.HOP, length=0),
    ],
    malformed={"ipv6_ext": 1},
    tcp_port={"23": 2},
    no_l4={"17": 1},
)

# Frames longer than any Ethernet. What the capture holds of them is 70,000 bytes or less.
_BODY = bytes(range(256)) * 280
counting(
    "big_frames",
    [
        f.eth(f.ip4(f.tcp(payload=_BODY[:8946]))),
        f.eth(f.ip4(f.udp(payload=_BODY[:8958]), f.UDP)),
        f.eth(f.ip6(f.udp(payload=_BODY[:8938]), f.UDP), f.ETH_IPV6),
        f.eth(f.ip4(f.tcp(payload=_BODY[: 65535 - 40]))),
        f.eth(f.ip4(f.udp(payload=_BODY[: 65535 - 28]), f.UDP)),
        f.eth(f.ip6(f.tcp(payload=_BODY[: 65535 - 20])), f.ETH_IPV6),
        f.eth(f.ip4(f.tcp())).ljust(65535, b"\xff"),
        f.eth(f.ip4(f.tcp())).ljust(65536, b"\xff"),
        f.eth(f.ip4(f.tcp())).ljust(70000, b"\xff"),
        f.eth(_BODY[:69986], 0x88CC),
    ],
    malformed={},
    truncated={},
    bytes=9000 * 3 + 65549 * 2 + 65589 + 65535 + 65536 + 70000 * 2,
    tcp_port={"23": 6},
    udp_port={"53": 3},
)
counting(
    "big_jumbograms",
    [
        _jumbo(8 + 69938, f.tcp(payload=_BODY[:69918])),  # 70,000 bytes, all captured
        _jumbo(8 + 69938, f.udp(length=0, payload=_BODY[:69930]), f.UDP),
        _jumbo(8 + 69938, f.udp(length=9, payload=_BODY[:69930]), f.UDP),
        _jumbo(8 + 69939, f.udp(length=0, payload=_BODY[:69930]), f.UDP),  # a byte too long
        captured(_jumbo(8 + 69938, f.tcp(payload=_BODY[:69918])), 128),
        Record(_jumbo(1_000_000, f.tcp(payload=_BODY[:60000])), 1_000_054),
        Record(_jumbo(1_000_001, f.tcp(payload=_BODY[:60000])), 1_000_054),
        Record(_jumbo(0xFFFFFFC9, f.udp(length=0), f.UDP), 0xFFFFFFFF),
        Record(_jumbo(0xFFFFFFCA, f.udp(length=0), f.UDP), 0xFFFFFFFF),
    ],
    malformed={"ipv6_length": 3},
    truncated={},
    tcp_port={"23": 3},
    udp_port={"53": 3},
)
