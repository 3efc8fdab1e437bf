#!/usr/bin/env python3
"""What a sensor made is what the collector keeps, each record once: after a replay, after a second one, and when the
collector is killed in the middle and started again. Then what `query` answers, that EVE files hold the same, and that SIGTERM ends it in order.

usage: records_reach_collector.py        PICKET, PICKET_COLLECTOR=paths of the programs
"""
import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, capture_of, collector, ledger_fault, picket, read_eve, read_json, run, stop
from delivery import Program, eventually, ledger


class Collector(Program):
    """A picket-collector of our own on loopback, by its command line."""

    def __init__(self, store, listen='127.0.0.1:0', config=None):
        options = [*(['--store', store] if store else []), *(['--config', config] if config else [])]
        super().__init__(pathlib.Path('%s.log' % (store or config)), [collector(), 'serve', '--listen', listen, *options])
        found = self.says(r'listening on (127\.0\.0\.1:\d+)')
        self.address = found.group(1) if found else None


def query(store, *arguments):
    return run(collector(), 'query', '--store', store, *arguments)


def counts(store):
    """Per type, of the whole store, from the records themselves."""
    found = {}
    for line in query(store, '--json').out.splitlines():
        kind = json.loads(line)['event_type']
        found[kind] = found.get(kind, 0) + 1
    return found


def made(stats, times=1):
    return {kind: n * times for kind, n in stats['records']['made'].items() if n}


def replay(address, stats, *more):
    return run(picket(), 'replay', '--rules', SAMPLE_RULES, '--log-level', 'error', '--export', address, '--stats', stats, *more, PCAPS)


def delivered_once(checks, scratch):
    store, stats = scratch / 'once.db', scratch / 'once.json'
    server = Collector(store)
    if not checks.ok('the collector says where it listens', server.address, server.said()):
        stop(server.process)
        return
    result = replay(server.address, stats)
    if not checks.ok('a replay delivers', result.status == 0, result):
        stop(server.process)
        return
    s = read_json(stats)
    fault = ledger_fault(s)
    checks.ok('its ledger is exact', not fault, fault)
    checks.equal('nothing was lost', sum(s['records']['lost'].values()), 0)
    checks.equal('the store holds what was made, type by type', counts(store), made(s))
    answers(checks, store, s)
    sensors = [json.loads(line) for line in run(collector(), 'sensors', '--store', store, '--json').out.splitlines()]
    version = run(picket(), 'version').out.decode().split()[1]
    checks.equal('`sensors` knows who made it, and by which rules', [(x['version'], x['rules_epoch']) for x in sensors], [(version, 1)])
    result = replay(server.address, scratch / 'twice.json')
    checks.ok('a second replay delivers', result.status == 0, result)
    checks.equal('it is another boot: the store holds everything twice', counts(store), made(s, 2))
    checks.equal('SIGTERM ends the collector with status 0', stop(server.process, signal.SIGTERM), 0)
    checks.equal('the store is whole afterwards', counts(store), made(s, 2))
    again = Collector(store)
    checks.ok('it starts again on the same store', again.address, again.said())
    over = run(picket(), 'replay', '--log-level', 'warning', '--set', 'export.collectors=[127.0.0.1:1, 127.0.0.1:2]', '--export', again.address,
               '--stats', scratch / 'over.json', PCAPS / 'dns')
    checks.ok('--export says which collectors of the configuration it takes the place of',
              over.status == 0 and b'takes the place of export.collectors: 127.0.0.1:1, 127.0.0.1:2' in over.err, over)
    checks.equal('SIGINT ends it with status 0, too', stop(again.process, signal.SIGINT), 0)


def answers(checks, store, stats):
    """What `query` answers about the store, against what was made."""
    of = made(stats)

    def lines(*arguments):
        result = query(store, *arguments, '--json')
        checks.ok('query %s --json: status 0' % ' '.join(arguments), result.status == 0, result)
        return [json.loads(line) for line in result.out.splitlines()]

    table = query(store, '--count-by-type')
    text = table.out.decode()
    missing = [kind for kind, n in of.items() if not re.search(r'\b%s\b\s+%d\b' % (kind, n), text)]
    checks.ok('query --count-by-type has each type with its number', table.status == 0 and not missing, '%s\n%s' % (missing, text))
    for kind in of:
        checks.equal('query --type %s' % kind, (len(lines('--type', kind)), {r['event_type'] for r in lines('--type', kind)}), (of[kind], {kind}))
    everything = lines()
    want = [r for r in everything if any('lab.test' in q['rrname'] for q in r.get('dns', {}).get('queries', []))]
    checks.equal('query --where on a nested field', len(lines('--where', 'dns.queries.rrname ~ lab.test')), len(want))
    want = [r for r in everything if r.get('dest_port') == 502 and r['event_type'] != 'flow']
    checks.equal('query --where with and, not', len(lines('--where', 'dest_port = 502 and not event_type = flow')), len(want))
    times = sorted(r['timestamp'] for r in everything)
    middle = times[len(times) // 2]
    since = middle.split('+')[0]
    checks.equal('query --since a time', len(lines('--since', since)), sum(t >= middle for t in times))
    shown = query(store, '--type', 'alert', '--limit', '5')
    checks.ok('a table for people ends with status 0 and shows something', shown.status == 0 and len(shown.out.splitlines()) >= 5, shown)
    checks.equal('--limit is kept', len(lines('--limit', '7')), 7)
    with_eve = run(picket(), 'replay', '--rules', SAMPLE_RULES, '--log-level', 'error', '--eve', '-', PCAPS)
    stripped = sorted(json.dumps({k: v for k, v in r.items()}, sort_keys=True) for r in everything)
    eve = sorted(json.dumps(json.loads(line), sort_keys=True) for line in with_eve.out.splitlines())
    differing = [a for a, b in zip(stripped, eve) if a != b][:1]
    checks.ok('query --json gives the records as --eve writes them', stripped == eve, '%d and %d; first: %s' % (len(stripped), len(eve), differing))


def same_in_every_sink(checks, scratch):
    """EVE files beside the store have the records that `query --json` gives; without a store they have them, too."""
    store, eve, config = scratch / 'both.db', scratch / 'both.json', scratch / 'both.yaml'
    config.write_text('eve.path: %s\neve.rotate-size: 1 MiB\n' % eve)
    server = Collector(store, config=config)
    result = replay(server.address, scratch / 'both-stats.json') if server.address else server.said()
    checks.ok('a replay delivers to the store and EVE files', server.address and result.status == 0, result)
    checks.equal('SIGTERM ends the collector with status 0', stop(server.process, signal.SIGTERM), 0)
    files = sorted(scratch.glob('both*.json'))
    files.remove(scratch / 'both-stats.json')
    written = sorted(json.dumps(r, sort_keys=True) for f in files for r in read_eve(f))
    kept = sorted(json.dumps(json.loads(line), sort_keys=True) for line in query(store, '--json').out.splitlines())
    differing = [(a, b) for a, b in zip(written, kept) if a != b][:1]
    checks.ok('the EVE files have the records of the store, each once', kept and written == kept,
              '%d in files, %d in the store; first: %s' % (len(written), len(kept), differing))
    checks.ok('a full file was put away', len(files) > 1, files)

    config.write_text('store: none\neve.path: %s\ndead-letter: none\n' % (scratch / 'alone.json'))
    server = Collector(None, config=config)
    result = replay(server.address, scratch / 'alone-stats.json') if server.address else server.said()
    checks.ok('a replay delivers to EVE files alone', server.address and result.status == 0, result)
    checks.equal('SIGTERM ends that collector with status 0', stop(server.process, signal.SIGTERM), 0)
    found = {}
    for r in read_eve(scratch / 'alone.json'):
        found[r['event_type']] = found.get(r['event_type'], 0) + 1
    checks.equal('they hold what was made, type by type', found, made(read_json(scratch / 'alone-stats.json')))

    config.write_text('store: none\n')
    result = run(collector(), 'serve', '--listen', '127.0.0.1:0', '--config', config)
    checks.ok('no durable sink: it does not start, and says what to give',
              result.status == 1 and b'at least one durable sink' in result.err, result)
    result = run(collector(), 'schema', 'clickhouse', '--server-version', '18.16.1')
    checks.ok('schema clickhouse shows tables for the version', result.status == 0 and b'CREATE TABLE IF NOT EXISTS `picket`.`alert`' in result.out
              and b'DateTime64' not in result.out, result)


def killed_in_the_middle(checks, scratch):
    """kill -9 while records come in; the sensor waits, delivers the rest, and nothing is there twice."""
    store, stats = scratch / 'killed.db', scratch / 'killed.json'
    server = Collector(store)
    rounds = 40
    sensor = subprocess.Popen([picket(), 'replay', '--rules', str(SAMPLE_RULES), '--log-level', 'error', '--export', server.address,
                               '--stats', str(stats), '--loop', str(rounds), str(PCAPS)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    kept = 0
    while kept == 0 and time.monotonic() < deadline and sensor.poll() is None:
        kept = sum(counts(store).values())
    in_the_middle = sensor.poll() is None
    server.process.kill()
    server.process.wait()
    checks.ok('the collector is killed while the sensor delivers', in_the_middle and kept > 0, 'kept %d, sensor status %s' % (kept, sensor.poll()))
    before = sum(counts(store).values())
    time.sleep(0.5)
    again = Collector(store, server.address)
    checks.ok('it starts again at the same address', again.address == server.address, again.said())
    try:
        out, err = sensor.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        sensor.kill()
        out, err = sensor.communicate()
    checks.ok('the replay ends well', sensor.returncode == 0, 'status %s\n%s' % (sensor.returncode, err.decode(errors='replace')[-800:]))
    if stats.exists():
        s = read_json(stats)
        fault = ledger_fault(s)
        checks.ok('its ledger is exact', not fault, fault)
        checks.equal('every record is there exactly once, type by type', counts(store), made(s))
        checks.ok('some of them came before the kill, some after', 0 < before < sum(made(s).values()), '%d of %d' % (before, sum(made(s).values())))
    checks.equal('SIGTERM ends the collector with status 0', stop(again.process, signal.SIGTERM), 0)


def workers_overflow(checks, scratch):
    """What a worker makes and its ring has no room for never comes to be numbered by anybody else: the collector has to know of it all the same."""
    if os.geteuid() != 0 or 'not in this build' in run(picket(), 'run').err.decode(errors='replace'):
        return checks.skip('what workers lose', 'not root, or `picket run` is not in this build')
    store, stats = scratch / 'overflow.db', scratch / 'overflow.json'
    server = Collector(store)
    sensor = Program(scratch / 'overflow.log', [
        picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s,infinite_rx=1' % capture_of('dns/names'), '--set', 'memory.event-ring=1mb',
        '--set', 'export.spool.path=%s' % (scratch / 'overflow-spool'), '--export', server.address, '--stats', stats])
    there = lambda: collections.Counter(kind for row in ledger(store) for kind in row['missing'].get('no room', {}).get('types', ()))
    checks.ok('the collector is told of what workers lost while they are at work', eventually(there), sensor.said()[-800:])
    sensor.stop()
    checks.ok('the sensor says that it lost some', sensor.process.returncode == 1, sensor.said()[-800:])
    s = read_json(stats)
    fault = ledger_fault(s)
    checks.ok('its ledger is exact', not fault, fault)
    last = run(picket(), 'replay', '--log-level', 'error', '--export', server.address, '--set', 'export.spool.path=%s' % (scratch / 'overflow-spool'),
               '--stats', scratch / 'last.json', PCAPS / 'dns/names')
    checks.ok('what its spool still owed is delivered', last.status == 0, last)
    known, held, lost = collections.Counter(made(read_json(scratch / 'last.json'))), collections.Counter(), collections.Counter()
    known.update(made(s))
    for row in ledger(store):
        held.update(row['held'])
        for gap in row['missing'].values():
            lost.update(gap['types'])
    checks.equal('the collector has each record that was made, or a gap of its type', held + lost, known)
    told = {kind: n for kind, n in s['records']['lost'].items() if n}
    checks.ok('and every one that the sensor counts as lost is in a gap', told and all(lost[kind] >= n for kind, n in told.items()), (told, lost))
    stop(server.process, signal.SIGTERM)


def main():
    checks = Checks()
    with Scratch() as scratch:
        delivered_once(checks, scratch)
        same_in_every_sink(checks, scratch)
        killed_in_the_middle(checks, scratch)
        workers_overflow(checks, scratch)
    return checks.done()


sys.exit(main())
