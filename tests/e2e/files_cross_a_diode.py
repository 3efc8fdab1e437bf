#!/usr/bin/env python3
"""Behind a data diode nothing is lost either: a replay writes files, a diode carries them, out of order, one twice, one damaged, one
late, and `picket-collector serve --intake` keeps what the sensor made, each record once; what is missing stands in an exact gap until
it comes. Then the same with the collector killed (-9) in the middle, again and again.

usage: files_cross_a_diode.py [SCENARIO...]        PICKET, PICKET_COLLECTOR=paths of the programs
"""
import collections
import pathlib
import shutil
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, collector, ledger_fault, picket, read_json, run
from delivery import Collector, eventually, kinds, ledger, lines_of


class Site:
    """The low side's files, the folder behind the diode, and the collector there."""

    def __init__(self, folder):
        self.folder, self.low, self.high = folder, folder / 'low', folder / 'high'
        self.high.mkdir()

    def make(self, stats, loops=1):
        result = run(picket(), 'replay', '--rules', SAMPLE_RULES, '--log-level', 'error', '--set', 'export.one-way.folder=%s' % self.low,
                     '--set', 'export.max-batch-size=8kb', '--stats', stats, '--loop', loops, PCAPS)
        return result, sorted(self.low.glob('*.batches'))

    def carry(self, file, content=None):
        """As a diode does that knows nothing of renames."""
        with open(self.high / file.name, 'wb') as out:
            content = file.read_bytes() if content is None else content
            for at in range(0, len(content), 65536):
                out.write(content[at:at + 65536])
                out.flush()

    def start(self):
        self.there = Collector(self.folder, '', words=['--intake', self.high], **{'intake.patience': '2s', 'dead-letter': 'none'})
        self.store = self.there.store

    def wait(self, done):
        eventually(lambda: done() or not self.there.running(), 120)
        return done()

    def done(self):
        return sorted(f.name for f in (self.high / 'done').glob('*'))

    def refused(self):
        return sorted(f.name for f in (self.high / 'refused').glob('*'))

    def said(self):
        """Of all its collectors."""
        return self.there.log.read_text(errors='replace')

    def counts(self):
        return kinds(lines_of(run(collector(), 'query', '--store', self.store, '--json').out))

    def ledger(self):
        """By type: what is there, and what stands in gaps."""
        held, missing = collections.Counter(), collections.Counter()
        for row in ledger(self.store):
            held.update(row['held'])
            for gap in row['missing'].values():
                missing.update(gap['types'])
        return held, missing


def made(stats):
    return {kind: n for kind, n in stats['records']['made'].items() if n}


def crosses(checks, folder):
    site = Site(folder)
    result, files = site.make(folder / 'stats.json')
    checks.ok('a replay writes files', result.status == 0 and len(files) >= 6, '%s\n%s' % (result, files))
    stats = read_json(folder / 'stats.json')
    fault = ledger_fault(stats)
    checks.ok('its ledger is exact', not fault, fault)
    site.start()
    damaged, late, twice = files[1], files[3], files[4]
    half = damaged.read_bytes()
    half = half[:len(half) // 2] + bytes([half[len(half) // 2] ^ 1]) + half[len(half) // 2 + 1:]
    for file in reversed(files):
        if file is damaged:
            site.carry(file, half)
        elif file is not late:
            site.carry(file)
    site.carry(twice)
    there = sorted(f.name for f in files if f not in (damaged, late))
    checks.ok('all that came whole is taken', site.wait(lambda: site.done() == there), '%s\n%s' % (site.done(), site.said()[-3000:]))
    checks.ok('the damaged one is refused, with its reason', site.wait(lambda: site.refused() == [damaged.name, damaged.name + '.reason']),
              site.refused())
    reason = (site.high / 'refused' / (damaged.name + '.reason')).read_text()
    checks.ok('the reason says that it was damaged', 'damaged' in reason, reason)
    held, missing = site.ledger()
    checks.ok('something stands in gaps', sum(missing.values()) > 0, missing)
    checks.equal('what is there and the gaps are what was made, type by type', held + missing, made(stats))
    checks.equal('the ledger tells what a query finds', held, site.counts())

    site.carry(damaged)
    site.carry(late)
    everything = sorted(f.name for f in files)
    checks.ok('a second try and a late file are taken', site.wait(lambda: site.done() == everything), '%s\n%s' % (site.done(), site.said()[-3000:]))
    held, missing = site.ledger()
    checks.equal('no gap is left', missing, {})
    checks.equal('each record is there once', site.counts(), made(stats))
    checks.equal('SIGTERM ends a collector without a listener with status 0', site.there.stop(), 0)


def kills(checks, folder):
    site = Site(folder)
    result, files = site.make(folder / 'stats.json', loops=3)
    checks.ok('a longer replay writes files', result.status == 0, result)
    kills = 0
    for n, file in enumerate(files):
        site.carry(file)
    for want in range(0, len(files), max(1, len(files) // 8)):
        site.start()
        site.wait(lambda: len(site.done()) >= want)
        site.there.stop(signal.SIGKILL)
        kills += 1
    shutil.copy(site.high / 'done' / files[0].name, site.high / files[0].name) if site.done() else None
    site.start()
    everything = sorted(f.name for f in files)
    checks.ok('after %d kills all files are taken' % kills,
              kills >= 5 and site.wait(lambda: site.done() == everything and not list(site.high.glob('*.batches'))), site.said()[-3000:])
    checks.equal('each record is there once', site.counts(), made(read_json(folder / 'stats.json')))
    held, missing = site.ledger()
    checks.equal('and no gap', missing, {})
    checks.equal('nothing was refused', site.refused(), [])
    checks.ok('no file was called missing', 'did not come' not in site.said(), site.said()[-3000:])
    checks.equal('SIGTERM ends it with status 0', site.there.stop(), 0)


def main():
    checks = Checks()
    checks.scenarios(crosses, kills)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
