"""Every value of the fields that are counted or checked: lengths, protocols, flags, types."""

from . import frames as f
from .files import Record
from .registry import counting


LONG = f.tcp(payload=bytes(60))  # 80 bytes: any IHL and any data offset stay inside

counting(
    "ihl_all",  # zeros behind the header: what a larger IHL leaves is a TCP header with offset 0
    [f.eth4(f.tcp() + bytes(60), ihl=ihl, total=100) for ihl in range(16)],
    malformed={"ipv4_ihl": 5, "tcp_offset": 10},
    tcp_port={"23": 1},
)
counting(
    "ihl_all_short",  # the total length ends inside the options
    [f.eth4(f.tcp(), ihl=ihl) for ihl in range(16)],
    # 40 bytes: IHL 5 is whole, 6 to 10 leave less than a TCP header, 11 and more nothing
    malformed={"ipv4_ihl": 5, "ipv4_length": 5, "tcp_header": 5},
)
counting(
    "ihl_all_cut",  # captured to the end of the fixed header
    [Record(f.eth4(LONG, ihl=ihl)[:34], 114) for ihl in range(16)],
    malformed={"ipv4_ihl": 5},
    truncated={"tcp_header": 1, "ipv4_options": 10},
)
counting(
    "total_length_all",
    [f.eth4(f.tcp(), total=total) for total in range(64)] + [f.eth4(f.tcp(), total=0xFFFF)],
    malformed={"ipv4_length": 20 + 23 + 1, "tcp_header": 20},
    tcp_port={"23": 1},
)
counting(
    "total_length_padded",  # the frame holds more than the packet
    [f.eth4(f.udp(payload=bytes(4)), f.UDP, total=total) + bytes(14) for total in range(48)],
    malformed={"ipv4_length": 20 + 1, "udp_header": 8, "udp_length": 4},
    udp_port={"53": 15},
)
counting(
    "total_length_cut",  # compared with the wire, not with what was captured
    [Record(f.eth4(f.tcp(), total=total)[:54], 64) for total in range(0, 70)],
    malformed={"ipv4_length": 20 + 19, "tcp_header": 20},
    tcp_port={"23": 11},
)
counting(
    "payload_length_all",
    [f.eth6(f.tcp(), length=length) for length in range(64)] + [f.eth6(f.tcp(), length=0xFFFF)],
    malformed={"ipv6_length": 44, "tcp_header": 20},
    tcp_port={"23": 1},
)
counting(
    "payload_length_cut",
    [Record(f.eth6(f.tcp(), length=length)[:74], 84) for length in range(0, 40)],
    malformed={"ipv6_length": 9, "tcp_header": 20},
    tcp_port={"23": 11},
)
counting(
    "data_offset_all",
    [f.eth4(f.tcp(offset=offset, payload=bytes(40))) for offset in range(16)]
    + [f.eth6(f.tcp(offset=offset, payload=bytes(40))) for offset in range(16)],
    malformed={"tcp_offset": 10},
    tcp_port={"23": 22},
)
counting(
    "data_offset_too_far",  # the offset points behind the packet, though not behind the frame
    [f.eth4(f.tcp(offset=offset, payload=bytes(40)), total=20 + 32) for offset in range(16)]
    + [f.eth6(f.tcp(offset=offset, payload=bytes(40)), length=32) for offset in range(16)],
    malformed={"tcp_offset": 2 * (5 + 7)},
    tcp_port={"23": 8},
)
counting(
    "data_offset_cut",  # options that only the wire had are no fault
    [Record(f.eth4(f.tcp(offset=offset, payload=bytes(40)))[:54], 94) for offset in range(16)],
    malformed={"tcp_offset": 5},
    truncated={},
    tcp_port={"23": 11},
)
counting(
    "udp_length_all",
    [f.eth4(f.udp(length=length, payload=bytes(8)), f.UDP) for length in range(32)]
    + [f.eth6(f.udp(length=length, payload=bytes(8)), f.UDP) for length in range(32)]
    + [f.eth4(f.udp(length=0xFFFF), f.UDP), f.eth4(f.udp(length=0x0800), f.UDP)],
    malformed={"udp_length": 2 * (8 + 15) + 2},
    udp_port={"53": 18},
)
counting(
    "udp_length_padded",  # compared with the IP packet, not with the frame
    [f.eth4(f.udp(length=length), f.UDP) + bytes(18) for length in range(32)],
    malformed={"udp_length": 31},
    udp_port={"53": 1},
)
counting(
    "udp_length_cut",
    [Record(f.eth4(f.udp(length=length, payload=bytes(30)), f.UDP)[:42], 72) for length in range(48)],
    malformed={"udp_length": 8 + 9},
    truncated={},
    udp_port={"53": 31},
)



def _weight(flags):
    """How often each value occurs: other combinations of FIN, SYN, RST and ACK, other numbers."""
    return 1 + (flags & 7) + (8 if flags & f.ACK else 0)


for _name, _build in (("ip4", f.eth4), ("ip6", f.eth6)):
    counting(
        f"tcp_flags_{_name}",
        [_build(f.tcp(flags=flags)) for flags in range(256) for _ in range(_weight(flags))],
        tcp_flags={f"0x{flags:02x}": _weight(flags) for flags in range(256)},
        # of the 16 values of the other four bits each gives one
        backscatter__packets={"rstack": 16 * 13, "synack": 16 * 11, "rst": 16 * 5},
    )
    counting(
        f"tcp_reserved_bits_{_name}",  # the low half of byte 12 is none of the flags
        [
            _build(f.tcp()[:12] + bytes((0x50 | low, f.SYN)) + f.tcp()[14:])
            for low in range(16)
        ],
        tcp_flags={"0x02": 16},
    )
    counting(
        f"tcp_windows_{_name}",
        [_build(f.tcp(window=window)) for window in (0, 1, 255, 256, 1024, 8192, 8192, 32768, 65534, 65535)],
        tcp_window={"8192": 2}
        | {str(window): 1 for window in sorted((0, 1, 255, 256, 1024, 32768, 65534, 65535), key=str)},
    )
    counting(
        f"ports_{_name}",
        [_build(f.tcp(port)) for port in (0, 1, 255, 256, 32767, 32768, 65534, 65535)]
        + [_build(f.udp(port), f.UDP) for port in (0, 1, 255, 256, 32767, 32768, 65534, 65535)],
        tcp_port={str(port): 1 for port in sorted((0, 1, 255, 256, 32767, 32768, 65534, 65535), key=str)},
        udp_port={str(port): 1 for port in sorted((0, 1, 255, 256, 32767, 32768, 65534, 65535), key=str)},
    )

counting(
    "icmp_types",  # neighbouring types occur in different numbers
    [f.eth4(f.icmp(kind, code), f.ICMP) for kind in range(256) for code in range(kind % 16 + 1)],
    backscatter__packets={
        "icmp_ts_reply": 15,
        "icmp_param_problem": 13,
        "icmp_time_exceeded": 12,
        "icmp_redirect": 6,
        "icmp_source_quench": 5,
        "icmp_dest_unreach": 4,
        "icmp_mask_reply": 3,
        "icmp_echo_reply": 1,
        "icmp_info_reply": 1,
    },
    ip_proto={"1": 16 * 136},
    icmp6={},
)
counting("icmp_codes", [f.eth4(f.icmp(3, code), f.ICMP) for code in range(256)], icmp6={})
counting("icmp6_codes", [f.eth6(f.icmp(128, code), f.ICMP6) for code in range(256)], icmp={})
counting(
    "icmp6_types",
    [f.eth6(f.icmp(kind, code), f.ICMP6) for kind in range(256) for code in range(kind % 16 + 1)],
    backscatter__packets={
        "icmp6_param_problem": 5,
        "icmp6_time_exceeded": 4,
        "icmp6_pkt_too_big": 3,
        "icmp6_dest_unreach": 2,
        "icmp6_echo_reply": 2,
    },
    ip_proto={"58": 16 * 136},
    icmp={},
)
counting(
    "icmp_wrong_pairing",  # under the other IP version each is a protocol number and no more
    [f.eth6(f.icmp(3), f.ICMP), f.eth4(f.icmp(1), f.ICMP6), f.eth6(b"", f.ICMP), f.eth4(b"", f.ICMP6)]
    + [Record(f.eth6(f.icmp(3), f.ICMP)[:54], 62), Record(f.eth4(f.icmp(1), f.ICMP6)[:34], 42)],
    malformed={},
    truncated={},
    ip_proto={"1": 3, "58": 3},
    no_l4={"1": 3, "58": 3},
    icmp={},
    icmp6={},
    backscatter__packets={},
)

# Zeros are a TCP header with offset 0 and a UDP header with length 0; as IPv6 extension headers
# they lead from one to the next until the packet ends.
counting(
    "protocols_ip4",
    [f.eth4(bytes(48), protocol) for protocol in range(256)],
    malformed={"tcp_offset": 1, "udp_length": 1},
    ip_proto={str(protocol): 1 for protocol in sorted(range(256), key=str)},
    no_l4={"58": 1},
    icmp={"0/0": 1},
)
counting(
    "protocols_ip4_empty",
    [f.eth4(b"", protocol) for protocol in range(256)],
    malformed={"icmp_header": 1, "tcp_header": 1, "udp_header": 1},
    no_l4={"58": 1},
)
counting(
    "protocols_ip6",
    [f.eth6(bytes(48), following) for following in range(256)],
    malformed={"ipv6_ext": 5, "tcp_offset": 1, "udp_length": 1},
    no_l4={"1": 1},
    icmp6={"0/0": 1},
)
counting(
    "protocols_ip6_empty",
    [f.eth6(b"", following) for following in range(256)],
    malformed={"ipv6_ext": 5, "icmp6_header": 1, "tcp_header": 1, "udp_header": 1},
    no_l4={"1": 1},
)
counting(
    "protocols_ip6_behind_option",
    [f.eth6(f.extension(following) + b"\x3b" * 48, f.DESTINATION) for following in range(256)],
    # 59 for a length: the header would be longer than the packet; the fragment header has no
    # length, but this one has an offset
    malformed={"ipv6_ext": 4, "tcp_offset": 1, "udp_length": 1},
    no_l4={"1": 1},
)
