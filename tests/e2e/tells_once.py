#!/usr/bin/env python3
"""Operations that only look are told once in an interval (app-layer.protocols.NAME.detail), and nothing is lost by it.

usage: tells_once.py        PICKET=path of the program

What `changes` and `summary` should say is worked out here from the records of `full`, with the rules of README.md: a
record for each kind and interval, which is the first one's with Event.ot.summary; whatever has an effect, failed, or has
an event has its own. The captures are those of all protocols with Event.ot. Output is the same, byte for byte, for any
number of workers, and made + summarised is the number of transactions.
"""
import collections
import copy
import datetime
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, Checks, Scratch, capture_of, cases, ledger_fault, picket, read_eve, read_json, run

LOOKS = ('none', 'read', 'diagnostic')
WORKERS = (1, 2, 4, 7)


def plants():
    """Protocols with Event.ot: those that have its keywords."""
    lines = run(picket(), 'protocols', '--json').out.decode().splitlines()
    return [p['name'] for p in map(json.loads, lines) if 'ot.class' in p['keywords']]


def replay(scratch, capture, workers, *settings):
    base = str(scratch / 'out')
    command = [picket(), 'replay', '--workers', workers, '--log-level', 'error', '--set', 'outputs.eve-log.types.stats.enabled=no', '--set', 'outputs.eve-log.types.anomaly.types.applayer=yes',
               '--eve', base + '.eve', '--records', base + '.records', '--stats', base + '.stats']
    for s in settings:
        command += ['--set', s]
    result = run(*command, capture, timeout=300)
    if result.status != 0:
        return result, [], b'', None
    return result, read_eve(base + '.eve'), pathlib.Path(base + '.records').read_bytes() + pathlib.Path(base + '.eve').read_bytes(), read_json(base + '.stats')


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


def main():
    checks = Checks()
    names = plants()
    checks.ok('there are protocols with Event.ot', names)
    total = collections.Counter()
    with Scratch() as scratch:
        for case in cases():
            if case.split('/')[0] not in names or (PCAPS / case / 'errors').exists():
                continue
            capture = capture_of(case)
            result, full, _, stats = replay(scratch, capture, 1, 'app-layer.detail=full')
            if not checks.ok('%s: full' % case, result.status == 0, result):
                continue
            # A message that came by two networks has one record, also here.
            transactions = len(got(full)) + sum(stats['records']['summarised'].values())
            for detail, interval in (('changes', 60), ('changes', 1), ('summary', 3600)):
                label = '%s: %s, %d s' % (case, detail, interval)
                settings = ('app-layer.detail=' + detail, 'app-layer.detail-interval=%d' % interval)
                result, records, whole, stats = replay(scratch, capture, 1, *settings)
                fault = str(result) if stats is None else ledger_fault(stats)
                if stats is not None and not fault:
                    made = sum(stats['records']['made'].get(n, 0) for n in names)
                    summarised = sum(stats['records']['summarised'].values())
                    total[detail] += summarised
                    if made + summarised != transactions:
                        fault = '%d made, %d summarised, %d transactions' % (made, summarised, transactions)
                    have = got(records)
                    want = dict(expected(full, detail, interval, {who for who, count in have.items() if count == 0}))
                    if want != have and not fault:
                        wrong = [(k, want.get(k), have.get(k)) for k in {**want, **have} if want.get(k) != have.get(k)]
                        fault = '(flow, transaction), count expected, count told: %s' % wrong[:5]
                    bare = [strip(r) for r in records]
                    whole_set = {canonical(r) for r in full}
                    strange = [r for r in bare if canonical(r) not in whole_set]
                    if strange and not fault:
                        fault = 'not a record of full: %s' % strange[0]
                for workers in WORKERS[1:]:
                    if fault:
                        break
                    if replay(scratch, capture, workers, *settings)[2] != whole:
                        fault = 'differs with %d workers' % workers
                checks.ok(label, not fault, fault)
        checks.ok('something was told in summaries', total['changes'] > 50 and total['summary'] > 50, total)
        # Together, with a table that is too small: all is told all the same.
        result, records, whole, stats = replay(scratch, PCAPS, 1, 'app-layer.detail-memcap=64kb', 'flow.hash-size=1024')
        checks.ok('all captures, a small table: ends well', result.status == 0, result)
        same = all(replay(scratch, PCAPS, w, 'app-layer.detail-memcap=64kb', 'flow.hash-size=1024')[2] == whole for w in WORKERS[1:])
        checks.ok('all captures, a small table: the same for any workers', same)
    return checks.done()


def strip(record):
    record = copy.deepcopy(record)
    if 'ot' in record:
        record['ot'].pop('summary', None)
    return record


def canonical(record):
    return json.dumps(record, sort_keys=True)


sys.exit(main())
