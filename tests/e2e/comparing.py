"""Lines of the program against those of the reference."""

from conftest import SENSOR
from reference import capture, line, replay

# A sketch of 64 registers: an error of 13 % is usual, and few targets are counted one by one unless two share one.
TARGETS_OFF, TARGETS_ERROR = 1, 0.13


def objects(paths, interval, places):
    """What the reference says of these captures, as far as they can be read."""
    read = [capture.read(path) for path in paths]
    length = interval if interval == replay.ALL else int(interval)
    return [line.as_object(totals, SENSOR) for totals in replay.intervals(read, length, *places)]


def differences(expected, found, where=""):
    """What is not the same, keys in order, as a list of lines to read."""
    if isinstance(expected, dict) and isinstance(found, dict):
        result = [
            one
            for key in dict.fromkeys((*expected, *found))
            for one in differences(expected.get(key, "absent"), found.get(key, "absent"), f"{where}.{key}")
        ]
        if not result and list(expected) != list(found):
            result = [f"{where}: keys in the order {list(found)}, not {list(expected)}"]
        return result
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [one for i, pair in enumerate(zip(expected, found)) for one in differences(*pair, f"{where}[{i}]")]
    if where.endswith("].targets") and isinstance(found, int):
        return [] if targets_close(expected, found) else [f"{where}: {found}, not about {expected}"]
    return [] if expected == found else [f"{where}: {found}, not {expected}"]


def targets_close(expected, found):
    """Within 4.5 standard errors."""
    return found == expected or abs(found - expected) <= max(TARGETS_OFF, 4.5 * TARGETS_ERROR * expected) and found > 0


def same_lines(expected, found):
    """Both as objects, one per interval."""
    starts = [one["start"] for one in expected], [one["start"] for one in found]
    assert starts[0] == starts[1], "other intervals"
    wrong = [text for a, b in zip(expected, found) for text in differences(a, b, f"[{a['start']}]")]
    assert not wrong, "\n".join(wrong[:40])
