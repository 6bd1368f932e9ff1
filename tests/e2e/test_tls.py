"""TLS through stunnel, as config/tls.md has it: its commands make the certificates, its configuration files run, with
other paths and ports.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_tls.py
"""

import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

pytest.importorskip("redis")
if not shutil.which("redis-server") or not shutil.which("stunnel"):
    pytest.skip("no redis-server or no stunnel", allow_module_level=True)

from conftest import ROOT, intervals_of
from redis_cluster import free_ports, wait_until
from redis_server import Server
from test_redis import EVENING, SENSOR, same, write_traffic

PAGE = (ROOT / "config/tls.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def make_certificates(folder, **other):
    """Runs the page's commands; `other`: texts to replace in them."""
    folder.mkdir()
    (script,) = blocks("sh")
    for old, new in other.items():
        script = script.replace(old.replace("_", "."), new)
    subprocess.run(["sh", "-euc", script], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    good = make_certificates(folder / "good")
    (folder / "name").mkdir()
    for path in good.iterdir():  # the same authority, but it is another host's
        shutil.copy(path, folder / "name")
    script = "\n".join(line for line in blocks("sh")[0].splitlines() if "-x509" not in line)
    script = script.replace("redis.example.net", "elsewhere.example.net")
    subprocess.run(["sh", "-euc", script], cwd=folder / "name", check=True, capture_output=True)
    make_certificates(folder / "stranger")
    return folder


class Tunnel:
    """stunnel with one of the page's configuration files."""

    def __init__(self, folder, name, text, replacements):
        for old, new in replacements.items():
            assert old in text, old
            text = text.replace(old, str(new))
        config, self.log_path = folder / f"{name}.conf", folder / f"{name}.log"
        config.write_text(text)
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(["stunnel", config], stderr=log, stdout=log)
        wait_until(lambda: "Configuration successful" in self.log, f"a tunnel: {text}", 20)

    @property
    def log(self):
        return self.log_path.read_text()

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def tunnel(certificates, tmp_path):
    """tunnel(server, of_server="good", of_sensor="good") -> URL, with which certificates each end has; the logs of
    both ends are tunnel.logs"""
    running = []
    at_server, at_sensor = [text for text in blocks("ini") if "[redis]" in text]

    def start(server, of_server="good", of_sensor="good", strip=None):
        (port,) = free_ports(1)
        path = tmp_path / "tunnel.sock"
        running.append(
            Tunnel(
                *(tmp_path, "server", at_server),
                {
                    ":::6380": f"127.0.0.1:{port}",
                    "/run/redis/redis-server.sock": server.socket,
                    "/etc/stunnel/redis": certificates / of_server / "redis",
                    "/etc/stunnel/ca": certificates / "good" / "ca",
                },
            )
        )
        text = "\n".join(line for line in at_sensor.splitlines() if not strip or not line.startswith(strip))
        running.append(
            Tunnel(
                *(tmp_path, "sensor", text),
                {
                    "/run/stunnel-needletail/redis.sock": path,
                    "connect = redis.example.net:6380": f"connect = 127.0.0.1:{port}",
                    "/etc/stunnel/ca": certificates / "good" / "ca",
                }
                | ({} if strip else {"/etc/stunnel/sensor": certificates / of_sensor / "sensor"}),
            )
        )
        start.logs = lambda: "".join(one.log for one in running)
        return f"unix://{path}"

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def server(tmp_path):
    one = Server(tmp_path)
    yield one
    one.kill()


@pytest.fixture
def replay(program, country_mmdb, tmp_path):
    """replay(url) -> (process, path of lines, path of what it says)"""
    running = []

    def start(url, minutes=20):
        capture = write_traffic(tmp_path / "c.pcap", [EVENING + 60 * k for k in range(minutes)], 200)
        lines, said = tmp_path / "lines.json", tmp_path / "said"
        options = ("--redis", url, "--json", lines, "--sensor", SENSOR, "--country", country_mmdb)
        with said.open("w") as log:
            running.append(subprocess.Popen([program, "replay", *options, capture], stderr=log))
        return running[-1], lines, said

    yield start
    for one in running:
        one.kill()
        one.wait()


def test_everything_gets_through(server, tunnel, replay):
    process, lines, said = replay(tunnel(server))
    assert process.wait(60) == 0, said.read_text()
    same(server, intervals_of(lines.read_text()))


def test_nobody_listens_to_it_in_the_clear(server, tunnel, replay):
    """What goes over the network is TLS: neither Redis' words nor a sensor's name are in it."""
    url = tunnel(server)
    port = int(re.search(r"connect = 127.0.0.1:(\d+)", (server.folder / "sensor.conf").read_text())[1])
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(b"PING\r\n")
        plain.settimeout(10)
        try:
            assert b"PONG" not in plain.recv(100)
        except ConnectionError:
            pass
    process, _, _ = replay(url, 2)
    assert process.wait(60) == 0


@pytest.mark.parametrize(
    "certificates_of, reason",
    [
        ({"of_server": "stranger"}, "certificate verify failed"),
        ({"of_server": "name"}, "hostname mismatch|Subject checks failed"),
        ({"of_sensor": "stranger"}, "certificate verify failed|unknown ca"),
        ({"strip": ("cert", "key")}, "peer did not return a certificate"),
    ],
    ids=["server of another authority", "another server", "sensor of another authority", "sensor without any"],
)
def test_a_wrong_certificate_lets_nothing_through(server, tunnel, replay, certificates_of, reason):
    process, lines, said = replay(tunnel(server, **certificates_of), 2)
    wait_until(lambda: "before there was any answer" in said.read_text(), "a complaint", 30)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) != 0
    assert re.search(reason, tunnel.logs())
    assert server.client.dbsize() == 0
    assert "stunnel" in said.read_text()
