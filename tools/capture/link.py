"""Link headers and capture files."""

from __future__ import annotations

import struct
from random import Random
from typing import BinaryIO, Callable, NamedTuple

from .shapes import ETH_CUT, IPV4, IPV6, LLC, VLAN_CUT, Packet, Shape, captured_as

ROUTER_MAC = b"\x52\x54\x00\x4e\x54\x01"
SENSOR_MAC = b"\x52\x54\x00\x4e\x54\x02"
ARPHRD_ETHER = 1

TAG, SERVICE_TAG, OLD_SERVICE_TAG = 0x8100, 0x88A8, 0x9100
VLAN_ID, SERVICE_ID = 120, 40


class Link(NamedTuple):
    linktype: int
    header: int  # bytes before any tag
    tags: bool  # whether it can hold VLAN tags


LINKS = {
    "ethernet": Link(1, 14, True),
    "raw": Link(101, 0, False),
    "null": Link(0, 4, False),
    "loop": Link(108, 4, False),
    "sll": Link(113, 16, True),
    "sll2": Link(276, 20, True),
}

ONE_TAG = ((TAG, VLAN_ID),)
TWO_TAGS = ((SERVICE_TAG, SERVICE_ID), (TAG, VLAN_ID))
# by --vlan: the stacks of tags, and their weights
TAGGINGS: dict[str, tuple[tuple[tuple[tuple[int, int], ...], ...], tuple[float, ...]]] = {
    "none": (((),), (1,)),
    "vlan": ((ONE_TAG,), (1,)),
    "qinq": ((TWO_TAGS,), (1,)),
    "mixed": (
        ((), ONE_TAG, TWO_TAGS, ((OLD_SERVICE_TAG, SERVICE_ID), (TAG, VLAN_ID)), ((TAG, 1),) * 3),
        (45, 35, 12, 5, 3),
    ),
}

# What systems call IPv6 in a NULL header: Linux, OpenBSD, FreeBSD, Darwin.
NULL_FAMILY_V4, NULL_FAMILIES_V6, NULL_FAMILY_OTHER = 2, (10, 24, 28, 30), 7


class Frame(NamedTuple):
    """What goes into one record, and what it counts as."""

    data: bytes
    wire: int
    shape: Shape


class Framer:
    """Puts link headers in front of packets, pads, and cuts at the snapshot length."""

    def __init__(
        self, link: str, vlan: str, *, shortest: int, snaplen: int, byte_order: str, rng: Random
    ) -> None:
        self._link = link
        self._header, self._has_tags = LINKS[link].header, LINKS[link].tags
        self._shortest = shortest if link == "ethernet" else 0
        self._snaplen = snaplen
        self._null_order = ">" if link == "loop" else byte_order
        self._rng = rng
        stacks, weights = TAGGINGS[vlan] if self._has_tags else TAGGINGS["none"]
        self._stacks, self._stack_weights = stacks, weights
        self._prefixes: dict[tuple[int, int], list[bytes]] = {}

    def frame(self, packet: Packet) -> Frame:
        shape, body = packet.shape, packet.body
        if packet.link_bytes >= 0:
            return self._short_frame(packet)
        prefix = self._prefix(shape, body)
        data = prefix + body
        wire = len(data) + packet.extra
        if wire < self._shortest and shape.padded:
            if not packet.extra:
                data += bytes(self._shortest - wire)
            wire = self._shortest
        if packet.extra or len(data) > self._snaplen:
            return self._cut(shape, data, len(prefix), wire)
        return Frame(data, wire, shape)

    def _short_frame(self, packet: Packet) -> Frame:
        """A frame that ends inside the link header, or that was captured so far only."""
        data = self._header_bytes(IPV4, ONE_TAG if self._has_tags else ())
        wire = len(data) + packet.extra if packet.extra else packet.link_bytes
        data = data[: min(packet.link_bytes, self._snaplen)]
        if len(data) < self._header <= wire:
            return Frame(data, wire, ETH_CUT)
        return Frame(data, wire, packet.shape)

    def _cut(self, shape: Shape, data: bytes, prefix: int, wire: int) -> Frame:
        data = data[: self._snaplen]
        if len(data) < prefix:
            return Frame(data, wire, ETH_CUT if len(data) < self._header else VLAN_CUT)
        return Frame(data, wire, captured_as(shape, len(data) - prefix))

    def _prefix(self, shape: Shape, body: bytes) -> bytes:
        length = len(body) if shape.ethertype == LLC else 0
        choices = self._prefixes.get((shape.ethertype, length))
        if choices is None:
            choices = self._make_prefixes(shape.ethertype, length)
            self._prefixes[shape.ethertype, length] = choices
        if len(choices) == 1:
            return choices[0]
        return choices[int(len(choices) * self._rng.random())]

    def _make_prefixes(self, ethertype: int, length: int) -> list[bytes]:
        """Every choice as often as its weight says."""
        if self._link in ("null", "loop") and ethertype == IPV6:
            return [self._null_header(family) for family in NULL_FAMILIES_V6]
        value = length if length and self._link == "ethernet" else ethertype
        return [
            self._header_bytes(value, stack)
            for stack, weight in zip(self._stacks, self._stack_weights)
            for _ in range(int(weight))
        ]

    def _null_header(self, family: int) -> bytes:
        return struct.pack(self._null_order + "I", family)

    def _header_bytes(self, ethertype: int, stack: tuple[tuple[int, int], ...]) -> bytes:
        if self._link == "raw":
            return b""
        if self._link in ("null", "loop"):
            return self._null_header(NULL_FAMILY_V4 if ethertype == IPV4 else NULL_FAMILY_OTHER)
        types = [tag for tag, _ in stack] + [ethertype]
        first = struct.pack(">H", types[0])
        tags = b"".join(
            struct.pack(">HH", number, following)
            for (_, number), following in zip(stack, types[1:])
        )
        if self._link == "ethernet":
            return SENSOR_MAC + ROUTER_MAC + first + tags
        if self._link == "sll":
            return struct.pack(">HHH", 0, ARPHRD_ETHER, 6) + ROUTER_MAC + b"\0\0" + first + tags
        middle = struct.pack(">HIHBB", 0, 2, ARPHRD_ETHER, 0, 6)
        return first + middle + ROUTER_MAC + b"\0\0" + tags


# --- files ------------------------------------------------------------------

SNAPLEN_MAX = 262144
FLUSH_RECORDS = 8192

NANOSECONDS = 1_000_000_000


def writer(
    file: BinaryIO, *, pcapng: bool, nano: bool, byte_order: str, linktype: int, snaplen: int
) -> "Writer":
    kind = PcapngWriter if pcapng else PcapWriter
    return kind(file, nano=nano, byte_order=byte_order, linktype=linktype, snaplen=snaplen)


class Writer:
    """Collects records and writes them in large pieces."""

    record: Callable[[int, bytes, int], None]  # time in ns, bytes, length on the wire

    def __init__(
        self, file: BinaryIO, *, nano: bool, byte_order: str, linktype: int, snaplen: int
    ) -> None:
        self._file = file
        self._nano = nano
        self._order = byte_order
        self._pieces: list[bytes] = []
        self._pieces.append(self._start(linktype, snaplen))

    def _start(self, linktype: int, snaplen: int) -> bytes:
        raise NotImplementedError

    def _add(self, *pieces: bytes) -> None:
        self._pieces += pieces
        if len(self._pieces) >= 2 * FLUSH_RECORDS:
            self.flush()

    def flush(self) -> None:
        self._file.write(b"".join(self._pieces))
        self._pieces.clear()


class PcapWriter(Writer):
    def _start(self, linktype: int, snaplen: int) -> bytes:
        magic = 0xA1B23C4D if self._nano else 0xA1B2C3D4
        self._header = struct.Struct(self._order + "IIII").pack
        self._unit = 1 if self._nano else 1000
        return struct.pack(self._order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, linktype)

    def record(self, ts: int, data: bytes, wire: int) -> None:
        seconds, rest = divmod(ts, NANOSECONDS)
        self._add(self._header(seconds, rest // self._unit, len(data), wire), data)


class PcapngWriter(Writer):
    def _start(self, linktype: int, snaplen: int) -> bytes:
        section = struct.pack(self._order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
        resolution = struct.pack(self._order + "HHB3xHH", 9, 1, 9 if self._nano else 6, 0, 0)
        interface = struct.pack(self._order + "HHI", linktype, 0, snaplen) + resolution
        self._header = struct.Struct(self._order + "IIIIIII").pack
        self._length = struct.Struct(self._order + "I").pack
        self._unit = 1 if self._nano else 1000
        return self._block(0x0A0D0D0A, section) + self._block(1, interface)

    def _block(self, kind: int, content: bytes) -> bytes:
        size = 12 + len(content)
        pack = struct.Struct(self._order + "II").pack
        return pack(kind, size) + content + struct.pack(self._order + "I", size)

    def record(self, ts: int, data: bytes, wire: int) -> None:
        units = ts // self._unit
        padding = -len(data) & 3
        size = 32 + len(data) + padding
        header = self._header(6, size, 0, units >> 32, units & 0xFFFFFFFF, len(data), wire)
        self._add(header, data + bytes(padding) + self._length(size))
