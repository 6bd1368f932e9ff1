"""The command line of mkcapture."""

from __future__ import annotations

import argparse
import ipaddress
import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, NoReturn, Sequence

from . import generate, parts, plants
from .errors import ScenarioError, UsageError
from .link import LINKS, SNAPLEN_MAX, TAGGINGS
from .options import Options

DESCRIPTION = """\
Writes a capture of made-up Internet telescope traffic, and beside it
FILE.truth.json: what is in it, by the engine's counting rules. With --scenario
it writes a folder: two quarters of several sensors, and what a report on them
must say. The same options and seed give the same bytes."""

EPILOG = """\
Times are UTC. Lengths of time: a number and s, m, h, d or w. Without --regions
the sources come from a made-up plan of 32 regions; --write-regions puts it
where `mkregions --csv` can build the matching databases. An IPv4 source inside
an IPv6 address (part aliases6) counts for the IPv4 address's region, as in a
database with IPv4 aliases. Exit status: 0 done, 1 failed while writing, 2
wrong usage or unusable input."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SCENARIOS = ("2020Q3", "2022Q3", "quarters")
SCENARIO_OPTIONS = ("scenario", "output", "seed", "quiet", "scale", "day_offset_h")
DEFAULT_START = "2022-07-01"
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
SPAN_MAX_S = 20 * 366 * 86_400
DAY_S = 86_400


class Parser(argparse.ArgumentParser):
    """Argparse prints its usage before every error; one line is enough."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def duration(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    if not match or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text}: not a length of time such as 90s, 12h or 2d")
    return int(match[1]) * UNITS_S[match[2]]


def moment(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,10}", text):
        return int(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        hint = f"{text}: not a date such as 2022-07-01, 2022-07-01T12:00:00Z or Unix seconds"
        raise argparse.ArgumentTypeError(hint) from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=timezone.utc)
    return int(parsed.timestamp())


def share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text}: not a share between 0 and 1")
    return value


def number(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text}: not a number from {low} to {high}")
        return int(text)

    return convert


def prefix(version: int) -> Callable[[str], Network]:
    def convert(text: str) -> Network:
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        if network.version != version:
            raise argparse.ArgumentTypeError(f"{text}: not an IPv{version} prefix")
        return network

    return convert


def names(text: str) -> tuple[str, ...]:
    """Names of parts, from a list of parts and groups."""
    result: list[str] = []
    for name in text.split(","):
        found = [part.name for part in parts.PARTS if name in (part.name, part.group)]
        if not found:
            raise argparse.ArgumentTypeError(f"{name}: no such part or group (see --list-parts)")
        result += found
    return tuple(result)


def weight(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    if name not in parts.NAMES:
        raise argparse.ArgumentTypeError(f"{name}: no such part (see --list-parts)")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        raise argparse.ArgumentTypeError(f"{text}: not PART=WEIGHT")
    return name, float(value)


def parser() -> Parser:
    top = Parser(
        prog="mkcapture", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    top.add_argument("-o", "--output", metavar="FILE", help="capture, or a scenario's folder, to write")
    top.add_argument("--truth", metavar="FILE", help="where the truth goes instead of beside it")
    top.add_argument("--quiet", action="store_true", help="no progress on a terminal")
    top.add_argument("--list-parts", action="store_true", help="print the table of parts and end")
    _traffic_options(top.add_argument_group("traffic"))
    _source_options(top.add_argument_group("addresses"))
    _file_options(top.add_argument_group("form of the file"))
    _scenario_options(top.add_argument_group("scenarios"))
    return top


def _traffic_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--frames", type=number(1, 10**9), default=200_000, metavar="N", help="default 200000")
    add("--seed", default="1", help="any text, default 1")
    add("--start", type=moment, default=DEFAULT_START, metavar="TIME",
        help=f"date or Unix seconds, default {DEFAULT_START}")
    add("--span", type=duration, default="1d", metavar="LENGTH", help="default 1d")
    add("--ipv6", type=share, default=0.03, metavar="SHARE", help="of the frames, default 0.03")
    add("--only", type=names, metavar="NAME,...", help="only these parts or groups")
    add("--without", type=names, default=(), metavar="NAME,...", help="all but these")
    add("--part", type=weight, action="append", default=[], metavar="PART=WEIGHT",
        help="another weight for a part; may be repeated")
    add("--plant", action="append", default=[], metavar="FILE",
        help="events to add, as a list in JSON (see tools/capture/plants.py); their packets come on top "
        "of --frames; may be repeated")
    add("--jitter", type=duration, default=0, metavar="LENGTH",
        help="write frames up to so much late, out of order; default none")
    add("--interval", type=number(1, DAY_S), default=3600, metavar="SECONDS",
        help="of the truth's intervals, a divisor of 86400; default 3600")
    add("--no-sources", dest="sources", action="store_false",
        help="leave the numbers of sources out of the truth (saves memory)")  # fmt: skip


def _source_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--telescope", type=prefix(4), default="198.18.0.0/16", metavar="PREFIX",
        help="monitored IPv4 block, default 198.18.0.0/16")
    add("--telescope6", type=prefix(6), default="2001:db8::/32", metavar="PREFIX",
        help="monitored IPv6 block, default 2001:db8::/32")
    add("--regions", action="append", default=[], metavar="FILE",
        help="who owns which addresses: lines network,country[,asn,organisation] or tor's "
        "low,high,country; may be repeated")
    add("--write-regions", metavar="FILE", help="write the made-up plan as such lines")  # fmt: skip


def _file_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--format", choices=("pcap", "pcapng"), default="pcap")
    add("--nano", action="store_true", help="nanoseconds instead of microseconds")
    add("--big-endian", action="store_true", help="byte order of the file's headers")
    add("--linktype", choices=tuple(LINKS), default="ethernet")
    add("--vlan", choices=tuple(TAGGINGS), default="none", help="tags before the ethertype")
    add("--snaplen", type=number(1, SNAPLEN_MAX), default=SNAPLEN_MAX, metavar="N",
        help="captured bytes of a frame at most")
    add("--frame-bytes", type=number(14, 9000), default=60, metavar="N",
        help="Ethernet: pad to so many bytes, default 60")  # fmt: skip


def _scenario_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--scenario", choices=SCENARIOS, help="two quarters of three sensors, for the report on the second: 2020Q3 and "
        "2022Q3 are those of the tables in tools/capture/scenario/README.md, quarters is drawn from the seed; of the "
        "other options only -o, --seed and --quiet go with it")
    add("--scale", type=scale, metavar="FACTOR", help="scenario's packets, 1 being about a million; default 1")
    add("--day-offset-h", type=number_or_negative(-12, 14), metavar="H",
        help="scenario's days and quarters begin at UTC plus so many hours, default 0")  # fmt: skip


def scale(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text) or not 0.02 <= float(text) <= 20:
        raise argparse.ArgumentTypeError(f"{text}: not a factor from 0.02 to 20")
    return float(text)


def number_or_negative(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,3}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text}: not a number from {low} to {high}")
        return int(text)

    return convert


def run_scenario(given: argparse.Namespace) -> None:
    usual = parser().parse_args([])
    for name, value in vars(given).items():
        if value != getattr(usual, name) and name not in SCENARIO_OPTIONS:
            raise UsageError(f"--{name.replace('_', '-')}: not with --scenario")
    if not given.output:
        raise UsageError("nothing to write: give -o FOLDER (see --help)")
    try:
        from .scenario import run  # needs numpy, which nothing else here does
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing: apt-get install python3-numpy") from error
    run.run(
        given.scenario,
        Path(given.output),
        seed=given.seed,
        scale=given.scale or 1.0,
        offset_h=given.day_offset_h or 0,
        quiet=given.quiet,
    )


def read_options(given: argparse.Namespace) -> Options:
    if given.scale is not None or given.day_offset_h is not None:
        raise UsageError("--scale and --day-offset-h: only with --scenario")
    if given.list_parts:
        print(parts.listing())
        sys.exit(0)
    if not given.output and not given.write_regions:
        raise UsageError("nothing to write: give -o FILE (see --help)")
    if given.write_regions and given.regions:
        raise UsageError("--write-regions writes the made-up plan, which --regions replaces")
    if DAY_S % given.interval:
        raise UsageError(f"--interval {given.interval}: does not divide 86400")
    if given.span > SPAN_MAX_S or given.start + given.span >= 1 << 32:
        raise UsageError("--start and --span: the end is beyond what a pcap timestamp holds")
    if given.vlan != "none" and not LINKS[given.linktype].tags:
        raise UsageError(f"--vlan {given.vlan}: {given.linktype} frames have no tags")
    chosen = [name for name in given.only or parts.USUAL if name not in given.without]
    fields = {name: getattr(given, name) for name in Options.plain_fields()}
    return Options(
        **fields,
        parts=tuple(name for name in parts.NAMES if name in chosen),
        weights=dict(given.part),
        plants=[plant for path in given.plant for plant in plants.load(path, moment, duration)],
        truth=Path(given.truth) if given.truth else _beside(given.output),
    )


def _beside(output: str | None) -> Path:
    path = Path(output or "plan")
    known = path.suffix in (".pcap", ".pcapng", ".cap")
    return path.with_suffix(".truth.json") if known else path.with_name(path.name + ".truth.json")


def main(arguments: Sequence[str]) -> int:
    output = None
    try:
        given = parser().parse_args(arguments)
        output = given.output
        if given.scenario:
            run_scenario(given)
        else:
            generate.run(read_options(given))
    except UsageError as error:
        print(f"mkcapture: {error}", file=sys.stderr)
        return 2
    except ScenarioError as error:
        print(f"mkcapture: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"mkcapture: {error.filename or output}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
