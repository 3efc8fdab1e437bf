#!/usr/bin/env python3
"""Delivery at work, both ends as processes of their own: simulated sensors (simulated_sensors.cc) and a picket-collector.

usage: measure_delivery.py throughput|alerts|outage|many [options] [-- options of simulated_sensors]

  throughput   one sensor offers as much as is taken: records/s from its event ring to the acknowledged commit
  alerts       one sensor at --rate, and alerts beside: milliseconds from its ring until they are committed and acknowledged
  outage       the collector is away while a spool of --records grows at --rate (0: as fast as the disk takes it); then it is
               emptied: how many times faster than that, and than the 5,000 records/s of one sensor
  many         --sensors at --rate each, and in the middle the collector is killed and started again, so that all come back
               at once: is its ledger what was made, how much memory has it

Build first: scripts/build release export/collector/picket-collector tests/bench/simulated_sensors
Machines are noisy: CPU seconds of both ends stand beside the time on the clock. Exit status 1: the ledger is not exact.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import collector, program

TICKS = os.sysconf('SC_CLK_TCK')


class Collector:
    """A picket-collector on loopback; started again, it listens where it did."""

    def __init__(self, folder, config=()):
        self.folder, self.store = pathlib.Path(folder), pathlib.Path(folder) / 'store.db'
        self.listen, self.cpu_s, self.peak_kb, self.config = '127.0.0.1:0', 0.0, 0, []
        if config:
            (self.folder / 'collector.yaml').write_text('\n'.join(config) + '\n')
            self.config = ['--config', str(self.folder / 'collector.yaml')]
        self.log, self.process = self.folder / 'collector.log', None

    def start(self):
        with open(self.log, 'ab') as out:
            begin = out.seek(0, 2)
            store = [] if self.config else ['--store', str(self.store)]
            self.process = subprocess.Popen([collector(), 'serve', '--listen', self.listen, *store, *self.config],
                                            stdout=out, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(rb'listening on (127\.0\.0\.1:\d+)', self.log.read_bytes()[begin:])
            if found:
                self.listen = found.group(1).decode()
                return self
            time.sleep(0.02)
        sys.exit('the collector does not start: ' + self.log.read_text(errors='replace')[-2000:])

    def wait_for_records(self, sensors, more_than=None):
        """Until it has records of so many, of each more than it had then; what it has, None after two minutes."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            held = {of: sum(row['held'].values()) for of, row in self.ledger().items()}
            if sum(n > (more_than or {}).get(of, 0) for of, n in held.items()) >= sensors:
                return held
            time.sleep(0.05)
        return None

    def look(self):
        """CPU seconds and memory so far, of all processes that were it."""
        fields = pathlib.Path('/proc/%d/stat' % self.process.pid).read_text().rsplit(')', 1)[1].split()
        status = pathlib.Path('/proc/%d/status' % self.process.pid).read_text()
        self.peak_kb = max(self.peak_kb, int(re.search(r'VmHWM:\s+(\d+)', status).group(1)))
        return self.cpu_s + (int(fields[11]) + int(fields[12])) / TICKS

    def end(self, how=signal.SIGTERM):
        self.cpu_s = self.look()
        self.process.send_signal(how)
        self.process.wait()

    def ledger(self):
        """By sensor and boot: records by type that are held, and how many are missing."""
        out = subprocess.run([collector(), 'ledger', '--store', str(self.store), '--json'], check=True, capture_output=True)
        all_of = {}
        for line in out.stdout.splitlines():
            row = json.loads(line)
            held = all_of.setdefault((row['sensor'], row['boot']), {'held': {}, 'missing': 0})
            for kind, n in row['held'].items():
                held['held'][kind] = held['held'].get(kind, 0) + n
            held['missing'] += row['through'] - sum(row['held'].values()) - sum(row['expired'].values()) - row['rejected']
        return all_of


def start_sensors(listen, *options):
    return subprocess.Popen([program('SIMULATED_SENSORS', 'tests/bench/simulated_sensors'), '--collector', listen, *map(str, options)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def result_of(sensors):
    """When they have ended; those that wait for it are told to."""
    out = sensors.communicate()[0]
    try:
        return json.loads(out)
    except ValueError:
        sys.exit('the sensors ended with status %s and said nothing' % sensors.returncode)


def ledger_faults(collector_there, *results):
    """What the collector's ledger has otherwise than the sensors say; [] when it is exact, to the record."""
    ledger, faults = collector_there.ledger(), []
    for sensor in (s for r in results for s in r['sensors']):
        made = sum(sensor['made'].values())
        if made == 0:
            continue
        row = ledger.get((sensor['sensor'], sensor['boot']), {'held': {}, 'missing': 0})
        if sensor['missing'] == 0 and row['held'] != sensor['made']:
            faults.append('%s: made %s, held %s' % (sensor['sensor'], sensor['made'], row['held']))
        if sum(row['held'].values()) + row['missing'] != made or row['missing'] != sensor['missing']:
            faults.append('%s: made %d, missing %d; held %s and missing %d' %
                          (sensor['sensor'], made, sensor['missing'], row['held'], row['missing']))
    return faults


def say(name, value, unit=''):
    print('%-44s %14s %s' % (name, '%.3f' % value if isinstance(value, float) and value < 100 else '{:,.0f}'.format(value), unit))


def say_costs(r, there):
    n = max(1, r['acknowledged'])
    say('acknowledged', r['acknowledged'], 'records')
    say('on the clock', r['records_per_s'], 'records/s')
    say('CPU time, sensors', 1e6 * r['cpu_s'] / n, 'us a record')
    say('CPU time, collector', 1e6 * there.look() / n, 'us a record')
    say('on the wire', r['sent_bytes'] / n, 'bytes a record')
    say('memory, collector, at most', there.peak_kb / 1024, 'MiB')


def throughput(args, folder):
    there = Collector(folder, args.config).start()
    r = result_of(start_sensors(there.listen, '--records', args.records, *args.more))
    say_costs(r, there)
    there.end()
    if args.config:
        return []
    say('in the store', there.store.stat().st_size / max(1, r['acknowledged']), 'bytes a record')
    return ledger_faults(there, r)


def alerts(args, folder):
    there = Collector(folder).start()
    r = result_of(start_sensors(there.listen, '--rate', args.rate, '--alerts', 20, '--seconds', args.seconds, *args.more))
    say('flows beside them', r['acknowledged'] / r['seconds'], 'records/s')
    say('alerts', r['alerts']['count'])
    for name in ('p50_ms', 'p99_ms', 'max_ms'):
        say('ring to commit and acknowledgement, ' + name[:-3], float(r['alerts'][name]), 'ms')
    there.end()
    return ledger_faults(there, r)


def outage(args, folder):
    spool = folder / 'spool'
    there = Collector(folder).start()
    there.end()
    filled = result_of(start_sensors(there.listen, '--records', args.records, '--rate', args.rate, '--spool', spool, '--patience', 0, *args.more))
    size = sum(f.stat().st_size for f in spool.rglob('*.batches'))
    live = filled['made'] / filled['driven_s']
    say('made during the outage', filled['made'], 'records')
    say('spool', size / 1e9, 'GB')
    say('live', live, 'records/s')
    there.start()
    r = result_of(start_sensors(there.listen, '--spool', spool, '--seconds', 0.001, '--rate', 1, '--patience', 120, *args.more))
    say('replayed', r['records_per_s'], 'records/s')
    say('times the live rate', r['records_per_s'] / live)
    say('times a sensor with 5,000 records/s', r['records_per_s'] / 5000)
    say('replay', r['sent_bytes'] / r['seconds'] / 1e6, 'MB/s on the wire')
    say('CPU time, sensor', 1e6 * r['cpu_s'] / max(1, r['acknowledged']), 'us a record')
    say('CPU time, collector', 1e6 * there.look() / max(1, r['acknowledged']), 'us a record')
    there.end()
    return ledger_faults(there, filled, r) + ([] if r['owed'] == 0 else ['%d records are still in the spool' % r['owed']])


def many(args, folder):
    there = Collector(folder, args.config).start()
    sensors = start_sensors(there.listen, '--sensors', args.sensors, '--rate', args.rate, '--alerts', 1, '--seconds', args.seconds,
                            '--batch-kib', 64, '--segments', 8, '--patience', 120, *args.more)
    if args.kill:
        time.sleep(args.seconds / 2)
        there.end(signal.SIGKILL)
        there.start()
    r = result_of(sensors)
    say('sensors', len(r['sensors']))
    say('connections that were made', sum(s['connections'] for s in r['sensors']))
    say('records in gaps', sum(s['missing'] for s in r['sensors']))
    say('batches', r['sent_batches'])
    say_costs(r, there)
    say('memory, collector, for each sensor', there.peak_kb / len(r['sensors']), 'KiB')
    say('alerts, p50', float(r['alerts']['p50_ms']), 'ms')
    say('alerts, p99', float(r['alerts']['p99_ms']), 'ms')
    there.end()
    if args.config:
        return []
    say('in the store', there.store.stat().st_size / max(1, r['acknowledged']), 'bytes a record')
    return ledger_faults(there, r)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('what', choices=['throughput', 'alerts', 'outage', 'many'])
    p.add_argument('--records', type=int, default=3_000_000)
    p.add_argument('--rate', type=float, help='records/s of each sensor')
    p.add_argument('--sensors', type=int, default=200)
    p.add_argument('--seconds', type=float, default=20)
    p.add_argument('--kill', action=argparse.BooleanOptionalAction, default=True, help='many: kills the collector in the middle')
    p.add_argument('--config', action='append', default=[], help='a line of the collector\'s configuration, such as `store: none`, instead of its '
                   'store; the ledger is not looked at then')
    p.add_argument('--folder', help='for store and spool; else the temporary folder')
    own = sys.argv[1:]
    more = own.index('--') if '--' in own else len(own)
    args = p.parse_args(own[:more])
    args.more = own[more + 1:]
    if args.rate is None:
        args.rate = {'alerts': 100_000, 'many': 500}.get(args.what, 0)
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        faults = globals()[args.what](args, pathlib.Path(folder))
    for fault in faults:
        print('NOT EXACT: ' + fault)
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
