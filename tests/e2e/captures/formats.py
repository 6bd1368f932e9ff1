"""The same frames in every form of capture file: byte orders, resolutions, blocks."""

import struct

from . import files, frames as f
from .files import NS, Record
from .registry import BASE_S, captured, counting, standing

FRAMES = (
    f.eth(f.ip4(f.tcp(23))),
    f.eth(f.ip4(f.udp(53, bytes(9)), f.UDP)),  # an odd length: blocks are padded
    f.eth(f.ip6(f.icmp(128), f.ICMP6), f.ETH_IPV6),
    captured(f.eth(f.ip4(f.tcp(445, payload=bytes(100)))), 54),
    captured(f.eth(f.ip4(f.tcp(80, payload=bytes(100)))), 41),
    f.eth(f.arp(), f.ETH_ARP),
)
SAME = {
    "bytes": 54 + 51 + 62 + 154 + 154 + 42,
    "class_": {"ipv4": 4, "ipv6": 1, "arp": 1, "other": 0},
    "truncated": {"tcp_header": 1},
    "malformed": {},
    "tcp_port": {"23": 1, "445": 1},
    "udp_port": {"53": 1},
}

for _order, _side in (("<", "little"), (">", "big")):
    for _nano in (False, True):
        counting(
            f"pcap_{_side}_{'ns' if _nano else 'us'}",
            FRAMES,
            write=lambda records, link, order=_order, nano=_nano: files.pcap(records, link, order, nano),
            **SAME,
        )
    # unnamed; seconds, ms, us, ns; powers of two, the last finer than a nanosecond
    for _resolution in (None, 0, 3, 6, 9, 0x80, 0x8A, 0x94, 0x9E, 0xA1):
        counting(
            f"pcapng_{_side}_resolution_{_resolution}",
            FRAMES,
            write=lambda records, link, order=_order, resolution=_resolution: files.pcapng(
                records, link, order, resolution
            ),
            **SAME,
        )
    for _resolution, _offset in ((9, 1_000_000_000), (6, -1), (3, 86400), (12, BASE_S)):
        counting(
            f"pcapng_{_side}_resolution_{_resolution}_offset",
            FRAMES,
            write=lambda records, link, order=_order, form=(_resolution, _offset): files.pcapng(
                records, link, order, *form
            ),
            **SAME,
        )

for _snaplen in (0, 154, 65535, 0x7FFFFFFF, 0xFFFFFFFF):
    counting(
        f"pcap_snaplen_{_snaplen}",
        FRAMES,
        write=lambda records, link, snaplen=_snaplen: struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link)
        + files.pcap(records)[24:],
        **SAME,
    )


def _blocks(records, order="<"):
    """Every kind of block between the packets: name resolution, statistics, secrets, custom."""
    noise = [
        files.block(4, struct.pack(order + "HH", 0, 0), order),
        files.block(5, struct.pack(order + "III", 0, 1, 2), order),
        files.block(10, struct.pack(order + "II", 0x544C534B, 4) + b"abcd", order),
        files.block(0xBAD, struct.pack(order + "I", 32473) + b"anything", order),
        files.block(0x40000BAD, struct.pack(order + "I", 32473), order),
        files.block(0x7FFFFFFF, b"", order),
    ]
    content = files.section(order) + noise[0] + files.interface(1, order, resolution=9) + noise[1]
    for i, record in enumerate(records):
        content += files.enhanced(record, order, 9) + noise[i % len(noise)]
    return content


def _options(records):
    """Options on every block, also of unknown codes, of length 0, and without an end."""
    remark = files.option(1, b"a remark") + files.option(0x8123, b"odd") + files.option(2, b"")
    head = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + remark + files.option(0, b"")
    described = struct.pack("<HHI", 1, 0, 262_144) + files.option(2, b"wlan0") + remark + files.option(9, b"\x09")
    flags = files.option(2, bytes(4)) + files.option(4, bytes(8))
    return (
        files.block(0x0A0D0D0A, head)
        + files.block(1, described)
        + b"".join(files.enhanced(one, resolution=9, options=flags + remark) for one in records)
    )


def _two_interfaces(records, link):
    """Same link type, other units: each packet by its own interface."""
    return (
        files.section()
        + files.interface(link, resolution=6)
        + files.interface(link, resolution=9, offset_s=1000)
        + b"".join(
            files.enhanced(one, resolution=9, number=1, offset_s=1000) if i % 2 else files.enhanced(one)
            for i, one in enumerate(records)
        )
    )


def _two_sections(records, order):
    """Interfaces are numbered anew in each section."""
    half = len(records) // 2
    first = files.section(order) + files.interface(1, order, resolution=9) + files.interface(1, order)
    second = files.section(order) + files.interface(1, order, resolution=3)
    return (
        first
        + b"".join(files.enhanced(one, order, number=1) for one in records[:half])
        + second
        + b"".join(files.enhanced(one, order, resolution=3) for one in records[half:])
    )


def _two_snaplens(records, first, second):
    """Interfaces of one link type may state different snapshot lengths."""
    return (
        files.section()
        + files.interface(snaplen=first)
        + files.interface(snaplen=second)
        + b"".join(files.enhanced(one, number=i % 2) for i, one in enumerate(records))
    )


counting("pcapng_blocks_little", FRAMES, write=lambda records, link: _blocks(records), **SAME)
counting("pcapng_blocks_big", FRAMES, write=lambda records, link: _blocks(records, ">"), **SAME)
counting("pcapng_options", FRAMES, write=lambda records, link: _options(records), **SAME)
counting("pcapng_two_interfaces", FRAMES, write=_two_interfaces, **SAME)
counting("pcapng_two_sections", FRAMES, write=lambda records, link: _two_sections(records, "<"), **SAME)
counting("pcapng_two_sections_big", FRAMES, write=lambda records, link: _two_sections(records, ">"), **SAME)
for _first, _second in ((0, 65535), (262_144, 65535), (65535, 200), (200, 262_144), (62, 154)):
    counting(
        f"pcapng_snaplens_{_first}_{_second}",
        FRAMES,
        write=lambda records, link, snaplens=(_first, _second): _two_snaplens(records, *snaplens),
        **SAME,
    )
counting(
    "pcapng_obsolete_blocks",
    FRAMES,
    write=lambda records, link: files.section() + files.interface() + b"".join(files.obsolete(one) for one in records),
    **SAME,
)
counting(
    "pcapng_obsolete_blocks_big",
    FRAMES,
    write=lambda records, link: files.section(">")
    + files.interface(order=">")
    + b"".join(files.obsolete(one, ">") for one in records),
    **SAME,
)

# Simple packet blocks have no time. Their frames stand at time 0, or are late.
_RECORDS = [one if isinstance(one, Record) else Record(one) for one in FRAMES]
standing(
    "pcapng_simple_blocks",
    [files.section() + files.interface() + b"".join(files.simple(Record(one.data)) for one in _RECORDS)],
    each={"start": (0,), "frames": (6,), "late": (0,), "bytes": (54 + 51 + 62 + 54 + 41 + 42,)},
)
standing(
    "pcapng_simple_blocks_cut",  # the captured length is the first interface's snapshot length
    [
        files.section(">")
        + files.interface(order=">", snaplen=48)
        + files.interface(order=">")
        + files.simple(Record(FRAMES[0][:48], 54), ">")
        + files.simple(Record(FRAMES[5]), ">")
    ],
    each={"start": (0,), "frames": (2,), "bytes": (96,)},
    truncated={"tcp_header": 1},
)
standing(
    "pcapng_simple_after_enhanced",
    [
        files.section()
        + files.interface()
        + files.enhanced(Record(FRAMES[0], at_ns=BASE_S * NS))
        + files.simple(Record(FRAMES[1]))
    ],
    each={"start": (BASE_S,), "frames": (2,), "late": (1,)},
)

# A record may hold more than the snapshot length promises. All that it holds was captured.
_LONG = [Record(f.eth4(f.tcp()), at_ns=(BASE_S + i) * NS) for i in range(2)]
_FORMS = {
    "pcap": files.pcap(_LONG, snaplen=40),
    "pcapng": files.section() + files.interface(snaplen=40) + b"".join(files.enhanced(one) for one in _LONG),
    "pcapng_second": _two_snaplens(_LONG[:1] * 2, 54, 40),
    "pcapng_first": _two_snaplens(_LONG[:1] * 2, 40, 54),
}
for _name, _content in _FORMS.items():
    standing(f"above_snaplen_{_name}", [_content], bytes=108, truncated={}, tcp_port={"23": 2})
standing(  # each packet within its own interface's length
    "snaplen_small_first",
    [
        files.section()
        + files.interface(snaplen=40)
        + files.interface(snaplen=65535)
        + files.enhanced(captured(_LONG[0].data, 40, _LONG[0].at_ns))
        + files.enhanced(_LONG[1], number=1)
    ],
    bytes=108,
    truncated={"tcp_header": 1},
    tcp_port={"23": 1},
)
