#!/usr/bin/env python3
"""Bytes of a sensor's spool that change between two runs: what cannot be read any more stands in gaps that are exact to the record, and nothing else
is missing. Pages are flipped, zeroed, cut off, and files taken away, at random places.

usage: finds_damage.py        PICKET, PICKET_COLLECTOR=paths of the programs; PICKET_FAULTS=N: N times as many
"""
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, stop
from delivery import Collector, Sensor, all_accounted

TIMES = int(os.environ.get('PICKET_FAULTS', '1'))
CHANCE = random.Random(1)


def flip(path, size):
    with open(path, 'r+b') as f:
        at = CHANCE.randrange(size)
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 1 << CHANCE.randrange(8)]))


def page(path, size):
    with open(path, 'r+b') as f:
        f.seek(CHANCE.randrange(size) // 4096 * 4096)
        f.write(CHANCE.choice((bytes, CHANCE.randbytes))(min(4096, size)))


def cut(path, size):
    os.truncate(path, CHANCE.randrange(size))


def take_away(path, _):
    path.unlink()


def main():
    checks = Checks()
    for round_ in range(2 * TIMES):
        with Scratch() as folder:
            begun = time.monotonic()
            name = 'damage %d' % (round_ + 1)
            server = Collector(folder)
            stop(server.process)
            first = Sensor(folder, server.address, 'first', captures=['--rules', SAMPLE_RULES, PCAPS / 'dns', PCAPS / 'modbus'], loops=4,
                           sets=['export.compress=no', 'export.max-batch-size=16kb', 'export.spool.max-size=20mb'])
            checks.equal('%s: a replay ends well without a collector' % name, first.ends(), 0)
            files = sorted(first.spool.glob('*.batches'))
            done = []
            for damage in (flip, flip, page, page, cut, take_away)[round_ % 2 * 2:]:
                path = CHANCE.choice([f for f in files if f.exists() and f.stat().st_size])
                damage(path, path.stat().st_size)
                done.append('%s of lane %s' % (damage.__name__, path.name.split('-')[1]))
            server = Collector(folder, server.address)
            second = Sensor(folder, server.address, 'second', captures=[PCAPS / 'dns/record-types'])
            checks.equal('%s: the next run delivers what is left' % name, second.ends(), 0)
            checks.ok('%s: it says what cannot be read' % name, 'damaged' in second.said() or 'cannot be read' in second.said(), second.said()[-800:])
            checks.equal('%s: nothing is left in the spool' % name, list(first.spool.glob('*.batches')), [])
            checks.equal('%s: SIGTERM ends the collector' % name, stop(server.process), 0)
            account = all_accounted(checks, name, server.store, [first, second], lost=True)
            checks.ok('%s: all gaps are of damage' % name, set(account.reasons) <= {'spool damaged'}, account.text())
            checks.note('%s: %s; %.1f s' % (name, ', '.join(done), time.monotonic() - begun))
    return checks.done()


sys.exit(main())
