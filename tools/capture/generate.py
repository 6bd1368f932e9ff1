"""From options to a capture and its truth."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from random import Random
from typing import BinaryIO

from . import parts as table
from . import regions, truth
from .errors import UsageError
from .job import Job, Maker, World
from .link import LINKS, Framer, Writer, writer
from .options import Options
from .parts import Part
from .plants import Plant
from .schedule import NS, PART_BITS, Span, merge, share_out

PROGRESS_FRAMES = 20_000
PART_MASK = (1 << PART_BITS) - 1


@dataclass(frozen=True)
class Row:
    """A part of this capture."""

    part: Part | Plant
    count: int
    maker: Maker


def run(options: Options) -> None:
    plan = [] if options.regions else regions.plan()
    if options.write_regions:
        regions.write(plan, options.write_regions)
    if not options.output:
        return
    known = regions.load(options.regions) if options.regions else regions.from_networks(plan)
    world = World(
        options.seed,
        known,
        options.telescope,
        options.telescope6,
        options.linktype,
        LINKS[options.linktype].header,
    )
    rows = _rows(options, world)
    order = _order(options, rows)
    try:
        file = open(options.output, "wb")
    except OSError as error:
        raise UsageError(f"{options.output}: {error.strerror}") from error
    with file:
        tally = _write(options, rows, order, file)
    truth.save(tally.result(options.as_json(), world.events), options.truth)


def _rows(options: Options, world: World) -> list[Row]:
    chosen = [
        part
        for part in table.PARTS
        if part.name in options.parts and options.linktype in part.links
    ]
    counts = _counts(options, chosen)
    made: list[tuple[Part | Plant, int]] = [(part, count) for part, count in zip(chosen, counts) if count]
    made += [(plant, plant.count) for plant in options.plants]
    return [Row(part, count, part.prepare(Job(world, part.name, count))) for part, count in made]


def _counts(options: Options, chosen: list[Part]) -> list[int]:
    """The frames of each part: the IPv6 share first, then by weight within a version."""
    weights = [options.weights.get(part.name, part.weight) for part in chosen]
    sides = {
        ipv6: [weight if part.ipv6 == ipv6 else 0.0 for part, weight in zip(chosen, weights)]
        for ipv6 in (False, True)
    }
    if not any(weights):
        raise UsageError("no part is left that this link type can hold and that has a weight")
    frames6 = round(options.frames * options.ipv6)
    if not any(sides[True]):
        frames6 = 0
    elif not any(sides[False]):
        if not options.ipv6:
            raise UsageError("--ipv6 0 leaves nothing: all chosen parts are IPv6")
        frames6 = options.frames
    minima = [part.minimum for part in chosen]
    four = share_out(options.frames - frames6, sides[False], minima)
    six = share_out(frames6, sides[True], minima)
    return [first + second for first, second in zip(four, six)]


def _order(options: Options, rows: list[Row]) -> list[int]:
    span = Span(options.start, options.span)
    times = [
        row.part.times(span, Random(f"{options.seed}/{row.part.name}/times"), row.count)
        for row in rows
    ]
    resolution_ns = 1 if options.nano else 1000
    return merge(times, resolution_ns, options.jitter * NS, Random(f"{options.seed}/jitter"))


def _write(options: Options, rows: list[Row], order: list[int], file: BinaryIO) -> truth.Truth:
    byte_order = ">" if options.big_endian else "<"
    framer = Framer(
        options.linktype,
        options.vlan,
        shortest=options.frame_bytes,
        snaplen=options.snaplen,
        byte_order=byte_order,
        rng=Random(f"{options.seed}/link"),
    )
    out = writer(
        file,
        pcapng=options.format == "pcapng",
        nano=options.nano,
        byte_order=byte_order,
        linktype=LINKS[options.linktype].linktype,
        snaplen=options.snaplen,
    )
    names = [row.part.name for row in rows]
    tally = truth.Truth(options.interval, names, sources=options.sources)
    _write_frames(rows, order, framer, out, tally, show=not options.quiet and sys.stderr.isatty())
    return tally


def _write_frames(
    rows: list[Row], order: list[int], framer: Framer, out: Writer, tally: truth.Truth, *, show: bool
) -> None:
    makers = [row.maker for row in rows]
    record, frame_of, count = out.record, framer.frame, tally.add
    for done, key in enumerate(order):
        ts, part = key >> PART_BITS, key & PART_MASK
        packet = makers[part](ts)
        frame = frame_of(packet)
        record(ts, frame.data, frame.wire)
        count(ts, part, packet, frame)
        if show and done % PROGRESS_FRAMES == 0:
            print(f"\r{done * 100 // len(order)} %", end="", file=sys.stderr, flush=True)
    out.flush()
    if show:
        print("\r     \r", end="", file=sys.stderr, flush=True)
