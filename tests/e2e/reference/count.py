"""One frame -> what it contributes to the counts; contributions -> the totals of an interval.

The checks stand in the order of the rules; the first that fails ends the frame, which then stays
in the counts of the layers below and enters none above.
"""

import struct
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from . import capture
from .signature import SIGNATURES, Matched
from .sender import Sender

VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
ETHERTYPES = {0x0800: "ipv4", 0x86DD: "ipv6", 0x0806: "arp"}
NULL_FAMILIES = {2: "ipv4", 10: "ipv6", 24: "ipv6", 28: "ipv6", 30: "ipv6"}

CLASSES = ("ipv4", "ipv6", "arp", "other")

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 0, 43, 44, 51, 60
WALKED = (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION)
UNRESOLVED = "unresolved"

END_OF_OPTIONS, NO_OPERATION = 0, 1  # of TCP
OPTION_PAD1 = 0x00
OPTION_JUMBO = 0xC2

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
BACKSCATTER_TCP = {SYN | ACK: "synack", RST: "rst", RST | ACK: "rstack"}
BACKSCATTER_ICMP = {
    0: "icmp_echo_reply",
    3: "icmp_dest_unreach",
    4: "icmp_source_quench",
    5: "icmp_redirect",
    11: "icmp_time_exceeded",
    12: "icmp_param_problem",
    14: "icmp_ts_reply",
    16: "icmp_info_reply",
    18: "icmp_mask_reply",
}
BACKSCATTER_ICMP6 = {
    1: "icmp6_dest_unreach",
    2: "icmp6_pkt_too_big",
    3: "icmp6_time_exceeded",
    4: "icmp6_param_problem",
    129: "icmp6_echo_reply",
}


class Fault(Exception):
    """The verdict on a frame: `kind` is `truncated` or `malformed`."""

    def __init__(self, kind, reason):
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = reason


class Span:
    """What is left of a frame: the bytes captured, and how many there were on the wire."""

    def __init__(self, data, wire):
        self.data = data[:wire]
        self.wire = wire

    def need(self, size, reason):
        """The next `size` bytes must have been captured."""
        if len(self.data) < size:
            raise Fault("truncated" if self.wire >= size else "malformed", reason)

    def after(self, size):
        return Span(self.data[size:], self.wire - size)

    def first(self, size):
        return Span(self.data, size)

    def word(self, at):
        return struct.unpack_from(">H", self.data, at)[0]


@dataclass
class Contribution:
    """What one frame adds. A None or an empty value adds nothing."""

    wire: int
    cls: str = "other"
    verdict: tuple | None = None  # kind and reason
    source: bytes | None = None  # set once the checks of the IP header passed
    target: bytes | None = None  # likewise, as all of the IP header
    ident: int | None = None  # IPv4 only
    ttl: int | None = None
    protocol: int | str | None = None
    no_l4: bool = False
    tcp: tuple | None = None  # destination port, flags, window
    seq: int | None = None
    options: tuple = ()  # of TCP: (kind, value) each, as far as the list is well-formed
    source_port: int | None = None
    udp: int | None = None  # destination port
    icmp: tuple | None = None  # type, code
    icmp6: tuple | None = None

    def port(self):
        """The key of the destination port, or None."""
        if self.tcp:
            return f"{self.tcp[0]}/tcp"
        if self.udp is not None:
            return f"{self.udp}/udp"
        return None

    def is_syn(self):
        """The start of a TCP connection; what other flags are set says nothing."""
        return bool(self.tcp) and self.tcp[1] & (ACK | RST | SYN | FIN) == SYN

    def backscatter(self):
        """The backscatter class, or None."""
        if self.tcp:
            return BACKSCATTER_TCP.get(self.tcp[1] & (ACK | RST | SYN | FIN))
        if self.icmp:
            return BACKSCATTER_ICMP.get(self.icmp[0])
        if self.icmp6:
            return BACKSCATTER_ICMP6.get(self.icmp6[0])
        return None


def judge(link, frame):
    """Applies all rules to one frame of a capture of the given link type."""
    result = Contribution(wire=frame.wire)
    try:
        _link_layer(link, Span(frame.data, frame.wire), result)
    except Fault as fault:
        result.verdict = (fault.kind, fault.reason)
    return result


def _link_layer(link, span, result):
    if link == capture.ETHERNET:
        span.need(14, "eth")
        cls, rest = _ethertype(span.word(12), span.after(14))
    elif link == capture.SLL:
        span.need(16, "eth")
        cls, rest = _ethertype(span.word(14), span.after(16))
    elif link == capture.SLL2:
        span.need(20, "eth")
        cls, rest = _ethertype(span.word(0), span.after(20))
    elif link in capture.NULL:
        span.need(4, "eth")
        cls, rest = _null_family(span.data), span.after(4)
    else:
        nibble = span.data[0] >> 4 if span.data else None
        cls, rest = {4: "ipv4", 6: "ipv6"}.get(nibble, "other"), span
    result.cls = cls
    if cls == "ipv4":
        _ipv4(rest, result)
    elif cls == "ipv6":
        _ipv6(rest, result)


def _ethertype(ethertype, rest):
    """Skips tags; the class, and what follows the last tag."""
    while ethertype in VLAN_TAGS:
        rest.need(4, "vlan")
        ethertype, rest = rest.word(2), rest.after(4)
    return ETHERTYPES.get(ethertype, "other"), rest


def _null_family(data):
    for order in ("little", "big"):
        family = int.from_bytes(data[:4], order)
        if family in NULL_FAMILIES:
            return NULL_FAMILIES[family]
    return "other"


def _ipv4(span, result):
    if span.data and span.data[0] >> 4 != 4:
        raise Fault("malformed", "ipv4_version")
    span.need(20, "ipv4_header")
    header = (span.data[0] & 15) * 4
    total = span.word(2)
    if header < 20:
        raise Fault("malformed", "ipv4_ihl")
    if total < header or total > span.wire:
        raise Fault("malformed", "ipv4_length")
    span.need(header, "ipv4_options")

    result.source, result.target = span.data[12:16], span.data[16:20]
    result.ident, result.ttl = span.word(4), span.data[8]
    result.protocol = span.data[9]
    fragment = span.word(6)
    _transport(
        result,
        span.first(total).after(header),
        later_fragment=bool(fragment & 0x1FFF),
        more=bool(fragment & 0x2000),
        jumbo=False,
    )


def _ipv6(span, result):
    if span.data and span.data[0] >> 4 != 6:
        raise Fault("malformed", "ipv6_version")
    span.need(40, "ipv6_header")
    rest, following, length = span.after(40), span.data[6], span.word(4)
    jumbo = None
    search_fault = None
    if length == 0 and following == HOP_BY_HOP:
        try:
            jumbo = _jumbo_length(rest)
        except Fault as fault:
            search_fault = fault
    if jumbo is not None:
        length = jumbo
    if length > rest.wire:
        raise Fault("malformed", "ipv6_length")

    result.source, result.target = span.data[8:24], span.data[24:40]
    result.ttl = span.data[7]
    result.protocol = UNRESOLVED
    if search_fault:
        raise search_fault
    following, rest, later_fragment, more = _walk(following, rest.first(length))
    result.protocol = following
    _transport(result, rest, later_fragment=later_fragment, more=more, jumbo=jumbo is not None)


def _extension_size(kind, span):
    """By the header's own length field; the least there is while that field is not captured."""
    if kind == FRAGMENT or len(span.data) < 2:
        return 8
    if kind == AUTHENTICATION:
        return (span.data[1] + 2) * 4
    return (span.data[1] + 1) * 8


def _jumbo_length(rest):
    """The length in the jumbo option of a hop-by-hop header, or None.

    The header is looked for on the wire, as the payload length (0) does not cover it.
    """
    size = _extension_size(HOP_BY_HOP, rest)
    rest.need(size, "ipv6_ext")
    options, at = rest.data[2:size], 0
    while at < len(options):
        if options[at] == OPTION_PAD1:
            at += 1
            continue
        if at + 2 > len(options) or at + 2 + options[at + 1] > len(options):
            return None
        if options[at] == OPTION_JUMBO and options[at + 1] == 4:
            return int.from_bytes(options[at + 2 : at + 6], "big")
        at += 2 + options[at + 1]
    return None


def _walk(following, rest):
    """Follows the extension headers: protocol, what is behind them, and the kind of fragment."""
    more = False
    while following in WALKED:
        kind, size = following, _extension_size(following, rest)
        rest.need(size, "ipv6_ext")
        following = rest.data[0]
        if kind == FRAGMENT:
            field_ = rest.word(2)
            more = more or bool(field_ & 1)
            if field_ >> 3:
                return following, rest.after(size), True, more
        rest = rest.after(size)
    return following, rest, False, more


def _transport(result, span, *, later_fragment, more, jumbo):
    """`span` ends where the IP packet ends; `more` is set in a fragment with more to come."""
    protocol = result.protocol
    paired = {ICMP: result.cls == "ipv4", ICMP6: result.cls == "ipv6", TCP: True, UDP: True}
    if protocol not in paired:
        return
    if later_fragment or not paired[protocol]:
        result.no_l4 = True
    elif protocol == TCP:
        _tcp(result, span, more)
    elif protocol == UDP:
        _udp(result, span, more, jumbo)
    elif protocol == ICMP:
        span.need(8, "icmp_header")
        result.icmp = (span.data[0], span.data[1])
    else:
        span.need(8, "icmp6_header")
        result.icmp6 = (span.data[0], span.data[1])


def _tcp(result, span, more):
    span.need(20, "tcp_header")
    offset = (span.data[12] >> 4) * 4
    if offset < 20 or (offset > span.wire and not more):
        raise Fault("malformed", "tcp_offset")
    result.tcp = (span.word(2), span.data[13], span.word(14))
    result.source_port = span.word(0)
    (result.seq,) = struct.unpack_from(">I", span.data, 4)
    result.options = tuple(_tcp_options(span.data[20:offset]))


def _tcp_options(data):
    """Kind and value of each, up to the end of the list, of the capture or of what can be read."""
    at = 0
    while at < len(data) and data[at] != END_OF_OPTIONS:
        if data[at] == NO_OPERATION:
            yield NO_OPERATION, b""
            at += 1
            continue
        if at + 2 > len(data) or data[at + 1] < 2 or at + data[at + 1] > len(data):
            return
        yield data[at], data[at + 2 : at + data[at + 1]]
        at += data[at + 1]


def _udp(result, span, more, jumbo):
    span.need(8, "udp_header")
    length = span.word(4)
    unset = length == 0 and jumbo
    if not unset and (length < 8 or (length > span.wire and not more)):
        raise Fault("malformed", "udp_length")
    result.udp = span.word(2)
    result.source_port = span.word(0)


@dataclass
class Totals:
    """The counts of one interval. Maps go from a key of the JSON object to a number of packets."""

    start: int
    end: int
    frames: int = 0
    bytes: int = 0
    late: int = 0
    cls: Counter = field(default_factory=Counter)
    malformed: Counter = field(default_factory=Counter)
    truncated: Counter = field(default_factory=Counter)
    no_l4: Counter = field(default_factory=Counter)
    ip_proto: Counter = field(default_factory=Counter)
    tcp_port: Counter = field(default_factory=Counter)
    udp_port: Counter = field(default_factory=Counter)
    tcp_flags: Counter = field(default_factory=Counter)
    tcp_window: Counter = field(default_factory=Counter)
    icmp: Counter = field(default_factory=Counter)
    icmp6: Counter = field(default_factory=Counter)
    region: Counter = field(default_factory=Counter)
    asn: Counter = field(default_factory=Counter)
    region_port: defaultdict = field(default_factory=lambda: defaultdict(Counter))
    backscatter: Counter = field(default_factory=Counter)
    sources: dict = field(default_factory=dict)  # address -> region
    source_asn: dict = field(default_factory=dict)  # address -> AS number; empty without a database
    source_packets: Counter = field(default_factory=Counter)
    port_sources: defaultdict = field(default_factory=lambda: defaultdict(set))  # addresses
    senders: defaultdict = field(default_factory=lambda: defaultdict(Sender))  # by address
    signatures: dict = field(default_factory=lambda: {one.name: Matched(one) for one in SIGNATURES})

    def add(self, one, region_of, asn_of=None, at_ns=0, late=False):
        """Adds one contribution. `region_of` maps a source address (bytes) to its region, `asn_of` to the number
        of its AS; without one no AS is counted."""
        self.frames += 1
        self.bytes += one.wire
        self.late += late
        self.cls[one.cls] += 1
        if one.verdict:
            kind, reason = one.verdict
            getattr(self, kind)[reason] += 1
        if one.source is not None:
            self._add_packet(one, region_of(one.source))
            self._add_source(one, region_of(one.source), asn_of)
        if one.backscatter():
            self.backscatter[one.backscatter()] += 1
            self.senders[one.source].add(one, at_ns)

    def _add_source(self, one, region, asn_of):
        self.sources[one.source] = region
        self.source_packets[one.source] += 1
        if asn_of:
            self.source_asn[one.source] = asn_of(one.source)
            self.asn[str(asn_of(one.source))] += 1
        if one.port():
            self.port_sources[one.port()].add(one.source)
        for matched in self.signatures.values():
            matched.add(one, region)

    def _add_packet(self, one, region):
        self.ip_proto[str(one.protocol)] += 1
        self.region[region] += 1
        if one.no_l4:
            self.no_l4[str(one.protocol)] += 1
        if one.port():
            self.region_port[region][one.port()] += 1
        if one.tcp:
            port, flags, window = one.tcp
            self.tcp_port[str(port)] += 1
            self.tcp_flags[f"0x{flags:02x}"] += 1
            self.tcp_window[str(window)] += 1
        if one.udp is not None:
            self.udp_port[str(one.udp)] += 1
        if one.icmp:
            self.icmp[f"{one.icmp[0]}/{one.icmp[1]}"] += 1
        if one.icmp6:
            self.icmp6[f"{one.icmp6[0]}/{one.icmp6[1]}"] += 1
