"""Source address -> region, by longest prefix, from a CSV table of `network,country`.

The answers are those of a MaxMind DB made from the same table with IPv4 aliases: IPv4 lives in
::/96, and ::ffff:0:0/96, 2002::/16 (6to4) and 2001::/32 (Teredo, by its server's address) lead to
the same data.
"""

import csv
import ipaddress
import re

UNKNOWN = "--"
ALIASES = tuple(ipaddress.ip_network(text) for text in ("::ffff:0:0/96", "2002::/16", "2001::/32"))


class Regions:
    """Without any rows it answers UNKNOWN everywhere, as without a database. `ipv6` and `aliases`
    say whether the database holds IPv6, and the IPv4 aliases in it."""

    def __init__(self, rows=(), ipv6=True, aliases=True):
        self._ipv6, self._aliases = ipv6, aliases
        self._by_length = [{} for _ in range(129)]
        for network, country in rows:
            if country not in ("", UNKNOWN):  # such a network is left out
                self._insert(ipaddress.ip_network(network), country)
        self._lengths = [length for length in range(128, -1, -1) if self._by_length[length]]
        self._known = {}

    @classmethod
    def from_csv(cls, path, **form):
        with open(path, newline="", encoding="ascii") as file:
            rows = [row[:2] for row in csv.reader(file) if row and row[0] != "network" and row[0][0] != "#"]
        return cls(rows, **form)

    def _insert(self, network, country):
        length = network.prefixlen + (96 if network.version == 4 else 0)
        self._by_length[length][int(network.network_address) >> (128 - length)] = country

    def of(self, source):
        """The region of a source address given as 4 or 16 bytes."""
        if source not in self._known:
            self._known[source] = self._look_up(source)
        return self._known[source]

    def _look_up(self, source):
        address = int.from_bytes(source, "big")
        if len(source) == 16:
            if not self._ipv6:
                return UNKNOWN
            if self._aliases:
                address = _without_alias(address)
        for length in self._lengths:
            country = self._by_length[length].get(address >> (128 - length))
            if country is not None:
                return country if re.fullmatch("[A-Z0-9]{2}", country) else UNKNOWN
        return UNKNOWN


def _without_alias(address):
    for alias in ALIASES:
        if ipaddress.IPv6Address(address) in alias:
            return address >> (96 - alias.prefixlen) & 0xFFFFFFFF
    return address
