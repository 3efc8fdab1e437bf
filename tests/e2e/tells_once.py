#!/usr/bin/env python3
"""Operations that only look are told once in an interval (app-layer.protocols.NAME.detail), and nothing is lost by it.

usage: tells_once.py        PICKET=path of the program

What `changes` and `summary` should say is worked out here from the records of `full`, with the rules of README.md: a
record for each kind and interval, which is the first one's with Event.ot.summary; whatever has an effect, failed, or has
an event has its own. The captures are those of all protocols with Event.ot. Made + summarised is the number of
transactions, and output is the same, byte for byte, for any number of workers (of all captures in one replay).
"""
import collections
import concurrent.futures
import copy
import datetime
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, Checks, Scratch, capture_of, cases, ledger_fault, picket, read_eve, read_json, run, run_forked

LOOKS = ('none', 'read', 'diagnostic')
WORKERS = (1, 2, 4, 7)
WAYS = (('changes', 60), ('changes', 1), ('summary', 3600))  # detail, detail-interval in seconds


def plants():
    """Protocols with Event.ot: those that have its keywords."""
    lines = run(picket(), 'protocols', '--json').out.decode().splitlines()
    return [p['name'] for p in map(json.loads, lines) if 'ot.class' in p['keywords']]


def replay(base, capture, workers, *settings):
    """(Run result, EVE records, --records and --eve as bytes, --stats); of a run that failed the result alone."""
    command = [picket(), 'replay', '--workers', workers, '--log-level', 'error', '--set', 'outputs.eve-log.types.stats.enabled=no', '--set', 'outputs.eve-log.types.anomaly.types.applayer=yes',
               '--eve', '%s.eve' % base, '--records', '%s.records' % base, '--stats', '%s.stats' % base]
    for s in settings:
        command += ['--set', s]
    result = run_forked(*command, capture, timeout=300)
    if result.status != 0:
        return result, [], b'', None
    return result, read_eve('%s.eve' % base), b''.join(pathlib.Path('%s.%s' % (base, kind)).read_bytes() for kind in ('records', 'eve')), read_json('%s.stats' % base)


def seconds(record):
    """Of the record's time, exact to the microsecond."""
    date, rest = record['timestamp'].split('.')
    return datetime.datetime.strptime(date + rest[-5:], '%Y-%m-%dT%H:%M:%S%z').timestamp() + float('0.' + rest[:6])


def ends(r):
    """Of what has no IP its MAC addresses."""
    return (r['src_ip'], r['dest_ip']) if 'src_ip' in r else (r['ether']['src_mac'], r['ether']['dest_mac'])


def expected(full, detail, interval, apart):
    """The transactions' records as `detail` should tell them: {(flow, tx): count}, in no order. `apart`: those that a
    parser wants told by themselves (OtTransaction::apart, OtOperation::unknown); which these are, its own tests show."""
    eventful = {(r['flow_id'], r.get('tx_id')) for r in full if r['event_type'] == 'anomaly' and 'tx_id' in r}
    # A reply whose request was not seen stands from the server's side; a kind is by client and server.
    clients = {r['flow_id']: (*ends(r), r.get('dest_port')) for r in full if r['event_type'] == 'flow'}
    told, open_kinds = collections.OrderedDict(), {}
    for r in full:
        if 'ot' not in r or r['event_type'] in ('alert', 'fileinfo'):
            continue
        ot, who = r['ot'], (r['flow_id'], r['tx_id'])
        if ot['class'] not in LOOKS or ot.get('failed') or who in eventful or who in apart:
            told[who] = 0
            continue
        client, server, port = clients[r['flow_id']]
        kind = (r['event_type'], client, server, tuple(r.get('vlan', [])), ot['protocol'], ot['operation'])
        if detail == 'changes':
            kind += (r.get('proto'), port, ot.get('station'), tuple(ot.get('addresses', [])))
        at = seconds(r)
        first = open_kinds.get(kind)
        if first is not None and at < first[0] + interval:
            told[first[1]] += 1
        else:
            open_kinds[kind] = (at, who)
            told[who] = 1
    return told


def got(records):
    return {(r['flow_id'], r['tx_id']): r['ot'].get('summary', {}).get('count', 0)
            for r in records if 'ot' in r and r['event_type'] not in ('alert', 'fileinfo')}


def faults_of(case, base, names):
    """(What is wrong with a case in each of WAYS, '' if nothing; how many were told in summaries, by detail)."""
    capture, total = capture_of(case), collections.Counter()
    result, full, _, stats = replay(base, capture, 1, 'app-layer.detail=full')
    if result.status != 0:
        return [str(result)] * len(WAYS), total
    # A message that came by two networks has one record, also here.
    transactions = len(got(full)) + sum(stats['records']['summarised'].values())
    whole, faults = {canonical(r) for r in full}, []
    for detail, interval in WAYS:
        result, records, _, stats = replay(base, capture, 1, 'app-layer.detail=' + detail, 'app-layer.detail-interval=%d' % interval)
        if stats is None or ledger_fault(stats):
            faults.append(str(result) if stats is None else ledger_fault(stats))
            continue
        made = sum(stats['records']['made'].get(n, 0) for n in names)
        summarised = sum(stats['records']['summarised'].values())
        total[detail] += summarised
        have = got(records)
        want = expected(full, detail, interval, {who for who, count in have.items() if count == 0})
        wrong = [(k, want.get(k), have.get(k)) for k in {**want, **have} if want.get(k) != have.get(k)]
        strange = [r for r in map(strip, records) if canonical(r) not in whole]
        if made + summarised != transactions:
            faults.append('%d made, %d summarised, %d transactions' % (made, summarised, transactions))
        elif wrong:
            faults.append('(flow, transaction), count expected, count told: %s' % wrong[:5])
        else:
            faults.append('not a record of full: %s' % strange[0] if strange else '')
    return faults, total


def main():
    checks = Checks()
    names = plants()
    checks.ok('there are protocols with Event.ot', names)
    total = collections.Counter()
    chosen = [c for c in cases() if c.split('/')[0] in names and not (PCAPS / c / 'errors').exists()]
    with Scratch() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(faults_of, case, scratch / case.replace('/', '_'), names) for case in chosen]
        for case, job in zip(chosen, jobs):
            faults, told = job.result()
            total += told
            for (detail, interval), fault in zip(WAYS, faults):
                checks.ok('%s: %s, %d s' % (case, detail, interval), not fault, fault)
        checks.ok('something was told in summaries', total['changes'] > 50 and total['summary'] > 50, total)
        # Together, also with a table that is too small: all is told all the same.
        together = [('app-layer.detail=' + detail, 'app-layer.detail-interval=%d' % interval) for detail, interval in WAYS]
        for settings in together + [('app-layer.detail-memcap=64kb', 'flow.hash-size=1024')]:
            runs = list(pool.map(lambda w: replay(scratch / ('all.%d' % w), PCAPS, w, *settings), WORKERS))
            label = 'all captures, %s' % ', '.join(settings)
            if checks.ok(label + ': ends well', all(r[0].status == 0 for r in runs), runs[0][0]):
                checks.ok(label + ': the same for any workers', all(r[2] == runs[0][2] for r in runs))
    return checks.done()


def strip(record):
    record = copy.deepcopy(record)
    if 'ot' in record:
        record['ot'].pop('summary', None)
    return record


def canonical(record):
    return json.dumps(record, sort_keys=True)


sys.exit(main())
