#!/usr/bin/env python3
"""A link that is slow, stalls, is cut in the middle of a message, or takes packets and says nothing loses no record and doubles none; the sensor
goes on meanwhile, and an alert waits for no flow. Through a proxy on loopback, and over a wire between two network namespaces (as root).

usage: outlives_bad_links.py [SCENARIO...]        PICKET, PICKET_COLLECTOR=paths of the programs; PICKET_FAULTS=N: N times as long
"""
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from bad_link import Proxy, Wire
from checks import PCAPS, Checks, stop
from delivery import Collector, Sensor, all_accounted, eventually, ledger

TIMES = int(os.environ.get('PICKET_FAULTS', '1'))
# Some 60 records in half a second, again and again: what comes of it in a test is a few thousand.
STEADY = {'captures': ['--pace', '1.0', PCAPS / 'dns/record-types'], 'loops': 1_000_000}


def rule(folder):
    """An alert for each query of some: those of the sample rules are told once a while."""
    (folder / 'alerts.rules').write_text('alert dns any any -> any any (msg:"a query"; dns.query; content:"www"; sid:1;)\n')
    return ['--rules', folder / 'alerts.rules']


def steady(folder, address, **more):
    return Sensor(folder, address, captures=[*rule(folder), *STEADY['captures']], loops=STEADY['loops'],
                  sets=['export.max-batch-size=64kb'], **more)


def made_of(sensor):
    return sum(v for k, v in sensor.metrics().items() if k.startswith('picket_delivery_made_records_total'))


def stored_by(server):
    return sum(v for k, v in server.metrics().items() if k.startswith('picket_collector_records_total'))


def goes_on(checks, name, sensor):
    before = made_of(sensor)
    checks.ok('%s: the sensor goes on' % name, eventually(lambda: made_of(sensor) > before + 20), sensor.said()[-800:])


def delivered(checks, name, server, sensor):
    """What was made so far is at the collector: the link is good again."""
    owed = made_of(sensor)
    checks.ok('%s: what was made arrives' % name, eventually(lambda: stored_by(server) >= owed), '%s of %s\n%s' % (stored_by(server), owed, sensor.said()[-800:]))


def ended(checks, name, server, sensor):
    """The sensor ends with nothing owed, the collector ends, and the account is exact."""
    checks.equal('%s: a replay that is interrupted ends with 1' % name, stop(sensor.process, signal.SIGINT, 60), 1)
    checks.equal('%s: nothing is left in its spool' % name, list(sensor.spool.glob('*.batches')), [])
    checks.ok('%s: no batch was refused' % name, 'refused' not in server.said(), server.said()[-800:])
    checks.equal('%s: SIGTERM ends the collector' % name, stop(server.process), 0)
    return all_accounted(checks, name, server.store, [sensor], lost=False)


def slow(checks, folder):
    """64 kB/s, and a boot that ended while there was no way: the alerts of the next overtake what that one left."""
    server = Collector(folder)
    proxy = Proxy(server.address)
    proxy.close()
    sets = ['export.compress=no', 'export.max-batch-size=16kb']
    first = Sensor(folder, proxy.address, 'first', loops=1, captures=[*rule(folder), PCAPS / 'dns', PCAPS / 'http', PCAPS / 'modbus'], sets=sets)
    checks.equal('slow: a replay ends well without a collector', first.ends(), 0)
    owed = sum(f.stat().st_size for f in first.spool.glob('*.batches'))
    proxy = Proxy(server.address)
    proxy.rate = 64_000
    second = Sensor(folder, proxy.address, 'second', captures=[*rule(folder), PCAPS / 'dns/record-types'], sets=sets)
    begun = time.monotonic()
    seen = {}

    def both_alert():
        rows = ledger(server.store)
        seen['alerts'] = [row['through'] for row in rows if row['lane'] == 'alert']
        seen['others'] = sum(row['through'] for row in rows) - sum(seen['alerts'])
        return len(seen['alerts']) == 2 and sum(seen['alerts']) > first.made()['alert']
    checks.ok('slow: alerts of both boots arrive', eventually(both_alert), seen)
    came = time.monotonic() - begun
    checks.equal('slow: the second replay ends well', second.ends(), 0)
    took = time.monotonic() - begun
    total = sum(first.made().values()) + sum(second.made().values())
    checks.ok('slow: before half of the others', seen['others'] < total / 2, '%s of %d' % (seen, total))
    checks.note('slow: %d kB owed; alerts after %.1f s, all after %.1f s, %d kB over the link' % (owed // 1000, came, took, proxy.carried // 1000))
    proxy.close()
    checks.equal('slow: SIGTERM ends the collector', stop(server.process), 0)
    all_accounted(checks, 'slow', server.store, [first, second], lost=False)


def bad(checks, folder):
    """Stalls, delayed acknowledgements, and cuts in the middle of a message and of anything else."""
    server = Collector(folder)
    proxy = Proxy(server.address)
    sensor = steady(folder, proxy.address)
    delivered(checks, 'bad', server, sensor)
    for _ in range(TIMES):
        proxy.held = True
        goes_on(checks, 'stalls', sensor)
        proxy.held = False
        delivered(checks, 'stalls', server, sensor)
        proxy.delay = 0.5
        delivered(checks, 'acknowledgements are late', server, sensor)
        proxy.delay, proxy.cut_at = 0, 20_000
        cuts = proxy.cuts
        checks.ok('cut in the middle of messages: it comes back each time', eventually(lambda: proxy.cuts >= cuts + 3), proxy.cuts - cuts)
        proxy.cut_at = None
        for _ in range(10):
            proxy.cut()
            goes_on(checks, 'cut at any moment', sensor)
        delivered(checks, 'cut at any moment', server, sensor)
    ended(checks, 'bad', server, sensor)
    checks.note('bad: %d connections cut' % proxy.cuts)
    proxy.close()


def wire(checks, folder):
    """The wire itself goes down: packets vanish, and nobody is told."""
    try:
        between = Wire()
    except OSError as e:
        checks.skip('a wire between two network namespaces', 'not root, or no network namespaces: %s' % e)
        return
    server = sensor = None
    try:
        server = Collector(folder, between.COLLECTOR + ':0', between.soc)
        sensor = steady(folder, server.address, before=between.plant)
        delivered(checks, 'wire', server, sensor)
        between.down()
        goes_on(checks, 'a long cut', sensor)
        # Until the kernel gives the connection up, at the sensor alone: the collector holds half of it.
        checks.ok('a long cut: the sensor sees it', sensor.says('trying again'), sensor.said()[-500:])
        between.up()
        delivered(checks, 'a long cut', server, sensor)
        for _ in range(20 * TIMES):
            between.down()
            time.sleep(0.1)
            between.up()
            time.sleep(0.1)
        delivered(checks, 'many short cuts', server, sensor)
        between.down()
        checks.equal('the collector is killed while the wire is cut', stop(server.process, signal.SIGKILL), -signal.SIGKILL)
        server = Collector(folder, server.address, between.soc)
        between.up()
        delivered(checks, 'killed behind a cut', server, sensor)
        ended(checks, 'wire', server, sensor)
    finally:
        for program in (server, sensor):
            if program:
                stop(program.process, signal.SIGKILL)
        between.close()


def main():
    checks = Checks()
    checks.scenarios(slow, bad, wire)
    return checks.done()


sys.exit(main())
