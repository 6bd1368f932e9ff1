"""What the tests of live capture share: network namespaces with a veth pair, the program at work, its lines added up,
and a peer behind vhost-user."""

import contextlib
import ctypes
import ipaddress
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from captures import files, frames as f
from conftest import events_of, intervals_of, whole_lines
from conservation import conserves

CLONE_NEWNET = 0x40000000
SENSOR = "live-1"
START_S = 20  # longest wait for a program on a busy machine
DPDK_DIR = Path("/var/run/dpdk")

_numbers = itertools.count()
_libc = ctypes.CDLL("libc.so.6", use_errno=True)


def wait_until(true, timeout_s=START_S, what="nothing"):
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)


# Network namespaces


def _enter(fd):
    """For this thread alone: everything else stays where it is."""
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    """A network namespace with one veth pair: what is sent at `generator` arrives at `sensor`, and nothing else."""

    def __init__(self, mtu=1500):
        self.name = f"nt-live-{os.getpid()}-{next(_numbers)}"
        self.sensor, self.generator = "sensor0", "gen0"
        self.mtu = mtu

    def __enter__(self):
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        try:
            # no address, no neighbour discovery: silence until somebody sends
            self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
            ends = (self.sensor, "mtu", str(self.mtu)), (self.generator, "mtu", str(self.mtu))
            self.run("ip", "link", "add", *ends[0], "type", "veth", "peer", "name", *ends[1])
            for end in (self.sensor, self.generator):
                self.run("ip", "link", "set", end, "up")
            self.socket = self._open_socket()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if hasattr(self, "socket"):
            self.socket.close()
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    def run(self, *command):
        subprocess.run([*self.prefix, *command], check=True)

    @property
    def prefix(self):
        return ["ip", "netns", "exec", self.name]

    def _open_socket(self):
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/var/run/netns/{self.name}", os.O_RDONLY)
        try:
            _enter(there)
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)  # protocol 0: receives nothing
            raw.bind((self.generator, 0))
        finally:
            _enter(here)
            os.close(here)
            os.close(there)
        return raw

    def send(self, frames, rate=3000):
        """At about `rate` a second, in small portions: what a busy machine has no time for must fit the ring."""
        begin = time.monotonic()
        for number, frame in enumerate(frames):
            self.socket.send(frame)
            if number % 16 == 15:
                time.sleep(max(0.0, begin + (number + 1) / rate - time.monotonic()))


def namespaces_possible():
    if os.geteuid():
        return False
    done = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return done.returncode == 0


needs_namespaces = pytest.mark.skipif(not namespaces_possible(), reason="network namespaces take root")


# Frames and devices


def syns(number, seed=1, port=23):
    """As many sources as frames."""
    numbers = random.Random(seed)
    sources = (numbers.randrange(1 << 24, 224 << 24) for _ in range(number))
    return [f.eth4(f.tcp(port), source=str(ipaddress.IPv4Address(source))) for source in sources]


def write_pcap(path, frames):
    path.write_bytes(files.pcap([files.Record(frame, at_ns=1_000_000_000 + i) for i, frame in enumerate(frames)]))
    return path


def pcap_device(*paths, number=0, **more):
    name = ",".join((f"net_pcap{number}", *(f"rx_pcap={path}" for path in paths)))
    return {"name": name, "queues": len(paths), **more}


def packet_device(namespace, queues, arguments="framecnt=16384", **more):
    name = f"net_af_packet0,iface={namespace.sensor},qpairs={queues},{arguments}"
    return {"name": name, "queues": queues, **more}


# The program


_pids = set()  # of every program started here: other tests may be running their own


def left_overs():
    """What DPDK left behind of the programs started here: in the system's folder and in /tmp."""
    found = [*DPDK_DIR.glob("needletail-[0-9]*"), *Path("/tmp").glob("needletail-[0-9]*-??????")]
    return {path for path in found if int(path.name.split("-")[1]) in _pids}


class Live:
    """needletail run, with lines to a file. `config` is its configuration as an object, less sensor and json."""

    def __init__(self, program, folder, config, prefix=(), environment=None):
        number = next(_numbers)
        self.json = folder / f"{number}.json"
        self.path = folder / f"{number}.yaml"
        # Hugepages that a test takes for itself for a moment are not for others.
        memory = {"hugepages": "no", **config.get("memory", {})}
        whole = {"sensor": SENSOR, "interval": 1, "json": str(self.json), **config, "memory": memory}
        self.path.write_text(json.dumps(whole), encoding="utf-8")  # JSON is YAML
        self.errors = []
        self.process = subprocess.Popen(
            [*prefix, program, "run", "-c", self.path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        _pids.add(self.process.pid)
        self._reader = threading.Thread(target=self._read_errors)
        self._reader.start()

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    @property
    def log(self):
        return "\n".join(self.errors)

    def wait_for(self, text, timeout_s=START_S):
        wait_until(
            lambda: text in self.log or self.process.poll() is not None, timeout_s, f"{text!r} in\n{self.log}"
        )
        assert text in self.log, self.log

    def started(self):
        self.wait_for("link is up")
        return self

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, timeout_s=START_S):
        status = self.process.wait(timeout_s)
        self._reader.join()
        self.process.stderr.close()
        return status

    def stop(self, number=signal.SIGTERM):
        """Its exit status."""
        self.send(number)
        return self.wait()

    def _written(self):
        running = self.process.poll() is None
        text = self.json.read_text(encoding="utf-8") if self.json.exists() else ""
        return whole_lines(text) if running else text

    @property
    def lines(self):
        return intervals_of(self._written())

    @property
    def events(self):
        return events_of(self._written())

    @property
    def frames(self):
        return sum(line["frames"] for line in self.lines)

    def wait_for_frames(self, number, timeout_s=START_S):
        """Frames in finished intervals."""
        wait_until(lambda: self.frames >= number, timeout_s, f"{number} frames, {self.frames} came")

    def queue_packets(self, device):
        """Packets of each queue, as printed at the end."""
        prefix = f"needletail: {device} queue "
        rows = [line[len(prefix) :].split() for line in self.errors if line.startswith(prefix)]
        return {int(row[0].rstrip(":")): int(row[1]) for row in rows}


# Lines

ADDED = (
    *("frames", "bytes", "late", "class", "malformed", "truncated", "no_l4", "ip_proto", "tcp_port", "udp_port"),
    *("tcp_flags", "tcp_window", "icmp", "icmp6", "region", "asn", "region_port"),
)


def _add(one, other):
    if isinstance(one, dict) or isinstance(other, dict):
        one, other = one or {}, other or {}
        return {key: _add(one.get(key), other.get(key)) for key in {**one, **other}}
    return (one or 0) + (other or 0)


def countable(line):
    """What of a line can be added up: not numbers of different sources, of which the same may come again."""
    packets = {name: found["packets"] for name, found in line["signatures"].items()}
    return {
        **{key: line[key] for key in ADDED},
        "backscatter": line["backscatter"]["packets"],
        "signatures": packets,
    }


def added(lines):
    """The counts of several lines as one, without an order of keys."""
    total = {}
    for line in lines:
        total = _add(total, countable(line))
    return total


def in_order(lines, interval):
    """Asserts that every interval is there, one behind the other, and that only the ends are partial."""
    assert lines
    for line in lines:
        assert line["start"] % interval == 0
        assert line["end"] - line["start"] == interval
    assert [line["start"] for line in lines[1:]] == [line["end"] for line in lines[:-1]]
    assert [bool(line.get("partial")) for line in lines] == [True, *[False] * (len(lines) - 2), True][-len(lines) :]


def nothing_lost(lines):
    for line in lines:
        assert {**line["loss"], "missed": 0} == {"missed": 0, "no_mbuf": 0, "errors": 0, "unexplained": 0}
        assert not line["loss"]["missed"]


# What holds at the end


def counted(one, status, frames, interval=1):
    """What holds at the end of every capture."""
    assert status == 0, one.log
    in_order(one.lines, interval)
    nothing_lost(one.lines)
    for each in one.lines:
        conserves(each)
    assert one.frames == frames
    assert " 0 unexplained" in one.log


# A peer


class Peer:
    """dpdk-testpmd that sends to both queues of a vhost-user socket for as long as it is told to."""

    def __init__(self, folder, queues=2):
        self.socket = folder / "vhost.sock"
        self.prefix = f"nt-live-peer-{os.getpid()}-{next(_numbers)}"
        self.output = []
        memory = ["--no-huge", "-m", "256", "--no-shconf", "--no-pci", "--no-telemetry"]
        queue = [f"--rxq={queues}", f"--txq={queues}"]
        self.process = subprocess.Popen(
            [
                *("stdbuf", "-oL", "dpdk-testpmd", *memory, f"--file-prefix={self.prefix}", "--lcores=0@(0-1),1@(0-1)"),
                *(f"--vdev=net_vhost0,iface={self.socket},queues={queues}", "--", "-i", *queue),
                *("--forward-mode=flowgen", "--total-num-mbufs=4096", "--no-flush-rx"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.output.append(line)

    def __enter__(self):
        wait_until(self.socket.exists, what="the socket of dpdk-testpmd:\n" + "".join(self.output))
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.tell("quit")
        try:
            self.process.wait(START_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
        with contextlib.suppress(FileNotFoundError):
            (DPDK_DIR / self.prefix).rmdir()

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def sent(self):
        """Frames sent, by all queues, when it was stopped last."""
        wait_until(lambda: any("TX-total:" in line for line in self.output), what="the statistics of dpdk-testpmd")
        rows = [line.split() for line in self.output if "TX-packets:" in line and "TX-total:" in line]
        return int(rows[-1][rows[-1].index("TX-packets:") + 1])


# Memory


@contextlib.contextmanager
def hugepages(pages):
    """That many free hugepages of 2 MiB, or None; afterwards as many as before."""
    setting = Path("/proc/sys/vm/nr_hugepages")
    before = setting.read_text(encoding="ascii")
    try:
        setting.write_text(str(int(before) + pages), encoding="ascii")
        yield int(setting.read_text(encoding="ascii")) >= int(before) + pages
    finally:
        setting.write_text(before, encoding="ascii")


# A clock that jumps

CLOCK_SOURCE = """
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *t)
{
	static volatile int64_t *seconds;
	long rc = syscall(SYS_clock_gettime, id, t);

	if (!seconds)
		seconds = mmap(0, 8, PROT_READ, MAP_SHARED, open(getenv("CLOCK_OFFSET"), O_RDONLY), 0);
	if (!rc && id == CLOCK_REALTIME)
		t->tv_sec += *seconds;
	return (int)rc;
}
"""


class Clock:
    """The wall clock of one program, set by the test."""

    def __init__(self, folder):
        source, library, self.offset = folder / "clock.c", folder / "clock.so", folder / "clock.offset"
        source.write_text(CLOCK_SOURCE, encoding="ascii")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        self.offset.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self.offset)}

    def set(self, seconds):
        """Seconds that it is ahead of the true one."""
        with self.offset.open("r+b") as file:
            file.write(seconds.to_bytes(8, "little", signed=True))
