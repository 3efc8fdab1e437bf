#!/usr/bin/env python3
"""A SOC orders rules and indicators: what is signed reaches a running sensor, alerts, and outlives the collector; what is wrong, or signed by
somebody else, is refused and the rest stays. Behind `--vdev net_pcap0` with one flow again and again.

usage: takes_orders.py        PICKET, PICKET_COLLECTOR=paths of the programs; as root
"""
import json
import os
import pathlib
import re
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from capture import write_capture
from checks import Checks, Scratch, collector, picket, run, stop
from delivery import Collector, Program, eventually

# One alert an hour, and one packet in PACKETS that matches: more no output could keep up with at this rate.
PACKETS = 256
RULE = 'alert udp any any -> any any (msg:"%s"; content:"ordered"; threshold:type limit,track by_src,count 1,seconds 3600; sid:%d;)\n'
BAD = 'alert udp any any -> any any (contnt:"x"; sid:78;)\n'


class Sensor(Program):
    def __init__(self, folder, name, address):
        self.eve = folder / (name + '.json')
        super().__init__(folder / (name + '.log'), [
            picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s,infinite_rx=1' % (folder / 'one.pcap'), '--export', address,
            '--set', 'sensor-name=plant-7', '--set', 'orders.folder=%s' % (folder / 'sensor'),
            '--set', 'orders.key=%s' % (folder / 'orders.pub'), '--eve', self.eve])

    def alerts(self):
        lines = self.eve.read_text().splitlines() if self.eve.exists() else []
        return {json.loads(line)['alert']['signature'] for line in lines if line.endswith('}') and '"alert":{' in line}


class Orders:
    def __init__(self, folder):
        self.folder = folder
        for name in ('orders', 'stranger'):
            run('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', folder / (name + '.pem'))
        run('openssl', 'pkey', '-in', folder / 'orders.pem', '-pubout', '-out', folder / 'orders.pub')

    def make(self, name, text, key='orders', kind='rules'):
        """Its number, or what was wrong."""
        more = ['--withdraw']
        if text is not None:
            (self.folder / 'set').write_text(text)
            more = [str(self.folder / 'set')]
        done = run(collector(), 'order', kind, *more, '--name', name, '--key', self.folder / (key + '.pem'), '--folder', self.folder / 'orders')
        found = re.search(rb'/(\d+)-' + kind.encode(), done.out)
        return int(found.group(1)) if done.status == 0 and found else str(done)

    def list(self):
        done = run(collector(), 'orders', '--json', '--folder', self.folder / 'orders')
        return {o['id']: o for o in map(json.loads, done.out.splitlines())}

    def word(self, order):
        """What plant-7 says of it, once it did."""
        found = []

        def said():
            found[:] = [s for s in self.list().get(order, {}).get('status', []) if s['sensor'] == 'plant-7' and s['state'] != 'waits']
            return found
        eventually(said)
        return found[0] if found else {}


def main():
    checks = Checks()
    if os.geteuid() != 0 or 'not in this build' in run(picket(), 'run').err.decode(errors='replace'):
        checks.skip('orders', 'not root, or `picket run` is not in this build')
        return checks.done()
    with Scratch() as folder:
        write_capture(folder / 'one.pcap', b'traffic that was ordered', PACKETS)
        orders = Orders(folder)
        ordering = ['--orders', folder / 'orders']
        server = Collector(folder, words=ordering)
        sensor = Sensor(folder, 'first', server.address)
        try:
            checks.ok('it starts without a rule', sensor.says('run: started'), sensor.said())
            checks.ok('and has nothing to say of files that it wrote itself', '_notice' not in sensor.said() and '0 bad lines' in sensor.said(), sensor.said())
            first = orders.make('site', RULE % ('first', 77) + BAD)
            word = orders.word(first)
            checks.equal('an order is applied, and what it holds is told', [word.get(k) for k in ('state', 'loaded', 'rejected')], ['applied', 1, 1])
            checks.ok('with the line that is wrong', any("unknown keyword 'contnt'" in p for p in word.get('problems', [])), word)
            checks.ok('its rule alerts', eventually(lambda: 'first' in sensor.alerts()), sensor.said())
            word = orders.word(orders.make('site', BAD))
            checks.ok('a set without a rule that holds is refused', word.get('state') == 'refused' and 'contnt' in word.get('reason', ''), word)
            word = orders.word(orders.make('site', RULE % ('stranger', 79), 'stranger'))
            checks.ok('and so is one that a stranger signed', word.get('state') == 'refused' and 'none of the keys' in word.get('reason', ''), word)
            second = orders.make('other', RULE % ('second', 80))
            checks.equal('another set is applied beside it', orders.word(second).get('state'), 'applied')
            checks.ok('and alerts', eventually(lambda: 'second' in sensor.alerts()), sensor.said())
            indicators = orders.make('ioc', 'indicator\ttype\n10.0.0.2\taddress\nx\tnonsense\n', kind='indicators')
            word = orders.word(indicators)
            checks.equal('so are indicators', [word.get(k) for k in ('state', 'loaded', 'rejected')], ['applied', 1, 1])
            word = orders.word(orders.make('ioc', 'indicator\ttype\nx\tnonsense\n', kind='indicators'))
            checks.ok('a set without an indicator that holds is refused', word.get('state') == 'refused' and 'nonsense' in word.get('reason', ''), word)
            word = orders.word(orders.make('ioc', 'indicator\ttype\n', kind='indicators'))
            checks.ok('and so is one that only says what would stand in it', word.get('state') == 'refused' and 'withdraw' in word.get('reason', ''), word)
            stop(sensor.process, signal.SIGKILL)
            stop(server.process)
            sensor = Sensor(folder, 'again', server.address)
            checks.ok('killed, and started without the collector: both sets alert', eventually(lambda: sensor.alerts() == {'first', 'second'}),
                      '%s\n%s' % (sensor.alerts(), sensor.said()))
            withdrawn = orders.make('site', None)
            server = Collector(folder, server.address, words=ordering)
            checks.equal('what was ordered meanwhile arrives', orders.word(withdrawn).get('state'), 'applied')
            files = sorted(p.name for p in (folder / 'sensor' / 'in-use').iterdir())
            checks.equal('a withdrawn set is gone', files, ['_notice.indicators', '_notice.rules', 'ioc.indicators', 'other.rules'])
            word = orders.word(indicators)
            checks.equal('what a restart found of indicators is told', [word.get(k) for k in ('state', 'loaded', 'rejected')], ['applied', 1, 1])
            checks.equal('SIGINT ends the sensor', stop(sensor.process, signal.SIGINT, 60), 0)
            checks.ok('the end of the flow tells of the indicator', '"indicator":"10.0.0.2"' in sensor.eve.read_text(), sensor.said())
            checks.equal('SIGTERM ends the collector', stop(server.process), 0)
        finally:
            stop(sensor.process, signal.SIGKILL)
            stop(server.process, signal.SIGKILL)
    return checks.done()


sys.exit(main())
