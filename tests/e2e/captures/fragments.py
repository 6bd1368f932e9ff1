"""Fragments of both IP versions: who has a transport header, and which checks still apply."""

from . import frames as f
from .files import Record
from .registry import counting


def _eth4(payload, protocol, fragment, **lies):
    return f.eth(f.ip4(payload, protocol, fragment=fragment, **lies))


def _eth6(payload, protocol, offset=0, more=False, **lies):
    return f.eth(f.ip6(f.fragment6(protocol, offset, more) + payload, f.FRAGMENT, **lies), f.ETH_IPV6)


TRANSPORTS = (
    (f.TCP, f.tcp(payload=bytes(12)), f.tcp(offset=15), f.tcp(offset=4)),
    (f.UDP, f.udp(payload=bytes(24)), f.udp(length=1480), f.udp(length=7)),
    (f.ICMP, f.icmp(8), f.icmp(13), f.icmp(8)[:7]),
    (f.ICMP6, f.icmp(128), f.icmp(129), f.icmp(128)[:7]),
)
OFFSETS = (1, 2, 3, 185, 4096, 8190, 8191)

counting(
    "fragments_ip4_offsets",
    [
        _eth4(whole, protocol, offset | more | dont)
        for protocol, whole, _, _ in TRANSPORTS
        for offset in (0, *OFFSETS)
        for more in (0, f.MORE)
        for dont in (0, f.DONT)
    ],
    malformed={},
    no_l4={"58": 32, "1": 28, "17": 28, "6": 28},
    tcp_port={"23": 4},
    udp_port={"53": 4},
    icmp={"8/0": 4},
)
counting(
    "fragments_ip6_offsets",
    [
        _eth6(whole, protocol, offset, more)
        for protocol, whole, _, _ in TRANSPORTS
        for offset in (0, *OFFSETS)
        for more in (False, True)
    ],
    malformed={},
    no_l4={"1": 16, "17": 14, "58": 14, "6": 14},
    tcp_port={"23": 2},
    udp_port={"53": 2},
    icmp6={"128/0": 2},
)
counting(
    "fragments_ip4_every_offset_bit",
    [_eth4(f.tcp(), f.TCP, 1 << bit) for bit in range(16)],
    # bits 0 to 12 are the offset; more, dont and the reserved bit leave a first fragment
    no_l4={"6": 13},
    tcp_port={"23": 3},
)
counting(
    "fragments_ip6_every_offset_bit",
    [
        f.eth(f.ip6(bytes((f.TCP, reserved)) + (1 << bit).to_bytes(2, "big") + bytes(4) + f.tcp(), f.FRAGMENT), 0x86DD)
        for bit in range(16)
        for reserved in (0, 0xFF)
    ],
    # bit 0 is more, bits 1 and 2 are reserved
    no_l4={"6": 26},
    tcp_port={"23": 6},
)
counting(
    "fragments_first_long_lengths",  # lengths that only the whole datagram has
    [
        build(far, protocol, **first)
        for protocol, _, far, _ in TRANSPORTS
        for build, first in ((_eth4, {"fragment": f.MORE}), (_eth6, {"more": True}))
    ],
    malformed={},
    no_l4={"1": 1, "58": 1},
    tcp_port={"23": 2},
    udp_port={"53": 2},
    icmp={"13/0": 1},
    icmp6={"129/0": 1},
)
counting(
    "fragments_atomic_long_lengths",  # offset 0 and no more to come: a whole packet
    [
        build(far, protocol, **first)
        for protocol, _, far, _ in TRANSPORTS
        for build, first in ((_eth4, {"fragment": 0}), (_eth4, {"fragment": f.DONT}), (_eth6, {}))
    ],
    malformed={"tcp_offset": 3, "udp_length": 3},
    no_l4={"58": 2, "1": 1},
)
counting(
    "fragments_first_short_lengths",  # too small in any fragment
    [
        build(small, protocol, **first)
        for protocol, _, _, small in TRANSPORTS
        for build, first in ((_eth4, {"fragment": f.MORE}), (_eth6, {"more": True}))
    ],
    malformed={"tcp_offset": 2, "udp_length": 2, "icmp6_header": 1, "icmp_header": 1},
)
counting(
    "fragments_first_every_offset_value",
    [_eth4(f.tcp(offset=offset), f.TCP, f.MORE) for offset in range(16)]
    + [_eth6(f.tcp(offset=offset), f.TCP, more=True) for offset in range(16)],
    malformed={"tcp_offset": 10},
    tcp_port={"23": 22},
)
counting(
    "fragments_first_too_short",
    [
        frame
        for size in range(25)
        for frame in (
            _eth4(f.tcp(payload=bytes(4))[:size], f.TCP, f.MORE),
            _eth4(f.udp(payload=bytes(16))[:size], f.UDP, f.MORE),
            _eth4(f.icmp(payload=bytes(16))[:size], f.ICMP, f.MORE) + bytes(30),
            _eth6(f.tcp(payload=bytes(4))[:size], f.TCP, more=True),
            _eth6(f.udp(payload=bytes(16))[:size], f.UDP, more=True),
            _eth6(f.icmp(payload=bytes(16))[:size], f.ICMP6, more=True),
        )
    ],
    malformed={"tcp_header": 40, "udp_header": 16, "icmp6_header": 8, "icmp_header": 8},
    truncated={},
)
counting(
    "fragments_first_cut",  # the wire had the header
    [Record(_eth4(f.tcp(), f.TCP, f.MORE)[:size], 54) for size in range(34, 54)]
    + [Record(_eth6(f.udp(), f.UDP, more=True)[:size], 70) for size in range(54, 70)],
    truncated={"tcp_header": 20, "ipv6_ext": 8, "udp_header": 8},
    malformed={},
)
counting(
    "fragments_later_empty",  # nothing is read above a later fragment, so nothing can be missing
    [_eth4(b"", protocol, 5) for protocol, *_ in TRANSPORTS]
    + [_eth6(b"", protocol, 5) for protocol, *_ in TRANSPORTS]
    + [Record(_eth4(f.tcp(), f.TCP, 5)[:34], 54), Record(_eth6(f.tcp(), f.TCP, 5)[:62], 82)],
    malformed={},
    truncated={},
    no_l4={"6": 4, "1": 2, "17": 2, "58": 2},
)
counting(
    "fragments_other_protocols",  # only protocols with a transport header of ours can lack one
    [_eth4(bytes(8), protocol, offset) for protocol in (2, 47, 50, 132) for offset in (0, 5, f.MORE)]
    + [_eth6(bytes(8), protocol, offset) for protocol in (2, 47, 50, 132) for offset in (0, 5)],
    malformed={},
    no_l4={},
    ip_proto={"132": 5, "2": 5, "47": 5, "50": 5},
)
counting(
    "fragments_ip6_header_next",  # a later fragment counts for what its fragment header names
    [_eth6(bytes(16), following, 9) for following in (f.HOP, f.ROUTING, f.FRAGMENT, f.AUTH, f.DESTINATION, f.NOTHING)]
    + [_eth6(f.extension(f.TCP) + f.tcp(), f.DESTINATION, 0, more) for more in (False, True)]
    + [_eth6(f.extension(f.TCP, 3), f.DESTINATION, 0, True, length=24)],
    malformed={"ipv6_ext": 1},
    ip_proto={"6": 2, "0": 1, "43": 1, "44": 1, "51": 1, "59": 1, "60": 1, "unresolved": 1},
    no_l4={},
)
counting(
    "fragments_ip6_behind_options",
    [
        f.eth(f.ip6(f.extension(f.FRAGMENT) + f.fragment6(f.UDP, offset, more) + f.udp(), f.HOP), f.ETH_IPV6)
        for offset in (0, 1)
        for more in (False, True)
    ],
    malformed={},
    udp_port={"53": 2},
    no_l4={"17": 2},
)
