"""Frames that end too early or contradict themselves.

A malformed frame is wrong on the wire; of a truncated one the capture has only
the start. Each is a sound packet with one thing changed.
"""

from __future__ import annotations

from functools import partial
from typing import Callable, NamedTuple

from .build import MORE_FRAGMENTS, hops, icmp, ip4, ip6, tcp, udp
from .job import Host, Job, Maker
from .odd import DESTINATION, FRAGMENT, HOP_BY_HOP, PING, RECORD_ROUTE, chain_of, segment6
from .shapes import (
    ETH_CUT,
    ETH_RUNT,
    ICMP,
    ICMP6,
    NOWHERE,
    SYN,
    TCP,
    UDP,
    V6_MARK,
    VLAN_CUT,
    VLAN_RUNT,
    Packet,
    Shape,
    malformed,
    shape4,
    shape6,
)

ALL = frozenset(("ethernet", "raw", "null", "loop", "sll", "sll2"))
TAGGED = frozenset(("ethernet", "sll", "sll2"))
WITH_HEADER = ALL - {"raw"}

MakeOne = Callable[[Job, Host, int], Packet]


class Kind(NamedTuple):
    make: MakeOne
    links: frozenset[str] = ALL  # the link types that can hold it


def _part(kinds: tuple[Kind, ...], job: Job, host: Callable[[], Host], target: Callable[[], int]) -> Maker:
    kind = job.deck([item.make for item in kinds if job.world.link in item.links])
    return lambda _: kind()(job, host(), target())


def _wrong(host: Host, base: Shape, reason: str, body: bytes, *, padded: bool = True) -> Packet:
    mark = V6_MARK if base.family == "ipv6" else 0
    shape = malformed(base, reason, padded=padded)
    return Packet(shape, host[1], 0, 0, 0, host[0] | mark, body)


# --- the link header --------------------------------------------------------


def _runt(job: Job, host: Host, dst: int) -> Packet:
    size = job.rng.randrange(1, job.world.link_header)
    return Packet(ETH_RUNT, NOWHERE, 0, 0, 0, 0, b"", 0, size)


def _tag_runt(job: Job, host: Host, dst: int) -> Packet:
    size = job.world.link_header + job.rng.randrange(4)
    return Packet(VLAN_RUNT, NOWHERE, 0, 0, 0, 0, b"", 0, size)


def _link_cut(job: Job, host: Host, dst: int) -> Packet:
    return _runt(job, host, dst)._replace(shape=ETH_CUT, extra=60)


def _tag_cut(job: Job, host: Host, dst: int) -> Packet:
    return _tag_runt(job, host, dst)._replace(shape=VLAN_CUT, extra=60)


# --- IPv4 -------------------------------------------------------------------


def _segment4(job: Job, src: int, dst: int, proto: int) -> bytes:
    bits = job.rng.getrandbits
    if proto == TCP:
        return tcp(src, dst, 1024 + bits(15), 23, bits(32), 0, SYN, 4096)
    if proto == UDP:
        return udp(src, dst, 1024 + bits(15), 53, bytes(24))
    return icmp(8, 0, bits(32), PING)


def _body4(
    job: Job,
    host: Host,
    dst: int,
    proto: int,
    payload: bytes,
    *,
    fragment: int = 0,
    total: int | None = None,
    first: int | None = None,
) -> bytes:
    ttl, ident = 64 - hops(host[0]), job.rng.getrandbits(15)
    return ip4(
        host[0], dst, proto, payload, ttl=ttl, ident=ident, fragment=fragment, total=total, first=first
    )


def _short_header4(job: Job, host: Host, dst: int) -> Packet:
    body = _body4(job, host, dst, UDP, b"")[: job.rng.randrange(1, 20)]
    return _wrong(host, shape4(UDP), "ipv4_header", body, padded=False)


def _first_byte4(job: Job, host: Host, dst: int, first: int, reason: str) -> Packet:
    """first: version and header length; the total length stays."""
    payload = _segment4(job, host[0], dst, TCP)
    return _wrong(host, shape4(TCP), reason, _body4(job, host, dst, TCP, payload, first=first))


def _length4(job: Job, host: Host, dst: int, total: int, first: int = 0x45) -> Packet:
    payload = _segment4(job, host[0], dst, TCP)
    body = _body4(job, host, dst, TCP, payload, total=total, first=first)
    return _wrong(host, shape4(TCP), "ipv4_length", body)


def _short4(job: Job, host: Host, dst: int, proto: int, name: str, need: int) -> Packet:
    """The IP packet ends inside the header above it."""
    payload = _segment4(job, host[0], dst, proto)[: job.rng.randrange(need)]
    return _wrong(host, shape4(proto), f"{name}_header", _body4(job, host, dst, proto, payload))


def _short_fragment4(job: Job, host: Host, dst: int) -> Packet:
    payload = _segment4(job, host[0], dst, TCP)[:8]
    body = _body4(job, host, dst, TCP, payload, fragment=MORE_FRAGMENTS)
    return _wrong(host, shape4(TCP), "tcp_header", body)


def _with_offset(segment: bytes, words: int) -> bytes:
    return segment[:12] + bytes((words << 4,)) + segment[13:]


def _offset4(job: Job, host: Host, dst: int, words: int) -> Packet:
    payload = _with_offset(_segment4(job, host[0], dst, TCP), words)
    return _wrong(host, shape4(TCP), "tcp_offset", _body4(job, host, dst, TCP, payload))


def _udp_length4(job: Job, host: Host, dst: int, length: int) -> Packet:
    payload = udp(host[0], dst, 1024, 53, bytes(24), length=length)
    return _wrong(host, shape4(UDP), "udp_length", _body4(job, host, dst, UDP, payload))


MALFORMED4 = (
    Kind(_runt, WITH_HEADER),
    Kind(_tag_runt, TAGGED),
    Kind(_short_header4),
    *(
        Kind(partial(_first_byte4, first=version << 4 | 5, reason="ipv4_version"), WITH_HEADER)
        for version in (0, 5, 6, 15)
    ),
    *(Kind(partial(_first_byte4, first=0x40 | ihl, reason="ipv4_ihl")) for ihl in (0, 1, 4)),
    Kind(partial(_length4, total=0)),
    Kind(partial(_length4, total=19)),
    Kind(partial(_length4, total=36, first=0x4A)),
    Kind(partial(_length4, total=1500)),
    Kind(partial(_length4, total=65535)),
    Kind(partial(_short4, proto=TCP, name="tcp", need=20)),
    Kind(partial(_short4, proto=UDP, name="udp", need=8)),
    Kind(partial(_short4, proto=ICMP, name="icmp", need=8)),
    Kind(_short_fragment4),
    *(Kind(partial(_offset4, words=words)) for words in (0, 4, 6, 15)),
    *(Kind(partial(_udp_length4, length=length)) for length in (0, 7, 33, 65535)),
)


def malformed4(job: Job) -> Maker:
    return _part(MALFORMED4, job, job.hosts(8.0), job.targets())


def _cut(packet: Packet, keep: int) -> Packet:
    return packet._replace(body=packet.body[:keep], extra=len(packet.body) - keep)


def _cut4(job: Job, host: Host, dst: int, proto: int, low: int, high: int, options: bytes = b"") -> Packet:
    """A sound packet, of which low..high - 1 bytes of IP are there."""
    payload = _segment4(job, host[0], dst, proto)
    src = host[0]
    ident = job.rng.getrandbits(15)
    body = ip4(src, dst, proto, payload, ttl=64 - hops(src), ident=ident, options=options)
    port, flags, window = {TCP: (23, SYN, 4096), UDP: (53, 0, 0), ICMP: (0, 8, 0)}[proto]
    packet = Packet(shape4(proto, 20 + len(options)), host[1], port, flags, window, src, body)
    return _cut(packet, job.rng.randrange(low, high))


TRUNCATED4 = (
    Kind(_link_cut, WITH_HEADER),
    Kind(_tag_cut, TAGGED),
    Kind(partial(_cut4, proto=TCP, low=1, high=20)),
    Kind(partial(_cut4, proto=TCP, low=20, high=60, options=RECORD_ROUTE)),
    Kind(partial(_cut4, proto=TCP, low=20, high=40)),
    Kind(partial(_cut4, proto=UDP, low=20, high=28)),
    Kind(partial(_cut4, proto=ICMP, low=20, high=28)),
    # nothing that counts is missing: no verdict
    Kind(partial(_cut4, proto=UDP, low=28, high=52)),
    Kind(partial(_cut4, proto=ICMP, low=28, high=76)),
)


def truncated4(job: Job) -> Maker:
    return _part(TRUNCATED4, job, job.hosts(8.0), job.targets())


# --- IPv6 -------------------------------------------------------------------


def _body6(host: Host, dst: int, next_header: int, payload: bytes, **changes: int) -> bytes:
    return ip6(host[0], dst, next_header, payload, hop_limit=64 - hops(host[0]), **changes)


def _short_header6(job: Job, host: Host, dst: int) -> Packet:
    body = _body6(host, dst, UDP, b"")[: job.rng.randrange(1, 40)]
    return _wrong(host, shape6(UDP), "ipv6_header", body, padded=False)


def _version6(job: Job, host: Host, dst: int, version: int) -> Packet:
    segment = segment6(job, host[0], dst, TCP)[0]
    body = _body6(host, dst, TCP, segment, version=version)
    return _wrong(host, shape6(TCP), "ipv6_version", body)


def _length6(job: Job, host: Host, dst: int, length: int) -> Packet:
    segment = segment6(job, host[0], dst, TCP)[0]
    return _wrong(host, shape6(TCP), "ipv6_length", _body6(host, dst, TCP, segment, length=length))


def _chain6(
    job: Job, host: Host, dst: int, payload: bytes, first: int = DESTINATION, sound: int = 0
) -> Packet:
    """payload: extension headers that reach beyond the packet's end.

    sound: how many of its bytes a reader takes before it can see that.
    """
    base = shape6(TCP, (sound,) if sound else (), later=True)
    return _wrong(host, base, "ipv6_ext", _body6(host, dst, first, payload))


def _short6(job: Job, host: Host, dst: int, proto: int, name: str, need: int) -> Packet:
    segment = segment6(job, host[0], dst, proto)[0][: job.rng.randrange(need)]
    return _wrong(host, shape6(proto), f"{name}_header", _body6(host, dst, proto, segment))


def _offset6(job: Job, host: Host, dst: int, words: int) -> Packet:
    segment = _with_offset(segment6(job, host[0], dst, TCP)[0], words)
    return _wrong(host, shape6(TCP), "tcp_offset", _body6(host, dst, TCP, segment))


def _udp_length6(job: Job, host: Host, dst: int, length: int) -> Packet:
    segment = udp(host[0], dst, 1024, 53, bytes(24), length=length)
    return _wrong(host, shape6(UDP), "udp_length", _body6(host, dst, UDP, segment))


MALFORMED6 = (
    Kind(_short_header6),
    *(Kind(partial(_version6, version=version), WITH_HEADER) for version in (0, 4, 5, 15)),
    *(Kind(partial(_length6, length=length)) for length in (1400, 65535)),
    Kind(partial(_chain6, payload=b"")),
    Kind(partial(_chain6, payload=b"\x06")),
    Kind(partial(_chain6, payload=b"\x06\x03" + bytes(14), sound=2)),
    Kind(partial(_chain6, payload=b"\x06\x00\x00\x00", first=FRAGMENT)),
    Kind(partial(_chain6, payload=b"\x3c\x00\x01\x04" + bytes(4), first=HOP_BY_HOP, sound=8)),
    Kind(partial(_short6, proto=TCP, name="tcp", need=20)),
    Kind(partial(_short6, proto=UDP, name="udp", need=8)),
    Kind(partial(_short6, proto=ICMP6, name="icmp6", need=8)),
    *(Kind(partial(_offset6, words=words)) for words in (0, 4, 7, 15)),
    *(Kind(partial(_udp_length6, length=length)) for length in (0, 7, 33)),
)


def malformed6(job: Job) -> Maker:
    return _part(MALFORMED6, job, job.hosts6(8.0), job.targets6())


def _cut6(
    job: Job, host: Host, dst: int, proto: int, low: int, high: int, chain: tuple[int, ...] = ()
) -> Packet:
    segment, port, flags, window = segment6(job, host[0], dst, proto)
    headers, lengths = chain_of(chain, proto)
    body = _body6(host, dst, chain[0] if chain else proto, headers + segment)
    shape = shape6(proto, lengths)
    packet = Packet(shape, host[1], port, flags, window, host[0] | V6_MARK, body)
    return _cut(packet, job.rng.randrange(low, high))


TRUNCATED6 = (
    Kind(partial(_cut6, proto=TCP, low=1, high=40)),
    # less than the two bytes that lead on to the next header
    Kind(partial(_cut6, proto=TCP, low=40, high=42, chain=(DESTINATION,))),
    Kind(partial(_cut6, proto=TCP, low=48, high=50, chain=(HOP_BY_HOP, DESTINATION))),
    Kind(partial(_cut6, proto=UDP, low=40, high=48, chain=(FRAGMENT,))),
    Kind(partial(_cut6, proto=TCP, low=40, high=60)),
    Kind(partial(_cut6, proto=UDP, low=40, high=48)),
    Kind(partial(_cut6, proto=ICMP6, low=40, high=48)),
    Kind(partial(_cut6, proto=UDP, low=48, high=72)),
)


def truncated6(job: Job) -> Maker:
    return _part(TRUNCATED6, job, job.hosts6(8.0), job.targets6())

