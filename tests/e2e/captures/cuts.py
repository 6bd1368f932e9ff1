"""Frames cut at every byte.

Each layout names its headers, outermost first, with their sizes and the reason that a cut inside
gives. Cut by the capture, with the wire length intact, every such cut is `truncated` for the reason
of the header it fell into. Cut on the wire, it is `malformed`; behind a whole IP header it is then
the IP length that is wrong, as that check comes first. To reach the headers above IP on the wire,
the third ladder shortens the IP packet itself and lets the frame keep its length.
"""

from . import frames as f
from .files import Record
from .registry import captured, counting

ETHERNET = ("eth", 14)
IP4 = ("ipv4_header", 20)
IP6 = ("ipv6_header", 40)
TCP = ("tcp_header", 20)
UDP = ("udp_header", 8)


def _chain():
    return (
        f.extension(f.DESTINATION)
        + f.extension(f.ROUTING, 1)
        + f.routing(f.FRAGMENT)
        + f.fragment6(f.AUTH)
        + f.authentication(f.DESTINATION)
        + f.extension(f.TCP, 2)
        + f.tcp()
    )


# name, link type, frame, headers in order; an empty reason is a cut that gives no verdict
LAYOUTS = (
    ("eth_arp", 1, f.eth(f.arp(), f.ETH_ARP), [ETHERNET]),
    ("eth_llc", 1, f.eth(bytes.fromhex("424203") + bytes(35), 38), [ETHERNET]),
    ("eth_ip4_tcp", 1, f.eth4(f.tcp(), f.TCP), [ETHERNET, IP4, TCP]),
    (
        "eth_ip4_tcp_options",
        1,
        f.eth4(f.tcp(options=bytes.fromhex("020405b401010402")), f.TCP),
        [ETHERNET, IP4, TCP],
    ),
    ("eth_ip4_udp", 1, f.eth4(f.udp(payload=b"query"), f.UDP), [ETHERNET, IP4, UDP]),
    ("eth_ip4_icmp", 1, f.eth4(f.icmp(payload=bytes(8)), f.ICMP), [ETHERNET, IP4, ("icmp_header", 8)]),
    ("eth_ip4_igmp", 1, f.eth4(bytes(8), f.IGMP), [ETHERNET, IP4]),
    (
        "eth_ip4_options_tcp",
        1,
        f.eth4(f.tcp(), f.TCP, options=bytes(8)),
        [ETHERNET, IP4, ("ipv4_options", 8), TCP],
    ),
    (
        "eth_ip4_most_options_udp",
        1,
        f.eth4(f.udp(), f.UDP, options=bytes([1]) * 40),
        [ETHERNET, IP4, ("ipv4_options", 40), UDP],
    ),
    ("eth_ip6_tcp", 1, f.eth6(f.tcp(), f.TCP), [ETHERNET, IP6, TCP]),
    ("eth_ip6_udp", 1, f.eth6(f.udp(payload=bytes(3)), f.UDP), [ETHERNET, IP6, UDP]),
    ("eth_ip6_icmp6", 1, f.eth6(f.icmp(128), f.ICMP6), [ETHERNET, IP6, ("icmp6_header", 8)]),
    ("eth_ip6_nothing", 1, f.eth6(bytes(4), f.NOTHING), [ETHERNET, IP6]),
    ("vlan_8100_ip4_tcp", 1, f.eth4(f.tcp(), f.TCP, (0x8100,)), [ETHERNET, ("vlan", 4), IP4, TCP]),
    ("vlan_88a8_ip4_udp", 1, f.eth4(f.udp(), f.UDP, (0x88A8,)), [ETHERNET, ("vlan", 4), IP4, UDP]),
    ("vlan_9100_ip6_udp", 1, f.eth6(f.udp(), f.UDP, (0x9100,)), [ETHERNET, ("vlan", 4), IP6, UDP]),
    ("vlan_arp", 1, f.eth(f.arp(), f.ETH_ARP, (0x8100,)), [ETHERNET, ("vlan", 4)]),
    ("qinq_ip4_tcp", 1, f.eth4(f.tcp(), f.TCP, (0x88A8, 0x8100)), [ETHERNET, ("vlan", 8), IP4, TCP]),
    (
        "triple_tag_ip6_tcp",
        1,
        f.eth6(f.tcp(), f.TCP, (0x9100, 0x88A8, 0x8100)),
        [ETHERNET, ("vlan", 12), IP6, TCP],
    ),
    (
        "ten_tags_ip4_icmp",
        1,
        f.eth4(f.icmp(), f.ICMP, (0x8100,) * 10),
        [ETHERNET, ("vlan", 40), IP4, ("icmp_header", 8)],
    ),
    ("ext_hop_tcp", 1, f.eth6(f.extension(f.TCP) + f.tcp(), f.HOP), [ETHERNET, IP6, ("ipv6_ext", 8), TCP]),
    (
        "ext_hop_long_udp",
        1,
        f.eth6(f.extension(f.UDP, 3) + f.udp(), f.HOP),
        [ETHERNET, IP6, ("ipv6_ext", 32), UDP],
    ),
    ("ext_routing_udp", 1, f.eth6(f.routing(f.UDP) + f.udp(), f.ROUTING), [ETHERNET, IP6, ("ipv6_ext", 24), UDP]),
    ("ext_fragment_udp", 1, f.eth6(f.fragment6(f.UDP) + f.udp(), f.FRAGMENT), [ETHERNET, IP6, ("ipv6_ext", 8), UDP]),
    (
        "ext_auth_tcp",
        1,
        f.eth6(f.authentication(f.TCP) + f.tcp(), f.AUTH),
        [ETHERNET, IP6, ("ipv6_ext", 24), TCP],
    ),
    (
        "ext_auth_odd_tcp",  # 20 bytes: no multiple of eight
        1,
        f.eth6(f.authentication(f.TCP, 3) + f.tcp(), f.AUTH),
        [ETHERNET, IP6, ("ipv6_ext", 20), TCP],
    ),
    (
        "ext_destination_icmp6",
        1,
        f.eth6(f.extension(f.ICMP6, 1) + f.icmp(3), f.DESTINATION),
        [ETHERNET, IP6, ("ipv6_ext", 16), ("icmp6_header", 8)],
    ),
    ("ext_chain_tcp", 1, f.eth6(_chain(), f.HOP), [ETHERNET, IP6, ("ipv6_ext", 8 + 16 + 24 + 8 + 24 + 24), TCP]),
    ("raw12_ip4_tcp", 12, f.ip4(f.tcp()), [("", 1), ("ipv4_header", 19), TCP]),
    ("raw14_ip6_udp", 14, f.ip6(f.udp(), f.UDP), [("", 1), ("ipv6_header", 39), UDP]),
    ("raw101_ip6_icmp6", 101, f.ip6(f.icmp(1), f.ICMP6), [("", 1), ("ipv6_header", 39), ("icmp6_header", 8)]),
    ("raw228_ip4_udp", 228, f.ip4(f.udp(), f.UDP), [("", 1), ("ipv4_header", 19), UDP]),
    ("raw229_ip6_tcp", 229, f.ip6(f.tcp()), [("", 1), ("ipv6_header", 39), TCP]),
    ("null_ip4_tcp", 0, f.null(f.ip4(f.tcp())), [("eth", 4), IP4, TCP]),
    ("loop_ip6_udp", 108, f.null(f.ip6(f.udp(), f.UDP), 24, ">"), [("eth", 4), IP6, UDP]),
    ("sll_ip4_icmp", 113, f.sll(f.ip4(f.icmp(), f.ICMP)), [("eth", 16), IP4, ("icmp_header", 8)]),
    (
        "sll_vlan_ip6_tcp",
        113,
        f.sll(f.ip6(f.tcp()), f.ETH_IPV6, (0x8100,)),
        [("eth", 16), ("vlan", 4), IP6, TCP],
    ),
    ("sll2_ip6_udp", 276, f.sll2(f.ip6(f.udp(), f.UDP), f.ETH_IPV6), [("eth", 20), IP6, UDP]),
    (
        "sll2_qinq_ip4_tcp",
        276,
        f.sll2(f.ip4(f.tcp()), f.ETH_IPV4, (0x88A8, 0x8100)),
        [("eth", 20), ("vlan", 8), IP4, TCP],
    ),
)


def _sum(pairs):
    totals = {}
    for reason, size in pairs:
        if reason:
            totals[reason] = totals.get(reason, 0) + size
    return totals


def _cut_on_the_wire(headers, total):
    """Behind a whole IP header every cut is one of the IP length."""
    for i, (reason, _) in enumerate(headers):
        if reason in ("ipv4_header", "ipv6_header"):
            below = headers[: i + 1]
            missing = total - sum(size for _, size in below)
            return _sum([*below, (reason.replace("header", "length"), missing)])
    return _sum(headers)


for _name, _link, _frame, _headers in LAYOUTS:
    _sizes = range(len(_frame) + 1)
    counting(
        f"cut_captured_{_name}",
        [captured(_frame, size) for size in _sizes],
        _link,
        truncated=_sum(_headers),
        malformed={},
        bytes=len(_frame) * len(_sizes),
    )
    counting(
        f"cut_wire_{_name}",
        [_frame[:size] for size in _sizes],
        _link,
        malformed=_cut_on_the_wire(_headers, len(_frame)),
        truncated={},
        bytes=sum(_sizes),
    )


# Above IP: the packet ends early, the frame does not. Bytes behind the end look like the missing
# header and must not be read as such.
ABOVE = (
    ("tcp", f.TCP, f.tcp(), [("tcp_header", 20)]),
    ("udp", f.UDP, f.udp(length=8), [("udp_header", 8)]),
    ("icmp", f.ICMP, f.icmp(), [("icmp_header", 8)]),
    ("icmp6", f.ICMP6, f.icmp(128), [("icmp6_header", 8)]),
    ("hop_tcp", f.HOP, f.extension(f.TCP, 1) + f.tcp(), [("ipv6_ext", 16), ("tcp_header", 20)]),
    ("routing_udp", f.ROUTING, f.routing(f.UDP) + f.udp(length=8), [("ipv6_ext", 24), ("udp_header", 8)]),
    ("fragment_tcp", f.FRAGMENT, f.fragment6(f.TCP) + f.tcp(), [("ipv6_ext", 8), ("tcp_header", 20)]),
    ("auth_udp", f.AUTH, f.authentication(f.UDP) + f.udp(length=8), [("ipv6_ext", 24), ("udp_header", 8)]),
    ("destination_icmp6", f.DESTINATION, f.extension(f.ICMP6) + f.icmp(1), [("ipv6_ext", 8), ("icmp6_header", 8)]),
    ("chain_tcp", f.HOP, _chain(), [("ipv6_ext", 8 + 16 + 24 + 8 + 24 + 24), ("tcp_header", 20)]),
)


def _ends4(protocol, payload):
    """Packets that end at every byte of the payload: padded with zeros, then with what was cut off."""
    for size in range(len(payload) + 1):
        packet = f.ip4(payload, protocol, total=20 + size)
        yield f.eth(packet[: 20 + size].ljust(60, b"\0"))
        yield f.eth(packet)


def _ends6(following, payload):
    for size in range(len(payload) + 1):
        packet = f.ip6(payload, following, length=size)
        yield f.eth(packet[: 40 + size], f.ETH_IPV6)
        yield f.eth(packet + bytes(20), f.ETH_IPV6)


for _name, _protocol, _payload, _headers in ABOVE:
    _expect = {reason: 2 * size for reason, size in _headers}
    if _protocol in (f.TCP, f.UDP, f.ICMP):
        counting(f"end_ip4_{_name}", list(_ends4(_protocol, _payload)), malformed=_expect, truncated={})
    if _protocol != f.ICMP:
        counting(f"end_ip6_{_name}", list(_ends6(_protocol, _payload)), malformed=_expect, truncated={})

# Cut by the capture and ended by the packet at once: what the packet has decides.
counting(
    "end_before_cut",
    [
        Record(f.eth(f.ip4(f.tcp(), total=20 + ends))[: 34 + cut], 54)
        for ends in range(21)
        for cut in range(21)
    ],
    malformed={"tcp_header": 20 * 21},
    truncated={"tcp_header": 20},
    tcp_port={"23": 1},
)
