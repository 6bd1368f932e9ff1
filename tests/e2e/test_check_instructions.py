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


# As callgrind writes it: names once, then their numbers; relative lines; the cost of a call apart from one's own.
DUMP = """\
version: 1
desc: Trigger: Client Request: telescope
positions: line
events: Ir

ob=(1) /build/path_instructions
fl=(1) ../lib/tally/burst.c
fn=(1) nt_tally_burst
10 100
fi=(2) ../lib/base/mix.h
+3 50
fe=(1)
-1 7
cfi=(3) ../lib/tally/pair.c
cfn=(2) nt_pairs_note'2
calls=5 20
12 999
* 3
fl=(3)
fn=(2)
20 40

ob=(2) /usr/lib/librte_fib.so.23
fl=(4) ???
fn=(3) 0x0000000000001234
0 11
totals: 211
"""


def test_parts_of_a_dump(check):
    parts = check.parse_dump(DUMP.splitlines())
    own = {"burst.c:nt_tally_burst": 110, "mix.h:nt_tally_burst": 50, "pair.c:nt_pairs_note": 40}
    assert parts == own | {"librte_fib.so.23:???": 11}


def test_what_is_written_is_read(check, tmp_path):
    path = tmp_path / "instructions.txt"
    found = {"telescope": {"a.c:f": 100.0, "b.c:g": 20.04, "c.c:h": 0.2, "c.c:i": 0.1}, "flood": {"a.c:f": 300.0}}
    check.write(path, "gcc 12.2.0", 2.5, found)
    kept = check.read(path)
    assert kept.compiler == "gcc 12.2.0" and kept.range == 2.5
    assert kept.total == {"telescope": 120.3, "flood": 300.0}
    assert kept.parts["telescope"] == {"a.c:f": 100.0, "b.c:g": 20.0, "others": 0.3}


@pytest.mark.parametrize("now, well", [(100, True), (102.9, True), (97.1, True), (103.1, False), (96.9, False)])
def test_three_per_cent(check, now, well):
    kept = check.Kept()
    kept.total["flood"], kept.parts["flood"] = 100.0, {"a.c:f": 60.0, "a.c:g": 40.0}
    lines, found_well = check.compare(kept, {"flood": {"a.c:f": 60.0, "a.c:g": now - 60}})
    assert found_well == well
    assert any("a.c:g: 40.0 ->" in line for line in lines) != well
    assert not any("a.c:f" in line for line in lines)


def test_a_workload_that_is_missing(check):
    kept = check.Kept()
    assert not check.compare(kept, {"flood": {"f": 1.0}})[1]
    kept.total |= {"flood": 1.0, "telescope": 1.0}
    assert not check.compare(kept, {"flood": {"f": 1.0}})[1]
    kept.total.pop("telescope")
    assert check.compare(kept, {"flood": {"f": 1.0}})[1]


def test_a_broken_file(check, tmp_path):
    path = tmp_path / "instructions.txt"
    path.write_text("compiler gcc 12\ntelescope many\n")
    with pytest.raises(SystemExit, match="instructions.txt:2: no number"):
        check.read(path)
