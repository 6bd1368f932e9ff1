"""The two quarters whose figures are known: what rose, fell and came from where."""

from __future__ import annotations

from random import Random

import numpy as np

from .calendar import Calendar, Quarter
from .courses import Course, Courses
from .model import DOMESTIC, OVERSEAS, Claims, Group, Model, Worm
from .owners import Owners, research


def _ports_2020(make: Courses) -> dict[str, Course]:
    return {
        "445/tcp": make.rise(11.5, 26.0, since="2020-04-25"),
        "23/tcp": make.waves(18.5, 1.2, 36, begin=86),
        "1433/tcp": make.surges(
            7.5, 8.7, 1.6, ("2020-05-12", "2020-06-09", "2020-07-14", "2020-08-19", "2020-09-09")
        ),
        "22/tcp": make.shift(4.9, 7.3, "2020-07-21"),
        "80/tcp": make.rise(5.35, 5.9),
        "3389/tcp": make.flat(4.1),
        "8080/tcp": make.flat(3.4),
        "443/tcp": make.flat(2.9),
        "5555/tcp": make.flat(2.5),
        "6379/tcp": make.flat(2.2),
    }


def _regions_2020(make: Courses) -> dict[str, Course]:
    return {
        "US": make.flat(17.3),
        "RU": make.moves(20.5, ("2020-07-08", "2020-07-14", 14.5)),
        "CN": make.moves(8.6, ("2020-07-24", "2020-07-29", 12.4)),
        "NL": make.flat(10.0),
        "GB": make.flat(5.1),
        "KR": make.flat(4.6),
        "BR": make.flat(4.2),
        "VN": make.flat(3.8),
        "DE": make.shift(3.45, 6.9, "2020-07-06"),
        "IN": make.flat(2.3),
        "JP": make.rise(2.7, 5.4, since="2020-07-20"),
        "TW": make.flat(2.0),
        "NZ": make.flat(1.0),
    }


def _ports_2022(make: Courses) -> dict[str, Course]:
    return {
        "23/tcp": make.surges(
            14.3, 16.8, 1.5, ("2022-05-03", "2022-06-14", "2022-07-20", "2022-08-24", "2022-09-13")
        ),
        "6379/tcp": make.waves(11.6, 1.0, 24),
        "22/tcp": make.rise(8.5, 9.5),
        "80/tcp": make.flat(6.8),
        "5555/tcp": make.shift(3.2, 6.1, "2022-07-09"),
        "8080/tcp": make.flat(5.0),
        "443/tcp": make.flat(4.4),
        "3389/tcp": make.flat(3.8),
        "1433/tcp": make.flat(2.7),
        "445/tcp": make.flat(2.3),
        "5900/tcp": make.flat(1.6),
    }


def _regions_2022(make: Courses) -> dict[str, Course]:
    return {
        "US": make.flat(24.0),
        "GB": make.flat(11.6),
        "RU": make.moves(10.4, ("2022-06-18", "2022-06-21", 9.3), ("2022-08-02", "2022-08-06", 15.0)),
        "CN": make.moves(8.6, ("2022-06-18", "2022-06-21", 10.3)),
        "KR": make.moves(6.2, ("2022-08-05", "2022-08-09", 3.4)),
        "BG": make.flat(5.2),
        "DE": make.flat(3.7),
        "NL": make.flat(3.2),
        "IN": make.flat(2.8),
        "BR": make.flat(2.6),
        "VN": make.flat(2.3),
        "JP": make.flat(2.2),
        "TW": make.flat(1.9),
        "NZ": make.flat(0.8),
    }


def autumn_2020(offset_h: int, rng: Random) -> Model:
    calendar = Calendar(Quarter(2020, 3), offset_h)
    make, day = Courses(calendar), calendar.day
    owners = Owners("NZ", 30, 5)
    marked = owners.marked({day("2020-08-27"): 4, day("2020-08-30"): 1, day("2020-08-31"): 7}, day("2020-08-31"))
    growing = make.rise(10, 50, since="2020-07-20").line
    return Model(
        name="2020Q3",
        calendar=calendar,
        ports=_ports_2020(make),
        regions=_regions_2020(make),
        groups={
            DOMESTIC: Group(),
            OVERSEAS: Group(
                0.25,
                {"22/tcp": 4.0, "3389/tcp": 2.0, "445/tcp": 0.6, "1433/tcp": 0.5},
                {"CN": 3.0, "RU": 0.7},
            ),
        },
        affinity={("RU", "22/tcp"): 9.0, ("RU", "3389/tcp"): 10.0, ("RU", "445/tcp"): 0.5},
        worm=Worm(
            "JP", growing * 2.2, growing, np.full(calendar.days, 30.0), np.full(calendar.days, 20.0), "smb-8192"
        ),
        organisations=[*research(), *owners.organisations],
        marked=marked,
        claims=Claims(
            ports=[("445/tcp", 2), ("23/tcp", 1), ("1433/tcp", 3), ("22/tcp", 5), ("80/tcp", 4)],
            regions=[("US", 2), ("RU", 1), ("CN", 4), ("NL", 3), ("DE", 9)],
            crossings=[("22/tcp", "80/tcp", "2020-07-21"), ("DE", "GB", "2020-07-06")],
            shares=[("RU", ("22/tcp", "3389/tcp"))],
            alike=["US"],
        ),
        told={
            "heavy": {"region": "NZ", "days": sorted({one.day for one in marked})},
            "hourly": [{"region": "NZ", "from": "2020-08-26", "to": "2020-09-02"}],
            "region_port": [("JP", "445/tcp"), ("RU", "22/tcp"), ("RU", "3389/tcp"), ("US", "22/tcp")],
            "movers": [
                {"over": "US", "under": "RU", "moved": "RU", "direction": "fell"},
                {"over": "CN", "under": "NL", "moved": "CN", "direction": "rose"},
                {"over": "DE", "under": "GB", "moved": "DE", "direction": "rose"},
            ],
        },
    )


def summer_2022(offset_h: int, rng: Random) -> Model:
    calendar = Calendar(Quarter(2022, 3), offset_h)
    make, day = Courses(calendar), calendar.day
    jp, tw = Owners("JP", 10, 10), Owners("TW", 20, 8)
    victims = jp.victims(rng, range(day("2022-09-01"), day("2022-09-10") + 1), day("2022-09-06"), 24)
    victims += tw.victims(rng, range(day("2022-08-01"), day("2022-08-10") + 1), day("2022-08-03"), 18)
    return Model(
        name="2022Q3",
        calendar=calendar,
        ports=_ports_2022(make),
        regions=_regions_2022(make),
        groups={
            DOMESTIC: Group(),
            OVERSEAS: Group(0.25, {"22/tcp": 4.0, "8080/tcp": 2.0, "6379/tcp": 0.6}, {"GB": 0.5, "CN": 4.0}),
        },
        organisations=[*research(), *jp.organisations, *tw.organisations],
        victims=victims,
        claims=Claims(
            ports=[("23/tcp", 1), ("6379/tcp", 2), ("22/tcp", 3), ("80/tcp", 4), ("5555/tcp", 8)],
            regions=[("US", 1), ("RU", 3), ("GB", 2), ("CN", 4), ("BG", 6)],
            crossings=[("RU", "CN", "2022-08-03"), ("BG", "KR", "2022-08-07"), ("5555/tcp", "8080/tcp", "2022-07-09")],
        ),
        told={
            "senders": [
                {"region": "JP", "from": "2022-09-01", "to": "2022-09-10", "spike": "2022-09-06"},
                {"region": "TW", "from": "2022-08-01", "to": "2022-08-10", "spike": "2022-08-03"},
            ],
            "movers": [
                {"over": "RU", "under": "CN", "moved": "RU", "direction": "rose"},
                {"over": "BG", "under": "KR", "moved": "KR", "direction": "fell"},
            ],
        },
    )
