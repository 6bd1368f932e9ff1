"""A Redis with some days of three sensors, over the end of a quarter: hours, days and quarters that are closed, and
some that are open; signatures, backscatter, events of several types. And what went in, to compare with."""

import ipaddress
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from captures import files, frames as f
from redis_server import Server
from reference.region import Regions

HOUR_S = 3600
DAY_S = 86400
DAYS = tuple(range(1_664_323_200, 1_664_323_200 + 5 * DAY_S, DAY_S))  # 2022-09-28 to 2022-10-02; the last stays open
QUARTERS = (1_656_633_600, 1_664_582_400)
HOURS = (0, 1, 13)
MINUTES = 2
FRAMES = 120  # a minute
SENSORS = {"tokyo-1": ("domestic", 65536), "osaka-1": ("domestic", 4096), "lima-1": ("overseas", 256)}
PORTS = (23,) * 5 + (445,) * 4 + (22, 22, 80, 6379, 8080)
ATTACKED, SCANNER, TOOL, SENDER6 = "5.5.1.9", "8.8.8.77", "5.8.9.", "2400:2::1"


@dataclass
class Packet:
    """What a test wants to know of one; `port` is "445/tcp"."""

    at_s: int
    source: str
    target: str = "198.51.100.7"
    port: int = 0
    kind: str = "tcp"
    flags: int = f.SYN
    window: int = 1024
    seq: int = 1
    source_port: int = 40000
    late_s: int = 0  # it stands in the file behind packets that are so much younger

    @property
    def day(self):
        return self.at_s // DAY_S * DAY_S

    @property
    def name(self):
        return f"{self.port}/{self.kind}"

    @property
    def backscatter(self):
        return self.kind == "tcp" and self.flags != f.SYN

    def record(self):
        frame = self._frame()
        captured = frame[:-8] if self.kind == "cut" else frame
        return files.Record(captured, wire=len(frame), at_ns=(self.at_s - self.late_s) * files.NS)

    def _frame(self):
        if self.kind == "icmp6":
            return f.eth6(f.icmp(128), f.ICMP6, source=self.source)
        payload, protocol = {
            "tcp": (f.tcp(self.port, self.flags, self.window, seq=self.seq, source_port=self.source_port), f.TCP),
            "udp": (f.udp(self.port, source_port=self.source_port), f.UDP),
            "icmp": (f.icmp(), f.ICMP),
            "gre": (bytes(8), 47),
            "cut": (f.tcp(), f.TCP),
            "bad": (f.tcp(offset=1), f.TCP),
            "fragment": (bytes(16), f.TCP),
        }[self.kind]
        fragment = 2 if self.kind == "fragment" else 0
        return f.eth4(payload, protocol, source=self.source, target=self.target, fragment=fragment)


def background(dice, day, hour):
    """Two minutes of an hour: scans of many kinds, answers of victims, pings, tunnels."""
    for i in range(MINUTES * FRAMES):
        at_s = day + hour * HOUR_S + i * 60 // FRAMES
        low = dice.randrange(4) << 8 | dice.randrange(256)
        source = (
            f"{dice.choice(('5.1', '5.5', '5.8', '130.5', '8.8'))}.{8 if dice.random() < 0.1 else low >> 8}.{low & 255}"
        )
        target = f"198.51.100.{dice.randrange(256)}"
        kind = dice.randrange(12)
        if i % 40 == 0:
            yield Packet(at_s, f"2400:2::{low:x}", kind="icmp6")
        elif kind == 0:
            yield Packet(at_s, source, target, kind="icmp")
        elif kind == 1:
            yield Packet(at_s, source, target, 53, "udp")
        elif kind == 2:
            yield Packet(at_s, source, target, kind="gre")
        elif kind == 3:
            flags = dice.choice((f.SYN | f.ACK, f.RST, f.RST | f.ACK))
            yield Packet(at_s, source, target, 40000, flags=flags, source_port=dice.choice((443, 443, 80)))
        else:
            seq = int(ipaddress.IPv4Address(target)) if kind < 6 else dice.randrange(1 << 32)
            window = dice.choice((8192, 8192, 1024, 64240))
            yield Packet(at_s, source, target, dice.choice(PORTS), window=window, seq=seq)


def planted(day):
    """An attack, a scanner, a fixed tool, more ports than a closed day keeps, and frames that are not as they should be:
    on the second day."""
    at_s = day + 13 * HOUR_S
    for kind in ("cut", "bad", "fragment"):
        yield Packet(at_s, "5.1.1.2", kind=kind)
    yield Packet(at_s, "5.1.1.3", kind="icmp", late_s=600)
    for i in range(240):
        yield Packet(at_s + i // 2, ATTACKED, port=50000 + i % 5, flags=f.SYN | f.ACK, source_port=443)
    for i in range(24):
        yield Packet(at_s + i, SCANNER, port=1000 + i % 12)
    for i in range(72):
        yield Packet(at_s + i, f"{TOOL}{1 + i % 6}", port=9530, window=777, seq=4242)
    for i in range(30):
        yield Packet(at_s + i, SENDER6, kind="icmp6")
    for port in range(20000, 20700):
        yield Packet(at_s + port % 60, "5.1.1.1", port=port, kind="udp")


def traffic(seed):
    dice = random.Random(seed)
    packets = [one for day in DAYS for hour in HOURS for one in background(dice, day, hour)]
    return sorted([*packets, *planted(DAYS[1])], key=lambda one: one.at_s)


@dataclass
class Truth:
    """Of one sensor, by day: counted here from the packets themselves."""

    ports: dict = field(default_factory=lambda: defaultdict(Counter))
    regions: dict = field(default_factory=lambda: defaultdict(Counter))
    pairs: dict = field(default_factory=lambda: defaultdict(Counter))  # (region, port)
    frames: Counter = field(default_factory=Counter)
    senders: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))  # region: addresses
    smb: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))  # region: 445/tcp, window 8192
    mirai: dict = field(default_factory=lambda: defaultdict(Counter))  # port: packets

    def add(self, packet, region):
        day = packet.day
        self.frames[day] += 1
        self.regions[day][region] += 1
        if packet.kind in ("tcp", "udp"):
            self.ports[day][packet.name] += 1
            self.pairs[day][region, packet.name] += 1
        if packet.backscatter:
            self.senders[day][region].add(packet.source)
        elif packet.kind == "tcp" and packet.port == 445 and packet.window == 8192:
            self.smb[day][region].add(packet.source)
        if packet.kind == "tcp" and not packet.backscatter and packet.seq == int(ipaddress.IPv4Address(packet.target)):
            self.mirai[day][packet.name] += 1


@dataclass
class Filled:
    server: Server
    truth: dict  # sensor: Truth
    lines: dict  # sensor: path of the JSON lines


def fill(folder, run, country_mmdb, asn_mmdb, regions_csv):
    """Makes it, hands it out, ends the server."""
    server, truth, lines = Server(folder), {}, {}
    region_of = Regions.from_csv(regions_csv).of
    for seed, (sensor, (group, addresses)) in enumerate(SENSORS.items()):
        packets = traffic(seed)
        truth[sensor], lines[sensor] = Truth(), folder / f"{sensor}.jsonl"
        for packet in packets:
            truth[sensor].add(packet, region_of(ipaddress.ip_address(packet.source).packed))
        path, config = folder / f"{sensor}.pcap", folder / f"{sensor}.yaml"
        path.write_bytes(files.pcap([packet.record() for packet in packets]))
        config.write_text(f'{{"group": "{group}", "addresses": {addresses}}}', encoding="utf-8")
        places = ("--country", country_mmdb, "--asn", asn_mmdb)
        options = ("--redis", server.url, "--json", lines[sensor], "--sensor", sensor)
        done = run("replay", "-c", config, *options, *places, path)
        assert done.status == 0, done.errors
    yield Filled(server, truth, lines)
    server.kill()
