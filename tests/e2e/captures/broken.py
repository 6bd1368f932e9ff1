"""Files that are not whole, or no captures at all.

What can be counted is counted, with exit status 1; a file of which nothing can be read, and a link
type that is not known, is refused with exit status 2 before anything is counted.
"""

import random
import struct

from . import files, frames as f
from .files import NS, Record
from .registry import BASE_S, standing

FRAME = f.eth(f.ip4(f.tcp(23)))
RECORDS = [Record(FRAME, at_ns=(BASE_S + i) * NS) for i in range(4)]
PCAP = files.pcap(RECORDS)
BIG = files.pcap(RECORDS, order=">", nano=True)
SIZE = 16 + len(FRAME)  # of one record

DEFECTIVE, REFUSED = 1, 2


def _defective(name, content, frames):
    standing(name, [content], status=DEFECTIVE, each={"frames": (frames,) if frames else ()})


def _refused(name, *contents):
    standing(name, contents, status=REFUSED, each={"start": ()})


# No captures.
_refused("file_empty", b"")
_refused("file_one_byte", b"\xd4")
for _size in (4, 16, 20, 23):
    _refused(f"file_header_{_size}_bytes", PCAP[:_size])
_refused("file_header_big_23_bytes", BIG[:23])
_refused("file_zeros", bytes(4096))
_refused("file_garbage", random.Random(1).randbytes(4096))
_refused("file_text", b"These are not the packets that you are looking for.\n" * 40)
_refused("file_magic_shifted", b"\0" + PCAP)
for _link in (2, 6, 9, 105, 127, 147, 192, 195, 220, 277, 65535):
    _refused(f"link_{_link}", files.pcap(RECORDS, _link))
_refused("link_105_pcapng", files.pcapng(RECORDS, 105))
_refused("link_105_no_frames", files.pcap([], 105))
_refused("link_105_beside_good", PCAP, files.pcap(RECORDS, 105))
_refused("garbage_beside_good", PCAP, b"garbage, and enough of it to be a file header", BIG)
_refused("empty_beside_good", b"", PCAP)
_refused("refused_beside_defective", PCAP[:-1], bytes(64))

# Cut at the end.
for _missing in (1, 8, len(FRAME), len(FRAME) + 1, len(FRAME) + 8, len(FRAME) + 15):
    _defective(f"cut_pcap_{_missing}", PCAP[:-_missing], 3)
_defective("cut_pcap_big", BIG[:-20], 3)
_defective("cut_pcap_first_record", PCAP[: 24 + 20], 0)
_defective("cut_pcap_first_header", PCAP[: 24 + 3], 0)
standing("cut_pcap_at_record", [PCAP[:-SIZE]], each={"frames": (3,)})  # nothing tells
standing("cut_pcap_trailing_byte", [PCAP + b"\0"], status=DEFECTIVE, each={"frames": (4,)})
standing(
    "cut_beside_good",  # the others count to their ends
    [PCAP[:-1], BIG, PCAP[: 24 + SIZE + 5]],
    status=DEFECTIVE,
    each={"frames": (3 + 4 + 1,)},
)
standing(
    "cut_and_late",
    [files.pcap([Record(FRAME, at_ns=(BASE_S + at) * NS) for at in (60, 0, 61, 62)])[:-7]],
    status=DEFECTIVE,
    each={"frames": (3,), "late": (1,)},
)
standing("cut_all", [PCAP[:-1]], "all", status=DEFECTIVE, each={"start": (BASE_S,), "end": (BASE_S + 3,)})

# A captured length that cannot be: the records behind it cannot be found.
for _length in (0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0x10000000, 262_145, 100_000):
    _defective(
        f"captured_length_{_length}",
        PCAP + files.pcap_record(RECORDS[0], captured=_length) + PCAP[24:],
        4,
    )
_defective("captured_length_0_of_54", PCAP + files.raw_record(b"", BASE_S + 9, 0, 54) + FRAME[:5], 5)

# pcapng, of which every block can be cut. The link type must be known before anything counts.
HEAD = files.section() + files.interface()
PACKET = files.enhanced(RECORDS[0])
PCAPNG = HEAD + PACKET
for _size in (4, 8, 12, 20, 27):
    _refused(f"cut_pcapng_section_{_size}", PCAPNG[:_size])
for _size in (28, 29, 36, 40, 47):
    _refused(f"cut_pcapng_interface_{_size}", PCAPNG[:_size])
for _size in (1, 7, 11, 12, 28, 40, len(PACKET) - 5, len(PACKET) - 1):
    _defective(f"cut_pcapng_packet_{_size}", PCAPNG + PACKET[:_size], 1)
for _name, _block in (
    ("simple", files.simple(RECORDS[0])),
    ("obsolete", files.obsolete(RECORDS[0])),
    ("statistics", files.block(5, bytes(12))),
    ("unknown", files.block(0x1234, bytes(40))),
    ("interface", files.interface()),
    ("section", files.section()),
):
    _defective(f"cut_pcapng_{_name}", PCAPNG + _block[:-6], 1)

_refused("pcapng_no_interface", files.section())
_refused("pcapng_packet_before_interface", files.section() + PACKET + files.interface())
_refused("pcapng_no_byte_order", b"\x0a\x0d\x0d\x0a" + struct.pack("<IIHHqI", 28, 0x11223344, 1, 0, -1, 28) + PCAPNG)
_refused("pcapng_no_section", files.interface() + PACKET)
for _total in (0, 4, 8, 11, 13, 0x7FFFFFFC, 0xFFFFFFFF):
    _defective(f"pcapng_block_length_{_total}", PCAPNG + files.block(6, bytes(24), total=_total) + PACKET, 1)
_defective("pcapng_lengths_differ", PCAPNG + PACKET[:-4] + struct.pack("<I", len(PACKET) + 4) + PACKET, 1)
_defective("pcapng_unknown_interface", PCAPNG + files.enhanced(RECORDS[1], number=1) + PACKET, 1)
_defective("pcapng_unknown_interface_obsolete", PCAPNG + files.obsolete(RECORDS[1], number=7) + PACKET, 1)
_defective("pcapng_longer_than_block", PCAPNG + files.enhanced(RECORDS[1], captured=500) + PACKET, 1)
_defective("pcapng_just_longer_than_block", PCAPNG + files.enhanced(RECORDS[1], captured=57) + PACKET, 1)
_defective("pcapng_captured_length_huge", PCAPNG + files.enhanced(RECORDS[1], captured=0xFFFFFFFF) + PACKET, 1)
_defective("pcapng_packet_block_short", PCAPNG + files.block(6, bytes(16)) + PACKET, 1)
_defective("pcapng_garbage_behind", PCAPNG + b"\xff" * 100, 1)
_defective("pcapng_no_interface_in_second_section", PCAPNG + files.section() + PACKET, 1)

_defective("pcapng_other_byte_order", PCAPNG + files.section(">") + files.interface(order=">"), 1)

# A later interface of another link type ends the file, used or not.
_defective("pcapng_other_link", PCAPNG + files.interface(101) + PACKET, 1)
_defective("pcapng_other_link_at_once", HEAD + files.interface(113) + PACKET, 0)
_defective("pcapng_other_link_unsupported", PCAPNG + files.interface(105), 1)
_defective("pcapng_other_link_last", PCAPNG + PACKET + files.interface(0), 2)
_defective("pcapng_other_link_second_section", PCAPNG + files.section() + files.interface(276) + PACKET, 1)
standing(
    "pcapng_other_link_beside_good",
    [PCAPNG + files.interface(101) + PACKET, PCAP],
    status=DEFECTIVE,
    each={"frames": (5,)},
)
