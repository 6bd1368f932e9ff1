"""What config/redis-schema.md says, as values: its keys, its fields, its lines for redis-cli, the rights of a reader;
and what lib/redis/schema.c says."""

import re
import shlex
from dataclasses import dataclass

from conftest import ROOT

TEXT = (ROOT / "config/redis-schema.md").read_text(encoding="utf-8")
TYPES = {"set": "set", "hash": "hash", "stream": "stream", "sorted set": "zset", "string": "string"}

# What stands for what in the table of keys.
PLACES = {
    "{S}": r"\{[A-Za-z0-9._-]{1,64}\}",
    "BUCKET": r"[mhdq]:-?\d+",
    "START": r"-?\d+",
    ":CC": r":(?:--|[A-Z0-9]{2})",
    ":X": r":[A-Za-z0-9._-]{1,64}",
    ":K": r":\d{1,3}",
    "NAME": r".+",
}


@dataclass
class Key:
    pattern: str  # as written
    kind: str  # as Redis calls the type
    buckets: str  # "hdq"

    @property
    def regex(self):
        parts = re.split("(" + "|".join(map(re.escape, PLACES)) + r")(?![a-z])", self.pattern)
        return re.compile("".join(PLACES.get(part, re.escape(part)) for part in parts))

    def covers(self, key):
        bucket = re.match(r"nt:\{[^}]*\}:([mhdq]):-?\d+:", key)
        in_bucket = (bucket[1] in self.buckets) if bucket else not self.buckets
        return in_bucket and bool(self.regex.fullmatch(key))


def section(title):
    """The text below a heading, up to the next of its level or above."""
    level = re.match("#+", title)[0]
    found = re.search(rf"^{re.escape(title)}$\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", TEXT, re.M | re.S)
    assert found, f"config/redis-schema.md has no section {title}"
    return found[1]


def table_rows(text):
    """The cells of all tables in a text, without headers."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and not re.fullmatch("-+", cells[0]):
            yield cells


def key_rows():
    """The rows of the table "All keys", each as a list of keys that are alike."""
    for cells in table_rows(section("## All keys")):
        if cells[0] != "key":
            names = re.findall(r"`([^`]+)`", cells[0])
            yield [Key(name, TYPES[cells[1]], cells[2].replace(" ", "")) for name in names]


def keys():
    return [one for row in key_rows() for one in row]


def described(key):
    """The rows of the table that a key belongs to."""
    return [one for one in keys() if one.covers(key)]


def names_in(text):
    """Everything in backquotes."""
    return {word for quoted in re.findall(r"`([^`]+)`", text) for word in quoted.split()}


def fields(title):
    """The first cells of a section's tables: `class.ipv4` `.ipv6` are class.ipv4 and class.ipv6."""
    found = set()
    for cells in table_rows(section(title)):
        stem = ""
        for name in re.findall(r"`([^`]+)`", cells[0]):
            if name.startswith("."):
                name = stem + name
            else:
                stem = name.rsplit(".", 1)[0]
            found.add(name)
    return found


def live_fields():
    lines = [line for line in section("### `nt:{S}:live`, stream").splitlines() if line.startswith("`frames ")]
    assert len(lines) == 1
    return lines[0].strip("`").split()


def reader_rights():
    """The rule for a user who only reads."""
    found = re.search(r"(?:%R)?~nt:\*[^`\n]*\+@read[^`\n]*", TEXT)
    assert found, "config/redis-schema.md says nothing of a reader's rights"
    return found[0].split()


def cli_lines():
    """Every line for redis-cli, as the arguments after it; a backslash at the end goes on."""
    for line in re.sub(r"\\\n\s*", "", TEXT).splitlines():
        if re.match(r"\s+redis-cli ", line):
            yield shlex.split(line.strip(), comments=True)[1:]


def engine_keys():
    """Names and bucket letters of nt_redis_key_row[]."""
    source = (ROOT / "lib/redis/schema.c").read_text(encoding="utf-8")
    body = source[source.index("nt_redis_key_row[NT_REDIS_KEYS] = {") :]
    body = body[: body.index("\n};")]
    return re.findall(r'\[NT_RKEY_\w+\]\s*=\s*(?:\{\s*\.name\s*=\s*|[A-Z_]+\(\s*)"([^"]+)"', body)


def engine_key_count():
    header = (ROOT / "lib/redis/schema.h").read_text(encoding="utf-8")
    body = header[header.index("enum nt_redis_key {") :]
    return len(re.findall(r"^\tNT_RKEY_\w+", body[: body.index("};")], re.M))
