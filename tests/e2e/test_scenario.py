"""The scenarios of tools/mkcapture: what is in their captures, counted by others, and what the tables ask for."""

import json
import struct
import subprocess
from collections import Counter, defaultdict

import pytest
from reference import capture, line, replay
from reference.region import Regions, Systems
from tool import tool

DAY_S, HOUR_S = 86_400, 3600
NAMED = ("2020Q3", "2022Q3")


class Scenario:
    def __init__(self, folder):
        self.folder = folder
        self.truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        self.domestic = self.truth["scopes"]["domestic"]
        self.quarter = self.domestic["quarters"][self.truth["quarter"]]

    def capture(self, sensor):
        return self.folder / self.truth["sensors"][sensor]["capture"]

    def series(self, line):
        """The days of the second quarter."""
        return line[self.truth["quarter_first_day"] :]

    def on(self, line, date):
        return line[day_of(self.truth, date)]


def day_of(truth, date):
    start = truth["start"] + truth["day_offset_h"] * HOUR_S
    return (int(subprocess.check_output(["date", "-u", "-d", date, "+%s"])) - start) // DAY_S


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """make(name, "--seed", "1") -> Scenario; made once for each list of options"""
    known = {}

    def made(name, *options):
        key = (name, *map(str, options))
        if key not in known:
            folder = tmp_path_factory.mktemp(name)
            tool("mkcapture", "--scenario", name, "-o", folder, *options)
            known[key] = Scenario(folder)
        return known[key]

    return made


# --- by the reference counter, in small ---


class Count:
    """Days of one or several sensors together, from the reference's totals."""

    def __init__(self, days):
        self.frames, self.port, self.region = Counter(), defaultdict(Counter), defaultdict(Counter)
        self.asn = Counter()
        self.sources = defaultdict(set)  # by what they are sources of, and the day
        self.signature = defaultdict(Counter)
        for day, totals in days:
            self._add(day, totals)

    def _add(self, day, totals):
        self.frames[day] += totals.frames
        self.region[day].update(totals.region)
        self.asn.update(totals.asn)
        self.port[day].update({f"{port}/tcp": count for port, count in totals.tcp_port.items()})
        self.port[day].update({f"{port}/udp": count for port, count in totals.udp_port.items()})
        self.sources["total", day] |= totals.sources.keys()
        self.sources["backscatter", day] |= totals.senders.keys()
        for address, region in totals.sources.items():
            self.sources["region", region, day].add(address)
        for address in totals.senders:
            self.sources["backscatter", totals.sources[address], day].add(address)
        for port, addresses in totals.port_sources.items():
            self.sources["port", port, day] |= addresses
        for name, matched in totals.signatures.items():
            self.signature[day][name] += matched.packets
            self.sources["signature", name, day] |= matched.sources()
            for address in matched.sources():
                self.sources["signature", name, matched.found[address], day].add(address)

    def number(self, *what):
        return len(self.sources[what])


@pytest.fixture(scope="module")
def small(make):
    """One with gaps, small enough for a counter that is written for reading; and its counts, sensor by sensor."""
    one = make("quarters", "--seed", "small", "--scale", "0.03")
    table = one.folder / "regions.csv"
    places, systems = Regions.from_csv(table), Systems.from_csv(table)
    days = {}
    for sensor in one.truth["sensors"]:
        read = capture.read(one.capture(sensor))
        assert not read.defect and len(read.frames) == one.truth["sensors"][sensor]["frames"]
        totals = replay.intervals([read], DAY_S, places.of, systems.of)
        days[sensor] = [((total.start - one.truth["start"]) // DAY_S, total) for total in totals]
    return one, days


@pytest.mark.parametrize("scope", ("tokyo-1", "frankfurt-1", "domestic", "all"))
def test_the_truth_is_what_the_reference_counts(small, scope):
    one, days = small
    truth = one.truth["scopes"][scope]
    count = Count(row for sensor in truth["sensors"] for row in days[sensor])
    assert scope in one.truth["sensors"] or len(truth["sensors"]) > 1
    for day in range(one.truth["days"]):
        assert truth["frames_day"][day] == count.frames[day]
        compared(truth["port_day"], count.port[day], day)
        compared(truth["region_day"], count.region[day], day)
        sources = truth["sources_day"]
        assert sources["total"][day] == count.number("total", day)
        for what in ("port", "region"):
            assert {name: row[day] for name, row in sources[what].items()} == {
                name: count.number(what, name, day) for name in sources[what]
            }
        assert truth["backscatter"]["sources_day"][day] == count.number("backscatter", day)
        for region, row in truth["backscatter"]["region_sources_day"].items():
            assert row[day] == count.number("backscatter", region, day)
        for name, signature in truth["signature"].items():
            assert signature["packets_day"][day] == count.signature[day][name], name
            assert signature["sources_day"][day] == count.number("signature", name, day), name
            for region, row in signature["region_sources_day"].items():
                assert row[day] == count.number("signature", name, region, day)
    quarters_compared(one, truth, count)


def compared(series, counted, day):
    assert {name: row[day] for name, row in series.items()} == {name: counted[name] for name in series}


def quarters_compared(one, truth, count):
    split, asn = one.truth["quarter_first_day"], Counter()
    for name, days in ((one.truth["previous"], range(split)), (one.truth["quarter"], range(split, one.truth["days"]))):
        quarter = truth["quarters"][name]
        asn.update(quarter["asn"])
        for what, counted in (("port", count.port), ("region", count.region)):
            whole = sum((counted[day] for day in days), Counter())
            assert list(quarter[what].items()) == list(line.open_map(whole).items())
        whole = set().union(*(count.sources["total", day] for day in days))
        assert quarter["sources"]["total"] == len(whole)
        for port, number in list(quarter["sources"]["port"].items())[:10]:
            assert number == len(set().union(*(count.sources["port", port, day] for day in days)))
    assert asn == Counter({str(number): packets for number, packets in count.asn.items()})


def test_gaps_are_empty_and_everything_else_is_not(small):
    one, _ = small
    assert any(sensor["gaps"] for sensor in one.truth["sensors"].values())
    for name, sensor in one.truth["sensors"].items():
        missing = {hour for gap in sensor["gaps"] for hour in range(gap["start"], gap["end"], HOUR_S)}
        seen = {time // HOUR_S * HOUR_S for time in times(one.capture(name))}
        assert seen | missing == set(range(one.truth["start"], one.truth["end"], HOUR_S)) and not seen & missing
        hours = one.truth["scopes"][name]["hours_day"]
        assert sum(hours) == len(seen) and max(hours) == 24


def times(path):
    """Seconds of the records of a little-endian pcap file."""
    content, at = path.read_bytes(), 24
    while at < len(content):
        seconds, _, size, _ = struct.unpack_from("<IIII", content, at)
        yield seconds
        at += 16 + size


# --- by the program, in full ---


@pytest.fixture(scope="module", params=NAMED)
def named(make, request):
    return make(request.param)


def test_the_program_counts_what_the_truth_says(named, run):
    """At the first domestic sensor, day by day."""
    folder, sensor = named.folder, "tokyo-1"
    databases = ("-o", folder / "country.mmdb", "--asn", folder / "asn.mmdb")
    tool("mkregions", "--csv", folder / "regions.csv", *databases)
    done = run(
        *("replay", "-c", folder / f"{sensor}.yaml", "--interval", DAY_S, "--json", "-", named.capture(sensor))
    )
    assert done.status == 0, done.errors
    truth = named.truth["scopes"][sensor]
    assert len(done.lines) == named.truth["days"]
    for day, one in enumerate(done.lines):
        assert one["frames"] == truth["frames_day"][day] and not any(one["overflow"].values())
        compared(truth["region_day"], Counter(one["region"]), day)
        ports = {f"{port}/{name}": n for name in ("tcp", "udp") for port, n in one[f"{name}_port"].items()}
        compared(truth["port_day"], Counter(ports), day)
        compared(truth["sources_day"]["region"], Counter(one["sources"]["region"]), day)
        compared(truth["sources_day"]["port"], Counter(one["sources"]["port"]), day)
        assert one["sources"]["total"] == truth["sources_day"]["total"][day]
        compared(truth["backscatter"]["region_sources_day"], Counter(one["backscatter"]["region"]), day)
        for name, signature in truth["signature"].items():
            assert one["signatures"][name]["sources"] == signature["sources_day"][day]
    scanners = Counter((event["start"] - named.truth["start"]) // DAY_S for event in done.events if is_scanner(event))
    assert scanners == Counter({day: n for day, n in enumerate(scanners_of(truth)) if n})


def is_scanner(event):
    return event["type"] == "scanner"


def scanners_of(truth):
    return [known + others for known, others in zip(*truth["scanners_day"].values())]


def first_days(capture, days, start):
    """The bytes of a little-endian pcap file up to the end of its first days."""
    content, at = capture.read_bytes(), 24
    while at < len(content):
        seconds, _, size, _ = struct.unpack_from("<IIII", content, at)
        if seconds >= start + days * DAY_S:
            break
        at += 16 + size
    return content[:at]


def test_scanners_of_days_in_redis(make, run, tmp_path):
    """In totals of days, also of those whose events the stream has let go of."""
    one, days, sensor = make("2022Q3"), 8, "tokyo-1"
    databases = ("-o", one.folder / "country.mmdb", "--asn", one.folder / "asn.mmdb")
    tool("mkregions", "--csv", one.folder / "regions.csv", *databases)
    capture = tmp_path / "first.pcap"
    capture.write_bytes(first_days(one.capture(sensor), days, one.truth["start"]))
    server = pytest.importorskip("redis_server").Server(tmp_path)
    try:
        options = ("--interval", HOUR_S, "--redis", server.url, "--json", "/dev/null")
        done = run("replay", "-c", one.folder / f"{sensor}.yaml", *options, capture)
        assert done.status == 0, done.errors
        truth = one.truth["scopes"][sensor]["scanners_day"]
        for day in range(days):
            key = f"nt:{{{sensor}}}:d:{one.truth['start'] + day * DAY_S}:totals"
            found = {kind: int(server.client.hget(key, f"scanners.{kind}") or 0) for kind in ("known", "others")}
            assert found == {kind: truth[kind][day] for kind in found}
        assert sum(truth["known"][:days]) and sum(truth["others"][:days])
    finally:
        server.kill()


# --- what the tables of the two quarters say ---


def ranked(named, what):
    return [(row["name"], row["previous_rank"]) for row in named.quarter[f"{what}_ranks"][:5]]


def crossings(named, what):
    return {(row["over"], row["under"]): row["date"] for row in named.domestic["crossings"][what]}


def test_tables_of_2020(make):
    one = make("2020Q3")
    assert ranked(one, "port") == [("445/tcp", 2), ("23/tcp", 1), ("1433/tcp", 3), ("22/tcp", 5), ("80/tcp", 4)]
    assert ranked(one, "region") == [("US", 2), ("RU", 1), ("CN", 4), ("NL", 3), ("DE", 9)]
    tables = one.domestic["tables"]
    heavy = {date: len(rows) for date, rows in tables["heavy"]["dates"].items()}
    assert heavy == {"2020-08-27": 4, "2020-08-30": 1, "2020-08-31": 7}
    assert tables["heavy"]["fewest_packets"] > 20 * tables["heavy"]["most_of_others"]
    assert all(row["organisation"] for rows in tables["heavy"]["dates"].values() for row in rows)
    (hourly,) = tables["hourly"]
    assert len(hourly["packets"]) == 8 * 24 and sum(hour > 300 for hour in hourly["packets"]) == 4
    growing, steady = (
        one.series(one.domestic["signature"][name]["region_sources_day"]["JP"]) for name in ("smb-8192", "smb-other")
    )
    assert sum(growing[-14:]) > 3 * sum(growing[:14])
    assert 0.8 < sum(steady[-14:]) / sum(steady[:14]) < 1.25
    assert list(one.quarter["region_port"]["RU"])[:2] == ["22/tcp", "3389/tcp"]
    for port in ("22/tcp", "3389/tcp"):
        assert excess(one.quarter, "RU", port) >= 0.1
    assert max(excess(one.quarter, "US", port) for port in one.quarter["region_port"]["US"]) < 0.05


def excess(quarter, region, port):
    inside, whole = quarter["region_port"][region].get(port, 0), sum(quarter["region"].values())
    return inside / quarter["region"][region] - (quarter["port"][port] - inside) / (whole - quarter["region"][region])


def test_tables_of_2022(make):
    one = make("2022Q3")
    assert ranked(one, "port") == [("23/tcp", 1), ("6379/tcp", 2), ("22/tcp", 3), ("80/tcp", 4), ("5555/tcp", 8)]
    assert ranked(one, "region") == [("US", 1), ("RU", 3), ("GB", 2), ("CN", 4), ("BG", 6)]
    found = crossings(one, "region")
    assert "2022-08-01" <= found["RU", "CN"] <= "2022-08-07" and found["BG", "KR"] == "2022-08-07"
    bulgaria, korea = one.domestic["region_day"]["BG"], one.domestic["region_day"]["KR"]
    july, later = (slice(day_of(one.truth, first), day_of(one.truth, last)) for first, last in
                   (("2022-07-01", "2022-08-01"), ("2022-08-10", "2022-09-10")))  # fmt: skip
    assert 0.95 < sum(bulgaria[later]) / sum(bulgaria[july]) < 1.05 and sum(korea[later]) < 0.6 * sum(korea[july])
    for table in one.domestic["tables"]["senders"]:
        daily = one.domestic["backscatter"]["region_sources_day"][table["region"]]
        assert max(daily) == one.on(daily, table["spike"]) > 3 * sorted(daily)[-20]
        planted = [row for row in table["rows"] if row["asn"]]
        ports = sum((Counter(row["source_ports"]) for row in planted), Counter())
        assert len(planted) >= 15 and ports["443/tcp"] > 0.9 * ports.total()
        assert all(table["from"] <= date <= table["to"] for row in planted for date in row["dates"])


# --- the command ---


def test_the_same_seed_gives_the_same_files_and_another_one_does_not(make, tmp_path):
    one, other = (make("quarters", "--seed", seed, "--scale", "0.03") for seed in ("small", "x"))
    tool("mkcapture", "--scenario", "quarters", "-o", tmp_path, "--seed", "small", "--scale", "0.03")
    for name in ("truth.json", "regions.csv", "labels.csv", "tokyo-1.pcap"):
        assert (tmp_path / name).read_bytes() == (one.folder / name).read_bytes(), name
    assert one.truth["planned"] != other.truth["planned"]


def test_days_begin_where_they_are_asked_to(make):
    one, other = make("2020Q3", "--scale", "0.03"), make("2020Q3", "--scale", "0.03", "--day-offset-h", "9")
    assert one.truth["start"] - other.truth["start"] == 9 * HOUR_S
    assert one.domestic["frames_day"] == other.domestic["frames_day"]
    first = min(times(other.capture("tokyo-1")))
    assert other.truth["start"] <= first < other.truth["start"] + HOUR_S


ERRORS = (
    (("--scenario", "2021Q3"), "invalid choice: '2021Q3'"),
    (("--scenario", "2020Q3", "--frames", "5"), "--frames: not with --scenario"),
    (("--scenario", "2020Q3", "--scale", "0.001"), "0.001: not a factor from 0.02 to 20"),
    (("--scenario", "2020Q3", "--day-offset-h", "15"), "15: not a number from -12 to 14"),
    (("--scale", "2"), "only with --scenario"),
)


@pytest.mark.parametrize("options, message", ERRORS, ids=lambda value: str(value)[:40])
def test_errors_are_one_line(tmp_path, options, message):
    done = tool("mkcapture", "-o", tmp_path / "x", *options, status=2)
    assert done.stderr.startswith("mkcapture: ") and done.stderr.count("\n") == 1
    assert message in done.stderr and not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    file = tmp_path / "file"
    file.write_text("", encoding="ascii")
    done = tool("mkcapture", "--scenario", "2020Q3", "-o", file / "x", "--scale", "0.02", status=2)
    assert done.stderr == f"mkcapture: {file / 'x'}: Not a directory\n"
