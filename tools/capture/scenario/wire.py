"""From columns of numbers to the records of a pcap file: Ethernet, microseconds."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..build import NOP, SACK_OK, mss, wscale
from ..scans import EPHEMERAL_LOW, MASSCAN_OLD_WINDOW, WORM_WINDOW, ZMAP_OLD_ID, ZMAP_OPTIONS
from ..shapes import ACK, GRE, ICMP, RST, SYN, TCP, UDP
from .model import Sensor
from .traffic import US, Kind, Packets, scatter

FILE_HEADER = np.array([0xA1B2C3D4, 4 << 16 | 2, 0, 0, 65535, 1], dtype="<u4").tobytes()

ETHERNET = bytes.fromhex("020000000001") + bytes.fromhex("020000000002") + b"\x08\x00"
SHORT, LONG = 60, 66  # bytes of a frame; LONG: with twelve bytes of TCP options
BODY = 32  # of a LONG frame behind the IP header

RECORD = np.dtype(
    [
        ("ts_s", "<u4"), ("ts_us", "<u4"), ("captured", "<u4"), ("wire", "<u4"),
        ("ethernet", "u1", 14),
        ("version", "u1"), ("tos", "u1"), ("total", ">u2"), ("ident", ">u2"), ("fragment", ">u2"),
        ("ttl", "u1"), ("proto", "u1"), ("check", ">u2"), ("src", ">u4"), ("dst", ">u4"),
        ("body", "u1", BODY),
    ]
)  # fmt: skip
IP_AT, BODY_AT = 30, 50

TCP_HEADER = np.dtype(
    [
        ("sport", ">u2"), ("dport", ">u2"), ("seq", ">u4"), ("ack", ">u4"), ("offset", "u1"), ("flags", "u1"),
        ("window", ">u2"), ("check", ">u2"), ("urgent", ">u2"), ("options", "u1", 12),
    ]
)  # fmt: skip
UDP_HEADER = np.dtype([("sport", ">u2"), ("dport", ">u2"), ("length", ">u2"), ("check", ">u2"), ("data", "u1", 24)])

MSS = np.frombuffer(mss(1460) + bytes(8), dtype=np.uint8)
ZMAP_LAYOUT = np.frombuffer(ZMAP_OPTIONS, dtype=np.uint8)
WINDOWS_LAYOUT = np.frombuffer(mss(1460) + NOP + wscale(2) + NOP + NOP + SACK_OK, dtype=np.uint8)
PING_REST = b"\x08\x00\xf7\xff"  # type, code and checksum of a ping of zeros
GRE_REST = b"\x00\x00\x08\x00"

STACK_WINDOWS = np.array([29200, 64240, 14600, 5840, 42340, 65535])
SMB_WINDOWS = np.array([64240, 65535, 16384, 1024])
ANSWER_WINDOWS = np.array([65160, 28960, 14480, 64240, 5840, 29200])
MARK_1_WINDOW, MARK_1_SEQUENCE = 16384, 0x1A2B3C4D
MARK_2_WINDOW = 4128

FLAGS = {Kind.SYNACK: SYN | ACK, Kind.MARK_1: SYN | ACK, Kind.RST: RST, Kind.RSTACK: RST | ACK}
SYNS = tuple(kind for kind in Kind if kind <= Kind.SMB_OTHER or kind == Kind.MARK_2)
LONG_KINDS = (Kind.ZMAP_NEW, Kind.SMB_8192, Kind.SMB_OTHER)
MSS_KINDS = (Kind.STACK, Kind.SYNACK, Kind.MARK_1)
FIRST_TTL = {Kind.MASSCAN: 255, Kind.ZMAP_OLD: 255, Kind.ZMAP_NEW: 255, Kind.SMB_8192: 128, Kind.SMB_OTHER: 128}

CHUNK = 100_000

Bytes = NDArray[np.uint8]


def write(packets: Packets, sensor: Sensor, seed: str, file: BinaryIO) -> int:
    """Writes a capture. Returns the bytes on the wire."""
    rng = np.random.default_rng(list(f"{seed}/{sensor.name}/wire".encode()))
    file.write(FILE_HEADER)
    size = 0
    for begin in range(0, len(packets), CHUNK):
        part = packets.take(np.arange(begin, min(begin + CHUNK, len(packets))))
        rows = _records(part, sensor, rng)
        size += int(rows["wire"].sum())
        used = np.arange(RECORD.itemsize) < 16 + rows["wire"][:, None]
        file.write(rows.view(np.uint8).reshape(len(rows), -1)[used].tobytes())
    return size


def _records(packets: Packets, sensor: Sensor, rng: np.random.Generator) -> NDArray:
    rows = np.zeros(len(packets), dtype=RECORD)
    kind = packets.kind
    long = np.isin(kind, LONG_KINDS)
    rows["ts_s"], rows["ts_us"] = packets.ts_us // US, packets.ts_us % US
    rows["captured"] = rows["wire"] = np.where(long, LONG, SHORT)
    rows["ethernet"] = np.frombuffer(ETHERNET, dtype=np.uint8)
    rows["version"] = 0x45
    rows["src"] = packets.source
    rows["dst"] = int(sensor.network.network_address) + rng.integers(0, sensor.addresses, len(rows))
    rows["ttl"] = _by_kind(kind, FIRST_TTL, 64) - 5 - scatter(packets.source) % 16
    rows["ident"] = rng.integers(0, ZMAP_OLD_ID, len(rows))
    rows["total"] = 46
    is_udp, is_ping, is_gre = kind == Kind.UDP, kind == Kind.PING, kind == Kind.GRE
    is_tcp = ~(is_udp | is_ping | is_gre)
    rows["proto"] = np.select([is_udp, is_ping, is_gre], [UDP, ICMP, GRE], TCP)
    rows["body"][is_ping, :4] = np.frombuffer(PING_REST, dtype=np.uint8)
    rows["body"][is_gre, :4] = np.frombuffer(GRE_REST, dtype=np.uint8)
    _put_udp(rows, is_udp, packets, rng)
    _put_tcp(rows, is_tcp, packets, rng)
    rows["check"] = _checksum(_words(rows, IP_AT, BODY_AT))
    return rows


def _by_kind(kind: NDArray, values: dict[Kind, int], other: int) -> NDArray[np.int64]:
    table = np.full(len(Kind), other)
    table[[int(one) for one in values]] = list(values.values())
    return table[kind]


def _words(rows: NDArray, begin: int, end: int) -> NDArray[np.int64]:
    """The sum of the 16-bit words of a part of each record."""
    part = np.ascontiguousarray(rows.view(np.uint8).reshape(len(rows), -1)[:, begin:end])
    return part.view(">u2").sum(axis=1, dtype=np.int64)


def _checksum(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """RFC 1071: 2^16 is 1 modulo 65535."""
    return 65535 - words % 65535


def _pseudo(rows: NDArray, length: NDArray | int) -> NDArray[np.int64]:
    src, dst = rows["src"].astype(np.int64), rows["dst"].astype(np.int64)
    return (src >> 16) + (src & 0xFFFF) + (dst >> 16) + (dst & 0xFFFF) + rows["proto"] + length


def _put_udp(rows: NDArray, chosen: NDArray[np.bool_], packets: Packets, rng: np.random.Generator) -> None:
    made = np.zeros(int(chosen.sum()), dtype=UDP_HEADER)
    made["sport"] = EPHEMERAL_LOW + rng.integers(0, 16384, len(made))
    made["dport"] = packets.port[chosen] & 0xFFFF
    made["length"] = 26
    rows["body"][chosen] = made.view(np.uint8).reshape(len(made), BODY)
    sums = _pseudo(rows, 26) + _words(rows, BODY_AT, BODY_AT + BODY)
    made["check"] = _checksum(sums[chosen])
    rows["body"][chosen] = made.view(np.uint8).reshape(len(made), BODY)


def _put_tcp(rows: NDArray, chosen: NDArray[np.bool_], packets: Packets, rng: np.random.Generator) -> None:
    kind, source = packets.kind[chosen], packets.source[chosen]
    made = np.zeros(len(kind), dtype=TCP_HEADER)
    sport = packets.source_port[chosen]
    made["sport"] = np.where(sport == 0, EPHEMERAL_LOW + rng.integers(0, 16384, len(made)), sport)
    made["dport"] = packets.port[chosen]
    made["flags"] = _by_kind(kind, FLAGS, SYN)
    made["ack"] = np.where(made["flags"] & ACK, rng.integers(1, 2**32, len(made)), 0)
    made["window"] = _windows(kind, source)
    options = np.isin(kind, LONG_KINDS)
    small = np.isin(kind, MSS_KINDS)
    made["offset"] = np.select([options, small], [0x80, 0x60], 0x50)
    made["options"][small] = MSS
    made["options"][options] = WINDOWS_LAYOUT
    made["options"][kind == Kind.ZMAP_NEW] = ZMAP_LAYOUT
    made["seq"], ident = _numbers(kind, rows["dst"][chosen].astype(np.int64), made["dport"].astype(np.int64), rng)
    length = np.select([options, small], [32, 24], 20)
    total = rows["total"]
    total[chosen] = 20 + length
    identity = rows["ident"]
    identity[chosen] = ident
    rows["body"][chosen] = made.view(np.uint8).reshape(len(made), BODY)
    size = np.zeros(len(rows), dtype=np.int64)
    size[chosen] = length
    sums = _pseudo(rows, size) + _words(rows, BODY_AT, BODY_AT + BODY)
    made["check"] = _checksum(sums[chosen])
    rows["body"][chosen] = made.view(np.uint8).reshape(len(made), BODY)


def _windows(kind: NDArray, source: NDArray) -> NDArray[np.int64]:
    fixed = {
        Kind.MASSCAN: MASSCAN_OLD_WINDOW, Kind.ZMAP_OLD: 65535, Kind.ZMAP_NEW: 65535, Kind.SMB_8192: WORM_WINDOW,
        Kind.RST: 0, Kind.RSTACK: 0, Kind.MARK_1: MARK_1_WINDOW, Kind.MARK_2: MARK_2_WINDOW,
    }  # fmt: skip
    window = _by_kind(kind, fixed, -1)
    place = scatter(source, 3)
    several = {Kind.STACK: STACK_WINDOWS, Kind.SMB_OTHER: SMB_WINDOWS, Kind.SYNACK: ANSWER_WINDOWS}
    for one, windows in several.items():
        window = np.where(kind == one, windows[place % len(windows)], window)
    return np.where(window < 0, 1 + place % 32767, window)  # Mirai: one for each host


def _numbers(
    kind: NDArray, dst: NDArray[np.int64], port: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sequence numbers and IP IDs. No packet has a trait of another tool's by chance."""
    seq = rng.integers(0, 2**32, len(kind))
    seq = np.where(kind == Kind.RSTACK, 0, seq)
    syn = np.isin(kind, SYNS)
    tool = np.isin(kind, (Kind.MASSCAN, Kind.ZMAP_OLD))
    # what a masscan's ID would be is not ZMap's, and no sequence number is the destination
    seq = np.where(tool & (((dst ^ port ^ seq) & 0xFFFF) == ZMAP_OLD_ID), seq ^ 1, seq)
    seq = np.where(syn & (seq == dst), seq ^ 2, seq)
    seq = np.where(kind == Kind.MIRAI, dst, seq)
    seq = np.where(kind == Kind.MARK_1, MARK_1_SEQUENCE, seq)
    relation = (dst ^ port ^ seq) & 0xFFFF
    ident = relation ^ rng.integers(1, 65536, len(kind))
    ident = np.where(ident == ZMAP_OLD_ID, np.where(relation == ZMAP_OLD_ID ^ 1, ident ^ 2, ident ^ 1), ident)
    ident = np.where(kind == Kind.MASSCAN, relation, ident)
    ident = np.where(kind == Kind.ZMAP_OLD, ZMAP_OLD_ID, ident)
    return seq, np.where(syn, ident, 0)
