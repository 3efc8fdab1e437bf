#!/usr/bin/env python3
"""Live traffic is counted to the packet: frames that tcpreplay sends into one end of a veth pair are what `picket run
--interface` received at the other, each with one verdict; so are those of a capture behind `--vdev net_pcap0`.

usage: live_counts_every_packet.py        PICKET=path of the program; as root; needs tcpreplay and ip
"""
import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import Checks, Scratch, capture_of, frames_by_case, ledger_fault, picket, read_json, run, stop
from delivery import Program

# Ethernet captures with no frame above 1514 bytes.
CASES = ('modbus/scan', 'http/methods', 'dns/record-types')
SERVER_END, CLIENT_END = 'pkt-rx', 'pkt-tx'


class Namespaces:
    """Two network namespaces of our own, joined by a veth pair on which nobody else speaks."""

    def __init__(self):
        self.tx, self.rx = 'picket-tx-%d' % os.getpid(), 'picket-rx-%d' % os.getpid()

    def __enter__(self):
        def do(*command):
            result = run(*command)
            if result.status != 0:
                raise OSError(str(result))
        try:
            for name in (self.tx, self.rx):
                do('ip', 'netns', 'add', name)
                # No router solicitations, no duplicate address detection: only what tcpreplay sends.
                do('ip', 'netns', 'exec', name, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1')
            do('ip', 'link', 'add', CLIENT_END, 'netns', self.tx, 'type', 'veth', 'peer', 'name', SERVER_END, 'netns', self.rx)
            do('ip', '-n', self.tx, 'link', 'set', CLIENT_END, 'up', 'arp', 'off')
            do('ip', '-n', self.rx, 'link', 'set', SERVER_END, 'up', 'arp', 'off')
        except OSError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in (self.tx, self.rx):
            run('ip', 'netns', 'del', name)

    def counter(self, what):
        shown = run('ip', 'netns', 'exec', self.rx, 'cat', '/sys/class/net/%s/statistics/%s' % (SERVER_END, what))
        return int(shown.out or 0)


class Sensor(Program):
    """A `picket run` of our own."""

    def __init__(self, folder, arguments, namespace=None):
        self.stats = folder / 'stats.json'
        super().__init__(folder / 'log', [picket(), 'run', '--stats', self.stats, '--eve', folder / 'eve.json', *arguments],
                         ['ip', 'netns', 'exec', namespace] if namespace else [])

    def started(self):
        return self.says('started') and self.running()

    def end(self):
        """SIGINT; (exit status, --stats)."""
        status = stop(self.process, signal.SIGINT, 60)
        return status, read_json(self.stats) if self.stats.exists() else None


def transactions(stats):
    return {kind: n for kind, n in stats['records']['made'].items() if n and kind not in ('flow', 'stats', 'anomaly', 'alert', 'asset')}


def replayed(folder):
    """The transactions of these captures, as `picket replay` has them."""
    run(picket(), 'replay', '--stats', folder / 'replay.json', *[capture_of(c) for c in CASES])
    return transactions(read_json(folder / 'replay.json'))


def judge(checks, name, sensor, sent, expected):
    status, stats = sensor.end()
    if not checks.ok('%s: SIGINT ends it with status 0 and --stats' % name, status == 0 and stats is not None, 'status %s\n%s' % (status, sensor.said()[-1500:])):
        return
    fault = ledger_fault(stats, sent)
    checks.ok('%s: %d packets sent, each received and with one verdict' % (name, sent), not fault, '%s\n%s' % (fault, stats['ledger']))
    checks.equal('%s: the port missed none' % name, sum(stats['ledger'].get('port', {}).values()), 0)
    checks.equal('%s: the transactions of a replay' % name, transactions(stats), expected)


def over_veth(checks, folder, frames):
    sent = sum(frames[c] for c in CASES)
    for workers in (1, 2):
        with Namespaces() as net:
            place = folder / ('veth%d' % workers)
            place.mkdir()
            sensor = Sensor(place, ['--interface', SERVER_END, '--workers', str(workers)], net.rx)
            try:
                name = 'veth, %d workers' % workers
                if not checks.ok('%s: it starts' % name, sensor.started(), sensor.said()[-1500:]):
                    continue
                before = net.counter('rx_packets')
                for case in CASES:
                    result = run('ip', 'netns', 'exec', net.tx, 'tcpreplay', '-q', '-i', CLIENT_END, '--pps=2000', capture_of(case))
                    checks.ok('%s: tcpreplay sends %s' % (name, case), result.status == 0, result)
                time.sleep(1)
                checks.equal('%s: the interface counts what was sent' % name, net.counter('rx_packets') - before, sent)
                checks.equal('%s: picket sent nothing' % name, net.counter('tx_packets'), 0)
                judge(checks, name, sensor, sent, replayed(folder))
            finally:
                stop(sensor.process, signal.SIGKILL)


def over_vdev(checks, folder, frames):
    for case in CASES:
        place = folder / case.replace('/', '_')
        place.mkdir()
        sensor = Sensor(place, ['--vdev', 'net_pcap0,rx_pcap=%s' % capture_of(case)])
        try:
            name = 'vdev net_pcap, %s' % case
            if not checks.ok('%s: it starts' % name, sensor.started(), sensor.said()[-1500:]):
                continue
            time.sleep(2)
            run(picket(), 'replay', '--stats', place / 'replay.json', capture_of(case))
            judge(checks, name, sensor, frames[case], transactions(read_json(place / 'replay.json')))
        finally:
            stop(sensor.process, signal.SIGKILL)


def why_not():
    if os.geteuid() != 0:
        return 'not root: no namespace, no huge or locked memory for DPDK'
    missing = [tool for tool in ('ip', 'tcpreplay') if shutil.which(tool) is None]
    if missing:
        return '%s not installed' % ', '.join(missing)
    if 'not in this build' in run(picket(), 'run').err.decode(errors='replace'):
        return '`picket run` is not in this build'
    try:
        with Namespaces():
            return ''
    except OSError as e:
        return 'network namespaces cannot be made here: %s' % str(e).splitlines()[-1]


def main():
    checks = Checks()
    reason = why_not()
    if reason:
        checks.skip('live traffic', reason)
        return checks.done()
    frames = frames_by_case()
    with Scratch() as folder:
        over_vdev(checks, folder, frames)
        over_veth(checks, folder, frames)
    return checks.done()


sys.exit(main())
