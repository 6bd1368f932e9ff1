"""Builds frames, header by header. Every builder puts one header in front of its payload and lets
a test lie in every field that a receiver reads. Checksums are left zero: nothing checks them."""

import ipaddress
import struct

ETH_IPV4, ETH_IPV6, ETH_ARP = 0x0800, 0x86DD, 0x0806
ICMP, IGMP, TCP, UDP, ICMP6 = 1, 2, 6, 17, 58
HOP, ROUTING, FRAGMENT, ESP, AUTH, NOTHING, DESTINATION = 0, 43, 44, 50, 51, 59, 60

SOURCE4, TARGET4 = "5.1.2.3", "198.51.100.7"
SOURCE6, TARGET6 = "2400:1:2::3", "2001:db8:6440::7"

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))

MORE, DONT = 0x2000, 0x4000  # in the flags-and-offset field of IPv4


def ethertypes(last, tags=()):
    """The tags, each with its two bytes of control information, then the ethertype they protect."""
    chain = b"".join(struct.pack(">HH", tag, number) for number, tag in enumerate(tags, 1))
    return chain + struct.pack(">H", last)


def eth(payload, ethertype=ETH_IPV4, tags=()):
    """`tags` are the ethertypes of the tags, outermost first."""
    return bytes.fromhex("02000000000102000000000a") + ethertypes(ethertype, tags) + payload


def sll(payload, protocol=ETH_IPV4, tags=()):
    return struct.pack(">HHH8s", 0, 1, 6, b"\x02\0\0\0\0\x01") + ethertypes(protocol, tags) + payload


def sll2(payload, protocol=ETH_IPV4, tags=()):
    """The protocol stands first in this header; a tag that it names follows the whole of it."""
    chain = ethertypes(protocol, tags)
    return chain[:2] + struct.pack(">HIHBB8s", 0, 3, 1, 0, 6, b"\x02\0\0\0\0\x01") + chain[2:] + payload


def null(payload, family=2, order="<"):
    return struct.pack(order + "I", family) + payload


def ip4(payload=b"", protocol=TCP, source=SOURCE4, target=TARGET4, options=b"", **lies):
    """`lies`: version, ihl, total, ident, ttl, fragment (the 16-bit field of flags and offset)."""
    ihl = lies.get("ihl", 5 + len(options) // 4)
    total = lies.get("total", 20 + len(options) + len(payload))
    head = struct.pack(
        ">BBHHHBBH4s4s",
        (lies.get("version", 4) << 4) | ihl,
        0,
        total & 0xFFFF,
        lies.get("ident", 0x1234),
        lies.get("fragment", 0),
        lies.get("ttl", 64),
        protocol,
        0,
        ipaddress.IPv4Address(source).packed,
        ipaddress.IPv4Address(target).packed,
    )
    return head + options + payload


def ip6(payload=b"", following=TCP, source=SOURCE6, target=TARGET6, **lies):
    """`lies`: version, length (of the payload), ttl."""
    return (
        struct.pack(
            ">IHBB16s16s",
            lies.get("version", 6) << 28,
            lies.get("length", len(payload)) & 0xFFFF,
            following,
            lies.get("ttl", 64),
            ipaddress.IPv6Address(source).packed,
            ipaddress.IPv6Address(target).packed,
        )
        + payload
    )


def eth4(payload, protocol=TCP, tags=(), **fields):
    """Ethernet, tags, IPv4."""
    return eth(ip4(payload, protocol, **fields), ETH_IPV4, tags)


def eth6(payload, following=TCP, tags=(), **fields):
    """Ethernet, tags, IPv6."""
    return eth(ip6(payload, following, **fields), ETH_IPV6, tags)


def extension(following, units=0, body=None):
    """An IPv6 extension header of (units + 1) * 8 bytes; without a body, filled by one PadN."""
    size = (units + 1) * 8 - 2
    if body is None:
        body = bytes((1, size - 2)) + bytes(size - 2)
    return bytes((following, units)) + body.ljust(size, b"\0")


def routing(following, units=2):
    return extension(following, units, bytes(2))


def authentication(following, words=4):
    """(words + 2) * 4 bytes long: the length field counts otherwise than in every other header."""
    return bytes((following, words)) + bytes((words + 2) * 4 - 2)


def fragment6(following, offset=0, more=False, ident=7):
    """`offset` in units of 8 bytes."""
    return struct.pack(">BBHI", following, 0, offset << 3 | more, ident)


def jumbo_option(length):
    return struct.pack(">BBI", 0xC2, 4, length)


def jumbo(following, length):
    """A hop-by-hop header that holds the jumbo option."""
    return extension(following, 0, jumbo_option(length))


def tcp(
    port=23, flags=SYN, window=8192, payload=b"", options=b"", offset=None, source_port=40000, seq=0x01020304, ack=0
):
    offset = 5 + len(options) // 4 if offset is None else offset
    head = struct.pack(">HHIIBBHHH", source_port, port, seq, ack, offset << 4, flags, window, 0, 0)
    return head + options + payload


def udp(port=53, payload=b"", length=None, source_port=40000):
    length = 8 + len(payload) if length is None else length
    return struct.pack(">HHHH", source_port, port, length & 0xFFFF, 0) + payload


def icmp(kind=8, code=0, payload=b""):
    """The eight bytes are laid out alike in ICMP and ICMPv6."""
    return struct.pack(">BBHI", kind, code, 0, 0x00010002) + payload


def arp():
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + bytes(20)
