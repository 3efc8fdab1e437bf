#!/usr/bin/env python3
"""What configuration files say holds in the program: threshold.config, data sets that cross flows and outlive the
sensor, MAC addresses and payload in records, datagrams with a wrong checksum. Output is the same for any workers.

usage: settings_and_sets.py        PICKET=path of the program
"""
import collections
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import Checks, Scratch, capture_of, picket, read_eve, run

DNS = 'dns/record-types'
QUERIES = 'alert dns any any -> any any (dns.query; content:"."; sid:1;)\n'


def replay(scratch, rules, sets=(), case=DNS, capture=None):
    """The records, which have to be the same for one worker and for three."""
    (scratch / 't.rules').write_text(rules)
    texts = []
    for workers in (1, 3):
        eve = scratch / ('%d.eve' % workers)
        more = [word for s in sets for word in ('--set', s)]
        result = run(picket(), 'replay', '--workers', workers, '--rules', scratch / 't.rules', '--eve', eve,
                     '--log-level', 'error', *more, capture or capture_of(case))
        if result.status != 0:
            raise RuntimeError(str(result))
        texts.append([line for line in eve.read_text().splitlines() if '"event_type":"stats"' not in line])
    if texts[0] != texts[1]:
        raise RuntimeError('one worker and three differ')
    return [r for r in read_eve(scratch / '1.eve') if r['event_type'] != 'stats']


def sids(records):
    return collections.Counter(r['alert']['signature_id'] for r in records if r['event_type'] == 'alert')


def queries(records):
    return [q['rrname'] for r in records if r['event_type'] == 'dns' and r['dns']['type'] == 'request'
            for q in r['dns']['queries']]


def thresholds(checks, scratch):
    bare = sids(replay(scratch, QUERIES))[1]
    checks.ok('the capture has enough to count', bare > 3, bare)
    (scratch / 'threshold.config').write_text(
        'threshold gen_id 1, sig_id 1, type limit, track by_rule, count 2, seconds 3600\n')
    key = 'threshold-file=%s' % (scratch / 'threshold.config')
    checks.equal('threshold-file limits', sids(replay(scratch, QUERIES, [key]))[1], 2)
    (scratch / 'threshold.config').write_text('suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.0/8\n')
    checks.equal('threshold-file suppresses', sids(replay(scratch, QUERIES, [key]))[1], 0)


def sets(checks, scratch):
    rule = 'alert dns any any -> any any (dns.query; dataset:set,seen,type string,state seen.lst; sid:1;)\n'
    keep = ['default-data-dir=%s' % scratch]
    names = queries(replay(scratch, QUERIES))
    checks.ok('a name is asked for twice', len(set(names)) < len(names), names)
    (scratch / 'seen.lst').unlink(missing_ok=True)
    # The second of the two replays starts with what the first has kept: only the first may alert.
    try:
        replay(scratch, rule, keep)
        checks.ok('state is kept', False, 'both runs said the same')
    except RuntimeError as e:
        checks.ok('state is kept', 'differ' in str(e), e)
    first = sids(read_eve(scratch / '1.eve'))[1]
    checks.equal('each name once', first, len(set(names)))
    checks.equal('kept names', len((scratch / 'seen.lst').read_text().splitlines()), len(set(names)))
    checks.equal('nothing new the next time', sids(replay(scratch, rule, keep))[1], 0)
    forgetful = rule.replace(',state seen.lst', '')
    checks.equal('each name once, for any workers', sids(replay(scratch, forgetful))[1], len(set(names)))


def details(checks, scratch):
    plain = replay(scratch, QUERIES)
    checks.ok('nothing that was not asked for', not any(k in r for r in plain for k in ('ether', 'payload', 'packet')))
    types = 'outputs.eve-log.types.alert.'
    full = replay(scratch, QUERIES, ['outputs.eve-log.ethernet=yes', types + 'payload=yes', types + 'packet=yes'])
    flows = [r for r in full if r['event_type'] == 'flow']
    checks.ok('a flow shows MAC addresses', flows and all(r['ether']['src_macs'] and r['ether']['dest_macs'] for r in flows))
    alerts = [r for r in full if r['event_type'] == 'alert']
    checks.ok('an alert shows bytes', alerts and all(
        r['payload'] and r['packet'] and r['stream'] in (0, 1) and r['packet_info']['linktype'] == 1 and 'src_mac' in r['ether']
        for r in alerts))


def unrecorded(checks, scratch):
    """A rule may keep transactions out of the records; what else is made of them stays."""
    all_of = queries(replay(scratch, QUERIES))
    name = all_of[0]
    rule = 'config dns any any -> any any (dns.query; content:"%s"; bsize:%d; config:logging disable, type tx, scope tx; sid:2;)\n'
    records = replay(scratch, QUERIES + rule % (name, len(name)))
    checks.equal('its queries are in no record', queries(records), [q for q in all_of if q != name])
    checks.equal('it alerts nowhere, others do', sids(records), {1: len(all_of)})


def checksums(checks, scratch):
    data = bytearray(pathlib.Path(capture_of(DNS)).read_bytes())
    swapped = data[:4] in (b'\xa1\xb2\xc3\xd4', b'\xa1\xb2\x3c\x4d')
    at, damaged = 24, 0
    while at < len(data):
        size = int.from_bytes(data[at + 8:at + 12], 'big' if swapped else 'little')
        frame = at + 16
        if data[frame + 12:frame + 14] == b'\x08\x00' and data[frame + 23] == 17:
            udp = frame + 14 + (data[frame + 14] & 15) * 4
            data[udp + 6:udp + 8] = b'\x12\x34'
            damaged += 1
        at = frame + size
    (scratch / 'bad.pcap').write_bytes(data)
    good = replay(scratch, QUERIES, ['checksums=verify'])
    bad = replay(scratch, QUERIES, ['checksums=verify'], capture=scratch / 'bad.pcap')
    checks.ok('there are datagrams to damage', damaged > 5, damaged)
    checks.equal('a datagram is read whatever its checksum', queries(bad), queries(good))


def main():
    checks = Checks()
    with Scratch() as scratch:
        for prove in (thresholds, sets, details, unrecorded, checksums):
            prove(checks, scratch)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
