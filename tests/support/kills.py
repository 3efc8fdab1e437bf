"""Programs that are killed (-9), again and again, and what the collectors have then, held against what the sensors made (made.py).

Kills fall at random moments and in the midst of a change of a file (die_at.cc): as a program starts, at work, as it ends, while a spool is
replayed, in a commit, in a block of an EVE file. After each everything is started again.
"""
import collections
import os
import re
import signal
import sys
import time

import delivery
from checks import PCAPS, SAMPLE_RULES, Scratch, ledger_fault, read_json
from delivery import eventually
from made import ELSEWHERE, Made, chains_of, fault_of_boot, made_by, whole_lines

WORK = ('--rules', SAMPLE_RULES, PCAPS)
LITTLE = (PCAPS / 'modbus' / 'scan',)
KILLS_IN_A_ROW = 6  # before everything begins anew


def dying(folder, die_at=None, half=False):
    """The environment of a program that kills itself at its Nth change of a file in `folder` (support/die_at.cc)."""
    if die_at is None:
        return None
    dies = {'LD_PRELOAD': os.environ['DIE_AT_LIBRARY'], 'DIE_IN': '%s/' % folder, 'DIE_AT': str(die_at)}
    return dict(os.environ, **dies, **({'DIE_HALF': '1'} if half else {}))


def kill(program):
    """Was it alive?"""
    program.process.kill()
    return program.process.wait() == -signal.SIGKILL


def was_killed(program):
    return program.process.poll() == -signal.SIGKILL


class Collector:
    """One that dies, and comes back at the same address with the same files."""

    def __init__(self, folder, name='first', eve=False, **keys):
        self.folder, self.kept, self.address = folder / name, folder / name / 'kept', None
        self.kept.mkdir(parents=True)
        self.store, self.log = self.kept / 'store.db', self.folder / 'collector.log'
        self.keys = {'store': self.store} | ({'eve.path': self.kept / 'eve.json', 'eve.rotate-size': '1 MiB'} if eve else {}) | keys
        self.now, self.died = None, set()  # `died`: the statuses of those before

    def start(self, **die):
        """False: it ended before it listened."""
        if self.now is not None:
            self.died.add(self.now.process.poll())
        self.now = delivery.Collector(self.folder, self.address, env=dying(self.kept, **die), **self.keys)
        self.address = self.now.address or self.address
        return self.now.address is not None

    def runs(self):
        return self.now is not None and self.now.running()

    def said(self):
        return self.log.read_text(errors='replace')

    def eve_lines(self):
        return sorted(line for file in self.kept.glob('eve*.json') for line in whole_lines(file))


class Sensor(delivery.Sensor):
    """One of several that use a spool one after another."""
    stopped = False  # by SIGTERM, whether it ended in order or was killed as it did

    def __init__(self, folder, number, collectors, captures, loops=1, mode='failover', **die):
        spool = folder / 'spool'
        spool.mkdir(exist_ok=True)
        self.boots_before = set(spool.glob('*.boot'))
        # Small batches: many places to die at.
        super().__init__(folder, [c.address for c in collectors], 'sensor-%d' % number, captures, loops,
                         sets=('export.max-batch-records=64', 'export.mode=%s' % mode), env=dying(spool, **die))

    def boot(self):
        """Which it is; None: killed before it had one."""
        new = set(self.spool.glob('*.boot')) - self.boots_before
        return new.pop().stem if len(new) == 1 else None

    def shown(self):
        return whole_lines(self.eve)


class Totals:
    def __init__(self):
        self.kills, self.where = 0, collections.Counter()
        self.made = self.held = self.twice = 0
        self.missing = collections.Counter()

    def killed(self, where):
        self.kills += 1
        self.where[where] += 1


class Series:
    """Sensors, one after another with one spool, and their collectors, until some kills have passed."""
    work = WORK
    patience = 1  # so many sensors, one after another, until all is delivered: each waits some seconds

    def __init__(self, checks, folder, kind, chance, totals, made):
        self.checks, self.folder, self.kind, self.chance, self.totals, self.made = checks, folder, kind, chance, totals, made
        self.collectors = self.make_collectors()
        self.boots, self.sensors = {}, 0  # boot: (what it makes, its sensor, did it end by itself)

    def make_collectors(self):
        names = ('first', 'second') if self.kind in ('all', 'failover') else ('first',)
        return [Collector(self.folder, name, eve=self.kind == 'eve') for name in names]

    def chains(self):
        """Of each collector: {boot: {lane: Chain}}."""
        return [chains_of(c.store) for c in self.collectors]

    def meanwhile(self):
        """A sensor has begun its work, and something is about to die."""

    def sensor(self, captures, **die):
        self.sensors += 1
        return Sensor(self.folder, self.sensors, self.collectors, captures, mode='all' if self.kind == 'all' else 'failover', **die)

    def ended(self, sensor, captures, whole):
        boot = sensor.boot()
        if boot:
            # What is told at intervals is told at the stop: no beginning of what it makes else. Its EVE file has it, up to a kill.
            made = Made(sensor.shown(), goes_on=was_killed(sensor)) if sensor.stopped else self.made[captures]
            self.boots[boot] = (made, sensor, whole)

    def up(self):
        """Collectors that are not there are started."""
        for c in self.collectors:
            if not c.runs():
                if not self.checks.ok('a collector starts', c.start(), c.said()[-800:]):
                    sys.exit(self.checks.done())

    def kill_collectors(self, where):
        for c in self.collectors:
            if c.runs() and self.chance.random() < 0.7:
                kill(c.now)
                self.totals.killed(where)

    def cycle(self):
        """Something dies, and all that was made is delivered."""
        chance, victims = self.chance, self.chance.choice(('sensor', 'collector', 'both', 'sensor, nobody there'))
        nobody, inside = victims.endswith('there'), chance.random() < 0.5
        die = {'die_at': int(10 ** chance.uniform(0, 2.5)), 'half': chance.random() < 0.5} if inside else {}
        if nobody:
            self.kill_collectors('collector, idle')
        elif inside and victims == 'collector':
            victim = chance.choice(self.collectors)
            victim.now.stop()
            if not victim.start(**die):
                self.totals.killed('collector, at start')
                self.checks.ok('a collector that died at its start starts again', victim.start(), victim.said()[-800:])
        one = self.sensor(self.work, **(die if victims != 'collector' else {}))
        self.meanwhile()
        if not inside or victims == 'both':
            time.sleep(chance.uniform(0, self.seconds))
            if victims in ('collector', 'both'):
                self.kill_collectors('collector, at work')
        if victims == 'collector':
            if inside:
                eventually(lambda: not victim.runs() or not one.running(), 20)
                if was_killed(victim.now):
                    self.totals.killed('collector, in its files')
                elif kill(victim.now):  # its time is still to come: not in what follows
                    self.totals.killed('collector, at work')
            self.up()
            if one.running() and chance.random() < 0.3:
                one.process.send_signal(signal.SIGTERM)
                eventually(lambda: not one.running(), chance.uniform(0, 0.3))
                whole = self.end(one, 'sensor, as it ends', stopped=True)
            else:
                self.checks.ok('a sensor whose collector died delivers and ends', eventually(lambda: not one.running()), one.said()[-800:])
                whole = self.end(one, 'sensor, that hangs')
        else:
            if inside:
                eventually(lambda: not one.running(), 2 * self.seconds)
            whole = self.end(one, 'sensor, in its files' if was_killed(one) else 'sensor, at work')
        self.ended(one, self.work, whole)
        self.up()
        if chance.random() < 0.4:  # and again, as what is owed is delivered
            two = self.sensor(self.work)
            time.sleep(chance.uniform(0, self.seconds))
            self.ended(two, self.work, self.end(two, 'sensor, as it replays the spool'))
        self.compare()

    def end(self, sensor, where, stopped=False):
        """Killed, unless it has ended: True when all of it is made."""
        sensor.stopped = stopped
        if sensor.running() and kill(sensor) or was_killed(sensor):
            self.totals.killed(where)
            return False
        status = sensor.process.poll()
        good = (0, 1, -signal.SIGTERM) if stopped else (0,)  # the last: it had not begun
        self.checks.ok('a sensor that is not killed ends in order', status in good, 'status %s\n%s' % (status, sensor.said()[-800:]))
        return not stopped

    def compare(self):
        checks = self.checks
        for _ in range(self.patience):
            last = self.sensor(LITTLE)
            eventually(lambda: not last.running())
            checks.ok('what is owed is delivered', last.process.poll() == 0, last.said()[-800:])
            self.ended(last, LITTLE, True)
            left = [f.name for f in (self.folder / 'spool').iterdir() if f.suffix not in ('.boot',) and f.name not in ('lock', 'refused')]
            if not left:
                break
        checks.equal('nothing is left in the spool', left + list((self.folder / 'spool' / 'refused').iterdir()), [])
        stores = self.chains()
        faults = [f for f in map(self.fault, [stores] if self.kind == 'failover' else [[s] for s in stores]) if f]
        checks.ok('the collector has, to the record, what was made', not faults, '\n'.join(faults))
        if any('eve.path' in c.keys for c in self.collectors):
            held = sorted(line for boot in stores[0].values() for chain in boot.values() for line in chain.held.values())
            checks.ok('its EVE files have what it holds', self.collectors[0].eve_lines() == held,
                      '%d lines, %d held' % (len(self.collectors[0].eve_lines()), len(held)))
        self.stores = stores
        self.compare_more()

    def compare_more(self):
        """What stands beside the chains."""

    def fault(self, stores):
        """Of one store; of several, of which each has what another lacks."""
        strangers = {boot for s in stores for boot in s} - self.boots.keys()
        if strangers:
            return 'boots of no sensor: %s' % strangers
        for boot, (made, sensor, whole) in self.boots.items():
            parts = [s.get(boot, {}) for s in stores]
            fault = fault_of_boot(parts[0], made, sensor.shown(), whole) if len(parts) == 1 else fault_of_both(parts, made, sensor.shown(), whole)
            if not fault and whole:
                fault = fault_of_stats(read_json(sensor.stats), parts)
            if fault:
                return 'boot %s (sensor %s): %s' % (boot, sensor.eve.stem, fault)
        return ''

    def close(self):
        """What came of it, for the sums; of `all` the first collector stands for both."""
        for c in self.collectors:
            self.checks.ok('a collector dies of nothing but kills', c.now.stop() == 0 and c.died <= {0, -signal.SIGKILL}, '%s\n%s' % (c.died, c.said()[-1500:]))
        for s in self.stores[:1]:
            for chains in s.values():
                for chain in chains.values():
                    self.totals.made += chain.through
                    self.totals.held += len(chain.held)
                    self.totals.twice += chain.twice
                    for gap in chain.gaps:
                        self.totals.missing[gap['reason']] += gap['last'] - gap['first'] + 1
        said = ''.join(c.said() for c in self.collectors)
        self.checks.ok('no batch was refused', 'refused' not in said, said[-1500:])
        damaged = [f for f in self.folder.rglob('*.log') if re.search(r'(is damaged|put aside)', f.read_text(errors='replace'))]
        self.checks.ok('a kill damages nothing', not damaged, '\n'.join(f.read_text(errors='replace')[-600:] for f in damaged[:1]))


def fault_of_both(parts, made, shown, whole):
    """Of a boot whose records went to one collector or another."""
    for part in parts:
        for lane, chain in part.items():
            fault = chain.fault(made)
            if fault:
                return '%s: %s' % (lane, fault)
    through = {}
    for lane in {lane for part in parts for lane in part}:
        chains = [part[lane] for part in parts if lane in part]
        through[lane] = max(c.through for c in chains)
        somewhere = set().union(*(c.held.keys() | c.numbers_missing(but=ELSEWHERE) for c in chains))
        lost = set(range(1, through[lane] + 1)) - somewhere
        if lost:
            return '%s: %d records are nowhere: %s' % (lane, len(lost), sorted(lost)[:5])
    return made.fault_of_end(through, shown, whole)


def fault_of_stats(stats, parts):
    """Of a sensor that ended by itself, against its own ledger."""
    fault = ledger_fault(stats)
    made = collections.Counter()
    for lane in {lane for part in parts for lane in part}:
        made.update(max((part[lane] for part in parts if lane in part), key=lambda c: c.through).row['made'])
    said = {kind: n for kind, n in stats['records']['made'].items() if n}
    if fault or any(stats['records']['lost'].values()):
        return fault or 'it counts records as lost'
    return '' if said == made else 'it says that it made %s, and the collector that it made %s' % (said, dict(made))


def kills(checks, number, chance, series=Series, kinds=('one',)):
    """`kinds`: what stands behind the sensor, by turns."""
    with Scratch() as folder:
        begun = time.monotonic()
        made = {captures: made_by(captures, folder) for captures in (series.work, LITTLE)}
        series.seconds = (time.monotonic() - begun) * 1.2
    totals, begun, row = Totals(), time.monotonic(), 0
    while totals.kills < number and not checks.failed:
        with Scratch() as folder:
            row_of_kills = series(checks, folder, kinds[row % len(kinds)], chance, totals, made)
            until = min(number, totals.kills + max(1, min(KILLS_IN_A_ROW, number // len(kinds))))
            row_of_kills.up()
            while totals.kills < until and not checks.failed:
                row_of_kills.cycle()
            row_of_kills.close()
        row += 1
    checks.note('%d kills in %.0f s: %s' % (totals.kills, time.monotonic() - begun, dict(totals.where)))
    checks.note('%d records made, %d stored, missing %s, twice %d' % (totals.made, totals.held, dict(totals.missing), totals.twice))
