"""What must be in Redis, added up from the JSON lines of the same run by other means than the program's."""

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone

# Members kept in a closed bucket; None: all. Everything else as "other".
KEPT = {
    "m": {"other": 128},
    "h": {"other": 128},
    "d": {"port": 512, "region_port": 512, "asn": 512, "region": None, "other": 128},
    "q": {"region": None, "other": 4096},
}

# The same once a bucket is old: what began so long before the newest bucket of its kind, counted in whole buckets.
KEPT_OLD = {
    "h": {"other": 32},
    "d": {"region_port": 256, "region": None, "other": 128},
    "q": {"region": None, "other": 256},
}
OLD_S = {"h": 7 * 86400, "d": 7 * 86400, "q": 100 * 86400}

SETS = ("port", "region", "flags", "window", "icmp", "icmp6", "proto", "region_port", "asn")

DAY_S = 86400
LIFETIME_S = {"m": 2 * DAY_S, "h": 130 * DAY_S, "d": 400 * DAY_S, "q": 1830 * DAY_S}


def lifetime_s(bucket, name):
    """How long a key of a bucket lives."""
    if name in ("hll", "few", "hll_names") and bucket == "h":
        return 7 * DAY_S
    if name in ("hll", "few", "hll_names", "source", "backscatter", "backscatter_port", "who", "names") and bucket == "d":
        return 130 * DAY_S
    return LIFETIME_S[bucket]


def bucket_span(kind, line, day_offset_h=0):
    """Start and end of the bucket that an interval belongs to."""
    if kind == "m":
        return line["start"], line["end"]
    zone = timezone(timedelta(hours=day_offset_h))
    at = datetime.fromtimestamp(line["start"], zone).replace(minute=0, second=0)
    if kind == "h":
        return int(at.timestamp()), int(at.timestamp()) + 3600
    at = at.replace(hour=0)
    if kind == "d":
        return int(at.timestamp()), int(at.timestamp()) + DAY_S
    first = at.replace(month=(at.month - 1) // 3 * 3 + 1, day=1)
    following = first.replace(year=first.year + first.month // 10, month=(first.month + 2) % 12 + 1)
    return int(first.timestamp()), int(following.timestamp())


def members(line):
    """{set: {member: packets}} of one JSON line, with the members as they stand in Redis."""
    sets = defaultdict(Counter)
    for name, suffix in (("tcp_port", "/tcp"), ("udp_port", "/udp")):
        sets["port"].update({port + suffix: count for port, count in line[name].items()})
    for name, key in (
        ("region", "region"),
        ("tcp_flags", "flags"),
        ("tcp_window", "window"),
        ("icmp", "icmp"),
        ("icmp6", "icmp6"),
        ("ip_proto", "proto"),
        ("asn", "asn"),
    ):
        sets[key].update(line[name])
    for region, ports in line["region_port"].items():
        sets["region_port"].update({f"{region}:{port}": count for port, count in ports.items()})
    return sets


def totals(line):
    """The fields of `totals` that one JSON line adds to."""
    sums = Counter(intervals=1, frames=line["frames"], bytes=line["bytes"], late=line["late"])
    sums["partial"] = int(line.get("partial", False))
    for group in ("class", "malformed", "truncated", "no_l4", "loss", "overflow"):
        for name, count in line.get(group, {}).items():
            if count is None:
                sums[f"{group}.{name}_unknown"] = 1
            else:
                sums[f"{group}.{name}"] = count
    sums.update({f"backscatter.{name}": count for name, count in line["backscatter"]["packets"].items()})
    return sums


def scanners_told(server, sensor, day_offset_h=0):
    """The fields of a day's `totals` that count scanners, from the events in Redis: {start of the day: fields}."""
    days, events = defaultdict(Counter), server.client.xrange(f"nt:{{{sensor}}}:events")
    assert len(events) < 19_000, "the stream may have let go of some"
    for _, event in events:
        if event["type"] == "scanner":
            name = "known" if json.loads(event["body"])["known"] else "others"
            days[bucket_span("d", {"start": int(event["start"])}, day_offset_h)[0]][f"scanners.{name}"] += 1
    return days


def is_old(kind, line, newest, day_offset_h=0):
    """True if the bucket of `line` was cut once more because it is old."""
    if kind not in OLD_S:
        return False
    at = bucket_span(kind, newest, day_offset_h)[0] - OLD_S[kind]
    return bucket_span(kind, line, day_offset_h)[1] <= bucket_span(kind, {"start": at}, day_offset_h)[0]


class Bucket:
    def __init__(self, span):
        self.start, self.end = span
        self.totals, self.sets = Counter(), defaultdict(Counter)


class Model:
    def __init__(self, lines, day_offset_h=0):
        self.buckets = {}
        self.last = max(lines, key=lambda line: line["start"])
        self.offset = day_offset_h
        for line in lines:
            for kind in "mhdq":
                self._add(kind, line)

    def _add(self, kind, line):
        span = bucket_span(kind, line, self.offset)
        bucket = self.buckets.setdefault((kind, span[0]), Bucket(span))
        bucket.totals += totals(line)
        for name, counts in members(line).items():
            bucket.sets[name] += counts

    def differences(self, server, sensor, nibbled=False):
        """Lines that say what is not as it must be; `nibbled`: members of cut sets may have lost packets."""
        scanners = scanners_told(server, sensor, self.offset)
        for (kind, start), bucket in self.buckets.items():
            prefix = f"nt:{{{sensor}}}:{kind}:{start}"
            bucket.totals.update(scanners.pop(start, {}) if kind == "d" else {})
            found = Counter(server.numbers(f"{prefix}:totals"))
            rest = {name[5:]: found.pop(name) for name in list(found) if name.startswith("rest.")}
            geo = {found.pop(f"geo_build.{end}", 0) for end in ("oldest", "newest")}
            if geo != {int(server.client.hget(f"nt:{{{sensor}}}:info", "geo_build") or 0)}:
                yield f"{prefix}:totals: counted with region databases of {geo}"
            cut_open = [name for name in list(found) if name.startswith("cut_open.")]
            if sum(found.pop(name) for name in cut_open) != bucket.totals["intervals"]:
                yield f"{prefix}:totals: no open set was too large, {cut_open}"
            found.pop("reopened", None)
            if +found != +bucket.totals:
                yield f"{prefix}:totals: {+found}, not {+bucket.totals}"
            closed = start < bucket_span(kind, self.last, self.offset)[0] or kind == "m"
            bounds = (KEPT_OLD if is_old(kind, {"start": start}, self.last, self.offset) else KEPT)[kind]
            for name in SETS:
                kept = bounds.get(name, bounds["other"]) if closed else None
                yield from self._set(server, f"{prefix}:{name}", bucket.sets[name], kept, rest.get(name, 0), nibbled)
            if kind == "q":
                yield from self._port_all(server, f"{prefix}:port_all", bucket.sets["port"])
        if scanners:
            yield f"scanners of days without an interval: {dict(scanners)}"

    @staticmethod
    def _set(server, key, expected, kept, rest, nibbled):
        found = server.numbers(key)
        if len(found) != min(len(expected), kept or len(expected)):
            yield f"{key}: {len(found)} members of {len(expected)}, bound {kept}"
        if sum(found.values()) + rest != sum(expected.values()):
            yield f"{key}: {sum(found.values())} and {rest} in rest, not {sum(expected.values())}"
        wrong = {m: n for m, n in found.items() if n != expected[m] and not (nibbled and rest and n < expected[m])}
        if wrong:
            yield f"{key}: {wrong}"
        missing = [count for member, count in expected.items() if member not in found]
        if missing and not nibbled and max(missing) > min(found.values()):
            yield f"{key}: a heavier member was cut"

    @staticmethod
    def _port_all(server, prefix, expected):
        found = {}
        for transport in ("tcp", "udp"):
            for k in range(128):
                for port, count in server.numbers(f"{prefix}:{transport}:{k}").items():
                    if int(port) // 512 != k:
                        yield f"{prefix}:{transport}:{k}: port {port}"
                    found[f"{port}/{transport}"] = count
        if found != expected:
            yield f"{prefix}: {len(found)} ports, not {len(expected)}, or other numbers"
