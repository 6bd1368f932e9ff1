"""Link types, ethertypes, tags and address families: what decides the class of a frame."""

from . import frames as f
from . import files
from .registry import counting

PACKET4, PACKET6 = f.ip4(f.tcp()), f.ip6(f.udp(), f.UDP)

# Every raw link type goes by the version nibble, also those that are named after one version.
for _link in (12, 14, 101, 228, 229):
    counting(
        f"raw_{_link}_every_version",
        [bytes((version << 4 | 5,)) + PACKET4[1:] for version in range(16)]
        + [bytes((version << 4,)) + PACKET6[1:] for version in range(16)],
        _link,
        class_={"ipv4": 2, "ipv6": 2, "arp": 0, "other": 28},
        # a version changed on the other header's bytes leaves lengths that cannot be
        malformed={"ipv4_ihl": 1, "ipv6_length": 1},
        tcp_port={"23": 1},
        udp_port={"53": 1},
    )

for _name, _link in (("null", 0), ("loop", 108)):
    for _order in "<>":
        _side = "little" if _order == "<" else "big"
        counting(  # the port tells which families were taken
            f"{_name}_families_{_side}_ip4",
            [f.null(f.ip4(f.tcp(family)), family, _order) for family in range(256)],
            _link,
            class_={"ipv4": 1, "ipv6": 4, "arp": 0, "other": 251},
            malformed={"ipv6_version": 4},
            tcp_port={"2": 1},
        )
        counting(
            f"{_name}_families_{_side}_ip6",
            [f.null(f.ip6(f.udp(family), f.UDP), family, _order) for family in range(256)],
            _link,
            class_={"ipv4": 1, "ipv6": 4, "arp": 0, "other": 251},
            malformed={"ipv4_version": 1},
            udp_port={"10": 1, "24": 1, "28": 1, "30": 1},
        )

counting(
    "null_families_wide",  # a known family in the wrong two of the four bytes is none
    [f.null(PACKET4, 1 << bit) for bit in range(32)]
    + [f.null(PACKET4, family << shift) for family in (2, 10, 24, 28, 30) for shift in (8, 16)]
    + [f.null(PACKET4, 2 | 2 << 24), f.null(PACKET4, 0xFFFFFFFF)],
    0,
    class_={"ipv4": 2, "ipv6": 0, "arp": 0, "other": 42},
)

ETHERTYPES = (
    *range(0, 0x0600, 0x55),  # lengths of 802.3
    *(0x0600, 0x0700, 0x07FF, 0x0800, 0x0801, 0x0802, 0x0805, 0x0806, 0x0807, 0x0808, 0x0008),
    *(0x22F3, 0x6558, 0x8035, 0x809B, 0x80F3, 0x80FF, 0x8101, 0x8137, 0x8600, 0x86DC, 0x86DD, 0x86DE, 0xDD86),
    *(0x8808, 0x8809, 0x8847, 0x8848, 0x8863, 0x8864, 0x888E, 0x88A7, 0x88A9, 0x88CC, 0x88E5, 0x88E7, 0x88F7),
    *(0x8906, 0x8926, 0x893F, 0x9000, 0x90FF, 0x9101, 0x9200, 0x9300, 0xA888, 0x0081, 0x0091, 0xFFFF),
)

for _name, _link, _build in (("eth", 1, f.eth), ("sll", 113, f.sll), ("sll2", 276, f.sll2)):
    counting(
        f"{_name}_ethertypes",
        [_build(f.ip4(f.tcp(ethertype)), ethertype) for ethertype in ETHERTYPES]
        + [_build(f.ip6(f.udp(ethertype), f.UDP), ethertype) for ethertype in ETHERTYPES],
        _link,
        class_={"ipv4": 2, "ipv6": 2, "arp": 2, "other": 2 * len(ETHERTYPES) - 6},
        malformed={"ipv4_version": 1, "ipv6_version": 1},
        tcp_port={str(0x0800): 1},
        udp_port={str(0x86DD): 1},
    )
    counting(
        f"{_name}_tag_orders",
        [
            _build(packet, ethertype, (outer, middle, inner)[3 - depth :])
            for packet, ethertype in ((PACKET4, 0x0800), (PACKET6, 0x86DD), (f.arp(), 0x0806), (bytes(40), 0x8847))
            for depth in range(4)
            for outer in (0x8100, 0x88A8, 0x9100)
            for middle in (0x8100, 0x88A8, 0x9100)
            for inner in (0x8100, 0x88A8, 0x9100)
        ],
        _link,
        class_={name: 108 for name in ("ipv4", "ipv6", "arp", "other")},
        malformed={},
        tcp_port={"23": 108},
        udp_port={"53": 108},
    )

counting(
    "eth_many_tags",
    [f.eth(PACKET4, f.ETH_IPV4, (0x8100,) * count) for count in range(64)]
    + [f.eth(PACKET6, f.ETH_IPV6, (0x88A8,) * 350), f.eth(b"", 0x8100, (0x8100,) * 370)],
    class_={"ipv4": 64, "ipv6": 1, "arp": 0, "other": 1},
    malformed={"vlan": 1},
)

_SNAP = bytes.fromhex("aaaa03000000")
counting(
    "eth_llc",
    [
        f.eth(_SNAP + bytes.fromhex("0800") + PACKET4, len(PACKET4) + 8),
        f.eth(_SNAP + bytes.fromhex("86dd") + PACKET6, len(PACKET6) + 8),
        f.eth(bytes.fromhex("424203") + bytes(35), 38),
        f.eth(bytes.fromhex("ffff0022") + bytes(34), 38),
        f.eth(_SNAP + bytes.fromhex("0806") + f.arp(), 36, (0x8100,)),
    ],
    class_={"ipv4": 0, "ipv6": 0, "arp": 0, "other": 5},
    malformed={},
)

counting(
    "eth_encapsulated",  # nothing is unwrapped
    [
        f.eth(bytes.fromhex("11000001002a0021") + PACKET4, 0x8864),
        f.eth(bytes.fromhex("1100000100420057") + PACKET6, 0x8864),
        f.eth(bytes.fromhex("00010140") + PACKET4, 0x8847),
        f.eth(f.ip4(PACKET4, 4)),
        f.eth(f.ip4(PACKET6, 41)),
        f.eth(f.ip6(PACKET4, 4), f.ETH_IPV6),
        f.eth(f.ip6(PACKET6, 41), f.ETH_IPV6),
        f.eth(f.ip4(bytes.fromhex("00000800") + PACKET4, 47)),
        f.eth(f.ip4(f.udp(4789, bytes.fromhex("0800000000000100") + f.eth(PACKET4)), f.UDP)),
        f.eth(f.ip4(f.icmp(3, 3, PACKET4), f.ICMP)),
        f.eth(f.ip6(f.icmp(1, 4, PACKET6), f.ICMP6), f.ETH_IPV6),
    ],
    class_={"ipv4": 5, "ipv6": 3, "arp": 0, "other": 3},
    ip_proto={"4": 2, "41": 2, "1": 1, "17": 1, "47": 1, "58": 1},
    tcp_port={},
    udp_port={"4789": 1},
)

counting(
    "eth_versions",
    [f.eth(bytes((version << 4 | 5,)) + PACKET4[1:]) for version in range(16)]
    + [f.eth(bytes((version << 4,)) + PACKET6[1:], f.ETH_IPV6) for version in range(16)]
    + [f.eth(bytes((version << 4,))) for version in range(16)]  # one byte is enough to tell
    + [f.eth(bytes((version << 4,)), f.ETH_IPV6) for version in range(16)]
    + [files.Record(f.eth(bytes((version << 4,))), 60) for version in range(16)]
    + [files.Record(f.eth(bytes((version << 4,)), f.ETH_IPV6), 60) for version in range(16)],
    malformed={"ipv4_version": 45, "ipv6_version": 45, "ipv4_header": 1, "ipv6_header": 1},
    truncated={"ipv4_header": 1, "ipv6_header": 1},
)

counting(
    "eth_padding",
    [f.eth(packet) + bytes(count) for packet in (PACKET4, f.ip4(b"", 59)) for count in range(0, 40)]
    + [f.eth(PACKET6, f.ETH_IPV6) + b"\xff" * count for count in range(0, 40)]
    + [files.Record(f.eth(PACKET4), 60), files.Record(f.eth(PACKET4) + bytes(6), 1500)],
    malformed={},
    truncated={},
    tcp_port={"23": 42},
    udp_port={"53": 40},
)

counting(
    "zero_length",
    [files.Record(b""), files.Record(b"", 60), files.Record(b"", 13), files.Record(b"", 14)],
    malformed={"eth": 2},
    truncated={"eth": 2},
    bytes=87,
)
for _link, _reasons in ((101, {}), (0, {"eth": 1}), (113, {"eth": 1}), (276, {"eth": 1})):
    counting(
        f"zero_length_{_link}",
        [files.Record(b""), files.Record(b"", 60)],
        _link,
        class_={"ipv4": 0, "ipv6": 0, "arp": 0, "other": 2},
        malformed=_reasons,
        truncated=_reasons,
    )

counting(
    "original_length_lies",  # the wire length is never below the captured one, and may be huge
    [
        files.Record(f.eth(PACKET4), 0),
        files.Record(f.eth(PACKET4), 53),
        files.Record(f.eth(PACKET6, f.ETH_IPV6), 20),
        files.Record(f.eth(PACKET4), 0xFFFFFFFF),
        files.Record(f.eth(PACKET4), 0x80000000),
    ],
    bytes=54 + 54 + 62 + 0xFFFFFFFF + 0x80000000,
    malformed={},
    truncated={},
)
