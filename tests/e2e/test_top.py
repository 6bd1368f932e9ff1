"""needletail top: what it prints against the JSON lines of the replay that filled Redis, and its screen in a terminal.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_top.py
"""

import os
import re
import shutil
import signal
import subprocess
import unicodedata
from collections import Counter

import pytest

pytest.importorskip("redis")
pytest.importorskip("pyte")
if not shutil.which("redis-server"):
    pytest.skip("no redis-server", allow_module_level=True)

from conftest import ROOT, intervals_of
from redis_server import Server
from terminal import Terminal
from test_redis import write_traffic

DAY = 1601510400  # 2020-10-01 00:00 UTC
SENSORS = ("tokyo-1", "osaka-1")
STARTS = {"tokyo-1": [DAY - 120, DAY + 60, DAY + 3600, DAY + 3660], "osaka-1": [DAY + 60, DAY + 3660]}
COLUMN = 27  # of a block and the blank behind it


class World:
    """A server with two sensors, and the lines of each."""

    def __init__(self, folder, program, country, asn):
        self.server = Server(folder, durable=True)
        self.program, self.folder = program, folder
        self.lines = {}
        config = folder / "needletail.yaml"
        config.write_text("group: domestic\naddresses: 65536\n")
        for i, sensor in enumerate(SENSORS):
            capture = write_traffic(folder / f"{sensor}.pcap", STARTS[sensor], 250, seed=i)
            lines = folder / f"{sensor}.json"
            options = ["-c", config, "--country", country, "--asn", asn, "--json", lines, "--sensor", sensor]
            done = subprocess.run([program, "replay", *options, "--redis", self.server.url, capture], check=False)
            assert done.returncode == 0
            self.lines[sensor] = intervals_of(lines.read_text())

    def top(self, *options, columns="80", locale="C.UTF-8", url=None):
        environment = {**os.environ, "COLUMNS": columns, "LC_ALL": locale}
        command = [self.program, "top", "--redis", url or self.server.url, *options]
        return subprocess.run(command, capture_output=True, env=environment, timeout=30, check=False)

    def once(self, *options, **how):
        done = self.top("--once", *options, **how)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().splitlines()

    def of_day(self, sensor):
        return [line for line in self.lines[sensor] if line["start"] >= DAY]


@pytest.fixture(scope="module")
def world(tmp_path_factory, program, country_mmdb, asn_mmdb):
    one = World(tmp_path_factory.mktemp("top"), program, country_mmdb, asn_mmdb)
    yield one
    one.server.kill()


@pytest.fixture
def terminal(world):
    """terminal("--sensor", NAME, columns=80, ...) -> a running screen"""
    opened = []

    def start(*options, **how):
        opened.append(Terminal([world.program, "top", "--redis", world.server.url, "--interval", 1, *options], **how))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def block(lines, name):
    """Rows of a table as {member: (packets, sources)}, None where there is a dash."""
    at, first = next((i, line) for i, line in enumerate(lines) if re.search(rf"(^|\s){name} ", line + " "))
    column = first.index(name)
    rows = {}
    for line in lines[at + 1 :]:
        words = line[column : column + COLUMN - 1].split()
        if line.startswith(" EVENTS") or len(words) < 2 or not re.fullmatch(r"[-0-9]+", words[-1]):
            break
        numbers = [None if word == "-" else int(word) for word in words[1:]]
        rows[words[0]] = tuple(numbers)
    return rows


def ports_of(lines):
    sums = Counter()
    for line in lines:
        for kind in ("tcp", "udp"):
            sums.update({f"{port}/{kind}": n for port, n in line[f"{kind}_port"].items()})
    return sums


def regions_of(lines):
    sums = Counter()
    for line in lines:
        sums.update(line["region"])
    return sums


def heaviest(sums, n):
    return sorted(sums.items(), key=lambda one: (-one[1], one[0]))[:n]


def same_order(rows, sums):
    """The rows are the heaviest. Of many that are equally light, any may be there."""
    packets = {name: n[0] for name, n in rows.items()}
    assert packets.items() <= sums.items()
    assert list(packets.values()) == [n for _, n in heaviest(sums, len(packets))]
    assert [one for one in packets.items() if one[1] > 1] == [one for one in heaviest(sums, len(packets)) if one[1] > 1]


def test_once_is_what_was_counted(world):
    lines = world.once("--sensor", "tokyo-1")
    assert all(len(line) <= 80 for line in lines)
    counted, newest = world.of_day("tokyo-1"), world.lines["tokyo-1"][-1]
    assert "tokyo-1  domestic  65,536 addresses" in lines[0]
    assert "days old" in lines[0]
    assert f"{newest['frames'] / 60:.1f} packets/s   {newest['bytes'] * 8 / 60:.1f} bit/s" in lines[1]
    assert f"{newest['sources']['total']} sources   2020-10-01 01:01:00 UTC, 60 s" in lines[1]
    assert f"tcp {newest['ip_proto']['6'] * 100 / newest['frames']:.0f}%" in lines[2]
    backscatter = sum(newest["backscatter"]["packets"].values())
    assert f"backscatter {backscatter} packets, {newest['backscatter']['sources']} sources" in lines[2]
    assert f"missed 0  no_mbuf 0  errors 0  unexplained 0  malformed {sum(newest['malformed'].values())}" in lines[4]
    total = sum(line["frames"] for line in counted)
    assert f"day since 10-01 00:00 UTC: {total} packets" in lines[5]
    assert "3 of 62 intervals" in lines[5]

    ports = block(lines, "PORTS")
    assert len(ports) > 15
    same_order(ports, ports_of(counted))
    regions = block(lines, "REGIONS")
    same_order(regions, regions_of(counted))
    day = f"nt:{{tokyo-1}}:d:{DAY}:hll"
    for name, (_, sources) in ports.items():
        assert sources == world.server.client.pfcount(f"{day}:sources:port:{name}")
    for name, (_, sources) in regions.items():
        assert sources == world.server.client.pfcount(f"{day}:sources:region:{name}")
    classes = Counter()
    for line in counted:
        classes.update(line["backscatter"]["packets"])
    assert {name: n for name, (n,) in block(lines, "BACKSCATTER").items()}.items() <= classes.items()
    for name, (sources,) in block(lines, "FROM REGIONS").items():
        assert sources == world.server.client.pfcount(f"{day}:backscatter:region:{name}")


def test_once_of_all_sensors(world):
    lines = world.once()
    counted = [line for sensor in SENSORS for line in world.of_day(sensor)]
    assert "all 2 sensors  domestic  131,072 addresses" in lines[0]
    ports = block(lines, "PORTS")
    same_order(ports, ports_of(counted))
    keys = [f"nt:{{{sensor}}}:d:{DAY}:hll:sources" for sensor in SENSORS]
    assert f" {world.server.client.pfcount(*keys)} sources" in lines[5]
    newest = sum(world.lines[sensor][-1]["frames"] for sensor in SENSORS)
    assert f"{newest / 60:.1f} packets/s" in lines[1]
    assert "5 of 124 intervals" in lines[5]


def test_wide_page_has_more_tables(world):
    lines = world.once("--sensor", "tokyo-1", columns="200")
    assert "SYSTEMS" in lines[6] and "REGION AND PORT" in lines[6]
    assert max(map(len, lines)) <= 200
    sums = Counter()
    for line in world.of_day("tokyo-1"):
        for region, ports in line["region_port"].items():
            sums.update({f"{region}:{port}": n for port, n in ports.items()})
    column = lines[6].index("REGION AND PORT")
    name, packets = lines[7][column:].split()
    assert (name, int(packets)) == heaviest(sums, 1)[0]


def test_ascii_without_utf8(world):
    lines = world.once("--sensor", "tokyo-1", locale="C")
    assert all(line.isascii() for line in lines)
    assert "last " in lines[3] and "#" in lines[3]


def columns_of(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def test_nothing_in_redis_moves_the_cursor(world, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("evil"))
    evil = "\x1b[2J\x1b]0;owned\x07\r\n\x9b31m\u202eevil"
    wide = "東京大学の観測網" * 30
    client = server.client
    client.sadd("nt:sensors", "x", evil)
    client.hset("nt:{x}:info", mapping={"interval": 60, "last": DAY, "group": evil, "version": wide})
    client.xadd("nt:{x}:live", {"frames": 600, "bytes": 36000, "sources": 5}, id=f"{DAY * 1000}-0")
    client.hset(f"nt:{{x}}:d:{DAY}:totals", mapping={"intervals": 1, "frames": 600, f"backscatter.{evil}": 5})
    client.zadd(f"nt:{{x}}:d:{DAY}:port", {evil: 7, wide[:30]: 6, "445/tcp": 5})
    client.zadd(f"nt:{{x}}:d:{DAY}:asn", {"2907": 6})
    client.hset("nt:{x}:org", "2907", evil + wide)
    client.xadd("nt:{x}:events", {"type": evil, "start": 1, "end": 2, "region": "JP", "source": wide, "body": evil})
    client.xadd("nt:{x}:events", {"type": "dos", "region": "é" * 3, "body": wide})
    try:
        for locale in ("C.UTF-8", "C"):
            for columns in ("80", "133", "200"):
                lines = world.once(url=server.url, locale=locale, columns=columns)
                for line in lines:
                    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line), repr(line)
                    assert columns_of(line) <= int(columns)
                assert "445/tcp" in "\n".join(lines)
        assert "東京" in "\n".join(world.once(url=server.url))
        screen = Terminal([world.program, "top", "--redis", server.url])
        screen.shows("445/tcp", "EVENTS")
        assert b"owned\x07" not in screen.written and b"\x9b31m" not in screen.written
        screen.close()
    finally:
        server.kill()


# ---- what can be wrong


def test_wrong_use(world):
    def fails(status, *words, options):
        done = subprocess.run([world.program, "top", *options], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert done.stdout == ""
        assert all(word in done.stderr for word in words), done.stderr

    url = ["--redis", world.server.url]
    fails(2, "--redis URL is missing", options=[])
    fails(2, "--redis", options=["--redis", "http://x"])
    fails(2, "1 to 3600", options=[*url, "--interval", "0"])
    fails(2, "A-Z", options=[*url, "--sensor", "a b"])
    fails(2, "nothing is expected", options=[*url, "x"])
    fails(2, "no terminal", "--once", options=url)
    fails(1, "tokyo1: no such sensor, did you mean tokyo-1?", options=[*url, "--once", "--sensor", "tokyo1"])
    fails(1, "unix:///nowhere", options=["--redis", "unix:///nowhere/redis.sock", "--once"])


def test_password_from_a_file(world, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("secret"), password="open sesame")
    secret = server.folder / "secret"
    secret.write_text("open sesame\n")
    try:
        secret.chmod(0o600)
        empty = world.top("--once", "--password-file", secret, url=server.url)
        assert empty.returncode == 1 and b"no sensor has written here yet" in empty.stderr
        server.client.sadd("nt:sensors", "x")
        server.client.hset("nt:{x}:info", "interval", 60)
        assert "this sensor has no data yet" in "\n".join(world.once("--password-file", secret, url=server.url))
        server.client.hset("nt:{x}:info", "last", DAY)
        secret.chmod(0o644)
        refused = world.top("--once", "--password-file", secret, url=server.url)
        assert refused.returncode == 2 and refused.stdout == b""
        secret.chmod(0o600)
        assert world.top("--once", "--password-file", secret, url=server.url).returncode == 0
        without = world.top("--once", url=server.url)
        assert without.returncode == 1 and b"NOAUTH" in without.stderr
    finally:
        server.kill()


# ---- the screen


def test_screen_and_its_keys(terminal):
    screen = terminal("--sensor", "tokyo-1")
    screen.shows("tokyo-1", "PORTS", "REGIONS", "BACKSCATTER", "SIGNATURES", "EVENTS", "q quit")
    assert len(screen.lines) == 24
    by_packets = list(block(screen.lines, "PORTS"))
    screen.press("s")
    screen.wait(lambda text: "PORTS" in text and list(block(text.splitlines(), "PORTS")) != by_packets)
    sources = [n[1] or 0 for n in block(screen.lines, "PORTS").values()]
    assert sources == sorted(sources, reverse=True)
    screen.press("s")
    screen.wait(lambda text: list(block(text.splitlines(), "PORTS")) == by_packets)
    screen.press("t")
    screen.shows("hour since 10-01 01:00 UTC", "2 of 2 intervals")
    screen.press("t")
    screen.shows("day since 10-01 00:00 UTC")
    screen.press("n")  # behind the last sensor
    screen.shows("all 2 sensors")
    screen.press("n")
    screen.shows("osaka-1")
    screen.press("p")
    screen.shows("all 2 sensors")
    screen.press("\x1b[D" if b"\x1b[?1h" not in screen.written else "\x1bOD")  # left
    screen.shows("tokyo-1")
    screen.press("a")
    screen.shows("all 2 sensors")
    screen.press("h")
    screen.shows("this help")
    screen.press("h")
    screen.shows("PORTS")
    screen.press("q")
    assert screen.end() == 0
    assert screen.restored()
    assert b"\x1b[?1049l" in screen.written  # back from the other screen


@pytest.mark.parametrize("columns, rows", [(80, 24), (107, 30), (133, 50), (250, 70)])
def test_screen_of_any_size(terminal, columns, rows):
    screen = terminal(columns=columns, rows=rows)
    screen.shows("all 2 sensors", "q quit")
    assert "q quit" in screen.lines[rows - 1]
    assert ("SYSTEMS" in screen.text) == (columns >= 107)
    assert ("REGION AND PORT" in screen.text) == (columns >= 134)
    at = next(i for i, line in enumerate(screen.lines) if line.startswith(" EVENTS"))
    assert rows - at >= rows // 6


def test_screen_follows_the_window(terminal):
    screen = terminal()
    screen.shows("PORTS")
    screen.resize(140, 40)
    screen.shows("REGION AND PORT")
    assert "q quit" in screen.lines[39]
    screen.resize(60, 20)
    screen.shows("60x20 is too small", "80x24 needed")
    screen.resize(80, 24)
    screen.shows("PORTS", "q quit")
    assert "too small" not in screen.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_restore_the_terminal(terminal, number):
    screen = terminal()
    screen.shows("PORTS")
    screen.process.send_signal(number)
    assert screen.end() == 0
    assert screen.restored()
    assert b"\x1b[?1049l" in screen.written


def test_legible_without_colours(terminal):
    screen = terminal(term="vt100", locale="C")
    screen.shows("PORTS", "q quit")
    assert not re.search(rb"\x1b\[[0-9;]*3[0-7]m", screen.written)
    assert screen.text.isascii()


@pytest.mark.parametrize("term", ["no-such-terminal", "dumb", "", None])
def test_terminal_without_a_screen(world, terminal, term):
    screen = terminal(term=term)
    assert screen.end() == 2
    assert re.fullmatch(rb"needletail: top: [^\r\n]*: set TERM, or see --once\r\n", screen.written), screen.written
    assert screen.restored()
    once = Terminal([world.program, "top", "--redis", world.server.url, "--once"], term=term)
    assert once.end() == 0
    assert b"PORTS" in once.written and b"\x1b" not in once.written
    once.close()


def test_redis_away_and_back(world, terminal):
    screen = terminal("--sensor", "tokyo-1")
    screen.shows("PORTS", "q quit")
    world.server.kill()
    screen.shows("Redis:", "trying again", "PORTS")
    world.server.start()
    screen.wait(lambda text: "trying again" not in text and "PORTS" in text)
    world.server.process.send_signal(signal.SIGSTOP)  # there, and silent
    screen.shows("no answer in time")
    world.server.process.send_signal(signal.SIGCONT)
    screen.wait(lambda text: "trying again" not in text)
    screen.press("q")
    assert screen.end() == 0


def test_redis_not_there_yet(world, terminal):
    world.server.kill()
    screen = terminal("--sensor", "osaka-1")
    screen.shows("nothing has been read yet", "trying again")
    world.server.start()
    screen.shows("osaka-1", "PORTS", "q quit")
    screen.press("q")
    assert screen.end() == 0
    world.server.kill()
    unknown = terminal("--sensor", "osaka2")
    unknown.shows("trying again")
    world.server.start()
    assert unknown.end() == 1
    assert unknown.restored()
    assert b"osaka2: no such sensor, did you mean osaka-1?" in unknown.written


def test_screen_follows_the_data(world, terminal, country_mmdb):
    screen = terminal("--sensor", "tokyo-1")
    screen.shows("01:01:00 UTC")
    capture = write_traffic(world.folder / "later.pcap", [DAY + 7200], 500, seed=9)
    options = ["--country", country_mmdb, "--sensor", "tokyo-1", "--redis", world.server.url]
    subprocess.run([world.program, "replay", *options, "--json", world.folder / "later.json", capture], check=True)
    frames = intervals_of((world.folder / "later.json").read_text())[0]["frames"]
    screen.shows("02:00:00 UTC", f"{frames / 60:.1f} packets/s")


def test_manual_tells_of_every_option(world):
    page = (ROOT / "app/needletail/needletail.1").read_text()
    told = subprocess.run([world.program, "top", "--help"], capture_output=True, text=True, check=True).stdout
    for option in re.findall(r"--([a-z-]+)", told):
        assert option.replace("-", r"\-") in page
