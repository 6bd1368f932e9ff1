#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Turns a Lua script, of one or more files, into a C header with one array, ended by a NUL: embed.py INPUT... OUTPUT NAME.

NAME_sha is its SHA1, by which EVALSHA calls it. Comments, indentation and spaces that nobody needs stay behind, lines keep
their numbers for messages of errors."""
import hashlib
import re
import sys

*sources, header, name = sys.argv[1:]
lines = []
for source in sources:
    with open(source, encoding="ascii") as file:
        lines += file.readlines()
# What follows " -- " is a comment only where no quote comes after it.
lines = [re.sub(r"(^|\s+)--( [^\"']*)?$", "", line.strip()) for line in lines]
lines = ["" if line.startswith("--") else line for line in lines]
# Every second part is a text in quotes.
lines = [
    "'".join(re.sub(r"\s*([=<>~,{}()\[\]+*/]+)\s*", r"\1", part) if i % 2 == 0 else part for i, part in enumerate(line.split("'")))
    for line in lines
]
content = "\n".join(lines).encode() + b"\0"
with open(header, "w", encoding="ascii") as out:
    # An array and no string: ISO C promises no more than 4,095 characters in a literal.
    out.write(f"static const char {name}[] = {{\n")
    for start in range(0, len(content), 16):
        out.write("\t" + " ".join(f"{byte}," for byte in content[start:start + 16]) + "\n")
    out.write("};\n")
    out.write(f'static const char {name}_sha[] = "{hashlib.sha1(content[:-1]).hexdigest()}";\n')
