"""Source address -> region and AS, by longest prefix, from a CSV table of `network,country[,asn,organisation]`.

The answers are those of a MaxMind DB made from the same table with IPv4 aliases: IPv4 lives in
::/96, and ::ffff:0:0/96, 2002::/16 (6to4) and 2001::/32 (Teredo, by its server's address) lead to
the same data.
"""

import csv
import ipaddress
import re

ALIASES = tuple(ipaddress.ip_network(text) for text in ("::ffff:0:0/96", "2002::/16", "2001::/32"))


class Networks:
    """What a database says of addresses. `ipv6` and `aliases` say whether it holds IPv6, and the IPv4 aliases in it."""

    UNKNOWN = None  # the answer where it says nothing

    def __init__(self, rows=(), ipv6=True, aliases=True):
        """`rows`: networks as text, and what is said of each."""
        self._ipv6, self._aliases = ipv6, aliases
        self._by_length = [{} for _ in range(129)]
        for network, value in rows:
            if value != self.UNKNOWN:  # such a network is left out
                self._insert(ipaddress.ip_network(network), value)
        self._lengths = [length for length in range(128, -1, -1) if self._by_length[length]]
        self._known = {}

    def _insert(self, network, value):
        length = network.prefixlen + (96 if network.version == 4 else 0)
        self._by_length[length][int(network.network_address) >> (128 - length)] = value

    def of(self, source):
        """The answer for a source address given as 4 or 16 bytes."""
        if source not in self._known:
            self._known[source] = self._look_up(source)
        return self._known[source]

    def _look_up(self, source):
        address = int.from_bytes(source, "big")
        if len(source) == 16:
            if not self._ipv6:
                return self.UNKNOWN
            if self._aliases:
                address = _without_alias(address)
        for length in self._lengths:
            value = self._by_length[length].get(address >> (128 - length))
            if value is not None:
                return value
        return self.UNKNOWN


class Regions(Networks):
    """Region of an address. Without any rows it answers UNKNOWN everywhere, as without a database."""

    UNKNOWN = "--"

    def __init__(self, rows=(), **form):
        super().__init__(((network, country or self.UNKNOWN) for network, country in rows), **form)

    @classmethod
    def from_csv(cls, path, **form):
        return cls((row[:2] for row in table(path)), **form)

    def _look_up(self, source):
        country = super()._look_up(source)
        return country if re.fullmatch("[A-Z0-9]{2}", country) else self.UNKNOWN


class Systems(Networks):
    """AS number of an address, 0 where there is none."""

    UNKNOWN = 0

    def __init__(self, rows=(), **form):
        """`rows`: network, number, organisation."""
        rows = list(rows)
        super().__init__(((network, int(number or 0)) for network, number, _ in rows), **form)
        self.names = {int(number): name for _, number, name in rows if number and name}

    @classmethod
    def from_csv(cls, path, **form):
        rows = ((*row, "", "", "")[:4] for row in table(path))
        return cls(((network, number, name) for network, _, number, name in rows), **form)


def table(path):
    """The rows of a CSV file, less heading and comments."""
    with open(path, newline="", encoding="utf-8") as file:
        return [row for row in csv.reader(file) if row and row[0] != "network" and row[0][0] != "#"]


def _without_alias(address):
    for alias in ALIASES:
        if ipaddress.IPv6Address(address) in alias:
            return address >> (96 - alias.prefixlen) & 0xFFFFFFFF
    return address
