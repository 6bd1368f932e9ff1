"""The days of a scenario: one quarter after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from ..errors import UsageError

DAY_S = 86_400
HOUR_S = 3600


@dataclass(frozen=True)
class Quarter:
    year: int
    number: int  # 1..4

    @property
    def name(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def following(self) -> Quarter:
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def previous(self) -> Quarter:
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    @property
    def days(self) -> int:
        return (self.following.first - self.first).days


@dataclass(frozen=True)
class Calendar:
    """The previous quarter and the one that the report is about. Days begin at UTC + offset_h."""

    quarter: Quarter
    offset_h: int = 0

    @property
    def quarters(self) -> tuple[Quarter, Quarter]:
        return self.quarter.previous, self.quarter

    @property
    def days(self) -> int:
        return sum(quarter.days for quarter in self.quarters)

    @property
    def split(self) -> int:
        """The first day of the report's quarter."""
        return self.quarter.previous.days

    @property
    def start_s(self) -> int:
        first = self.quarter.previous.first
        midnight = datetime(first.year, first.month, first.day, tzinfo=timezone.utc)
        return int(midnight.timestamp()) - self.offset_h * HOUR_S

    @property
    def end_s(self) -> int:
        return self.day_s(self.days)

    def day_s(self, day: int) -> int:
        """Unix seconds at which a day begins."""
        return self.start_s + day * DAY_S

    def date(self, day: int) -> str:
        return (self.quarter.previous.first + timedelta(days=day)).isoformat()

    def day(self, text: str) -> int:
        """The day of a date such as 2022-08-07."""
        number = (date.fromisoformat(text) - self.quarter.previous.first).days
        if not 0 <= number < self.days:
            raise UsageError(f"{text}: not in the scenario")
        return number
