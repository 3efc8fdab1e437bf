#!/usr/bin/env python3
"""A sink that stalls beside the store: a ClickHouse that takes connections and never answers, a syslog server that accepts and never reads. The store
goes on, nothing is acknowledged that the durable sink does not have, memory is bounded, and all is well when the server is gone for good or answers.

usage: waits_for_stalled_sinks.py [SCENARIO...]        PICKET, PICKET_COLLECTOR=paths of the programs; PICKET_FAULTS=N: N times as much
"""
import os
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, stop
from delivery import Collector, Sensor, all_accounted, eventually, lean, ledger, resident_mb

TIMES = int(os.environ.get('PICKET_FAULTS', '1'))


class Stalled:
    """Accepts, and neither reads nor answers."""

    def __init__(self):
        self.listening = socket.socket()
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listening.bind(('127.0.0.1', 0))
        self.listening.listen()
        self.address = '127.0.0.1:%d' % self.listening.getsockname()[1]
        self.taken = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                self.taken.append(self.listening.accept()[0])
            except OSError:
                return

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for s in self.taken:
            s.close()


def held(store):
    return sum(sum(row['held'].values()) for row in ledger(store))


def of(samples, name):
    return {k: v for k, v in samples.items() if k.startswith(name)}


def durable(checks, folder):
    """ClickHouse stalls: what the store has is owed all the same. Without ClickHouse the sensor is acknowledged, and the store has each once."""
    stalled = Stalled()
    queue = {'max-queue-mib': 32}
    server = Collector(folder, env=lean(), **{'clickhouse.url': 'http://' + stalled.address, 'clickhouse.timeout': '2s'}, **queue)
    before = resident_mb(server.process)
    sensor = Sensor(folder, server.address, name='first', captures=['--rules', SAMPLE_RULES, PCAPS], loops=2 * TIMES, sets=['export.compress=no'])
    checks.ok('durable: it is tried', eventually(lambda: stalled.taken), server.said()[-800:])
    checks.ok('durable: the collector says so', server.says(r'clickhouse: cannot store: '), server.said()[-800:])
    checks.ok('durable: the store goes on', eventually(lambda: held(server.store) > 100), server.said()[-800:])
    most = 0
    for _ in range(20):
        most = max(most, resident_mb(server.process))
        time.sleep(0.1)
    samples = sensor.metrics()
    checks.equal('durable: nothing is acknowledged', sum(of(samples, 'picket_delivery_acknowledged_records_total').values()), 0)
    checks.ok('durable: memory is bounded', most - before < 32 + 96, '%d MB before, %d MB at most' % (before, most))
    checks.ok('durable: metrics name the sink', any('clickhouse' in k and v > 0 for k, v in of(server.metrics(), 'picket_collector_sink_failures').items()))
    checks.note('durable: %d MB before, %d MB at most; %d records in the store while none was acknowledged' % (before, most, held(server.store)))
    checks.equal('durable: SIGTERM ends the collector', stop(server.process), 0)
    stalled.close()
    server = Collector(folder, server.address, env=lean(), **queue)
    checks.equal('durable: without it the replay ends well', sensor.ends(), 0)
    second = Sensor(folder, server.address, 'second', captures=[PCAPS / 'dns/record-types'])
    checks.equal('durable: and the next delivers what is left', second.ends(), 0)
    checks.equal('durable: SIGTERM ends the second collector', stop(server.process), 0)
    all_accounted(checks, 'durable', server.store, [sensor, second], lost=False)


def syslog(checks, folder):
    """Not durable: nobody waits for it, and what does not fit into its queue is counted."""
    stalled = Stalled()
    server = Collector(folder, env=lean(), **{'syslog.server': stalled.address, 'syslog.transport': 'tcp', 'syslog.queue': 10})
    before = resident_mb(server.process)
    rule = folder / 'alerts.rules'
    rule.write_text('alert dns any any -> any any (msg:"%s"; dns.query; content:"lab"; sid:1;)\n' % ('a query ' * 60))
    sensor = Sensor(folder, server.address, captures=['--rules', rule, PCAPS / 'dns/record-types'], loops=200 * TIMES)
    checks.equal('syslog: a replay ends well beside it', sensor.ends(), 0)
    checks.ok('syslog: it was tried', stalled.taken)
    after = resident_mb(server.process)
    checks.ok('syslog: memory is bounded', after - before < 96, '%d MB before, %d MB after' % (before, after))
    dropped = server.says(r'(\d+) alerts found no room in the queue and were dropped', 30)
    checks.ok('syslog: what its queue cannot hold is told', dropped, server.said()[-800:])
    left_out = of(server.metrics(), 'picket_collector_sink_left_out_records_total')
    checks.ok('syslog: and a metric has it', left_out.get('picket_collector_sink_left_out_records_total{sink="syslog"}', 0) >= int(dropped.group(1)) > 0, left_out)
    checks.note('syslog: %d MB before, %d MB after; %s' % (before, after, dropped and dropped.group(0)))
    checks.equal('syslog: SIGTERM ends the collector', stop(server.process), 0)
    stalled.close()
    all_accounted(checks, 'syslog', server.store, [sensor], lost=False)


def main():
    checks = Checks()
    checks.scenarios(durable, syslog)
    return checks.done()


sys.exit(main())
