#!/usr/bin/env python3
"""A running sensor takes other rules and indicators: at SIGHUP, when a file changed; not when they are wrong. A hash of a file
that comes with other indicators fits the files that begin then. Behind `--vdev net_pcap0` with the same capture again and again, as fast as it goes; the
ledger stays exact, and the statistics name the rules in use.

usage: reloads_rules.py        PICKET=path of the program; as root
"""
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from capture import write_reconnecting
from checks import Checks, Scratch, capture_of, ledger_fault, picket, read_eve, read_json, run, stop
from delivery import Program, eventually

# Matches nothing: at this rate no output could keep up with alerts. Those are the business of sensor/reloader_test.cc.
RULE = 'alert tcp any any -> any any (content:"is in no capture"; sid:1; rev:%d;)\n'
# SHA-256 of a body that the capture's server sends. No output asks for hashes.
BODY = 'c8b9eb611cad9f97c1426495b48de5c5bb736e90d251f42b13d9a30e8c424482'


def write(folder, name, text):
    (folder / 'aside').write_text(text)
    (folder / 'aside').rename(folder / name)


def main():
    checks = Checks()
    if os.geteuid() != 0 or 'not in this build' in run(picket(), 'run').err.decode(errors='replace'):
        checks.skip('reload', 'not root, or `picket run` is not in this build')
        return checks.done()
    with Scratch() as folder:
        write(folder, 'a.rules', RULE % 1)
        write(folder, 'a.intel', 'indicator\nis.in.no.capture.example\n')
        write_reconnecting(folder / 'again.pcap', capture_of('http/get'), 1000)
        quiet = [word for kind in ('flow', 'http', 'files') for word in ('--set', 'outputs.eve-log.types.%s.enabled=no' % kind)]
        sensor = Program(folder / 'log', [
            picket(), 'run', '--vdev', 'net_pcap0,rx_pcap=%s,infinite_rx=1' % (folder / 'again.pcap'), *quiet, '--rules', folder / '*.rules', '--set', 'rules.watch=1',
            '--set', 'intel.files=%s' % (folder / '*.intel'), '--set', 'intel.watch=1', '--eve', folder / 'eve.json', '--stats', folder / 'stats.json'])
        try:
            checks.ok('it starts', sensor.says('run: started'), sensor.said())
            sensor.process.send_signal(signal.SIGHUP)
            checks.ok('SIGHUP: the rules are read again', sensor.says(r'reload \(SIGHUP\): 1 rules active, 0 rejected, epoch 2'), sensor.said())
            checks.ok('and the indicators', sensor.says(r'reload \(SIGHUP\): 1 indicators: 1 domain; 0 bad lines, \d+ kB, epoch 2'), sensor.said())
            write(folder, 'b.intel', 'indicator\nneither.example\nnot..one.example\n')
            checks.ok('a new file of indicators: a bad line is said, the others are taken',
                      sensor.says(r"b\.intel:3: a label of the name is empty") and sensor.says(r'reload \(a file of indicators changed\): 2 indicators: 2 domain; 1 bad lines, \d+ kB, epoch 3'), sensor.said())
            write(folder, 'c.intel', 'indicator\ttype\n%s\tfile-hash\n' % BODY)
            checks.ok('a hash of a file, the first there is', sensor.says(r'3 indicators: 2 domain, 1 file-hash; 1 bad lines, \d+ kB, epoch 4'), sensor.said())
            checks.ok('fits files that begin from then on', eventually(lambda: 'intel":{"indicator":"%s' % BODY in (folder / 'eve.json').read_text()), sensor.said())
            write(folder, 'a.rules', RULE % 2)
            checks.ok('a changed file', sensor.says(r'reload \(a rule file changed\): 1 rules active, 0 rejected, epoch 3'), sensor.said())
            time.sleep(1)
            write(folder, 'b.rules', '# new\nalert tcp any any -> any any (contnt:"x"; sid:2;)\n')
            checks.ok('a wrong rule in a new file: where, and what stays',
                      sensor.says(r"b\.rules:2:31: unknown keyword 'contnt'.*the rules in use stay, epoch 3"), sensor.said())
            write(folder, 'b.rules', 'alert tcp any any -> any any (content:"nor is this"; sid:2;)\n')
            checks.ok('once it is right', sensor.says(r'reload \(a rule file changed\): 2 rules active, 0 rejected, epoch 4'), sensor.said())
            time.sleep(1)
            status = stop(sensor.process, signal.SIGINT, 60)
            checks.equal('SIGINT ends it', status, 0)
            stats = read_json(folder / 'stats.json')
            fault = ledger_fault(stats)
            checks.ok('the ledger is exact', not fault, fault)
            checks.equal('the statistics say so', {k: stats['rules'][k] for k in ('epoch', 'loaded', 'reloads', 'reloads_failed')},
                         {'epoch': 4, 'loaded': 2, 'reloads': 3, 'reloads_failed': 1})
            checks.equal('and of the indicators in use', (stats['intel']['epoch'], stats['intel']['loaded']), (4, 3))
            epochs = [e.get('rules_epoch') for e in read_eve(folder / 'eve.json') if e['event_type'] == 'stats']
            checks.ok('records of statistics name the set in use', epochs and epochs[-1] == 4, epochs)
        finally:
            stop(sensor.process, signal.SIGKILL)
    return checks.done()


sys.exit(main())
