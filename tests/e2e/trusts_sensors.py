#!/usr/bin/env python3
"""Sensors and a collector that trust each other by picket-ca's certificates: what arrives is what was made, whatever is renewed or revoked
on the way; and each way in which they do not is said in words at both ends. The sensor is `picket run --vdev net_pcap0` with one flow again and
again, which alerts at a bounded rate.

usage: trusts_sensors.py        PICKET, PICKET_COLLECTOR=paths of the programs; as root
"""
import os
import pathlib
import re
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from capture import write_capture
from certificates import make_expired, picket_ca
from checks import Checks, Scratch, capture_of, picket, read_json, run, stop
from delivery import Collector, Program, eventually, ledger

# At most 20 alerts a second, of one packet in PACKETS: more no output could keep up with at this rate.
PACKETS = 256
RULE = 'alert udp any any -> any any (msg:"flows"; content:"watched"; threshold:type limit,track by_src,count 20,seconds 1; sid:77;)\n'


class Site:
    """A CA, what it made, and how a sensor is told of it."""

    def __init__(self, folder):
        self.folder, self.ca, self.other = folder, folder / 'ca', folder / 'other'
        picket_ca('init', self.ca)
        picket_ca('collector', self.ca, 'soc', '--host', '127.0.0.1')
        for name in ('plant-7', 'plant-8'):
            picket_ca('sensor', self.ca, name)
        picket_ca('init', self.other)
        picket_ca('sensor', self.other, 'plant-7')
        make_expired(self.ca, 'plant-9')

    def collector(self, **more):
        return Collector(self.folder, '', name='soc', **{
            'tls.listen': '127.0.0.1:0', 'tls.ca': self.ca / 'ca.crt', 'tls.certificate': self.ca / 'collectors/soc.crt',
            'tls.key': self.ca / 'collectors/soc.key', 'tls.crl': self.ca / 'ca.crl', 'require-signatures': 'yes', **more})

    def sensor(self, name='plant-7', ca=None, trust=None, **more):
        files = (ca or self.ca) / 'sensors'
        keys = {'export.tls.ca': (trust or self.ca) / 'ca.crt', 'export.tls.certificate': files / (name + '.crt'),
                'export.tls.key': files / (name + '.key'), **more}
        return [word for key, value in keys.items() for word in ('--set', '%s=%s' % (key, value))]


def replays(checks, site, server):
    """Everything of a replay arrives, once, under the name in the certificate."""
    stats = site.folder / 'replay.json'
    done = run(picket(), 'replay', '--export', server.address, '--stats', stats, *site.sensor('plant-8'), capture_of('http/get'), capture_of('dns/record-types'))
    if not checks.ok('a replay delivers over TLS', done.status == 0, done):
        return
    made = {kind: n for kind, n in read_json(stats)['records']['made'].items() if n}
    held = {}
    for row in ledger(server.store):
        checks.equal('the sensor of lane %s is whom its certificate names' % row['lane'], row['sensor'], 'plant-8')
        for kind, n in row['held'].items():
            held[kind] = held.get(kind, 0) + n
    checks.equal('the collector has what was made', held, made)
    checks.equal('no signature was wrong', server.figure('picket_collector_batches_total{fate="signature"}'), 0)


def is_refused_at_once(checks, site, server):
    for name, words, why in (
            ('another machine in clear text', ['--export', '192.0.2.1:5514'], r'192\.0\.2\.1:5514 is not on this machine.*set export\.tls\.ca, export\.tls\.certificate and export\.tls\.key'),
            ('a name that is not that of the certificate', [*site.sensor(), '--set', 'sensor-name=ward-3'],
             r"export\.tls\.certificate: .*plant-7\.crt: is that of sensor 'plant-7', and this one is 'ward-3' \(sensor-name\)"),
            ('a certificate without a key', ['--set', 'export.tls.ca=%s' % (site.ca / 'ca.crt'), '--set', 'export.tls.certificate=%s' % (site.ca / 'sensors/plant-7.crt')],
             r'export\.tls\.key: is not set'),
            ('an expired certificate', site.sensor('plant-9'), r'export\.tls\.certificate: .*plant-9\.crt: expired at 2020-01-02')):
        where = [] if '--export' in words else ['--export', server.address]
        done = run(picket(), 'replay', *where, *words, capture_of('http/get'))
        checks.ok('does not start: ' + name, done.status in (1, 2) and re.search(why, done.err.decode()), done)
    (site.folder / 'one.rules').write_text(RULE)
    checking = [picket(), 'check', '--rules', site.folder / 'one.rules', '--set', 'export.collectors=[%s]' % server.address]
    done = run(*checking, *site.sensor('plant-9'))
    checks.ok('`check` warns of an expired certificate', done.status == 0 and re.search(r'plant-9\.crt: expired at 2020-01-02.*nothing leaves', done.err.decode()), done)
    done = run(*checking, *site.sensor('plant-7'))
    checks.ok('and of none that is good', done.status == 0 and b'plant-7.crt' not in done.err, done)
    done = run(*checking, *site.sensor('plant-9', **{'export.tls.key': site.ca / 'sensors/plant-7.key'}))
    checks.ok('and refuses one whose key is another', done.status == 2 and b'is not the key of the certificate' in done.err, done)


def is_refused(checks, site, server):
    """All of them at once: each one goes on trying until it is stopped."""
    plain = Collector(site.folder, name='plain', **{'tls.ca': site.ca / 'ca.crt', 'require-signatures': 'yes'})
    there = server.address
    cases = (
        ('a CA that the sensor does not know', there, site.sensor(trust=site.other), 'its certificate does not come from the CA', server, 'it refuses this side'),
        ('a CA that the collector does not know', there, site.sensor(ca=site.other), 'the collector refuses this sensor', server, 'its certificate does not come from the CA'),
        ('another name', there, site.sensor(**{'export.tls.server-name': 'soc.example'}), r"its certificate is not for 'soc\.example'", server, 'it refuses this side'),
        ('clear text at the port of TLS', there, [], 'nobody answers in clear text.*tls.listen.*export.tls.certificate', server, 'what it sent is not TLS'),
        ('TLS at the port of clear text', plain.address, site.sensor(), 'what it sent is not TLS.*the port of tls.listen', None, ''),
        ('no signature where one is required', plain.address, [], 'it is not signed, and require-signatures is set', plain, 'it is not signed, and require-signatures is set'))
    sensors = [Program(site.folder / ('refused-%d.log' % i), [picket(), 'replay', '--export', at, *words, capture_of('http/get')])
               for i, (_, at, words, *_) in enumerate(cases)]
    try:
        for (name, _, _, why, far, far_why), sensor in zip(cases, sensors):
            checks.ok('refused: %s; the sensor says why' % name, sensor.says('collector at 127.*' + why), sensor.said())
            if far is not None:
                checks.ok('refused: %s; the collector says why' % name, far.says(far_why), far.said())
    finally:
        for sensor in sensors:
            stop(sensor.process, signal.SIGKILL)
    checks.ok('what was refused is counted', server.figure('picket_tls_handshakes_total{result="untrusted"}') >= 1, server.said())
    stop(plain.process)
    checks.equal('nothing of them was stored', [row for row in ledger(plain.store) if row['held']], [])


def fingerprint(path):
    return run('openssl', 'x509', '-in', path, '-noout', '-fingerprint', '-sha256').out.decode().split('=')[1].strip()


def lives(checks, site, server, allow):
    """Renewed, revoked and made again while records flow: each arrives once."""
    write_capture(site.folder / 'one.pcap', b'traffic that is watched', PACKETS)
    (site.folder / 'live.rules').write_text(RULE)
    stats = site.folder / 'live.json'
    sensor = Program(site.folder / 'live.log', [
        picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s,infinite_rx=1' % (site.folder / 'one.pcap'),
        '--rules', site.folder / 'live.rules', '--export', server.address, '--stats', stats, '--set', 'export.spool.path=%s' % (site.folder / 'spool'),
        '--set', 'stats.interval=1', '--set', 'metrics.listen=127.0.0.1:0', *site.sensor()])
    stored = 'picket_collector_records_total{sensor="plant-7",lane="alert"}'
    owed = 'picket_delivery_owed_records{lane="alert"}'
    try:
        if not checks.ok('records flow', eventually(lambda: server.figure(stored) > 20), sensor.said() + server.said()):
            return
        checks.ok('the sensor counts its connection', sensor.figure('picket_tls_handshakes_total{result="ok"}') >= 1, sensor.said())

        picket_ca('sensor', site.ca, 'plant-7', '--renew')
        # From here on nobody with the certificate before is let in, and nothing that it signed is taken.
        allow.write_text('plant-8\nsha256:%s\n' % fingerprint(site.ca / 'sensors/plant-7.crt'))
        checks.ok('a renewed certificate is read', sensor.says('export.tls: read again'), sensor.said())
        checks.ok('the one before is put out', server.says(r'plant-7 ended: it is not on the allow-list'), server.said())
        before = server.figure(stored)
        checks.ok('records flow by the new one', eventually(lambda: server.figure(stored) > before + 20), sensor.said() + server.said())
        allow.write_text('plant-7\nplant-8\n')

        picket_ca('revoke', site.ca, 'plant-7')
        checks.ok('revoked: the collector says so', server.says(r'plant-7 ended: its certificate is revoked'), server.said())
        checks.ok('and the sensor is told', sensor.says(r'the collector refuses this sensor.*revoked'), sensor.said())
        refused = server.figure(stored)
        checks.ok('the spool keeps what is made', eventually(lambda: sensor.figure(owed) > 20), sensor.said())
        checks.equal('nothing of it arrives', server.figure(stored), refused)
        picket_ca('sensor', site.ca, 'plant-7', '--renew')
        checks.ok('with a new certificate it is delivered', eventually(lambda: server.figure(stored) > refused + 40), sensor.said() + server.said())

        checks.equal('no batch was given up', sensor.figure('picket_delivery_refused_batches_total'), 0)
        checks.equal('SIGINT ends the sensor', stop(sensor.process, signal.SIGINT, 60), 0)
        made = {kind: n for kind, n in read_json(stats)['records']['made'].items() if n}
        rows = [row for row in ledger(server.store) if row['sensor'] == 'plant-7']
        held = {}
        for row in rows:
            for kind, n in row['held'].items():
                held[kind] = held.get(kind, 0) + n
        checks.equal('each record is there once', held, made)
        checks.equal('and none is missing', [row['missing'] for row in rows if row['missing']], [])
    finally:
        stop(sensor.process, signal.SIGKILL)


def starts_expired(checks, site, server):
    """After a restart on the day after its certificate ended, a site is watched, and nothing of it is lost."""
    stats, files = site.folder / 'expired.json', site.folder / 'files'
    sensor = Program(site.folder / 'expired.log', [
        picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s,infinite_rx=1' % (site.folder / 'one.pcap'),
        '--rules', site.folder / 'live.rules', '--export', server.address, '--stats', stats, '--set', 'export.spool.path=%s' % (site.folder / 'waiting'),
        '--set', 'stats.interval=1', '--set', 'metrics.listen=127.0.0.1:0', '--set', 'export.one-way.folder=%s' % files, *site.sensor('plant-9')])
    owed, stored = 'picket_delivery_owed_records{lane="alert"}', 'picket_collector_records_total{sensor="plant-9",lane="alert"}'
    try:
        checks.ok('a sensor whose certificate has expired starts', sensor.says('run: started'), sensor.said())
        checks.ok('it says what is wrong, and what that means', sensor.says(r'error: .*plant-9\.crt: expired at 2020-01-02.*nothing leaves this sensor'), sensor.said())
        checks.ok('it records', eventually(lambda: sensor.figure(owed) > 20), sensor.said())
        checks.ok('the metrics say since when', 0 < sensor.figure('picket_tls_not_after_seconds{what="certificate"}') < 1_600_000_000)
        checks.ok('and count what they keep from leaving', sensor.figure('picket_tls_handshakes_total{result="expired"}') >= 1)
        checks.equal('no collector is connected', sensor.figure('picket_delivery_connected'), 0)
        checks.equal('and no file written', list(files.glob('*.batches')), [])
        checks.equal('nothing of it has arrived', server.figure(stored), 0)
        picket_ca('sensor', site.ca, 'plant-9', '--renew')
        checks.ok('renewed in its place, it is good', sensor.says("the certificate of sensor 'plant-9' is good again"), sensor.said())
        checks.ok('what was made is delivered', eventually(lambda: server.figure(stored) > 40), sensor.said() + server.said())
        checks.ok('and written to files', eventually(lambda: list(files.glob('*.batches'))), sensor.said())
        checks.equal('SIGINT ends it', stop(sensor.process, signal.SIGINT, 60), 0)
        rows = [row for row in ledger(server.store) if row['sensor'] == 'plant-9']
        held = {}
        for row in rows:
            for kind, n in row['held'].items():
                held[kind] = held.get(kind, 0) + n
        checks.equal('each record from its start on is there once', held, {kind: n for kind, n in read_json(stats)['records']['made'].items() if n})
        checks.equal('none is missing', [row['missing'] for row in rows if row['missing']], [])
    finally:
        stop(sensor.process, signal.SIGKILL)


def main():
    checks = Checks()
    with Scratch() as folder:
        site = Site(folder)
        allow = folder / 'allow'
        allow.write_text('plant-7\nplant-8\nplant-9\n')
        server = site.collector(**{'tls.allow': allow})
        try:
            if not checks.ok('the collector listens with TLS', server.address, server.said()):
                return checks.done()
            replays(checks, site, server)
            is_refused_at_once(checks, site, server)
            is_refused(checks, site, server)
            if os.geteuid() != 0 or 'not in this build' in run(picket(), 'run').err.decode(errors='replace'):
                checks.skip('a live sensor', 'not root, or `picket run` is not in this build')
            else:
                lives(checks, site, server, allow)
                allow.write_text('plant-9\n')
                starts_expired(checks, site, server)
            checks.equal('SIGTERM ends the collector', stop(server.process), 0)
        finally:
            stop(server.process, signal.SIGKILL)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
