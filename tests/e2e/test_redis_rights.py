"""Users of Redis with as few rights as config/redis-schema.md gives them: enough for everything that the program does, and
nothing in them that it does not need.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_redis_rights.py
"""

import os
import random
import re
import shutil

import pytest

redis = pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from captures import files, frames
from conftest import ROOT
from redis_server import Server
from test_redis import EVENING, HOUR_S, write_traffic

ROUNDS = int(os.environ.get("NT_ROUNDS", "1"))  # 2: each right is taken away, not only some
PASSWORD = "of the writer"

# Small bounds, so that everything is cut that can be; a day's ports once more when it is old.
CONFIG = """
redis:
  members: {m: 5, h: 5, d_port: 200, d_region_port: 5, d_other: 5, q: 5, open_region_port: 9, open_q_region_port: 9,
            open_asn: 5, sig: 2, open_sig: 3, d_source: 2, d_backscatter: 3, open_source: 5, open_backscatter: 5,
            d_hll: 3, q_hll: 3, open_hll: 40}
"""


def rules():
    """{user: words of its rule} of the document."""
    text = (ROOT / "config/redis-schema.md").read_text()
    section = text.split("\n## Rights\n")[1].split("\n## ")[0]
    found = re.findall(r"^    ACL SETUSER (\S+) (.*(?:\n        .*)*)", section, re.MULTILINE)
    return {user: rule.split() for user, rule in found}


def commands(rule):
    return {word[1:] for word in rule if word.startswith("+")}


def special(name):
    """Commands of a rule that the document says are needed for `name` only."""
    text = (ROOT / "config/redis-schema.md").read_text().split("\n## Rights\n")[1].split("\n## ")[0]
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return set(re.findall(r"`\+([^`]+)`", line))


def create(server, user, rule, without=None):
    words = [word for word in rule if word != f"+{without}"]
    words = [f">{PASSWORD}" if word.startswith(">") else word for word in words]
    server.client.execute_command("ACL", "SETUSER", user, "reset", *words)


def url_of(server, user):
    return server.url.replace("unix://", f"unix://{user}@")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("redis"))
    one.client.config_set("acllog-max-len", 1000)
    yield one
    one.kill()


def many_sources(path, starts, count):
    """A capture whose sketches are large ones."""
    dice = random.Random(7)
    records = []
    for start in starts:
        for k in range(count):
            source = ".".join(str(dice.randrange(1, 224)) for _ in range(4))
            frame = frames.eth4(frames.tcp(dice.choice((23, 445)), dice.choice((2, 18))), source=source)
            records.append(files.Record(frame, at_ns=start * files.NS + k * 1000))
    path.write_bytes(files.pcap(records))
    return path


def attack(path, start):
    """A capture with the traces of one, for an event."""
    frame = frames.eth4(frames.tcp(1024, frames.SYN | frames.ACK), source="8.8.8.8")
    times = [*range(0, 180), 900]
    path.write_bytes(files.pcap([files.Record(frame, at_ns=(start + s) * files.NS) for s in times]))
    return path


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("captures")
    evening = [EVENING + 60 * minute for minute in range(0, 200, 20)]
    return (
        write_traffic(folder / "a.pcap", evening, 300),
        many_sources(folder / "b.pcap", [EVENING + 4 * HOUR_S, EVENING + 4 * HOUR_S + 60], 6000),
        write_traffic(folder / "c.pcap", [EVENING + HOUR_S, EVENING + HOUR_S + 60], 300, seed=2),
        attack(folder / "d.pcap", EVENING + 30 * HOUR_S),
        attack(folder / "e.pcap", EVENING + 5 * HOUR_S),  # its event is older than the newest
        write_traffic(folder / "f.pcap", [EVENING + (10 + day) * 24 * HOUR_S for day in range(3)], 300, seed=3),  # by then the others are old
    )


@pytest.fixture
def write_all(run, captures, country_mmdb, asn_mmdb, tmp_path):
    """write_all(url, password) -> what went wrong, "" if nothing did"""

    def write(url, password, some=len(captures)):
        secret = tmp_path / "password"
        secret.touch(0o600)
        secret.write_text(password + "\n")
        config = tmp_path / "needletail.yaml"
        config.write_text(CONFIG + f"  password_file: {secret}\n  url: {url}\n")
        errors = ""
        for capture in captures[:some]:
            options = ("-c", config, "--add", "--sensor", "s", "--json", tmp_path / "lines.json")
            done = run("replay", *options, "--country", country_mmdb, "--asn", asn_mmdb, capture)
            if done.status or "refused" in done.errors:
                errors += done.errors
        return errors

    return write


def called(server):
    """Commands called since the statistics were reset, by anybody."""
    stats = server.client.info("commandstats")
    return {name.removeprefix("cmdstat_") for name, one in stats.items() if one["calls"] or one["rejected_calls"]}


# What this test itself calls, and what needs no right.
OWN = {"info", "config|resetstat", "config|set", "auth", "flushall", "acl|log", "acl|setuser"}


def test_the_writer_has_what_it_needs_and_no_more(server, write_all):
    rule = rules()["needletail"]
    create(server, "needletail", rule)
    server.client.flushall()
    server.client.acl_log_reset()
    server.client.config_resetstat()
    assert write_all(url_of(server, "needletail"), PASSWORD) == ""
    here = commands(rule) - special("a database other than 0") - special("a cluster")
    assert called(server) - OWN - {"cluster|slots"} == here  # it is asked, and refused
    refused = {(one["reason"], one["object"]) for one in server.client.acl_log()}
    assert refused <= {("command", "cluster|slots")}


def test_another_database(server, write_all):
    rule = rules()["needletail"]
    url = url_of(server, "needletail") + "?db=3"
    create(server, "needletail", rule)
    assert write_all(url, PASSWORD, some=1) == ""
    (only,) = special("a database other than 0")
    create(server, "needletail", rule, without=only)
    assert "select" in write_all(url, PASSWORD, some=1)


def test_a_missing_right_is_named_before_anything_is_written(server, write_all):
    rule = rules()["needletail"]
    needed = sorted(commands(rule) - special("a database other than 0") - special("a cluster"))
    script = (ROOT / "lib/redis/script.lua").read_text().split("local NEEDED")[1].split("}")[0]
    asked = {one.split(" k")[0].lower().replace(" ", "|") for one in re.findall(r"'([A-Z][^']*)'", script)}
    assert asked | {"evalsha", "script|load"} == set(needed)
    for word in needed if ROUNDS > 1 else needed[::5]:
        create(server, "needletail", rule, without=word)
        server.client.flushall()
        server.client.execute_command("SCRIPT", "FLUSH")
        errors = write_all(url_of(server, "needletail"), PASSWORD, some=1)
        assert word.replace("|", " ") in errors.lower().replace("|", " "), f"{word}: {errors}"
        assert server.client.dbsize() == 0


def test_keys_of_others_are_out_of_reach(server):
    for user, rule in rules().items():
        create(server, user, rule)
        client = redis.Redis(unix_socket_path=str(server.socket), username=user, password=PASSWORD)
        for command in (("GET", "other"), ("HGETALL", "nt"), ("SMEMBERS", "sensors")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)
        for command in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("EVAL", "return 1", 0), ("ACL", "LIST")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_readers_do_not_write(server, write_all):
    found = rules()
    create(server, "needletail", found["needletail"])
    write_all(url_of(server, "needletail"), PASSWORD, some=1)
    for user in set(found) - {"needletail"}:
        create(server, user, found[user])
        client = redis.Redis(unix_socket_path=str(server.socket), username=user, password=PASSWORD)
        assert client.smembers("nt:sensors") == {b"s"}
        for command in (("SADD", "nt:sensors", "x"), ("SET", "nt:x", 1), ("DEL", "nt:sensors")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_top_has_what_it_needs(server, run, write_all, tmp_path):
    if run("top", "--help").status:
        pytest.skip("a program without it")
    found = rules()
    create(server, "needletail", found["needletail"])
    server.client.flushall()
    write_all(url_of(server, "needletail"), PASSWORD)
    create(server, "needletail-reader", found["needletail-reader"])
    secret = tmp_path / "reader"
    secret.touch(0o600)
    secret.write_text(PASSWORD)
    server.client.acl_log_reset()
    done = run(
        *("top", "--once", "--redis", url_of(server, "needletail-reader") + "?db=0", "--password-file", secret)
    )
    assert done.status == 0, done.errors
    assert {one["object"] for one in server.client.acl_log()} <= {"cluster|slots"}
