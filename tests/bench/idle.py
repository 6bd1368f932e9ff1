#!/usr/bin/python3
"""What idle workers cost, and what the first burst after idling loses, on one queue of af_packet behind a veth pair.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 tests/bench/idle.py [cpu] [burst]

Run as root; where the machine has other things to do, behind `chrt -f 10`, so that they do not come between. Prints the
tables of config/idle.md. CPU is the worker's own time, in per cent of a core. A burst comes from tcpreplay as fast as it
can, a second after the one before was counted.
"""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from live import Live, Namespace, packet_device, syns, write_pcap  # noqa: E402, pylint: disable=wrong-import-position

PROGRAM = Path(os.environ.get("NEEDLETAIL", ROOT / "build/app/needletail/needletail")).resolve()
RATES = (0, 15, 1000, 3800, 10000)  # packets a second, one by one; a /24 sees 15, a /16 3,800
SECONDS = 4
RINGS = (512, 2048, 16384)  # frames; the first is af_packet's default
BURST = 20000
BURSTS = 5

WAYS = {
    "woken": ({}, {}),
    **{f"naps, {us} us": ({"idle_sleep_us": us}, {"wake": False}) for us in (50, 100, 250, 500, 1000)},
    "no rest": ({"idle_sleep_us": 0}, {}),
}


@contextlib.contextmanager
def running(way, arguments="framecnt=16384"):
    """The program at work, and its namespace."""
    config, device = WAYS[way]
    with Namespace() as namespace, tempfile.TemporaryDirectory() as folder:
        whole = {"devices": [packet_device(namespace, 1, arguments, **device)], **config}
        with Live(PROGRAM, Path(folder), whole, prefix=namespace.prefix) as one:
            one.started()
            time.sleep(1)
            yield one, namespace, Path(folder)
            one.stop()


def cpu_s(one):
    tasks = Path(f"/proc/{one.process.pid}/task").iterdir()
    workers = [task for task in tasks if (task / "comm").read_text().startswith("rte-worker")]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in workers) / 1e9


def send_singly(namespace, rate, seconds):
    frame, begin = syns(1)[0], time.monotonic()
    for number in range(int(rate * seconds)):
        namespace.socket.send(frame)
        time.sleep(max(0.0, begin + (number + 1) / rate - time.monotonic()))


def share(one, namespace, rate):
    sender = threading.Thread(target=send_singly, args=(namespace, rate, SECONDS))
    sender.start()
    before, begin = cpu_s(one), time.monotonic()
    time.sleep(SECONDS * 0.9)
    found = 100 * (cpu_s(one) - before) / (time.monotonic() - begin)
    sender.join()
    return found


def print_cpu():
    print("| packets/s |" + "".join(f" {rate:,} |" for rate in RATES))
    print("|---|" + "--:|" * len(RATES))
    for way in [each for each in WAYS if each != "no rest"]:  # that takes all
        with running(way) as (one, namespace, _):
            shares = [share(one, namespace, rate) for rate in RATES]
        print(f"| {way} |" + "".join(f" {each:.1f} |" for each in shares), flush=True)


def lost_of_burst(one, namespace, capture, before):
    """Lost frames, and frames a second."""
    replay = ["tcpreplay", "-q", "-K", "--topspeed", "-i", namespace.generator, str(capture)]
    said = subprocess.run([*namespace.prefix, *replay], capture_output=True, text=True, check=True).stdout
    time.sleep(2.5)  # the end of the interval that it came in
    rate = float(next(line for line in said.splitlines() if "Rated" in line).split()[-2])
    return BURST - (one.frames - before), rate


def print_burst():
    print("| ring, frames | | frames/s | lost of 20,000: median | least | most |")
    print("|--:|---|--:|--:|--:|--:|")
    for ring in RINGS:
        for way in ("woken", "naps, 50 us", "naps, 500 us", "no rest"):
            with running(way, f"framecnt={ring}") as (one, namespace, folder):
                capture = write_pcap(folder / "burst.pcap", syns(BURST))
                found = [lost_of_burst(one, namespace, capture, one.frames) for _ in range(BURSTS)]
            lost, rate = [each[0] for each in found], statistics.median(each[1] for each in found)
            row = f"| {ring:,} | {way} | {rate:,.0f} |"
            print(f"{row} {statistics.median(lost):,} | {min(lost):,} | {max(lost):,} |", flush=True)


def main():
    wanted = sys.argv[1:] or ["cpu", "burst"]
    if "cpu" in wanted:
        print_cpu()
    if "burst" in wanted:
        print_burst()


if __name__ == "__main__":
    main()
