"""The table of what telescope traffic consists of.

A part is a name, a weight and a function that, given a Job, returns the maker
of its packets. To plant something new, write such a function and add a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from . import background, backscatter, broken, odd, scans
from .build import mss
from .job import Job, Maker
from .schedule import Profile, burst, daily
from .shapes import ACK, RST, SYN


@dataclass(frozen=True)
class Part:
    name: str
    group: str  # scan, udp, icmp, backscatter, event, odd, broken, link
    weight: float  # among the parts of the same IP version
    prepare: Callable[[Job], Maker]
    text: str
    ipv6: bool = False
    times: Profile = daily
    # so many packets hold every kind that the part has
    minimum: int = 1
    links: frozenset[str] = broken.ALL
    asked: bool = False  # only where --only names it


SMB_OTHER = {64240: 5.0, 65535: 3.0, 16384: 2.0, 1024: 1.0, 1025: 1.0}
MASSCAN_OLD = scans.masscan(scans.MASSCAN_OLD_WINDOW, b"")
MASSCAN_NEW = scans.masscan(scans.MASSCAN_NEW_WINDOW, mss(1460))
SMB_8192 = scans.smb({scans.WORM_WINDOW: 1.0}, scans.WINDOWS_OPTIONS)
WEB_TOOL = backscatter.fixed_tool("NZ", 7, sport=443, dport=0)
TELNET_TOOL = backscatter.fixed_tool("NZ", 5, sport=0, dport=23)
DOS_SYNACK = backscatter.attack("JP", 3, SYN | ACK, fixed=True)
DOS_RSTACK = backscatter.attack("TW", 2, RST | ACK, fixed=False)

PARTS = (
    Part("mirai", "scan", 17, scans.mirai, "SYN with sequence number == destination, TTL from 64"),
    Part("masscan-old", "scan", 5, MASSCAN_OLD, "window 1024, no options, ID from the header"),
    Part("masscan-new", "scan", 6, MASSCAN_NEW, "window 1025, MSS, ID from the header"),
    Part("zmap-old", "scan", 4, scans.zmap_old, "ID 54321, window 65535"),
    Part("zmap-new", "scan", 6, scans.zmap_new, "random ID, window 65535, five options, TTL from 255"),
    Part("stack-scan", "scan", 22, scans.stack_scan, "SYNs of an operating system's stack"),
    Part("sweep", "scan", 6, scans.sweep, "few sources, all ports", minimum=2),
    Part("smb-8192", "scan", 4, SMB_8192, "445/tcp, window 8192"),
    Part("smb-other", "scan", 2.5, scans.smb(SMB_OTHER, scans.XP_OPTIONS), "445/tcp, other windows", minimum=5),
    Part("odd-flags", "scan", 0.8, scans.odd_flags, "flags that are neither SYN nor backscatter", minimum=10),
    Part("udp", "udp", 7, scans.udp(0.02), "UDP probes of known services"),
    Part("udp-tail", "udp", 1, scans.udp(0.9), "UDP to all ports"),
    Part("icmp-echo", "icmp", 2.5, odd.echo, "pings"),
    Part("icmp-other", "icmp", 0.3, odd.requests, "other ICMP that is no answer", minimum=7),
    Part("bs-synack", "backscatter", 4, backscatter.tcp_answers("synack"), "SYN+ACK", minimum=2),
    Part("bs-rst", "backscatter", 1.2, backscatter.tcp_answers("rst"), "RST", minimum=2),
    Part("bs-rstack", "backscatter", 2, backscatter.tcp_answers("rstack"), "RST+ACK", minimum=2),
    Part("bs-icmp", "backscatter", 1.5, backscatter.icmp_answers, "ICMP answers and errors", minimum=9),
    Part("dos-synack", "event", 1.2, DOS_SYNACK, "three victims in JP, one acknowledged number",
         times=burst(0.31, 3600)),
    Part("dos-rstack", "event", 0.8, DOS_RSTACK, "two victims in TW", times=burst(0.62, 2400)),
    Part("fixed-tool", "event", 1.5, WEB_TOOL, "port 443, one window, one sequence number, from NZ",
         times=burst(0.47, 1800)),
    Part("fixed-window", "event", 0.8, TELNET_TOOL, "to 23/tcp with one window, from NZ",
         times=burst(0.78, 1200)),
    Part("fragments", "odd", 0.3, odd.fragments, "first and later IPv4 fragments", minimum=9),
    Part("ip-options", "odd", 0.1, odd.ip_options, "IPv4 options", minimum=9),
    Part("gre", "odd", 0.4, odd.gre, "GRE with a packet inside"),
    Part("protocols", "odd", 0.2, odd.protocols, "other IPv4 protocols", minimum=10),
    Part("bogons", "odd", 0.3, odd.bogons, "sources that no region owns", minimum=9),
    Part("malformed", "broken", 0.4, broken.malformed4, "wrong on the wire",
         minimum=len(broken.MALFORMED4)),
    Part("truncated", "broken", 0.4, broken.truncated4, "cut by the capture",
         minimum=len(broken.TRUNCATED4)),
    Part("arp", "link", 0.15, odd.arp, "ARP requests of the router", links=broken.TAGGED),
    Part("ethertypes", "link", 0.15, odd.ethertypes, "LLC, PPPoE, MPLS, LLDP and another", minimum=5),

    # Only when asked for: traffic on which nothing is worth telling. Weights are those among themselves.
    Part("calm-mirai", "calm", 30, background.worm, "hosts with Mirai, few packets each", asked=True),
    Part("calm-masscan", "calm", 9, background.scanner("masscan"), "masscan, few ports a source", asked=True),
    Part("calm-zmap-old", "calm", 4, background.scanner("zmap-old"), "ZMap up to 4.0, likewise", asked=True),
    Part("calm-zmap-new", "calm", 8, background.scanner("zmap-new"), "ZMap since 4.1, likewise", asked=True),
    Part("calm-logins", "calm", 22, background.logins, "SYNs of operating systems' stacks", asked=True),
    Part("calm-pools", "calm", 8, background.pools, "many systems behind neighbouring addresses", asked=True),
    Part("calm-smb", "calm", 7, background.smb, "445/tcp, with the worms' window and without", asked=True),
    Part("calm-udp", "calm", 6, background.udp, "UDP probes", asked=True),
    Part("calm-pings", "calm", 2, background.pings, "pings", asked=True),
    Part("calm-answers", "calm", 4, background.answers, "backscatter of many victims, little of each", asked=True),

    Part("syn6", "scan", 40, scans.syn6, "SYNs over IPv6", True, minimum=3),
    Part("udp6", "udp", 10, scans.udp6, "UDP over IPv6", True),
    Part("icmp6-echo", "icmp", 25, odd.echo6, "pings", True),
    Part("icmp6-other", "icmp", 3, odd.requests6, "neighbours on the sensor's link", True, minimum=5),
    Part("bs6-tcp", "backscatter", 6, backscatter.tcp6_answers, "SYN+ACK, RST, RST+ACK", True, minimum=3),
    Part("bs6-icmp", "backscatter", 6, backscatter.icmp6_answers, "ICMPv6 answers and errors", True,
         minimum=5),
    Part("dos6", "event", 2, backscatter.attack6, "ICMPv6 errors about one victim", True,
         times=burst(0.55, 1800)),
    Part("extensions6", "odd", 2, odd.extensions6, "chains of extension headers", True,
         minimum=3 * len(odd.CHAINS)),
    Part("fragments6", "odd", 2, odd.fragments6, "first and later IPv6 fragments", True, minimum=8),
    Part("protocols6", "odd", 1, odd.protocols6, "other IPv6 protocols", True, minimum=9),
    Part("jumbo6", "odd", 0.2, odd.jumbo6, "jumbograms, cut by the capture", True, minimum=2),
    Part("aliases6", "odd", 2, odd.aliases6, "6to4, Teredo, mapped and compatible sources", True, minimum=4),
    Part("malformed6", "broken", 2, broken.malformed6, "wrong on the wire", True,
         minimum=len(broken.MALFORMED6)),
    Part("truncated6", "broken", 2, broken.truncated6, "cut by the capture", True,
         minimum=len(broken.TRUNCATED6)),
)  # fmt: skip

NAMES = tuple(part.name for part in PARTS)
USUAL = tuple(part.name for part in PARTS if not part.asked)
GROUPS = tuple(dict.fromkeys(part.group for part in PARTS))


def listing() -> str:
    lines = [f"{'part':<14}{'group':<13}{'IP':<4}{'weight':>6}  what it is"]
    for part in PARTS:
        version = 6 if part.ipv6 else 4
        lines.append(f"{part.name:<14}{part.group:<13}{version:<4}{part.weight:>6g}  {part.text}")
    return "\n".join(lines)
