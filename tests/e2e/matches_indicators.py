#!/usr/bin/env python3
"""Indicators of compromise: every kind of field of a replayed capture fits them, the same for any number of workers; what
is wrong with a file is said, and stops nothing else; records that nobody asked for are looked up, and stay unwritten.

usage: matches_indicators.py        PICKET=path of the program
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import Checks, Scratch, capture_of, ledger_fault, picket, read_eve, read_json, run_forked

# Case, indicator, its type, and the fields it is seen in: read against the captures' expect.json.
ROWS = (
    ('tls/tls12', 'lab.test', 'domain', {'tls.sni'}),
    ('tls/tls12', 't12d020500_a5878986a7c9_847bbcdea70d', 'ja4', {'tls.ja4'}),
    ('tls/tls12', '25d1b1ff4026a741e300c9f1c73f31d3', 'ja3', {'tls.ja3.hash', 'tls.ja3s.hash'}),
    ('tls/tls12', '11473ef3cc1b14baf9202f5f56c42cc8a5ea9275', 'certificate', {'tls.fingerprint'}),
    ('tls/tls12', '816455d361aa327bed688dbf2273c0527a65beffb4fe5e60bb8b453c6218bb88', 'certificate', {'tls.certificates.sha256'}),
    ('tls/certificates', 'old.lab.test', 'domain', {'tls.subject', 'tls.subjectaltname', 'tls.sni'}),
    ('dns/record-types', 'mail.backup.lab.test', 'domain', {'dns.answers.rdata', 'dns.answers.mx.exchange', 'dns.queries.rrname', 'dns.additionals.rrname'}),
    ('http/get', '10.77.0.0/24', 'network', {'src_ip', 'dest_ip', 'http.hostname', 'http.url'}),
    ('http/files', 'ea4d0a24dabcaa11f9aa979b872d162b', 'file-hash', {'fileinfo.md5'}),
    ('smtp/mail', 'ops@lab.test', 'email', {'smtp.mail_from', 'email.from'}),
    ('smtp/attachments', 'http://www.lab.test/report', 'url', {'email.url'}),
    ('lldp/switch', 'fd77::1', 'address', {'lldp.management_addresses.address'}),
    ('opcua/sign', 'fbaad73c063a723580af43fcb8a0adb5e0d52948', 'certificate',
     {'opcua.response.endpoints.certificate.thumbprint', 'opcua.request.receiver_thumbprint'}),
    ('smtp/mail', '10.77.0.1', 'address', {'src_ip', 'dest_ip', 'email.url', 'email.received', 'smtp.server'}),
)


def replay(scratch, capture, *settings, workers=1):
    """(result, EVE as bytes, intel records, stats)"""
    for name in ('out.eve', 'out.stats'):
        (scratch / name).unlink(missing_ok=True)
    command = [picket(), 'replay', '--workers', workers, '--log-level', 'warning', '--eve', scratch / 'out.eve', '--stats', scratch / 'out.stats']
    for s in settings:
        command += ['--set', s]
    result = run_forked(*command, capture, timeout=300)
    if result.status != 0:
        return result, b'', [], {}
    records = [r for r in read_eve(scratch / 'out.eve') if r['event_type'] == 'intel']
    return result, (scratch / 'out.eve').read_bytes(), records, read_json(scratch / 'out.stats')


def every_kind_of_field(checks, scratch, file):
    file.write_text('indicator\ttype\tsource\tseverity\n' + ''.join('%s\t%s\tLab\thigh\n' % row[1:3] for row in ROWS))
    for case in dict.fromkeys(row[0] for row in ROWS):
        result, eve, hits, stats = replay(scratch, capture_of(case), 'intel.files=%s' % file)
        checks.ok('%s: it runs' % case, stats and not ledger_fault(stats), str(result))
        for _, indicator, kind, fields in (row for row in ROWS if row[0] == case):
            got = {(h['intel']['type'], h['intel']['field']) for h in hits if h['intel']['indicator'] == indicator}
            checks.ok('%s: %s is seen' % (case, indicator), got and got <= {(kind, f) for f in fields}, '%s of %s' % (got, fields))
        _, four, _, _ = replay(scratch, capture_of(case), 'intel.files=%s' % file, workers=4)
        checks.ok('%s: the same with four workers' % case, eve == four)
        counts = stats.get('intel', {})
        checks.equal('%s: every hit is told or counted' % case, counts.get('hits'), sum(counts.get(k, 0) for k in ('told', 'repeated', 'limited', 'expired')))
        checks.equal('%s: told' % case, counts.get('told'), len(hits))


def around_a_hit(checks, scratch, file):
    file.write_text('indicator\ttype\tsource\tdescription\tseverity\tconfidence\texpires\treference\n'
                    'lab.test\tdomain\tCERT\tours\tlow\t7\t2099-01-01\thttps://cert.example/1\n')
    _, _, hits, _ = replay(scratch, capture_of('tls/tls12'), 'intel.files=%s' % file)
    checks.equal('a hit says all that its file says', hits[0]['intel'] if hits else None,
                 {'indicator': 'lab.test', 'type': 'domain', 'seen': 'www.lab.test', 'field': 'tls.sni', 'event': 'tls', 'source': 'CERT', 'description': 'ours',
                  'severity': 'low', 'confidence': 7, 'reference': 'https://cert.example/1', 'expires': '2099-01-01T00:00:00.000000+0000', 'epoch': 1})
    tls = [r for r in read_eve(scratch / 'out.eve') if r['event_type'] == 'tls']
    around = [k for k in tls[0] if k not in ('tls', 'event_type', 'rules_epoch')] if tls else []
    checks.equal('and stands in its flow', [hits[0].get(k) for k in around] if hits else None, [tls[0][k] for k in around] if tls else [])
    quiet = ('outputs.eve-log.types.tls.enabled=no', 'outputs.eve-log.types.flow.enabled=no')
    _, _, silent, stats = replay(scratch, capture_of('tls/tls12'), 'intel.files=%s' % file, *quiet)
    checks.equal('records that are switched off are looked up', [h['intel'] for h in silent], [h['intel'] for h in hits])
    checks.equal('and not written', (stats['records']['made'].get('tls'), stats['records']['made'].get('flow')), (0, 0))
    file.write_text('indicator\texpires\nlab.test\t1999-01-01\n')
    _, _, hits, stats = replay(scratch, capture_of('tls/tls12'), 'intel.files=%s' % file)
    checks.ok('what has expired is only counted', not hits and stats['intel']['expired'] > 0, stats.get('intel'))
    file.write_text('indicator\n10.77.0.0/16\n')
    _, _, hits, stats = replay(scratch, capture_of('http/pipelining'), 'intel.files=%s' % file, 'intel.max-per-minute=1')
    checks.ok('an indicator that fits everything is limited', len(hits) == 1 and stats['intel']['limited'] + stats['intel']['repeated'] > 0, stats.get('intel'))


def wrong_files(checks, scratch, file):
    file.write_text('indicator\ttype\ngood.example\tdomain\n1.2.3\taddress\nevil.exe\tfilename\n')
    result = run_forked(picket(), 'check', '--set', 'intel.files=%s' % file)
    out = result.out.decode()
    checks.ok('check: lines that are bad, by file, line and reason',
              result.status == 0 and '%s:3: \'1.2.3\' is no IPv4' % file in out and '%s:4: type \'filename\' is not matched' % file in out and '1 indicators: 1 domain; 2 bad lines' in out, str(result) + out)
    result = run_forked(picket(), 'check', '--json', '--set', 'intel.files=%s' % file)
    lines = [json.loads(line) for line in result.out.decode().splitlines()]
    checks.equal('check --json', [(x.get('line'), x.get('bad_lines')) for x in lines], [(3, None), (4, None), (None, 2)])
    result, _, _, stats = replay(scratch, capture_of('http/get'), 'intel.files=%s' % file)
    checks.ok('a run goes on with the others, and says so', stats and stats['intel']['loaded'] == 1 and b':3: ' in result.err, str(result))
    for name, said in (('gone.intel', 'gone.intel'), ('gone*.intel', 'no file matches')):
        result = run_forked(picket(), 'replay', '--set', 'intel.files=%s' % (scratch / name), capture_of('http/get'))
        checks.ok('%s: it does not start' % name, result.status == 2 and said in result.err.decode(), str(result))


def main():
    checks = Checks()
    with Scratch() as scratch:
        scratch = pathlib.Path(scratch)
        for test in (every_kind_of_field, around_a_hit, wrong_files):
            test(checks, scratch, scratch / 'test.intel')
    return checks.done()


sys.exit(main())
