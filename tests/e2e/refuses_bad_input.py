#!/usr/bin/env python3
"""Who speaks badly to a port of ours gets a clear error, is counted, takes bounded memory, and holds up nobody: batches that are tampered with,
sent again, too large, of an unknown kind or version, and bytes that are nothing at all, at every port of the collector and the sensor; and a collector
that answers a sensor with nonsense.

usage: refuses_bad_input.py [SCENARIO...]        PICKET, PICKET_COLLECTOR=paths of the programs; PICKET_FAULTS=N: N times as much
"""
import os
import pathlib
import random
import re
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from certificates import picket_ca
from checks import PCAPS, SAMPLE_RULES, Checks, picket, run, stop
from delivery import Collector, Program, Sensor, all_accounted, eventually, lean, ledger, resident_mb
from grpc_wire import Batch, Client, Rogue, field, fixed64, message

TIMES = int(os.environ.get('PICKET_FAULTS', '1'))
INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, DATA_LOSS = 3, 8, 12, 13, 15
CHANCE = random.Random(1)
MOST_MB = 128  # that all of it together may take; under ASan what was freed counts for a while


def batches():
    """(what, batch, status, text) of a batch that is wrong by itself."""
    def good():
        return Batch(boot=99)
    yield 'a batch that was tampered with', good().with_(records=good().records.replace(b'flow', b'floW'), hash=good().hash), INVALID_ARGUMENT, 'hash'
    yield 'a count that is not that of its records', good().with_(count=2), INVALID_ARGUMENT, '1 whole records where the batch says 2'
    yield 'no record', good().with_(count=0), INVALID_ARGUMENT, 'without records'
    yield 'no number', good().with_(first=0), INVALID_ARGUMENT, 'not numbered from 1'
    yield 'no name', good().with_(sensor=''), INVALID_ARGUMENT, "without a sensor's name"
    yield 'a name without end', good().with_(sensor='x' * 500), INVALID_ARGUMENT, 'too long'
    yield 'a hash that is none', good().with_(hash=b'short'), INVALID_ARGUMENT, 'not 32 bytes'
    yield 'a lane of another version', good().with_(lane=77), INVALID_ARGUMENT, 'lane 77 is not known to this version'
    yield 'a compression of another version', good().with_(compression=9), INVALID_ARGUMENT, 'compression'
    yield 'a bomb', good().with_(compression=1, size=2_000_000_000), INVALID_ARGUMENT, 'at most'
    yield 'records that do not decompress', good().with_(compression=1, size=100), INVALID_ARGUMENT, 'zstd'
    yield 'more types than anybody has', good().with_(lane=3, more=b''.join(field(12, field(1, 'type%d' % i) + field(2, 1)) for i in range(600))), INVALID_ARGUMENT, '512 types'


def fates(server):
    return {k.split('"')[1]: v for k, v in server.metrics().items() if k.startswith('picket_collector_batches_total')}


def speaks_gRPC(checks, server):
    """What is wrong in a message."""
    for what, batch, status, text in batches():
        client = Client(server.address)
        got, said, _ = client.end_of(client.call(b'Deliver', batch.encode()))
        client.close()
        checks.ok('refused: ' + what, got == status and text in said, '%s %s' % (got, said))
    checks.ok('each is counted', eventually(lambda: fates(server).get('malformed') == len(list(batches()))), fates(server))

    # A chain of its own: sent again, tampered with when it is here, another boot's hash.
    first = Batch(boot=5, kinds=('flow', 'alert'))
    second = Batch(boot=5, first=3, previous=first.hash, kinds=('flow',))
    client = Client(server.address)
    got = client.end_of(client.call(b'Deliver', first.encode(), second.encode()))
    checks.equal('a good chain is taken', (got[0], got[2]), (0, 2))
    got = client.end_of(client.call(b'Deliver', first.encode(), second.encode(), first.encode()))
    checks.equal('sent again, it is acknowledged again', (got[0], got[2]), (0, 3))
    checks.equal('and counted as known', fates(server).get('known'), 3)
    other = Batch(boot=5, kinds=('flow', 'flow'))
    got = client.end_of(client.call(b'Deliver', other.encode()))
    checks.ok('refused: other records under numbers that are here', got[0] == DATA_LOSS, got)
    stranger = Batch(boot=5, first=4, previous=bytes(32))
    got = client.end_of(client.call(b'Deliver', stranger.encode()))
    checks.ok('refused: a hash that does not follow', got[0] == DATA_LOSS, got)
    unknown = Batch(boot=6, kinds=('flow', 'not-yet-known', 'flow'))
    got = client.end_of(client.call(b'Deliver', unknown.encode()))
    checks.equal('a type of record that this version does not know is kept', (got[0], got[2]), (0, 1))
    client.close()
    rows = {row['boot'][-1]: row for row in ledger(server.store) if row['sensor'] == 'tester'}
    checks.equal('the ledger has each once', {b: r['held'] for b, r in rows.items()},
                 {'5': {'alert': 1, 'flow': 2}, '6': {'flow': 2, 'not-yet-known': 1}})


def speaks_badly(checks, server):
    """What is wrong below messages."""
    client = Client(server.address)
    got = client.end_of(client.call(b'Deliver', bytes(CHANCE.randbytes(4000))))
    checks.ok('refused: a message that is no Batch', got[0] == INVALID_ARGUMENT and 'no Batch' in got[1], got)
    got = client.end_of(client.call(b'Erase'))
    checks.equal('refused: a method that there is not', got[0], UNIMPLEMENTED)
    got = client.end_of(client.call(b'Command', field(1, 'tester')))
    checks.ok('refused: asking for orders where there are none', got[0] == UNIMPLEMENTED and 'orders' in got[1], got)
    client.close()
    client = Client(server.address)
    stream = client.call(b'Deliver', half_close=False)
    client.flood(stream, 30 << 20)
    got = client.end_of(stream)
    checks.ok('refused: a message that is too large', got[0] == RESOURCE_EXHAUSTED and 'larger than max' in got[1], got)
    client.close()
    before, client = resident_mb(server.process), Client(server.address)
    stream = client.call(b'Deliver', half_close=False)
    sent = client.flood(stream, 1 << 30)
    most = resident_mb(server.process)
    got = client.end_of(stream)
    checks.ok('refused: a message of a gigabyte, before it is here', got[0] != 0 and sent < 400 << 20, '%s after %d MB' % (got, sent >> 20))
    checks.ok('and it takes no gigabyte', most - before < 400, '%d MB before, %d MB at most' % (before, most))
    checks.note('a message of a gigabyte: %d MB came, %d MB before, %d MB at most: %s' % (sent >> 20, before, most, got[1]))
    client.close()


def noise(address, rounds):
    """Random bytes, alone and behind what looks right. The connections, which stay open at this end."""
    host, port = address.rsplit(':', 1)
    left = []
    for i in range(rounds):
        s = socket.create_connection((host, int(port)), 10)
        start = (b'', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'GET /metrics HTTP/1.1\r\n', b'\x16\x03\x01\x02\x00\x01\x00')[i % 4]
        try:
            s.sendall(start + CHANCE.randbytes(CHANCE.choice((1, 100, 60_000))))
        except OSError:
            pass  # closed already, which is as good
        left.append(s)
    return left


def of_the_collector(checks, folder):
    ca = folder / 'ca'
    for words in (['init', ca], ['collector', ca, 'soc', '--host', '127.0.0.1']):
        picket_ca(*words)
    keys = {'max-sensors': 64, 'tls.listen': '127.0.0.1:0', 'tls.ca': ca / 'ca.crt', 'tls.certificate': ca / 'collectors/soc.crt', 'tls.key': ca / 'collectors/soc.key'}
    server = Collector(folder, env=lean(), **keys)
    tls = server.says(r'listening with TLS on (\S+:\d+)').group(1)
    metrics = server.says(r'metrics: http://(\S+)/metrics').group(1)
    before = resident_mb(server.process)
    speaks_gRPC(checks, server)
    speaks_badly(checks, server)
    checks.ok('the log says what was wrong', 'batch refused, from' in server.said(), server.said()[-800:])
    left = []
    for name, address in (('the port without TLS', server.address), ('the port with TLS', tls), ('the port of metrics', metrics)):
        left += noise(address, 40 * TIMES)
        checks.ok('random bytes at %s: it lives' % name, server.running(), server.said()[-800:])
    # A sensor delivers while all of these stay open.
    sensor = Sensor(folder, server.address, captures=['--rules', SAMPLE_RULES, PCAPS / 'modbus'])
    checks.equal('a sensor delivers meanwhile', sensor.ends(), 0)
    held = {row['lane']: row for row in ledger(server.store) if row['sensor'] != 'tester'}
    checks.equal('all that it made', sum(sum(row['held'].values()) for row in held.values()), sum(sensor.made().values()))
    after = resident_mb(server.process)
    for s in left:
        s.close()
    checks.ok('what stays of it is less than %d MB' % (4 * MOST_MB), after - before < 4 * MOST_MB, '%d MB before, %d MB after' % (before, after))
    checks.note('collector: %d MB before, %d MB after' % (before, after))
    checks.ok('scrapes are answered', server.metrics())
    checks.equal('SIGTERM ends the collector', stop(server.process), 0)


NONSENSE = {
    'random bytes in place of HTTP/2': (None, CHANCE.randbytes(20_000)),
    'a web server': (None, b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nno\n'),
    'random messages': ({b'Deliver': [message(CHANCE.randbytes(500))], b'Command': [message(CHANCE.randbytes(500))]}, None),
    'a message of a gigabyte': ({b'Deliver': [b'\0' + struct.pack('>I', 1 << 30)], b'Command': [b'\0' + struct.pack('>I', 1 << 30)]}, None),
    'a message of a gigabyte, as far as there is room': ({b'Deliver': [1 << 30]}, None),
    'acknowledgements of what was never sent': ({b'Deliver': [message(fixed64(1, 12345) + field(2, 1 << 40) + field(3, lane)) for lane in (0, 1, 2, 3, 4, 99)]}, None),
}


def of_the_sensor(checks, folder):
    """A collector that answers nonsense; then a good one at its place, which gets everything."""
    rogue = Rogue({})
    address = rogue.address
    sensor = Sensor(folder, address, captures=['--pace', '1.0', '--rules', SAMPLE_RULES, PCAPS / 'dns/record-types'], loops=1_000_000, env=lean())
    metrics = sensor.says(r'metrics: http://(\S+)/metrics').group(1)
    before = resident_mb(sensor.process)
    for name, (answers, raw) in NONSENSE.items():
        rogue.turn(answers or {}, raw)
        checks.ok('a collector that is %s: the sensor tries it' % name, eventually(lambda: rogue.calls), rogue.calls)
        made = sensor.metrics().get('picket_delivery_made_records_total{lane="transaction"}', 0)
        checks.ok('a collector that is %s: the sensor goes on' % name, eventually(
            lambda: sensor.metrics().get('picket_delivery_made_records_total{lane="transaction"}', 0) > made), sensor.said()[-800:])
        if 'room' in name:
            checks.ok('the sensor ends that call', eventually(lambda: rogue.flooded), sensor.said()[-800:])
            most = resident_mb(sensor.process)
            checks.ok('and has read less than %d MB of it' % MOST_MB, max(rogue.flooded, default=1 << 30) < MOST_MB << 20, rogue.flooded)
            checks.ok('and holds no more', most - before < MOST_MB, '%d MB before, %d MB now' % (before, most))
            checks.note('of a gigabyte %d MB came; %d MB before, %d MB now' % (max(rogue.flooded) >> 20, before, most))
    rogue.close()
    left = noise(metrics, 40 * TIMES)
    checks.ok("random bytes at the sensor's metrics: it answers", sensor.metrics())
    after = resident_mb(sensor.process)
    for s in left:
        s.close()
    checks.ok('all of it took less than %d MB' % MOST_MB, after - before < MOST_MB, '%d MB before, %d MB after' % (before, after))
    checks.note('sensor: %d MB before, %d MB after' % (before, after))
    checks.ok('it says what is wrong', 'trying again' in sensor.said(), sensor.said()[-800:])
    server = Collector(folder, address)
    checks.ok('a good collector is taken', eventually(lambda: sum(v for k, v in server.metrics().items() if k.startswith('picket_collector_records_total')) > 0), sensor.said()[-800:])
    checks.equal('the sensor ends', stop(sensor.process, signal.SIGINT, 60), 1)
    checks.equal('the collector ends', stop(server.process), 0)
    all_accounted(checks, 'nonsense', server.store, [sensor], lost=False)


def orders(checks, folder):
    """Orders that are none, sent to a sensor with a key: none is taken, what is in use stays."""
    if os.geteuid() != 0 or 'not in this build' in run(picket(), 'run').err.decode(errors='replace'):
        checks.skip('orders that are none', 'not root, or `picket run` is not in this build')
        return
    run('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', folder / 'orders.pem')
    run('openssl', 'pkey', '-in', folder / 'orders.pem', '-pubout', '-out', folder / 'orders.pub')
    head = field(1, 3) + fixed64(2, 1) + field(3, 1) + field(4, 'site') + field(7, 10) + field(8, bytes(32))
    bad = [CHANCE.randbytes(300), field(1, 3) + field(3, head) + field(4, bytes(64)), field(1, 3) + field(3, CHANCE.randbytes(70_000)) + field(4, bytes(64)),
           field(1, 3) + field(2, 9) + field(5, CHANCE.randbytes(3000)), b'', field(1, 3) + field(3, head) + field(5, CHANCE.randbytes(1 << 21))]
    rogue = Rogue({})
    sensor = Program(folder / 'run.log', [
        picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s' % (PCAPS / 'dns/record-types/input.pcap'), '--export', rogue.address,
        '--set', 'orders.folder=%s' % (folder / 'orders'), '--set', 'orders.key=%s' % (folder / 'orders.pub'), '--set', 'metrics.listen=127.0.0.1:0',
        '--eve', folder / 'run.json'], env=lean())
    checks.ok('a sensor that takes orders starts', sensor.says('run: started'), sensor.said()[-800:])
    before = resident_mb(sensor.process)
    for i, data in enumerate(bad):
        rogue.turn({b'Command': [message(data)] * 50})
        checks.ok('orders that are none, %d: the sensor asks' % (i + 1), eventually(lambda: rogue.calls), sensor.said()[-800:])
        time.sleep(1)  # it reads them: no refusal ends the call, nor is there an answer
    rogue.close()
    after = resident_mb(sensor.process)
    checks.ok('orders: the sensor lives, and scrapes are answered', sensor.metrics(), sensor.said()[-800:])
    checks.ok('orders: all of it took less than %d MB' % MOST_MB, after - before < MOST_MB, '%d MB before, %d MB after' % (before, after))
    checks.note('orders: %d MB before, %d MB after' % (before, after))
    said = re.findall(r'(?:warn|error)\S*: (.*order.*)', sensor.said())
    checks.ok('orders: the log says why', said, sensor.said()[-1500:])
    checks.note('\n'.join(sorted(set(said))[:6]))
    used = [p.name for p in (folder / 'orders' / 'in-use').glob('*') if not p.name.startswith('_')] if (folder / 'orders' / 'in-use').exists() else []
    checks.equal('orders: none is in use', used, [])
    checks.ok('orders: SIGINT ends the sensor', stop(sensor.process, signal.SIGINT, 60) in (0, 1))


def main():
    checks = Checks()
    checks.scenarios(of_the_collector, of_the_sensor, orders)
    return checks.done()


sys.exit(main())
