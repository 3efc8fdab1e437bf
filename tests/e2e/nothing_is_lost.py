#!/usr/bin/env python3
"""A record that picket made is at the collector once, or stands in an exact gap, whatever dies in between. Sensors and collectors are
killed (-9) at random moments (support/kills.py), and what the collectors have is compared with what the sensors made (support/made.py). A
collector goes back to yesterday's backup, and loses its store.

usage: nothing_is_lost.py        PICKET, PICKET_COLLECTOR=paths of the programs, DIE_AT_LIBRARY, KILL_MID_RECORD=those of support/
                                 PICKET_KILLS=how many (20), PICKET_SEED=which
"""
import collections
import os
import pathlib
import random
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
import delivery
from capture import write_capture
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, collector, ledger_fault, picket, program, read_json, run
from delivery import eventually, ledger
from kills import LITTLE, WORK, Collector, Sensor, fault_of_stats, kill, kills
from made import Made, chains_of, fault_of_boot, made_by, whole_lines

LONG = ('--rules', SAMPLE_RULES, PCAPS / 'dns')
KINDS = ('one', 'eve', 'all', 'failover')


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
        self.boots_before, self.files = set(self.spool.glob('*.boot')), set()
        sets = ('export.spool.path=%s' % self.spool, 'export.spool.max-size=1mb', 'export.compress=no', 'export.max-batch-records=64', 'stats.interval=1')
        super().__init__(folder / ('live-%d.log' % number), [
            picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s,infinite_rx=1' % (folder / 'live.pcap'), '--export', there.address,
            '--rules', folder / 'live.rules', '--eve', self.eve, *(word for s in sets for word in ('--set', s))])

    def boot(self):
        return (set(self.spool.glob('*.boot')) - self.boots_before).pop().stem

    def gives_up(self):
        """Files of its spool go, though nobody acknowledges any more. Asked again and again."""
        there = set(self.spool.glob('*.batches'))
        gone, self.files = self.files - there, self.files | there
        return bool(gone)


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
            checks.ok('without a collector its spool fills', eventually(sensor.gives_up), sensor.said()[-800:])
            eventually(lambda: not sensor.running(), chance.uniform(0, 2))
            checks.ok('and it is killed', kill(sensor), sensor.said()[-800:])
            ended[sensor.boot()] = sensor
            checks.ok('the collector starts again', there.start(), there.said()[-800:])
        last = Sensor(folder, 3, [there], LITTLE)
        checks.equal('what is owed is delivered', last.ends(), 0)
        chains = chains_of(there.store)
        for boot, sensor in ended.items():
            fault = fault_of_boot(chains[boot], Made(whole_lines(sensor.eve), goes_on=True))
            untold = [gap for chain in chains[boot].values() for gap in chain.gaps if 'types' not in gap]
            checks.ok('live: what was made is there or in a gap, by type', not fault and not untold, fault or untold)
            reasons = collections.Counter()
            for chain in chains[boot].values():
                for gap in chain.gaps:
                    reasons[gap['reason']] += gap['last'] - gap['first'] + 1
            checks.ok('live: it gave records up, and says why', reasons['spool full'] and reasons.keys() <= {'spool full', 'no room', 'sensor ended'}, reasons)
            checks.ok('live: at most the record at hand died with it', reasons['sensor ended'] <= 1, reasons)
            checks.note('live: %d made, missing %s' % (sum(c.through for c in chains[boot].values()), dict(reasons)))
        there.now.stop()


def ended(checks):
    """A sensor that is killed as it writes a record down: that one is a gap of its type, and says that the sensor ended. No other is."""
    sensors = {}
    with Scratch() as folder:
        there = Collector(folder)
        if not checks.ok('the collector starts', there.start(), there.said()):
            return
        for number in (1, 2):
            sensor = Sensor(folder, number, [there], LONG, loops=100000)
            boot = eventually(sensor.boot)
            done = run(program('KILL_MID_RECORD', 'tests/kill_mid_record'), sensor.process.pid, sensor.spool / (boot + '.boot'))
            checks.equal('ended: a sensor is killed as it writes a record', (done.status, sensor.ends()), (0, -signal.SIGKILL))
            sensors[boot] = sensor
        last = Sensor(folder, 3, [there], LITTLE)
        checks.equal('ended: what is owed is delivered', last.ends(), 0)
        there.now.stop()
        stores = chains_of(there.store)
        loops, made = 1, Made([])
        while any(2 * c.through > len(made.lanes[lane]) for boot in sensors for lane, c in stores[boot].items() if lane != 'statistics'):
            loops *= 2
            made = made_by(('--loop', str(loops), *LONG), folder)  # twice as much: how the last loop ends is its own
        for boot, sensor in sensors.items():
            chains = stores[boot]
            fault = fault_of_boot(chains, made, sensor.shown())
            checks.ok('ended: what was made is there or in a gap, by type', not fault, fault)
            gaps = [(g['reason'], sum(g['types'].values())) for c in chains.values() for g in c.gaps]
            checks.equal('ended: the record at hand is the gap', gaps, [('sensor ended', 1)])


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
    ended(checks)
    outage(checks)
    restored(checks)
    live(checks, random.Random(seed))
    kills(checks, int(os.environ.get('PICKET_KILLS') or 20), random.Random(seed), kinds=KINDS)
    return checks.done()


sys.exit(main())
