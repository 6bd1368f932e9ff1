"""What Grafana and its Redis data source (redis-datasource 2.x) make of a query: variables, the command, the frame that
comes back, transformations. An independent reading of their behaviour, as far as the dashboards here use it.

A frame is {name of field: values}, in order; a field whose values are datetimes is a time field.
"""

import re
import shlex
from datetime import datetime, timezone

# Commands that the query editor offers and that dashboards may use: all of them read.
COMMANDS = ("hget", "hgetall", "hmget", "smembers", "xrange", "xrevrange", "zrange")
# Commands of variables, which are lines as for redis-cli.
ASKED = ("HGET", "SMEMBERS", "ZRANGE")

MEMBERS = {
    *("refId", "datasource", "type", "query"),
    *("command", "keyName", "field", "count", "min", "max", "zrangeQuery"),
}
REPLACED = ("keyName", "query", "field")  # of a query, the parts that may hold variables


def interpolated(text, values, texts, begin_ms):
    """Text with $name, ${name}, ${name:text} and ${__from:date:seconds} replaced."""

    def value(match):
        name, form = match[1] or match[2], match[3]
        if name == "__from":
            assert form == "date:seconds", match[0]
            return str(begin_ms // 1000)
        if form == "text":
            return texts.get(name, values[name])
        assert form in (None, "percentencode"), match[0]
        return values[name]

    return re.sub(r"\$(\w+)|\$\{(\w+)(?::([\w:]+))?\}", value, text)


def number(text):
    """A float where the data source's ParseFloat finds one."""
    try:
        return float(text)
    except ValueError:
        return text


def in_a_row(pairs):
    frame = {}
    for name, value in pairs:
        assert name not in frame, name
        frame[name] = [number(value)]
    return frame


def of_stream(answer):
    """Time from the ID; what an entry lacks is 0 or empty, by the type of the first value of that name."""
    frame = {"$streamId": [one for one, _ in answer]}
    frame["$time"] = [datetime.fromtimestamp(int(one.split("-")[0]) / 1000, timezone.utc) for one, _ in answer]
    entries = [entry for _, entry in answer]
    for name in dict.fromkeys(name for entry in entries for name in entry):
        first = next(entry[name] for entry in entries if name in entry)
        numeric = isinstance(number(first), float)
        frame[name] = [number(one.get(name, "0")) if numeric else one.get(name, "") for one in entries]
    return frame


class DataSource:
    """Executes queries with a Redis client, as the user of that client."""

    def __init__(self, client):
        self.client = client
        self.commands = []

    def _run(self, *words):
        self.commands.append(words)
        return self.client.execute_command(*words)

    def ask(self, line):
        """The values of a variable; an answer of nothing is an error there."""
        words = shlex.split(line)
        assert words[0] in ASKED, line
        answer = self._run(*words)
        assert answer is not None, f"{line}: nothing"
        return [answer] if isinstance(answer, str) else sorted(map(str, answer))

    def query(self, target, begin_ms, end_ms):
        """The frame for a query whose variables are replaced."""
        assert not target["query"] and target["type"] == "command" and target["command"] in COMMANDS
        assert target.keys() <= MEMBERS, target.keys() - MEMBERS
        return getattr(self, "_" + target["command"])(target, begin_ms, end_ms)

    def _hgetall(self, target, *_):
        return in_a_row(self._run("HGETALL", target["keyName"]).items())

    def _hget(self, target, *_):
        answer = self._run("HGET", target["keyName"], target["field"])
        return {} if answer is None else in_a_row([(target["field"], answer)])

    def _hmget(self, target, *_):
        names = shlex.split(target["field"])
        answer = self._run("HMGET", target["keyName"], *names)
        return in_a_row((name, value or "") for name, value in zip(names, answer, strict=True))

    def _smembers(self, target, *_):
        return {"Value": sorted(self._run("SMEMBERS", target["keyName"]))}

    def _zrange(self, target, *_):
        by = [target["zrangeQuery"]] if target["zrangeQuery"] else []
        assert by in ([], ["BYSCORE"], ["BYLEX"])
        answer = self._run("ZRANGE", target["keyName"], target["min"], target["max"], *by, "WITHSCORES")
        return in_a_row(zip(answer[::2], answer[1::2], strict=True))

    def _xrange(self, target, begin_ms, end_ms):
        count = ["COUNT", target["count"]] if target.get("count") else []
        return of_stream(self._run("XRANGE", target["keyName"], f"{begin_ms}-0", f"{end_ms}-0", *count))

    def _xrevrange(self, target, begin_ms, end_ms):
        count = ["COUNT", target["count"]] if target.get("count") else []
        return of_stream(self._run("XREVRANGE", target["keyName"], f"{end_ms}-0", f"{begin_ms}-0", *count))


# ---- transformations ----


def of_javascript(text):
    """A pattern as Grafana reads it: between slashes, else it means a whole name."""
    return text[1:-1] if text[0] == text[-1] == "/" else f"^{text}$"


def keep(frame, options):
    include = options["include"]
    if "pattern" in include:
        pattern = of_javascript(include["pattern"])
        return {name: column for name, column in frame.items() if re.search(pattern, name)}
    missing = set(include["names"]) - frame.keys()
    assert not missing, f"no field {missing} in {list(frame)[:20]}"
    return {name: column for name, column in frame.items() if name in include["names"]}


def reduce(frame, options):
    (reducer,) = options["reducers"]
    name, calculate = {"max": ("Max", max), "lastNotNull": ("Last *", lambda column: column[-1])}[reducer]
    return {"Field": list(frame), name: [calculate(column) for column in frame.values()]} if frame else {}


def sort_by(frame, options):
    (sort,) = options["sort"]
    if not frame:
        return {}
    order = sorted(range(len(frame[sort["field"]])), key=lambda i: frame[sort["field"]][i], reverse=sort["desc"])
    return {name: [column[i] for i in order] for name, column in frame.items()}


def organize(frame, options):
    assert not options["excludeByName"] and not options["indexByName"]
    assert not frame or options["renameByName"].keys() <= frame.keys()
    return {options["renameByName"].get(name, name): column for name, column in frame.items()}


def calculate(frame, options):
    assert options["mode"] == "binary" and options["binary"]["operator"] == "*"
    left, right = options["binary"]["left"], float(options["binary"]["right"])
    return frame | {options["alias"]: [value * right for value in frame[left]]}


TRANSFORMATIONS = {
    "filterFieldsByName": keep,
    "reduce": reduce,
    "sortBy": sort_by,
    "organize": organize,
    "calculateField": calculate,
}


def transformed(frame, steps):
    for step in steps:
        frame = TRANSFORMATIONS[step["id"]](frame, step["options"])
    return frame
