"""Counts of tshark's own dissection, under the names of the JSON line.

Only for sound packets: tshark goes on where the program stops, and says nothing of a verdict. Of a
field that occurs twice the first counts, as packets quoted in ICMP errors are no packets.
"""

import subprocess
from collections import Counter

FIELDS = (
    *("ip.proto", "ipv6.nxt", "tcp.dstport", "tcp.flags", "tcp.window_size_value", "udp.dstport"),
    *("icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code"),
)


# Captures of which tshark sees what the program sees.
SOUND = ("traffic_0", "traffic_1", "traffic_2", "tcp_flags_ip4", "tcp_flags_ip6", "icmp_types", "ports_ip6")


def counts(path):
    names = [argument for field in FIELDS for argument in ("-e", field)]
    shown = subprocess.run(
        ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=f", *names],
        capture_output=True,
        text=True,
        check=True,
    )
    result = {
        name: Counter()
        for name in ("ip_proto", "tcp_port", "tcp_flags", "tcp_window", "udp_port", "icmp", "icmp6")
    }
    for line in shown.stdout.splitlines():
        _add(result, dict(zip(FIELDS, line.split("\t"))))
    return result


def _add(result, row):
    protocol = row["ip.proto"] if row["ip.proto"] and not row["icmpv6.type"] else row["ipv6.nxt"]
    if not protocol:
        return
    result["ip_proto"][protocol] += 1
    if protocol == "6":
        result["tcp_port"][row["tcp.dstport"]] += 1
        result["tcp_flags"][f"0x{int(row['tcp.flags'], 16) & 0xFF:02x}"] += 1
        result["tcp_window"][row["tcp.window_size_value"]] += 1
    elif protocol == "17":
        result["udp_port"][row["udp.dstport"]] += 1
    elif protocol == "1":
        result["icmp"][f"{row['icmp.type']}/{row['icmp.code']}"] += 1
    elif protocol == "58":
        result["icmp6"][f"{row['icmpv6.type']}/{row['icmpv6.code']}"] += 1
