"""tools/mkregions, against mmdblookup."""

import os
from pathlib import Path

import pytest
from tool import lookup, output_of, tool

TABLE = """network,country,asn,organisation
10.0.0.0/8,JP,2907,"Research, and education"
10.1.2.0/24,TW,0
10.1.2.3/32,US,64500,One host
# a comment
10.2.0.0/16,,64501,Nowhere
192.0.2.0/24,A1
2400::/16,DE,64502,Sechs
2400:1::/32,NL
"""
PATHS = {
    "maxmind": ("country", "iso_code"),
    "dbip": ("country", "iso_code"),
    "ipinfo": ("country_code",),
    "ipinfo-country": ("country",),
}
ANSWERS = {
    **{"10.0.0.1": "JP", "10.1.2.1": "TW", "10.1.2.3": "US", "10.2.0.1": "JP", "192.0.2.7": "A1"},
    **{"11.0.0.1": None, "2400::1": "DE", "2400:1::1": "NL", "2401::1": None},
}
ALIASES = {"::ffff:10.1.2.3": "US", "2002:a01:203::1": "US", "2001:0:a01:203::1": "US"}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.mark.parametrize("layout", PATHS)
def test_regions_in_every_layout(table, tmp_path, layout):
    database = tmp_path / "country.mmdb"
    tool("mkregions", "--csv", table, "-o", database, "--layout", layout)
    answers = {address: lookup(database, address, *PATHS[layout]) for address in ANSWERS | ALIASES}
    assert answers == ANSWERS | ALIASES


@pytest.mark.parametrize("size", (24, 28, 32))
@pytest.mark.parametrize("version", (4, 6))
def test_regions_in_every_form(table, tmp_path, version, size):
    database = tmp_path / "country.mmdb"
    tool("mkregions", "--csv", table, "-o", database, "--ip-version", version, "--record-size", size)
    wanted = {address: answer for address, answer in ANSWERS.items() if version == 6 or ":" not in address}
    assert {address: lookup(database, address, "country", "iso_code") for address in wanted} == wanted
    verbose = output_of("mmdblookup", "--verbose", "--file", str(database), "--ip", "10.0.0.1")
    assert f"Record size:   {size} bits" in verbose and f"IP version:    IPv{version}" in verbose


def test_regions_without_aliases(table, tmp_path):
    database = tmp_path / "country.mmdb"
    tool("mkregions", "--csv", table, "-o", database, "--no-alias")
    assert all(lookup(database, address, "country", "iso_code") is None for address in ALIASES)


def test_registered_country_is_beside_the_country(table, tmp_path):
    database = tmp_path / "country.mmdb"
    tool("mkregions", "--csv", table, "-o", database, "--registered", "SE")
    for address, country in {"10.0.0.1": "JP", "10.2.0.1": None}.items():
        assert lookup(database, address, "country", "iso_code") == country
        assert lookup(database, address, "registered_country", "iso_code") == "SE"


def test_systems_from_a_table(table, tmp_path):
    database = tmp_path / "asn.mmdb"
    tool("mkregions", "--csv", table, "--asn", database)
    number, name = "autonomous_system_number", "autonomous_system_organization"
    assert lookup(database, "10.0.0.1", number) == "2907"
    assert lookup(database, "10.0.0.1", name) == "Research, and education"
    assert lookup(database, "10.1.2.1", number) == "2907"
    assert lookup(database, "10.1.2.3", name) == "One host"
    assert lookup(database, "10.2.0.1", number) == "64501"
    assert lookup(database, "2400:1::1", number) == "64502"
    assert lookup(database, "192.0.2.7", number) is None


GEOIP = """# tor's form
16777216,16777471,AU
16777472,16778239,CN
33554432,33554687,??
"""
GEOIP6 = """2001::,2001:0:ffff:ffff:ffff:ffff:ffff:ffff,??
2001:200::,2001:200:134:ffff:ffff:ffff:ffff:ffff,JP
2002::,2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff,JP
"""


def test_regions_from_the_form_of_tor(tmp_path):
    (tmp_path / "geoip").write_text(GEOIP, encoding="ascii")
    (tmp_path / "geoip6").write_text(GEOIP6, encoding="ascii")
    database = tmp_path / "country.mmdb"
    tool("mkregions", "--tor", tmp_path, "-o", database)
    wanted = {
        **{"1.0.0.0": "AU", "1.0.0.255": "AU", "1.0.1.0": "CN", "1.0.3.255": "CN", "1.0.4.0": None},
        **{"2.0.0.1": None, "2001:200:134::1": "JP", "2001:200:135::1": None, "2002:100:1::1": "AU"},
    }
    assert {address: lookup(database, address, "country", "iso_code") for address in wanted} == wanted


DUMP = """#
# Location Database Export
#

aut-num:                 AS64500
name:                    Outer

aut-num:                 AS64501
name:                    Société

net:                     10.0.0.0/8
country:                 JP
aut-num:                 64500

net:                     10.0.0.0/9
country:                 JP
aut-num:                 64500

net:                     10.1.0.0/16
country:                 TW

net:                     10.1.1.0/24
aut-num:                 64501

net:                     2002::/16
aut-num:                 64501

net:                     2400::/16
aut-num:                 64501
"""


def test_systems_from_the_location_database(tmp_path):
    """A stand-in for the location program prints its form of dump."""
    dump, program = tmp_path / "location.db", tmp_path / "bin" / "location"
    dump.write_text(DUMP, encoding="utf-8")
    program.parent.mkdir()
    program.write_text('#!/bin/sh\n[ "$1 $3" = "-d dump" ] && cat "$2"\n', encoding="ascii")
    program.chmod(0o755)
    database = tmp_path / "asn.mmdb"
    tool("mkregions", "--asn", database, "--location", dump, PATH=f"{program.parent}:{os.environ['PATH']}")
    number = "autonomous_system_number"
    wanted = {"10.128.0.1": "64500", "10.0.0.1": "64500", "10.1.0.1": None, "10.1.1.1": "64501", "2400::1": "64501"}
    assert {address: lookup(database, address, number) for address in wanted} == wanted
    assert lookup(database, "10.1.1.1", "autonomous_system_organization") == "Société"


@pytest.mark.skipif(not Path("/usr/share/tor/geoip").exists(), reason="tor-geoipdb is not installed")
def test_regions_from_debian(tmp_path):
    database = tmp_path / "country.mmdb"
    tool("mkregions", "-o", database)
    assert database.stat().st_size > 1_000_000
    assert lookup(database, "8.8.8.8", "country", "iso_code") == "US"
    assert lookup(database, "2001:200:134::1", "country", "iso_code") == "JP"


def test_same_table_gives_same_bytes(table, tmp_path):
    paths = [tmp_path / name for name in ("a.mmdb", "b.mmdb", "c.mmdb")]
    tool("mkregions", "--csv", table, "-o", paths[0], "--epoch", "1000000000")
    tool("mkregions", "--csv", table, "-o", paths[1], SOURCE_DATE_EPOCH="1000000000")
    tool("mkregions", "--csv", table, "-o", paths[2], "--epoch", "1000000001")
    contents = [path.read_bytes() for path in paths]
    assert contents[0] == contents[1] != contents[2]


REGION_ERRORS = (
    ((), "nothing to write"),
    (("-o", "x", "extra"), "extra: not an option"),
    (("-o", "x", "--layuot", "dbip"), "unknown option: layuot"),
    (("-o", "x", "--layout", "geo"), "--layout geo: not one of dbip, ipinfo, ipinfo-country, maxmind"),
    (("-o", "x", "--ip-version", "5"), "--ip-version 5: not 4 or 6"),
    (("-o", "x", "--record-size", "20"), "--record-size 20: not 24, 28 or 32"),
    (("-o", "x", "--registered", "Sweden"), "--registered Sweden: not two of"),
    (("-o", "x", "--csv", "/nonexistent"), "/nonexistent: No such file or directory"),
    (("-o", "x", "--csv", "/dev/null"), "/dev/null: no networks in it"),
    (("-o", "x", "--tor", "/nonexistent"), "apt-get install tor-geoipdb"),
    (("--asn", "x", "--location", "/nonexistent"), "apt-get install libloc-database"),
)


@pytest.mark.parametrize("options, message", REGION_ERRORS, ids=lambda value: str(value)[:40])
def test_mkregions_errors_are_one_line(options, message):
    done = tool("mkregions", *options, status=2)
    assert done.stderr.startswith("mkregions: ") and done.stderr.count("\n") == 1
    assert message in done.stderr and not done.stdout


def test_a_missing_location_program_is_named(tmp_path):
    (tmp_path / "location.db").write_text("", encoding="ascii")
    options = ("--asn", tmp_path / "x.mmdb", "--location", tmp_path / "location.db")
    done = tool("mkregions", *options, status=2, PATH=str(tmp_path))
    assert done.stderr == "mkregions: the location tool is missing: apt-get install location\n"


@pytest.mark.parametrize(
    "text, message",
    (
        ("10.0.0.1/8,JP", "10.0.0.1/8: not a network"),
        ("10.0.0.0/33,JP", "not a network"),
        ("10.0.0.0,JP", "not a network"),
        ("10.0.0.0/8,Japan", "country Japan: not two of"),
        ("10.0.0.0/8,JP,AS1", "AS number AS1"),
        ("2002:a00::/24,JP", "an alias of IPv4"),
    ),
)
def test_a_wrong_line_is_named(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(f"network,country\n11.0.0.0/8,JP\n{text}\n", encoding="ascii")
    done = tool("mkregions", "--csv", path, "-o", tmp_path / "x.mmdb", status=2)
    assert done.stderr.startswith(f"mkregions: {path}:3: ") and message in done.stderr
    assert done.stderr.count("\n") == 1 and not (tmp_path / "x.mmdb").exists()


def test_help():
    assert tool("mkregions", "--help").stdout.startswith("usage: mkregions")
