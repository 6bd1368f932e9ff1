"""Events planted at chosen times: what `--plant FILE` asks for.

The file is a list of objects in JSON, each one event that an analyst should
find, or just should not. Common to all: `type`; `start`, a time as after
--start; `length`, seconds or a length of time; `packets`, spread evenly over
it with the first at the start and the last at the end. The others:

  dos         victim (an address) or region; protocol tcp, udp or icmp (default
              tcp); port (default 443); classes, a list of synack, rst, rstack
              (of tcp), echo_reply (of icmp), dest_unreach, source_quench,
              redirect, time_exceeded, param_problem (ICMP errors about the
              victim; from it or a router before it); targets, how many of our
              addresses (default: all alike)
  fixed_tool  region; sources, how many; either source_port (and sequence, a
              number, default a random one) or destination_port; window; flags,
              syn or synack (default synack from a source_port, else syn);
              ports, how many destination ports (default: any).
              packets is the number of each source
  surge       region or port, such as 6379/tcp, or both; sources, how many, each at one port
  scanner     source (an address) or region; ports, how many; tool, one of
              masscan, zmap-old, zmap-new and stack (default)

What is left out of these is drawn from the seed.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Callable, Mapping

from .background import prober
from .build import (
    DONT_FRAGMENT,
    hops,
    icmp4_packet,
    icmp6_packet,
    icmp,
    ip4,
    ip6,
    tcp,
    tcp4_packet,
    tcp6_packet,
    udp,
    udp4_packet,
)
from .errors import UsageError
from .job import Event, Host, Job, Maker
from .schedule import NS, Span
from .scans import EPHEMERAL_LOW, OTHER_PAYLOAD, plain_id
from .shapes import ACK, ICMP, ICMP6, NOWHERE, RST, SYN, TCP, UDP, V6_MARK, Packet

MOST = 180  # that a capture can hold beside its parts
PACKETS_MAX = 10**8

TCP_CLASSES = {"synack": SYN | ACK, "rst": RST, "rstack": RST | ACK}
# ICMP and ICMPv6 type; the latter has no source quench and no redirect of this kind
ERRORS = {
    "dest_unreach": (3, 1),
    "source_quench": (4, 0),
    "redirect": (5, 0),
    "time_exceeded": (11, 3),
    "param_problem": (12, 4),
}
ECHO_REPLY, ECHO_REPLY6 = 0, 129
PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP}
DEFAULT_CLASSES = {"tcp": ["synack"], "udp": ["dest_unreach"], "icmp": ["echo_reply"]}
TOOLS = ("masscan", "zmap-old", "zmap-new", "stack")

KEYS: Mapping[str, tuple[str, ...]] = {
    "dos": ("victim", "region", "protocol", "port", "classes", "targets"),
    "fixed_tool": ("region", "sources", "source_port", "destination_port", "window", "sequence", "flags", "ports"),
    "surge": ("region", "port", "sources"),
    "scanner": ("source", "region", "ports", "tool"),
}
COMMON = ("type", "start", "length", "packets")


@dataclass(frozen=True)
class Plant:
    """One event of the file, as far as it could be checked without the regions."""

    name: str
    kind: str
    start_s: int
    length_s: int
    count: int  # packets in all
    asked: Mapping[str, Any]

    def times(self, _: Span, rng: Random, count: int) -> list[int]:
        """Evenly from the first moment to the last."""
        steps = max(count - 1, 1)
        return [self.start_s * NS + self.length_s * NS * i // steps for i in range(count)]

    def prepare(self, job: Job) -> Maker:
        return MAKERS[self.kind](self, job)


# --- the file -----------------------------------------------------------------


def load(path: str, moment: Callable[[str], int], duration: Callable[[str], int]) -> list[Plant]:
    """Reads the file; `moment` and `duration` read times as the command line does."""
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error
    if not isinstance(rows, list) or len(rows) > MOST:
        raise UsageError(f"{path}: not a list of at most {MOST} events")
    plants = []
    for number, row in enumerate(rows, 1):
        try:
            plants.append(_plant(number, row, moment, duration))
        except (KeyError, TypeError, ValueError) as error:
            what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else error
            raise UsageError(f"{path}: event {number}: {what}") from error
        except Exception as error:  # argparse's own kind
            raise UsageError(f"{path}: event {number}: {error}") from error
    return plants


def _plant(number: int, row: Any, moment: Callable[[str], int], duration: Callable[[str], int]) -> Plant:
    if not isinstance(row, dict):
        raise ValueError("not an object")
    kind = row["type"]
    if kind not in KEYS:
        raise ValueError(f"type {kind}: not one of {', '.join(KEYS)}")
    unknown = [key for key in row if key not in COMMON and key not in KEYS[kind]]
    if unknown:
        raise ValueError(f"{unknown[0]}: no key of a {kind}")
    length = row["length"]
    length_s = length if isinstance(length, int) else duration(length)
    each = _number(row, "packets", 1, PACKETS_MAX)
    _check(kind, row)
    count = each * row["sources"] if kind == "fixed_tool" else each
    return Plant(f"plant-{number}", kind, moment(str(row["start"])), length_s, count, row)


def _number(row: Mapping[str, Any], key: str, low: int, high: int, default: int | None = None) -> int:
    value = row[key] if default is None else row.get(key, default)
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{key} {value}: not a number from {low} to {high}")
    return value


def _check(kind: str, row: Mapping[str, Any]) -> None:
    if kind == "dos":
        _check_dos(row)
    elif kind == "fixed_tool":
        _number(row, "sources", 1, 65536)
        _number(row, "window", 0, 65535, 8192)
        _number(row, "sequence", 0, 2**32 - 1, 1)
        _number(row, "ports", 1, 30000, 1)
        if ("source_port" in row) == ("destination_port" in row):
            raise ValueError("either source_port or destination_port")
        _number(row, "source_port" if "source_port" in row else "destination_port", 0, 65535)
        if row.get("flags", "syn") not in ("syn", "synack"):
            raise ValueError(f"flags {row['flags']}: not syn or synack")
    elif kind == "surge":
        _number(row, "sources", 1, 10**6)
        if "region" not in row and not re.fullmatch(r"[0-9]{1,5}/(tcp|udp)", str(row.get("port"))):
            raise ValueError(f"port {row.get('port')}: not a number and /tcp or /udp")
    else:
        _number(row, "ports", 1, 65535)
        if row.get("tool", "stack") not in TOOLS:
            raise ValueError(f"tool {row['tool']}: not one of {', '.join(TOOLS)}")
        ipaddress.IPv4Address(row.get("source", "192.0.2.1"))


def _check_dos(row: Mapping[str, Any]) -> None:
    protocol = row.get("protocol", "tcp")
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol {protocol}: not one of {', '.join(PROTOCOLS)}")
    allowed = {*ERRORS, *(TCP_CLASSES if protocol == "tcp" else ["echo_reply"] if protocol == "icmp" else [])}
    for name in row.get("classes", []):
        if name not in allowed:
            raise ValueError(f"class {name}: not one of {', '.join(sorted(allowed))}")
    _number(row, "port", 0, 65535, 443)
    _number(row, "targets", 1, 2**16, 1)
    victim = ipaddress.ip_address(row.get("victim", "192.0.2.1"))
    if victim.version == 6 and {"source_quench", "redirect"} & {*row.get("classes", [])}:
        raise ValueError("ICMPv6 has no source_quench and no redirect")


# --- packets ------------------------------------------------------------------


def _count(event: Event, host: Host, mark: int = 0) -> None:
    address = host[0] | mark
    event.packets[address] = event.packets.get(address, 0) + 1


def _region(plant: Plant, job: Job) -> str:
    """The one asked for, or one by weight."""
    wanted = plant.asked.get("region")
    if wanted is None:
        known = job.world.regions.v4.regions
        return job.rng.choices(known, [job.world.regions.weight(region) for region in known])[0]
    if wanted not in job.world.regions.v4.regions:
        raise UsageError(f"{plant.name}: region {wanted}: has no addresses")
    return wanted


def _host(plant: Plant, job: Job, key: str) -> tuple[Host, int]:
    """The address asked for, or one of the region; its IP version."""
    if key not in plant.asked:
        return job.hosts_of(_region(plant, job), 1)[0], 4
    address = ipaddress.ip_address(plant.asked[key])
    regions = job.world.regions
    space = regions.v4 if address.version == 4 else regions.v6
    return (int(address), space.origin(int(address))), address.version


def _chosen(job: Job, draw: Callable[[], int], count: int | None) -> Callable[[], int]:
    """Targets: all of them, or so many of them one after the other."""
    if count is None:
        return draw
    few: dict[int, None] = {}
    while len(few) < count:
        few[draw()] = None
    turn = _in_turn(list(few))
    return turn


def _in_turn(items: list[Any]) -> Callable[[], Any]:
    at = -1

    def following() -> Any:
        nonlocal at
        at = (at + 1) % len(items)
        return items[at]

    return following


def _dos(plant: Plant, job: Job) -> Maker:
    asked = plant.asked
    victim, version = _host(plant, job, "victim")
    protocol, port = asked.get("protocol", "tcp"), asked.get("port", 443)
    evidence: dict[str, int | str] = {"protocol": PROTOCOLS[protocol]}
    if version == 6 and protocol == "icmp":
        evidence["protocol"] = ICMP6
    if protocol != "icmp":
        evidence["port"] = port
    event = job.plant("dos", victim[1].region, **evidence)
    name = _in_turn(list(asked.get("classes") or DEFAULT_CLASSES[protocol]))
    targets = job.targets() if version == 4 else job.targets6()
    target = _chosen(job, targets, asked.get("targets"))
    answer = (_Answers4 if version == 4 else _Answers6)(job, victim, protocol, port)

    def make(_: int) -> Packet:
        _count(event, victim, V6_MARK if version == 6 else 0)
        return answer.made(name(), target())

    return make


class _Answers4:
    """What one victim, and the routers before it, send."""

    def __init__(self, job: Job, victim: Host, protocol: str, port: int) -> None:
        self.job, self.victim, self.protocol, self.port = job, victim, protocol, port
        self.bits = job.rng.getrandbits

    def made(self, name: str, dst: int) -> Packet:
        bits, ttl = self.bits, 64 - hops(self.victim[0])
        if name in TCP_CLASSES:
            flags = TCP_CLASSES[name]
            return tcp4_packet(
                self.victim, dst, self.port, 1024 + bits(15), bits(32), bits(32) if flags & ACK else 0, flags,
                29200 if flags & SYN else 0, ttl, 0, b"", DONT_FRAGMENT,
            )  # fmt: skip
        if name == "echo_reply":
            return icmp4_packet(self.victim, dst, ECHO_REPLY, 0, bits(32), bytes(range(32)), ttl, bits(15))
        sender = self.victim
        if name == "time_exceeded":
            router = sender[0] & 0xFFFFFF00 | 254
            sender = router, self.job.world.regions.v4.origin(router)
        return icmp4_packet(sender, dst, ERRORS[name][0], 1, 0, self._quote(dst), 64 - hops(sender[0]), bits(15))

    def _quote(self, forged: int) -> bytes:
        """Of a packet that seems to come from the telescope: its header and eight bytes."""
        address, sport = self.victim[0], 1024 + self.bits(15)
        if self.protocol == "tcp":
            proto, start = TCP, tcp(forged, address, sport, self.port, self.bits(32), 0, SYN, 16384)
        elif self.protocol == "udp":
            proto, start = UDP, udp(forged, address, sport, self.port, bytes(32))
        else:
            proto, start = ICMP, icmp(8, 0, self.bits(32), bytes(32))
        return ip4(forged, address, proto, start[:8], ttl=1, ident=self.bits(15), total=20 + len(start))


class _Answers6:
    def __init__(self, job: Job, victim: Host, protocol: str, port: int) -> None:
        self.victim, self.protocol, self.port = victim, protocol, port
        self.bits = job.rng.getrandbits

    def made(self, name: str, dst: int) -> Packet:
        bits, ttl = self.bits, 64 - hops(self.victim[0])
        if name in TCP_CLASSES:
            flags = TCP_CLASSES[name]
            return tcp6_packet(
                self.victim, dst, self.port, 1024 + bits(15), bits(32), bits(32), flags,
                29200 if flags & SYN else 0, ttl,
            )  # fmt: skip
        if name == "echo_reply":
            return icmp6_packet(self.victim, dst, ECHO_REPLY6, 0, bits(32), bytes(range(32)), ttl)
        return icmp6_packet(self.victim, dst, ERRORS[name][1], 0, 0, self._quote(dst), ttl)

    def _quote(self, forged: int) -> bytes:
        address, sport = self.victim[0], 1024 + self.bits(15)
        if self.protocol == "tcp":
            return ip6(forged, address, TCP, tcp(forged, address, sport, self.port, 0, 0, SYN, 16384), hop_limit=1)
        if self.protocol == "udp":
            return ip6(forged, address, UDP, udp(forged, address, sport, self.port, bytes(32)), hop_limit=1)
        return ip6(forged, address, ICMP6, icmp(128, 0, self.bits(32), bytes(32)), hop_limit=1)


def _fixed_tool(plant: Plant, job: Job) -> Maker:
    asked = plant.asked
    bits, target, ident = job.rng.getrandbits, job.targets(), plain_id(job)
    where = _region(plant, job)
    host = _in_turn(_different(job, [where], asked["sources"]))
    window, seq = asked.get("window", 1 + bits(15)), asked.get("sequence", 1 + bits(31))
    sport, dport = asked.get("source_port"), asked.get("destination_port")
    several = _in_turn(job.rng.sample(range(1024, 32768), asked["ports"])) if "ports" in asked else None
    answering = asked.get("flags", "synack" if dport is None else "syn") == "synack"
    marks: dict[str, int | str] = {"window": window}
    marks |= {"destination_port": dport} if sport is None else {"source_port": sport, "sequence": seq}
    event = job.plant("fixed_tool", where, **marks)

    def make(_: int) -> Packet:
        source, dst = host(), target()
        _count(event, source)
        port = several() if several else 1024 + bits(15) if dport is None else dport
        number = bits(32) if sport is None else seq
        return tcp4_packet(
            source, dst, 1024 + bits(15) if sport is None else sport, port, number, 0, SYN | ACK if answering else SYN,
            window, 128 - hops(source[0]), ident(dst, port, number),
        )  # fmt: skip

    return make


def _different(job: Job, regions: list[str], count: int) -> list[Host]:
    """So many hosts of these regions, by weight."""
    weights = [job.world.regions.weight(region) for region in regions]
    found: dict[int, Host] = {}
    while len(found) < count:
        (region,) = job.rng.choices(regions, weights)
        (host,) = job.hosts_of(region, 1)
        found[host[0]] = host
    return list(found.values())


def _surge(plant: Plant, job: Job) -> Maker:
    """Systems of all kinds, each at one port: that of the surge or one of its own."""
    asked, bits, target = plant.asked, job.rng.getrandbits, job.targets()
    evidence: dict[str, int | str] = {}
    where = [_region(plant, job)] if "region" in asked else job.world.regions.v4.regions
    host = _in_turn(_different(job, where, asked["sources"]))
    if "port" in asked:
        evidence["port"] = asked["port"]
    draw, probe = job.rng.randrange, prober(job, "stack")
    port, transport = asked.get("port", "0/tcp").split("/")
    habit: dict[int, int] = {}
    event = job.plant("surge", asked.get("region", NOWHERE.region), **evidence)

    def make(_: int) -> Packet:
        source, dst = host(), target()
        _count(event, source)
        dport = int(port) if "port" in asked else habit.setdefault(source[0], draw(1, 65536))
        sport = EPHEMERAL_LOW + bits(14)
        if transport == "udp":
            return udp4_packet(source, dst, sport, dport, OTHER_PAYLOAD, 64 - hops(source[0]), bits(15))
        return probe(source, dst, sport, dport)

    return make


def _scanner(plant: Plant, job: Job) -> Maker:
    asked, bits, target = plant.asked, job.rng.getrandbits, job.targets()
    source, _version = _host(plant, job, "source")
    tool = asked.get("tool", "stack")
    port = _in_turn(job.rng.sample(range(1, 65536), asked["ports"]))
    probe = prober(job, tool)
    event = job.plant("scanner", source[1].region, ports=asked["ports"], tool=tool)

    def make(_: int) -> Packet:
        _count(event, source)
        return probe(source, target(), EPHEMERAL_LOW + bits(14), port())

    return make


MAKERS: Mapping[str, Callable[[Plant, Job], Maker]] = {
    "dos": _dos,
    "fixed_tool": _fixed_tool,
    "surge": _surge,
    "scanner": _scanner,
}
