"""needletail report: what options choose, and what may go wrong.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_report_options.py
"""

import datetime as dt
import json
import os
import pty
import re
import shutil
import subprocess
from collections import Counter

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from conftest import ROOT
from redis_server import Server
from report_checks import GROUP, rank_in, ranking
from report_junk import spoil
from report_world import BEGIN, TRACES, start_of

# ---- choices ----


def test_pseudonyms_and_labels(world, report, tmp_path):
    labels = tmp_path / "labels"
    labels.write_text("network,organisation,category\n16.6.0.0/17,Example Bank,bank\n16.6.128.0/17,Example Portal,portal\n")
    done = report("--format", "json", "--lang", "en", "--labels", labels)
    rows = {item["id"]: item for item in json.loads(done.text)["items"]}["T3"]["rows"]
    assert {row["organisation"] for row in rows} == {"Example Bank", "Example Portal"}
    done = report("--format", "json", "--lang", "en", "--labels", labels, "--pseudonyms")
    rows = {item["id"]: item for item in json.loads(done.text)["items"]}["T3"]["rows"]
    assert {row["organisation"] for row in rows} == {"bank A", "portal A"}
    assert not re.search(r"16\.[0-8]\.\d+\.\d+|Example|NZ Exchange", done.text)


def test_pseudonyms_need_an_empty_folder(report, run, tmp_path):
    """Files of an earlier report tell the addresses that this one is to hide. Nothing is read before that is said."""
    folder, formats = tmp_path / "out", ("--format", "json,csv")
    assert report(*formats, "-o", folder).status == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    hidden = (*formats, "--pseudonyms", "-o", folder)
    done = run("report", "--redis", f"unix://{tmp_path}/none.sock", "--quarter", "2022Q3", *hidden)
    assert done.status == 2 and done.text == "" and done.errors.count("\n") == 1
    assert f"{folder}: is not empty: with --pseudonyms" in done.errors
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    for path in folder.iterdir():
        path.unlink()
    (folder / ".hidden").touch()
    assert report(*hidden).status == 2
    (folder / ".hidden").unlink()
    for _ in range(2):  # a folder that is there and empty, and one that is not there
        assert report(*hidden).status == 0
        assert not (folder / "export.csv").exists()
        assert not any(re.search(rb"16\.[0-8]\.\d+\.\d+", path.read_bytes()) for path in folder.iterdir())
        shutil.rmtree(folder)


def test_a_folder_that_was_made_in_vain_goes(run, tmp_path):
    options = ("--redis", f"unix://{tmp_path}/none.sock", "--quarter", "2022Q3", "-o", tmp_path / "out")
    assert run("report", *options).status == 1 and not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    assert run("report", *options).status == 1 and (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written(run, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "out").mkdir(mode=0o500)
    options = ("--redis", f"unix://{tmp_path}/none.sock", "--quarter", "2022Q3", "-o", tmp_path / "out")
    done = run("report", *options)
    assert done.status == 2 and "out: Permission denied" in done.errors


def test_other_days_and_other_sensors(world, report):
    done = report(
        *("--from", "2022-08-01", "--to", "2022-08-10", "--compare-to", "2022-07-01/2022-07-10"),
        *("--sensors", "tokyo-1", "--format", "json", "--lang", "en"),
        quarter=None,
    )
    assert done.status == 0, done.errors
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    now = world.total("ports", dt.date(2022, 8, 1), dt.date(2022, 8, 11), ["tokyo-1"])
    before = world.total("ports", dt.date(2022, 7, 1), dt.date(2022, 7, 11), ["tokyo-1"])
    for row, (member, packets) in zip(items["T1"]["rows"], ranking(now)):
        assert (row["port"], row["packets"]) == (member, packets)
        assert (row["previous_rank"], row["previous_packets"]) == (rank_in(before, member), before[member])
    assert len(items["F1"]["rows"]) == 10
    assert not any("at_least" in row for row in items["F1-hosts"]["rows"])  # one sensor: no unions


def test_a_sensor_that_went_silent_is_missing(report):
    """Its newest interval is of 30 September: what it has not counted since is missing, and no day that is not there."""
    span = ("--from", "2022-09-21", "--to", "2022-10-20")
    done = report(*span, "--sensors", "tokyo-1", "--format", "json", "--lang", "en", quarter=None)
    assert done.status == 0, done.errors
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    assert items["T1"]["basis"]["expected_intervals"] == 30 * 24
    assert items["T1"]["basis"]["missing_intervals"] == 30 * 24 - items["T1"]["basis"]["intervals"]
    october = [row for row in items["F1"]["rows"] if row["date"] > "2022-09-30"]
    assert len(october) == 20
    for row in october:
        assert row["expected_intervals"] == 24 and not row["intervals"]
        assert all(row[column["key"]] is None for column in items["F1"]["columns"] if column["line"])


def test_days_of_another_time_zone(world, report):
    done = report("--group", "southern", "--format", "json")
    assert done.status == 0, done.errors
    document = json.loads(done.text)
    items = {item["id"]: item for item in document["items"]}
    assert document["period"]["start"] == start_of(BEGIN) - 9 * 3600
    packets = world.daily("regions", "US", ["naha-1"])
    assert {row["date"]: row["US"] for row in items["F2"]["rows"]} == {
        day.isoformat(): n or None for day, n in packets.items()
    }
    assert packets[dt.date(2022, 9, 21)] != packets[dt.date(2022, 9, 22)]  # the first one is half a day


def test_it_is_said_when_days_begin(report, items):
    assert "Days are those of UTC." in items["basis"]["notes"]
    options = ("--group", "southern", "--traces", "US", "--threshold", "3", "--format", "json", "--lang")
    for lang, said, days_of in (
        ("en", "Days are those of UTC+9 and begin at 15:00 UTC. Hours are those of UTC.", "{} September to {} October (UTC)"),
        ("ja", "日付は UTC+9 によります（1日は UTC の 15:00 に始まります）。時刻は UTC です。", "9月{}日～10月{}日、UTC"),
    ):
        done = report(*options, lang)
        southern = {item["id"]: item for item in json.loads(done.text)["items"]}
        for one in ("basis", "T5", "F6"):
            assert said in southern[one]["notes"]
        first, last = (southern["F6"]["rows"][at]["time"] for at in (0, -1))
        assert first.endswith("T15:00:00Z") and last.endswith("T14:00:00Z")
        # the figure's axis has the same days
        assert days_of.format(int(first[8:10]), int(last[8:10])) in southern["F6"]["title"]


def test_days_of_comparison_are_written_as_days(report):
    options = ("--from", "2022-08-05", "--to", "2022-08-05", "--compare-to", "2022-05-05/2022-05-05")
    done = report(*options, "--format", "json", "--lang", "en", quarter=None)
    document = json.loads(done.text)
    items = {item["id"]: item for item in document["items"]}
    assert document["compared_with"] == "2022-05-05/2022-05-05"
    assert "23/tcp (telnet) is number 1, as before (5 May)." in items["T1"]["sentences"]


def test_sensors_of_different_time_zones(report):
    done = report("--sensors", "tokyo-1,naha-1")
    assert done.status == 1
    assert "have days of different time zones" in done.errors


def test_focus_on_another_region(world, report):
    done = report("--focus-region", "US", "--format", "json")
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    assert [column["key"] for column in items["F4"]["columns"] if column["line"]] == ["US:445/tcp"]
    assert all(row["US:445/tcp"] in (0, None) for row in items["F4"]["rows"])


def test_chosen_senders_and_traces(world, report):
    options = ("--senders", "TW:2022-08-03/2022-08-05", "--traces", "JP", "--threshold", "1", "--format", "json")
    done = report(*options)
    items = {item["id"]: item for item in json.loads(done.text)["items"]}
    assert "T4" not in items
    flags = [column["key"] for column in items["T3"]["columns"] if column["kind"] == "flag"]
    assert flags == ["2022-08-03", "2022-08-04", "2022-08-05"]
    assert len(items["T3"]["rows"]) == 1 + 20
    for row in items["T5"]["rows"]:
        day = dt.date.fromisoformat(row["date"])
        sums = sum((world.truth[s].senders[day, "JP"] for s in GROUP), Counter())
        above = sum(n > 1 for n in sums.values())
        assert row["sources"] == min(above, 20)  # a closed day keeps 20 of a region


def test_nothing_before(report):
    done = report("--lang", "en", quarter="2022Q2")
    assert done.status == 0
    assert "There are no data of 2022Q1: nothing is known of ranks before." in done.text


# ---- what may go wrong ----


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--quarter", "2022Q5"), 2, "--quarter 2022Q5: no such quarter"),
        (("--quarter", "2019Q1"), 1, "2019Q1: no data of these sensors; they have data of 2022Q2 to 2022Q3"),
        (("--quarter", "2019Q1", "--sensors", "lima-1"), 1, "2019Q1: no data of these sensors; they have data of 2022Q3\n"),
        (("--from", "2022-07-14", "--to", "2022-07-15"), 1, "/2022-07-15: no data of these sensors; they have data of 2022Q2"),
        (("--quarter", "2022Q3", "--sensors", "tokio-1"), 1, "tokio-1: no such sensor, did you mean tokyo-1?"),
        (("--quarter", "2022Q3", "--group", "nobody"), 1, "no sensor is in group nobody; there are: overseas, southern, domestic"),
        (("--quarter", "2022Q3", "--format", "doc"), 2, "--format doc: must be"),
        (("--quarter", "2022Q3", "--lang", "fr"), 2, "--lang fr: must be ja or en"),
        (("--quarter", "2022Q3", "--from", "2022-07-01"), 2, "exclude each other"),
        (("--from", "2022-07-31", "--to", "2022-07-01"), 2, "--to is a day before --from"),
        (("--from", "2022-02-30", "--to", "2022-07-01"), 2, "no such date"),
        (("--quarter", "2022Q3", "--focus-region", "JPN"), 2, "a region is two letters"),
        (("--quarter", "2022Q3", "--senders", "JP:2022-09-01"), 2, "is a region and at most 31 days"),
        (("--quarter", "2022Q3", "--senders", "J:2022-09-01/2022-09-02"), 2, "is a region and at most 31 days"),
        (("--quarter", "2022Q3", "--traces", "nz"), 2, "--traces nz: a region is two letters"),
        (("--quarter", "2022Q3", "--format", "csv"), 2, "-o DIR"),
        (("--quarter", "2022Q3", "--format", "misp,md"), 2, "-o DIR"),
        (("--quarter", "2022Q3", "--format", "misp", "--pseudonyms"), 2, "--format misp tells addresses"),
        (("--quarter", "2022Q3", "--labels", "/nowhere"), 2, "/nowhere: No such file"),
        (("--quarter", "2022Q3", "-o", "/nowhere/out"), 2, "/nowhere/out: No such file"),
        (("--quarter", "2022Q3", "-o", "/dev/null"), 2, "/dev/null: Not a directory"),
        (("--quarter", "2022Q3", "--sensors", "tokyo-1", "--group", "domestic"), 2, "--group and --sensors exclude each other"),
        (("--quarter", "2022Q3", "--quarter", "2022Q2"), 2, "--quarter is given twice"),
        (("-o", "a", "--output", "b", "--quarter", "2022Q3"), 2, "--output is given twice"),
        (("--quarter", "2022Q3", "--threshold", "9223372036854775807"), 2, "must be a number from 1 to 9007199254740992"),
        (("--quarter", "2022Q3", "--focus-region", "XX"), 2, "--focus-region XX: no region has this code"),
        (("--quarter", "2022Q3", "--traces", "QQ"), 2, "--traces QQ: no region has this code"),
        (("--quarter", "2022Q3", "--senders", "XX:2022-09-01/2022-09-02"), 2, "--senders XX: no region has this code"),
        (("--from", "2021-07-01", "--to", "2022-07-02"), 2, "more than 366 days"),
        (("--quarter", "2022Q3", "extra"), 2, "extra: nothing is expected here"),
        (("--no-such-option",), 2, "no-such-option"),
        ((), 2, "say --quarter"),
    ],
)
def test_mistakes_are_told_in_one_line(report, options, status, said):
    done = report(*options, quarter=None)
    assert done.status == status
    assert done.text == ""
    assert said in done.errors and done.errors.startswith("needletail: ") and done.errors.count("\n") == 1


def test_what_anybody_wrote_breaks_nothing(world, run, tmp_path):
    world.server.client.save()
    shutil.copy(world.server.folder / "dump.rdb", tmp_path)
    server = Server(tmp_path)
    try:
        spoil(server.client)
        formats = ("--format", "md,json,csv,misp,html,svg")
        options = ("--redis", server.url, "--quarter", "2022Q3", *formats, "-o", tmp_path / "out")
        done = run("report", *options)
    finally:
        server.kill()
    assert done.status == 0, done.errors
    document = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))
    for item in document["items"]:
        for row in item["rows"]:
            assert set(row) - {"at_least"} == {column["key"] for column in item["columns"]}
    event = json.loads((tmp_path / "out/report.misp.json").read_text(encoding="utf-8"))["Event"]
    assert len(event["Object"]) == sum(TRACES.values())  # whoever is no address is no victim
    assert "<script" not in (tmp_path / "out/report.md").read_text(encoding="utf-8").replace("\\<", "")
    assert "<script" not in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    ports = {row["port"] for item in document["items"] if item["id"] == "T1" for row in item["rows"]}
    assert len(ports) == 5 and all(re.fullmatch(r"\d+/(tcp|udp)", port) for port in ports)


def test_a_readers_rights_are_enough(world, run, tmp_path):
    text = (ROOT / "config/redis-schema.md").read_text(encoding="utf-8")
    rule = re.search(r"ACL SETUSER needletail-reader on >PASSWORD ((?:.|\n)*?)\n\n", text).group(1).split()
    client = world.server.client
    client.execute_command("ACL", "SETUSER", "reader", "reset", "on", ">secret", *rule)
    client.acl_log_reset()
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("secret")
    url = world.server.url.replace("unix://", "unix://reader@")
    done = run("report", "--redis", url, "--password-file", secret, "--quarter", "2022Q3")
    assert done.status == 0, done.errors
    assert client.acl_log() == []
    secret.chmod(0o644)
    done = run("report", "--redis", url, "--password-file", secret, "--quarter", "2022Q3")
    assert done.status == 2 and done.errors.count("\n") == 1


def test_redis_is_away(run, tmp_path):
    done = run("report", "--redis", f"unix://{tmp_path}/none.sock", "--quarter", "2022Q3")
    assert done.status == 1
    assert done.errors.count("\n") == 1 and "none.sock" in done.errors
    assert run("report", "--quarter", "2022Q3").status == 2


def test_progress_on_a_terminal(world, program):
    controller, terminal = pty.openpty()
    command = [program, "report", "--redis", world.server.url, "--quarter", "2022Q3"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=terminal, timeout=60, check=False)
    os.close(terminal)
    told = os.read(controller, 65536).decode()
    os.close(controller)
    assert done.returncode == 0
    assert "1/12 ports and regions" in told and told.endswith("\r\x1b[K")
