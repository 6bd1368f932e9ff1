"""From the name of a scenario to its files."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Callable

from .. import regions
from ..errors import ScenarioError, UsageError
from . import drawn, named, wire
from .calendar import HOUR_S
from .claims import check
from .mix import Mix
from .model import DOMESTIC, Gap, Model, Sensor
from .places import Places
from .survey import Survey
from .traffic import MARKED_PACKETS, Packets, Traffic

SCHEMA = "needletail-scenario/1"
MAKERS: dict[str, Callable[[int, Random], Model]] = {
    "2020Q3": named.autumn_2020,
    "2022Q3": named.summer_2022,
    "quarters": drawn.quarters,
}
DRAWN = ("quarters",)
ATTEMPTS = 30  # at a drawn one of which all that is asked for is clear
CHECKED_SCALE = 0.5  # below it, lines of a few packets a day cross by chance
ALL = "all"


@dataclass(frozen=True)
class Made:
    """A scenario with its packets, and what they show at the domestic sensors."""

    model: Model
    places: Places
    parts: dict[str, Packets]
    domestic: dict[str, Any]


def run(name: str, folder: Path, *, seed: str, scale: float, offset_h: int, quiet: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from error
    _say(quiet, "packets")
    made = _made(name, seed, scale, offset_h)
    model = made.model
    _write_places(model, made.places, folder)
    truth = _head(name, made, seed, scale)
    for sensor in model.sensors:
        _say(quiet, f"{sensor.name}: capture")
        truth["sensors"][sensor.name] = row = _write_capture(made, sensor, f"{seed}/{name}", folder)
        _write_config(model, sensor.name, row, folder)
    for scope, members in _scopes(model).items():
        _say(quiet, f"{scope}: truth")
        if scope != DOMESTIC:
            parts = [made.parts[one] for one in members]
            truth["scopes"][scope] = Survey(model, made.places, parts, members).result()
    truth["scopes"][DOMESTIC] = made.domestic
    _save(truth, folder / "truth.json")
    _say(quiet, "")


def _made(name: str, seed: str, scale: float, offset_h: int) -> Made:
    """One that holds what it promises; a drawn one may take several attempts."""
    for attempt in range(ATTEMPTS if name in DRAWN else 1):
        try:
            made = _attempt(name, f"{seed}/{name}" + (f"/{attempt}" if attempt else ""), scale, offset_h)
            if scale >= CHECKED_SCALE:
                check(made.model.claims, made.domestic, made.model.calendar.quarter.name)
            return made
        except ScenarioError as error:
            failure = error
    raise failure


def _attempt(name: str, seed: str, scale: float, offset_h: int) -> Made:
    model = MAKERS[name](offset_h, Random(seed))
    places = Places(model.organisations)
    traffic = Traffic(model, Mix(model, scale, seed), places, scale, seed)
    parts = {sensor.name: traffic.of(sensor) for sensor in model.sensors}
    members = _scopes(model)[DOMESTIC]
    survey = Survey(model, places, [parts[one] for one in members], members)
    return Made(model, places, parts, survey.result() | {"tables": _tables(model, survey, scale)})


def _write_capture(made: Made, sensor: Sensor, seed: str, folder: Path) -> dict[str, Any]:
    path = folder / f"{sensor.name}.pcap"
    with open(path, "wb") as file:
        size = wire.write(made.parts[sensor.name], sensor, seed, file)
    return {
        "group": sensor.group, "addresses": sensor.addresses, "capture": path.name, "bytes": size,
        "frames": len(made.parts[sensor.name]),
        "gaps": [_gap(gap) for gap in made.model.gaps if gap.sensor == sensor.name],
    }  # fmt: skip


def _say(quiet: bool, what: str) -> None:
    if not quiet and sys.stderr.isatty():
        print(f"\r{what:<40}", end="" if what else "\r", file=sys.stderr, flush=True)


def _scopes(model: Model) -> dict[str, list[str]]:
    """Every sensor, every group, all together."""
    result = {sensor.name: [sensor.name] for sensor in model.sensors}
    for sensor in model.sensors:
        result.setdefault(sensor.group, []).append(sensor.name)
    result[ALL] = [sensor.name for sensor in model.sensors]
    return result


def _gap(gap: Gap) -> dict[str, Any]:
    return {"start": gap.start_s, "end": gap.end_s, "hours": (gap.end_s - gap.start_s) // HOUR_S}


def _tables(model: Model, survey: Survey, scale: float) -> dict[str, Any]:
    told = model.told
    result: dict[str, Any] = {
        "senders": [
            row | {"rows": survey.senders(row["region"], row["from"], row["to"])} for row in told.get("senders", ())
        ],
        "hourly": [survey.hourly(row["region"], row["from"], row["to"]) for row in told.get("hourly", ())],
        "region_port": [survey.region_port(*row) for row in told.get("region_port", ())],
    }
    if "heavy" in told:
        least = round(MARKED_PACKETS * min(scale, 1.0))
        days = told["heavy"]["days"]
        result["heavy"] = survey.heavy(told["heavy"]["region"], days, least) | {"least": least}
        result["heavy"]["marks"] = {
            model.calendar.date(day): sorted({mark for one in model.marked if one.day == day for mark in one.marks})
            for day in days
        }
        result["heavy"]["windows"] = {"1": wire.MARK_1_WINDOW, "2": wire.MARK_2_WINDOW}
        result["heavy"]["sequence"] = wire.MARK_1_SEQUENCE
    return result


def _head(name: str, made: Made, seed: str, scale: float) -> dict[str, Any]:
    model, calendar = made.model, made.model.calendar
    return {
        "schema": SCHEMA,
        "scenario": name,
        "quarter": calendar.quarter.name,
        "previous": calendar.quarter.previous.name,
        "seed": seed,
        "scale": scale,
        "day_offset_h": calendar.offset_h,
        "start": calendar.start_s,
        "quarter_start": calendar.day_s(calendar.split),
        "end": calendar.end_s,
        "days": calendar.days,
        "quarter_first_day": calendar.split,
        "sensors": {},
        "planned": {
            "ports": {port: course.words for port, course in model.ports.items()},
            "regions": {region: course.words for region, course in model.regions.items()},
            "crossings": [dict(zip(("over", "under", "date"), row)) for row in model.claims.crossings],
            "movers": model.told.get("movers", []),
            "shares": [{"region": region, "ports": ports} for region, ports in model.claims.shares],
            "alike": model.claims.alike,
            "worm": {"region": model.worm.region, "port": "445/tcp", "grows": model.worm.grows} if model.worm else None,
        },
        "scopes": {},
    }


# --- files beside the captures ---


def _write_places(model: Model, places: Places, folder: Path) -> None:
    """The table for mkregions, which takes its date for that of the databases; the labels; who scans for research."""
    table = folder / "regions.csv"
    regions.write(places.networks, str(table))
    os.utime(table, (model.calendar.end_s, model.calendar.end_s))
    labels = [f"{one.network},{one.label},{one.category}" for one in model.organisations if one.label]
    _write_lines(folder / "labels.csv", ["network,organisation,category", *labels])
    known = [f"{one.network} {one.name}" for one in model.organisations if one.category == "research"]
    _write_lines(folder / "research-scanners.txt", known)


def _write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_config(model: Model, sensor: str, row: dict[str, Any], folder: Path) -> None:
    here = folder.resolve()
    lines = [
        f"# needletail replay -c {sensor}.yaml --redis URL {row['capture']}",
        "# after: mkregions --csv regions.csv -o country.mmdb --asn asn.mmdb",
        f"sensor: {json.dumps(sensor)}",
        f"group: {json.dumps(row['group'])}",
        f"addresses: {row['addresses']}",
        f"interval: {HOUR_S}",
        f"day_offset_h: {model.calendar.offset_h}",
        "geo:",
        f"  country: {json.dumps(str(here / 'country.mmdb'))}",
        f"  asn: {json.dumps(str(here / 'asn.mmdb'))}",
        "detect:",
        "  scanner:",
        f"    known: {json.dumps(str(here / 'research-scanners.txt'))}",
    ]
    _write_lines(folder / f"{sensor}.yaml", lines)


def _save(truth: dict[str, Any], path: Path) -> None:
    """A line for every series, so that it can be read and compared."""

    def rows(value: Any, depth: int) -> str:
        if not isinstance(value, dict) or depth == 0 or not value:
            return json.dumps(value)
        inner = (f"{json.dumps(key)}: {rows(item, depth - 1)}" for key, item in value.items())
        return "{\n" + ",\n".join(inner) + "}"

    path.write_text(rows(truth, 5) + "\n", encoding="utf-8")

