"""Sensors that deliver to a collector, as the tests of delivery start them, and the account of what became of the records.

The account is exact: every record that the sensor made, as its own EVE file has it, is in the store once, or stands in a gap of its type.
"""
import atexit
import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

from checks import PCAPS, SAMPLE_RULES, collector, ledger_fault, own_host, picket, read_json, run, stop

PATIENCE_S = 90
SCRAPE = 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())'


def eventually(condition, seconds=PATIENCE_S):
    """The first true answer, or the last one when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def scrape(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def resident_mb(process):
    """What it has in memory; 0 when it has ended."""
    try:
        status = pathlib.Path('/proc/%d/status' % process.pid).read_text()
    except OSError:
        return 0
    found = re.search(r'VmRSS:\s+(\d+) kB', status)
    return int(found.group(1)) // 1024 if found else 0


def lean():
    """An environment in which what a program holds is what it needs: AddressSanitizer keeps no freed memory for later."""
    options = [o for o in os.environ.get('ASAN_OPTIONS', '').split(':') if o]
    return dict(os.environ, ASAN_OPTIONS=':'.join(options + ['quarantine_size_mb=1', 'allocator_release_to_os_interval_ms=100']))


class Program:
    """A program of ours, with a log that can be asked. `before` comes before its name: the way into a namespace. `output`: what it
    writes to stdout stands in the log, too."""

    def __init__(self, log, command, before=(), env=None, output=False):
        self.log, self.before = log, tuple(before)
        self.begin = log.stat().st_size if log.exists() else 0
        with open(log, 'ab') as out:
            self.process = subprocess.Popen([str(c) for c in (*before, *command)], stdout=out if output else subprocess.DEVNULL, stderr=out, env=env)
        atexit.register(self.process.kill)  # a test that breaks off leaves nobody behind

    def said(self):
        return self.log.read_bytes()[self.begin:].decode(errors='replace')

    def says(self, pattern, seconds=PATIENCE_S):
        """Waits for it. The match, or None when the time is over or the program has ended without."""
        def look():
            running = self.running()
            return re.search(pattern, self.said()) or (not running and 'ended')
        found = eventually(look, seconds)
        return found if isinstance(found, re.Match) else None

    def running(self):
        return self.process.poll() is None

    def metrics(self):
        """{name{labels}: number}; {} when nobody answers."""
        found = self.says(r'metrics: (http://\S+)', 30)
        if not found:
            return {}
        try:
            answer = run(*self.before, sys.executable, '-c', SCRAPE, found.group(1)).out.decode() if self.before else scrape(found.group(1))
        except OSError:
            return {}
        return {name: float(value) for name, _, value in (line.rpartition(' ') for line in answer.splitlines() if line and not line.startswith('#'))}

    def figure(self, sample):
        """Of a scrape, which has to be answered; 0 where it has no such sample."""
        samples = self.metrics()
        if not samples:
            raise RuntimeError('no metrics from this program:\n' + self.said()[-800:])
        return samples.get(sample, 0)

    def ends(self, seconds=PATIENCE_S):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return 'timeout'

    def stop(self, how=signal.SIGTERM):
        return stop(self.process, how)


class Collector(Program):
    """A picket-collector, which comes back at the same address. `listen`: where without TLS; '': nowhere. `name`: of its files. `words`: on its
    command line; `keys`: of its configuration, over the test's own. `address`: where it listens; with TLS, if nowhere without."""

    def __init__(self, folder, listen=None, before=(), env=None, name='collector', words=(), **keys):
        self.store = pathlib.Path(keys.get('store', folder / (name + '.db')))
        config = folder / (name + '.yaml')
        clear = {} if listen == '' else {'listen': listen or own_host() + ':0'}
        keys = clear | {'store': self.store, 'metrics.listen': '127.0.0.1:0'} | {k.replace('__', '.').replace('_', '-'): v for k, v in keys.items()}
        config.write_text(''.join('%s: %s\n' % item for item in keys.items()))
        super().__init__(folder / (name + '.log'), [collector(), 'serve', '--config', config, *words], before, env)
        listens = r'listening on (\S+:\d+)' if clear else r'listening with TLS on (\S+:\d+)' if 'tls.listen' in keys else None
        found = listens and self.says(listens)
        self.address = found.group(1) if found else None


class Sensor(Program):
    """A replay that delivers over a spool, and writes the same records to an EVE file. `sets`: --set KEY=VALUE of each; `captures`: and
    whatever else is to stand on its command line. Several addresses: with the key `export.mode`."""

    def __init__(self, folder, address, name='sensor', captures=('--rules', SAMPLE_RULES, PCAPS), loops=1, sets=(), before=(), env=None, spool=True):
        self.eve, self.stats = folder / (name + '.json'), folder / (name + '.stats')
        self.spool = folder / 'spool'
        sets = [*(['export.spool.path=%s' % self.spool] if spool else []), 'metrics.listen=127.0.0.1:0', *sets]
        to = ['--export', address] if isinstance(address, str) else ['--set', 'export.collectors=[%s]' % ', '.join(address)]
        super().__init__(folder / (name + '.log'), [
            picket(), 'replay', *to, '--eve', self.eve, '--stats', self.stats, '--loop', loops, *(word for s in sets for word in ('--set', s)), *captures], before, env)

    def made(self):
        """By type, at its end."""
        return collections.Counter({kind: n for kind, n in read_json(self.stats)['records']['made'].items() if n})


def ledger(store):
    """The rows of `picket-collector ledger`."""
    return [json.loads(line) for line in run(collector(), 'ledger', '--store', store, '--json').out.splitlines()]


def lines_of(path_or_text):
    text = path_or_text if isinstance(path_or_text, bytes) else path_or_text.read_bytes()
    return collections.Counter(text.splitlines())


def kinds(lines):
    """By event_type."""
    found = collections.Counter()
    for line, n in lines.items():
        found[json.loads(line)['event_type']] += n
    return found


class Account:
    """What sensors made, held against what a store has and knows to be missing."""

    def __init__(self, store, sensors):
        self.rows = ledger(store)
        self.held = lines_of(run(collector(), 'query', '--store', store, '--json').out)
        self.made = sum((lines_of(s.eve) for s in sensors), collections.Counter())
        self.counted = sum((s.made() for s in sensors), collections.Counter())
        self.stats = [read_json(s.stats) for s in sensors]
        self.missing, self.reasons, self.unknown = collections.Counter(), collections.Counter(), 0
        for row in self.rows:
            for reason, gap in row['missing'].items():
                self.missing.update(gap['types'])
                self.reasons[reason] += gap['records']
                self.unknown += gap['records'] - sum(gap['types'].values())

    def fault(self):
        """What does not add up, as text; '' when every record is accounted for."""
        faults = [ledger_fault(s) for s in self.stats if ledger_fault(s)]
        if kinds(self.made) != self.counted:
            faults.append('the EVE files of the sensors have not what they counted: %s' % dict(self.counted - kinds(self.made)))
        twice = self.held - self.made
        if twice:
            faults.append('%d records are in the store twice, or were never made: %s' % (sum(twice.values()), dict(kinds(twice))))
        absent = kinds(self.made - self.held)
        if absent != self.missing or self.unknown:
            faults.append('absent from the store: %s; in gaps: %s, and %d of no type' % (dict(absent), dict(self.missing), self.unknown))
        for row in self.rows:
            where = '%s lane %s' % (row['boot'], row['lane'])
            out = sum(row['held'].values()) + sum(g['records'] for g in row['missing'].values()) + sum(row['expired'].values()) + row['rejected']
            if row['through'] != out or row['through'] != sum(row['made'].values()) or row['rejected'] or row['expired']:
                faults.append('the ledger of boot %s does not add up: %s' % (where, row))
        if sum(row['through'] for row in self.rows) != sum(self.counted.values()):
            faults.append('%d numbers in the ledger, %d records made' % (sum(row['through'] for row in self.rows), sum(self.counted.values())))
        return '\n'.join(faults)

    def text(self):
        return '%d made, %d held, %d missing%s' % (sum(self.counted.values()), sum(self.held.values()), sum(self.reasons.values()),
                                                   ' (%s)' % ', '.join('%s: %d' % i for i in self.reasons.items()) if self.reasons else '')


def all_accounted(checks, name, store, sensors, lost=None):
    """Checks the account; `lost`: whether records have to be missing, has to be so, too. Gives it."""
    account = Account(store, sensors)
    checks.ok('%s: every record is in the store once, or in a gap of its type' % name, not account.fault(), account.fault())
    checks.note('%s: %s' % (name, account.text()))
    if lost is not None:
        checks.ok('%s: %s' % (name, 'some are missing' if lost else 'none is missing'), bool(account.reasons) == lost, account.text())
    return account
