#!/usr/bin/env python3
"""One capture, one output: all of pcaps/ at once gives the same --eve and --records, byte for byte, with 1, 2, 4 and 7
workers; also when small tables evict flows, when fragments find no room, and over three rounds of --loop.

usage: same_for_any_workers.py        PICKET=path of the program
"""
import concurrent.futures
import hashlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, cases, frames_by_case, ledger_fault, picket, read_json, run

WORKERS = (1, 2, 4, 7)


def replay(scratch, name, workers, more):
    base = str(scratch / ('%s.%d' % (name.replace(' ', '_'), workers)))
    command = [picket(), 'replay', '--workers', workers, '--rules', SAMPLE_RULES, '--log-level', 'error',
               '--eve', base + '.eve', '--records', base + '.records', '--stats', base + '.stats']
    return run(*command, *more, PCAPS, timeout=300), base


def digest(path):
    data = pathlib.Path(path).read_bytes()
    return '%s, %d bytes' % (hashlib.sha256(data).hexdigest()[:16], len(data))


def first_difference(a, b):
    """The first line in which two files differ."""
    with open(a, 'rb') as x, open(b, 'rb') as y:
        for number, (p, q) in enumerate(zip(x, y), 1):
            if p != q:
                return 'line %d\n  %s\n  %s' % (number, p[:600].decode(errors='replace'), q[:600].decode(errors='replace'))
    return 'one is the beginning of the other'


def prove(checks, scratch, name, more, packets, evicts=False):
    """Returns the --stats of one worker."""
    # Two at a time: seven workers each, on few cores, mix the order in which they finish all the more.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda w: replay(scratch, name, w, more), WORKERS))
    first = None
    for workers, (result, base) in zip(WORKERS, results):
        label = '%s, %d workers' % (name, workers)
        if not checks.ok(label + ': ends well', result.status == 0, result):
            continue
        stats = read_json(base + '.stats')
        fault = ledger_fault(stats, packets)
        checks.ok(label + ': ledger is exact', not fault, fault)
        if evicts:
            checks.ok(label + ': the table was too small', stats['flows']['evicted'] > 0, stats['flows'])
        if first is None:
            first = (base, stats)
            checks.ok(label + ': there are records', sum(stats['records']['made'].values()) > 500, stats['records'])
            continue
        for kind in ('eve', 'records'):
            ours, theirs = '%s.%s' % (first[0], kind), '%s.%s' % (base, kind)
            same = digest(ours) == digest(theirs)
            checks.ok('%s: --%s as with one' % (label, kind), same,
                      '' if same else '%s and %s\n%s' % (digest(ours), digest(theirs), first_difference(ours, theirs)))
    return first[1] if first else None


def main():
    checks = Checks()
    frames = frames_by_case()
    # Frames behind a place where the reader gives a capture up are not read: golden cases hold which.
    given_up = {c for c in cases() if (PCAPS / c / 'errors').exists()}
    with Scratch() as scratch:
        whole = prove(checks, scratch, 'all captures', [], None)
        if whole is None:
            return checks.done()
        packets = whole['ledger']['received']
        sound = sum(n for c, n in frames.items() if c not in given_up)
        checks.ok('all packets of sound captures were received', sound <= packets <= sum(frames.values()),
                  '%d in sound captures, %d received, %d in all' % (sound, packets, sum(frames.values())))
        prove(checks, scratch, 'small flow table', ['--set', 'flow.hash-size=64'], packets, evicts=True)
        prove(checks, scratch, 'small fragment table', ['--set', 'defrag.trackers=64', '--set', 'defrag.memcap=64kb', '--set', 'flow.hash-size=1024'], packets)
        prove(checks, scratch, 'checksums verified', ['--checksums', 'verify'], packets)
        prove(checks, scratch, 'three rounds', ['--loop', '3'], 3 * packets)
    return checks.done()


sys.exit(main())
