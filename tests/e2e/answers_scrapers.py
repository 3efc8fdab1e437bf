#!/usr/bin/env python3
"""Sensor and collector answer scrapes while they work, and what they say are the figures of --stats and of the store.

usage: answers_scrapers.py        PICKET, PICKET_COLLECTOR=paths of the programs
"""
import os
import pathlib
import re
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, capture_of, collector, ledger_fault, picket, read_json, run, stop
from delivery import Program

OPEN_METRICS = 'application/openmetrics-text; version=1.0.0'
SAMPLE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


class Scraped(Program):
    """A program of ours that answers scrapes."""

    def __init__(self, folder, name, *command):
        super().__init__(folder / (name + '.log'), command)
        found = self.says(r'metrics: (http://127\.0\.0\.1:\d+/metrics)')
        self.url = found.group(1) if found else None

    def scrape(self, accept=OPEN_METRICS):
        request = urllib.request.Request(self.url, headers={'Accept': accept})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.headers['Content-Type'], answer.read().decode()

    def samples(self):
        return read_samples(self.scrape()[1])

    def scrape_until(self, good, seconds=60):
        """The first scrape that is good; the last one, when none is."""
        deadline = time.monotonic() + seconds
        while True:
            samples = self.samples()
            if good(samples) or time.monotonic() > deadline:
                return samples
            time.sleep(0.1)


def read_samples(text):
    """{name: {values of labels: number}}"""
    out = {}
    for line in text.splitlines():
        if not line.startswith('#'):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            out.setdefault(name, {})[tuple(v for _, v in LABEL.findall(labels or ''))] = float(value)
    return out


def by(samples, name):
    """Of a family with one label."""
    return {labels[0]: int(v) for labels, v in samples.get(name, {}).items()}


def one(samples, name):
    return samples[name][()]


def same_as_stats(checks, name, samples, stats):
    """Of a sensor at rest: what does not change while it ends."""
    checks.equal('%s: packets received' % name, one(samples, 'picket_packets_received_total'), stats['ledger']['received'])
    checks.equal('%s: bytes' % name, one(samples, 'picket_received_bytes_total'), stats['ledger']['received_bytes'])
    checks.equal('%s: packets by verdict' % name, by(samples, 'picket_packets_total'), stats['ledger']['verdicts'])
    checks.equal('%s: what ports lost' % name, by(samples, 'picket_port_lost_packets_total'), stats['ledger']['port'])
    checks.equal('%s: oddities of packets' % name, {k: v for k, v in by(samples, 'picket_decode_events_total').items() if v}, stats['events']['decode'])
    checks.equal('%s: flows' % name, one(samples, 'picket_flows_total'), stats['flows']['created'])
    checks.equal('%s: rules' % name, [one(samples, 'picket_rules_' + k) for k in ('loaded', 'rejected', 'epoch')],
                 [stats['rules'][k] for k in ('loaded', 'rejected', 'epoch')])
    checks.equal('%s: types of records' % name, set(by(samples, 'picket_records_made_total')), set(stats['records']['made']))


def live(checks, folder):
    """The capture is sent once; scraped when all has come, the figures are those of the end."""
    case = 'http/get'
    frames = run(picket(), 'replay', '--stats', folder / 'replay.json', capture_of(case))
    if not checks.ok('a replay counts the packets', frames.status == 0, frames):
        return
    sent = read_json(folder / 'replay.json')['ledger']['received']
    sensor = Scraped(folder, 'sensor', picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s' % capture_of(case), '--rules', SAMPLE_RULES, '--eve', folder / 'eve.json',
                     '--stats', folder / 'stats.json', '--set', 'metrics.listen=127.0.0.1:0', '--set', 'sensor-name=plant "7"')
    try:
        if not checks.ok('a live sensor says where it is scraped', sensor.url, sensor.said()[-1500:]):
            return
        samples = sensor.scrape_until(lambda s: one(s, 'picket_packets_received_total') == sent and sum(by(s, 'picket_packets_total').values()) == sent)
        checks.equal('live: its name', list(samples['picket_sensor_info']), [('plant \\"7\\"',)])
        checks.ok('live: capture time is now', abs(time.time() - one(samples, 'picket_clock_seconds')) < 60, samples['picket_clock_seconds'])
        refuses(checks, sensor)
        status = stop(sensor.process, signal.SIGINT, 60)
        if checks.equal('live: SIGINT ends it', status, 0):
            same_as_stats(checks, 'live', samples, read_json(folder / 'stats.json'))
    finally:
        stop(sensor.process, signal.SIGKILL)


def refuses(checks, program):
    """Formats, other paths, and those who do not speak HTTP or do not read."""
    kind, text = program.scrape()
    checks.ok('OpenMetrics, where it is asked for', kind.startswith('application/openmetrics-text; version=1.0.0') and text.endswith('\n# EOF\n'), kind)
    kind, text = program.scrape('*/*')
    checks.ok('Prometheus\' older text, where it is not', kind.startswith('text/plain; version=0.0.4') and '# EOF' not in text, kind)
    try:
        urllib.request.urlopen(program.url + '/../../etc/passwd', timeout=30)
        checks.ok('no other path', False)
    except urllib.error.HTTPError as e:
        checks.equal('no other path', e.code, 404)
    host, port = program.url.split('/')[2].split(':')
    idle = [socket.create_connection((host, int(port)), 30) for _ in range(10)]
    idle[0].sendall(bytes(range(256)) * 8)
    checks.ok('ten silent connections hold up nobody', program.samples())
    for s in idle:
        s.close()


def replayed(checks, folder):
    """A long replay, scraped while it works: counts only go up, and no sum is more than what it is a part of."""
    sensor = Scraped(folder, 'replay', picket(), 'replay', '--loop', '1000000', '--workers', '2', '--eve', '/dev/null', '--stats', folder / 'long.json',
                     '--set', 'metrics.listen=127.0.0.1:0', capture_of('modbus/scan'))
    try:
        if not checks.ok('a replay says where it is scraped', sensor.url, sensor.said()[-1500:]):
            return
        first = sensor.scrape_until(lambda s: one(s, 'picket_packets_received_total') > 0)
        second = sensor.scrape_until(lambda s: one(s, 'picket_packets_received_total') > one(first, 'picket_packets_received_total'))
        falls = [(name, labels) for name, all_ in first.items() if name.endswith('_total') for labels, v in all_.items() if second[name][labels] < v]
        checks.ok('between two scrapes no count falls', not falls, falls)
        checks.ok('packets went on', one(second, 'picket_packets_received_total') > one(first, 'picket_packets_received_total'))
        stop(sensor.process, signal.SIGINT, 60)
        stats = read_json(folder / 'long.json')
        checks.ok('the ledger of the end is exact', not ledger_fault(stats), ledger_fault(stats))
        more = [v for v, n in by(second, 'picket_packets_total').items() if n > stats['ledger']['verdicts'][v]]
        more += [t for t, n in by(second, 'picket_records_made_total').items() if n > stats['records']['made'][t]]
        checks.ok('no scrape said more than there was in the end', not more, more)
    finally:
        stop(sensor.process, signal.SIGKILL)


def one_way(checks, folder):
    """A sensor that writes files alone, which nobody takes away: no collector is said to be away, and what is owed is seen."""
    sensor = Scraped(folder, 'one-way', picket(), 'replay', '--loop', '1000000', '--pace', '1.0', '--set', 'export.one-way.folder=%s' % (folder / 'out'),
                     '--set', 'export.one-way.max-size=1MB', '--set', 'metrics.listen=127.0.0.1:0', '--eve', '/dev/null', PCAPS / 'modbus')
    try:
        if not checks.ok('a sensor of files says where it is scraped', sensor.url, sensor.said()[-1500:]):
            return
        samples = sensor.scrape_until(lambda s: one(s, 'picket_delivery_sent_batches_total') > 0)
        checks.equal('no collector is connected, nor has to be', [n for n in samples if n in ('picket_delivery_connected', 'picket_delivery_collectors')], [])
        (folder / 'out' / 'filler').write_bytes(bytes(2 << 20))
        checks.ok('a folder that is full is told', sensor.says('nobody takes files away'), sensor.said()[-1500:])
        first = sensor.samples()
        time.sleep(1)
        second = sensor.samples()
        owed, acknowledged = [[sum(s[name].values()) for s in (first, second)] for name in ('picket_delivery_owed_records', 'picket_delivery_acknowledged_records_total')]
        checks.ok('and is seen: more is owed, and nothing is acknowledged', owed[1] >= owed[0] > 0 and acknowledged[0] == acknowledged[1], (owed, acknowledged))
    finally:
        stop(sensor.process, signal.SIGKILL)


def collected(checks, folder):
    store, config = folder / 'c.db', folder / 'c.yaml'
    config.write_text('listen: 127.0.0.1:0\nstore: %s\nmetrics.listen: 127.0.0.1:0\n' % store)
    server = Scraped(folder, 'collector', collector(), 'serve', '--config', config)
    try:
        if not checks.ok('a collector says where it is scraped', server.url, server.said()[-1500:]):
            return
        address = server.says(r'listening on (127\.0\.0\.1:\d+)').group(1)
        result = run(picket(), 'replay', '--export', address, '--set', 'sensor-name=plant-7', '--stats', folder / 'sent.json', PCAPS / 'modbus')
        checks.ok('a sensor delivers', result.status == 0, result)
        samples = server.samples()
        made = sum(read_json(folder / 'sent.json')['records']['made'].values())
        stored = {labels: v for labels, v in samples['picket_collector_records_total'].items()}
        checks.equal('its records are counted for it', (sum(stored.values()), {sensor for sensor, _ in stored}), (made, {'plant-7'}))
        rows = len(run(collector(), 'query', '--store', store, '--json').out.splitlines())
        checks.equal('and are as many as the store holds', sum(stored.values()), rows)
        fates = by(samples, 'picket_collector_batches_total')
        checks.ok('every batch was stored', fates.pop('stored') > 0 and not any(fates.values()), fates)
        missing = samples.get('picket_collector_missing_records_total', {})
        checks.ok('nothing is missing, and each reason says so', missing and not any(missing.values()), missing)
        checks.ok('it was seen just now', abs(time.time() - samples['picket_collector_last_seen_seconds'][('plant-7',)]) < 60)
        files = sum(p.stat().st_size for p in folder.glob('c.db*') if p.suffix != '.log')
        checks.ok('the store has a size', 0 < one(samples, 'picket_collector_store_bytes') <= 2 * files, (samples['picket_collector_store_bytes'], files))
        checks.equal('SIGTERM ends it', stop(server.process, signal.SIGTERM, 60), 0)
    finally:
        stop(server.process, signal.SIGKILL)


def stays_home(checks, folder):
    for program in ([picket(), 'replay', '--set', 'metrics.listen=0.0.0.0:9507', capture_of('http/get')], [picket(), 'check', '--set', 'metrics.listen=9507', '--rules', SAMPLE_RULES]):
        result = run(*program)
        checks.ok('%s: a wrong metrics.listen is wrong usage' % program[1], result.status == 2 and any('metrics.listen' in c for c in result.complaints()), result)
    with socket.create_server(('127.0.0.1', 0)) as taken:
        result = run(picket(), 'replay', '--set', 'metrics.listen=127.0.0.1:%d' % taken.getsockname()[1], capture_of('http/get'))
        checks.ok('a port that is taken is a complaint', result.status == 1 and 'metrics.listen: cannot listen at' in result.err.decode(), result)


def main():
    checks = Checks()
    with Scratch() as folder:
        if os.geteuid() == 0:
            live(checks, folder)
        else:
            checks.skip('live traffic', 'not root: no memory for DPDK')
        replayed(checks, folder)
        one_way(checks, folder)
        collected(checks, folder)
        stays_home(checks, folder)
    return checks.done()


sys.exit(main())
