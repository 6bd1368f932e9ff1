"""Live capture before it captures: mistakes in a configuration, what check says of the machine, and the devices there
are.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_live_check.py
"""

import json
import subprocess

import pytest
from live import needs_namespaces, packet_device, syns, write_pcap

PCAP = "net_pcap0,rx_pcap={pcap}"

# configuration; what run says, in one line; exit status of check, which says it too unless it is 0
MISTAKES = {
    "capture is missing": ({"devices": [{"name": "net_pcap0,rx_pcap=/nowhere.pcap"}]}, "/nowhere.pcap", 1),
    "capture is none": ({"devices": [{"name": "net_pcap0,rx_pcap={none}"}]}, "unknown file format", 1),
    "interface is missing": ({"devices": [{"name": "net_af_packet0,iface=nowhere0"}]}, "interface nowhere0", 1),
    "interface is not named": ({"devices": [{"name": "net_af_packet0"}]}, "iface= is missing", 1),
    "interface is no Ethernet": ({"devices": [{"name": "net_af_packet0,iface=lo"}]}, "no Ethernet interface", 1),
    "PCI device is missing": ({"devices": [{"name": "00ff:00:00.0"}]}, "no network controller", 1),
    "socket is missing": ({"devices": [{"name": "net_virtio_user0,path=/nowhere"}]}, "start the other side first", 1),
    "driver is missing": ({"devices": [{"name": "net_nowhere0"}]}, "no driver net_nowhere", 1),
    "driver refuses": ({"devices": [{"name": "net_pcap0,rx_pcp=x"}]}, "did not come up", 0),
    "more queues than there are": ({"devices": [{"name": PCAP, "queues": 2}]}, "queues: 2 asked, the device has 1", 1),
    "fewer queues than there are": (
        {"devices": [{"name": PCAP + ",rx_pcap={pcap}", "queues": 1}]},
        "queues: 1 asked, the device has 2",
        1,
    ),
    "more workers than queues": ({"workers": 2, "devices": [{"name": PCAP}]}, "workers: 2 asked", 2),
    "fewer workers than queues": (
        {"workers": 1, "devices": [{"name": PCAP + ",rx_pcap={pcap}", "queues": 2}]},
        "workers: 1 asked",
        2,
    ),
    "CPU is missing": ({"lcores": "0,1023", "devices": [{"name": PCAP}]}, "CPU 1023", 1),
    "too few buffers": ({"memory": {"mbufs": 1024}, "devices": [{"name": PCAP}]}, "memory.mbufs", 1),
    "too little memory": ({"memory": {"hugepages": "no", "mib": 64}, "devices": [{"name": PCAP}]}, "memory.mib", 1),
    "too few hugepages": (
        {"memory": {"hugepages": "yes", "mbufs": 16777215}, "devices": [{"name": PCAP}]},
        "> /proc/sys/vm/nr_hugepages",
        1,
    ),
    "database is missing": ({"geo": {"country": "/nowhere.mmdb"}, "devices": [{"name": PCAP}]}, "/nowhere.mmdb", 1),
    "folder is missing": ({"json": "/nowhere/a.json", "devices": [{"name": PCAP}]}, "/nowhere/a.json", 1),
    "no device": ({}, "devices", 2),
    "misspelt key": ({"sensr": "a", "devices": [{"name": PCAP}]}, "did you mean sensor?", 2),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(live, run, tmp_path, name):
    config, says, check_status = MISTAKES[name]
    paths = {"pcap": write_pcap(tmp_path / "a.pcap", syns(10)), "none": tmp_path / "none.pcap"}
    paths["none"].write_text("no capture\n", encoding="ascii")
    one = live({**config, **with_paths(config, paths)})
    assert one.wait() == 2
    assert len(one.errors) == 1, one.log
    assert one.errors[0].startswith("needletail: ") and says in one.errors[0]
    assert not one.lines
    checked = run("check", "-c", one.path)
    assert checked.status == check_status, checked.errors
    assert all(text.startswith("needletail: ") for text in checked.errors.splitlines())
    assert says in checked.errors if check_status else checked.text == f"{one.path}: ok\n"


def with_paths(config, paths):
    devices = config.get("devices")
    return {"devices": [{**one, "name": one["name"].format(**paths)} for one in devices]} if devices else {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run",), "-c FILE is missing"),
        (("check",), "-c FILE is missing"),
        (("run", "-c"), "requires an argument"),
        (("run", "-x"), "invalid option"),
        (("run", "-c", "/nowhere.yaml"), "/nowhere.yaml"),
        (("run", "-c", "a", "b"), "nothing is expected here"),
        (("ports", "b"), "nothing is expected here"),
    ],
)
def test_wrong_usage(run, arguments, says):
    done = run(*arguments)
    assert done.status == 2
    assert not done.text
    assert says in done.errors and len(done.errors.splitlines()) == 1
    assert done.errors.startswith("needletail: ")


# The machine


def test_check_says_all_it_finds(live, run, tmp_path):
    config = {
        "devices": [{"name": "net_af_packet0,iface=nowhere0"}],
        "geo": {"country": "/nowhere.mmdb", "asn": "/nowhere.asn.mmdb"},
        "redis": {"url": "redis://127.0.0.1:1"},
        "json": "/nowhere/a.json",
    }
    one = live(config)
    assert one.wait() == 2
    done = run("check", "-c", one.path)
    assert done.status == 1
    redis = "redis.url: redis://127.0.0.1:1"
    for text in ("nowhere0", "/nowhere.mmdb", "/nowhere.asn.mmdb", redis, "mkdir -p /nowhere"):
        assert text in done.errors
    assert len(done.errors.splitlines()) == 5


@pytest.mark.parametrize(
    "url, command",
    [
        ("redis://127.0.0.1:1/2", "redis-cli -u redis://127.0.0.1:1/2 ping"),
        ("unix:///nowhere/redis.sock?db=3", "redis-cli -s /nowhere/redis.sock -n 3 ping"),
        ("unix://me:secret@/nowhere/redis.sock", "redis-cli -s /nowhere/redis.sock -n 0 --user me --askpass ping"),
        ("redis://:secret@127.0.0.1:1", "redis-cli -u redis://127.0.0.1:1/0 --askpass ping"),
    ],
)
def test_check_says_how_to_ask_redis(run, tmp_path, url, command):
    """With a command that redis-cli takes."""
    config = tmp_path / "a.yaml"
    device = {"name": f"net_pcap0,rx_pcap={write_pcap(tmp_path / 'a.pcap', syns(1))}"}
    config.write_text(json.dumps({"devices": [device], "redis": {"url": url}}), encoding="utf-8")
    done = run("check", "-c", config)
    assert done.status == 1 and done.errors.endswith(f": see {command}\n") and "secret" not in done.errors
    tried = subprocess.run(command.split(), input="secret\n", capture_output=True, text=True, check=False)
    assert "Could not connect" in tried.stderr + tried.stdout


def test_check_of_a_good_file(program, run, tmp_path, country_mmdb):
    config = tmp_path / "good.yaml"
    config.write_text(
        f"json: {tmp_path}/a.json\ngeo: {{country: {country_mmdb}}}\n"
        f"devices: [{{name: 'net_pcap0,rx_pcap={write_pcap(tmp_path / 'a.pcap', syns(1))}'}}]\n",
        encoding="utf-8",
    )
    done = run("check", "-c", config)
    assert (done.status, done.text, done.errors) == (0, f"{config}: ok\n", "")
    assert not (tmp_path / "a.json").exists()


@needs_namespaces
def test_check_of_an_interface(live, namespace, run_in, tmp_path):
    one = live({"devices": [packet_device(namespace, 1)]}, prefix=namespace.prefix).started()
    assert one.stop() == 0
    assert run_in(namespace, "check", "-c", one.path) == (0, f"{one.path}: ok\n", "")
    namespace.run("ip", "link", "set", namespace.sensor, "down")
    status, _, errors = run_in(namespace, "check", "-c", one.path)
    assert status == 1
    assert f"ip link set {namespace.sensor} up" in errors


@needs_namespaces
def test_ports(namespace, run_in, tmp_path):
    """Its lines, as they are, make a configuration that works."""
    status, text, errors = run_in(namespace, "ports")
    assert (status, errors) == (0, "")
    for number, interface in enumerate((namespace.generator, namespace.sensor)):
        assert f'  - name: "net_af_packet{number},iface={interface},qpairs=1"' in text
    path = tmp_path / "ports.yaml"
    path.write_text(text, encoding="utf-8")
    assert run_in(namespace, "check", "-c", path)[0] == 0
