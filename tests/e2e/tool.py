"""Running the project's tools, and what tests of more than one of them want."""

import os
import subprocess
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "tools"
TIMEOUT_S = 60


def tool(name, *arguments, status=0, **environment):
    done = subprocess.run(
        [TOOLS / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == status, done.stderr
    return done


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    return done.stdout


def lookup(database, address, *path):
    """The value at path, or None."""
    command = ("mmdblookup", "--file", str(database), "--ip", address, *path)
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        return None
    value = done.stdout.split("<")[0].strip()
    return value.strip('"')
