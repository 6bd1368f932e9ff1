"""Scanners and worms: TCP SYNs and UDP probes."""

from __future__ import annotations

import struct
from typing import Callable, Mapping

from .build import (
    DONT_FRAGMENT,
    NOP,
    SACK_OK,
    hops,
    mss,
    tcp4_packet,
    tcp6_packet,
    timestamps,
    udp4_packet,
    udp6_packet,
    wscale,
)
from .job import Job, Maker
from .shapes import ACK, CWR, ECE, FIN, PSH, SYN, URG, Packet

# Ports that scanners of services want, by weight; Zipf-like, in the order that
# the reports of 2022 give, with what came next in other telescopes' lists.
SERVICES = {
    6379: 120, 22: 105, 80: 66, 5555: 42, 8080: 40, 443: 38, 3389: 34, 1433: 30, 8443: 16, 81: 14,
    5900: 12, 3306: 12, 2375: 11, 2376: 9, 5432: 9, 25: 8, 21: 8, 8888: 8, 9200: 7, 110: 5,
    2222: 5, 7547: 5, 8081: 5, 5060: 4, 1723: 4, 8291: 4, 27017: 4, 11211: 3, 5985: 3, 139: 3,
    135: 3, 143: 2, 993: 2, 995: 2, 6443: 2, 10250: 2, 9090: 2, 8000: 2, 8009: 1, 49152: 1,
}  # fmt: skip
MIRAI = {23: 170, 2323: 12, 5555: 6, 80: 4, 8080: 3, 81: 3, 37215: 3, 52869: 2, 60023: 2, 22: 1}
# In one region logins are wanted more than anywhere else.
LOGINS = {22: 100, 3389: 60, 5900: 20, 23: 10, 2222: 6, 6379: 6}
LOGIN_REGION, LOGIN_SHARE = "RU", 0.6

UDP_PORTS = {
    53: 30, 123: 26, 161: 22, 1900: 22, 5060: 40, 389: 12, 11211: 10, 3702: 8, 5683: 8, 137: 7,
    500: 6, 69: 5, 111: 5, 17: 2, 19: 3, 1434: 4, 3283: 4, 5353: 5, 27015: 4, 51820: 2, 443: 3,
}  # fmt: skip

EPHEMERAL_LOW, EPHEMERAL_SPAN = 32768, 28232

ZMAP_OLD_ID = 54321
ZMAP_OPTIONS = mss(1460) + NOP + wscale(8) + NOP + NOP + SACK_OK
MASSCAN_OLD_WINDOW, MASSCAN_NEW_WINDOW = 1024, 1025
WORM_WINDOW = 8192  # Windows 7 and 2008 R2, which MS17-010 worms live on
WINDOWS_OPTIONS = mss(1460) + NOP + wscale(8) + NOP + NOP + SACK_OK
XP_OPTIONS = mss(1460) + NOP + NOP + SACK_OK


def masscan_id(dst: int, port: int, seq: int) -> int:
    return (dst ^ port ^ seq) & 0xFFFF


def plain_id(job: Job) -> Callable[[int, int, int], int]:
    """IP IDs that match no scanner's trait by chance."""
    bits = job.rng.getrandbits

    def draw(dst: int, port: int, seq: int) -> int:
        ident = bits(16)
        while ident == ZMAP_OLD_ID or ident == masscan_id(dst, port, seq):
            ident = bits(16)
        return ident

    return draw


def mirai(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets()
    host = job.hosts(8.0, skew=1.5, bias={"CN": 1.6, "KR": 1.5, "TW": 1.5, "BR": 1.5, "US": 0.5})
    port, ident = job.ports(MIRAI), plain_id(job)

    def make(_: int) -> Packet:
        source, dst, dport = host(), target(), port()
        return tcp4_packet(
            source, dst, 1024 + bits(15), dport, dst, 0, SYN, 1 + bits(15),
            64 - hops(source[0]), ident(dst, dport, dst),
        )  # fmt: skip

    return make


def masscan(window: int, options: bytes) -> Callable[[Job], Maker]:
    def prepare(job: Job) -> Maker:
        bits, target = job.rng.getrandbits, job.targets()
        host = job.hosts(60.0, skew=4.0, bias={"NL": 2.0, "RU": 1.5})
        port = job.ports(SERVICES, tail=0.15)

        def make(_: int) -> Packet:
            source, dst, dport, seq = host(), target(), port(), bits(32)
            ident = masscan_id(dst, dport, seq)
            if ident == ZMAP_OLD_ID or seq == dst:
                seq ^= 1
                ident ^= 1
            return tcp4_packet(
                source, dst, 40000 + bits(14), dport, seq, 0, SYN, window,
                255 - hops(source[0]), ident, options,
            )  # fmt: skip

        return make

    return prepare


def zmap_old(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets()
    host, port = job.hosts(80.0, skew=4.0, bias={"US": 1.5}), job.ports(SERVICES, tail=0.05)

    def make(_: int) -> Packet:
        source, dst, dport, seq = host(), target(), port(), bits(32)
        while masscan_id(dst, dport, seq) == ZMAP_OLD_ID:
            seq = bits(32)
        return tcp4_packet(
            source, dst, EPHEMERAL_LOW + bits(14), dport, seq, 0, SYN, 65535,
            255 - hops(source[0]), ZMAP_OLD_ID,
        )  # fmt: skip

    return make


def zmap_new(job: Job) -> Maker:
    bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
    host, port = job.hosts(80.0, skew=4.0, bias={"US": 1.5}), job.ports(SERVICES, tail=0.05)

    def make(_: int) -> Packet:
        source, dst, dport, seq = host(), target(), port(), bits(32)
        return tcp4_packet(
            source, dst, EPHEMERAL_LOW + bits(14), dport, seq, 0, SYN, 65535,
            255 - hops(source[0]), ident(dst, dport, seq), ZMAP_OPTIONS,
        )  # fmt: skip

    return make


def stack_scan(job: Job) -> Maker:
    """Programs that connect() through their operating system's stack."""
    bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
    host = job.hosts(10.0, skew=2.5, bias={LOGIN_REGION: 1.4})
    window = job.deck((29200, 64240, 14600, 5840, 65535, 42340), (35, 30, 15, 10, 5, 5))
    usual, login, random = job.ports(SERVICES, tail=0.03), job.ports(LOGINS), job.rng.random

    def make(_: int) -> Packet:
        source, dst, seq = host(), target(), bits(32)
        wants_login = source[1].region == LOGIN_REGION and random() < LOGIN_SHARE
        dport = login() if wants_login else usual()
        options = mss(1460) + SACK_OK + timestamps(bits(32)) + NOP + wscale(7)
        return tcp4_packet(
            source, dst, EPHEMERAL_LOW + bits(14), dport, seq, 0, SYN, window(),
            64 - hops(source[0]), ident(dst, dport, seq), options, DONT_FRAGMENT,
        )  # fmt: skip

    return make


def sweep(job: Job) -> Maker:
    """A few sources that go through all ports."""
    bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
    host = job.hosts(300.0, skew=1.5, bias={"US": 2.0, "GB": 2.0})
    ports = job.ports(SERVICES, tail=0.9)

    def make(_: int) -> Packet:
        source, dst, dport, seq = host(), target(), ports(), bits(32)
        return tcp4_packet(
            source, dst, EPHEMERAL_LOW + bits(14), dport, seq, 0, SYN, 1024,
            64 - hops(source[0]), ident(dst, dport, seq), mss(1460),
        )  # fmt: skip

    return make


def smb(windows: Mapping[int, float], options: bytes) -> Callable[[Job], Maker]:
    def prepare(job: Job) -> Maker:
        bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
        host = job.hosts(4.0, skew=1.3, bias={"VN": 3.0, "ID": 3.0, "RU": 1.5, "US": 0.4})
        window = job.deck(list(windows), list(windows.values()))

        def make(_: int) -> Packet:
            source, dst, seq = host(), target(), bits(32)
            return tcp4_packet(
                source, dst, 1024 + bits(15), 445, seq, 0, SYN, window(),
                128 - hops(source[0]), ident(dst, 445, seq), options, DONT_FRAGMENT,
            )  # fmt: skip

        return make

    return prepare


ODD_FLAGS = (
    0, FIN, FIN | PSH | URG, ACK, SYN | FIN, PSH | ACK, FIN | ACK, SYN | ECE | CWR, 255, URG,
)  # fmt: skip


def odd_flags(job: Job) -> Maker:
    """Probes with flags that no connection begins with; none is backscatter."""
    bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
    host, port, flags = job.hosts(30.0), job.ports(SERVICES, tail=0.2), job.deck(ODD_FLAGS)

    def make(_: int) -> Packet:
        source, dst, dport, seq = host(), target(), port(), bits(32)
        return tcp4_packet(
            source, dst, EPHEMERAL_LOW + bits(14), dport, seq, 0, flags(), bits(16),
            64 - hops(source[0]), ident(dst, dport, seq),
        )  # fmt: skip

    return make


# --- UDP --------------------------------------------------------------------

DNS_QUERY = struct.pack(">HHHHHH", 0x1A2B, 0x0100, 1, 0, 0, 0) + b"\x07version\x04bind\0\0\x10\0\x03"
NTP_MONLIST = b"\x17\x00\x03\x2a" + bytes(4)
SNMP_GET = (
    b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\x00\x02\x01\x00"
    b"\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x05\x00"
)
SSDP_SEARCH = (
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
    b'MAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n'
)
SIP_OPTIONS = (
    b"OPTIONS sip:100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-1\r\n"
    b'From: "probe"<sip:100@192.0.2.9>;tag=1\r\nTo: <sip:100@192.0.2.1>\r\n'
    b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
NBSTAT_QUERY = struct.pack(">HHHHHH", 0x4E54, 0, 1, 0, 0, 0) + b"\x20CK" + b"A" * 30 + b"\0\0\x21\0\x01"
TFTP_READ = b"\0\x01startup-config\0octet\0"
UDP_PAYLOADS = {
    53: DNS_QUERY, 123: NTP_MONLIST, 161: SNMP_GET, 1900: SSDP_SEARCH, 5060: SIP_OPTIONS,
    11211: b"\0\0\0\0\0\x01\0\0stats\r\n", 19: b"\r\n", 17: b"\r\n", 1434: b"\x02",
    5353: DNS_QUERY, 137: NBSTAT_QUERY, 69: TFTP_READ,
}  # fmt: skip
OTHER_PAYLOAD = bytes(range(20))


def udp(tail: float) -> Callable[[Job], Maker]:
    def prepare(job: Job) -> Maker:
        bits, target = job.rng.getrandbits, job.targets()
        host, port = job.hosts(25.0, skew=3.0), job.ports(UDP_PORTS, tail=tail)

        def make(_: int) -> Packet:
            source, dport = host(), port()
            payload = UDP_PAYLOADS.get(dport, OTHER_PAYLOAD)
            sport = EPHEMERAL_LOW + bits(14)
            ttl = 64 - hops(source[0])
            return udp4_packet(source, target(), sport, dport, payload, ttl, bits(15))

        return make

    return prepare


# --- IPv6 -------------------------------------------------------------------


def syn6(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets6()
    host, port = job.hosts6(20.0, skew=3.0), job.ports({23: 80, 445: 10, **SERVICES}, tail=0.1)
    options = job.deck((b"", mss(1440), mss(1440) + SACK_OK + NOP + NOP))

    def make(_: int) -> Packet:
        source = host()
        return tcp6_packet(
            source, target(), EPHEMERAL_LOW + bits(14), port(), bits(32), 0, SYN, 64800,
            64 - hops(source[0]), options(),
        )  # fmt: skip

    return make


def udp6(job: Job) -> Maker:
    bits, target = job.rng.getrandbits, job.targets6()
    host, port = job.hosts6(30.0, skew=3.0), job.ports(UDP_PORTS, tail=0.1)

    def make(_: int) -> Packet:
        source, dport = host(), port()
        payload = UDP_PAYLOADS.get(dport, OTHER_PAYLOAD)
        sport = EPHEMERAL_LOW + bits(14)
        return udp6_packet(source, target(), sport, dport, payload, 64 - hops(source[0]))

    return make
