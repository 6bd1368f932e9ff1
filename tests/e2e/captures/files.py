"""Writes capture files as bytes: pcap and pcapng, in every byte order and resolution, and broken
on demand by the callers."""

import struct
from dataclasses import dataclass

NS = 1_000_000_000


@dataclass(frozen=True)
class Record:
    """A frame as captured, its length on the wire (None: as captured), and its time."""

    data: bytes
    wire: int | None = None
    at_ns: int | None = None  # None: whoever writes the file gives it a time

    @property
    def original(self):
        return len(self.data) if self.wire is None else self.wire


def pcap_header(link=1, order="<", nano=False, snaplen=262_144):
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)


def pcap_record(record, order="<", nano=False, captured=None):
    """`captured` lies about the captured length."""
    seconds, rest = divmod(record.at_ns, NS)
    fraction = rest if nano else rest // 1000
    return raw_record(record.data, seconds, fraction, record.original, order, captured)


def raw_record(data, seconds, fraction, original=None, order="<", captured=None):
    captured = len(data) if captured is None else captured
    original = len(data) if original is None else original
    return struct.pack(order + "IIII", seconds, fraction, captured, original) + data


def pcap(records, link=1, order="<", nano=False, snaplen=262_144):
    return pcap_header(link, order, nano, snaplen) + b"".join(pcap_record(one, order, nano) for one in records)


def block(kind, body, order="<", total=None):
    """`total` lies about the length, at both ends."""
    body += bytes(-len(body) % 4)
    total = len(body) + 12 if total is None else total
    return struct.pack(order + "II", kind, total) + body + struct.pack(order + "I", total)


def option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link=1, order="<", snaplen=262_144, resolution=None, offset_s=None):
    """`resolution` is the byte of if_tsresol; `offset_s` the value of if_tsoffset."""
    options = b""
    if resolution is not None:
        options += option(9, bytes((resolution,)), order)
    if offset_s is not None:
        options += option(14, struct.pack(order + "q", offset_s), order)
    if options:
        options += option(0, b"", order)
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def units_of(resolution):
    """Units per second of an if_tsresol byte."""
    return 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution


def enhanced(record, order="<", resolution=6, number=0, offset_s=0, options=b"", captured=None):
    stamp = (record.at_ns - offset_s * NS) * units_of(resolution) // NS
    captured = len(record.data) if captured is None else captured
    head = struct.pack(order + "IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, captured, record.original)
    return block(6, head + record.data + bytes(-len(record.data) % 4) + options, order)


def obsolete(record, order="<", number=0):
    """The packet block that the enhanced one replaced; microseconds."""
    stamp = record.at_ns // 1000
    head = struct.pack(
        order + "HHIIII", number, 0xFFFF, stamp >> 32, stamp & 0xFFFFFFFF, len(record.data), record.original
    )
    return block(2, head + record.data, order)


def simple(record, order="<"):
    """A packet block without a time."""
    return block(3, struct.pack(order + "I", record.original) + record.data, order)


def pcapng(records, link=1, order="<", resolution=None, offset_s=None):
    return (
        section(order)
        + interface(link, order, resolution=resolution, offset_s=offset_s)
        + b"".join(
            enhanced(one, order, 6 if resolution is None else resolution, offset_s=offset_s or 0) for one in records
        )
    )
