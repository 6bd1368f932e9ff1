"""Whether the packets show what a scenario promises, with room to spare."""

from __future__ import annotations

from typing import Any

from ..errors import ScenarioError
from .model import Claims

RANKS = 5
MARGIN = 0.04  # between one rank and the next
SHARE_MARGIN = 0.10  # of a region's port above that of all others


def _fail(what: str) -> None:
    raise ScenarioError(f"the scenario does not hold: {what}")


def check(claims: Claims, domestic: dict[str, Any], quarter: str) -> None:
    now = domestic["quarters"][quarter]
    _check_ranks("port", claims.ports, domestic, quarter)
    _check_ranks("region", claims.regions, domestic, quarter)
    found = {
        (row["over"], row["under"], row["date"]) for rows in domestic["crossings"].values() for row in rows
    }
    for crossing in claims.crossings:
        if tuple(crossing) not in found:
            _fail(f"{crossing}: not among {sorted(found)}")
    for region, ports in claims.shares:
        if tuple(list(now["region_port"][region])[: len(ports)]) != tuple(ports):
            _fail(f"first ports of {region} are {list(now['region_port'][region])[:3]}")
        for port in ports:
            if excess(now, region, port) < SHARE_MARGIN:
                _fail(f"{port} from {region}: only {excess(now, region, port):.3f} above all others")
    for region in claims.alike:
        most = max(now["region_port"][region], key=lambda port: excess(now, region, port))
        if excess(now, region, most) > SHARE_MARGIN / 2:
            _fail(f"{most} from {region}: {excess(now, region, most):.3f} above all others")


def excess(now: dict[str, Any], region: str, port: str) -> float:
    """How far a port's share of a region's packets is above its share of all others' packets."""
    inside = now["region_port"][region].get(port, 0)
    others = now["port"][port] - inside
    return inside / now["region"][region] - others / (sum(now["region"].values()) - now["region"][region])


def _check_ranks(what: str, claimed: list[tuple[str, int]], domestic: dict[str, Any], quarter: str) -> None:
    rows = domestic["quarters"][quarter][f"{what}_ranks"][:RANKS]
    found = [(row["name"], row["previous_rank"]) for row in rows]
    if claimed and found != [tuple(row) for row in claimed]:
        _fail(f"{what} ranks are {found}")
    for name, one in domestic["quarters"].items():
        order = list(one[what])
        for above, below in zip(order, order[1:]):
            first = {above, below} & {row["name"] for row in rows}
            if first and one[what][below] > one[what][above] * (1 - MARGIN):
                _fail(f"{name}, {what}: {above} and {below} are too close: {one[what][above]}, {one[what][below]}")
