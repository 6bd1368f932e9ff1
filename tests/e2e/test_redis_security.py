"""Passwords in files, and texts from outside: names in databases and answers of servers.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_redis_security.py
"""

import csv
import os
import shutil
import socket
import subprocess
import threading

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from captures import files, frames
from conftest import ROOT
from redis_server import Server
from test_redis import EVENING, SENSOR, write_traffic

PASSWORD = "pass word\u00e9"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("redis"))
    one.client.execute_command("ACL", "SETUSER", "needletail", "on", ">" + PASSWORD, "~nt:*", "+@all")
    one.client.execute_command("ACL", "SETUSER", "default", "+@all", ">" + "of the test")
    yield one
    one.kill()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "password"
    path.touch(0o600)
    path.write_text(PASSWORD + "\n")
    return path


@pytest.fixture
def with_file(run, server, tmp_path):
    """with_file(path) -> run of a replay whose password is in that file"""
    capture = write_traffic(tmp_path / "c.pcap", [EVENING], 50)

    def replay(path, user="needletail@"):
        config = tmp_path / "needletail.yaml"
        url = server.url.replace("unix://", f"unix://{user}")
        config.write_text(f"redis:\n  url: {url}\n  password_file: {path}\n")
        return run("replay", "-c", config, "--add", "--sensor", SENSOR, "--json", tmp_path / "lines", capture)

    return replay


def test_a_user_with_a_password_from_a_file(server, with_file, secret, tmp_path):
    assert with_file(secret).status == 0
    assert server.client.sismember("nt:sensors", SENSOR)
    link = tmp_path / "link"
    link.symlink_to(secret)
    assert with_file(link).status == 0


def spoil(secret, tmp_path, how):
    if how == "group":
        secret.chmod(0o640)
    elif how == "others":
        secret.chmod(0o604)
    elif how == "link to one that others read":
        secret.chmod(0o644)
        (tmp_path / "link").symlink_to(secret)
        return tmp_path / "link"
    elif how == "directory":
        return tmp_path
    elif how == "missing":
        secret.unlink()
    elif how == "empty":
        secret.write_text("")
    elif how == "empty line":
        secret.write_text("\n" + PASSWORD)
    elif how == "FIFO":
        secret.unlink()
        os.mkfifo(secret, 0o600)
    elif how == "owner":
        os.chown(secret, 12345, 12345)
    return secret


@pytest.mark.parametrize(
    "how, says",
    [
        ("group", "chmod 600"),
        ("others", "chmod 600"),
        ("link to one that others read", "chmod 600"),
        ("directory", "no regular file"),
        ("missing", "No such file"),
        ("empty", "holds no password"),
        ("empty line", "holds no password"),
        ("FIFO", "no regular file"),
        ("owner", "belongs to another user"),
    ],
)
def test_a_password_file_that_is_none(with_file, secret, tmp_path, how, says):
    if how == "owner" and os.geteuid():
        pytest.skip("not root")
    path = spoil(secret, tmp_path, how)
    done = with_file(path)
    assert done.status == 2
    (line,) = done.errors.splitlines()
    assert line.startswith(f"needletail: {path}: ") and says in line
    assert PASSWORD not in line
    assert not (tmp_path / "lines").exists() or not (tmp_path / "lines").read_text()


def test_a_wrong_password(with_file, secret):
    secret.write_text("another\n")
    done = with_file(secret)
    assert done.status == 1
    assert "WRONGPASS" in done.errors and "another" not in done.errors


NASTY = [
    'x\r\nFLUSHALL\r\n',
    '*1\r\n$8\r\nFLUSHALL\r\n',
    '"; redis.call("FLUSHALL") --',
    "\x1b]0;owned\x07\x1b[2J",
    "\u009b31m \u202e\u2028 end",
    "$(reboot) `reboot` %s%n%n",
    "' .. KEYS[1] .. '",
    "\ttab and \x7f",
]


def stand_in(name):
    """As long, of one line and of characters that a table can hold: where the name will stand in the database."""
    return "".join(chr(0x21 + ord(c)) if c < " " else c for c in name).replace('"', "Q").replace("\x7f", "D")


def printable(name):
    return "".join(c if harmless(c) and c != "\n" else "?" * len(c.encode()) for c in name)


def harmless(text):
    """Nothing that moves a cursor; lines end as lines do."""
    return all(c == "\n" or " " <= c <= "~" or c > "\u009f" and c not in "\u202e\u2028" for c in text)


def test_names_of_organisations(run, server, secret, with_file, country_mmdb, tmp_path):
    """They come from a database that somebody else makes. In Redis they are texts, without what a terminal obeys."""
    sources = tmp_path / "as.csv"
    with sources.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("network", "country", "asn", "organisation"))
        for k, name in enumerate(NASTY):
            table.writerow((f"{5 if not k else 100 + k}.0.0.0/8", "JP", 64496 + k, stand_in(name)))
    database = tmp_path / "as.mmdb"
    subprocess.run([ROOT / "tools/mkregions", "--csv", sources, "--asn", database, "-o", tmp_path / "x.mmdb"], check=True)
    content = database.read_bytes()
    for name in NASTY:
        assert stand_in(name).encode() in content
        content = content.replace(stand_in(name).encode(), name.encode())
    database.write_bytes(content)
    records = [
        files.Record(
            frames.eth4(frames.tcp(1024, frames.SYN | frames.ACK), source=f"{5 if not k else 100 + k}.1.1.1"),
            at_ns=(EVENING + second) * files.NS,
        )
        for second in range(0, 300)
        for k in range(len(NASTY))
    ]
    capture = tmp_path / "attack.pcap"
    capture.write_bytes(files.pcap(records))
    config = tmp_path / "organisations.yaml"
    url = server.url.replace("unix://", "unix://needletail@")
    config.write_text(f"redis:\n  url: {url}\n  password_file: {secret}\n")
    server.client.set("other", "here")
    done = run(
        *("replay", "-c", config, "--sensor", "organisations", "--country", country_mmdb, "--asn", database),
        *("--json", "-", capture),
    )
    assert done.status == 0, done.errors
    stored = server.client.hgetall("nt:{organisations}:org")
    assert set(stored.values()) == {printable(name) for name in NASTY}
    assert "FLUSHALL" in "".join(stored.values()) and all(map(harmless, stored.values()))
    assert server.client.get("other") == "here"
    assert done.events, "the attacks"
    assert harmless(done.errors)
    assert harmless(done.text)


class Liar(threading.Thread):
    """Answers every request by one text."""

    def __init__(self, path, answer):
        super().__init__()
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                while client.recv(65536):
                    client.sendall(self.answer)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join()
        self.listener.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"-WRONGPASS \x1b[2J\x1b]0;owned\x07 \xc2\x9b31m \xff\xe2\x80\xae end\r\n",
        b"-NOAUTH " + b"\x1b[1m" * 2000 + b"\r\n",
        b"-NOPERM %s%s%n\x00\x1b[A\r\n",
    ],
    ids=["short", "long", "formats"],
)
def test_what_a_server_says(run, tmp_path, answer):
    capture = write_traffic(tmp_path / "c.pcap", [EVENING], 5)
    liar = Liar(tmp_path / "liar.sock", answer)
    try:
        done = run("replay", "--redis", f"unix://{tmp_path / 'liar.sock'}", "--sensor", "s", "--json", "-", capture)
    finally:
        liar.stop()
    assert done.status == 1
    assert "intervals wait" in done.errors
    assert harmless(done.errors)
    assert all(len(line) < 1100 for line in done.errors.splitlines())
