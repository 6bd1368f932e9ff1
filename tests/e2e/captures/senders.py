"""Who sends backscatter: per source its classes, ports, targets and times."""

import random

from . import files, frames as f
from .files import NS, Record
from .registry import BASE_S, captured, counting, standing

SYNACK, RSTACK = f.SYN | f.ACK, f.RST | f.ACK


def _tcp(source="5.5.5.5", flags=SYNACK, source_port=443, target=f.TARGET4, port=5000):
    return f.eth4(f.tcp(port, flags, source_port=source_port), source=source, target=target)


def _error(kind, quoted, source="5.5.5.5", code=0):
    return f.eth4(f.icmp(kind, code, quoted), f.ICMP, source=source)


def _error6(kind, quoted, source="2400::5"):
    return f.eth6(f.icmp(kind, 0, quoted), f.ICMP6, source=source)


counting(
    "senders_classes",
    [_tcp(flags=flags) for flags in (SYNACK, SYNACK | f.ECE, f.RST, RSTACK, RSTACK | f.PSH, f.SYN, f.ACK, 0)]
    + [_error(kind, f.ip4(f.udp(9), f.UDP)) for kind in range(20)]
    + [_error6(kind, f.ip6(f.udp(9), f.UDP)) for kind in (0, 1, 2, 3, 4, 5, 100, 128, 129, 130)],
    backscatter__sources=2,
    backscatter__region={"KR": 1, "NL": 1},
)
counting(
    "senders_source_port",  # of the earliest packet with one; the others say only whether it changed
    [_error(3, b"", "5.0.0.1"), _tcp("5.0.0.1", source_port=80), _tcp("5.0.0.1", source_port=443)]
    + [_tcp("5.0.0.2", source_port=port) for port in (53, 53, 53)]
    + [_tcp("5.0.0.3", source_port=port) for port in (0, 0)]
    + [_tcp("5.0.0.4", source_port=port) for port in (0, 65535)]
    + [_error(0, b"", "5.0.0.5"), _error(11, b"", "5.0.0.5")]
    + [_tcp("5.0.0.6", f.SYN, 1), _tcp("5.0.0.6", SYNACK, 2), _tcp("5.0.0.6", f.SYN, 3)]
    + [f.eth4(f.udp(9, source_port=9), f.UDP, source="5.0.0.6"), _tcp("5.0.0.7", f.SYN, 1)]
    + [f.eth4(f.tcp(9, f.RST, source_port=7), source="5.0.0.8", fragment=fragment) for fragment in (f.MORE, 3)],
    backscatter__sources=7,
)
counting(
    "senders_broken",  # what has no class has no sender either
    [f.eth4(f.tcp(9, SYNACK)[:19], source="5.0.0.1"), f.eth4(f.tcp(9, SYNACK, offset=4), source="5.0.0.2")]
    + [f.eth4(f.icmp(3)[:7], f.ICMP, source="5.0.0.3"), f.eth6(f.icmp(3), f.ICMP, source="2400::1")]
    + [captured(_tcp("5.0.0.4"), 53), f.eth(f.ip4(f.tcp(9, SYNACK), source="5.0.0.5", fragment=1))],
    backscatter__sources=0,
    backscatter__top=[],
)
counting(
    "senders_tied",  # as many packets: by address as text, of which the first hundred are shown
    [_tcp(f"5.0.{i // 4}.{i * 7 % 256}") for i in range(130)]
    + [f.eth6(f.tcp(9, f.RST), source=f"2400::{i:x}") for i in range(20)]
    + [f.eth6(f.tcp(9, f.RST), source=f"2a00:0:0:{i}::") for i in range(3)],
    backscatter__sources=153,
)
counting(
    "senders_many",
    [_tcp(f"5.5.{i}.1", target=f"198.51.{i}.{j}") for i in range(120) for j in range(i // 8 + 1)]
    + [_tcp("8.8.8.8", f.RST)] * 5,
    backscatter__sources=121,
)
_targets = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610)
counting(
    "senders_targets",
    [_tcp(f"5.5.5.{n % 256}", target=f"198.51.{i >> 8}.{i & 255}") for n in _targets for i in range(n)]
    + [_tcp("8.8.8.8", target=f"198.51.0.{i % 3}") for i in range(300)]
    + [f.eth6(f.icmp(1), f.ICMP6, target=f"2001:db8::{i:x}:0:0:7") for i in range(50)],
    backscatter__sources=len(_targets) + 2,
)

# --- what ICMP errors quote: it never counts as a packet, whatever it is --------

_inner_tcp = f.tcp(80, f.SYN, source_port=4000)
QUOTED = (
    f.ip4(_inner_tcp[:8], total=40),
    f.ip4(_inner_tcp),
    f.ip4(_inner_tcp[:3], total=40),
    f.ip4(b"", total=40),
    f.ip4(_inner_tcp[:8], options=bytes(12), total=52),
    f.ip4(_inner_tcp[:8], options=bytes(40), total=80)[:24],
    f.ip4(_inner_tcp[:8], fragment=100),
    f.ip4(_inner_tcp[:8], fragment=f.MORE),
    f.ip4(_inner_tcp[:8], ihl=4),
    f.ip4(_inner_tcp[:8], version=6),
    f.ip4(_inner_tcp[:8], total=0),
    f.ip4(f.udp(53)[:8], f.UDP),
    f.ip4(f.udp(53)[:2], f.UDP),
    f.ip4(f.icmp(8), f.ICMP),
    f.ip4(f.icmp(3, 0, f.ip4(_inner_tcp)), f.ICMP),
    f.ip4(bytes(8), 47),
    f.ip4(f.tcp(445, window=8192)),
    f.ip6(_inner_tcp),
    b"",
    b"\x45",
    bytes(19),
    bytes(64),
    b"\xff" * 64,
)
QUOTED6 = (
    f.ip6(_inner_tcp[:8], length=20),
    f.ip6(_inner_tcp),
    f.ip6(_inner_tcp[:3]),
    f.ip6(b""),
    f.ip6(f.extension(f.TCP) + _inner_tcp, f.HOP),
    f.ip6(f.routing(f.TCP) + _inner_tcp, f.ROUTING),
    f.ip6(f.fragment6(f.TCP) + _inner_tcp, f.FRAGMENT),
    f.ip6(f.fragment6(f.TCP, 9) + _inner_tcp, f.FRAGMENT),
    f.ip6(f.extension(f.TCP, 30)[:20], f.HOP),
    f.ip6(f.udp(53), f.UDP),
    f.ip6(f.icmp(128), f.ICMP6),
    f.ip6(f.icmp(1, 0, f.ip6(_inner_tcp)), f.ICMP6),
    f.ip6(_inner_tcp)[:39],
    f.ip4(_inner_tcp),
    b"",
    bytes(80),
)
ERRORS, ERRORS6 = (3, 4, 5, 11, 12), (1, 2, 3, 4)
counting(
    "senders_quotes",
    [_error(kind, quoted, f"5.5.5.{i}") for kind in ERRORS for i, quoted in enumerate(QUOTED)],
    ip_proto={"1": len(ERRORS) * len(QUOTED)},
    tcp_port={},
    udp_port={},
    sources__total=len(QUOTED),
    backscatter__sources=len(QUOTED),
    signatures__gre={"packets": 0, "sources": 0, "region": {}, "port": {}},
)
counting(
    "senders_quotes_ip6",
    [_error6(kind, quoted, f"2400::{i:x}") for kind in ERRORS6 for i, quoted in enumerate(QUOTED6)],
    ip_proto={"58": len(ERRORS6) * len(QUOTED6)},
    tcp_port={},
    sources__total=len(QUOTED6),
    backscatter__sources=len(QUOTED6),
)
_long = _error(3, f.ip4(_inner_tcp, options=bytes(8)))
_long6 = _error6(1, f.ip6(f.extension(f.TCP) + _inner_tcp, f.HOP))
counting(
    "senders_quotes_cut",
    [captured(_long, size) for size in range(34, len(_long) + 1)]
    + [captured(_long6, size) for size in range(54, len(_long6) + 1)],
    backscatter__sources=2,
)
counting(
    "senders_quotes_of_requests", [_error(kind, QUOTED[1]) for kind in (8, 13, 15, 17, 42)], backscatter__sources=0
)

# --- times --------------------------------------------------------------------


def _at(seconds, frame):
    return Record(frame, at_ns=int(BASE_S * NS + round(seconds * 1_000_000) * 1000))


standing(
    "senders_times",  # of packets that are backscatter, in whole seconds
    [
        files.pcap(
            [_at(1.5, _tcp(flags=f.SYN)), _at(3.999999, _tcp()), _at(10, _tcp(flags=f.RST)), _at(20, _tcp(flags=0))]
            + [_at(30.2, _error(3, b"")), _at(45.7, _error(8, b"")), _at(59.999999, _tcp("5.0.0.1"))]
        )
    ],
)
standing(
    "senders_late",  # what comes late is counted with its own time: it may be the first
    [
        files.pcap(
            [_at(130, _tcp(source_port=443)), _at(59.5, _tcp(source_port=80)), _at(140, _tcp(source_port=443))]
            + [_at(125, _tcp("5.0.0.1", source_port=1)), _at(185, _tcp("5.0.0.1", source_port=2))]
            + [_at(20, _tcp("5.0.0.1", source_port=3)), _at(-100, _error(3, b"", "5.0.0.1"))]
        )
    ],
)
standing(
    "senders_out_of_order",
    [
        files.pcap(
            [_at(i, _tcp(f"5.0.0.{i % 4}", source_port=1000 + i)) for i in (50, 3, 20, 57, 41, 1, 6)]
            + [_at(7, _tcp("5.0.0.7", source_port=port)) for port in (9, 8, 9)]  # at the same moment: the first counts
            + [_at(6, _error(11, b"", "5.0.0.7"))]
        )
    ],
)
standing(
    "senders_same_moment_of_two_files",
    [files.pcap([_at(7, _tcp("5.0.0.7", source_port=port)), _at(8, _tcp(f"5.0.0.{port}"))]) for port in (80, 81)],
)


def _traffic(seed, seconds):
    dice = random.Random(seed)
    for second in range(seconds):
        source, target = f"5.{dice.choice((1, 5))}.5.{dice.randrange(60)}", f"198.51.100.{dice.randrange(256)}"
        kind = dice.randrange(5)
        if kind == 0:
            yield _at(second, _error(dice.choice((0, 3, 8, 11, 14)), dice.choice(QUOTED), source, dice.randrange(3)))
        elif kind == 1:
            source = f"2400::{dice.randrange(9)}"
            yield _at(second, _error6(dice.choice((1, 3, 128, 129)), dice.choice(QUOTED6), source))
        else:
            port = dice.choice((443, 443, 80, dice.randrange(65536)))
            yield _at(second, _tcp(source, dice.choice((SYNACK, f.RST, RSTACK, f.SYN)), port, target))


standing("senders_traffic", [files.pcap(list(_traffic(seed, 900))) for seed in range(2)], interval=300)
standing("senders_traffic_all", [files.pcap(list(_traffic(5, 900)))], interval="all")
