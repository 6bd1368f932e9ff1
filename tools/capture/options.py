"""What the user asked for."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .plants import Plant

FILES = ("output", "truth", "quiet")  # leave no trace in what is written
NOT_PLAIN = ("parts", "weights", "truth", "plants")


@dataclass(frozen=True)
class Options:
    output: str | None
    truth: Path
    quiet: bool
    frames: int
    seed: str
    start: int
    span: int
    ipv6: float
    parts: tuple[str, ...]
    weights: dict[str, float]
    plants: list[Plant]
    jitter: int
    interval: int
    sources: bool
    telescope: ipaddress.IPv4Network
    telescope6: ipaddress.IPv6Network
    regions: list[str]
    write_regions: str | None
    format: str
    nano: bool
    big_endian: bool
    linktype: str
    vlan: str
    snaplen: int
    frame_bytes: int

    @classmethod
    def plain_fields(cls) -> list[str]:
        """Those that come from the command line as they are."""
        return [item.name for item in fields(cls) if item.name not in NOT_PLAIN]

    def as_json(self) -> dict[str, Any]:
        """For the truth; two runs that differ here only in file names are the same."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in (*FILES, "write_regions"):
            del plain[name]
        plain["telescope"], plain["telescope6"] = str(self.telescope), str(self.telescope6)
        plain["parts"] = list(self.parts)
        del plain["plants"]
        if self.plants:
            plain["plants"] = [plant.asked for plant in self.plants]
        plain["regions"] = [Path(path).name for path in self.regions]
        return plain
