"""What goes on at a telescope when nothing goes on.

Every source keeps its ways for the whole capture: a tool, a window, few ports,
as worms, scanners and the hosts behind one provider's address translation do.
So nobody tries more than MOST_PORTS ports, no victim gets more than a trickle,
and what many hosts of a region have in common they always had: on this traffic
alone nothing is worth telling.
"""

from __future__ import annotations

from typing import Callable, Mapping, NamedTuple

from .backscatter import ATTACKED, WINDOWS, Victim, quoted4
from .build import DONT_FRAGMENT, NOP, SACK_OK, hops, icmp4_packet, mss, tcp4_packet, timestamps, udp4_packet, wscale
from .job import Host, Job, Maker
from .odd import PING
from .scans import (
    EPHEMERAL_LOW,
    MASSCAN_NEW_WINDOW,
    MIRAI,
    OTHER_PAYLOAD,
    SERVICES,
    UDP_PAYLOADS,
    UDP_PORTS,
    WINDOWS_OPTIONS,
    WORM_WINDOW,
    ZMAP_OLD_ID,
    ZMAP_OPTIONS,
    masscan_id,
    plain_id,
)
from .shapes import ACK, RST, SYN, Packet

MOST_PORTS = 4
STACK_WINDOWS = (29200, 64240, 14600, 5840, 65535, 42340)
POOL = 16  # addresses that one provider's customers share


class Ways(NamedTuple):
    """What a source keeps to."""

    host: Host
    ports: tuple[int, ...]
    window: int


def _of_habit(
    job: Job, per_host: float, table: Mapping[int, float], *, skew: float = 2.0, most: int = MOST_PORTS
) -> Callable[[], Ways]:
    """Hosts with the ports that each of them tries."""
    host, port, known = job.hosts(per_host, skew=skew), job.ports(table), {}
    choice, draw = job.rng.choice, job.rng.randrange

    def ways() -> Ways:
        drawn = host()
        found = known.get(drawn[0])
        if found is None:
            ports = tuple(port() for _ in range(draw(1, most + 1)))
            found = known[drawn[0]] = Ways(drawn, ports, choice(STACK_WINDOWS))
        return found

    return ways


def worm(job: Job) -> Maker:
    """Mirai: many hosts, few packets each."""
    bits, target, choice, ident = job.rng.getrandbits, job.targets(), job.rng.choice, plain_id(job)
    ways = _of_habit(job, 40.0, MIRAI, skew=1.3)

    def make(_: int) -> Packet:
        host, ports, _window = ways()
        dst, port = target(), choice(ports)
        return tcp4_packet(
            host, dst, 1024 + bits(15), port, dst, 0, SYN, 1 + bits(15), 64 - hops(host[0]), ident(dst, port, dst)
        )

    return make


def scanner(tool: str) -> Callable[[Job], Maker]:
    """masscan, zmap-old or zmap-new, each scanner with few ports."""

    def prepare(job: Job) -> Maker:
        bits, choice = job.rng.getrandbits, job.rng.choice
        target, probe = job.targets(), prober(job, tool)
        ways = _of_habit(job, 400.0, SERVICES)

        def make(_: int) -> Packet:
            host, ports, _window = ways()
            return probe(host, target(), EPHEMERAL_LOW + bits(14), choice(ports))

        return make

    return prepare


Probe = Callable[[Host, int, int, int], Packet]  # host, target, source and destination port


def prober(job: Job, tool: str) -> Probe:
    """SYNs as a tool makes them; "stack": as an operating system does."""
    bits, ident = job.rng.getrandbits, plain_id(job)

    def masscan(host: Host, dst: int, sport: int, dport: int) -> Packet:
        seq = bits(32)
        if masscan_id(dst, dport, seq) == ZMAP_OLD_ID or seq == dst:
            seq ^= 1
        number = masscan_id(dst, dport, seq)
        ttl = 255 - hops(host[0])
        return tcp4_packet(host, dst, sport, dport, seq, 0, SYN, MASSCAN_NEW_WINDOW, ttl, number, mss(1460))

    def zmap(host: Host, dst: int, sport: int, dport: int) -> Packet:
        seq = bits(32)
        old = tool == "zmap-old"
        number = ZMAP_OLD_ID if old else ident(dst, dport, seq)
        if old and masscan_id(dst, dport, seq) == ZMAP_OLD_ID:
            seq ^= 1
        options = b"" if old else ZMAP_OPTIONS
        return tcp4_packet(host, dst, sport, dport, seq, 0, SYN, 65535, 255 - hops(host[0]), number, options)

    def stack(host: Host, dst: int, sport: int, dport: int) -> Packet:
        seq, window = bits(32), STACK_WINDOWS[host[0] % len(STACK_WINDOWS)]
        options = mss(1460) + SACK_OK + timestamps(bits(32)) + NOP + wscale(7)
        ttl, number = 64 - hops(host[0]), ident(dst, dport, seq)
        return tcp4_packet(host, dst, sport, dport, seq, 0, SYN, window, ttl, number, options, DONT_FRAGMENT)

    return {"masscan": masscan, "zmap-old": zmap, "zmap-new": zmap, "stack": stack}[tool]


def logins(job: Job) -> Maker:
    """Programs on ordinary systems, which try one or a few services."""
    bits, target, choice, probe = job.rng.getrandbits, job.targets(), job.rng.choice, prober(job, "stack")
    ways = _of_habit(job, 60.0, SERVICES)

    def make(_: int) -> Packet:
        host, ports, _window = ways()
        return probe(host, target(), EPHEMERAL_LOW + bits(14), choice(ports))

    return make


def pools(job: Job) -> Maker:
    """Customers of providers behind neighbouring addresses: one address stands for many systems."""
    bits, target, ident, choice = job.rng.getrandbits, job.targets(), plain_id(job), job.rng.choice
    ways = _of_habit(job, 600.0, {23: 30, 22: 20, 445: 5, 80: 10, 8080: 10, 3389: 10}, skew=1.2, most=3)

    def make(_: int) -> Packet:
        (address, origin), ports, _window = ways()
        host, dst, seq, port = (address & -POOL | bits(4), origin), target(), bits(32), choice(ports)
        ttl = 64 - hops(address)
        return tcp4_packet(
            host, dst, 1024 + bits(16) % 64000, port, seq, 0, SYN, choice(STACK_WINDOWS), ttl, ident(dst, port, seq),
            mss(1440) + SACK_OK + timestamps(bits(32)) + NOP + wscale(7), DONT_FRAGMENT,
        )  # fmt: skip

    return make


def smb(job: Job) -> Maker:
    """Hosts with the worms' window on 445/tcp, and some with another."""
    bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
    host = job.hosts(30.0, skew=1.3, bias={"VN": 3.0, "ID": 3.0, "RU": 1.5, "US": 0.4})

    def make(_: int) -> Packet:
        source, dst, seq = host(), target(), bits(32)
        window = WORM_WINDOW if source[0] % 3 else STACK_WINDOWS[source[0] % 6]
        return tcp4_packet(
            source, dst, 1024 + bits(15), 445, seq, 0, SYN, window, 128 - hops(source[0]), ident(dst, 445, seq),
            WINDOWS_OPTIONS, DONT_FRAGMENT,
        )  # fmt: skip

    return make


def udp(job: Job) -> Maker:
    bits, target, choice = job.rng.getrandbits, job.targets(), job.rng.choice
    ways = _of_habit(job, 80.0, UDP_PORTS)

    def make(_: int) -> Packet:
        host, ports, _window = ways()
        port = choice(ports)
        payload, ttl = UDP_PAYLOADS.get(port, OTHER_PAYLOAD), 64 - hops(host[0])
        return udp4_packet(host, target(), EPHEMERAL_LOW + bits(14), port, payload, ttl, bits(15))

    return make


def pings(job: Job) -> Maker:
    bits, target, host = job.rng.getrandbits, job.targets(), job.hosts(100.0)

    def make(_: int) -> Packet:
        source = host()
        return icmp4_packet(source, target(), 8, 0, bits(32), PING, 64 - hops(source[0]), bits(15))

    return make


def answers(job: Job) -> Maker:
    """Of many victims, none of which is attacked hard: answers to a packet now and then."""
    bits, target, choice = job.rng.getrandbits, job.targets(), job.rng.choice
    host, port = job.hosts(6.0, skew=1.1), job.ports(ATTACKED)
    kind = job.deck((SYN | ACK, RST, RST | ACK, 3, 11), (5, 1, 2, 1, 1))

    def make(_: int) -> Packet:
        source, dst, number = host(), target(), kind()
        ttl = 64 - hops(source[0])
        if number in (3, 11):
            quote = quoted4(job, dst, Victim(source, port(), 0))
            return icmp4_packet(source, dst, number, 1, 0, quote, ttl, bits(15))
        window = choice(WINDOWS) if number & SYN else 0
        ack = bits(32) if number & ACK else 0
        seq = bits(32) if number != RST | ACK else 0
        return tcp4_packet(
            source, dst, port(), 1024 + bits(15), seq, ack, number, window, ttl, 0, b"", DONT_FRAGMENT
        )  # fmt: skip

    return make
