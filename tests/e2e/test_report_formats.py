"""needletail report: its formats hold the same, and what they promise: MISP, CSV, JSON with its schema, both languages.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_report_formats.py
"""

import csv
import datetime as dt
import io
import json
import math
import re
import shutil
import uuid
from collections import Counter

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

import report_world as world_of
from conftest import ROOT
from redis_server import Server
from report_world import BEGIN, END, TRACES, start_of

# ---- MISP ----

# Template `ddos` of MISP/misp-objects, version 6, as far as it is used: relation, type, whether there may be several
# (since version 7), and a category that the type may have.
DDOS = {
    "ip-dst": ("ip-dst", False, "Network activity"),
    "protocol": ("text", False, "Other"),
    "dst-port": ("port", True, "Network activity"),
    "first-seen": ("datetime", False, "Other"),
    "last-seen": ("datetime", False, "Other"),
    "total-pps": ("counter", False, "Other"),
    "text": ("text", False, "Other"),
}
DDOS_UUID, DDOS_VERSION = "e2f124d6-f57c-4f93-99e6-8450545fa05d", "6"
MISP_TIME = "%Y-%m-%dT%H:%M:%S.%f%z"
OURS = uuid.UUID("5a0d2c1e-937b-4f66-8e21-6fb40ad735c9")


def values(one):
    """{relation: its values}, each checked against the template."""
    found = {}
    for attribute in one["Attribute"]:
        relation = attribute["object_relation"]
        kind, several, category = DDOS[relation]
        assert (attribute["type"], attribute["category"]) == (kind, category)
        assert several or relation not in found
        assert attribute["to_ids"] is False and attribute["deleted"] is False and attribute["distribution"] == "5"
        assert isinstance(attribute["value"], str) and attribute["value"]
        index = attribute["value"] if several else ""
        assert attribute["uuid"] == str(uuid.uuid5(OURS, f"{one['uuid']}\n{relation}\n{index}"))
        found.setdefault(relation, []).append(attribute["value"])
    assert found.keys() >= {"ip-dst"}  # or ip-src, or domain-dst: required
    return found


def seconds(text):
    return int(dt.datetime.strptime(text, MISP_TIME).timestamp())


def test_attacks_for_misp(report, items):
    done = report("--format", "misp", "--lang", "en")
    assert done.status == 0, done.errors
    document = json.loads(done.text)
    assert set(document) == {"Event"}
    event = document["Event"]
    name = f"report\n{start_of(BEGIN)}\n{start_of(END)}\ndomestic"
    assert event["uuid"] == str(uuid.uuid5(OURS, name))
    assert (event["date"], event["distribution"], event["published"]) == ("2022-07-01", "0", False)
    assert (event["threat_level_id"], event["analysis"]) == ("4", "2")
    assert [tag["name"] for tag in event["Tag"]] == ["tlp:amber", 'rsit:availability="ddos"']
    assert len(event["info"]) < 256 and event["info"].endswith("2022Q3: 12")
    (basis,) = event["Attribute"]
    assert basis["type"] == "comment" and "2 sensors of the group domestic" in basis["value"]
    found = Counter()
    for one in event["Object"]:
        assert (one["name"], one["meta-category"]) == ("ddos", "network")
        assert (one["template_uuid"], one["template_version"]) == (DDOS_UUID, DDOS_VERSION)
        seen = values(one)
        first, last = seconds(seen["first-seen"][0]), seconds(seen["last-seen"][0])
        assert (seconds(one["first_seen"]), seconds(one["last_seen"])) == (first, last)
        assert (seen["protocol"], seen["dst-port"]) == (["TCP"], ["443"])
        assert one["uuid"] == str(uuid.uuid5(OURS, f"dos\ntokyo-1\n{seen['ip-dst'][0]}\n6\n{first}"))
        assert int(seen["total-pps"][0]) == math.ceil(60 / 60 * 2**32 / 4096)  # 60 packets a minute, 4,096 addresses
        assert "200 packets of backscatter (synack)" in seen["text"][0]
        (comment,) = (a["comment"] for a in one["Attribute"] if a["object_relation"] == "ip-dst")
        assert re.fullmatch(r"NZ (Exchange|Hosting), AS42000025(77|78), New Zealand", comment)
        found[seen["ip-dst"][0], first, last] += 1
    truth = Counter()
    for row in items["events"]["rows"]:
        if row["type"] == "dos":
            first, end = (seconds(row[key].replace("Z", ".0+00:00")) for key in ("start", "end"))
            truth[row["source"], first, end - 1] += 1
    assert found == truth and len(truth) == sum(TRACES.values())
    attacks = [(day, number) for day, many in TRACES.items() for number in range(many)]
    assert {(address, first) for address, first, _ in truth} == {
        (world_of.address("NZ", 300 + number), start_of(day, world_of.HOURS[0])) for day, number in attacks
    }


def test_misp_gets_the_same_again(report, tmp_path):
    files = []
    for folder in ("one", "two"):
        assert report("--format", "md,misp", "-o", tmp_path / folder).status == 0
        assert {path.name for path in (tmp_path / folder).iterdir()} == {"report.md", "report.misp.json"}
        files.append((tmp_path / folder / "report.misp.json").read_bytes())
    assert files[0] == files[1]


def test_misp_gets_an_event_without_objects(report):
    done = report("--format", "misp", "--lang", "ja", quarter="2022Q2")
    assert done.status == 0, done.errors
    event = json.loads(done.text)["Event"]
    assert event["Object"] == [] and "2022Q2：0 件" in event["info"]


# ---- formats ----


def test_csv_is_the_json(report, items, tmp_path):
    done = report("--format", "csv,json,md", "--lang", "en", "-o", tmp_path / "out")
    assert done.status == 0, done.errors
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.json", "report.md"} <= files
    tables = {f"{i['id']}.csv" for i in items.values() if i["columns"]}
    assert files - {"report.json", "report.md"} == tables | {"export-NZ.csv"}
    for item in items.values():
        if not item["columns"]:
            continue
        content = (tmp_path / "out" / f"{item['id']}.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(content)))
        assert len(rows) == len(item["rows"])
        for row, truth in zip(rows, item["rows"]):
            for column in item["columns"]:
                cell, value = row[column["key"]], truth[column["key"]]
                if value is None:
                    assert cell == ""
                elif column["kind"] in ("text", "date", "time"):
                    assert cell == value
                else:
                    assert float(cell) == pytest.approx(float(value), rel=1e-8)


def test_each_region_has_its_export(world, run, tmp_path):
    """For its CSIRT, and nothing of others in it; a region that is none names no file."""
    world.server.client.save()
    shutil.copy(world.server.folder / "dump.rdb", tmp_path)
    server = Server(tmp_path)
    try:
        for region in ("AU", "../../AU", "", "au"):
            at_s = start_of(dt.date(2022, 8, 10))
            fields = {"type": "dos", "start": at_s, "end": at_s + 9, "region": region}
            fields |= {"source": "192.0.2.1", "body": "{}"}
            server.client.xadd("nt:{tokyo-1}:events", fields)
        done = run("report", "--redis", server.url, "--quarter", "2022Q3", "--format", "csv", "-o", tmp_path / "out")
    finally:
        server.kill()
    assert done.status == 0, done.errors
    exports = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("export*")}
    assert set(exports) == {"export.csv", "export-AU.csv", "export-NZ.csv"}
    assert not (tmp_path / "AU.csv").exists()
    rows = {name: list(csv.DictReader(io.StringIO(text))) for name, text in exports.items()}
    assert len(rows["export.csv"]) == len(rows["export-NZ.csv"]) + 4
    for region in ("AU", "NZ"):
        assert rows[f"export-{region}.csv"] == [row for row in rows["export.csv"] if row["region"] == region]


def test_every_item_of_both_languages(report, items):
    said = {}
    for lang in ("en", "ja"):
        done = report("--lang", lang)
        assert done.status == 0
        said[lang] = done.text
        assert not re.search(r"\{[a-z_]+\}", done.text)  # a place that no word filled
        shown = [item for item in items.values() if item["form"] != "data"]
        assert len(re.findall("^## ", done.text, re.MULTILINE)) == len(shown)
    assert "ロシア連邦" in said["ja"] and "8月7日ごろ、ブルガリアが韓国を上回って 5 位になりました" in said["ja"]
    for name in ("T1", "F1", "T2", "F2", "X1", "F3", "T3", "T4", "F4", "F5", "T5", "F6"):
        assert re.search(f"^## {name} ", said["ja"], re.MULTILINE), name


def test_schema_of_the_document(document):
    """What config/report.md says of it."""
    assert document["schema"] == "needletail-report/1"
    assert set(document) == {"schema", "lang", "title", "period", "compared_with", "items"}
    assert document["period"]["start"] == start_of(BEGIN) and document["period"]["end"] == start_of(END)
    kinds = {"text": str, "date": str, "time": str, "count": int, "share": float, "real": float, "flag": bool}
    text = (ROOT / "config/report.md").read_text(encoding="utf-8")
    for item in document["items"]:
        assert set(item) == {"id", "form", "title", "sentences", "notes", "basis", "columns", "rows"}
        assert item["form"] in ("table", "figure", "data")
        assert (item["basis"] is None) == (item["form"] == "data"), item["id"]
        known = re.sub("^X1-..$", "X1-CC", item["id"])
        assert f"`{known}`" in text or item["form"] == "data", item["id"]
        for row in item["rows"]:
            assert set(row) - {"at_least"} == {column["key"] for column in item["columns"]}
            for column in item["columns"]:
                value = row[column["key"]]
                assert value is None or isinstance(value, kinds[column["kind"]]), (item["id"], column["key"])


@pytest.mark.parametrize("options", ((), ("--lang", "ja", "--pseudonyms"), ("--group", "southern")))
def test_the_written_schema_holds(report, options):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "config/report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    done = report("--format", "json", *options)
    assert done.status == 0, done.errors
    jsonschema.Draft7Validator(schema).validate(json.loads(done.text))
