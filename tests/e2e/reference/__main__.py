"""python3 -m reference CAPTURE... [--interval 60|all] [--regions CSV [--systems]] [--sensor NAME]"""

import argparse
import socket
import sys

from . import capture, line, replay
from .region import Regions, Systems


def main():
    parser = argparse.ArgumentParser(prog="reference", description=__doc__)
    parser.add_argument("captures", nargs="+", metavar="CAPTURE")
    parser.add_argument("--interval", default="60", help="seconds, or 'all'")
    parser.add_argument("--regions", metavar="CSV", help="rows of network,country[,asn,organisation]")
    parser.add_argument("--systems", action="store_true", help="count AS numbers, from the same rows")
    parser.add_argument("--sensor", default=socket.gethostname())
    options = parser.parse_args()

    regions = Regions.from_csv(options.regions) if options.regions else Regions()
    asn_of = Systems.from_csv(options.regions).of if options.regions and options.systems else None
    length = replay.ALL if options.interval == replay.ALL else int(options.interval)
    try:
        captures = [capture.read(path) for path in options.captures]
    except capture.Unusable as error:
        print(f"reference: {error}", file=sys.stderr)
        return 2
    for totals in replay.intervals(captures, length, regions.of, asn_of):
        print(line.as_text(totals, options.sensor))
    for path, one in zip(options.captures, captures):
        if one.defect:
            print(f"reference: {path}: {one.defect}", file=sys.stderr)
    return 1 if any(one.defect for one in captures) else 0


sys.exit(main())
