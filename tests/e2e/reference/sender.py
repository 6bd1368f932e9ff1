"""What one source of backscatter sent in an interval."""

from collections import Counter
from dataclasses import dataclass, field

NS = 1_000_000_000


@dataclass
class Sender:
    classes: Counter = field(default_factory=Counter)
    targets: set = field(default_factory=set)
    first_ns: int | None = None
    last_ns: int | None = None
    ports: set = field(default_factory=set)  # source ports
    port: int | None = None  # of the earliest packet that has one; of equally early ones the first counted
    port_ns: int | None = None

    def add(self, one, at_ns):
        """Adds a packet of backscatter."""
        self.classes[one.backscatter()] += 1
        self.targets.add(one.target)
        self.first_ns = at_ns if self.first_ns is None else min(self.first_ns, at_ns)
        self.last_ns = at_ns if self.last_ns is None else max(self.last_ns, at_ns)
        if one.source_port is None:
            return
        self.ports.add(one.source_port)
        if self.port_ns is None or at_ns < self.port_ns:
            self.port, self.port_ns = one.source_port, at_ns

    @property
    def packets(self):
        return self.classes.total()

    @property
    def first(self):
        return self.first_ns // NS

    @property
    def last(self):
        return self.last_ns // NS
