"""What anybody might write into Redis, and what the report must not be broken by."""

import datetime as dt

import report_world as world_of
from report_world import BEGIN, start_of

JUNK = (b"\xff\xfe", b"a|b\n<script>", b"x" * 300, b'"quoted",comma', b"{line}", b"%s%n", b"-1", b"nan", b"9" * 30, b"\0")
BODIES = (
    b"[1, 2]",
    b'{"ports": [1, "x", -5, 99999999999], "packets": 1e300, "examples": ["1.2.3.4", 5], "asn": -4, "mark": 7}',
    b'{"packets": 9223372036854775807, "source_port": 443, "window": 1, "sequence": 2, "examples": ["10.0.0.1"]}',
)


def spoil(client):
    """What anybody might write into Redis, at places that the report reads."""
    quarter, day = start_of(BEGIN), start_of(dt.date(2022, 8, 10))
    for junk in JUNK:
        for key in ("port", "region", "region_port"):
            client.zadd(f"nt:{{tokyo-1}}:q:{quarter}:{key}", {junk: 1e300, junk[:2] + b"/tcp": float("inf")})
            client.zadd(f"nt:{{tokyo-1}}:d:{day}:{key}", {junk: 7})
        for key in ("backscatter:JP", "source:NZ"):
            client.zadd(f"nt:{{tokyo-1}}:d:{day}:{key}", {junk: 1e300})
        client.hset(f"nt:{{tokyo-1}}:d:{day}:who", junk, junk)
        client.hset(f"nt:{{tokyo-1}}:d:{day}:unique", "backscatter:region:JP", junk)
        client.hset("nt:{tokyo-1}:org", world_of.ASN + 16, junk)
        client.hset("nt:{lima-1}:info", mapping={"group": junk, "addresses": junk, "geo_build": junk})
        for kind in (b"dos", b"fixed_tool", b"scanner", junk):
            for body in (junk, *BODIES):
                fields = {"type": kind, "start": day, "end": junk, "region": "NZ", "source": junk, "body": body}
                client.xadd("nt:{tokyo-1}:events", fields)
    client.set(f"nt:{{tokyo-1}}:d:{day + 86400}:port", "no set")
