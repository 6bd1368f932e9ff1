"""Timestamps and intervals: boundaries, late frames, merging of several captures."""

from . import files, frames as f
from .files import NS, Record
from .registry import BASE_S, standing

TCP = f.eth(f.ip4(f.tcp(23)))
UDP = f.eth(f.ip4(f.udp(53), f.UDP))
ARP = f.eth(f.arp(), f.ETH_ARP)


def _at(*seconds, frame=TCP, base=BASE_S):
    """Records at these seconds behind the base; a pair is seconds and nanoseconds."""
    for one in seconds:
        whole, ns = one if isinstance(one, tuple) else (one, 0)
        yield Record(frame, at_ns=(base + whole) * NS + ns)


def _pcap(*seconds, frame=TCP, link=1, base=BASE_S, **form):
    return files.pcap(list(_at(*seconds, frame=frame, base=base)), link, **form)


LAST_US, LAST_NS = 999_999_000, 999_999_999
EDGES = (0, (59, LAST_US), 60, (60, 1000), (119, LAST_US), 120, (179, 1000))

standing(
    "edges_60",
    [_pcap(*EDGES)],
    each={"start": (BASE_S, BASE_S + 60, BASE_S + 120), "end": (BASE_S + 60, BASE_S + 120, BASE_S + 180)}
    | {"frames": (2, 3, 2), "late": (0, 0, 0)},
)
standing(
    "edges_ns",
    [_pcap(0, (59, LAST_NS), 60, (119, LAST_NS), nano=True)],
    each={"start": (BASE_S, BASE_S + 60), "frames": (2, 2)},
)
standing(
    "edges_big_endian",
    [_pcap(0, (59, LAST_US), 60, (119, LAST_US), order=">")],
    each={"start": (BASE_S, BASE_S + 60), "frames": (2, 2)},
)
standing(
    "edges_big_endian_ns",
    [_pcap(0, (59, LAST_NS), 60, (119, LAST_NS), order=">", nano=True)],
    each={"start": (BASE_S, BASE_S + 60), "frames": (2, 2)},
)
standing(
    "edges_pcapng_ns",
    [files.pcapng(list(_at(0, (59, LAST_NS), 60, (119, LAST_NS))), resolution=9)],
    each={"start": (BASE_S, BASE_S + 60), "frames": (2, 2)},
)
standing("edges_1", [_pcap(*EDGES)], interval=1, each={"frames": (1, 1, 2, 1, 1, 1)})
standing("edges_5", [_pcap(4, 5, (9, LAST_US), 10)], interval=5, each={"frames": (1, 2, 1)})
standing("edges_3600", [_pcap(-1, 0, (3599, LAST_US), 3600)], interval=3600, each={"frames": (1, 2, 1)})
standing(
    "edges_86400",
    [_pcap(-1, 0, (86399, LAST_US), 86400)],
    interval=86400,
    each={"start": (BASE_S - 86400, BASE_S, BASE_S + 86400), "frames": (1, 2, 1)},
)
standing(
    "interval_unaligned_start",  # a line begins where its interval does, not with the first frame
    [_pcap(37, 59, 61)],
    each={"start": (BASE_S, BASE_S + 60), "frames": (2, 1)},
)
standing(
    "interval_gap_of_days",  # nothing is printed in between
    [_pcap(0, 3 * 86400, 3 * 86400 + 59, 400 * 86400)],
    each={"start": (BASE_S, BASE_S + 3 * 86400, BASE_S + 400 * 86400), "frames": (1, 2, 1)},
)

standing("all_one_frame", [_pcap(7)], "all", each={"start": (BASE_S + 7,), "end": (BASE_S + 8,)})
standing(
    "all_fractions",
    [_pcap((7, LAST_US), (9, 1000))],
    "all",
    each={"start": (BASE_S + 7,), "end": (BASE_S + 10,), "frames": (2,)},
)
standing(
    "all_out_of_order",  # the earliest frame may come last, and none is late
    [_pcap(100, 50, 500, 3)],
    "all",
    each={"start": (BASE_S + 3,), "end": (BASE_S + 501,), "frames": (4,), "late": (0,)},
)
standing(
    "all_several",
    [_pcap(100, 200), _pcap(5), _pcap(86400)],
    "all",
    each={"start": (BASE_S + 5,), "end": (BASE_S + 86401,), "frames": (4,), "late": (0,)},
)
standing("all_no_frames", [_pcap()], "all", each={"start": ()})

# Seconds are unsigned, and begin in 1970.
standing("time_0", [_pcap(0, (0, 1000), 59, 60, base=0)], each={"start": (0, 60), "frames": (3, 1)})
standing("time_0_all", [_pcap(0, base=0)], "all", each={"start": (0,), "end": (1,)})
standing(
    "time_2_31",
    [_pcap(-1, 0, 1, 60, base=1 << 31)],
    each={"start": ((1 << 31) - 8, (1 << 31) + 52), "frames": (3, 1)},
)
standing(
    "time_2_32",
    [_pcap(-2, -1, base=1 << 32)],
    each={"start": ((1 << 32) - 16,), "end": ((1 << 32) + 44,), "frames": (2,)},
)
standing(
    "time_2_32_big_endian_ns",
    [_pcap(-60, (-1, LAST_NS), base=1 << 32, order=">", nano=True)],
    "all",
    each={"start": ((1 << 32) - 60,), "end": (1 << 32,), "frames": (2,)},
)
standing(
    "time_pcapng_beyond_2_32",  # 64 bits of microseconds
    [files.pcapng(list(_at(0, 60, base=(1 << 32) + 44)))],
    each={"start": ((1 << 32) + 44, (1 << 32) + 104), "frames": (1, 1)},
)

# A sub-second part of a second or more is carried into the seconds.
_HEAD, _HEAD_NS = files.pcap_header(), files.pcap_header(nano=True)
standing(
    "carry_us",
    [
        _HEAD
        + files.raw_record(TCP, BASE_S, 59_999_999)
        + files.raw_record(TCP, BASE_S, 60_000_000)
        + files.raw_record(TCP, BASE_S + 119, 1_000_000)
        + files.raw_record(TCP, BASE_S + 120, 0)
    ],
    each={"start": (BASE_S, BASE_S + 60, BASE_S + 120), "frames": (1, 1, 2)},
)
standing(
    "carry_us_most",  # 2,147 s and 4,294 s, in a signed and an unsigned reading's way
    [
        _HEAD
        + files.raw_record(TCP, BASE_S, 0x7FFFFFFF)
        + files.raw_record(TCP, BASE_S, 0x80000000)
        + files.raw_record(TCP, BASE_S, 0xFFFFFFFF)
    ],
    each={"start": (BASE_S + 2100, BASE_S + 4260), "frames": (2, 1)},
)
standing(
    "carry_big_endian",
    [
        files.pcap_header(order=">")
        + files.raw_record(TCP, BASE_S, 59_999_999, order=">")
        + files.raw_record(TCP, BASE_S, 60_000_000, order=">")
        + files.raw_record(TCP, BASE_S, 0xFFFFFFFF, order=">")
    ],
    each={"start": (BASE_S, BASE_S + 60, BASE_S + 4260), "frames": (1, 1, 1)},
)
standing(
    "carry_ns",
    [
        _HEAD_NS
        + files.raw_record(TCP, BASE_S + 59, 999_999_999)
        + files.raw_record(TCP, BASE_S + 59, 1_000_000_000)
        + files.raw_record(TCP, BASE_S + 117, 3_000_000_000)
        + files.raw_record(TCP, BASE_S + 176, 0xFFFFFFFF)
    ],
    each={"start": (BASE_S, BASE_S + 60, BASE_S + 120, BASE_S + 180), "frames": (1, 1, 1, 1)},
)
standing(
    "carry_beyond_2_32",
    [_HEAD + files.raw_record(TCP, 0xFFFFFFFF, 1_000_000) + files.raw_record(TCP, 0xFFFFFFFF, 45_000_000)],
    each={"start": ((1 << 32) - 16, (1 << 32) + 44), "frames": (1, 1)},
)

standing(
    "late",
    [_pcap(0, 60, 59, 0, 61, 120, 119, -86400, 121)],
    each={"start": (BASE_S, BASE_S + 60, BASE_S + 120), "frames": (1, 4, 4), "late": (0, 2, 2)},
)
standing(
    "late_within_interval",  # older than the frame before, not older than the interval
    [_pcap(59, 0, 30, 60, 119, 60)],
    each={"frames": (3, 3), "late": (0, 0)},
)
standing(
    "late_all_after_first",
    [_pcap(86400, *range(0, 100))],
    each={"start": (BASE_S + 86400,), "frames": (101,), "late": (100,)},
)
standing(
    "late_contents",  # what is late counts in full
    [
        files.pcap(
            [*_at(60), *_at(1, frame=UDP), *_at(2, frame=f.eth(f.ip4(b""))), *_at(3, frame=b"")],
        )
    ],
    each={"frames": (4,), "late": (3,)},
    udp_port={"53": 1},
    malformed={"eth": 1, "tcp_header": 1},
)

# Several captures: merged by time, whatever their order, link type and form.
standing(
    "merge_two",
    [_pcap(0, 60, 120), _pcap(1, 59, 61, 119, frame=UDP)],
    each={"start": (BASE_S, BASE_S + 60, BASE_S + 120), "frames": (3, 3, 1), "late": (0, 0, 0)},
    tcp_port={"23": 1},
    udp_port={"53": 2},
)
standing(
    "merge_late_file_first",
    [_pcap(86400, 86401), _pcap(0, 1), _pcap(3600)],
    each={"start": (BASE_S, BASE_S + 3600, BASE_S + 86400), "frames": (2, 1, 2), "late": (0, 0, 0)},
)
standing(
    "merge_link_types",
    [
        _pcap(0, 3),
        _pcap(1, frame=f.ip4(f.tcp(23)), link=101),
        _pcap(2, frame=f.null(f.ip4(f.tcp(23))), link=0),
        _pcap(4, frame=f.sll(f.ip4(f.tcp(23))), link=113),
        files.pcapng(list(_at(5, frame=f.sll2(f.ip4(f.tcp(23))))), link=276),
        _pcap(6, frame=f.ip4(f.tcp(23)), link=228, order=">", nano=True),
    ],
    each={"frames": (7,)},
    tcp_port={"23": 7},
    bytes=54 * 2 + 40 + 44 + 56 + 60 + 40,
)
standing(
    "merge_with_disorder",  # only what is late in its own file is late
    [_pcap(0, 70, 10, 130), _pcap(5, 65, 66, 125)],
    each={"start": (BASE_S, BASE_S + 60, BASE_S + 120), "frames": (2, 4, 2), "late": (0, 1, 0)},
)
standing(
    "merge_ties",
    [_pcap(5, 100, 100), _pcap(5, 1, 100, 40), _pcap(100, 5, 5, 160)],
    each={"start": (BASE_S, BASE_S + 60, BASE_S + 120), "frames": (3, 7, 1), "late": (0, 3, 0)},
)
standing(
    "merge_nanoseconds",  # decides by less than a microsecond: no frame is late
    [_pcap((59, 999_999_999), nano=True), _pcap((59, 999_999_998), (60, 1), nano=True), _pcap(60, nano=True)],
    each={"frames": (2, 2), "late": (0, 0)},
)
standing("merge_empty", [_pcap(), _pcap(1, 2), _pcap(), files.pcapng([])], each={"frames": (2,)})
standing("merge_same_twice", [_pcap(*EDGES), _pcap(*EDGES)], each={"frames": (4, 6, 4)})
standing("no_frames", [_pcap()], each={"start": ()})
standing("no_frames_pcapng", [files.pcapng([])], each={"start": ()})
standing("no_frames_twice", [_pcap(link=101), _pcap(link=276)], each={"start": ()})
standing("arp_only", [_pcap(1, 2, frame=ARP)], each={"frames": (2,)}, region={}, ip_proto={})
