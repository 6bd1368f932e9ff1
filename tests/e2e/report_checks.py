"""What tests of the report compare with the truth of report_world.py."""

import datetime as dt

from report_world import BEGIN, END, GAP, PARTIAL, days

GROUP = ("tokyo-1", "osaka-1")
UNIQUE = 0.02


def near(number, truth):
    return abs(number - truth) <= UNIQUE * truth


def ranking(counts):
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def rank_in(counts, member):
    return 1 + sum(n > counts[member] for n in counts.values()) if counts[member] else None


def check_days(item, truth):
    """Every day of the period, with a gap on those that have no data. truth: column -> {day: number}."""
    assert [row["date"] for row in item["rows"]] == [day.isoformat() for day in days(BEGIN, END)]
    for row in item["rows"]:
        day = dt.date.fromisoformat(row["date"])
        for column, numbers in truth.items():
            assert row[column] == (None if day in GAP else numbers[day]), (day, column)
        assert row["sensors"] == (0 if day in GAP else 1 if day == PARTIAL else 2)
        assert row["intervals"] == (0 if day in GAP else 2 if day == PARTIAL else 4)


def check_hosts(item, world, names):
    """Sensors as small as these keep all HyperLogLogs of a day, so that a number of several is their union."""
    for row in item["rows"]:
        day = dt.date.fromisoformat(row["date"])
        assert "at_least" not in row
        for column, name in names.items():
            truth = world.union(name, day, day + dt.timedelta(1))
            if day in GAP:
                assert row[column] is None
            else:
                assert near(row[column], truth), (day, column)
