"""The shipped signatures: each with what it matches and what it nearly matches."""

import ipaddress
import itertools
import random

from . import frames as f
from .registry import captured, counting

NAMES = ("smb-8192", "smb-other", "mirai", "zmap-old", "zmap-new", "masscan", "gre")

TARGET = int(ipaddress.IPv4Address(f.TARGET4))
TARGET6_END = int(ipaddress.IPv6Address(f.TARGET6)) & 0xFFFFFFFF
GRE = 47
ZMAP_IDENT = 54321

MSS, NOP, WS, SACK, TIMES = b"\x02\4\5\xb4", b"\1", b"\3\3\x08", b"\4\2", b"\x08\x0a" + bytes(8)
END = b"\0"
ZMAP = MSS + NOP + WS + NOP + NOP + SACK

# Every set of flags that starts a connection, whatever CWR, ECE, URG and PSH say, and those nearest to it.
SYNS = [f.SYN | more for more in (0, f.PSH, f.URG, f.ECE, f.CWR, f.PSH | f.URG | f.ECE | f.CWR)]
NO_SYNS = [0, f.ACK, f.SYN | f.ACK, f.SYN | f.RST, f.SYN | f.FIN, f.FIN, f.RST, f.PSH, 0xFF]


def _expect(**packets):
    """Packets of each signature by hand; those not named have none."""
    return {f"signatures__{name}__packets": packets.get(name.replace("-", "_"), 0) for name in NAMES}


def _from(*sources):
    """The same packet from several sources."""
    return lambda payload, **fields: [f.eth4(payload, source=one, **fields) for one in sources]


def masscan(port, seq, target=TARGET):
    return (target ^ port ^ seq) & 0xFFFF


def zmap(source=f.SOURCE4, options=ZMAP, window=65535, ttl=200, flags=f.SYN, **fields):
    """`fields` of the IP header."""
    return f.eth4(f.tcp(80, flags, window, options=options), source=source, ttl=ttl, **fields)


counting(
    "signature_smb",
    [f.eth4(f.tcp(445, flags, 8192)) for flags in SYNS + NO_SYNS]
    + [f.eth4(f.tcp(445, f.SYN, window)) for window in (8191, 8193, 0, 65535, 0x0020)]
    + [f.eth4(f.tcp(port, f.SYN, 8192)) for port in (444, 446, 0xBD01)]
    + [f.eth4(f.tcp(139, f.SYN, 8192, source_port=445)), f.eth4(f.udp(445, bytes(20)), f.UDP)]
    + [f.eth6(f.tcp(445, f.SYN, 8192)), f.eth6(f.tcp(445, f.SYN, 1024))]
    + [f.eth(f.ip4(f.tcp(445), fragment=f.MORE)), f.eth(f.ip4(f.tcp(445), fragment=3))],
    **_expect(smb_8192=len(SYNS) + 2, smb_other=6),
)
counting(
    "signature_mirai",
    [f.eth4(f.tcp(23, flags, seq=TARGET)) for flags in SYNS + NO_SYNS]
    + [f.eth4(f.tcp(23, f.SYN, seq=TARGET ^ bit)) for bit in (1, 1 << 8, 1 << 16, 1 << 31)]
    + [f.eth4(f.tcp(23, f.SYN, seq=int.from_bytes(TARGET.to_bytes(4, "big"), "little")))]
    + [f.eth4(f.tcp(23, f.SYN, seq=TARGET), target="198.51.100.8"), f.eth4(f.tcp(23, f.SYN, ack=TARGET))]
    + [f.eth6(f.tcp(23, f.SYN, seq=TARGET6_END)), f.eth4(f.tcp(23, seq=int(ipaddress.IPv4Address(f.SOURCE4))))]
    + [f.eth4(f.tcp(23, seq=0), target="0.0.0.0"), f.eth4(f.tcp(23, seq=0xFFFFFFFF), target="255.255.255.255")],
    **_expect(mirai=len(SYNS) + 2),
)
counting(
    "signature_zmap_old",
    [f.eth4(f.tcp(80, flags), ident=ZMAP_IDENT) for flags in SYNS + NO_SYNS]
    + [f.eth4(f.tcp(80), ident=ident) for ident in (ZMAP_IDENT ^ 1, ZMAP_IDENT ^ 0x8000, 0x31D4)]
    + [f.eth4(f.udp(80), f.UDP, ident=ZMAP_IDENT), f.eth6(f.tcp(80, seq=ZMAP_IDENT))],
    **_expect(zmap_old=len(SYNS)),
)
counting(
    "signature_masscan",
    [
        f.eth4(f.tcp(port, seq=seq, window=window), ident=masscan(port, seq))
        for port, seq, window in itertools.product((0, 80, 65535), (0, 0x12345678, 0xFFFF0000), (1024, 1025))
    ]
    + [f.eth4(f.tcp(80, flags, seq=99), ident=masscan(80, 99)) for flags in SYNS + NO_SYNS]
    + [f.eth4(f.tcp(80, seq=99), ident=masscan(80, 99) ^ bit) for bit in (1, 0x80, 0x100, 0x8000)]
    + [f.eth4(f.tcp(80, seq=99, source_port=7), ident=masscan(7, 99)), f.eth4(f.udp(80), f.UDP, ident=masscan(80, 0))],
    **_expect(masscan=18 + len(SYNS)),
)
counting(
    "signature_gre",
    [f.eth4(bytes(size), GRE) for size in (0, 4, 40)]
    + [f.eth6(bytes(8), GRE), f.eth6(f.extension(GRE) + bytes(8), f.HOP)]
    + [f.eth4(bytes(8), protocol) for protocol in (46, 48)]
    + [f.eth(f.ip4(bytes(8), GRE, fragment=5)), f.eth(f.ip6(f.fragment6(GRE, 3) + bytes(8), f.FRAGMENT), f.ETH_IPV6)]
    + [f.eth(f.ip4(bytes(8), GRE, total=19)), f.eth(f.ip6(b"", GRE, length=1), f.ETH_IPV6)],
    **_expect(gre=7),
    signatures__gre__port={},
)

# --- ZMap since 4.1 -----------------------------------------------------------

counting(
    "signature_zmap_new",
    [zmap(flags=flags) for flags in SYNS + NO_SYNS]
    + [zmap(ttl=ttl) for ttl in (0, 1, 127, 128, 129, 130, 254, 255)]
    + [zmap(window=window) for window in (65534, 0, 0xFF00)]
    + [zmap(options=MSS + NOP + WS[:2] + bytes((scale,)) + NOP + NOP + SACK) for scale in (0, 7, 8, 9, 255)]
    + [zmap(options=b"\2\4\0\0" + ZMAP[4:]), f.eth6(f.tcp(80, window=65535, options=ZMAP), ttl=255)],
    **_expect(zmap_new=len(SYNS) + 4 + 1 + 1),
)


def _orders():
    """The six options in every order: they are different ones, the NOPs apart."""
    for order in sorted(set(itertools.permutations((MSS, NOP, WS, NOP, NOP, SACK)))):
        yield b"".join(order)


counting("signature_zmap_new_orders", [zmap(options=options) for options in _orders()], **_expect(zmap_new=1))
counting(
    "signature_zmap_new_near",
    [
        zmap(options=options)
        for options in (
            b"",
            END + ZMAP + bytes(3),
            ZMAP + END + bytes(3),  # an end behind them is no option
            ZMAP + END + b"\2\4\5",  # nor what stands behind the end
            ZMAP + NOP + END + bytes(2),
            ZMAP + NOP * 4,
            ZMAP + TIMES + NOP + NOP,
            NOP + ZMAP + END + bytes(2),
            NOP * 4 + ZMAP,
            ZMAP + ZMAP,
            MSS + NOP + WS + NOP + NOP + END,
            MSS + NOP + WS + NOP + END + END,
            MSS + NOP + WS + NOP + SACK + NOP,
            MSS + NOP + WS + SACK + NOP + NOP,
            MSS + SACK + NOP + NOP + WS + NOP,
            MSS + NOP + WS + NOP + NOP + b"\5\2",
            MSS + NOP + b"\x08\3\x08" + NOP + NOP + SACK,
            b"\x13\4\5\xb4" + ZMAP[4:],  # kinds that are the same in their last four bits
            MSS + b"\x11\2" + WS + NOP + SACK,
        )
    ],
    **_expect(zmap_new=2),
)


def _lengths():
    """Each option with every length: the list ends at one that says nothing good."""
    for size in (*range(8), 12, 13, 255):
        yield b"\2" + bytes((size,)) + ZMAP[2:]
        yield ZMAP[:6] + bytes((size,)) + ZMAP[7:]
        yield ZMAP[:11] + bytes((size,))
        yield ZMAP + b"\x08" + bytes((size,)) + bytes(2)
        yield ZMAP + NOP * 3 + bytes((max(size, 2),))


counting("signature_zmap_new_lengths", [zmap(options=options) for options in _lengths()])
counting(
    "signature_zmap_new_long_values",  # an option of another length is still that option
    [
        zmap(options=b"\2\6" + bytes(4) + NOP + WS + NOP + NOP + SACK + END + END),
        zmap(options=b"\2\2" + NOP + WS + NOP + NOP + SACK + END + END),
        zmap(options=MSS + NOP + WS + NOP + NOP + b"\4\6" + bytes(4)),
        zmap(options=MSS + NOP + b"\3\7\x08" + bytes(4) + NOP + NOP + SACK),
        zmap(options=MSS + NOP + b"\3\2" + NOP + NOP + SACK + END),
    ],
)
_whole = zmap()
counting(
    "signature_zmap_new_cuts",  # a header of which the capture has a part: what is not there is no option
    [captured(_whole, size) for size in range(54, len(_whole) + 1)]
    + [captured(zmap(options=ZMAP + END + bytes(3)), size) for size in range(54, 71)],
    malformed={},
    truncated={},
)
counting(
    "signature_zmap_new_offsets",  # options end where the header does, and the header where the packet does
    [f.eth4(f.tcp(80, window=65535, options=ZMAP, offset=offset, payload=ZMAP), ttl=255) for offset in range(5, 16)]
    + [f.eth4(f.tcp(80, window=65535, offset=8) + ZMAP, ttl=255, total=40 + size) for size in range(13)]
    + [f.eth(f.ip4((f.tcp(80, window=65535, offset=8) + ZMAP)[:size], ttl=255, fragment=f.MORE)) for size in (24, 32)],
)
counting(
    "signature_options",  # of every length and kind, with a good list in front and behind
    [
        zmap(options=options.ljust(-len(options) // 4 * -4, b"\1"))
        for kind in (2, 3, 4, 5, 8, 14, 15, 16, 17, 19, 29, 34, 253, 254, 255)
        for size in (0, 1, 2, 3, 4, 10, 18, 34)
        for body in [bytes((kind, size)) + bytes(max(size - 2, 0))]
        for options in (body, NOP + body, body + SACK, SACK + body)
        if len(options) <= 40
    ],
)


def _mixtures(count, seed):
    """Lists put together of pieces, good and bad ones."""
    dice = random.Random(seed)
    pieces = (MSS, NOP, WS, SACK, TIMES, END, NOP, b"\3\3\7", b"\4\1", b"\xfe\4ab", b"\2", b"\3\x09\x08", b"\x22\2")
    for _ in range(count):
        options = b"".join(dice.choice(pieces) for _ in range(dice.randrange(12)))
        if dice.random() < 0.5:
            cut = dice.randrange(len(ZMAP))
            options = ZMAP[:cut] + dice.choice((*pieces, b"")) + ZMAP[cut:] + options
        yield zmap(options=options[:40].ljust(-min(len(options), 40) // 4 * -4, b"\0"))


counting("signature_option_mixtures", list(_mixtures(600, 5)))

# --- whom they count ----------------------------------------------------------

A, B, C, D = "5.1.0.1", "5.5.0.2", "8.8.8.3", "128.0.0.4"
_not = {"ident": ZMAP_IDENT ^ 1}
counting(
    "signature_sources_by_chance",
    # A: nothing but ZMap. B: ZMap, and a SYN that is not. C: ZMap, and packets that are no SYN. D: one chance hit.
    [frame for _ in range(3) for frame in _from(A, B, C)(f.tcp(80), ident=ZMAP_IDENT)]
    + [f.eth4(f.tcp(22), source=A, ident=ZMAP_IDENT), f.eth4(f.tcp(22), source=B, **_not)]
    + [f.eth4(f.tcp(80, flags), source=C, **_not) for flags in NO_SYNS]
    + [f.eth4(f.udp(80), f.UDP, source=C), f.eth4(f.icmp(), f.ICMP, source=C), f.eth4(bytes(8), GRE, source=C)]
    + [f.eth4(f.tcp(22), source=D, **_not) for _ in range(5)]
    + [f.eth4(f.tcp(22), source=D, ident=ZMAP_IDENT)],
    **{
        "signatures__zmap-old": {
            "packets": 11,
            "sources": 2,
            "region": {
                "RU": {"packets": 4, "sources": 1},
                "US": {"packets": 4, "sources": 1},
                "JP": {"packets": 3, "sources": 0},
            },
            "port": {"80/tcp": {"packets": 9, "sources": 2}, "22/tcp": {"packets": 2, "sources": 1}},
        }
    },
)
counting(
    "signature_sources_of_any_packet",  # one matching packet among others is enough for these
    [f.eth4(f.tcp(port, seq=seq), source=A) for port, seq in ((23, 1), (23, TARGET), (22, 2), (22, TARGET), (80, 3))]
    + [f.eth4(f.tcp(445, window=window), source=B) for window in (1024, 8192, 8192)]
    + [f.eth4(f.tcp(445, window=1024), source=C), f.eth4(f.tcp(444), source=C), f.eth4(bytes(8), GRE, source=C)],
    signatures__mirai={
        "packets": 2,
        "sources": 1,
        "region": {"RU": {"packets": 2, "sources": 1}},
        "port": {"22/tcp": {"packets": 1, "sources": 1}, "23/tcp": {"packets": 1, "sources": 1}},
    },
    **{
        "signatures__smb-8192__region": {"JP": {"packets": 2, "sources": 1}},
        "signatures__smb-other": {
            "packets": 2,
            "sources": 2,
            "region": {"JP": {"packets": 1, "sources": 1}, "US": {"packets": 1, "sources": 1}},
            "port": {"445/tcp": {"packets": 2, "sources": 2}},
        },
    },
)
counting(
    "signature_two_at_once",
    [f.eth4(f.tcp(port, seq=TARGET), ident=port, source=A) for port in (445, 80)]  # mirai, masscan, smb
    + [f.eth4(f.tcp(445, seq=TARGET ^ 445 ^ ZMAP_IDENT), ident=ZMAP_IDENT, source=source) for source in (A, B)]
    + [zmap(A, ident=ZMAP_IDENT), zmap(C, ident=ZMAP_IDENT)],
    **_expect(smb_8192=3, mirai=2, masscan=4, zmap_old=4, zmap_new=2),
)
counting(
    "signature_of_a_first_fragment",
    [f.eth(f.ip4(f.tcp(445, seq=TARGET, options=ZMAP, window=65535), ttl=255, fragment=f.MORE | f.DONT))]
    + [f.eth(f.ip4(f.tcp(445, seq=TARGET), fragment=offset)) for offset in (1, f.MORE | 1)],
    **_expect(smb_other=1, mirai=1, zmap_new=1),
)
counting(
    "signature_of_what_is_wrong",  # no verdict, no match
    [f.eth4(f.tcp(445, seq=TARGET)[:19], total=39), f.eth4(f.tcp(445, seq=TARGET, offset=4))]
    + [captured(f.eth4(f.tcp(445, seq=TARGET), ident=ZMAP_IDENT), 53), f.eth4(f.tcp(445, seq=TARGET), ihl=4)],
    **_expect(),
)


def _crowd(seed, count):
    """Sources of which each is partly a scanner, a worm and something else."""
    dice = random.Random(seed)
    for _ in range(count):
        last = dice.randrange(200)
        source = f"{dice.choice((5, 8, 77, 200))}.{dice.choice((5, 8))}.{dice.choice((5, 8))}.{last}"
        port, seq = dice.choice((445, 23, 80, dice.randrange(65536))), dice.getrandbits(32)
        target = f"198.51.100.{dice.randrange(256)}"
        number = int(ipaddress.IPv4Address(target))
        kind = last % 8 if dice.random() < 0.97 else dice.randrange(8)
        if kind == 0:
            yield f.eth4(f.tcp(port, seq=number, window=dice.choice((1024, 8192))), source=source, target=target)
        elif kind == 1:
            yield f.eth4(f.tcp(port, seq=seq), source=source, target=target, ident=ZMAP_IDENT)
        elif kind == 2:
            yield zmap(source)
        elif kind == 3:
            yield f.eth4(f.tcp(port, seq=seq), source=source, target=target, ident=masscan(port, seq, number))
        elif kind == 4:
            yield f.eth4(bytes(8), GRE, source=source, target=target)
        elif kind == 5:
            flags = dice.choice(NO_SYNS + SYNS)
            yield f.eth4(f.tcp(port, flags, seq=seq), source=source, target=target, ident=dice.choice((0, ZMAP_IDENT)))
        elif kind == 6:
            yield f.eth6(f.tcp(port, window=8192), source=f"2400::{last:x}")
        else:
            yield f.eth4(f.udp(port), f.UDP, source=source)


for _seed in range(3):
    counting(f"signature_crowd_{_seed}", list(_crowd(_seed, 1500)))
