"""Two quarters of three sensors in a Redis, with what a report is to find planted in them; and the truth, counted from
the packets themselves. Replayed in intervals of an hour, two of which a day have frames."""

import datetime as dt
import ipaddress
import json
import struct
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from captures import files, frames as f
from redis_server import Server

DAY_S, HOUR_S = 86400, 3600
FIRST, BEGIN, END = dt.date(2022, 4, 1), dt.date(2022, 7, 1), dt.date(2022, 10, 1)
HOURS = (3, 15)
SENSORS = {
    "tokyo-1": ("domestic", 4096),
    "osaka-1": ("domestic", 256),
    "lima-1": ("overseas", 256),
    "naha-1": ("southern", 256),
}
SINCE = {"lima-1": dt.date(2022, 9, 1), "naha-1": dt.date(2022, 9, 21)}
OFFSET_H = {"naha-1": 9}  # its days begin at 15:00 UTC

# Region, its network, AS number and organisation of its first and its second half.
PLACES = {
    "US": ("16.0.0.0/16", "US East", "US West"),
    "RU": ("16.1.0.0/16", "RU North", "RU South"),
    "CN": ("16.2.0.0/16", "CN One", "CN Two"),
    "GB": ("16.3.0.0/16", "GB One", "GB Two"),
    "KR": ("16.4.0.0/16", "KR One", "KR Two"),
    "BG": ("16.5.0.0/16", "BG One", "BG Two"),
    "JP": ("16.6.0.0/16", "Example Bank Tokyo", ""),  # nobody knows the second half
    "TW": ("16.7.0.0/16", "TW Portal", "TW Cable"),
    "NZ": ("16.8.0.0/16", "NZ Exchange", "NZ Hosting"),
}

ASN = 4_200_002_561  # of the first: odd numbers that a float has no room for

GAP = {dt.date(2022, 7, 14), dt.date(2022, 7, 15)}  # of both sensors of the group
PARTIAL = dt.date(2022, 7, 20)  # osaka-1 has nothing
SPIKE_JP, SPIKE_TW = dt.date(2022, 9, 6), dt.date(2022, 8, 4)
OVERTAKES = dt.date(2022, 8, 3)  # RU passes CN because it grows
FALLS = dt.date(2022, 8, 7)  # KR falls below BG
RISING = dt.date(2022, 4, 25)  # 6379/tcp
TRACES = {dt.date(2022, 8, 27): 4, dt.date(2022, 8, 30): 1, dt.date(2022, 8, 31): 7}
SCANNED = dt.date(2022, 7, 10)
WORMS = dt.date(2022, 7, 1)  # the line of window 8192 grows


def days(first, end):
    return [first + dt.timedelta(n) for n in range((end - first).days)]


def start_of(day, hour=0):
    return int(dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.timezone.utc).timestamp())


@dataclass(frozen=True)
class Packet:
    at_s: int
    region: str
    source: str
    port: int
    flags: int = f.SYN
    window: int = 1024
    seq: int = 7
    source_port: int = 40000
    target: str = "198.51.100.7"
    kind: str = "tcp"

    def day(self, offset_h=0):
        return dt.datetime.fromtimestamp(self.at_s + offset_h * HOUR_S, dt.timezone.utc).date()

    @property
    def backscatter(self):
        return self.kind == "tcp" and self.flags != f.SYN

    @property
    def mirai(self):
        return self.kind == "tcp" and not self.backscatter and self.seq == int(ipaddress.IPv4Address(self.target))

    def record(self):
        if self.kind == "gre":
            frame = f.eth4(b"\0" * 8, 47, source=self.source, target=self.target)
        else:
            header = struct.pack(
                ">HHIIBBHHH", self.source_port, self.port, self.seq, 0, 5 << 4, self.flags, self.window, 0, 0
            )
            frame = f.eth4(header, source=self.source, target=self.target)
        return files.Record(frame, at_ns=self.at_s * files.NS)


def address(region, number):
    """The first half of a region's network has even numbers."""
    return str(ipaddress.ip_network(PLACES[region][0])[(number % 2) * 0x8000 + number // 2 + 1])


def ramp(day, since, base, per_day):
    return base + max(0, (day - since).days + 1) * per_day


# ---- what is sent on a day to each sensor: region, port, packets, different sources, and what is special ----


def background(day):
    late = day >= OVERTAKES
    yield "US", 23, 70, 30, {"mirai": 2 / 3}
    yield "US", 22, 20, 10, {}
    yield "RU", 22, 26 + 24 * late, 15, {}
    yield "RU", 3389, 10, 5, {}
    yield "CN", 80, 44, 20, {}
    yield "GB", 6379, int(ramp(day, RISING, 12, 0.2)), 12, {}
    yield "KR", 8080, 24 if day < FALLS else 12, 10, {}
    yield "BG", 5555, 17, 8, {}
    yield "JP", 445, int(ramp(day, WORMS, 3, 0.1)), 10, {"window": 8192, "each": True}
    yield "JP", 445, 3, 3, {"window": 64240, "offset": 500, "each": True}
    yield "JP", 0, 2, 2, {"gre": True, "offset": 700}
    yield "TW", 53, 3, 2, {}
    yield "NZ", 53, 2, 2, {}


def spread(day, n):
    """Moments of n packets in the hours of the day."""
    for i in range(n):
        hour = HOURS[i % len(HOURS)]
        yield start_of(day, hour) + (i // len(HOURS)) * 3000 // max(n, 1)


def ordinary(day, sensor):
    low = list(SENSORS).index(sensor)
    for region, port, n, sources, special in background(day):
        for i, at_s in enumerate(spread(day, n)):
            number = special.get("offset", 0) + (i if special.get("each") else i % sources) + 100 * (day.day % 3)
            target = f"198.51.{low}.{i % 200}"
            mirai = i < n * special.get("mirai", 0)
            yield Packet(
                *(at_s, region, address(region, number), port),
                window=special.get("window", 1024 + i % 7),
                seq=int(ipaddress.IPv4Address(target)) if mirai else 1000 + i,
                target=target,
                kind="gre" if special.get("gre") else "tcp",
            )


def replies(day):
    """Senders of backscatter of a day: region and numbers."""
    yield "JP", range(900, 902)
    yield "TW", range(900, 901)
    if day == SPIKE_JP:
        yield "JP", range(910, 935)
    if abs((day - SPIKE_JP).days) <= 2:
        yield "JP", range(940, 943)
    if day == SPIKE_TW:
        yield "TW", range(910, 930)


def special(day, sensor):
    at_s = start_of(day, HOURS[0])
    for region, numbers in replies(day):
        for i, number in enumerate(numbers):
            yield Packet(
                *(at_s + i % 60, region, address(region, number), 50000 + i),
                flags=f.SYN | f.ACK,
                source_port=80 if number == 900 else 443,
                seq=day.day * 1000 + i,
            )
    if sensor == "tokyo-1":
        for number in range(TRACES.get(day, 0)):
            for i in range(200):
                yield Packet(
                    *(at_s + i, "NZ", address("NZ", 300 + number), 40000 + i % 50),
                    flags=f.SYN | f.ACK,
                    window=5840,
                    seq=123456,
                    source_port=443,
                )
        if day == SCANNED:
            for port in range(12):
                yield Packet(at_s + port, "US", address("US", 4000), 2000 + port)


def packets_of(sensor):
    for day in days(FIRST, END):
        if (day in GAP and sensor in ("tokyo-1", "osaka-1")) or (day == PARTIAL and sensor == "osaka-1"):
            continue
        if day < SINCE.get(sensor, FIRST):
            continue
        yield from sorted([*ordinary(day, sensor), *special(day, sensor)], key=lambda one: one.at_s)


# ---- truth ----


@dataclass
class Truth:
    """Of one sensor: all by day."""

    offset_h: int = 0
    ports: dict = field(default_factory=lambda: defaultdict(Counter))
    regions: dict = field(default_factory=lambda: defaultdict(Counter))
    pairs: dict = field(default_factory=lambda: defaultdict(Counter))
    hours: dict = field(default_factory=Counter)  # (start, region)
    frames: Counter = field(default_factory=Counter)
    sources: dict = field(default_factory=lambda: defaultdict(set))  # (day, name): addresses
    mirai: dict = field(default_factory=lambda: defaultdict(Counter))  # port: packets
    senders: dict = field(default_factory=lambda: defaultdict(Counter))  # (day, region): address

    def add(self, p):
        day, name = p.day(self.offset_h), f"{p.port}/{p.kind}"
        self.frames[day] += 1
        self.regions[day][p.region] += 1
        self.hours[p.at_s // HOUR_S * HOUR_S, p.region] += 1
        names = ["sources", f"sources:region:{p.region}"]
        if p.kind == "tcp":
            self.ports[day][name] += 1
            self.pairs[day][p.region, name] += 1
            names.append(f"sources:port:{name}")
        if p.backscatter:
            names.append(f"backscatter:region:{p.region}")
        elif p.port == 445:
            names.append(f"sig:{'smb-8192' if p.window == 8192 else 'smb-other'}:region:{p.region}")
        if p.mirai:
            self.mirai[day][name] += 1
            names += ["sig:mirai", f"sig:mirai:region:{p.region}"]
        if p.kind == "gre":
            names += ["sig:gre", f"sig:gre:region:{p.region}"]
        for one in names:
            self.sources[day, one].add(p.source)
        self.senders[day, p.region][p.source] += 1


@dataclass
class World:
    server: Server
    truth: dict  # sensor: Truth

    def of(self, *sensors):
        return [self.truth[one] for one in sensors]

    def total(self, what, first=BEGIN, end=END, sensors=("tokyo-1", "osaka-1")):
        """Packets per member over the days."""
        return sum((getattr(t, what)[day] for t in self.of(*sensors) for day in days(first, end)), Counter())

    def daily(self, what, member, sensors=("tokyo-1", "osaka-1")):
        return {day: sum(getattr(t, what)[day][member] for t in self.of(*sensors)) for day in days(BEGIN, END)}

    def union(self, name, first=BEGIN, end=END, sensors=("tokyo-1", "osaka-1")):
        """Different sources of a name over the days."""
        return len(set().union(*(t.sources[day, name] for t in self.of(*sensors) for day in days(first, end))))


def table():
    rows = ["network,country,asn,organisation"]
    for number, (region, (network, *organisations)) in enumerate(PLACES.items()):
        for half, subnet in enumerate(ipaddress.ip_network(network).subnets()):
            asn = ASN + 2 * number + half
            known = organisations[half]
            rows.append(f'{subnet},{region},{asn if known else ""},"{known}"')
    return "\n".join(rows) + "\n"


def fill(folder, run, mkregions):
    """Makes it, hands it out, ends the server."""
    server, truth = Server(folder), {}
    (folder / "places.csv").write_text(table(), encoding="utf-8")
    places = [folder / "country.mmdb", folder / "asn.mmdb"]
    subprocess.run([mkregions, "--csv", folder / "places.csv", "-o", places[0], "--asn", places[1]], check=True)
    for sensor, (group, addresses) in SENSORS.items():
        offset_h = OFFSET_H.get(sensor, 0)
        truth[sensor] = Truth(offset_h)
        packets = list(packets_of(sensor))
        for packet in packets:
            truth[sensor].add(packet)
        path, config = folder / f"{sensor}.pcap", folder / f"{sensor}.yaml"
        path.write_bytes(files.pcap([packet.record() for packet in packets]))
        settings = {"group": group, "addresses": addresses, "day_offset_h": offset_h, "json": "/dev/null"}
        config.write_text(json.dumps(settings), encoding="utf-8")
        options = ("--country", places[0], "--asn", places[1], "--interval", HOUR_S, "--redis", server.url)
        done = run("replay", "-c", config, *options, "--sensor", sensor, path)
        assert done.status == 0, done.errors
    yield World(server, truth)
    server.kill()
