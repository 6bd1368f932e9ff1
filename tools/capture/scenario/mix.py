"""From courses of ports and of regions to packets of every region to every port, sensor by sensor and day by day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import regions
from ..errors import ScenarioError
from .model import DOMESTIC, PACKETS_PER_LEVEL, Group, Model, Sensor
from .places import INDEX, REGIONS, UNKNOWN

Cells = NDArray[np.float64]  # day, region, port with a course; the last column is all other ports

WORM_PORT = "445/tcp"
NOISE = 0.012  # of a day's level, as a standard deviation
UNKNOWN_LEVEL = 1.5
OTHERS = 10
TINY = 1e-6
ROUNDS = 40  # of fitting; far more than it takes
SKEW = 0.02  # by how much sensors of a group differ in what they get of a port

# What is left of the traffic goes to these.
TAIL = (
    *("2323/tcp", "8443/tcp", "81/tcp", "5900/tcp", "3306/tcp", "2375/tcp", "5432/tcp", "25/tcp", "21/tcp", "8888/tcp"),
    *("9200/tcp", "2222/tcp", "7547/tcp", "8081/tcp", "8291/tcp", "27017/tcp", "5985/tcp", "139/tcp", "6443/tcp"),
    *("37215/tcp", "52869/tcp", "60023/tcp", "5060/udp", "53/udp", "123/udp", "161/udp", "1900/udp", "389/udp"),
)


def others(model: Model) -> list[str]:
    """Regions without a course that send something: the first few."""
    return [region for region in REGIONS if region not in model.regions and region != UNKNOWN][:OTHERS]


class Mix:
    """The cells of each group. What a worm sends, and everything else that is planted, comes on top."""

    def __init__(self, model: Model, scale: float, seed: str) -> None:
        self.model = model
        self.named = list(model.ports)
        self.ports = self.named + [port for port in TAIL if port not in model.ports]
        self._scale = scale
        self._rng = np.random.default_rng(list(f"{seed}/mix".encode()))
        noise = self._rng.normal(1.0, NOISE, (2, model.calendar.days, max(len(self.named), len(REGIONS))))
        self._noise = np.clip(noise, 1 - 2.5 * NOISE, 1 + 2.5 * NOISE)
        self.cells = {name: self._fit(name, group) for name, group in model.groups.items()}

    def _fit(self, name: str, group: Group) -> Cells:
        """Iterative proportional fitting: both sums come out as the courses say."""
        ports, places = self._port_levels(group), self._region_levels(group)
        odds = np.ones((len(REGIONS), len(self.named) + 1))
        for (region, port), factor in self.model.affinity.items():
            odds[INDEX[region], self.named.index(port)] = factor
        if self.model.worm and name == DOMESTIC:
            self._take_out_worm(ports, places, odds)
        places *= (ports.sum(axis=1) / places.sum(axis=1))[:, None]
        cells = np.repeat(odds[None], len(ports), axis=0) * ports[:, None, :]
        for _ in range(ROUNDS):
            cells *= (places / cells.sum(axis=2))[:, :, None]
            cells *= (ports / cells.sum(axis=1))[:, None, :]
        return cells * (PACKETS_PER_LEVEL * self._scale * group.volume)

    def _port_levels(self, group: Group) -> Cells:
        named = np.stack([one.line * group.ports.get(port, 1.0) for port, one in self.model.ports.items()], axis=1)
        named *= self._noise[0, :, : named.shape[1]]
        usual = np.stack([one.line for one in self.model.ports.values()], axis=1).sum(axis=1)
        return np.concatenate([named, (100.0 - usual)[:, None]], axis=1)

    def _region_levels(self, group: Group) -> Cells:
        named = {region: one.line for region, one in self.model.regions.items()}
        named.setdefault(UNKNOWN, np.full(self.model.calendar.days, UNKNOWN_LEVEL))
        left = 100.0 - sum(named.values())
        weight = {region: regions.WEIGHTS[region] for region in others(self.model)}
        whole = sum(weight.values())
        lines = [named[one] if one in named else left * weight.get(one, TINY) / whole for one in REGIONS]
        factors = [group.regions.get(region, 1.0) for region in REGIONS]
        return np.stack(lines, axis=1) * factors * self._noise[1, :, : len(REGIONS)]

    def _take_out_worm(self, ports: Cells, places: Cells, odds: NDArray[np.float64]) -> None:
        worm = self.model.worm
        assert worm
        line = (worm.packets + worm.other_packets) / PACKETS_PER_LEVEL
        ports[:, self.named.index(WORM_PORT)] -= line
        places[:, INDEX[worm.region]] -= line
        odds[INDEX[worm.region], self.named.index(WORM_PORT)] = 1e-6
        if min(ports.min(), places.min()) <= 0:
            raise ScenarioError("the worm's packets are more than its port or its region has")

    def counts(self, sensor: Sensor) -> NDArray[np.int64]:
        """Whole packets of a sensor. What a region sends in a day is its course, to the packet."""
        cells = self.cells[sensor.group] * sensor.share
        cells = cells * (1 + SKEW * self._rng.uniform(-1, 1, cells.shape[2]))
        wanted = cells.sum(axis=2)
        phase = self._rng.random(wanted.shape[1])
        whole = np.diff(np.floor(np.cumsum(wanted, axis=0) + phase), axis=0, prepend=np.floor(phase)[None])
        ends = np.cumsum(cells * (whole / wanted)[:, :, None], axis=2)
        ends[:, :, -1] = whole
        steps = np.floor(ends + self._rng.random(wanted.shape)[:, :, None])
        return np.diff(steps, axis=2, prepend=0.0).clip(0).astype(np.int64)
