"""tools/check-instructions: reading callgrind's dumps, and when a change is one too many."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest
from tool import TOOLS


@pytest.fixture(scope="module")
def check():
    loader = SourceFileLoader("check_instructions", str(TOOLS / "check-instructions"))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def counts(instructions, lines=0):
    return {"instructions": instructions, "lines": lines}


# As callgrind writes it: names once, then their numbers; relative lines; no zeros at the end; the cost of a call apart.
DUMP = """\
version: 1
desc: Trigger: Client Request: telescope
positions: line
events: Ir Dr DLmr DLmw

ob=(1) /build/path_instructions
fl=(1) ../lib/tally/burst.c
fn=(1) nt_tally_burst
10 100 9 2 1
fi=(2) ../lib/base/mix.h
+3 50
fe=(1)
-1 7 1
cfi=(3) ../lib/tally/pair.c
cfn=(2) nt_pairs_note'2
calls=5 20
12 999 99 99 99
* 3
fl=(3)
fn=(2)
20 40 5 4

ob=(2) /usr/lib/librte_fib.so.23
fl=(4) ???
fn=(3) 0x0000000000001234
0 11 0 0 6
totals: 211 15 6 7
"""


def test_parts_of_a_dump(check):
    assert check.parse_dump(DUMP.splitlines()) == {
        "burst.c:nt_tally_burst": counts(110, 3),
        "mix.h:nt_tally_burst": counts(50),
        "pair.c:nt_pairs_note": counts(40, 4),
        "librte_fib.so.23:???": counts(11, 6),
    }


def test_what_is_written_is_read(check, tmp_path):
    path = tmp_path / "instructions.txt"
    telescope = {"a.c:f": counts(100, 1.5), "b.c:g": counts(20.04, 0), "c.c:h": counts(0.2, 0.01), "c.c:i": counts(0.1)}
    check.write(path, "gcc 12.2.0", 2.5, {"telescope": telescope, "flood": {"a.c:f": counts(300, 5)}})
    kept = check.read(path)
    assert kept.compiler == "gcc 12.2.0" and kept.range == 2.5
    assert kept.total == {"telescope": counts(120.3, 1.51), "flood": counts(300, 5)}
    assert kept.parts["telescope"] == {
        "a.c:f": counts(100, 1.5),
        "b.c:g": counts(20),
        "others": counts(0.3, 0.01),
    }


@pytest.mark.parametrize("now, well", [(100, True), (102.9, True), (97.1, True), (103.1, False), (96.9, False)])
@pytest.mark.parametrize("kind", ["instructions", "lines"])
def test_three_per_cent(check, kind, now, well):
    before = {"a.c:f": counts(60, 60), "a.c:g": counts(40, 40)}
    kept = check.Kept()
    kept.total["flood"], kept.parts["flood"] = counts(100, 100), before
    after = {"a.c:f": counts(60, 60), "a.c:g": counts(40, 40) | {kind: now - 60}}
    lines, found_well = check.compare(kept, {"flood": after})
    assert found_well == well
    assert any("a.c:g: 40.00 ->" in line for line in lines) != well
    assert sum("not within" in line for line in lines) == (not well)
    assert not any("a.c:f" in line for line in lines)


def test_a_workload_that_is_missing(check):
    found = {"flood": {"f": counts(1, 1)}}
    kept = check.Kept()
    assert not check.compare(kept, found)[1]
    kept.total |= {"flood": counts(1, 1), "telescope": counts(1, 1)}
    assert not check.compare(kept, found)[1]
    kept.total.pop("telescope")
    assert check.compare(kept, found)[1]


@pytest.mark.parametrize("line", ["telescope many few", "telescope 12", "range x", "telescope 1 2 3"])
def test_a_broken_file(check, tmp_path, line):
    path = tmp_path / "instructions.txt"
    path.write_text(f"compiler gcc 12\n{line}\n")
    with pytest.raises(SystemExit, match="instructions.txt:2: not a name and instructions and lines"):
        check.read(path)
