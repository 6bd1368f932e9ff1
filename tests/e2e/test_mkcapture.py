"""tools/mkcapture, against tshark and the reference counter."""

import ipaddress
import json
import struct
from collections import Counter

import pytest
from reference import capture as reference_capture
from reference import line, replay
from reference.region import Regions
from tool import lookup, output_of, tool

FRAMES = 3000

BACKSCATTER = {
    *("synack", "rst", "rstack"),
    *("icmp_echo_reply", "icmp_dest_unreach", "icmp_source_quench", "icmp_redirect"),
    *("icmp_time_exceeded", "icmp_param_problem", "icmp_ts_reply", "icmp_info_reply", "icmp_mask_reply"),
    *("icmp6_dest_unreach", "icmp6_pkt_too_big", "icmp6_time_exceeded", "icmp6_param_problem"),
    "icmp6_echo_reply",
}
# What a frame can lack on the wire, or contradict; a header's options can only be cut off by a capture.
MALFORMED = {
    *("eth", "vlan", "ipv4_header", "ipv4_version", "ipv4_ihl", "ipv4_length", "ipv6_header", "ipv6_version"),
    *("ipv6_length", "ipv6_ext", "tcp_header", "tcp_offset", "udp_header", "udp_length", "icmp_header"),
    "icmp6_header",
}
TRUNCATED = {
    *("eth", "vlan", "ipv4_header", "ipv4_options", "ipv6_header", "ipv6_ext"),
    *("tcp_header", "udp_header", "icmp_header", "icmp6_header"),
}


@pytest.fixture(scope="module")
def make_capture(tmp_path_factory):
    """make_capture("--vlan", "mixed") -> path of the capture, its truth"""

    def make(*options, frames=FRAMES, name="capture.pcap"):
        path = tmp_path_factory.mktemp("capture") / name
        tool("mkcapture", "-o", path, "--frames", frames, *options)
        return path, json.loads(path.with_suffix(".truth.json").read_text(encoding="utf-8"))

    return make


@pytest.fixture(scope="module")
def usual(make_capture):
    return make_capture("--ipv6", "0.1")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "plan.csv"
    tool("mkcapture", "--write-regions", path)
    return path


@pytest.fixture(scope="module")
def plan_regions(plan):
    return Regions.from_csv(plan)


def test_same_options_give_same_bytes(make_capture):
    paths = [make_capture("--vlan", "mixed", "--seed", seed, frames=2000)[0] for seed in ("a", "a", "b")]
    captures = [path.read_bytes() for path in paths]
    truths = [path.with_suffix(".truth.json").read_bytes() for path in paths]
    assert captures[0] == captures[1] and truths[0] == truths[1]
    assert captures[0] != captures[2] and truths[0] != truths[2]


def test_parts_do_not_disturb_each_other(make_capture):
    """A part's packets depend on the seed and its own number of packets only."""
    one = make_capture("--only", "mirai", "--ipv6", "0", frames=100)[0].read_bytes()
    two = make_capture(
        *("--only", "mirai,zmap-old", "--part", "mirai=1", "--part", "zmap-old=1", "--ipv6", "0"), frames=200
    )[0].read_bytes()
    mirai = {record for _, record in records(one)}
    assert mirai <= {record for _, record in records(two)}


def records(content):
    """Time in s and bytes of each record of a little-endian pcap file."""
    at = 24
    while at < len(content):
        seconds, _, size, _ = struct.unpack_from("<IIII", content, at)
        yield seconds, content[at + 16 : at + 16 + size]
        at += 16 + size


FORMS = (
    (),
    ("--vlan", "mixed", "--snaplen", "54"),
    ("--vlan", "qinq", "--nano", "--snaplen", "70"),
    ("--vlan", "vlan", "--big-endian", "--frame-bytes", "14"),
    ("--linktype", "raw", "--format", "pcapng"),
    ("--linktype", "null", "--big-endian", "--snaplen", "30"),
    ("--linktype", "loop", "--span", "20d"),
    ("--linktype", "sll", "--vlan", "mixed", "--format", "pcapng", "--nano", "--snaplen", "21"),
    ("--linktype", "sll2", "--vlan", "vlan", "--format", "pcapng", "--big-endian"),
    ("--jitter", "2h"),
)


COMPARED = {
    *("start", "end", "frames", "bytes", "class", "malformed", "truncated", "no_l4", "ip_proto", "tcp_port"),
    *("udp_port", "tcp_flags", "tcp_window", "icmp", "icmp6", "region", "region_port"),
}


def counted_alike(truth, counted):
    for key in COMPARED:
        assert truth[key] == counted[key], key
    assert truth["backscatter"]["packets"] == counted["backscatter"]["packets"]


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_truth_is_what_the_reference_counts(make_capture, plan_regions, form):
    path, truth = make_capture(*form, "--ipv6", "0.1", "--seed", "".join(form).strip("-"))
    read = reference_capture.read(path)
    assert not read.defect
    whole = list(replay.intervals([read], replay.ALL, plan_regions.of))
    assert len(whole) == 1
    counted_alike(truth, line.as_object(whole[0], "x"))
    hours = [line.as_object(totals, "x") for totals in replay.intervals([read], 3600, plan_regions.of)]
    assert len(hours) == len(truth["intervals"])
    for interval, counted in zip(truth["intervals"], hours):
        counted_alike(interval, counted)
        assert interval["late"] == counted["late"]
    assert sum(interval["late"] for interval in truth["intervals"]) == truth["late_in_intervals"]
    assert bool(truth["late_in_intervals"]) == ("--jitter" in form)


TSHARK_FIELDS = (
    *("frame.len", "ip.proto", "ipv6.nxt", "tcp.dstport", "tcp.flags", "tcp.window_size_value", "udp.dstport"),
    *("icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code", "ip.src", "ip.dst", "ip.id", "ip.ttl", "tcp.seq_raw"),
    *("tcp.srcport", "tcp.options", "ipv6.src"),
)


def tshark(path, fields=TSHARK_FIELDS):
    """One dictionary per frame, outermost headers only; absent fields are empty."""
    chosen = [part for field in fields for part in ("-e", field)]
    quiet = ("-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE")
    text = output_of("tshark", "-r", str(path), *quiet, "-T", "fields", "-E", "occurrence=f", *chosen)
    return [dict(zip(fields, row.split("\t"))) for row in text.splitlines()]


@pytest.fixture(scope="module")
def sound(make_capture):
    """A capture without broken and odd packets, with what tshark sees in it."""
    path, truth = make_capture("--ipv6", "0.1", "--without", "broken,odd,link", "--seed", "sound")
    return truth, tshark(path)


def test_truth_is_what_tshark_counts(sound):
    truth, frames = sound
    assert truth["frames"] == len(frames) == FRAMES
    assert truth["bytes"] == sum(int(frame["frame.len"]) for frame in frames)
    protocols = [frame["ip.proto"] or frame["ipv6.nxt"] for frame in frames]
    assert truth["ip_proto"] == Counter(protocols)
    tcp = [frame for frame, protocol in zip(frames, protocols) if protocol == "6"]
    udp = [frame for frame, protocol in zip(frames, protocols) if protocol == "17"]
    assert truth["tcp_port"] == Counter(frame["tcp.dstport"] for frame in tcp)
    assert truth["udp_port"] == Counter(frame["udp.dstport"] for frame in udp)
    assert truth["tcp_window"] == Counter(frame["tcp.window_size_value"] for frame in tcp)
    assert truth["tcp_flags"] == Counter(f"0x{int(frame['tcp.flags'], 16) & 255:02x}" for frame in tcp)
    icmp = [frame for frame in frames if frame["icmp.type"]]
    icmp6 = [frame for frame in frames if frame["icmpv6.type"]]
    assert truth["icmp"] == Counter(f"{frame['icmp.type']}/{frame['icmp.code']}" for frame in icmp)
    assert truth["icmp6"] == Counter(f"{frame['icmpv6.type']}/{frame['icmpv6.code']}" for frame in icmp6)


def test_sources_are_what_tshark_counts(sound):
    truth, frames = sound
    sources = {frame["ip.src"] or frame["ipv6.src"] for frame in frames}
    assert truth["sources"]["total"] == len(sources)
    assert sum(truth["sources"]["region"].values()) == len(sources)
    port, count = next(iter(truth["sources"]["port"].items()))
    assert port.endswith("/tcp")
    to_port = [frame for frame in frames if frame["tcp.dstport"] == port.split("/")[0]]
    outer = [frame for frame in to_port if "6" in (frame["ip.proto"], frame["ipv6.nxt"])]
    assert count == len({frame["ip.src"] or frame["ipv6.src"] for frame in outer})


def test_scanners_have_their_marks(sound):
    truth, frames = sound
    seen = Counter()
    for frame in frames:
        if frame["ip.proto"] != "6":
            continue
        dst = int(ipaddress.IPv4Address(frame["ip.dst"]))
        seq, port = int(frame["tcp.seq_raw"]), int(frame["tcp.dstport"])
        ident, ttl = int(frame["ip.id"], 16), int(frame["ip.ttl"])
        window, options = int(frame["tcp.window_size_value"]), frame["tcp.options"]
        seen["mirai"] += seq == dst and ttl < 64
        seen["masscan-old"] += ident == (dst ^ port ^ seq) & 0xFFFF and window == 1024 and not options
        seen["masscan-new"] += ident == (dst ^ port ^ seq) & 0xFFFF and window == 1025 and options == "020405b4"
        seen["zmap-old"] += ident == 54321
        seen["zmap-new"] += window == 65535 and options == "020405b4010303080101" + "0402" and ttl > 200
        seen["smb-8192"] += port == 445 and window == 8192
    assert seen == {name: truth["parts"][name]["packets"] for name in seen}


def test_events_are_where_the_truth_says(sound):
    truth, frames = sound
    events = {event["part"]: event for event in truth["events"]}
    assert set(events) == {"dos-synack", "dos-rstack", "fixed-tool", "fixed-window", "dos6"}
    for event in events.values():
        assert 0 < event["end"] - event["start"] <= 7200
        assert event["packets"] == truth["parts"][event["part"]]["packets"] == sum(event["addresses"].values())
    tool_made = events["fixed-tool"]["evidence"]
    wanted = [str(tool_made[key]) for key in ("source_port", "window", "sequence")]
    fields = ("tcp.srcport", "tcp.window_size_value", "tcp.seq_raw")
    matching = [frame for frame in frames if [frame[field] for field in fields] == wanted]
    assert Counter(frame["ip.src"] for frame in matching) == events["fixed-tool"]["addresses"]


def test_every_kind_is_present(usual):
    _, truth = usual
    assert set(truth["backscatter"]["packets"]) == BACKSCATTER
    assert set(truth["malformed"]) == MALFORMED
    assert set(truth["truncated"]) == TRUNCATED
    assert set(truth["no_l4"]) == {"1", "6", "17", "58"}
    assert all(truth["class"].values())
    assert len(truth["region"]) > 30 and "--" in truth["region"]


def test_icmp_errors_quote_what_the_telescope_seems_to_have_sent(make_capture):
    path, truth = make_capture("--only", "bs-icmp", "--telescope", "192.0.2.0/24", frames=200)
    fields = ("icmp.type", "ip.src", "ip.dst")
    command = ("tshark", "-r", str(path), "-T", "fields", *(part for field in fields for part in ("-e", field)))
    quoted = 0
    for row in output_of(*command).splitlines():
        kind, sources, targets = (column.split(",") for column in row.split("\t"))
        if int(kind[0]) in (3, 4, 5, 11, 12):
            quoted += 1
            assert sources[1] == targets[0]
            assert ipaddress.ip_address(sources[1]) in ipaddress.ip_network("192.0.2.0/24")
            assert targets[1].rsplit(".", 1)[0] == sources[0].rsplit(".", 1)[0]
    assert quoted == sum(
        count for name, count in truth["backscatter"]["packets"].items() if not name.endswith("_reply")
    )


LINKS = ("ethernet", "raw", "null", "loop", "sll", "sll2")


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("form", ("pcap", "pcapng"))
def test_tshark_reads_every_form(make_capture, link, form):
    options = ("--nano", "--big-endian") if form == "pcapng" else ()
    path, truth = make_capture(
        *("--linktype", link, "--format", form, *options), frames=400, name=f"capture.{form}"
    )
    rows = tshark(path, ("frame.len", "frame.cap_len", "frame.time_epoch", "ip.src"))
    assert len(rows) == truth["frames"]
    assert sum(int(row["frame.len"]) for row in rows) == truth["bytes"]
    assert sum(int(row["frame.cap_len"]) for row in rows) == truth["captured_bytes"]
    times = [row["frame.time_epoch"].replace(".", "") for row in rows]
    assert times == sorted(times)
    assert (int(times[0]), int(times[-1])) == (truth["first_ns"], truth["last_ns"])
    assert sum(bool(row["ip.src"]) for row in rows) > 0.9 * truth["class"]["ipv4"]


def test_times_lie_in_the_span(make_capture):
    path, truth = make_capture("--start", "2020-08-27T06:00:00Z", "--span", "180d", "--ipv6", "0", frames=1000)
    start = 1598508000
    times = [seconds for seconds, _ in records(path.read_bytes())]
    assert start <= min(times) < start + 10 * 86400 and start + 170 * 86400 < max(times) < start + 180 * 86400
    assert times == sorted(times) and truth["class"]["ipv6"] == 0


def test_sources_come_from_the_given_regions(make_capture, tmp_path):
    table = tmp_path / "regions.csv"
    table.write_text("network,country\n203.0.112.0/20,JP\n203.0.113.0/24,TW\n2400::/16,JP\n", encoding="ascii")
    geoip = tmp_path / "geoip"
    geoip.write_text("# low,high,country\n3405803776,3405804031,TW\n16777216,16777471,??\n", encoding="ascii")
    _, truth = make_capture("--regions", table, "--only", "scan")
    assert set(truth["region"]) == {"JP", "TW"} and truth["class"]["ipv6"] > 0
    _, truth = make_capture("--regions", geoip, "--only", "scan", "--ipv6", "0")
    assert set(truth["region"]) == {"TW"}


PLANTS = [
    *(
        {"type": "dos", "start": "2022-07-02", "length": "10m", "packets": 60, **more}
        for more in (
            {"victim": "5.5.5.5", "classes": ["synack", "rstack", "dest_unreach", "time_exceeded"]},
            {"region": "JP", "protocol": "udp", "port": 53},
            {"victim": "2a00::5", "protocol": "icmp", "classes": ["echo_reply", "param_problem"], "targets": 3},
        )
    ),
    {"type": "fixed_tool", "region": "NZ", "sources": 5, "source_port": 443}
    | {"packets": 20, "start": "2022-07-02T05:00:00", "length": 1800},
    {"type": "fixed_tool", "region": "TW", "sources": 4, "destination_port": 23, "window": 777}
    | {"packets": 30, "start": 1656741600, "length": "1h"},
    {"type": "surge", "port": "2323/tcp", "sources": 70, "packets": 700}
    | {"start": "2022-07-02T08:00:00", "length": "2h"},
    {"type": "surge", "region": "BG", "sources": 50, "packets": 500, "start": "2022-07-02T12:00:00", "length": "2h"},
    {"type": "scanner", "source": "1.2.3.4", "ports": 11, "tool": "masscan"}
    | {"packets": 44, "start": "2022-07-02T15:00:00", "length": "2h"},
]


@pytest.fixture(scope="module")
def planted(make_capture, tmp_path_factory):
    path = tmp_path_factory.mktemp("plants") / "plants.json"
    path.write_text(json.dumps(PLANTS), encoding="utf-8")
    return make_capture("--only", "calm", "--span", "2d", "--plant", path, frames=20000)


def test_plants_come_on_top(planted):
    _, truth = planted
    wanted = [plant["packets"] * (plant["sources"] if plant["type"] == "fixed_tool" else 1) for plant in PLANTS]
    assert [event["packets"] for event in truth["events"]] == wanted
    assert truth["frames"] == 20000 + sum(wanted)
    for plant, event in zip(PLANTS, truth["events"]):
        assert event["type"] == plant["type"]
        assert event["region"] == plant.get("region", event["region"])
        if "sources" in plant:
            assert len(event["addresses"]) == plant["sources"]
    assert [event["end"] - event["start"] for event in truth["events"][:5]] == [601, 601, 601, 1801, 3601]
    assert truth["events"][4]["start"] == 1656741600


def test_plants_are_what_the_reference_sees(planted, plan_regions):
    path, truth = planted
    (totals,) = replay.intervals([reference_capture.read(path)], replay.ALL, plan_regions.of)
    counted_alike(truth, line.as_object(totals, "x"))
    for event in truth["events"]:
        for text in event["addresses"]:
            region = totals.sources[ipaddress.ip_address(text).packed]
            assert event["region"] in (region, "--")
    assert "5.5.5.5" in truth["events"][0]["addresses"]
    scanner = ipaddress.ip_address("1.2.3.4").packed
    assert sum(scanner in sources for sources in totals.port_sources.values()) == 11
    assert scanner in totals.signatures["masscan"].sources()


def test_calm_is_calm(make_capture, plan_regions):
    """No source tries many ports a day, no victim answers much: what a detector says of it is wrong."""
    path, truth = make_capture("--only", "calm", "--span", "2d", frames=60000)
    assert not truth["events"]
    for totals in replay.intervals([reference_capture.read(path)], 86400, plan_regions.of):
        ports = Counter(
            source for sources in totals.port_sources.values() for source in sources if source not in totals.senders
        )
        assert max(ports.values()) <= 10
        assert max(sender.packets for sender in totals.senders.values()) < 25
        assert all(totals.signatures[name].sources() for name in ("mirai", "masscan", "zmap-old", "zmap-new"))


PLANT_ERRORS = (
    ("no json", "Expecting value"),
    ({"type": "dos"}, "not a list"),
    ([{"type": "flood"}], "event 1: type flood: not one of dos, fixed_tool, surge, scanner"),
    ([7], "event 1: not an object"),
    ([{**PLANTS[0], "prot": 6}], "event 1: prot: no key of a dos"),
    ([PLANTS[0], {**PLANTS[1], "classes": ["synack"]}], "event 2: class synack: not one of"),
    ([{**PLANTS[0], "packets": 0}], "event 1: packets 0: not a number from 1"),
    ([{**PLANTS[0], "victim": "5.5.5"}], "event 1: '5.5.5' does not appear to be an IPv4 or IPv6 address"),
    ([{**PLANTS[0], "length": "soon"}], "event 1: soon: not a length of time"),
    ([{**PLANTS[0], "start": "soon"}], "event 1: soon: not a date"),
    ([{**PLANTS[3], "destination_port": 23}], "event 1: either source_port or destination_port"),
    ([{**PLANTS[5], "port": "2323"}], "event 1: port 2323: not a number and /tcp or /udp"),
    ([{**PLANTS[7], "tool": "nmap"}], "event 1: tool nmap: not one of"),
    ([{key: PLANTS[0][key] for key in ("type", "start", "packets")}], "event 1: length is missing"),
    ([{**PLANTS[3], "region": "Q9"}], "plant-1: region Q9: has no addresses"),
)


@pytest.mark.parametrize("rows, message", PLANT_ERRORS, ids=lambda value: str(value)[:40])
def test_wrong_plants_are_named(tmp_path, rows, message):
    path = tmp_path / "plants.json"
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows), encoding="utf-8")
    done = tool("mkcapture", "-o", tmp_path / "x.pcap", "--frames", "100", "--plant", path, status=2)
    assert done.stderr.startswith("mkcapture: ") and done.stderr.count("\n") == 1
    assert message in done.stderr


CAPTURE_ERRORS = (
    ((), "nothing to write"),
    (("--frames", "0"), "--frames: 0: not a number from 1"),
    (("--frames", "many"), "not a number"),
    (("--start", "yesterday"), "yesterday: not a date"),
    (("--span", "1 day"), "not a length of time"),
    (("--start", "4294967000", "--span", "1d"), "beyond what a pcap timestamp holds"),
    (("--ipv6", "2"), "not a share"),
    (("--telescope", "198.18.0.1/16"), "has host bits set"),
    (("--telescope", "2001:db8::/32"), "not an IPv4 prefix"),
    (("--only", "miria"), "miria: no such part or group"),
    (("--part", "mirai=much"), "not PART=WEIGHT"),
    (("--interval", "7000"), "does not divide 86400"),
    (("--linktype", "raw", "--vlan", "vlan"), "raw frames have no tags"),
    (("--linktype", "raw", "--only", "arp"), "no part is left"),
    (("--linktype", "ppp"), "invalid choice: 'ppp'"),
    (("--regions", "/nonexistent"), "/nonexistent: No such file or directory"),
    (("--regions", "/dev/null"), "no IPv4 network with a region"),
    (("--snap", "100"), "unrecognized arguments: --snap 100"),
    (("-o", "/nonexistent/x.pcap"), "/nonexistent/x.pcap: No such file or directory"),
)


@pytest.mark.parametrize("options, message", CAPTURE_ERRORS, ids=lambda value: str(value)[:40])
def test_mkcapture_errors_are_one_line(tmp_path, options, message):
    output = () if not options or "-o" in options else ("-o", tmp_path / "x.pcap")
    done = tool("mkcapture", *output, *options, status=2)
    assert done.stderr.startswith("mkcapture: ") and done.stderr.count("\n") == 1
    assert message in done.stderr and not done.stdout
    assert not (tmp_path / "x.pcap").exists()


def test_a_full_disk_is_named(tmp_path):
    done = tool("mkcapture", "-o", "/dev/full", "--truth", tmp_path / "truth", "--frames", 2000, status=1)
    assert done.stderr == "mkcapture: /dev/full: No space left on device\n"


@pytest.mark.parametrize(
    "text", ("10.0.0.1/8,JP", "10.0.0.0/8,Japan", "10.0.0.0/8,JP,x", "10.0.0.0", "5,1,JP", "1,x,JP")
)
def test_a_wrong_region_line_is_named(tmp_path, text):
    table = tmp_path / "regions.csv"
    table.write_text(f"11.0.0.0/8,JP\n{text}\n", encoding="ascii")
    done = tool("mkcapture", "-o", tmp_path / "x.pcap", "--regions", table, status=2)
    assert done.stderr.startswith(f"mkcapture: {table}:2: ") and done.stderr.count("\n") == 1


def test_the_plan_answers_as_the_truth_says(make_capture, plan, tmp_path):
    country, system = tmp_path / "country.mmdb", tmp_path / "asn.mmdb"
    tool("mkregions", "--csv", plan, "-o", country, "--asn", system)
    path, truth = make_capture("--ipv6", "0.2", "--without", "broken,link", frames=400)
    rows = tshark(path, ("eth.type", "ip.src", "ipv6.src"))  # a tunnel's packet may have both
    sources = Counter(row["ip.src" if row["eth.type"] == "0x0800" else "ipv6.src"] for row in rows)
    regions, systems = Counter(), Counter()
    for source, packets in sources.items():
        regions[lookup(country, source, "country", "iso_code") or "--"] += packets
        systems[lookup(system, source, "autonomous_system_number") or "0"] += packets
    assert regions == truth["region"]
    assert systems == truth["asn"]


def test_help():
    assert tool("mkcapture", "--help").stdout.startswith("usage: mkcapture")
