#!/usr/bin/env python3
"""Disks that are full: the sensor's spool, the collector's store, the folder of its EVE files. What cannot be kept stands in exact gaps, the collector
acknowledges nothing that it does not have, and both go on when there is room again. On small tmpfs, in a mount namespace of its own (as root).

usage: survives_full_disks.py [SCENARIO...]        PICKET, PICKET_COLLECTOR=paths of the programs; PICKET_FAULTS=N: N times as much
"""
import functools
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, collector, run, stop
from delivery import Collector, Sensor, all_accounted, eventually, ledger, lines_of, resident_mb

TIMES = int(os.environ.get('PICKET_FAULTS', '1'))
MB = 1 << 20


class Disk:
    """A small one, which somebody else may fill."""

    def __init__(self, folder, size):
        self.folder = folder
        folder.mkdir()
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%d' % size, 'none', folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.trouble = done.stdout.decode().strip() if done.returncode else ''

    def fill(self, leave=0):
        """Until `leave` bytes are left."""
        with open(self.folder / 'of-somebody-else', 'wb', buffering=0) as f:
            try:
                while f.write(bytes(4096)):
                    pass
            except OSError:
                f.truncate(max(0, f.tell() - leave))

    def free(self):
        (self.folder / 'of-somebody-else').unlink()

    def unmount(self):
        subprocess.run(['umount', self.folder])


def on_a_disk(name, size):
    """Of a scenario: gives it a disk at this name in its folder, which is gone at its end."""
    def with_disk(scenario):
        @functools.wraps(scenario)
        def run(checks, folder):
            disk = Disk(folder / name, size)
            try:
                scenario(checks, folder, disk)
            finally:
                disk.unmount()
        return run
    return with_disk


def replay(folder, address, name, loops=1, sets=()):
    return Sensor(folder, address, name, captures=['--rules', SAMPLE_RULES, PCAPS / 'dns', PCAPS / 'modbus'], loops=loops,
                  sets=['export.compress=no', 'export.max-batch-size=16kb', *sets])


@on_a_disk('spool', 12 * MB)
def spool(checks, folder, disk):
    """The sensor's own disk, while the collector is away: memory is bounded, what goes is counted by type, and alerts go last."""
    server = Collector(folder)
    address = server.address
    stop(server.process)
    memory = ['export.max-unacked=1mb']
    lost = replay(folder, address, 'lost', 10 * TIMES, memory)
    # The boot's own file has its room from the start; batches find none.
    checks.ok('spool: it starts', lost.says('replay: started'), lost.said()[-800:])
    disk.fill()
    checks.ok('spool: it says that the disk is full', lost.says(r'the spool .*No space left'), lost.said()[-800:])
    status = lost.ends()
    checks.equal('spool: a replay that lost records says so', status, 1)
    disk.free()
    server = Collector(folder, address)
    last = replay(folder, server.address, 'last', 1, memory)
    checks.equal('spool: the next one delivers', last.ends(), 0)
    checks.equal('spool: SIGTERM ends the collector', stop(server.process), 0)
    all_accounted(checks, 'spool', server.store, [lost, last], lost=True)


@on_a_disk('spool', 12 * MB)
def waits_for_room(checks, folder, disk):
    """Neither disk nor memory has room: a replay waits, and loses nothing when there is some."""
    server = Collector(folder)
    stop(server.process)
    sensor = replay(folder, server.address, 'sensor', 5, ['export.max-unacked=1mb'])
    checks.ok('waits: it starts', sensor.says('replay: started'), sensor.said()[-800:])
    disk.fill()
    checks.ok('waits: it says that the disk is full', sensor.says(r'the spool .*No space left'), sensor.said()[-800:])
    checks.ok('waits: and keeps what memory holds', eventually(lambda: sensor.metrics().get('picket_delivery_memory_bytes', 0) > 0.3 * MB, 8), sensor.metrics())
    disk.free()
    server = Collector(folder, server.address)
    checks.equal('waits: it ends well', sensor.ends(), 0)
    checks.equal('waits: SIGTERM ends the collector', stop(server.process), 0)
    all_accounted(checks, 'waits', server.store, [sensor], lost=False)


@on_a_disk('spool', 16 * MB)
def comes_back(checks, folder, disk):
    """The disk is full for a while, and the replay goes on: what waited in memory moves to it."""
    server = Collector(folder)
    sensor = Sensor(folder, server.address, captures=['--pace', '1.0', '--rules', SAMPLE_RULES, PCAPS / 'dns/record-types'], loops=8,
                    sets=['export.max-batch-size=64kb'])
    checks.ok('for a while: it starts', sensor.says('replay: started'), sensor.said()[-800:])
    stop(server.process)
    disk.fill()
    checks.ok('for a while: it says that the disk is full', sensor.says(r'the spool .*No space left'), sensor.said()[-800:])
    disk.free()
    checks.ok('for a while: and that it can be written to again', sensor.says('can be written to again'), sensor.said()[-800:])
    server = Collector(folder, server.address)
    checks.equal('for a while: the replay ends well', sensor.ends(), 0)
    checks.equal('for a while: SIGTERM ends the collector', stop(server.process), 0)
    all_accounted(checks, 'for a while', server.store, [sensor], lost=False)


@on_a_disk('spool', 64 * MB)
def starts(checks, folder, disk):
    """A sensor that was killed starts on a full disk: it watches, and goes to the disk when there is room."""
    server = Collector(folder)
    stop(server.process)
    killed = replay(folder, server.address, 'killed')
    checks.ok('starts: the first says that it runs', killed.says('replay: started'), killed.said()[-800:])
    killed.stop(signal.SIGKILL)
    disk.fill()
    sensor = Sensor(folder, server.address, captures=['--pace', '1.0', '--rules', SAMPLE_RULES, PCAPS / 'dns/record-types'], loops=8)
    checks.ok('starts: the next one runs, and says what a kill takes', sensor.says(r'the spool: cannot make .*No space left.*a kill of this process takes'), sensor.said()[-800:])
    disk.free()
    checks.ok('starts: it goes to the disk', sensor.says('is on disk now'), sensor.said()[-800:])
    server = Collector(folder, server.address)
    checks.equal('starts: the replay ends well', sensor.ends(), 0)
    rows = ledger(server.store)
    checks.equal('starts: SIGTERM ends the collector', stop(server.process), 0)
    held = lines_of(run(collector(), 'query', '--store', server.store, '--json').out)
    checks.ok('starts: nothing of the second is missing', not lines_of(sensor.eve) - held, rows)
    checks.ok('starts: what the first made is there, or in a gap', all(
        row['through'] == sum(row['held'].values()) + sum(g['records'] for g in row['missing'].values()) for row in rows), rows)


def waits(checks, folder, name, disk, says, **keys):
    """The collector's disk: it says so, acknowledges nothing, and goes on."""
    server = Collector(folder, **keys)
    before = resident_mb(server.process)
    first = replay(folder, server.address, 'first')
    checks.equal('%s: a replay delivers while there is room' % name, first.ends(), 0)
    disk.fill(leave=64 << 10)
    second = replay(folder, server.address, 'second', 3 * TIMES)
    checks.ok('%s: it says that the disk is full' % name, server.says(says), server.said()[-800:])
    checks.ok('%s: the sensor is owed acknowledgements' % name, eventually(lambda: sum(
        v for k, v in second.metrics().items() if k.startswith('picket_delivery_owed')) > 0), second.said()[-800:])
    checks.ok('%s: it serves scrapes meanwhile' % name, any(k.startswith('picket_collector_sink_failures') and v > 0 for k, v in server.metrics().items()))
    held = resident_mb(server.process)
    disk.free()
    checks.ok('%s: it stores again' % name, server.says('stores again'), server.said()[-800:])
    checks.equal('%s: the replay ends well' % name, second.ends(), 0)
    third = replay(folder, server.address, 'third')
    checks.equal('%s: and so does the next' % name, third.ends(), 0)
    checks.equal('%s: SIGTERM ends the collector' % name, stop(server.process), 0)
    checks.note('%s: %d MB resident before, %d MB while the disk was full' % (name, before, held))
    return all_accounted(checks, name, server.store, [first, second, third], lost=False)


@on_a_disk('disk', 16 * MB)
def store(checks, folder, disk):
    waits(checks, folder, 'store', disk, r'cannot store: .*full', store=disk.folder / 'store.db')


@on_a_disk('disk', 16 * MB)
def eve(checks, folder, disk):
    account = waits(checks, folder, 'eve', disk, r'eve: cannot store: .*(full|No space)', **{'eve.path': disk.folder / 'eve.json'})
    written = lines_of(b''.join(f.read_bytes() for f in disk.folder.glob('eve*.json')))
    checks.ok('eve: its files have the records of the store, each once', written == account.held,
              '%d in files, %d in the store' % (sum(written.values()), sum(account.held.values())))


def main():
    checks = Checks()
    if os.geteuid() != 0 or subprocess.run(['unshare', '-m', 'true']).returncode != 0:
        checks.skip('full disks', 'not root, or no mount namespaces')
        return checks.done()
    if 'PICKET_UNSHARED' not in os.environ:
        os.environ['PICKET_UNSHARED'] = '1'
        os.execvp('unshare', ['unshare', '-m', sys.executable, *sys.argv])
    with Scratch() as folder:
        probe = Disk(folder / 'probe', MB)
        if probe.trouble:
            checks.skip('full disks', probe.trouble)
            return checks.done()
        probe.unmount()
    checks.scenarios(spool, waits_for_room, comes_back, starts, store, eve)
    return checks.done()


sys.exit(main())
