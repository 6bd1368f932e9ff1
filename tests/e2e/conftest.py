"""What the end-to-end tests share: the program, a region database, and running a replay.

NEEDLETAIL names the program to test; left out, it is the one in build/.
"""

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NamedTuple

import pytest

import captures.sources
from reference.region import Regions, Systems

ROOT = Path(__file__).resolve().parents[2]
SENSOR = "telescope-1"
TIMEOUT_S = 120


@dataclass(frozen=True)
class Run:
    """One finished run of the program."""

    status: int
    text: str  # standard output
    errors: str

    @property
    def lines(self):
        """Of intervals."""
        return intervals_of(self.text)

    @property
    def events(self):
        return events_of(self.text)

    @property
    def complaints(self):
        """What it said, less the events that it found."""
        return [line for line in self.errors.splitlines() if not line.startswith("needletail: event: ")]


def whole_lines(text):
    """Of a file that is being written: the kernel shows a long line page by page."""
    return text[: text.rfind("\n") + 1]


def intervals_of(text):
    return [one for one in map(json.loads, text.splitlines()) if one["schema"] == "needletail/1"]


def events_of(text):
    return [one for one in map(json.loads, text.splitlines()) if one["schema"] == "needletail-event/1"]


class Places(NamedTuple):
    """From the address of a source to what databases say of it."""

    region_of: Callable
    asn_of: Callable | None = None  # without an AS database


@pytest.fixture(scope="session")
def program():
    path = Path(os.environ.get("NEEDLETAIL", ROOT / "build/app/needletail/needletail")).resolve()
    if not path.is_file():
        pytest.fail(f"{path} is missing: build the program, or name it in NEEDLETAIL")
    return path


@pytest.fixture(scope="session")
def run(program):
    """run("replay", ...) -> Run"""

    def run_program(*arguments):
        done = subprocess.run(
            [program, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run_program


@pytest.fixture(scope="session")
def replay(run, country_mmdb, asn_mmdb):
    """replay(captures, interval=60, workers=1, country=PATH or None, asn=PATH or None, config=PATH or None) -> Run"""

    def replay_captures(paths, interval=60, workers=1, country=country_mmdb, asn=asn_mmdb, config=None):
        chosen = {"--country": country, "--asn": asn, "-c": config}
        files = [part for option, path in chosen.items() if path is not None for part in (option, path)]
        return run(
            *("replay", "--json", "-", "--sensor", SENSOR, "--interval", interval, "--workers", workers),
            *(*files, *paths),
        )

    return replay_captures


@pytest.fixture(scope="session")
def regions_csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("regions") / "regions.csv"
    path.write_text(captures.sources.TABLE, encoding="ascii")
    return path


@pytest.fixture(scope="session")
def make_mmdb(regions_csv):
    """make_mmdb("--layout", "dbip") -> path of a country database with the regions of the tests; output="--asn": of
    an AS database"""

    def make(*form, output="-o"):
        path = regions_csv.with_name("".join(("regions", output, *form, ".mmdb")))
        if not path.exists():
            subprocess.run([ROOT / "tools/mkregions", "--csv", regions_csv, output, path, *form], check=True)
        return path

    return make


@pytest.fixture(scope="session")
def country_mmdb(make_mmdb):
    return make_mmdb()


@pytest.fixture(scope="session")
def asn_mmdb(make_mmdb):
    return make_mmdb(output="--asn")


@pytest.fixture(scope="session")
def places(regions_csv):
    """Where sources are, as the reference has it from the table that country_mmdb and asn_mmdb are made of."""
    return Places(Regions.from_csv(regions_csv).of, Systems.from_csv(regions_csv).of)


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """written(case) -> paths of its files, in the order of the command line"""
    folder = tmp_path_factory.mktemp("captures")
    known = {}

    def write(case):
        if case.name not in known:
            known[case.name] = [folder / name for name, _ in case.build()]
            for name, content in case.build():
                (folder / name).write_bytes(content)
        return known[case.name]

    return write


@pytest.fixture(scope="session")
def filled(tmp_path_factory, run, country_mmdb, asn_mmdb, regions_csv):
    """A Redis that holds some days of three sensors, and what went in (filled.py)."""
    import filled as maker  # needs python3-redis, which not every test does

    yield from maker.fill(tmp_path_factory.mktemp("filled"), run, country_mmdb, asn_mmdb, regions_csv)


@pytest.fixture(scope="session")
def quarters(tmp_path_factory, run):
    """A Redis that holds two quarters of four sensors, and their truth (report_world.py)."""
    import report_world as maker

    yield from maker.fill(tmp_path_factory.mktemp("report"), run, ROOT / "tools/mkregions")


@pytest.fixture(scope="session")
def world(quarters):
    return quarters


@pytest.fixture(scope="session")
def report(world, run):
    """report("--lang", "ja", ...) -> the finished run"""

    def make(*options, quarter="2022Q3"):
        period = ("--quarter", quarter) if quarter else ()
        return run("report", "--redis", world.server.url, *period, *options)

    return make


@pytest.fixture(scope="session")
def document(report):
    done = report("--format", "json", "--lang", "en")
    assert done.status == 0, done.errors
    assert done.errors == ""  # progress is for terminals
    return json.loads(done.text)


@pytest.fixture(scope="session")
def items(document):
    return {item["id"]: item for item in document["items"]}


@pytest.fixture
def live(program, tmp_path):
    """live(config, prefix=(), environment=None) -> Live, ended at the end of the test"""
    from live import Live  # which needs this file

    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **named: stack.enter_context(Live(program, tmp_path, *arguments, **named))


@pytest.fixture
def namespace():
    from live import Namespace

    with Namespace() as one:
        yield one


@pytest.fixture
def run_in(program):
    """run_in(namespace, "check", ...) -> exit status, standard output, standard error"""

    def run_program(namespace, *arguments):
        done = subprocess.run(
            [*namespace.prefix, program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run_program
