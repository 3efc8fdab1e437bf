#!/usr/bin/env python3
"""Who has a sensor's certificate, or the folder that its files come by, makes no record of it: batches that were altered, sealed or signed anew by the
wrong one, or come again, while the sensor itself delivers. Each is refused with the sensor, the boot, the number and the reason; nothing of it is
stored, and the sensor's own records are there once.

usage: refuses_forgers.py [SCENARIO...]        PICKET, PICKET_COLLECTOR=paths of the programs
"""
import pathlib
import re
import signal
import socket
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
import batch_files
from batch_files import BOOT, PREVIOUS, HASH, SENSOR, SIGNATURE, file_of, read_batches
from certificates import picket_ca
from checks import PCAPS, SAMPLE_RULES, Checks, stop
from delivery import Collector, Sensor, all_accounted, eventually, ledger
from grpc_wire import Client

OK, INVALID_ARGUMENT, PERMISSION_DENIED, DATA_LOSS, UNAUTHENTICATED = 0, 3, 7, 15, 16
ENDLESS = ['--pace', '10', '--rules', SAMPLE_RULES, PCAPS / 'dns/record-types']
BATCHES = 'export.max-batch-size=8kb'  # two of them fit into what HTTP/2 makes room for at first, which grpc_wire does not look at
PATIENCE = '2s'


class Site:
    """A CA, two sensors' certificates of it, and the collector that believes it."""

    def __init__(self, folder):
        self.folder, self.ca = folder, folder / 'ca'
        for words in (['init'], ['collector', 'soc', '--host', '127.0.0.1'], ['sensor', 'plant-7'], ['sensor', 'plant-8']):
            self.issue(*words)
        self.allow = folder / 'allow'
        self.allow.write_text('plant-7\nplant-8\nplant-9\n')

    def issue(self, word, *words):
        picket_ca(word, self.ca, *words)

    def pair(self, name):
        """Its key, and its certificate."""
        return [self.ca / 'sensors' / ('%s.%s' % (name, kind)) for kind in ('key', 'crt')]

    def collector(self, **more):
        return Collector(self.folder, **{'tls__listen': '127.0.0.1:0', 'tls__ca': self.ca / 'ca.crt', 'tls__certificate': self.ca / 'collectors/soc.crt',
                                         'tls__key': self.ca / 'collectors/soc.key', 'tls__crl': self.ca / 'ca.crl', 'tls__allow': self.allow,
                                         'require_signatures': 'yes', **more})

    def sensor_keys(self, name):
        key, certificate = self.pair(name)
        return ['export.compress=no', 'export.tls.ca=%s' % (self.ca / 'ca.crt'), 'export.tls.key=%s' % key, 'export.tls.certificate=%s' % certificate]

    def sensor(self, name, address='', sets=(), **more):
        return Sensor(self.folder, address or [], name, sets=[*self.sensor_keys(name), *sets], **more)

    def connection(self, name, address):
        """To the port with TLS, as that sensor."""
        key, certificate = self.pair(name)
        context = ssl.create_default_context(cafile=self.ca / 'ca.crt')
        context.set_alpn_protocols(['h2'])
        context.load_cert_chain(certificate, key)
        host, port = address.rsplit(':', 1)
        return context.wrap_socket(socket.create_connection((host, int(port)), 60), server_hostname=host)


def held_of(store):
    """{(sensor, boot, lane): records} of the ledger."""
    return {(row['sensor'], row['boot'], row['lane']): sum(row['held'].values()) for row in ledger(store)}


def forgeries(site, seven, eight):
    """(what, batches, door, status, of which batch the error speaks, reason). `seven`: two batches of a chain of plant-7 that are stored already;
    `eight`: one of plant-8. A door: who shows a certificate, or '' for the port without."""
    first, second = seven
    altered = first.altered().sealed()
    follows = second.with_({PREVIOUS: altered[HASH]}).sealed()
    own, others = site.pair('plant-7'), site.pair('plant-8')
    hash_is_wrong, signature_is_wrong = 'its hash is not that of its content', 'its signature is not that of its hash'
    wrong_connection = "comes over the connection of sensor 'plant-7'"
    yield 'a record that was altered on its way', [first.altered()], 'plant-7', INVALID_ARGUMENT, first, hash_is_wrong
    yield 'a chain that was sealed anew, with the signatures it had', [altered, follows], 'plant-7', UNAUTHENTICATED, first, signature_is_wrong
    yield 'one that is not signed', [first.with_({SIGNATURE: b''})], 'plant-7', UNAUTHENTICATED, first, 'it is not signed, and require-signatures is set'
    yield 'another signature of the same sensor', [first.with_({SIGNATURE: second[SIGNATURE]})], 'plant-7', UNAUTHENTICATED, first, signature_is_wrong
    yield "signed by another sensor of the CA", [altered.signed(*others)], 'plant-7', UNAUTHENTICATED, first, "it is signed by sensor 'plant-8'"
    yield 'other records under numbers that are here, with the right key', [altered.signed(*own)], 'plant-7', DATA_LOSS, None, 'are not what was sent before'
    yield "a batch of plant-8 over plant-7's connection", [eight], 'plant-7', PERMISSION_DENIED, eight, wrong_connection
    yield "and signed with plant-7's key", [eight.signed(*own)], 'plant-7', PERMISSION_DENIED, eight, wrong_connection
    yield "a batch of plant-8 with plant-7's key, where nobody is asked", [eight.signed(*own)], '', UNAUTHENTICATED, eight, "it is signed by sensor 'plant-7'"
    renamed = first.with_({SENSOR: b'plant-8'}).sealed()
    yield "a batch of plant-7 under the name of plant-8", [renamed], '', UNAUTHENTICATED, renamed, "it is signed by sensor 'plant-7'"
    elsewhere = first.with_({BOOT: first[BOOT] ^ 1}).sealed()
    yield 'an old batch as that of another boot', [elsewhere], 'plant-7', UNAUTHENTICATED, elsewhere, signature_is_wrong


def over_connections(checks, folder):
    """While plant-7 and plant-8 deliver by TLS, and write the same batches into files that somebody else may read."""
    site = Site(folder)
    server = site.collector()
    tls = server.says(r'listening with TLS on (\S+:\d+)').group(1)
    sensors = [site.sensor(name, tls, ['export.one-way.folder=%s' % (folder / 'files' / name), BATCHES], captures=ENDLESS, loops=1_000_000, spool=False)
               for name in ('plant-7', 'plant-8')]

    def batches(name):
        return [b for f in sorted((folder / 'files' / name).glob('*.batches')) for b in read_batches(f)]

    def stored(batch):
        return held_of(server.store).get((batch[SENSOR].decode(), '%016x' % batch[BOOT], batch_files.LANES[batch[batch_files.LANE]]), 0)

    def two_of_a_chain():
        mine = [b for b in batches('plant-7') if b[batch_files.LANE] == 2]
        return mine[:2] if len(mine) >= 2 and stored(mine[0]) >= mine[1][batch_files.FIRST] else None

    seven = eventually(two_of_a_chain)
    if not checks.ok('the sensors deliver, and their batches can be read by others', seven and eventually(lambda: batches('plant-8')), sensors[0].said() + server.said()):
        return
    eight = batches('plant-8')[0]
    checks.equal('a batch is sealed here as the sensor does it', seven[0].true_hash(), seven[0][HASH])

    def send(door, several):
        client = Client(tls, site.connection(door, tls)) if door else Client(server.address)
        answer = client.end_of(client.call(b'Deliver', *(b.encode() for b in several)))
        client.close()
        return answer

    for what, several, door, status, speaks_of, reason in forgeries(site, seven, eight):
        got, said, acks = send(door, several)
        checks.ok('refused: ' + what, (got, acks) == (status, 0) and reason in said, '%s %s, %d acknowledged' % (got, said, acks))
        whose = re.escape(speaks_of.text() if speaks_of else "sensor 'plant-7' boot %016x lane transaction, records %d to" % (seven[0][BOOT], seven[0][batch_files.FIRST]))
        checks.ok('and it is said which one it is', re.match(whose, said), said)
        line = 'batch refused, from .*' + whose + '.*' + re.escape(reason)
        checks.ok("in the collector's log, too", eventually(lambda: re.search(line, server.said()) or not send(door, several), 20), server.said()[-2000:])  # lines are limited

    known = 'picket_collector_batches_total{fate="known"}'
    before = server.metrics().get(known, 0)
    got = send('plant-7', seven)
    checks.ok('what was stored and comes again is acknowledged again', (got[0], got[2]) == (OK, 2), got)
    checks.ok('and counted as known', server.metrics().get(known, 0) >= before + 2)
    got = send('plant-8', seven)
    checks.ok('unless it comes by another sensor', got[0] == PERMISSION_DENIED and not got[2], got)

    made = [stored(b) for b in (seven[0], eight)]
    checks.ok('the sensors go on', eventually(lambda: all(stored(b) > n for b, n in zip((seven[0], eight), made))), sensors[0].said() + server.said()[-2000:])
    for sensor in sensors:
        checks.equal('a sensor ends', stop(sensor.process, signal.SIGINT, 60), 1)
        checks.ok('nothing of it was refused', 'refuse' not in sensor.said(), sensor.said()[-2000:])
    checks.equal('the collector ends', stop(server.process), 0)
    checks.equal('no other sensor or boot is in the ledger', {(s, b) for s, b, _ in held_of(server.store)}, {(b[SENSOR].decode(), '%016x' % b[BOOT]) for b in (seven[0], eight)})
    all_accounted(checks, 'forgers', server.store, sensors, lost=False)


def in_files(checks, folder):
    """A file whose batch was altered on its way, whole by its own checksum."""
    site = Site(folder)
    low, high = folder / 'low', folder / 'high'
    high.mkdir()
    sensor = site.sensor('plant-7', sets=['export.one-way.folder=%s' % low, 'export.max-batch-size=4kb'], captures=['--rules', SAMPLE_RULES, PCAPS / 'http', PCAPS / 'dns'], spool=False)
    checks.equal('a sensor writes signed files', sensor.ends(), 0)
    batches = [b for f in sorted(low.glob('*.batches')) for b in read_batches(f)]
    chain = [b for b in batches if b[batch_files.LANE] == 2]
    if not checks.ok('of several batches', len(chain) >= 4, len(chain)):
        return
    run_of = '%020d' % 1_700_000_000_000_000_000
    server = site.collector(intake__folder=high, intake__patience=PATIENCE)

    def carry(number, several):
        name = '%s-%010d.batches' % (run_of, number)
        (high / (name + '.new')).write_bytes(file_of(several))
        (high / (name + '.new')).rename(high / name)
        return name

    target, end = chain[1], chain[2:]
    altered = target.altered().sealed()
    follows = chain[2].with_({PREVIOUS: altered[HASH]}).sealed()
    cases = (('a record was altered', [target.altered()], target, 'its hash is not that of its content'),
             ('a batch was sealed anew', [altered], target, 'its signature is not that of its hash'),
             ('a chain was sealed anew', [altered, follows], target, 'its signature is not that of its hash; 2 of its batches are refused'),
             ('a signature was taken away', [target.with_({SIGNATURE: b''})], target, 'it is not signed, and require-signatures is set'),
             ("a batch was signed with another sensor's key", [altered.signed(*site.pair('plant-8'))], target, "it is signed by sensor 'plant-8'"))
    for number, (what, several, speaks_of, reason) in enumerate(cases, 1):
        name = carry(number, [chain[0], *several] if number == 1 else several)
        at = high / 'refused' / (name + '.reason')
        checks.ok('a file in which %s is refused' % what, eventually(at.exists), server.said()[-2000:])
        said = at.read_text() if at.exists() else ''
        checks.ok('with sensor, boot, number and reason', said.startswith(speaks_of.text() + ': ') and reason in said, said)
        checks.ok("which are in the log, too", eventually(lambda: '%s is refused: %s: ' % ("'%s'" % name, speaks_of.text()) in server.said()), server.said()[-2000:])
    checks.equal('what was good beside it is taken, and nothing else', list(held_of(server.store).values()), [chain[0][batch_files.COUNT]])
    rest = [b for b in batches if b is not chain[0]]
    name = carry(len(cases) + 1, rest[::-1])
    checks.ok('the true batches are taken', eventually((high / 'done' / name).exists), server.said()[-2000:])
    again = carry(len(cases) + 2, [*batches, *end])
    checks.ok('and known when they come again', eventually((high / 'done' / again).exists), server.said()[-2000:])
    checks.equal('the collector ends', stop(server.process), 0)
    all_accounted(checks, 'files', server.store, [sensor], lost=False)


def by_whom(checks, folder):
    """Files of sensors that the collector believes, and of others: what it takes, and what the sensors made."""
    site, high = Site(folder), folder / 'high'
    for name in ('plant-9', 'plant-10'):
        site.issue('sensor', name)
    (folder / 'other').mkdir()
    other = Site(folder / 'other')
    (other.ca / 'ca.crt').write_bytes((site.ca / 'ca.crt').read_bytes())  # it believes the collector, whose CA does not know it
    sensors = {}

    def writes(name, at, keys):
        """A sensor that writes files behind `high`, as a diode would bring them."""
        sensors[name] = Sensor(folder, [], name, sets=['export.one-way.folder=%s' % (high / name), 'export.max-batch-size=8kb', *keys],
                               captures=['--rules', SAMPLE_RULES, PCAPS / at], spool=False)
        checks.equal('%s writes files' % name, sensors[name].ends(), 0)
        return sorted(f.name for f in (high / name).glob('*.batches'))

    files = {name: writes(name, at, keys) for name, at, keys in (
        ('signed', 'http', site.sensor_keys('plant-7')), ('renewed', 'dns', site.sensor_keys('plant-8')), ('revoked', 'modbus', site.sensor_keys('plant-9')),
        ('unlisted', 'tls', site.sensor_keys('plant-10')), ('unsigned', 'ssh', ['sensor-name=plant-7']), ('foreign', 'smb', other.sensor_keys('plant-7')))}
    site.issue('sensor', 'plant-8', '--renew')
    site.issue('revoke', 'plant-9')
    server = site.collector(intake__folder=high, intake__patience=PATIENCE)

    def brought(name, where, ending=''):
        return eventually(lambda: all((high / where / ('%s.%s%s' % (name, f, ending))).exists() for f in files[name]))

    for name in ('signed', 'renewed'):
        checks.ok('files are taken: ' + name, brought(name, 'done'), server.said()[-2000:])
    for name, sensor, reason in (('revoked', 'plant-9', 'its certificate is revoked'), ('unlisted', 'plant-10', 'it is not on the allow-list'),
                                 ('unsigned', 'plant-7', 'it is not signed, and require-signatures is set'), ('foreign', 'plant-7', 'its certificate does not come from the CA')):
        checks.ok('files are refused: ' + name, brought(name, 'refused'), server.said()[-2000:])
        said = (high / 'refused' / ('%s.%s.reason' % (name, files[name][0]))).read_text()
        checks.ok('with the sensor and the reason', re.match("sensor '%s' boot [0-9a-f]{16} lane \\w+, from record 1 on: .*%s" % (sensor, reason), said), said)
    checks.equal('of no other sensor is anything stored', {row['sensor'] for row in ledger(server.store)}, {'plant-7', 'plant-8'})
    site.allow.write_text('plant-7\nplant-8\nplant-10\n')
    eventually(lambda: 'tls: read again' in server.said())
    for f in files['unlisted']:
        (high / 'refused' / ('unlisted.' + f)).rename(high / 'unlisted' / f)
    checks.ok('who is let in later, and moved back, is taken', brought('unlisted', 'done'), server.said()[-2000:])
    checks.equal('the collector ends', stop(server.process), 0)
    all_accounted(checks, 'by whom', server.store, [sensors[name] for name in ('signed', 'renewed', 'unlisted')], lost=False)


def main():
    checks = Checks()
    checks.scenarios(over_connections, in_files, by_whom)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
