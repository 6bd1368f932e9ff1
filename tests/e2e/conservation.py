"""Rule C13: nothing is lost between the layers of the counts."""


def conserves(one):
    """Asserts it of one line."""
    verdicts = {
        reason: one["malformed"].get(reason, 0) + one["truncated"].get(reason, 0)
        for reason in {*one["malformed"], *one["truncated"]}
    }

    def failed(*prefixes):
        return sum(n for reason, n in verdicts.items() if reason.startswith(prefixes) and reason != "ipv6_ext")

    packets = sum(one["ip_proto"].values())
    assert one["frames"] == sum(one["class"].values())
    assert one["class"]["ipv4"] + one["class"]["ipv6"] == packets + failed("ipv4_", "ipv6_")
    for protocol, counts, prefix in (
        ("6", "tcp_port", "tcp_"),
        ("17", "udp_port", "udp_"),
        ("1", "icmp", "icmp_"),
        ("58", "icmp6", "icmp6_"),
    ):
        counted = sum(one[counts].values()) + failed(prefix) + one["no_l4"].get(protocol, 0)
        assert one["ip_proto"].get(protocol, 0) == counted, protocol
    assert sum(one["tcp_port"].values()) == sum(one["tcp_flags"].values()) == sum(one["tcp_window"].values())
    assert sum(one["region"].values()) == packets
    ports = sum(sum(inner.values()) for inner in one["region_port"].values())
    assert ports == sum(one["tcp_port"].values()) + sum(one["udp_port"].values())
    assert one["ip_proto"].get("unresolved", 0) == verdicts.get("ipv6_ext", 0)
