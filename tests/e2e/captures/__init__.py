"""Captures for the tests, built on the spot: nothing is stored.

`registry.cases()` lists them all; each module beside it adds its own when it is imported.
"""

from . import broken, cuts, fields, formats, fragments, fuzz, ipv6, links, sources, times  # noqa: F401
from . import senders, signatures, unique  # noqa: F401
from .registry import Case, cases

__all__ = ["Case", "cases"]
