"""Replay as a program: whose it is, where its lines go, how it ends."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from captures import files, frames

SETTLE_S = 3  # far more than the program takes to start
FRAME = frames.eth(frames.ip4(frames.tcp()))


@pytest.fixture
def capture(tmp_path):
    """Three minutes, one frame each."""
    path = tmp_path / "three.pcap"
    path.write_bytes(files.pcap([files.Record(FRAME, at_ns=minute * 60 * files.NS) for minute in range(3)]))
    return path


@pytest.fixture
def everybodys_folder():
    """A folder that every user can read and nobody but root can write."""
    folder = Path(tempfile.mkdtemp(prefix="nt-users-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="takes root to become somebody else")
def test_two_ordinary_users_at_once(program, capture, country_mmdb, everybodys_folder):
    for source in (program, capture, country_mmdb):
        copy = everybodys_folder / source.name
        shutil.copy(source, copy)
        copy.chmod(0o755)
    command = [
        *("./" + program.name, "replay", "--sensor", "s", "--workers", "2", "--country", country_mmdb.name, capture.name)
    ]
    runs = [
        subprocess.Popen(
            ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command],
            cwd=everybodys_folder,
            env={"PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for user in (65534, 1234, 1234)
    ]
    results = [(*run.communicate(timeout=60), run.returncode) for run in runs]
    lines = results[0][0]
    assert len(lines.splitlines()) == 3
    assert results == [(lines, "", 0)] * 3


def test_nothing_is_left_behind(run, capture):
    def leftovers():
        places = [Path("/tmp"), Path("/var/run/dpdk"), Path("/tmp/dpdk")]
        return {str(p) for place in places if place.is_dir() for p in place.glob("needletail-[0-9A-Za-z]*")}

    before = leftovers()
    assert run("replay", capture).status == 0
    assert not leftovers() - before


def test_what_the_dead_left_is_removed(run, capture, tmp_path):
    """Directories of processes that were killed while they started; of nobody else, and nothing that looks alike."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    kept_file = tmp_path / "kept"
    kept_file.write_text("kept")

    def place(folder, name):
        path = Path(folder) / name
        (path / "dpdk" / "needletail").mkdir(parents=True)
        (path / "dpdk" / "needletail" / "config").write_bytes(bytes(100))
        (path / "link").symlink_to(tmp_path)
        return path

    left = [place("/tmp", f"needletail-{gone.pid}-aZ09bY")]
    stays = [
        place("/tmp", name)
        for name in (
            f"needletail-{os.getpid()}-aZ09bY",
            f"needletail-{gone.pid}",
            f"needletail-{gone.pid}-aZ09b",
            f"needletail-{gone.pid}-aZ09bYx",
            f"needletail-{gone.pid}-aZ09b.",
            f"needletail-0{gone.pid}-aZ09bY",
            f"needletail--{gone.pid}-aZ09bY",
            "needletail-0-aZ09bY",
        )
    ]
    link, file = (Path("/tmp") / f"needletail-{gone.pid}-{name}" for name in ("linked", "afile1"))
    link.symlink_to(tmp_path)
    file.touch()
    stays += [link, file]
    if os.geteuid() == 0:
        for name in ("needletail", "needletail-testpmd"):
            left.append(place("/var/run/dpdk", f"{name}-{gone.pid}"))
            stays.append(place("/var/run/dpdk", f"{name}-{os.getpid()}"))
        stays.append(place("/var/run/dpdk", f"needletail-other-{gone.pid}"))
        stays.append(place("/tmp", f"needletail-{gone.pid}-others"))
        os.chown(stays[-1], 4321, 4321)
    try:
        start = ("--frames", 2000, "--rounds", 1, "--seconds", 0.01, "--no-stages", "--workload", "flood")
        assert run("bench", *start).status == 0  # replay starts no EAL
        assert not [path for path in left if path.exists()]
        assert all(os.path.lexists(path) for path in stays)
        assert [kept_file] == [path for path in tmp_path.iterdir() if path != capture]
    finally:
        for path in left + stays:
            if path.is_symlink() or path.is_file():
                path.unlink()
            else:
                shutil.rmtree(path, ignore_errors=True)


def test_lines_go_to_standard_output_unless_told(run, capture, tmp_path):
    target = tmp_path / "lines.jsonl"
    target.write_text("old\n")
    plain = run("replay", "--sensor", "s", capture)
    to_file = run("replay", "--sensor", "s", "--json", target, capture)
    assert plain.status == to_file.status == 0
    assert len(plain.lines) == 3 and to_file.text == ""
    assert target.read_text() == plain.text  # written anew


def test_standard_input(program, run, capture):
    piped = subprocess.run([program, "replay", "-"], input=capture.read_bytes(), capture_output=True, check=False)
    assert (piped.returncode, piped.stdout.decode()) == (0, run("replay", capture).text)


def test_a_full_disk_is_a_failure(run, capture):
    result = run("replay", "--json", "/dev/full", capture)
    assert result.status == 1
    assert "No space left on device" in result.errors


def test_unwritable_json_is_said_before_counting(run, capture, tmp_path):
    result = run("replay", "--json", tmp_path / "absent" / "lines", capture)
    assert result.status == 2
    assert "absent/lines: No such file or directory" in result.errors


def test_an_interrupt_finishes_the_open_interval(program, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = [program, "replay", fifo]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        with open(fifo, "wb") as pipe:
            pipe.write(files.pcap([files.Record(FRAME, at_ns=files.NS)] * 100))
            pipe.flush()
            time.sleep(SETTLE_S)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=30)  # the pipe stays open: nothing else ends the reading
    assert process.returncode == 1
    (line,) = map(json.loads, output.splitlines())
    assert (line["frames"], line["partial"]) == (100, True)


def test_an_interrupt_ends_the_wait_for_redis(program, capture, tmp_path):
    command = [program, "replay", "--redis", f"unix://{tmp_path}/absent", "--json", tmp_path / "lines", capture]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(SETTLE_S)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert errors.count("No such file or directory") == 1  # said once
    assert "not published in Redis: 3" in errors
    assert len((tmp_path / "lines").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("version", "x"),
        ("help", "nonsense"),
        ("replay", "--json", "", "CAPTURE"),
        ("replay", "--country", "", "CAPTURE"),
        ("replay", "--add", "CAPTURE"),
        ("replay", "--asn", "/nonexistent", "CAPTURE"),
        ("report",),
    ],
)
def test_small_mistakes(run, capture, arguments):
    result = run(*(capture if one == "CAPTURE" else one for one in arguments))
    assert result.status == 2
    assert len(result.errors.splitlines()) == 1 and result.errors.startswith("needletail: ")


@pytest.mark.parametrize("option", ["--interval", "--workers"])
@pytest.mark.parametrize("value", ["0", "-1", "7x", "", "99999999999999999999"])
def test_bad_numbers(run, capture, option, value):
    result = run("replay", option, value, capture)
    assert result.status == 2
    assert result.errors.startswith(f"needletail: {option} {value}:")
    assert len(result.errors.splitlines()) == 1


def test_settings_from_a_file_and_options_above_them(run, capture, tmp_path):
    config = tmp_path / "sensor.yaml"
    config.write_text("sensor: from-file\ninterval: 3600\n")
    assert [line["sensor"] for line in run("replay", "-c", config, capture).lines] == ["from-file"]
    lines = run("replay", "--interval", "60", capture, "-c", config).lines
    assert [line["sensor"] for line in lines] == ["from-file"] * 3
    config.write_text("sensr: a\n")
    result = run("replay", "-c", config, capture)
    assert result.status == 2
    assert f"{config}:1: sensr: unknown key, did you mean sensor?" in result.errors
