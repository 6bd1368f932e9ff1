"""config/redis-schema.md against a Redis that is filled by replays: every line for redis-cli answers, every key is
described, and figures that are made by its recipes are those of the packets.

    NEEDLETAIL=build/app/needletail/needletail /usr/bin/python3 -m pytest tests/e2e/test_schema_doc.py

Lines are run as they stand, by the real redis-cli, as the user whose rights the document gives to readers. Only these
are replaced: options for connecting, by the test's own; a START that the test's Redis does not have, by one that it has
of the same kind; addresses and AS numbers of the examples, by those of an attacker of the test.
"""

import re
import shutil
import subprocess
from collections import Counter, defaultdict

import pytest

redis = pytest.importorskip("redis")
if not shutil.which("redis-server") or not shutil.which("redis-cli"):
    pytest.skip("no redis-server or no redis-cli", allow_module_level=True)

import schema_doc as doc
from filled import ATTACKED, DAY_S, DAYS, HOUR_S, HOURS, QUARTERS, SENDER6, SENSORS

CLI_TIMEOUT_S = 20
HOURS_S = [day + hour * HOUR_S for day in DAYS for hour in HOURS]
STARTS = {"m": HOURS_S, "h": HOURS_S, "d": DAYS, "q": QUARTERS}
CLOSED = {"m": HOURS_S[5], "h": HOURS_S[5], "d": DAYS[1], "q": QUARTERS[0]}
EXAMPLES = {"203.0.113.9": ATTACKED, "2001:db8::1": SENDER6, "2907": "64501"}
CONNECTING = {"-h": 1, "-p": 1, "-s": 1, "-u": 1, "--user": 1, "--pass": 1, "--cacert": 1, "--tls": 0, "--askpass": 0}
ADMINISTERING = {"ACL", "CONFIG"}
COUNTED_FROM_0 = {"ZREVRANK", "ZRANK"}
LINES = list(doc.cli_lines())


def of_the_test(words):
    """A line's words with what the test replaces."""
    words = list(words)
    while words[0] in CONNECTING:
        del words[: 1 + CONNECTING[words[0]]]

    def start(match):
        known = int(match[2]) in STARTS[match[1]]
        return f":{match[1]}:{match[2] if known else CLOSED[match[1]]}:"

    return [re.sub(r":([mhdq]):(\d+):", start, EXAMPLES.get(word, word)) for word in words]


class Cli:
    """The real redis-cli, as a reader, or as the user who may all."""

    def __init__(self, server):
        self.server = server
        server.client.execute_command("ACL", "SETUSER", "reader", "on", ">secret", *doc.reader_rights())

    def start(self, words):
        who = [] if words[0].upper() in ADMINISTERING else ["--user", "reader", "--pass", "secret", "--no-auth-warning"]
        command = ["redis-cli", "-s", self.server.socket, *who, *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def __call__(self, *words):
        """The lines of the answer."""
        with self.start([str(word) for word in words]) as process:
            answer, _ = process.communicate(timeout=CLI_TIMEOUT_S)
        assert process.returncode == 0, answer
        assert not re.match(r"[A-Z]+ |\(error\)|Could not connect", answer), (words, answer)
        return answer.removesuffix("\n").split("\n")

    def numbers(self, *words):
        """An answer of names and numbers in turn."""
        answer = self(*words)
        return {name: int(number) for name, number in zip(answer[::2], answer[1::2], strict=True)}

    def number(self, *words):
        (answer,) = self(*words)
        return int(answer or 0)


@pytest.fixture(scope="module")
def cli(filled):
    return Cli(filled.server)


def test_there_are_lines():
    assert len(LINES) > 40
    assert len({words[0] for words in LINES}) > 15


@pytest.mark.parametrize("words", [line for line in LINES if "BLOCK" not in line], ids=" ".join)
def test_line_answers(cli, words):
    words = of_the_test(words)
    answer = cli(*words)
    assert any(answer), "an empty answer"
    if words[0] not in COUNTED_FROM_0 and len(answer) == 1:
        assert answer[0] != "0"
    if words[0] == "ZMSCORE" or words[0] == "HMGET" and not words[1].endswith(":totals"):
        assert all(answer), answer


@pytest.mark.parametrize("words", [line for line in LINES if "BLOCK" in line], ids=" ".join)
def test_waiting_line_answers(cli, words):
    key = words[words.index("STREAMS") + 1]
    newest = cli.server.client.xinfo_stream(key)["last-generated-id"]
    with cli.start(of_the_test(words)) as process:
        while not cli.server.client.info("clients")["blocked_clients"]:
            assert process.poll() is None, process.stdout.read()
        added = cli.server.client.xadd(key, {"frames": 1}, id=f"{int(newest.split('-')[0]) + 1}-0")
        answer, _ = process.communicate(timeout=CLI_TIMEOUT_S)
    cli.server.client.xdel(key, added)
    assert answer.split() == [key, added, "frames", "1"]


# ---- every key ----


def test_each_key_is_described_once(filled):
    client = filled.server.client
    keys = sorted(client.scan_iter("*", count=1000))
    assert len(keys) > 3000
    wrong = {}
    for key in keys:
        rows = doc.described(key)
        if len(rows) != 1 or rows[0].kind != client.type(key):
            wrong[key] = rows
    assert not wrong


def test_each_key_that_is_described_is_there(filled):
    keys = list(filled.server.client.scan_iter("*", count=1000))
    for row in doc.keys():
        for bucket in row.buckets or [None]:
            with_bucket = [key for key in keys if row.covers(key) and (not bucket or f":{bucket}:" in key)]
            assert with_bucket, (row, bucket)


def test_the_programs_keys_are_described():
    """All of nt_redis_key_row[]; scratch is told of in a sentence, as it is gone when anyone looks."""
    names = doc.engine_keys()
    assert len(names) == doc.engine_key_count() and len(set(names)) == len(names)
    patterns = [row.pattern for row in doc.keys()]
    for name in names:
        if name == "scratch":
            assert "`nt:{S}:scratch`" in doc.TEXT
            continue
        key = name if name.startswith("nt:") else f":{name}"
        assert any(pattern.endswith(key) or f"{key}:" in pattern for pattern in patterns), name


def test_each_row_of_keys_has_a_line():
    for row in doc.key_rows():
        assert any(one.covers(word) for one in row for words in LINES for word in words), row


def test_fields_are_described(filled):
    client = filled.server.client
    totals, info = doc.fields("### `nt:{S}:BUCKET:totals`, hash, in m, h, d, q"), doc.fields("### `nt:{S}:info`, hash")
    totals = [re.sub("<.*>", ".+", name.replace(".", r"\.")) for name in totals]
    for sensor in SENSORS:
        assert client.hgetall(f"nt:{{{sensor}}}:info").keys() <= info
        for day in DAYS:
            for name in client.hgetall(f"nt:{{{sensor}}}:d:{day}:totals"):
                assert any(re.fullmatch(pattern, name) for pattern in totals), name
        for _, entry in client.xrange(f"nt:{{{sensor}}}:live"):
            assert list(entry) == doc.live_fields()
        for _, event in client.xrange(f"nt:{{{sensor}}}:events"):
            assert f"`{' '.join(event)}`" in doc.section("### `nt:{S}:events`, stream")


def test_sets_of_all_buckets_are_explained():
    sets = {row.pattern.rsplit(":", 1)[1] for row in doc.keys() if row.buckets == "mhdq" and row.kind == "zset"}
    assert sets == doc.fields("### `nt:{S}:BUCKET:port` and others, sorted sets, in m, h, d, q")


# ---- figures, by the recipes ----


def key(sensor, bucket, start, name):
    return f"nt:{{{sensor}}}:{bucket}:{start}:{name}"


def ranked(counts):
    return sorted(counts, key=lambda name: (-counts[name], name))


def near(found, expected):
    """Of HyperLogLogs."""
    assert abs(found - expected) <= max(1, 0.033 * expected), (found, expected)


@pytest.mark.parametrize("sensor", SENSORS)
def test_top_ports_of_a_quarter_with_ranks_in_the_one_before(cli, filled, sensor):
    truth = filled.truth[sensor].ports
    before, now = (
        sum((truth[day] for day in DAYS if (day < QUARTERS[1]) == past), Counter()) for past in (True, False)
    )
    found = cli.numbers("ZRANGE", key(sensor, "q", QUARTERS[1], "port"), 0, 4, "REV", "WITHSCORES")
    assert sorted(found.values()) == sorted(now.values())[-5:] and found.items() <= now.items()
    for port in found:
        rank = cli.number("ZREVRANK", key(sensor, "q", QUARTERS[0], "port"), port)
        assert sum(count > before[port] for count in before.values()) <= rank
        assert rank < sum(count >= before[port] for count in before.values())
    exact = cli.numbers("HGETALL", key(sensor, "q", QUARTERS[0], "port_all:tcp:0"))
    assert exact == {name[:-4]: n for name, n in before.items() if name.endswith("/tcp") and int(name[:-4]) < 512}


def test_ports_of_two_sensors_together(cli, filled):
    day, two = DAYS[2], ("tokyo-1", "osaka-1")
    sets = [key(sensor, "d", day, "port") for sensor in two]
    expected = filled.truth[two[0]].ports[day] + filled.truth[two[1]].ports[day]
    assert cli.numbers("ZUNION", 2, *sets, "WITHSCORES") == expected


@pytest.mark.parametrize("sensor", SENSORS)
def test_days_of_ports_and_of_a_region_at_a_port(cli, filled, sensor):
    truth, ports = filled.truth[sensor], ("445/tcp", "23/tcp", "53/udp")
    for day in DAYS:
        found = cli("ZMSCORE", key(sensor, "d", day, "port"), *ports)
        assert [int(number) for number in found] == [truth.ports[day][port] for port in ports]
        pair = cli.number("ZSCORE", key(sensor, "d", day, "region_port"), "JP:445/tcp")
        assert pair == truth.pairs[day]["JP", "445/tcp"]


def test_cut_ports_are_bounded_by_the_rest(cli, filled):
    """More ports than a closed day keeps: what is missing had no more than the lightest, and the rest has all of it."""
    truth = filled.truth["tokyo-1"].ports[DAYS[1]]
    found = cli.numbers("ZRANGE", key("tokyo-1", "d", DAYS[1], "port"), 0, -1, "WITHSCORES")
    rest = cli.number("HGET", key("tokyo-1", "d", DAYS[1], "totals"), "rest.port")
    missing = {port: count for port, count in truth.items() if port not in found}
    assert missing and found.items() <= truth.items()
    assert sum(missing.values()) == rest and max(missing.values()) <= min(found.values())


def test_shares_of_ports_in_a_region_and_elsewhere(cli, filled):
    sensor, quarter, region, port = "tokyo-1", QUARTERS[1], "RU", "22/tcp"
    scanned = cli("ZSCAN", key(sensor, "q", quarter, "region_port"), 0, "MATCH", f"{region}:*", "COUNT", 10000)
    assert scanned[0] == "0"
    pair = int(dict(zip(scanned[1::2], scanned[2::2], strict=True))[f"{region}:{port}"])
    regions = cli.numbers("ZRANGE", key(sensor, "q", quarter, "region"), 0, -1, "WITHSCORES")
    of_port = cli.number("ZSCORE", key(sensor, "q", quarter, "port"), port)
    truth, days = filled.truth[sensor], [day for day in DAYS if day >= quarter]
    inside = [sum(truth.pairs[day][region, port] for day in days), sum(truth.regions[day][region] for day in days)]
    all_in = [sum(truth.ports[day][port] for day in days), sum(sum(truth.regions[day].values()) for day in days)]
    assert pair / regions[region] == inside[0] / inside[1]
    elsewhere = (of_port - pair) / (sum(regions.values()) - regions[region])
    assert elsewhere == (all_in[0] - inside[0]) / (all_in[1] - inside[1])


@pytest.mark.parametrize("sensor", SENSORS)
def test_sources_by_window_and_senders_of_backscatter_per_day(cli, filled, sensor):
    truth = filled.truth[sensor]
    for day in DAYS[:-1]:
        for region in ("JP", "RU"):
            names = f"sig:smb-8192:region:{region}", f"backscatter:region:{region}"
            windows, senders = map(int, cli("HMGET", key(sensor, "d", day, "unique"), *names))
            near(windows, len(truth.smb[day][region]))
            near(senders, len(truth.senders[day][region]))
    windows, senders = map(int, cli("ZMSCORE", key(sensor, "d", DAYS[-1], "hll_names"), *names))  # still open
    near(windows, len(truth.smb[DAYS[-1]]["RU"]))
    near(senders, len(truth.senders[DAYS[-1]]["RU"]))


def test_sources_of_days_and_sensors_together(cli, filled):
    wanted = [(sensor, day) for sensor in ("tokyo-1", "osaka-1") for day in DAYS[:3]]
    keys = [key(sensor, "d", day, "hll:sig:smb-8192") for sensor, day in wanted]
    union = set().union(*(found for sensor, day in wanted for found in filled.truth[sensor].smb[day].values()))
    near(cli.number("PFCOUNT", *keys), len(union))


def test_sketches_of_sensors_on_several_nodes(filled):
    """As bytes to a place where they can be together."""
    wanted, union = [f"merge:{{x}}:{sensor}" for sensor in SENSORS], set()
    with redis.Redis(unix_socket_path=str(filled.server.socket)) as raw:
        for sensor, copy in zip(SENSORS, wanted):
            union |= filled.truth[sensor].smb[DAYS[-1]]["JP"]
            content = raw.get(key(sensor, "d", DAYS[-1], "hll:sig:smb-8192:region:JP"))
            assert content.startswith(b"HYLL") and raw.set(copy, content)
        near(raw.pfcount(*wanted), len(union))
        raw.delete(*wanted)


def test_table_of_senders_by_day(cli, filled):
    found, expected = defaultdict(set), defaultdict(set)
    for day in DAYS:
        for address in cli("ZRANGE", key("tokyo-1", "d", day, "backscatter:JP"), 0, -1):
            found[address].add(day)
            (system,) = cli("HMGET", key("tokyo-1", "d", day, "who"), address)
            assert system == "64501"
        for address in filled.truth["tokyo-1"].senders[day]["JP"]:
            expected[address].add(day)
    assert found == expected
    assert cli("HMGET", "nt:{tokyo-1}:org", 64501) == ["Within, with a comma"]
    ports = cli.numbers("ZRANGE", key("tokyo-1", "d", DAYS[1], "backscatter_port:JP"), 0, 0, "REV", "WITHSCORES")
    assert list(ports) == ["443/tcp"] and ports["443/tcp"] >= 240


def test_sources_above_a_threshold(cli):
    above = cli.numbers("ZRANGE", key("tokyo-1", "d", DAYS[1], "backscatter:JP"), 100, "+inf", "BYSCORE", "WITHSCORES")
    assert above.keys() == {ATTACKED} and above[ATTACKED] >= 240


@pytest.mark.parametrize("sensor", SENSORS)
def test_share_of_mirai_in_the_top_ports(cli, filled, sensor):
    truth = filled.truth[sensor]
    for port in ranked(truth.ports[DAYS[0]])[:5]:
        matched = cli.number("HGET", key(sensor, "d", DAYS[0], "sig:mirai"), f"port:{port}")
        assert matched == truth.mirai[DAYS[0]][port]


def test_mean_packets_per_sensor_and_day_by_group(cli, filled):
    sums, expected = defaultdict(list), defaultdict(list)
    for sensor in cli("SMEMBERS", "nt:sensors"):
        group, addresses = cli("HMGET", f"nt:{{{sensor}}}:info", "group", "addresses")
        assert (group, int(addresses)) == SENSORS[sensor]
        for day in range(DAYS[0] - DAY_S, DAYS[-1] + DAY_S, DAY_S):
            if cli.number("EXISTS", key(sensor, "d", day, "totals")):
                sums[group].append(cli.number("HGET", key(sensor, "d", day, "totals"), "frames"))
    for sensor, truth in filled.truth.items():
        expected[SENSORS[sensor][0]] += [truth.frames[day] for day in DAYS]
    assert {group: sorted(days) for group, days in sums.items()} == {g: sorted(days) for g, days in expected.items()}


def test_events_have_what_an_attack_has_in_common(cli):
    for kind, wanted in {
        "dos": ('"ports":[443]', '"classes":["synack"]'),
        "fixed_tool": ('"window":777', '"sequence":4242', '"mark":"sequence"'),
        "scanner": ('"ports":12', '"known":false'),
    }.items():
        answer = cli("XRANGE", "nt:{tokyo-1}:events", DAYS[1] * 1000, (DAYS[1] + 2 * DAY_S) * 1000)
        at = [i for i, word in enumerate(answer) if word == "type" and answer[i + 1] == kind]
        assert any(all(part in answer[i + 11] for part in wanted) for i in at), kind
