"""Two quarters of which nobody knows what is in them but their truth."""

from __future__ import annotations

from random import Random

import numpy as np

from .calendar import HOUR_S, Calendar, Quarter
from .courses import Course, Courses
from .mix import WORM_PORT
from .model import DOMESTIC, OVERSEAS, PACKETS_PER_LEVEL, SENSORS, Claims, Gap, Group, Marked, Model, Victim, Worm
from .owners import Owners, research

PORTS = (
    *("23/tcp", "445/tcp", "22/tcp", "80/tcp", "443/tcp", "8080/tcp", "3389/tcp", "5555/tcp", "6379/tcp", "1433/tcp"),
    *("5900/tcp", "2323/tcp", "81/tcp", "2375/tcp", "5060/udp", "53/udp", "123/udp", "1900/udp"),
)
REGIONS = ("US", "RU", "CN", "NL", "GB", "DE", "BG", "KR", "VN", "IN", "BR", "FR", "HK", "SG", "ID", "UA", "TR")
QUIET = ("JP", "TW", "NZ", "SE", "ZA", "TH")  # in which something is planted

RANKS, STEP = 10, 1.21
TOP = 15.0
MARGIN = 0.07  # between one rank and the next
FAR_DAYS = 9  # from a gap of everything to a date that is asked for
ATTEMPTS = 2000


def quarters(offset_h: int, rng: Random) -> Model:
    """Draws everything; the packets of one in a few draws then show something else, by chance."""
    calendar = Calendar(Quarter(rng.randrange(2015, 2025), rng.randrange(1, 5)), offset_h)
    make = Courses(calendar)
    split = calendar.split
    names = rng.sample([port for port in PORTS if port != WORM_PORT], RANKS - 1)
    names.insert(rng.randrange(0, 6), WORM_PORT)
    ports, port_crossing = _lines(make, rng, names)
    regions, region_crossing = _lines(make, rng, rng.sample(REGIONS, RANKS))
    quiet = rng.sample(QUIET, 4)
    worm = _worm(calendar, rng, quiet[0])
    line = 0.6 + (worm.packets + worm.other_packets) / PACKETS_PER_LEVEL
    regions[quiet[0]] = Course(line, {"shape": "flat, and a worm"})
    for region in quiet[1:]:
        regions[region] = make.flat(0.8)
    owners = [Owners(region, 10 * index, rng.randrange(5, 10)) for index, region in enumerate(quiet[1:], 1)]
    tables, victims = _senders(calendar, rng, owners[:2])
    marked = _marked(rng, split, owners[2])
    taken = {port_crossing[2], region_crossing[2], *(one.day for one in marked)}
    first = min(one.day for one in marked) - 1
    hourly = {"region": quiet[3], "from": calendar.date(first), "to": calendar.date(first + 8)}
    special = rng.choice([one for one in regions if one in REGIONS][:4])
    special_ports = rng.sample([port for port in names if port != WORM_PORT][4:], 2)
    crossings = [(over, under, calendar.date(day)) for over, under, day in (port_crossing, region_crossing)]
    return Model(
        name="quarters",
        calendar=calendar,
        ports=ports,
        regions=regions,
        groups={
            DOMESTIC: Group(),
            OVERSEAS: Group(0.25, {port: rng.choice((0.5, 3.0)) for port in names[:4]}, {"US": 0.5, "RU": 2.0}),
        },
        affinity={(special, special_ports[0]): 5.0, (special, special_ports[1]): 4.0},
        worm=worm,
        organisations=[*research(), *(one for owner in owners for one in owner.organisations)],
        victims=victims,
        marked=marked,
        gaps=_gaps(calendar, rng, taken),
        claims=Claims(crossings=crossings),
        told={
            "senders": tables,
            "heavy": {"region": quiet[3], "days": sorted({one.day for one in marked})},
            "hourly": [hourly],
            "movers": [
                {"over": over, "under": under, "moved": over, "direction": "rose"} for over, under, _ in crossings
            ],
            "region_port": [(quiet[0], WORM_PORT), (special, special_ports[0]), (special, special_ports[1])],
        },
    )


Crossing = tuple[str, str, int]


def _means(courses: dict[str, Course], days: slice) -> dict[str, float]:
    return {name: float(one.line[days].mean()) for name, one in courses.items()}


def _apart(courses: dict[str, Course], split: int) -> bool:
    for days in (slice(0, split), slice(split, None)):
        values = sorted(_means(courses, days).values(), reverse=True)
        if any(below > above * (1 - MARGIN) for above, below in zip(values, values[1:])):
            return False
    return True


def _lines(make: Courses, rng: Random, names: list[str]) -> tuple[dict[str, Course], Crossing]:
    """Courses with ranks that are well apart in both quarters, and two lines that cross in the second one."""
    levels = [TOP / STEP**rank for rank in range(len(names))]
    for _ in range(ATTEMPTS):
        before = sorted(range(len(names)), key=lambda rank: rank + rng.uniform(0, 3))
        courses = {}
        for rank, name in enumerate(names):
            courses[name] = _course(make, rng, levels[before.index(rank)], levels[rank])
        crossing = _cross(make, rng, courses, names)
        whole = sum(course.line for course in courses.values())
        if crossing and _apart(courses, make.calendar.split) and whole.max() < 90:
            return courses, crossing
    raise AssertionError("no courses of that kind")  # of 2,000 draws most will do


def _course(make: Courses, rng: Random, old: float, new: float) -> Course:
    calendar = make.calendar
    if abs(new / old - 1) > 0.01:
        day = calendar.split + rng.randrange(-12, 8)
        if rng.random() < 0.5:
            return make.shift(old, new, calendar.date(day))
        return make.moves(old, (calendar.date(day), calendar.date(day + rng.randrange(2, 6)), new))
    shape = rng.randrange(4)
    if shape == 0:
        return make.rise(new * 0.97, new * 1.03)
    if shape == 1:
        return make.waves(new, new * 0.05, rng.randrange(18, 32))
    if shape == 2:
        days = rng.sample(range(calendar.split + 3, calendar.days - 4, 9), 3)
        return make.surges(new * 0.96, new * 1.0, 1.5, [calendar.date(day) for day in sorted(days)])
    return make.flat(new)


def _cross(make: Courses, rng: Random, courses: dict[str, Course], names: list[str]) -> Crossing | None:
    """Lets one line leap over the one above it, in the middle of the second quarter."""
    calendar = make.calendar
    at = rng.randrange(1, 6)
    over, under = names[at], names[at - 1]
    day = calendar.split + rng.randrange(25, 55)
    high = float(courses[under].line[day - 8 : day + 9].mean())
    low = float(courses[over].line[calendar.split + 12])
    courses[over] = make.shift(min(low, high * 0.85), high * 1.15, calendar.date(day))
    below = courses[over].line[day - 8 : day] < courses[under].line[day - 8 : day] * 0.93
    above = courses[over].line[day : day + 8] > courses[under].line[day : day + 8] * 1.07
    return (over, under, day) if below.all() and above.all() else None


def _worm(calendar: Calendar, rng: Random, region: str) -> Worm:
    """One of the two windows grows in the second quarter."""
    since = calendar.split + rng.randrange(5, 40)
    days = np.arange(calendar.days)
    growing = np.interp(days, (since, calendar.days - 1), (10.0, rng.uniform(35, 50)))
    steady = np.full(calendar.days, rng.uniform(10, 20))
    grows = rng.choice(("smb-8192", "smb-other"))
    hosts, other = (growing, steady) if grows == "smb-8192" else (steady, growing)
    return Worm(region, hosts * 2.0, hosts, other * 2.0, other, grows)


def _senders(calendar: Calendar, rng: Random, owners: list[Owners]) -> tuple[list[dict], list[Victim]]:
    """For each region ten days with many victims on one of them."""
    tables, victims = [], []
    for owner in owners:
        first = calendar.split + rng.randrange(0, 75)
        spike = first + rng.randrange(2, 8)
        victims += owner.victims(rng, range(first, first + 10), spike, rng.randrange(14, 26))
        dates = {"from": calendar.date(first), "to": calendar.date(first + 9), "spike": calendar.date(spike)}
        tables.append({"region": owner.region} | dates)
    return tables, victims


def _marked(rng: Random, split: int, owner: Owners) -> list[Marked]:
    first = split + rng.randrange(10, 70)
    days = sorted(rng.sample(range(first, first + 7), 3))
    counts = rng.sample((1, 2, 4, 5, 6, 7, 8), 3)
    return owner.marked(dict(zip(days, counts)), days[counts.index(max(counts))])


def _gaps(calendar: Calendar, rng: Random, taken: set[int]) -> list[Gap]:
    """One sensor some days, another some hours, a whole group a day; none on a date that is asked for."""
    free = [
        day
        for day in range(calendar.split + 2, calendar.days - 6)
        if all(abs(day + step - one) > FAR_DAYS for one in taken for step in range(5))
    ]
    if not free:
        return []
    domestic = [sensor.name for sensor in SENSORS if sensor.group == DOMESTIC]
    first = rng.choice(free)
    gaps = [_days(calendar, rng.choice(domestic), first, rng.randrange(2, 5))]
    rest = [day for day in free if abs(day - first) > 6]
    if rest:
        whole = rng.choice(rest)
        gaps += [_days(calendar, name, whole, 1) for name in domestic]
    start = calendar.day_s(rng.randrange(5, calendar.split - 5)) + rng.randrange(1, 12) * HOUR_S
    gaps.append(Gap(rng.choice(SENSORS).name, start, start + rng.randrange(3, 10) * HOUR_S))
    return gaps


def _days(calendar: Calendar, sensor: str, day: int, count: int) -> Gap:
    return Gap(sensor, calendar.day_s(day), calendar.day_s(day + count))
