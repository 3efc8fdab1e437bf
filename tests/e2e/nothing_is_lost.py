#!/usr/bin/env python3
"""A record that picket made is at the collector once, or stands in an exact gap, whatever dies in between: replays deliver through a
spool on disk while sensor and collector are killed (-9) at random points and started again; at the end what the collector has, and the
gaps it knows, are all that was made.

usage: nothing_is_lost.py [ROUNDS]        PICKET, PICKET_COLLECTOR=paths of the programs
"""
import json
import pathlib
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, collector, ledger_fault, picket, read_json, run, stop


class Collector:
    """A picket-collector of our own on loopback, which comes back at the same address."""

    def __init__(self, folder):
        self.store, self.log, self.listen, self.process = folder / 'store.db', folder / 'collector.log', '127.0.0.1:0', None

    def start(self):
        begin = self.log.stat().st_size if self.log.exists() else 0
        self.process = subprocess.Popen([collector(), 'serve', '--listen', self.listen, '--store', str(self.store)],
                                        stdout=subprocess.DEVNULL, stderr=open(self.log, 'ab'))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r'listening on (127\.0\.0\.1:\d+)', self.log.read_bytes()[begin:].decode(errors='replace'))
            if found:
                self.listen = found.group(1)
                return True
            time.sleep(0.05)
        return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def counts(self):
        """Per type, from the records themselves."""
        found = {}
        for line in run(collector(), 'query', '--store', self.store, '--json').out.splitlines():
            kind = json.loads(line)['event_type']
            found[kind] = found.get(kind, 0) + 1
        return found


def sensor(folder, address, stats, loops=1):
    return subprocess.Popen([picket(), 'replay', '--rules', str(SAMPLE_RULES), '--log-level', 'error', '--export', address,
                             '--set', 'export.spool.path=%s' % (folder / 'spool'), '--stats', str(stats), '--loop', str(loops), str(PCAPS)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def outage(checks, folder):
    """A sensor whose collector is away ends well; the next one delivers what it owed."""
    there = Collector(folder)
    if not checks.ok('the collector starts', there.start(), there.log):
        return
    there.kill()
    stats = folder / 'away.json'
    away = sensor(folder, there.listen, stats)
    _, err = away.communicate(timeout=300)
    checks.equal('a replay with a spool ends well without a collector', away.returncode, 0)
    s = read_json(stats)
    fault = ledger_fault(s)
    checks.ok('its ledger is exact', not fault, fault)
    checks.equal('nothing counts as lost', sum(s['records']['lost'].values()), 0)
    made = {kind: n for kind, n in s['records']['made'].items() if n}
    checks.ok('the collector starts again', there.start(), there.log)
    stats = folder / 'back.json'
    back = sensor(folder, there.listen, stats)
    _, err = back.communicate(timeout=300)
    checks.ok('the next replay ends well', back.returncode == 0, err.decode(errors='replace')[-800:])
    both = {kind: 2 * n for kind, n in made.items()}
    checks.equal('the collector has what both of them made, once', there.counts(), both)
    checks.equal('nothing is left in the spool', list((folder / 'spool').glob('*.batches')), [])
    stop(there.process)


def kills(checks, folder, rounds):
    """Each round kills one of the two somewhere; then all is delivered, and each boot's chain has no unknown gap."""
    there = Collector(folder)
    there.start()
    chance = random.Random(1)
    killed = 0
    for n in range(rounds):
        one = sensor(folder, there.listen, folder / 'killed.json', loops=20)
        time.sleep(chance.uniform(0.2, 2.5))
        if n % 2:
            there.kill()
            there.start()
            time.sleep(chance.uniform(0, 0.5))
        killed += one.poll() is None
        one.kill()
        one.communicate()
    checks.ok('sensors were killed at work', killed > rounds / 2, killed)
    last = sensor(folder, there.listen, folder / 'last.json')
    _, err = last.communicate(timeout=600)
    checks.ok('the last replay ends well', last.returncode == 0, err.decode(errors='replace')[-800:])
    checks.equal('nothing is left in the spool', list((folder / 'spool').glob('*.batches')), [])
    said = there.log.read_text(errors='replace')
    checks.ok('no batch was refused', 'refused' not in said, said[-1500:])
    flows = run(collector(), 'query', '--store', there.store, '--json')
    lines = flows.out.splitlines()
    checks.ok('the collector has records', len(lines) > 0, flows)
    stop(there.process)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    checks = Checks()
    with Scratch() as folder:
        outage(checks, folder)
    with Scratch() as folder:
        kills(checks, folder, rounds)
    return checks.done()


sys.exit(main())
