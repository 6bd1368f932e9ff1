"""All packets of a sensor, as columns of numbers; what they look like on the wire is for wire.py."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .calendar import DAY_S, HOUR_S
from .mix import WORM_PORT, Mix, others
from .model import DOMESTIC, PACKETS_PER_LEVEL, Marked, Model, Sensor, Victim
from .places import INDEX, REGIONS, Numbers, Places

US = 1_000_000
MINUTE_S = 60

# What an hour costs in Redis is how many regions, ports and so on it has. So each region has its hours of the day, more
# of them if it sends more; what it sends to a port in a day comes in few of them, and those of three in which it is the
# turn of that port.
TURNS = 3
HOURS_PER_LEVEL = 0.3
IN_AN_HOUR = 24  # packets of a region to a port
HOURLY = 12  # hours of a region that is looked at by the hour
# Replay puts its counts together after each minute that has packets: they come in few of them.
BATCH_S, BATCH_LONG_S = 600, 50
TOGETHER = 8  # packets to one of the ports without a course before it is another one's turn


class Kind(IntEnum):
    """What made a packet."""

    MIRAI = 0
    MASSCAN = 1
    ZMAP_OLD = 2
    ZMAP_NEW = 3
    STACK = 4
    SMB_8192 = 5
    SMB_OTHER = 6
    UDP = 7
    PING = 8
    GRE = 9
    SYNACK = 10
    RST = 11
    RSTACK = 12
    MARK_1 = 13
    MARK_2 = 14


# Destination ports as numbers: those of UDP from UDP_BIT on, NO_PORT where there is none.
UDP_BIT = 1 << 16
NO_PORT = -1

MIRAI_SHARE = {
    "23/tcp": 0.8, "2323/tcp": 0.9, "5555/tcp": 0.5, "37215/tcp": 0.9, "52869/tcp": 0.9, "60023/tcp": 0.9,
    "81/tcp": 0.3, "8080/tcp": 0.2, "80/tcp": 0.12,
}  # fmt: skip
SMB_8192_SHARE = 0.65  # where there is no worm

PER_HOST = 4.0  # packets a day that all domestic sensors get of a host
CHURN = 0.25  # of the hosts of a day that are new
SKEW = 1.6  # some hosts send more than others

# Pools of hosts behind those of the ports, which have a number each
POOLS = ("mirai", "worm-8192", "worm-other", "scanner", "answer", "gre", "ping")

ANSWERED = (443, 443, 443, 443, 443, 443, 443, 80, 80, 53)
# Where answers go: what the attacks were forged to come from
HIGH_PORTS = tuple(range(20_011, 60_000, 1_009))
USUAL_HIGH_PORTS = 4  # of these, of the victims that are there every day
ANSWERS = 40  # senders of backscatter a day
ANSWER_PACKETS = 2.5
GRE_SENDERS, GRE_PACKETS = 12, 2
PING_HOUR = 6
SCANNERS, KNOWN_SCANNERS = 3, 2  # a day
SCANNER_PORTS = (11, 14)
# What the first sensor gets of a victim on its worst day is an attack by detect.dos's thresholds; so are packets with
# marks.
ATTACK_PACKETS, ATTACK_S = 45, 70
ECHO_PACKETS = 6  # of a victim otherwise
MARKED_PACKETS, MARKED_S = 200, 300  # of each mark


@dataclass
class Packets:
    ts_us: Numbers
    source: Numbers
    region: Numbers  # an index of REGIONS
    port: Numbers
    source_port: Numbers  # 0: any
    kind: Numbers

    def __len__(self) -> int:
        return len(self.ts_us)

    def take(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> Packets:
        return Packets(*(getattr(self, one.name)[index] for one in fields(self)))

    @staticmethod
    def joined(parts: list[Packets]) -> Packets:
        return Packets(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Packets)))


def port_number(name: str) -> int:
    number, transport = name.split("/")
    return int(number) | (UDP_BIT if transport == "udp" else 0)


def port_name(number: int) -> str:
    return f"{number & 0xFFFF}/{'udp' if number & UDP_BIT else 'tcp'}"


def scatter(*numbers: Numbers | int) -> Numbers:
    """Of the same numbers always the same one, below 2^31 (Knuth's multiplicative hash, twice)."""
    mixed = np.zeros(1, dtype=np.uint64)
    for number in numbers:
        mixed = (mixed + np.asarray(number).astype(np.uint64) + np.uint64(0x9E3779B9)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(33)).astype(np.int64)


def counted(counts: NDArray[np.integer]) -> tuple[Numbers, ...]:
    """The indices of every packet of an array of counts."""
    flat = counts.ravel()
    return np.unravel_index(np.repeat(np.arange(len(flat)), flat), counts.shape)


class Hosts:
    """How many hosts there are on each day, and which: some of them are new every day."""

    def __init__(self, a_day: NDArray[np.float64]) -> None:
        self._count = np.maximum(1, np.rint(a_day)).astype(np.int64)  # first axis: day
        self._first = np.floor(np.cumsum(self._count * CHURN, axis=0)).astype(np.int64)

    def draw(self, rng: np.random.Generator, *index: Numbers) -> Numbers:
        count = self._count[index]
        return self._first[index] + (count * rng.random(len(count)) ** SKEW).astype(np.int64)


class Traffic:
    """Makes the packets of the sensors of one scenario. Hosts are those of the scenario, whichever sensor they meet."""

    def __init__(self, model: Model, mix: Mix, places: Places, scale: float, seed: str) -> None:
        self.model, self.mix, self.places, self.scale, self.seed = model, mix, places, scale, seed
        self._pool = {name: len(mix.ports) + index for index, name in enumerate(POOLS)}
        self._numbers = np.array([port_number(name) for name in mix.ports])
        self._mirai = np.array([MIRAI_SHARE.get(name, 0.0) for name in mix.ports])
        usual, named = mix.cells[DOMESTIC], len(mix.named)
        self._port_hosts = Hosts(usual * (1 - np.append(self._mirai[:named], 0.0)) / PER_HOST)
        self._mirai_hosts = Hosts((usual[:, :, :named] * self._mirai[:named]).sum(axis=2) / PER_HOST)
        # whatever is the same at any scale must not come from regions whose ranks matter
        self._others = np.array([INDEX[one] for one in others(model)])
        level = usual.sum(axis=2).mean(axis=0) / (PACKETS_PER_LEVEL * scale)
        self._busiest = int(level.argmax())
        turns = np.clip(np.rint(level * HOURS_PER_LEVEL / TURNS), 1, 24 // TURNS)
        self._hours = turns.astype(np.int64) * TURNS
        for row in model.told.get("hourly", ()):
            self._hours[INDEX[row["region"]]] = HOURLY
        self._first_hour = np.cumsum(self._hours) - self._hours

    def of(self, sensor: Sensor) -> Packets:
        rng = np.random.default_rng(list(f"{self.seed}/{sensor.name}".encode()))
        parts = [
            self._usual(sensor, rng), self._scanners(sensor, rng), self._answers(sensor, rng), self._gre(sensor, rng),
        ]  # fmt: skip
        parts.append(self._pings(rng, parts))
        if sensor.group == DOMESTIC:
            parts += self._worm(sensor, rng)
            parts += [self._victim(one, sensor, rng) for one in self.model.victims]
            parts += [self._marked_part(one, mark, rng) for one in self.model.marked for mark in one.marks]
        packets = Packets.joined([part for part in parts if len(part)])
        for gap in self.model.gaps:
            if gap.sensor == sensor.name:
                packets = packets.take((packets.ts_us < gap.start_s * US) | (packets.ts_us >= gap.end_s * US))
        return packets.take(np.argsort(packets.ts_us, kind="stable"))

    # --- times ---

    def _times(
        self, rng: np.random.Generator, day: Numbers, region: Numbers, place: Numbers, turn: Numbers | int = 0
    ) -> Numbers:
        """At any moment of an hour: of the region's hours with that turn the one that has this place among them."""
        hour = (self._first_hour[region] + place * TURNS % self._hours[region] + turn % TURNS) % 24
        return self._moment(day, hour * HOUR_S + self._second(rng, len(day)))

    @staticmethod
    def _second(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        return rng.integers(0, HOUR_S // BATCH_S, count) * BATCH_S + rng.random(count) * BATCH_LONG_S

    def _moment(self, day: Numbers, second: NDArray[np.float64]) -> Numbers:
        start = self.model.calendar.start_s + np.asarray(day, dtype=np.int64) * DAY_S
        return start * US + (second * US).astype(np.int64)

    # --- what is there every day ---

    def _usual(self, sensor: Sensor, rng: np.random.Generator) -> Packets:
        counts = self.mix.counts(sensor)
        day, region, column = counted(counts)
        tail = column == len(self.mix.named)
        number = self._port_hosts.draw(rng, day, region, column)
        block = self._blocks(region, tail)
        column[tail] = len(self.mix.named) + scatter(region, block)[tail] % (len(self.mix.ports) - len(self.mix.named))
        number[tail] = (block * 2 + rng.integers(0, 2, len(day)))[tail]
        mirai = rng.random(len(day)) < self._mirai[column]
        number = np.where(mirai, self._mirai_hosts.draw(rng, day, region), number)
        pool = np.where(mirai, self._pool["mirai"], column)
        port = self._numbers[column]
        kind = self._tool(region, number)
        kind[mirai] = Kind.MIRAI
        kind[port >= UDP_BIT] = Kind.UDP
        smb = port == port_number(WORM_PORT)
        old = smb & (scatter(region, number, 445) % 100 < 100 * SMB_8192_SHARE)
        kind[smb], kind[old] = Kind.SMB_OTHER, Kind.SMB_8192
        hours = -(-counts[day, region, np.minimum(column, len(self.mix.named))] // IN_AN_HOUR)
        hours[tail] = 1
        place = scatter(day, region, column) + (rng.random(len(day)) * hours).astype(np.int64)
        ts_us = self._times(rng, day, region, place, column)
        return self._packets(rng, ts_us, region, pool, number, port, kind)

    @staticmethod
    def _blocks(region: Numbers, chosen: NDArray[np.bool_]) -> Numbers:
        """Of the chosen packets of a region the first few are in block 0, the next ones in block 1, and so on."""
        block = np.zeros(len(region), dtype=np.int64)
        for index in np.unique(region):
            mine = np.flatnonzero(chosen & (region == index))
            block[mine] = np.arange(len(mine)) // TOGETHER
        return block

    def _tool(self, region: Numbers, number: Numbers) -> Numbers:
        """That of its region, and of every third host none."""
        tools = (Kind.MASSCAN, *[Kind.STACK] * 4, Kind.ZMAP_OLD, *[Kind.STACK] * 4, Kind.ZMAP_NEW, *[Kind.STACK] * 4)
        return np.where(scatter(region, number) % 3 == 0, Kind.STACK, np.array(tools)[region % len(tools)])

    def _packets(
        self, rng: np.random.Generator, ts_us: Numbers, region: Numbers, pool: Numbers | int, number: Numbers,
        port: Numbers | int, kind: Numbers | int,
    ) -> Packets:  # fmt: skip
        count = len(ts_us)
        return Packets(
            ts_us=ts_us,
            source=self.places.hosts(region, pool, number).astype(np.int64),
            region=region,
            port=np.broadcast_to(port, count),
            source_port=np.zeros(count, dtype=np.int64),
            kind=np.broadcast_to(kind, count),
        )

    def _pings(self, rng: np.random.Generator, others: list[Packets]) -> Packets:
        """One a day, and one in every hour that has nothing else, from one region: what was missing was not there."""
        hours = np.arange(self.model.calendar.days * 24)
        start_us = self.model.calendar.start_s * US
        taken = np.unique(np.concatenate([(part.ts_us - start_us) // (HOUR_S * US) for part in others]))
        hours = hours[~np.isin(hours, taken) | (hours % 24 == PING_HOUR)]
        region = np.full(len(hours), self._busiest)
        ts_us = self._moment(hours // 24, hours % 24 * HOUR_S + self._second(rng, len(hours)))
        return self._packets(rng, ts_us, region, self._pool["ping"], scatter(hours) % 50, NO_PORT, Kind.PING)

    def _gre(self, sensor: Sensor, rng: np.random.Generator) -> Packets:
        days = self.model.calendar.days
        (day,) = counted(np.full(days, max(1, round(GRE_SENDERS * GRE_PACKETS * self.scale * sensor.share))))
        number = day * 2 + rng.integers(0, GRE_SENDERS, len(day))
        region = self._others[scatter(number // GRE_SENDERS) % len(self._others)]
        ts_us = self._times(rng, day, region, day)
        return self._packets(rng, ts_us, region, self._pool["gre"], number, NO_PORT, Kind.GRE)

    def _answers(self, sensor: Sensor, rng: np.random.Generator) -> Packets:
        """Backscatter of many victims, little of each."""
        usual = self.mix.cells[DOMESTIC].sum(axis=2)
        weights = np.sqrt(usual.mean(axis=0))
        weights[[region not in self.model.regions for region in REGIONS]] = 0
        line = ANSWERS * self.scale * weights / weights.sum()
        hosts = Hosts(np.repeat(line[None], len(usual), axis=0))
        sums = np.cumsum(np.repeat(line[None] * ANSWER_PACKETS * sensor.share, len(usual), axis=0), axis=0)
        phase = rng.random(len(line))
        day, region = counted(np.diff(np.floor(sums + phase), axis=0, prepend=np.floor(phase)[None]).astype(np.int64))
        number = hosts.draw(rng, day, region)
        source = self.places.senders(region, self._pool["answer"], number).astype(np.int64)
        kind = np.array([Kind.SYNACK, Kind.SYNACK, Kind.SYNACK, Kind.RST, Kind.RSTACK])[scatter(source) % 5]
        source_port = np.array(ANSWERED)[scatter(source, 1) % len(ANSWERED)]
        ts_us = self._times(rng, day, region, scatter(day, region))
        port = np.array(HIGH_PORTS)[scatter(source, 2) % USUAL_HIGH_PORTS]
        return Packets(ts_us, source, region, port, source_port, kind)

    def _scanners(self, sensor: Sensor, rng: np.random.Generator) -> Packets:
        """Hosts that try many ports, each a few days long; the known ones all the time."""
        days = self.model.calendar.days
        known = [one for one in self.model.organisations if one.category == "research"]
        wanted = np.array([number for number in np.sort(self._numbers) if number < UDP_BIT and number != 445])
        scanners = max(1, round(SCANNERS * self.scale))
        rows = [(day, day // 3 + slot * 200, -1) for day in range(days) for slot in range(scanners)]
        rows += [(day, slot, slot % len(known)) for day in range(days) for slot in range(KNOWN_SCANNERS) if known]
        parts = []
        for day, number, owner in rows:
            identity = scatter(number, owner + 1)[0]
            ports = SCANNER_PORTS[0] + identity % (SCANNER_PORTS[1] - SCANNER_PORTS[0])
            parts.append((day, number, owner, int(ports), int(identity)))
        day, number, owner, ports, identity = (np.array(column) for column in zip(*parts))
        each = np.repeat(np.arange(len(day)), ports)
        place = np.arange(len(each)) - np.repeat(np.cumsum(ports) - ports, ports)
        port = wanted[(identity[each] + place * 7) % len(wanted)] if len(wanted) % 7 else wanted[place % len(wanted)]
        region = self._others[identity % len(self._others)]
        kind = self._tool(region, number)[each]
        ts_us = self._times(rng, day[each], region[each], identity[each])
        made = self._packets(rng, ts_us, region[each], self._pool["scanner"], number[each], port, kind)
        self._name_known(made, owner[each], number[each], known)
        return made

    def _name_known(self, made: Packets, owner: Numbers, number: Numbers, known: list) -> None:
        for index, one in enumerate(known):
            chosen = owner == index
            made.source[chosen] = int(one.network.network_address) + 10 + number[chosen]
            made.region[chosen] = INDEX[one.region]

    # --- what is planted ---

    def _worm(self, sensor: Sensor, rng: np.random.Generator) -> list[Packets]:
        worm = self.model.worm
        if not worm:
            return []
        rows = (
            ("worm-8192", worm.packets, worm.hosts, Kind.SMB_8192),
            ("worm-other", worm.other_packets, worm.other_hosts, Kind.SMB_OTHER),
        )
        return [self._worm_part(sensor, rng, *row) for row in rows]

    def _worm_part(
        self, sensor: Sensor, rng: np.random.Generator, pool: str, line: NDArray, a_day: NDArray, kind: Kind
    ) -> Packets:
        assert self.model.worm
        sums = np.floor(np.cumsum(line * sensor.share * self.scale) + rng.random())
        (day,) = counted(np.diff(sums, prepend=0.0).astype(np.int64))
        hosts = Hosts(a_day * min(1.0, self.scale))
        region = np.full(len(day), INDEX[self.model.worm.region])
        ts_us = self._times(rng, day, region, rng.integers(0, 24, len(day)), self.mix.ports.index(WORM_PORT))
        return self._packets(rng, ts_us, region, self._pool[pool], hosts.draw(rng, day), port_number(WORM_PORT), kind)

    def _victim(self, one: Victim, sensor: Sensor, rng: np.random.Generator) -> Packets:
        usual = max(2, round(ECHO_PACKETS * self.scale))
        attack = round(ATTACK_PACKETS * self.scale) if sensor is self.model.sensors[0] else 0
        day = np.repeat(np.array(one.days), [max(usual, attack if day == one.worst else 0) for day in one.days])
        begin = scatter(one.address, day) % (DAY_S - HOUR_S)
        ts_us = self._moment(day, begin + rng.random(len(day)) * ATTACK_S)
        return self._planted(one.owner.region, one.address, ts_us, rng, one.source_port, Kind.SYNACK)

    def _marked_part(self, one: Marked, mark: int, rng: np.random.Generator) -> Packets:
        count = max(20, round(MARKED_PACKETS * self.scale))
        begin = one.minutes[one.marks.index(mark)] * MINUTE_S
        ts_us = self._moment(np.full(count, one.day), begin + np.arange(count) * (MARKED_S / count))
        kind = Kind.MARK_1 if mark == 1 else Kind.MARK_2
        return self._planted(one.owner.region, one.address, ts_us, rng, 443 if mark == 1 else 0, kind)

    def _planted(
        self, region: str, address: int, ts_us: Numbers, rng: np.random.Generator, source_port: int, kind: Kind
    ) -> Packets:
        source = np.full(len(ts_us), address, dtype=np.int64)
        port = np.array(HIGH_PORTS)[(scatter(source, 2) + np.arange(len(source))) % len(HIGH_PORTS)]
        if kind == Kind.MARK_2:
            port[:] = 23
        return Packets(
            ts_us, source, np.full(len(ts_us), INDEX[region]), port, np.full(len(ts_us), source_port),
            np.full(len(ts_us), int(kind)),
        )  # fmt: skip
