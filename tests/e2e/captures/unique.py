"""Different sources: by region and by port, and what makes two addresses the same one."""

import random

from . import files, frames as f
from .files import NS, Record
from .registry import BASE_S, counting, standing

counting(
    "sources_of_every_verdict",  # a source is one once the IP header is good, whatever is above
    [f.eth4(f.tcp()[:10], source="5.5.0.1"), f.eth4(f.tcp(offset=4), source="5.5.5.1")]
    + [f.eth4(b"", f.IGMP, source="1.0.0.1"), f.eth(f.ip4(f.tcp(), source="5.5.5.5", fragment=9))]
    + [f.eth4(f.tcp(), source="1.0.1.1", total=19), f.eth4(f.tcp(), source="1.0.1.2", ihl=4)]
    + [f.eth6(b"", f.HOP, source="2400:2::1"), f.eth6(f.tcp(), source="2a00::1", length=21)]
    + [f.eth(f.arp(), f.ETH_ARP), f.eth4(f.tcp()[:10], source="5.5.0.1")],
    sources__total=5,
    sources__region={"JP": 2, "AU": 1, "NL": 1, "TW": 1},
    sources__port={},
)
counting(
    "sources_one_everywhere",  # one source: every protocol, port and kind
    [f.eth4(f.tcp(port)) for port in range(0, 65536, 911)]
    + [f.eth4(f.udp(port), f.UDP) for port in range(0, 65536, 1013)]
    + [f.eth4(f.icmp(kind), f.ICMP) for kind in range(20)]
    + [f.eth4(bytes(20), protocol) for protocol in (2, 47, 50, 132)]
    + [f.eth4(f.tcp(), fragment=fragment) for fragment in (f.MORE, 5)],
    sources__total=1,
    sources__region={"RU": 1},
    backscatter__sources=1,
)
_same = [f"2400:{group:x}::{end}" for group in range(8) for end in ("5", "5:0:0:0:5", "505")]
counting(
    "sources_alike",  # the same low or high 64 bits, IPv4 and what holds it in IPv6
    [f.eth6(f.tcp(), source=source) for source in _same for _ in range(2)]
    + [f.eth4(f.tcp(), source="5.5.5.5") for _ in range(3)]
    + [f.eth6(f.tcp(), source=source) for source in ("::ffff:5.5.5.5", "::5.5.5.5", "64:ff9b::5.5.5.5")]
    + [f.eth6(f.tcp(), source=source) for source in ("2002:505:505::", "0505:0505::", "::", "::1")]
    + [f.eth4(f.tcp(), source=source) for source in ("0.0.0.0", "0.0.0.1", "255.255.255.255")]
    + [f.eth6(f.tcp(), source="::ffff:255.255.255.255"), f.eth6(f.tcp(), source="ffff:" * 7 + "ffff")],
    sources__total=24 + 1 + 3 + 4 + 3 + 2,
    sources__port={"23/tcp": 24 + 1 + 3 + 4 + 3 + 2},
)
counting(
    "sources_alike_send_backscatter",
    [f.eth6(f.tcp(9, f.RST), source=source) for source in _same]
    + [f.eth4(f.tcp(9, f.RST), source="5.5.5.5"), f.eth6(f.tcp(9, f.RST), source="::ffff:5.5.5.5")]
    + [f.eth6(f.tcp(9, f.RST), source="::5.5.5.5"), f.eth6(f.icmp(129), f.ICMP6, source="64:ff9b::5.5.5.5")]
    + [f.eth6(f.icmp(1), f.ICMP6, source=source) for source in ("::", "::1", "2400:0:0:1::", "2400:0:0:1:0:0:0:1")],
    backscatter__sources=24 + 4 + 4,
)
counting(
    "sources_of_ports",  # the same port of both transports, and a source at several
    [f.eth4(f.tcp(53), source=f"5.0.0.{i}") for i in range(10)]
    + [f.eth4(f.udp(53), f.UDP, source=f"5.0.0.{i}") for i in range(5, 30)]
    + [f.eth4(f.tcp(port), source="5.0.0.1") for port in (53, 80, 53, 80, 443, 53, 80)]
    + [f.eth6(f.tcp(53), source="2400::1"), f.eth4(f.tcp(53), source="5.0.0.2", fragment=4)],
    sources__total=31,
    sources__port={"53/udp": 25, "53/tcp": 11, "443/tcp": 1, "80/tcp": 1},
)
counting(
    "sources_128_ports",  # as many packets to each: the lowest ports of TCP, then those of UDP
    [f.eth4(f.udp(port), f.UDP, source=f"8.8.8.{port}") for port in range(100)]
    + [f.eth4(f.tcp(port), source=f"5.5.5.{port % 7}") for port in range(99, -1, -1)],
    sources__port=dict.fromkeys(
        sorted([f"{port}/tcp" for port in range(100)] + [f"{port}/udp" for port in range(28)]), 1
    ),
)
counting(
    "sources_busiest_ports",  # by packets, not by sources: one busy sender keeps out ports with many
    [f.eth4(f.tcp(10000 + port), source="5.5.5.5") for port in range(127) for _ in range(3)]
    + [f.eth4(f.tcp(20000 + port), source=f"5.0.{port}.{last}") for port in range(40) for last in range(2)]
    + [f.eth4(f.udp(7), f.UDP, source="5.5.5.5")],
    sources__total=81,
)


def _scattered(seed, count, ports):
    dice = random.Random(seed)
    for _ in range(count):
        port, kind = min(int(dice.paretovariate(0.5)), ports), dice.randrange(6)
        if kind == 0:
            yield f.eth6(f.tcp(port), source=f"2400:{dice.randrange(3)}::{dice.randrange(40):x}")
            continue
        source = f"{dice.choice((5, 8, 77))}.{dice.choice((5, 8))}.{dice.choice((5, 8))}.{dice.randrange(250)}"
        if kind == 1:
            yield f.eth4(f.udp(port), f.UDP, source=source)
        else:
            yield f.eth4(f.tcp(port, dice.choice((2, 2, 2, 18))), source=source)


for _seed in range(3):
    counting(f"sources_scattered_{_seed}", list(_scattered(_seed, 2500, 3000 * (_seed + 1) - 2000)))


def _at(seconds, frame):
    return Record(frame, at_ns=int((BASE_S + seconds) * NS))


def _minutes(seed):
    """The same sources again in other minutes: each interval begins with none."""
    dice = random.Random(seed)
    for second in range(0, 600):
        source = f"5.5.{second // 300}.{dice.randrange(30)}"
        port = dice.choice((23, 445, dice.randrange(200)))
        kind = dice.randrange(4)
        if kind == 0:
            yield _at(second, f.eth4(f.tcp(port, f.SYN | f.ACK, source_port=443), source=source))
        else:
            yield _at(second, f.eth4(f.tcp(port, window=dice.choice((8192, 1024))), source=source, ident=54321))


standing("sources_in_several_intervals", [files.pcap(list(_minutes(1)))])
standing("sources_in_all", [files.pcap(list(_minutes(2)))], interval="all")
standing("sources_of_two_files", [files.pcap(list(_minutes(seed))) for seed in (3, 4)], interval=300)
