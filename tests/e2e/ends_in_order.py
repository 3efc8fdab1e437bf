#!/usr/bin/env python3
"""How a run ends: one signal ends it in good order and within a bounded time, a second one at once, whatever an output
does; what was lost is said, counted, and in the exit status.

usage: ends_in_order.py        PICKET, PICKET_COLLECTOR=paths of the programs; root for live traffic
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, Checks, Scratch, collector, ledger_fault, picket, read_eve, read_json, stop
from delivery import Program

# More records than a pipe and the buffers before it hold.
REPLAY = ['replay', '--loop', '400', str(PCAPS)]


class Sensor(Program):
    """A picket of our own, with --stats."""

    def __init__(self, folder, command, *arguments):
        self.stats_file = folder / 'stats.json'
        self.stats_file.unlink(missing_ok=True)
        super().__init__(folder / 'log', [picket(), command, '--stats', self.stats_file, *arguments], output=True)

    def signal(self):
        self.process.send_signal(signal.SIGINT)

    def ends_within(self, seconds):
        """(exit status, or 'timeout' after which it is killed; seconds it took)"""
        start = time.monotonic()
        status = self.ends(seconds)
        if status == 'timeout':
            self.stop(signal.SIGKILL)
        return status, time.monotonic() - start

    def stats(self):
        try:
            return read_json(self.stats_file)
        except (OSError, ValueError):
            return None


def judge(checks, name, sensor, seconds, status=1, lost=True, says=r'LOST  '):
    got, took = sensor.ends_within(seconds)
    checks.equal('%s: it ends with status %d' % (name, status), got, status)
    checks.note('took %.1f s' % took)
    stats = sensor.stats()
    if not checks.ok('%s: the ledger is printed, and in --stats' % name, stats is not None and 'ledger    received' in sensor.said(), sensor.said()[-1500:]):
        return None
    checks.ok('%s: and exact' % name, not ledger_fault(stats) and stats['ledger']['exact'], ledger_fault(stats))
    if lost:
        checks.ok('%s: what was lost is counted and said' % name, sum(stats['records']['lost'].values()) > 0 and re.search(says, sensor.said()), sensor.said()[-1500:])
    return stats


def fifo_with_reader(folder):
    """A FIFO and a descriptor that keeps it open and reads nothing."""
    path = folder / 'fifo'
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path, os.open(path, os.O_RDONLY | os.O_NONBLOCK)


def reader_that_stopped(checks, folder):
    path, reader = fifo_with_reader(folder)
    for name, signals, options, seconds in (
            ('a reader that stopped, one signal', 1, ['--set', 'stop-timeout=2'], 20),
            ('a reader that stopped, two signals', 2, ['--set', 'stop-timeout=3000'], 20)):
        sensor = Sensor(folder, *REPLAY, '--eve', path, *options)
        checks.ok('%s: it starts' % name, sensor.says('replay: started'), sensor.said())
        time.sleep(1.5)
        checks.ok('%s: it waits for its reader, as cat does' % name, sensor.process.poll() is None, sensor.said()[-500:])
        for _ in range(signals):
            sensor.signal()
            time.sleep(0.3)
        judge(checks, name, sensor, seconds, says=r'--eve .*fifo')
        while True:  # empties the pipe
            try:
                if not os.read(reader, 1 << 16):
                    break
            except BlockingIOError:
                break
    os.close(reader)


def nobody_reads(checks, folder):
    path, reader = fifo_with_reader(folder)
    os.close(reader)
    sensor = Sensor(folder, *REPLAY, '--eve', path)
    time.sleep(2)
    sensor.signal()
    status, _ = sensor.ends_within(5)
    checks.ok('a FIFO that nobody reads: a signal ends the wait, in one line', status == 1 and 'nobody reads this FIFO' in sensor.said(), 'status %s\n%s' % (status, sensor.said()))


def collector_that_stopped(checks, folder):
    server = subprocess.Popen([collector(), 'serve', '--listen', '127.0.0.1:0', '--store', str(folder / 's.db')], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    address = re.search(r'127\.0\.0\.1:\d+', server.stderr.readline().decode()).group(0)
    drain = threading.Thread(target=server.stderr.read, daemon=True)
    drain.start()
    name = 'a collector that does not answer, two signals'
    sensor = Sensor(folder, 'replay', '--pace', '1', '--set', 'stop-timeout=3000', '--export', address, *REPLAY[1:])
    try:
        checks.ok('%s: it starts' % name, sensor.says('replay: started'), sensor.said())
        time.sleep(1)
        server.send_signal(signal.SIGSTOP)
        time.sleep(1)
        sensor.signal()
        time.sleep(0.5)
        sensor.signal()
        judge(checks, name, sensor, 9, says=r'--export 127')  # before gRPC's own patience of 10 s
    finally:
        server.send_signal(signal.SIGCONT)
        stop(server)


def live(checks, folder):
    if os.geteuid() != 0:
        return checks.skip('live', 'not root')
    # net_null: frames of zeros without end.
    name = 'a port that does not fall silent, one signal'
    eve = folder / 'live.json'
    for workers in ('1', '2'):
        sensor = Sensor(folder, 'run', '--vdev', 'net_null0', '--eve', eve, '--workers', workers, '--set', 'stats.interval=1')
        if not checks.ok('%s: it starts' % name, sensor.says('run: started'), sensor.said()):
            continue
        time.sleep(4)
        sensor.signal()
        stats = judge(checks, '%s, %s workers' % (name, workers), sensor, 30, status=0, lost=False)
        if stats is None:
            continue
        checks.ok('%s, %s workers: what was left in the queues is counted' % (name, workers), stats['ledger']['verdicts']['unread'] > 0, stats['ledger'])
        records = [r for r in read_eve(eve) if r['event_type'] == 'stats']
        checks.ok('statistics every second', 3 <= len(records) <= 9, [r['timestamp'] for r in records])
        faults = [r for r in records if r['stats']['ledger']['received'] != sum(r['stats']['ledger']['verdicts'].values())]
        checks.ok('each with a ledger that sums up', not faults, faults[:1])
        checks.equal('the last one has the ledger of --stats', records[-1]['stats']['ledger']['received'], stats['ledger']['received'])

    path, reader = fifo_with_reader(folder)
    sensor = Sensor(folder, 'run', '--vdev', 'net_null0', '--eve', path, '--set', 'stats.interval=1', '--set', 'stop-timeout=3000')
    name = 'live, a reader that stopped'
    checks.ok('%s: it starts' % name, sensor.says('run: started'), sensor.said())
    time.sleep(1)
    os.close(reader)  # and went away: the first write finds out
    time.sleep(2)
    sensor.signal()
    judge(checks, name, sensor, 20, says='--eve .*fifo')

    sensor = Sensor(folder, 'run', '--vdev', 'net_null0', '--eve', '/dev/full')
    name = 'live, a full disk'
    checks.ok('%s: it starts' % name, sensor.says('run: started'), sensor.said())
    sensor.signal()
    judge(checks, name, sensor, 20, says='--eve /dev/full')


def main():
    checks = Checks()
    with Scratch() as folder:
        nobody_reads(checks, folder)
        reader_that_stopped(checks, folder)
        collector_that_stopped(checks, folder)
        live(checks, folder)
    return checks.done()


sys.exit(main())
