"""tools/bench-replay: its capture is what it says, and both programs are measured."""

import re
import subprocess
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools/bench-replay"
FRAMES = 3000


def test_measures_both(program, run, country_mmdb, tmp_path):
    capture = tmp_path / "made.pcap"
    command = [TOOL, "--program", program, "--country", country_mmdb, "--keep", capture]
    command += ["--frames", str(FRAMES), "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for place in ("any CPU", "one CPU"):
        for name in ("tcpdump -w /dev/null", "replay", "replay --country"):
            assert re.search(rf"^{place} +{re.escape(name)} +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$", done.stdout, re.M)
    (line,) = run("replay", capture).lines
    assert line["frames"] == line["class"]["ipv4"] == FRAMES
    assert line["bytes"] == 60 * FRAMES
    assert not line["malformed"] and not line["truncated"]
