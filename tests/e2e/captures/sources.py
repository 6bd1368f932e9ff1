"""Source addresses and their regions."""

import ipaddress
import random

from . import frames as f
from .registry import counting

# The regions of all tests; of networks inside each other the most specific counts. The sources of
# the other captures are in RU and KR.
NETWORKS = (
    ("5.0.0.0/8", "RU"),
    ("5.5.0.0/16", "JP"),
    ("5.5.5.0/24", "TW"),
    ("5.5.5.5/32", "NL"),
    ("5.128.0.0/9", "UA"),
    ("1.0.0.0/24", "AU"),
    ("1.0.1.0/24", "CN"),
    ("1.0.2.0/23", "CN"),
    ("8.8.8.0/24", "US"),
    ("9.9.9.0/24", ""),  # in the table without a country
    ("31.0.0.0/31", "A1"),
    ("128.0.0.0/9", "US"),
    ("192.0.2.0/24", "T1"),
    ("223.255.254.0/24", "SG"),
    ("255.255.255.255/32", "ZZ"),
    ("2400::/12", "KR"),
    ("2400:2::/32", "JP"),
    ("2400:2:3::/48", "99"),
    ("2400:2:3:4::/64", "TW"),
    ("2400:2:3:4::5/128", "NL"),
    ("2a00::/12", "GB"),
    ("2003::/16", "DE"),
    ("fd00::/8", "PP"),
)

# Autonomous systems of some: a network without one belongs to that of the network around it, if any.
SYSTEMS = {
    "5.0.0.0/8": (64500, "Around"),
    "5.5.0.0/16": (64501, "Within, with a comma"),
    "5.5.5.5/32": (4294967295, "One host"),
    "8.8.8.0/24": (15169, "Numbers"),
    "9.9.9.0/24": (64502, ""),  # without a name
    "128.0.0.0/9": (7018, "Long lines"),
    "2400::/12": (64500, "Around"),
    "2400:2:3::/48": (2907, "Research"),
    "2a00::/12": (1, "First"),
}


def _row(network, country):
    number, name = SYSTEMS.get(network, (0, ""))
    return f'{network},{country},{number or ""},"{name}"\n'


TABLE = "network,country,asn,organisation\n" + "".join(_row(*row) for row in NETWORKS)


def _eth4(source, payload=None):
    return f.eth4(f.tcp() if payload is None else payload, source=source)


def _eth6(source):
    return f.eth6(f.tcp(), source=source)


def _by_version(source):
    return _eth4(source) if ipaddress.ip_address(str(source)).version == 4 else _eth6(source)


def _edges():
    """First and last address of every network, and the addresses just outside it."""
    for text, _ in NETWORKS:
        network = ipaddress.ip_network(text)
        first, last = int(network.network_address), int(network.broadcast_address)
        for value in (first - 1, first, last, last + 1):
            if 0 <= value < 1 << network.max_prefixlen:
                yield network.network_address.__class__(value)


counting("region_edges", [_by_version(source) for source in _edges()], malformed={})
counting(
    "region_nested",
    [_eth4(source) for source in ("5.4.255.255", "5.5.4.1", "5.5.5.4", "5.5.5.5", "5.5.5.6", "5.5.6.0", "5.6.0.0")]
    + [_eth4("5.127.255.255"), _eth4("5.128.0.0"), _eth4("4.255.255.255"), _eth4("6.0.0.0"), _eth4("0.0.0.0")],
    region={"--": 3, "RU": 3, "JP": 2, "TW": 2, "NL": 1, "UA": 1},
    region_port={
        "--": {"23/tcp": 3},
        "RU": {"23/tcp": 3},
        "JP": {"23/tcp": 2},
        "TW": {"23/tcp": 2},
        "NL": {"23/tcp": 1},
        "UA": {"23/tcp": 1},
    },
)
counting(
    "region_nested_ip6",
    [_eth6(source) for source in ("2400::", "2400:2::", "2400:2:3::", "2400:2:3:4::", "2400:2:3:4::5", "2400:2:3:5::")]
    + [_eth6("2410::"), _eth6("23ff:ffff::"), _eth6("2a0f:ffff::1"), _eth6("::")],
    region={"--": 3, "99": 2, "GB": 1, "JP": 1, "KR": 1, "NL": 1, "TW": 1},
)

V4 = ("5.4.0.1", "5.5.0.1", "5.5.5.1", "5.5.5.5", "1.0.1.255", "9.9.9.9", "255.255.255.255", "192.0.2.1")


def _embedded(bits_behind, prefix):
    """IPv6 addresses with an IPv4 address in the middle, and bits behind it."""
    for text in V4:
        base = int(ipaddress.IPv6Address(prefix))
        value = int(ipaddress.IPv4Address(text)) << bits_behind
        for behind in (0, (1 << bits_behind) - 1) if bits_behind else (0,):
            yield ipaddress.IPv6Address(base | value | behind)


_REGIONS = {"RU": 1, "JP": 1, "TW": 1, "NL": 1, "CN": 1, "--": 1, "ZZ": 1, "T1": 1}
for _name, _prefix, _bits in (
    ("mapped", "::ffff:0:0", 0),
    ("6to4", "2002::", 80),
    ("teredo", "2001::", 64),  # the server's address, which stands in clear
    ("compatible", "::", 0),  # where an MMDB keeps IPv4
):
    _sources = list(_embedded(_bits, _prefix))
    _each = len(_sources) // 8
    counting(
        f"region_alias_{_name}",
        [_eth6(source) for source in _sources],
        region={key: _each for key in sorted(_REGIONS)},
    )
counting(
    "region_no_alias",  # near the aliases, and other ways to write IPv4 in IPv6
    [
        _eth6(source)
        for prefix in ("::fffe:0:0", "::ffff:0:0:0", "64:ff9b::", "::1:0:0")
        for source in _embedded(0, prefix)
    ]
    + [_eth6(source) for source in _embedded(80, "2004::")]
    + [_eth6(source) for source in _embedded(64, "2001:1::")],
    region={"--": 32 + 16 + 16},
)
counting(
    "region_of_every_verdict",  # the region counts once the IP header is good, whatever is above
    [
        _eth4("5.5.0.1", f.tcp()[:10]),
        _eth4("5.5.5.1", f.tcp(offset=4)),
        f.eth(f.ip4(f.tcp(), source="5.5.5.5", fragment=9)),
        f.eth(f.ip4(b"", f.IGMP, source="1.0.0.1")),
        f.eth(f.ip4(f.tcp(), source="1.0.1.1", total=19)),
        f.eth(f.ip4(f.tcp(), source="1.0.1.1", total=41)),
        f.eth(f.ip4(f.tcp(), source="1.0.1.1", ihl=4)),
        f.eth(f.ip6(b"", f.HOP, source="2400:2::1"), f.ETH_IPV6),
        f.eth(f.ip6(f.tcp(), source="2a00::1", length=21), f.ETH_IPV6),
        f.eth(f.ip6(f.icmp(3), f.ICMP, source="2003::1"), f.ETH_IPV6),
    ],
    region={"JP": 2, "AU": 1, "DE": 1, "NL": 1, "TW": 1},
    region_port={},
    malformed={"ipv4_length": 2, "ipv4_ihl": 1, "ipv6_ext": 1, "ipv6_length": 1, "tcp_header": 1, "tcp_offset": 1},
)

_random = random.Random(14)
counting(
    "region_random_ip4",
    [_eth4(str(ipaddress.IPv4Address(_random.getrandbits(32) & 0x07FFFFFF))) for _ in range(600)],
)
counting(
    "region_random_ip6",
    [_eth6(str(ipaddress.IPv6Address(0x2400 << 112 | _random.getrandbits(120)))) for _ in range(300)],
)


QUOTED = f.ip4(f.tcp(9999, window=9999))


def _transport(dice):
    """Protocol and payload."""
    data = bytes(dice.randrange(30))
    kind = dice.randrange(4)
    if kind == 0:
        return f.ICMP, f.icmp(dice.choice((0, 3, 5, 8, 11, 13)), dice.randrange(4), QUOTED)
    port = dice.choice((22, 23, 23, 23, 80, 445, 445, 6379, 0, 65535, dice.randrange(65536)))
    if kind == 1:
        return f.UDP, f.udp(port, data)
    window = dice.choice((8192, 1024, 65535, dice.randrange(65536)))
    return f.TCP, f.tcp(port, dice.randrange(256), window, data)


def traffic(seed, count):
    """Sound packets of every kind, from many sources to many ports."""
    dice = random.Random(seed)
    for _ in range(count):
        protocol, payload = _transport(dice)
        tags = dice.choice(((), (), (0x8100,), (0x88A8, 0x8100)))
        if dice.random() < 0.2:
            source = f"2400:{dice.randrange(4)}:3::{dice.randrange(64):x}"
            yield f.eth6(payload, f.ICMP6 if protocol == f.ICMP else protocol, tags, source=source)
        else:
            first, second, third = dice.choice((1, 5, 8, 128, 200)), dice.choice((0, 5)), dice.choice((1, 5))
            options = bytes([1] * dice.choice((0, 0, 0, 8)))
            source = f"{first}.{second}.{third}.{dice.randrange(256)}"
            yield f.eth4(payload, protocol, tags, source=source, options=options)


for _seed in range(3):
    counting(f"traffic_{_seed}", list(traffic(_seed, 1000)), malformed={}, truncated={})
