"""What lines do over the days. Levels are hundredths of a group's usual traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np
from numpy.typing import NDArray

from .calendar import Calendar

Line = NDArray[np.float64]  # one value a day


@dataclass(frozen=True)
class Course:
    """A line, and in words what it does, for the truth."""

    line: Line
    words: dict[str, Any]


class Courses:
    """Makes courses over one calendar."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._days = np.arange(calendar.days, dtype=float)

    def flat(self, level: float) -> Course:
        return Course(np.full(self.calendar.days, level), {"shape": "flat"})

    def rise(self, low: float, high: float, since: str | None = None) -> Course:
        """Evenly from `since` (or the first day) to the last day; a fall where high is below low."""
        begin = self.calendar.day(since) if since else 0
        words = {"shape": "rise" if high > low else "fall", "from": low, "to": high}
        line = np.interp(self._days, (begin, self.calendar.days - 1), (low, high))
        return Course(line, words | ({"since": since} if since else {}))

    def moves(self, level: float, *steps: tuple[str, str, float]) -> Course:
        """From one level to the next: (last day of the old level, first day of the new one, its value)."""
        at, values = [0.0], [level]
        for old, new, value in steps:
            at += [self.calendar.day(old), self.calendar.day(new)]
            values += [values[-1], value]
        told = [{"after": old, "until": new, "level": value} for old, new, value in steps]
        return Course(np.interp(self._days, at, values), {"shape": "moves", "level": level, "steps": told})

    def shift(self, low: float, high: float, date: str) -> Course:
        """Another level from one day to the next."""
        line = np.where(self._days < self.calendar.day(date), low, high)
        return Course(line, {"shape": "level shift", "since": date, "from": low, "to": high})

    def waves(self, level: float, swing: float, period: float, begin: float = 0.0) -> Course:
        """Up and down by `swing` in `period` days, up first from the day `begin` on."""
        line = level + swing * np.sin(2 * np.pi * (self._days - begin) / period)
        return Course(line, {"shape": "up and down", "level": level, "swing": swing, "period_days": period})

    def surges(self, low: float, high: float, factor: float, dates: Sequence[str], days: int = 2) -> Course:
        """A rising base that is `factor` times as high for some days from each date on."""
        line = np.interp(self._days, (0, self.calendar.days - 1), (low, high))
        for text in dates:
            begin = self.calendar.day(text)
            line[begin : begin + days] *= factor
        words = {"shape": "surges on a rising base", "from": low, "to": high, "factor": factor}
        return Course(line, words | {"dates": list(dates), "days": days})
