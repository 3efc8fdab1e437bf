#!/usr/bin/env python3
"""A record that picket made is at the collector once, or stands in an exact gap, whatever dies in between. Sensors and collectors are
killed (-9) at random moments and in the midst of a change of their files: as they start, at work, as they end, while a spool is
replayed, in a commit, in a block of an EVE file. After each kill everything is started again, and what the collectors have is compared
with what the sensors made (support/made.py). Then a collector goes back to yesterday's backup, and loses its store.

usage: nothing_is_lost.py        PICKET, PICKET_COLLECTOR=paths of the programs, DIE_AT_LIBRARY=that of support/die_at.cc
                                 PICKET_KILLS=how many (20), PICKET_SEED=which
"""
import collections
import os
import pathlib
import random
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
import delivery
from capture import write_capture
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, collector, ledger_fault, picket, read_json, run
from delivery import eventually, ledger
from made import ELSEWHERE, Made, chains_of, fault_of_boot, made_by, whole_lines

WORK = ('--rules', SAMPLE_RULES, PCAPS)
LITTLE = (PCAPS / 'modbus' / 'scan',)
LONG = ('--rules', SAMPLE_RULES, PCAPS / 'dns')
SERIES = ('one', 'eve', 'all', 'failover')  # what stands behind the sensor, by turns
KILLS_IN_A_ROW = 6                          # before everything begins anew


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

    def __init__(self, folder, name='first', eve=False):
        self.folder, self.kept, self.address = folder / name, folder / name / 'kept', None
        self.kept.mkdir(parents=True)
        self.store, self.log = self.kept / 'store.db', self.folder / 'collector.log'
        self.keys = {'store': self.store} | ({'eve.path': self.kept / 'eve.json', 'eve.rotate-size': '1 MiB'} if eve else {})
        self.now = None

    def start(self, **die):
        """False: it ended before it listened."""
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

    def __init__(self, checks, folder, kind, chance, totals, made):
        self.checks, self.folder, self.kind, self.chance, self.totals, self.made = checks, folder, kind, chance, totals, made
        names = ('first', 'second') if kind in ('all', 'failover') else ('first',)
        self.collectors = [Collector(folder, name, eve=kind == 'eve') for name in names]
        self.boots, self.sensors = {}, 0  # boot: (what it makes, its sensor, did it end by itself)

    def sensor(self, captures, **die):
        self.sensors += 1
        return Sensor(self.folder, self.sensors, self.collectors, captures, mode='all' if self.kind == 'all' else 'failover', **die)

    def ended(self, sensor, captures, whole):
        boot = sensor.boot()
        if boot:
            self.boots[boot] = (self.made[captures], sensor, whole)

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
                victim.start()
        one = self.sensor(WORK, **(die if victims != 'collector' else {}))
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
        self.ended(one, WORK, whole)
        self.up()
        if chance.random() < 0.4:  # and again, as what is owed is delivered
            two = self.sensor(WORK)
            time.sleep(chance.uniform(0, self.seconds))
            self.ended(two, WORK, self.end(two, 'sensor, as it replays the spool'))
        self.compare()

    def end(self, sensor, where, stopped=False):
        """Killed, unless it has ended: True when all of it is made."""
        if sensor.running() and kill(sensor) or was_killed(sensor):
            self.totals.killed(where)
            return False
        status = sensor.process.poll()
        good = (0, 1, -signal.SIGTERM) if stopped else (0,)  # the last: it had not begun
        self.checks.ok('a sensor that is not killed ends in order', status in good, 'status %s\n%s' % (status, sensor.said()[-800:]))
        return not stopped

    def compare(self):
        last = self.sensor(LITTLE)
        eventually(lambda: not last.running())
        checks = self.checks
        checks.ok('what is owed is delivered', last.process.poll() == 0, last.said()[-800:])
        self.ended(last, LITTLE, True)
        left = [f.name for f in (self.folder / 'spool').iterdir() if f.suffix not in ('.boot',) and f.name not in ('lock', 'refused')]
        checks.equal('nothing is left in the spool', left + list((self.folder / 'spool' / 'refused').iterdir()), [])
        stores = [chains_of(c.store) for c in self.collectors]
        faults = [f for f in map(self.fault, [stores] if self.kind == 'failover' else [[s] for s in stores]) if f]
        checks.ok('the collector has, to the record, what was made', not faults, '\n'.join(faults))
        if self.kind == 'eve':
            held = sorted(line for boot in stores[0].values() for chain in boot.values() for line in chain.held.values())
            checks.ok('its EVE files have what its store has', self.collectors[0].eve_lines() == held,
                      '%d lines, %d in the store' % (len(self.collectors[0].eve_lines()), len(held)))
        self.stores = stores

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
            c.now.stop()
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
    count = made.beginning(through)
    if count is None or count + 1 < len(shown) or list(shown) != made.lines[:len(shown)] or (whole and count != len(made.lines)):
        return 'its lanes end at %s: %s records, of which its EVE file shows %d' % (through, count, len(shown))
    return ''


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


def kills(checks, number, chance):
    with Scratch() as folder:
        begun = time.monotonic()
        made = {captures: made_by(captures, folder) for captures in (WORK, LITTLE)}
        Series.seconds = (time.monotonic() - begun) * 1.2
    totals, begun, row = Totals(), time.monotonic(), 0
    while totals.kills < number and not checks.failed:
        with Scratch() as folder:
            series = Series(checks, folder, SERIES[row % len(SERIES)], chance, totals, made)
            until = min(number, totals.kills + max(1, min(KILLS_IN_A_ROW, number // len(SERIES))))
            series.up()
            while totals.kills < until and not checks.failed:
                series.cycle()
            series.close()
        row += 1
    checks.note('%d kills in %.0f s: %s' % (totals.kills, time.monotonic() - begun, dict(totals.where)))
    checks.note('%d records made, %d stored, missing %s, twice %d' % (totals.made, totals.held, dict(totals.missing), totals.twice))


class Restored:
    """A collector that goes back: sensors that ended before and after the backup, and one that is at work."""

    def __init__(self, checks, folder):
        self.checks, self.folder, self.sensors = checks, folder, {}
        self.there = Collector(folder)

    def sensor(self, captures, loops=1):
        return Sensor(self.folder, len(self.sensors) + 1, [self.there], captures, loops)

    def end(self, sensor, status=1):
        """It ends, and all it made is acknowledged. 1: a replay that is cut short."""
        self.checks.equal('sensor %s ends in order' % sensor.eve.stem, sensor.stop(), status)
        self.sensors[sensor.boot()] = sensor

    def to_its_end(self, captures):
        sensor = self.sensor(captures)
        sensor.ends()
        self.end(sensor, 0)

    def has(self, boot, more_than=0):
        """Until the store has so many records of it."""
        return eventually(lambda: sum(sum(row['held'].values()) for row in ledger(self.there.store) if row['boot'] == boot) > more_than)

    def put_back(self, copy):
        """As README says. None: there is no copy."""
        for file in self.there.kept.glob('store.db*'):
            file.unlink()
        if copy:
            copy.rename(self.there.store)

    def compare(self, name, acknowledged):
        """Each boot is whole, with gaps where it was acknowledged and is not here: `acknowledged` of the sensors, in order."""
        stores, missing = chains_of(self.there.store), []
        for boot, sensor in self.sensors.items():
            stats = read_json(sensor.stats)
            chains = stores.get(boot, {})
            fault = fault_of_boot(chains, Made(sensor.shown()), sensor.shown(), True) or fault_of_stats(stats, [chains])
            self.checks.ok('%s: what sensor %s made is there or in a gap, by type' % (name, sensor.eve.stem), not fault, fault)
            gone = sum(c.missing() for c in chains.values())
            missing.append('none' if gone == 0 else 'all' if gone == sum(stats['records']['made'].values()) else 'some')
            reasons = {g['reason'] for c in chains.values() for g in c.gaps}
            self.checks.ok('%s: %s, they were acknowledged' % (name, sensor.eve.stem), reasons <= {'acknowledged'}, reasons)
        self.checks.equal('%s: how much of each is missing' % name, missing, acknowledged)


def restored(checks):
    with Scratch() as folder:
        r = Restored(checks, folder)
        if not checks.ok('the collector starts', r.there.start(), r.there.said()):
            return
        r.to_its_end(LITTLE)
        at_work = r.sensor(LONG, loops=100000)
        eventually(lambda: at_work.boot())
        checks.ok('records of a sensor at work are stored', r.has(at_work.boot(), 1000))
        copy = folder / 'yesterday.db'
        done = run(collector(), 'backup', '--store', r.there.store, copy)
        checks.ok('a backup is made while records come in', done.status == 0, done)
        checks.ok('and more comes after it', r.has(at_work.boot(), 20000))
        r.end(at_work)
        r.to_its_end(LITTLE)
        across = r.sensor(LONG, loops=100000)
        eventually(lambda: across.boot())
        r.has(across.boot(), 1000)
        kill(r.there.now)
        r.put_back(copy)
        checks.ok('the collector starts with yesterday\'s copy', r.there.start(), r.there.said()[-800:])
        r.has(across.boot(), 1000)
        r.end(across)
        r.compare('restored', ['none', 'some', 'all', 'some'])
        said = r.there.said()
        checks.ok('the log says it in words', 'were acknowledged and are not here' in said, said[-800:])
        table = run(collector(), 'sensors', '--store', r.there.store).out.decode()
        checks.ok('and so does `sensors`', 'had been acknowledged' in table, table)
        counted = [n for name, n in r.there.now.metrics().items() if 'missing_records_total' in name and 'reason="acknowledged"' in name]
        checks.ok('and a metric', sum(counted) > 0, counted)

        r.there.now.stop()
        r.put_back(None)
        checks.ok('the collector starts with no store at all', r.there.start(), r.there.said()[-800:])
        r.to_its_end(LITTLE)
        r.compare('lost', ['all'] * 4 + ['none'])
        r.there.now.stop()
        checks.ok('no batch was refused', 'refused' not in r.there.said(), r.there.said()[-1500:])


class Live(delivery.Program):
    """A `picket run` behind a capture that never ends, with a spool so small that it gives records up, and its EVE file beside it."""

    def __init__(self, folder, number, there):
        self.spool, self.eve = folder / 'spool', folder / ('live-%d.eve' % number)
        self.boots_before = set(self.spool.glob('*.boot'))
        sets = ('export.spool.path=%s' % self.spool, 'export.spool.max-size=1mb', 'export.compress=no', 'export.max-batch-records=64', 'stats.interval=1')
        super().__init__(folder / ('live-%d.log' % number), [
            picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s,infinite_rx=1' % (folder / 'live.pcap'), '--export', there.address,
            '--rules', folder / 'live.rules', '--eve', self.eve, *(word for s in sets for word in ('--set', s))])

    def boot(self):
        return (set(self.spool.glob('*.boot')) - self.boots_before).pop().stem

    def spooled(self):
        return sum(f.stat().st_size for f in self.spool.glob('*.batches') if f.exists())


def fault_of_live(chains, shown):
    """Of a boot of which only what its EVE file shows is known: what it made after that is not."""
    made = Made(shown)
    for lane, chain in chains.items():
        known = len(made.lanes[lane])
        fault = chain.fault_by_itself()
        if fault or chain.through + 1 < known:
            return '%s: %s' % (lane, fault or '%d records, and the EVE file shows %d' % (chain.through, known))
        for n, line in chain.held.items():
            if n <= known and line != made.lanes[lane][n - 1][1]:
                return '%s: number %d is not what was made' % (lane, n)
        for gap in chain.gaps:
            if gap['last'] <= known and gap['types'] != made.by_type(lane, gap['first'], gap['last']):
                return '%s: a gap of %s, and missing are %s' % (lane, gap, made.by_type(lane, gap['first'], gap['last']))
    return ''


def live(checks, chance):
    """Nobody waits for a live sensor's spool: what it gives up stands in gaps, also when it is killed as it does so."""
    if os.geteuid() != 0 or 'not in this build' in run(picket(), 'run').err.decode(errors='replace'):
        return checks.skip('live', 'not root, or `picket run` is not in this build')
    with Scratch() as folder:
        write_capture(folder / 'live.pcap', b'live traffic', 64)
        (folder / 'live.rules').write_text('alert udp any any -> any any (msg:"live"; content:"live"; sid:1;)\n')
        (folder / 'spool').mkdir()
        there = Collector(folder)
        if not checks.ok('the collector starts', there.start(), there.said()):
            return
        ended = {}
        for number in (1, 2):
            sensor = Live(folder, number, there)
            checks.ok('a live sensor delivers', eventually(lambda: any(sum(r['held'].values()) for r in ledger(there.store) if r['boot'] in
                                                                        {f.stem for f in sensor.spool.glob('*.boot')} - set(ended))), sensor.said()[-800:])
            kill(there.now)
            checks.ok('without a collector its spool fills', eventually(lambda: sensor.spooled() > 900_000), sensor.spooled())
            eventually(lambda: not sensor.running(), chance.uniform(0, 2))
            checks.ok('and it is killed', kill(sensor), sensor.said()[-800:])
            ended[sensor.boot()] = sensor
            checks.ok('the collector starts again', there.start(), there.said()[-800:])
        last = Sensor(folder, 3, [there], LITTLE)
        checks.equal('what is owed is delivered', last.ends(), 0)
        chains = chains_of(there.store)
        for boot, sensor in ended.items():
            fault = fault_of_live(chains[boot], whole_lines(sensor.eve))
            checks.ok('live: what was made is there or in a gap, by type', not fault, fault)
            reasons = collections.Counter()
            for chain in chains[boot].values():
                for gap in chain.gaps:
                    reasons[gap['reason']] += gap['last'] - gap['first'] + 1
            checks.ok('live: it gave records up, and says why', reasons['spool full'] and reasons.keys() <= {'spool full', 'no room', 'sensor ended'}, reasons)
            checks.ok('live: at most the record at hand died with it', reasons['sensor ended'] <= 1, reasons)
            checks.note('live: %d made, missing %s' % (sum(c.through for c in chains[boot].values()), dict(reasons)))
        there.now.stop()


def outage(checks):
    """A sensor whose collector is away ends well; the next one delivers what it owed."""
    with Scratch() as folder:
        r = Restored(checks, folder)
        if not checks.ok('the collector starts', r.there.start(), r.there.said()):
            return
        kill(r.there.now)
        r.to_its_end(WORK)
        stats = read_json(r.sensors[next(iter(r.sensors))].stats)
        checks.equal('nothing counts as lost', (ledger_fault(stats), sum(stats['records']['lost'].values())), ('', 0))
        checks.ok('the collector starts again', r.there.start(), r.there.said()[-800:])
        r.to_its_end(WORK)
        r.compare('after an outage', ['none', 'none'])
        checks.equal('nothing is left in the spool', list((folder / 'spool').glob('*.batches')), [])
        r.there.now.stop()


def main():
    checks = Checks()
    seed = int(os.environ.get('PICKET_SEED') or random.SystemRandom().randrange(1 << 32))
    checks.note('PICKET_SEED=%d' % seed)
    outage(checks)
    restored(checks)
    live(checks, random.Random(seed))
    kills(checks, int(os.environ.get('PICKET_KILLS') or 20), random.Random(seed))
    return checks.done()


sys.exit(main())
