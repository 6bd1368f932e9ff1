"""The dashboards of config/grafana: every query that they hold is executed against a Redis that is filled by replays,
as Grafana's Redis data source would (redis_datasource.py), by a user with a reader's rights, and what comes back must
be what its panel draws.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_grafana.py
"""

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, product

import pytest
import yaml

redis = pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

import schema_doc as doc
from conftest import ROOT
from filled import ATTACKED, DAY_S, DAYS, HOUR_S, QUARTERS, SENSORS
from redis_datasource import COMMANDS, REPLACED, DataSource, interpolated, of_javascript, transformed

FOLDER = ROOT / "config/grafana"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
DASHBOARDS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
WIDTH = 24
SOURCE = {"type": "redis-datasource", "uid": "${redis}"}
EVENT_FIELDS = "type start end region source body".split()
CLOSED_HOUR = DAYS[1] + 13 * HOUR_S


@dataclass(frozen=True)
class View:
    """A dashboard as somebody looks at it."""

    dashboard: str
    begin_s: int
    end_s: int
    chosen: tuple = ()  # (variable, value)
    empty: tuple = ()  # titles of panels that have nothing to show then

    def __str__(self):
        return "-".join([self.dashboard, *(value for _, value in self.chosen), str(self.begin_s)])


def views():
    for sensor in SENSORS:
        who = ("sensor", sensor)
        yield View("live", DAYS[0], DAYS[-1] + DAY_S, (who,))
        yield View("network", DAYS[0], DAYS[-1] + DAY_S, (who,))
        yield View("period", DAYS[0], DAYS[1] - 1, (who, ("bucket", "d")))
        yield View("period", CLOSED_HOUR, CLOSED_HOUR + HOUR_S - 1, (who, ("bucket", "h")))
        yield View("period", QUARTERS[0], QUARTERS[1] - 1, (who, ("bucket", "q")))
        still_open = ("Different sources of a closed period",)
        yield View("period", DAYS[-1], DAYS[-1] + DAY_S - 1, (who, ("bucket", "d")), still_open)
        attack = (("address", ATTACKED), ("victims", "JP"), ("signature", "mirai"))
        yield View("sources", DAYS[1], DAYS[2] - 1, (who, *attack))
        for signature, region in product(("mirai", "gre", "smb-8192"), ("JP", "RU")):
            at = (("signature", signature), ("victims", region), ("region", region))
            without_ports = ("Ports of $signature",) if signature == "gre" else ()
            yield View("sources", DAYS[2], DAYS[3] - 1, (who, *at), without_ports)
        before = (("quarter", str(QUARTERS[1])), ("before", str(QUARTERS[0])))
        yield View("quarters", DAYS[-1], DAYS[-1] + DAY_S, (who, *before))


VIEWS = list(views())


def panels(dashboard):
    for one in dashboard["panels"]:
        yield one
        yield from one.get("panels", ())


def variables(dashboard):
    return {one["name"]: one for one in dashboard["templating"]["list"]}


def rule_of_the_readme():
    """Words of the command that makes Grafana's user."""
    return shlex.split(re.search(r"redis-cli (ACL SETUSER grafana .*)", README)[1])


@pytest.fixture(scope="module")
def source(filled):
    server = filled.server
    server.client.execute_command(*rule_of_the_readme())
    client = redis.Redis(
        unix_socket_path=str(server.socket), decode_responses=True, username="grafana", password="PASSWORD"
    )
    yield DataSource(client)
    client.close()


# ---- rights ----


@pytest.mark.parametrize(
    "words", ["SET nt:x 1", "GET other", "KEYS *", "FLUSHALL", "CLIENT PAUSE 1", "EVAL return 0", "ACL LIST"]
)
def test_the_user_may_only_read(source, words):
    with pytest.raises(redis.exceptions.NoPermissionError):
        source.client.execute_command(*words.split())


def test_the_user_of_the_configuration_is_the_same():
    assert f"user {' '.join(rule_of_the_readme()[2:])}\n" in README


# ---- form ----


def test_dashboards_are_those_of_the_generator(tmp_path):
    subprocess.run([ROOT / "tools/mkdashboards", "-o", tmp_path], check=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in FOLDER.glob("*.json")
    }


def test_dashboards_for_days_that_begin_elsewhere(tmp_path):
    options = ("-o", tmp_path, "--day-offset", "9", "--timezone", "Asia/Tokyo")
    subprocess.run([ROOT / "tools/mkdashboards", *options], check=True)
    quarters = json.loads((tmp_path / "quarters.json").read_text(encoding="utf-8"))
    assert quarters["timezone"] == "Asia/Tokyo"
    assert f"2022 Q3 : {QUARTERS[0] - 9 * HOUR_S}," in variables(quarters)["quarter"]["query"]


@pytest.mark.parametrize(
    "options, why",
    [
        (("--day-offset", "15", "--timezone", "Etc/GMT-14"), "15: must be hours, -12 to 14"),
        (("--day-offset", "-13"), "-13: must be hours, -12 to 14"),
        (("--day-offset", "9.5"), "9.5: must be hours"),
        (("--day-offset", "nine"), "nine: must be hours"),
        (("--day-offset", "9"), "--timezone utc: is UTC +0 h, and --day-offset is 9: such as Etc/GMT-9"),
        (("--timezone", "Asia/Tokyo"), "--timezone Asia/Tokyo: is UTC +9 h, and --day-offset is 0: such as utc"),
        (("--day-offset", "1", "--timezone", "Europe/Berlin"), "is UTC +1 and +2 h, and --day-offset is 1"),
        (("--day-offset", "5", "--timezone", "Asia/Kolkata"), "is UTC +5.5 h"),
        (("--timezone", "Asia/Tokio"), "--timezone Asia/Tokio: not known here"),
        (("--timezone", "Asia"), "--timezone Asia: not known here"),
        (("--timezone", "../../etc/passwd"), "not known here"),
        (("--timezone", ""), "not known here"),
    ],
)
def test_dashboards_for_days_that_nobody_has(tmp_path, options, why):
    command = [ROOT / "tools/mkdashboards", "-o", tmp_path, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and why in done.stderr.splitlines()[-1], done.stderr
    assert not list(tmp_path.iterdir())


def test_dashboards_for_every_offset(tmp_path):
    for hours in (-12, -5, -1, 1, 14):
        options = ("-o", tmp_path, "--day-offset", str(hours), "--timezone", f"Etc/GMT{-hours:+}")
        subprocess.run([ROOT / "tools/mkdashboards", *options], check=True)
        quarters = json.loads((tmp_path / "quarters.json").read_text(encoding="utf-8"))
        assert f"2022 Q3 : {QUARTERS[0] - hours * HOUR_S}," in variables(quarters)["quarter"]["query"]


def test_names_of_dashboards_are_unique():
    assert len(DASHBOARDS) == 5
    for member in ("uid", "title"):
        assert len({one[member] for one in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_form(name):
    dashboard = DASHBOARDS[name]
    everything = list(panels(dashboard))
    numbers = [one["id"] for one in everything]
    assert len(set(numbers)) == len(numbers)
    assert dashboard["uid"] == f"needletail-{name}" and dashboard["schemaVersion"] >= 33 and "id" not in dashboard
    for one in everything:
        at = one["gridPos"]
        assert at["w"] > 0 and at["h"] > 0 and at["x"] >= 0 and at["x"] + at["w"] <= WIDTH, one["title"]
        assert one["title"] and (one["type"] == "row" or one["targets"])
        assert one["type"] in ("row", "timeseries", "bargauge", "stat", "table")
    for a, b in combinations(everything, 2):
        apart = any(
            first["gridPos"][place] + first["gridPos"][size] <= second["gridPos"][place]
            for first, second in ((a, b), (b, a))
            for place, size in (("x", "w"), ("y", "h"))
        )
        assert apart, (a["title"], b["title"])


@pytest.mark.parametrize("name", DASHBOARDS)
def test_queries_name_the_source_of_the_variable(name):
    dashboard = DASHBOARDS[name]
    known = variables(dashboard)
    assert known["redis"]["type"] == "datasource" and known["redis"]["query"] == SOURCE["type"]
    assert known["sensor"]["query"] == "SMEMBERS nt:sensors"
    asking = [one for one in known.values() if one["type"] == "query"]
    targets = [target for one in panels(dashboard) for target in one.get("targets", ())]
    drawing = [one for one in panels(dashboard) if one["type"] != "row"]
    assert all(one["datasource"] == SOURCE for one in (*asking, *targets, *drawing))
    for one in drawing:
        references = [target["refId"] for target in one["targets"]]
        assert len(set(references)) == len(references)
    assert all(target["command"] in COMMANDS for target in targets)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_variables_stand_only_where_the_data_source_replaces_them(name):
    dashboard = DASHBOARDS[name]
    named = set(variables(dashboard)) | {"__from"}
    for one in panels(dashboard):
        for target in one.get("targets", ()):
            for member, value in target.items():
                if member not in (*REPLACED, "datasource"):
                    assert "$" not in str(value), (one["title"], member)
        assert "$" not in json.dumps(one.get("transformations", [])).replace("$time", "").replace("$/", "/")
        used = set(re.findall(r"\$\{?(\w+)", json.dumps([one["title"], one.get("targets"), one.get("description")])))
        assert used <= named, (one["title"], used - named)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_links_lead_somewhere(name):
    by_uid = {one["uid"]: one for one in DASHBOARDS.values()}
    for link in DASHBOARDS[name]["links"]:
        if link["type"] == "link":
            uid, given = link["url"].removeprefix("/d/").split("?")
            given = dict(part.split("=", 1) for part in given.split("&"))
            known = variables(by_uid[uid])
            chosen = {part.removeprefix("var-"): value for part, value in given.items() if part.startswith("var-")}
            assert chosen.keys() <= known.keys() and {"from", "to"} <= given.keys()
            assert f" : {chosen['bucket']}" in known["bucket"]["query"]


# ---- what the queries bring ----


def settled(source, view):
    """Values of all variables, asked in the order in which they depend on each other, and their texts."""
    known = variables(DASHBOARDS[view.dashboard])
    values, texts = {"redis": "redis", **dict(view.chosen)}, {}
    for name, one in known.items():
        if one["type"] == "custom":
            texts[name] = one["current"]["text"]
            values.setdefault(name, one["current"]["value"])
    waiting = [one for one in known.values() if one["type"] == "query"]
    while waiting:
        ready = [one for one in waiting if set(re.findall(r"\$(\w+)", one["query"])) <= values.keys()]
        assert ready, [one["name"] for one in waiting]
        for one in ready:
            waiting.remove(one)
            found = choices(source, one, values, view.begin_s * 1000)
            assert values.setdefault(one["name"], found[0]) in found, one["name"]
    return values, texts


def choices(source, variable, values, begin_ms):
    found = source.ask(interpolated(variable["query"], values, {}, begin_ms))
    if variable["regex"]:
        matched = (re.search(of_javascript(variable["regex"]), text) for text in found)
        found = [match[1] for match in matched if match]
    assert found and all(found), variable["name"]
    return found


def frames(source, view):
    """Each panel that draws, its target with variables replaced, and the frame behind its transformations."""
    values, texts = settled(source, view)
    begin_ms, end_ms = view.begin_s * 1000, view.end_s * 1000
    for one in panels(DASHBOARDS[view.dashboard]):
        for target in one.get("targets", ()):
            replaced = {
                name: interpolated(value, values, texts, begin_ms) if name in REPLACED else value
                for name, value in target.items()
            }
            yield one, replaced, source.query(replaced, begin_ms, end_ms)


def numeric(column):
    return all(isinstance(value, float) for value in column)


def check_timeseries(panel, frame):
    assert frame["$time"] == sorted(frame["$time"]) and all(isinstance(at, datetime) for at in frame["$time"])
    lines = [column for name, column in frame.items() if name != "$time"]
    assert lines and all(map(numeric, lines)) and len(frame["$time"]) > 1


def check_bargauge(panel, frame):
    names, numbers = frame.values()
    assert all(step["id"] != "organize" for step in panel["transformations"])  # a column's own name labels every bar
    wanted = of_javascript(panel["options"]["reduceOptions"]["fields"])
    assert [name for name in frame if re.search(wanted, name)] == list(frame)[1:]
    assert all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    assert numeric(numbers) and numbers == sorted(numbers, reverse=True) and min(numbers) >= 0


def check_stat(panel, frame):
    shown = [name for name in frame if re.search(of_javascript(panel["options"]["reduceOptions"]["fields"]), name)]
    assert shown and all(frame[name][-1] != "" for name in shown)
    if panel["fieldConfig"]["defaults"]["unit"] != "none":
        assert all(numeric(frame[name]) for name in shown)


def check_table(panel, frame):
    assert len(frame) > 1 and len({len(column) for column in frame.values()}) == 1
    assert all(frame.values())


CHECKS = {"timeseries": check_timeseries, "bargauge": check_bargauge, "stat": check_stat, "table": check_table}


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_panels_get_what_they_draw(source, view):
    drawn = set()
    for panel, target, raw in frames(source, view):
        frame = transformed(raw, panel["transformations"])
        if panel["title"] in view.empty:
            assert not frame
            continue
        assert frame, f"{panel['title']}: no data from {target}"
        CHECKS[panel["type"]](panel, frame)
        for one in panel["fieldConfig"]["overrides"]:
            assert one["matcher"]["id"] == "byName" and one["matcher"]["options"] in frame, panel["title"]
        drawn.add(panel["title"])
    assert len(drawn) >= 6


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_keys_are_in_the_document(source, view):
    for panel, target, _ in frames(source, view):
        (row,) = doc.described(target["keyName"])
        command = {"hash": ("hget", "hgetall", "hmget"), "zset": ("zrange",), "stream": ("xrange", "xrevrange")}
        assert target["command"] in command[row.kind], panel["title"]


def test_fields_are_in_the_document():
    """Those that panels name."""
    found = 0
    known = {
        "live": {*doc.live_fields(), "$time"},
        "totals": doc.fields("### `nt:{S}:BUCKET:totals`, hash, in m, h, d, q"),
        "events": {*EVENT_FIELDS, "$time", "start (time)", "end (time)"},
        "$signature": {"packets"},
    }
    for dashboard in DASHBOARDS.values():
        for one in panels(dashboard):
            for step in one.get("transformations", ()):
                names = set(step["options"].get("include", {}).get("names", ()))
                for target in one["targets"]:
                    if names:
                        assert names <= known[target["keyName"].rsplit(":", 1)[1]], one["title"]
                        found += 1
    assert found > 10


def test_numbers_are_those_of_the_packets(source, filled):
    """A panel from end to end: packets by port of a day, as bars."""
    view = View("period", DAYS[0], DAYS[1] - 1, (("sensor", "osaka-1"), ("bucket", "d")))
    for panel, _, raw in frames(source, view):
        if panel["title"] == "Destination ports":
            frame = transformed(raw, panel["transformations"])
            expected = filled.truth["osaka-1"].ports[DAYS[0]].most_common(15)
            assert frame["Max"] == [count for _, count in expected]
            assert dict(zip(frame["Field"], frame["Max"])).items() <= filled.truth["osaka-1"].ports[DAYS[0]].items()


def test_lines_are_those_of_the_packets(source, filled):
    view = View("live", DAYS[0], DAYS[-1] + DAY_S, (("sensor", "lima-1"),))
    for panel, _, raw in frames(source, view):
        if panel["title"].startswith("Packets per interval"):
            frame = transformed(raw, panel["transformations"])
            total = sum(sum(column) for name, column in frame.items() if name != "$time")
            assert total == sum(filled.truth["lima-1"].frames.values())


# ---- provisioning ----


def test_provisioning_files():
    files = {
        path.parent.name: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in FOLDER.glob("provisioning/*/*.yaml")
    }
    (source,) = files["datasources"]["datasources"]
    assert source["type"] == SOURCE["type"] and source["jsonData"]["acl"] is True and source["jsonData"]["user"]
    (provider,) = files["dashboards"]["providers"]
    assert provider["type"] == "file" and provider["options"]["path"].startswith("/")
