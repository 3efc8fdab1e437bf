#!/usr/bin/env python3
"""nothing_is_lost.py for a collector that keeps nothing itself: behind it are a real ClickHouse, Kafka's protocol (librdkafka's own cluster)
and EVE files, and no store. Sensors and collectors are killed (-9) at random moments, and the ClickHouse beside them.

What is promised, and held to the record after each kill:
 - ClickHouse has each record once (its tables are read as they were inserted, nothing is merged), or a gap of it in `_deliveries`;
 - EVE files have each line once;
 - Kafka has each record once for consumers that read what was committed. The cluster of these tests shows what was never committed, too. So
   it is looked at whenever a collector has died: what it has beyond the heads of its chains is of the transaction that died with the
   collector, each record of it once and none of a number that its chain's head has passed. In the end there is nothing else.

usage: engines_lose_nothing.py   PICKET, PICKET_COLLECTOR, ENGINES=paths of the programs, DIE_AT_LIBRARY=that of support/die_at.cc
                                 PICKET_KILLS=how many (6), PICKET_SEED=which
"""
import atexit
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
import kills
from checks import PCAPS, SAMPLE_RULES, Checks, program
from made import Chain, type_of

LANES = {1: 'alert', 2: 'transaction', 3: 'flow', 4: 'statistics'}  # of collector.proto


class Engines:
    """support/engines.cc"""

    def __init__(self):
        self.process = subprocess.Popen([program('ENGINES', 'tests/engines')], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.process.kill)
        self.one_at_a_time = threading.Lock()
        self.clickhouse, self.brokers = (self.process.stdout.readline().decode().split()[1] for _ in range(2))

    def tell(self, command):
        with self.one_at_a_time:
            self.process.stdin.write(command.encode() + b'\n')
            self.process.stdin.flush()
            lines = []
            while (line := self.process.stdout.readline().decode()) != '.\n':
                if not line:
                    sys.exit('the engines ended: %s' % '\n'.join(lines[-5:]))
                lines.append(line.rstrip('\n'))
            return lines

    def ask(self, statement):
        with urllib.request.urlopen(self.clickhouse, data=(statement + ' FORMAT JSONEachRow').encode(), timeout=120) as answer:
            return [json.loads(line) for line in answer]

    def chains(self):
        """What ClickHouse has: {boot: {lane: Chain}}."""
        found = collections.defaultdict(dict)
        for head in map(json.loads, self.tell('heads')):
            found[head['boot']][head['lane']] = Chain(head | {'held': collections.Counter(), 'gaps': [], 'expired': 0, 'rejected': 0})

        def chain_of(row):
            return found['%016x' % int(row['boot'])][LANES[row['lane']]]

        for row in self.ask('SELECT boot, lane, missing.first AS first, missing.last AS last, missing.reason AS reason FROM picket._deliveries'):
            chain_of(row).gaps += [{'first': int(first), 'last': int(last), 'reason': reason[len('GAP_'):].lower().replace('_', ' ')}
                           for first, last, reason in zip(row['first'], row['last'], row['reason'])]
        for row in self.ask("SELECT boot, lane, seq, eve, _table AS t FROM merge('picket', '^[^_]')"):
            chain, number = chain_of(row), int(row['seq'])
            chain.twice += number in chain.held
            chain.held[number] = row['eve']
            chain.row['held'][row['t']] += 1
        return found

    def kafka(self):
        """Its records, as how many of (topic, line), and the heads, as {(boot, lane): number}."""
        records, heads = collections.Counter(), {}
        for topic, text in (line.split('\t', 1) for line in self.tell('kafka')):
            if topic.endswith('.heads'):
                head = json.loads(text)
                heads[head['boot'], head['lane']] = max(head['through'], heads.get((head['boot'], head['lane']), 0))
            else:
                records[topic, text] += 1
        return records, heads


class Collector(kills.Collector):
    """Looks at Kafka whenever the one before it has ended."""

    def __init__(self, folder, engines):
        super().__init__(folder, eve=True, store='none', **{
            'dead-letter': 'none', 'clickhouse.url': engines.clickhouse, 'clickhouse.lines': 2, 'kafka.brokers': engines.brokers})
        self.engines, self.looks = engines, []

    def start(self, **die):
        if self.now is not None:
            self.looks.append(self.engines.kafka())
        return super().start(**die)


class Series(kills.Series):
    patience = 10  # a ClickHouse that was killed takes its time to come back
    # ClickHouse takes a request for each type of record in a block: few types, and one with more columns than a URL holds.
    work = ('--rules', SAMPLE_RULES, *(PCAPS / name for name in ('dns', 'modbus', 'mqtt')))

    def make_collectors(self):
        self.engines, self.dying = Engines(), None
        self.left = collections.Counter()  # in Kafka, and never committed
        return [Collector(self.folder, self.engines)]

    def chains(self):
        if self.dying:
            self.dying.join()
            self.dying = None
        return [self.engines.chains()]

    def meanwhile(self):
        """The server is killed in every second cycle, and comes back while the collector tries again."""
        if self.chance.random() < 0.5:
            self.dying = threading.Timer(self.chance.uniform(0, self.seconds), self.kill_server)
            self.dying.start()

    def kill_server(self):
        self.engines.tell('kill')
        self.totals.killed('clickhouse')
        self.engines.tell('start')

    def compare_more(self):
        there, collector = self.stores[0], self.collectors[0]
        looks, collector.looks = collector.looks + [self.engines.kafka()], []
        faults = [fault for n, look in enumerate(looks) if (fault := self.fault_of_kafka(there, *look, ended=n + 1 == len(looks)))]
        self.checks.ok('Kafka has each record once that was committed', not faults, '\n'.join(faults))

    def fault_of_kafka(self, there, records, heads, ended):
        committed, to_come = collections.Counter(), collections.Counter()
        for boot, (made, _, _) in self.boots.items():
            for lane, lines in made.lanes.items():
                chain, through = there.get(boot, {}).get(lane), heads.get((boot, lane), 0)
                missing = chain.numbers_missing() if chain else ()
                if ended and chain and through != chain.through:
                    return 'boot %s, %s: its head is %d, and %d in ClickHouse' % (boot, lane, through, chain.through)
                for n, (_, line) in enumerate(lines, 1):
                    if n not in missing:
                        (committed if n <= through else to_come)['picket.' + type_of(line), line] += 1
        lost = committed - records
        if lost:
            return '%d records that its heads have passed are not there: %s' % (sum(lost.values()), list(lost)[0])
        left = records - committed - self.left
        twice = left - to_come if not ended else left
        if twice or self.left - (records - committed):
            return '%d records are there twice: %s' % (sum(twice.values()), list(twice)[:1])
        self.left += left
        return ''

    def close(self):
        super().close()
        self.engines.process.stdin.close()
        self.engines.process.wait()
        self.checks.note('%d records in Kafka were never committed' % sum(self.left.values()))


def main():
    checks = Checks()
    seed = int(os.environ.get('PICKET_SEED') or random.SystemRandom().randrange(1 << 32))
    checks.note('PICKET_SEED=%d' % seed)
    kills.kills(checks, int(os.environ.get('PICKET_KILLS') or 6), random.Random(seed), Series)
    return checks.done()


sys.exit(main())
