"""The reference itself: against expectations worked out by hand, tshark, scapy and libmaxminddb."""

import ipaddress
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tshark
from captures import cases, files, frames as f, sources
from conservation import conserves
from hypothesis import given, settings, strategies as st
from reference import capture, count, line, replay
from reference.region import Regions, Systems

HERE = Path(__file__).parent
CASES = cases()
UNKNOWN = Regions().of
SHIPPED = ("smb-8192", "smb-other", "mirai", "zmap-old", "zmap-new", "masscan", "gre")


def replayed(case, paths, places):
    """Exit status and objects, as the program would have them."""
    try:
        read = [capture.read(path) for path in paths]
    except capture.Unusable:
        return 2, []
    length = case.interval if case.interval == replay.ALL else int(case.interval)
    objects = [line.as_object(totals, "s") for totals in replay.intervals(read, length, *places)]
    return int(any(one.defect for one in read)), objects


def looked_up(one, key):
    """The value of "outer__inner"."""
    for part in key.split("__"):
        one = one[part]
    return one


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_hand(case, written, places):
    status, lines = replayed(case, written(case), places)
    assert status == case.status
    for key, values in case.each.items():
        assert tuple(one[key] for one in lines) == values, key
    for key, value in case.expect.items():
        assert looked_up(lines[0], key) == value, key
    for one in lines:
        conserves(one)


@pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark")
@pytest.mark.parametrize("case", [case for case in CASES if case.name in tshark.SOUND], ids=lambda case: case.name)
def test_agrees_with_tshark(case, written, places):
    (one,) = replayed(case, written(case), places)[1]
    for key, counts in tshark.counts(written(case)[0]).items():
        assert one[key] == counts, key


def _scapy_packets():
    """Scapy's own packets with what they must count for: protocol, port or type."""
    from scapy.layers import inet, inet6, l2

    ether, ip, ip6 = l2.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02"), inet.IP(dst="198.51.100.1"), None
    ip6 = inet6.IPv6(dst="2001:db8::1")
    options = [("MSS", 1460), ("NOP", None), ("WScale", 7)]
    hop = inet6.IPv6ExtHdrHopByHop(options=[inet6.RouterAlert()])
    jumbo = inet6.IPv6ExtHdrHopByHop(options=[inet6.Jumbo(jumboplen=28)])
    dst = inet6.IPv6ExtHdrDestOpt(options=[inet6.HAO()])
    return [
        (ether / ip / inet.TCP(dport=2323, flags="SA", window=77, options=options), (6, ("tcp", 2323, 0x12, 77))),
        (ether / l2.Dot1AD() / l2.Dot1Q(vlan=9) / ip / inet.UDP(dport=1900) / b"M-SEARCH", (17, ("udp", 1900))),
        (ether / inet.IP(options=inet.IPOption(b"\x94\x04\0\0")) / inet.ICMP(type=13), (1, ("icmp", 13, 0))),
        (ether / ip / inet.ICMP(type=3, code=3) / inet.IP() / inet.UDP(dport=53), (1, ("icmp", 3, 3))),
        (ether / ip / inet.IP() / inet.TCP(), (4, None)),
        (ether / inet.IP(flags="MF") / inet.UDP(dport=9, len=2000) / bytes(64), (17, ("udp", 9))),
        (ether / inet.IP(frag=100, proto=6) / bytes(64), (6, "no_l4")),
        (ether / ip6 / inet.TCP(dport=22, flags="FPU"), (6, ("tcp", 22, 0x29, 8192))),
        (ether / ip6 / hop / inet6.ICMPv6EchoRequest(), (58, ("icmp6", 128, 0))),
        (ether / ip6 / dst / inet6.IPv6ExtHdrRouting() / inet.UDP(dport=500) / b"x", (17, ("udp", 500))),
        (ether / ip6 / inet6.IPv6ExtHdrFragment(m=1) / inet.TCP(dport=445) / bytes(8), (6, ("tcp", 445, 2, 8192))),
        (ether / ip6 / inet6.IPv6ExtHdrFragment(offset=5, nh=17) / bytes(8), (17, "no_l4")),
        (ether / inet6.IPv6(plen=0) / jumbo / inet.TCP(dport=80), (6, ("tcp", 80, 2, 8192))),
        (ether / ip6 / inet6.ICMPv6PacketTooBig() / inet6.IPv6() / inet.TCP(), (58, ("icmp6", 2, 0))),
        (ether / l2.ARP(), None),
        (ether / l2.LLC() / l2.SNAP() / b"x", None),
    ]


def test_agrees_with_scapy():
    pytest.importorskip("scapy")
    for packet, expected in _scapy_packets():
        one = count.judge(1, capture.Frame(0, bytes(packet), len(packet)))
        assert one.verdict is None, packet.summary()
        if expected is None:
            assert one.protocol is None
            continue
        protocol, what = expected
        assert one.protocol == protocol, packet.summary()
        assert one.no_l4 == (what == "no_l4")
        if isinstance(what, tuple):
            value = what[1] if what[0] == "udp" else what[1:]
            assert getattr(one, what[0]) == value, packet.summary()


@pytest.mark.parametrize("form", ["little", "big", "nano", "pcapng"])
def test_reads_what_scapy_writes(form, tmp_path):
    utils = pytest.importorskip("scapy.utils")
    from scapy.packet import Raw

    packets = [Raw(bytes(range(size))) for size in (0, 1, 60, 61, 255)]
    for i, packet in enumerate(packets):
        packet.time = 1_600_000_000 + i / 4
    path = str(tmp_path / "scapy")
    if form == "pcapng":
        writer = utils.PcapNgWriter(path)
    else:
        writer = utils.PcapWriter(path, 101, nano=form == "nano", endianness=">" if form == "big" else "<")
    with writer:
        writer.write(packets)
    read = capture.read(path)
    assert read.link == (1 if form == "pcapng" else 101)
    assert read.defect is None
    assert [frame.data for frame in read.frames] == [bytes(packet) for packet in packets]
    assert [frame.time_ns for frame in read.frames] == [int(packet.time * 4) * capture.NS // 4 for packet in packets]


def addresses_of_interest():
    """Of every network, and those with an IPv4 address inside."""
    yield from (ipaddress.ip_address(network.split("/")[0]) for network, _ in sources.NETWORKS)
    yield from (ipaddress.ip_address(text) for text in sources.V4)
    for prefix, shift in (("::ffff:0:0", 0), ("2002::", 80), ("2001::", 64), ("::", 0), ("64:ff9b::", 0)):
        base = int(ipaddress.IPv6Address(prefix))
        yield from (ipaddress.IPv6Address(base | int(ipaddress.IPv4Address(text)) << shift) for text in sources.V4)


def mmdblookup(database, address, *path):
    command = ["mmdblookup", "--file", database, "--ip", str(address), *path]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.skipif(not shutil.which("mmdblookup"), reason="no mmdblookup")
@pytest.mark.parametrize("form", [(), ("--no-alias",), ("--ip-version", "4")], ids=" ".join)
def test_regions_agree_with_libmaxminddb(form, regions_csv, make_mmdb):
    regions = Regions.from_csv(regions_csv, ipv6="4" not in form, aliases="--no-alias" not in form)
    database = make_mmdb(*form)
    for address in addresses_of_interest():
        code = re.search(r'"(..)" <utf8_string>', mmdblookup(database, address, "country", "iso_code"))
        assert regions.of(address.packed) == (code[1] if code else "--"), address


@pytest.mark.skipif(not shutil.which("mmdblookup"), reason="no mmdblookup")
@pytest.mark.parametrize("form", [(), ("--no-alias",), ("--ip-version", "4")], ids=" ".join)
def test_systems_agree_with_libmaxminddb(form, regions_csv, make_mmdb):
    systems = Systems.from_csv(regions_csv, ipv6="4" not in form, aliases="--no-alias" not in form)
    database = make_mmdb(*form, output="--asn")
    for address in addresses_of_interest():
        number = re.search(r"(\d+) <uint32>", mmdblookup(database, address, "autonomous_system_number"))
        assert systems.of(address.packed) == (int(number[1]) if number else 0), address
    assert systems.names[64501] == "Within, with a comma" and 64502 not in systems.names


def test_open_maps_are_sorted():
    assert list(line.open_map({"9": 2, "10": 2, "1": 3, "x": 0})) == ["1", "10", "9"]
    outer = line.map_of_maps({"JP": {"1/tcp": 1, "2/tcp": 2}, "CN": {"9/tcp": 3}, "AU": {"9/tcp": 1}, "--": {}})
    assert list(outer) == ["CN", "JP", "AU"]
    assert list(outer["JP"]) == ["2/tcp", "1/tcp"]


def test_a_line_as_text():
    totals = count.Totals(60, 120)
    totals.add(count.judge(1, capture.Frame(0, f.eth4(f.tcp(23, f.SYN | f.ACK)), 60)), UNKNOWN, at_ns=61 * files.NS)
    nothing = '{"packets":0,"sources":0,"region":{},"port":{}}'
    assert line.as_text(totals, "s") == (
        '{"schema":"needletail/1","sensor":"s","start":60,"end":120,"frames":1,"bytes":60,"late":0,'
        '"class":{"ipv4":1,"ipv6":0,"arp":0,"other":0},"malformed":{},"truncated":{},"no_l4":{},'
        '"ip_proto":{"6":1},"tcp_port":{"23":1},"udp_port":{},"tcp_flags":{"0x12":1},"tcp_window":{"8192":1},'
        '"icmp":{},"icmp6":{},"region":{"--":1},"asn":{},"region_port":{"--":{"23/tcp":1}},'
        '"sources":{"total":1,"estimated":false,"region":{"--":1},"port":{"23/tcp":1}},'
        '"backscatter":{"packets":{"synack":1},"sources":1,"region":{"--":1},"top":[{"source":"5.1.2.3","region":"--",'
        '"asn":0,"packets":1,"source_port":40000,"source_port_same":true,"classes":{"synack":1},"targets":1,'
        '"first":61,"last":61}]},"signatures":{' + ",".join(f'"{name}":{nothing}' for name in sorted(SHIPPED)) + "},"
        '"overflow":{"sources":0,"pairs":0,"victims":0,"region_port":0,"asn_packets":0},'
        '"loss":{"missed":0,"no_mbuf":0,"errors":0,"unexplained":0}}'
    )


@given(st.sampled_from(capture.LINK_TYPES), st.binary(max_size=120), st.integers(0, 200))
@settings(max_examples=300, deadline=None, database=None)
def test_any_bytes_are_conserved(link, data, original):
    totals = count.Totals(0, 60)
    totals.add(count.judge(link, capture.Frame(0, data, original)), UNKNOWN)
    conserves(line.as_object(totals, "s"))


TIMES = st.lists(st.lists(st.integers(0, 300), max_size=8), min_size=1, max_size=4)


@given(TIMES, st.randoms())
@settings(max_examples=200, deadline=None, database=None)
def test_order_of_captures_does_not_matter(times, dice):
    def lines(captures):
        return [line.as_text(totals, "s") for totals in replay.intervals(captures, 60, UNKNOWN)]

    made = [
        capture.Capture(101, [capture.Frame(at * capture.NS, f.ip4(f.tcp(at)), 40) for at in one]) for one in times
    ]
    shuffled = dice.sample(made, len(made))
    assert lines(made) == lines(shuffled)


def test_as_a_program(tmp_path, regions_csv):
    good, cut = tmp_path / "good", tmp_path / "cut"
    content = files.pcap([files.Record(f.eth(f.ip4(f.tcp(), source="5.5.5.5")), at_ns=61 * files.NS)] * 2)
    good.write_bytes(content)
    cut.write_bytes(content[:-1])

    def run(*arguments):
        command = [sys.executable, "-m", "reference", *map(str, arguments)]
        return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)

    done = run(good, "--regions", regions_csv, "--interval", "30")
    assert done.returncode == 0
    assert '"start":60,"end":90,"frames":2' in done.stdout and '"region":{"NL":2}' in done.stdout
    assert run(good, cut).returncode == 1
    assert run(tmp_path / "missing").returncode == 2
    assert '"start":61,"end":62,"frames":3' in run(good, cut, "--interval", "all").stdout
