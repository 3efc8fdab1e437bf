#!/usr/bin/env python3
"""A sensor that writes files for a data diode is killed (-9) in the midst of a change of its spool or its files, again and again. The next one to start
writes what the one before had made and put into no file, and how far that came: behind the diode each record is there once, or in an exact gap
(support/made.py). And what the diode itself lost, though it was the last file of a sensor, the next one's files tell, too.

usage: files_outlive_kills.py        PICKET, PICKET_COLLECTOR=paths of the programs, DIE_AT_LIBRARY=that of support/die_at.cc
"""
import collections
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, stop
from delivery import Collector, Sensor, eventually
from made import chains_of, fault_of_boot, made_by, whole_lines

WORK = ('--rules', SAMPLE_RULES, PCAPS / 'http', PCAPS / 'dns', PCAPS / 'modbus')
LONG = ('--rules', SAMPLE_RULES, PCAPS)
LITTLE = (PCAPS / 'modbus' / 'scan',)
# Changes of files, of which a sensor makes at least 40: at its start, at work, around a file's rename, as it ends.
DIE_AT = (2, 5, 9, 12, 15, 18, 21, 24, 27, 31, 36, 42, 60, 90)


class Low:
    """The side of sensors, which use one spool and one folder one after another."""

    def __init__(self, folder):
        self.folder, self.kept, self.files = folder, folder / 'kept', folder / 'kept' / 'low'
        self.files.mkdir(parents=True)
        (self.kept / 'spool').mkdir()
        self.made = {captures: made_by(captures, folder) for captures in (WORK, LONG, LITTLE)}
        self.boots, self.number = {}, 0  # boot: (what it makes, what its EVE file shows, did it end by itself)

    def run(self, captures, **die):
        """To its end, or its kill. What it ended with."""
        self.number += 1
        before = set((self.kept / 'spool').glob('*.boot'))
        env = dict(os.environ, LD_PRELOAD=os.environ['DIE_AT_LIBRARY'], DIE_IN='%s/' % self.kept, **die) if die else None
        sensor = Sensor(self.folder, [], 'sensor-%d' % self.number, captures, spool=False, env=env, sets=[
            'export.spool.path=%s' % (self.kept / 'spool'), 'export.one-way.folder=%s' % self.files, 'export.max-batch-records=64'])
        status = sensor.ends()
        new = set((self.kept / 'spool').glob('*.boot')) - before
        if len(new) == 1:
            self.boots[new.pop().stem] = (self.made[captures], whole_lines(sensor.eve), status == 0)
        return status

    def carried(self):
        return sorted(self.files.glob('*.batches'))


def behind(folder):
    high = folder / 'high'
    high.mkdir()
    return high, Collector(folder, intake__folder=high, intake__patience='2s')


def fault_of(low, store):
    stores = chains_of(store)
    if stores.keys() - low.boots.keys():
        return 'boots of no sensor: %s' % (stores.keys() - low.boots.keys())
    return '\n'.join(filter(None, ('%s: %s' % (boot, fault) for boot, what in low.boots.items() if (fault := fault_of_boot(stores.get(boot, {}), *what)))))


def killed(checks, folder):
    low, kills = Low(folder), 0
    for n, at in enumerate(DIE_AT):
        status = low.run(WORK, DIE_AT=str(at), **({'DIE_HALF': '1'} if n % 2 else {}))
        checks.ok('a sensor at its change %d of a file is killed, or has ended' % at, status in (0, -signal.SIGKILL), status)
        kills += status == -signal.SIGKILL
    checks.ok('most of them are killed', kills > len(DIE_AT) // 2, kills)
    checks.equal('the next one starts, and ends', low.run(LITTLE), 0)
    checks.equal('no part of a file is left', list(low.files.glob('*.part')), [])
    left = [f.name for f in (low.kept / 'spool').iterdir() if f.suffix != '.boot' and f.name not in ('lock', 'refused')]
    checks.equal('and nothing in the spool', left, [])
    high, server = behind(folder)
    files = low.carried()
    for f in files:
        f.rename(high / f.name)
    checks.ok('all files are taken', eventually(lambda: len(list((high / 'done').glob('*'))) == len(files)), server.said()[-2000:])
    checks.equal('and none is refused', list((high / 'refused').glob('*')), [])
    checks.equal('the collector ends', stop(server.process), 0)
    fault = fault_of(low, server.store)
    checks.ok('the collector has, to the record, what was made', not fault, fault)
    gaps = collections.Counter()
    for chains in chains_of(server.store).values():
        for chain in chains.values():
            for gap in chain.gaps:
                gaps[gap['reason']] += gap['last'] - gap['first'] + 1
    checks.ok('what is missing was being made as its sensor was killed', gaps.keys() <= {'sensor ended'} and sum(gaps.values()) <= kills, dict(gaps))
    checks.note('%d kills, %d files, missing: %s' % (kills, len(files), dict(gaps)))


def last_file_lost(checks, folder):
    low = Low(folder)
    checks.equal('a sensor ends in order', low.run(LONG), 0)
    (one,) = low.boots
    *came, lost = low.carried()
    if not checks.ok('it wrote several files', came, lost):
        return
    high, server = behind(folder)
    for f in came:
        f.rename(high / f.name)
    checks.ok('all but the last one are taken', eventually(lambda: len(list((high / 'done').glob('*'))) == len(came)), server.said()[-2000:])
    before = {lane: c.through for lane, c in chains_of(server.store)[one].items()}
    lost = lost.rename(folder / lost.name)
    checks.equal('the next sensor starts, and ends', low.run(LITTLE), 0)
    further = low.carried()
    for f in further:
        f.rename(high / f.name)
    checks.ok('its files are taken', eventually(lambda: len(list((high / 'done').glob('*'))) == len(came) + len(further)), server.said()[-2000:])
    fault = fault_of(low, server.store)
    checks.ok('with what it tells of the one before, every number is accounted for', not fault, fault)
    chains = chains_of(server.store)[one]
    missing = sum(c.missing({'acknowledged'}) for c in chains.values())
    checks.ok('what the diode lost stands in gaps', missing > 0 and missing == sum(c.through - before.get(lane, 0) for lane, c in chains.items()), (missing, before))
    lost.rename(high / lost.name)
    checks.ok('the lost file comes after all', eventually((high / 'done' / lost.name).exists), server.said()[-2000:])
    checks.equal('the collector ends', stop(server.process), 0)
    fault = fault_of(low, server.store)
    checks.ok('each record is there once', not fault, fault)
    checks.equal('and none is missing', {lane: c.gaps for lane, c in chains_of(server.store)[one].items() if c.gaps}, {})


def main():
    checks = Checks()
    checks.scenarios(killed, last_file_lost)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
