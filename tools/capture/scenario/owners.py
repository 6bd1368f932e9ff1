"""Made-up owners of small networks, for what a scenario plants."""

from __future__ import annotations

import ipaddress
from random import Random

from .model import Marked, Organisation, Victim

KINDS = (
    *("Bank", "Portal", "Newspaper", "Exchange", "Games", "Airline", "Ministry", "University", "Hosting", "Railway"),
    *("Shop", "Broadcaster"),
)
FIRST_ASN = 4_200_000_000  # private ones
LABELLED = 3  # every third has an entry in the labels file
RESEARCH = (("203.0.113.0/24", "US", "Example University"), ("198.51.100.0/24", "FR", "Example Index"))


def research() -> list[Organisation]:
    return [
        Organisation(ipaddress.IPv4Network(network), region, FIRST_ASN + index, name, name, "research")
        for index, (network, region, name) in enumerate(RESEARCH)
    ]


class Owners:
    """The owners of one region, in 203.BLOCK.0.0/16."""

    def __init__(self, region: str, block: int, count: int) -> None:
        self.region = region
        self.all = [self._owner(block, number) for number in range(count)]
        unowned = ipaddress.IPv4Network(f"203.{block}.128.0/17")
        self.nobody = Organisation(unowned, region, 0, "")

    @property
    def organisations(self) -> list[Organisation]:
        return [*self.all, self.nobody]

    def _owner(self, block: int, number: int) -> Organisation:
        kind = KINDS[number % len(KINDS)]
        name = f"{kind} {number + 1} of {self.region}"
        network = ipaddress.IPv4Network(f"203.{block}.{number}.0/24")
        labelled = number % LABELLED == 0
        return Organisation(
            network, self.region, FIRST_ASN + block * 256 + number, name,
            f"{kind} {'ABCDEFGHIJKL'[number % 12]} ({self.region})" if labelled else "",
            kind.lower() if labelled else "",
        )  # fmt: skip

    def address(self, number: int) -> tuple[Organisation, int]:
        """Several in each network, as numbers go on."""
        owner = self.all[number % len(self.all)]
        return owner, int(owner.network.network_address) + 20 + number // len(self.all)

    def victims(self, rng: Random, days: range, spike: int, count: int, share: float = 0.9) -> list[Victim]:
        """All of them are seen within `days`, nearly all on the day of the spike."""
        made = []
        for number in range(count):
            seen = {day for day in days if rng.random() < 0.15} - {spike}
            if number < count * share or not seen:
                seen.add(spike)
            owner, address = self.address(number)
            made.append(Victim(owner, address, tuple(sorted(seen)), spike, 80 if number == 1 else 443))
        return made

    def marked(self, days: dict[int, int], both: int) -> list[Marked]:
        """So many sources on each day, most of them new; on the day `both` they send packets of both marks."""
        made, first = [], 0
        for day, count in days.items():
            for number in range(count):
                owner, address = self.address(first + number)
                marks, minutes = ((1, 2), (70 + number, 370 + number)) if day == both else ((1,), (130 + number,))
                made.append(Marked(owner, address, day, marks, minutes))
            first += count - (count > 2)  # one comes back
        return made
