"""Reads pcap and pcapng files, strictly by their formats and without any capture library.

`read` returns the frames that can be counted and, if the file is not whole, what is wrong with it:
everything before the defect counts, nothing behind it does. A file in which not even a link type
can be found raises `Unusable`.
"""

import struct
from dataclasses import dataclass, field

ETHERNET = 1
RAW_IP = (12, 14, 101, 228, 229)
NULL = (0, 108)
SLL = 113
SLL2 = 276
LINK_TYPES = (ETHERNET, *RAW_IP, *NULL, SLL, SLL2)

NS = 1_000_000_000

# No capture library writes or reads longer records; a longer one is a damaged length field.
MAX_CAPTURED = 262_144

PCAP_MAGICS = {  # first four bytes -> byte order, nanoseconds per unit of the sub-second field
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}

BLOCK_SECTION = 0x0A0D0D0A
BLOCK_INTERFACE = 1
BLOCK_PACKET = 2  # obsolete, still read
BLOCK_SIMPLE = 3
BLOCK_ENHANCED = 6

OPTION_TSRESOL = 9
OPTION_TSOFFSET = 14


class Unusable(Exception):
    """The file is missing, is no capture, or holds a link type that is not counted."""


class Defect(Exception):
    """The file is not whole: it ends, for the counts, before this place."""


@dataclass(frozen=True)
class Frame:
    time_ns: int
    data: bytes
    original: int  # the record's own original length

    @property
    def wire(self):
        """Length on the wire: the original length, or the captured one if that is larger."""
        return max(self.original, len(self.data))


@dataclass
class Capture:
    link: int
    frames: list = field(default_factory=list)
    defect: str | None = None


def read(path):
    """Reads one capture file. Raises Unusable."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    if content[:4] == struct.pack(">I", BLOCK_SECTION):
        records = _pcapng(content)
    else:
        records = _pcap(content)
    try:
        capture = Capture(link=next(records))
    except Defect as defect:
        raise Unusable(f"{path}: {defect}") from defect
    if capture.link not in LINK_TYPES:
        raise Unusable(f"{path}: link type {capture.link} is not supported")
    try:
        for frame in records:
            capture.frames.append(frame)
    except Defect as defect:
        capture.defect = str(defect)
    return capture


def _pcap(content):
    """Yields the link type, then the frames."""
    if content[:4] not in PCAP_MAGICS:
        raise Defect("not a capture")
    if len(content) < 24:
        raise Defect("the file header is cut off")
    order, unit_ns = PCAP_MAGICS[content[:4]]
    (network,) = struct.unpack_from(order + "I", content, 20)
    yield network & 0x03FFFFFF  # the upper bits tell of a frame check sequence
    at = 24
    while at < len(content):
        if len(content) - at < 16:
            raise Defect("a record header is cut off")
        seconds, fraction, captured, original = struct.unpack_from(order + "IIII", content, at)
        at += 16
        if captured > MAX_CAPTURED:
            raise Defect("a captured length is impossible")
        if len(content) - at < captured:
            raise Defect("a record is cut off")
        yield Frame(seconds * NS + fraction * unit_ns, content[at : at + captured], original)
        at += captured


@dataclass(frozen=True)
class _Interface:
    snaplen: int
    units: int  # of the timestamp, per second
    offset_s: int

    def time_ns(self, high, low):
        return ((high << 32) | low) * NS // self.units + self.offset_s * NS


def _pcapng(content):
    """Yields the link type of the first interface, then the frames."""
    link = None
    interfaces = []
    for kind, order, body in _blocks(content):
        if kind == BLOCK_SECTION:
            interfaces = []
        elif kind == BLOCK_INTERFACE:
            new_link, interface = _interface(order, body)
            if link is None:
                link = new_link
                yield link
            elif new_link != link:
                raise Defect("a later interface is of another link type")
            interfaces.append(interface)
        elif kind in (BLOCK_PACKET, BLOCK_SIMPLE, BLOCK_ENHANCED):
            yield _packet(kind, order, body, interfaces)
    if link is None:
        raise Defect("no interface is described")


def _blocks(content):
    """Yields type, byte order and body of every block."""
    at, order = 0, None
    while at < len(content):
        if len(content) - at < 12:
            raise Defect("a block is cut off")
        if content[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            first, order = order, {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(content[at + 8 : at + 12])
            if order is None:
                raise Defect("a section has no byte order")
            if first not in (None, order):  # the format allows it, libpcap does not follow
                raise Defect("a later section is of another byte order")
        kind, total = struct.unpack_from(order + "II", content, at)
        if total < 12 or total % 4:
            raise Defect("a block length is impossible")
        if total > len(content) - at:
            raise Defect("a block is cut off")
        if struct.unpack_from(order + "I", content, at + total - 4)[0] != total:
            raise Defect("the two lengths of a block differ")
        if kind == BLOCK_SECTION and (total < 28 or struct.unpack_from(order + "H", content, at + 12)[0] != 1):
            raise Defect("a section header cannot be read")
        yield kind, order, content[at + 8 : at + total - 4]
        at += total


def _interface(order, body):
    if len(body) < 8:
        raise Defect("an interface description is too short")
    link, _, snaplen = struct.unpack_from(order + "HHI", body)
    units, offset_s = 1_000_000, 0
    for code, value in _options(order, body[8:]):
        if code == OPTION_TSRESOL and len(value) == 1:
            base = 2 if value[0] & 0x80 else 10
            units = base ** (value[0] & 0x7F)
        elif code == OPTION_TSOFFSET and len(value) == 8:
            (offset_s,) = struct.unpack(order + "q", value)
    return link, _Interface(snaplen or MAX_CAPTURED, units, offset_s)


def _options(order, body):
    at = 0
    while len(body) - at >= 4:
        code, size = struct.unpack_from(order + "HH", body, at)
        if code == 0:
            return
        at += 4
        if len(body) - at < size:
            raise Defect("an option is longer than its block")
        yield code, body[at : at + size]
        at += (size + 3) // 4 * 4


def _packet(kind, order, body, interfaces):
    """The frame of one packet block; a simple one carries no time and counts at time 0."""
    header = {BLOCK_PACKET: "HHIIII", BLOCK_SIMPLE: "I", BLOCK_ENHANCED: "IIIII"}[kind]
    size = struct.calcsize(order + header)
    if len(body) < size:
        raise Defect("a packet block is too short")
    values = struct.unpack_from(order + header, body)
    number = 0 if kind == BLOCK_SIMPLE else values[0]
    if number >= len(interfaces):
        raise Defect("a packet names an interface that is not described")
    if kind == BLOCK_SIMPLE:
        (original,) = values
        captured, time_ns = min(original, interfaces[0].snaplen), 0
    else:
        high, low, captured, original = values[-4:]
        time_ns = interfaces[number].time_ns(high, low)
    if captured > MAX_CAPTURED:
        raise Defect("a captured length is impossible")
    if captured > len(body) - size:
        raise Defect("a packet is longer than its block")
    return Frame(time_ns, body[size : size + captured], original)
