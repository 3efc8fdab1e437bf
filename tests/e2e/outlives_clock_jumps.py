#!/usr/bin/env python3
"""Clocks that are set while sensor and collector run, days forward and back: nothing is lost, nothing expires before its time, and the collector's
metrics tell whose clock is ahead.

usage: outlives_clock_jumps.py        PICKET, PICKET_COLLECTOR=paths of the programs, SET_CLOCK_LIBRARY=that of the library made from set_clock.cc
"""
import os
import pathlib
import signal
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, SAMPLE_RULES, Checks, Scratch, stop
from delivery import Collector, Sensor, all_accounted, eventually, lean

DAY = 86_400


class Clock:
    """The time of day of the programs that are started with env(): what is set here, at any time."""

    def __init__(self, path, library):
        self.library, self.path = library, path
        path.write_bytes(bytes(8))

    def set(self, seconds):
        with open(self.path, 'r+b') as f:
            f.write(struct.pack('<q', seconds))

    def env(self):
        return dict(lean(), LD_PRELOAD=self.library, PICKET_CLOCK=str(self.path))


def of(samples, name):
    return [v for k, v in samples.items() if k.startswith(name)]


def stored(server):
    return sum(of(server.metrics(), 'picket_collector_records_total'))


def main():
    checks = Checks()
    library = os.environ.get('SET_CLOCK_LIBRARY')
    if not library:
        checks.skip('clocks that jump', 'SET_CLOCK_LIBRARY names no library (tests/support/set_clock.cc)')
        return checks.done()
    with Scratch() as folder:
        begun = time.monotonic()
        of_sensor, of_collector = (Clock(folder / name, library) for name in ('sensor.clock', 'collector.clock'))
        keys = {'store.max-age': '1h'}
        server = Collector(folder, env=of_collector.env(), **keys)
        # Files of the spool are small, so that some of them are whole, and could go.
        sets = ['export.spool.max-age=1', 'export.max-batch-size=16kb', 'export.spool.max-size=4mb', 'export.compress=no']
        sensor = Sensor(folder, server.address, captures=['--pace', '1.0', '--rules', SAMPLE_RULES, PCAPS / 'dns/record-types'], loops=1_000_000, sets=sets,
                        env=of_sensor.env())
        checks.ok('a sensor delivers', eventually(lambda: stored(server) > 50), sensor.said()[-800:])

        def jumps(name, clock, seconds):
            before = stored(server)
            clock.set(seconds)
            checks.ok('%s: records go on' % name, eventually(lambda: stored(server) > before + 50), '%s\n%s' % (sensor.said()[-500:], server.said()[-500:]))
        jumps('the sensor 40 days ahead', of_sensor, 40 * DAY)
        lag = eventually(lambda: [v for v in of(server.metrics(), 'picket_collector_lag_seconds') if v < -39 * DAY])
        checks.ok('the lag tells that its clock is ahead', lag, of(server.metrics(), 'picket_collector_lag_seconds'))
        jumps('the sensor 3 days behind', of_sensor, -3 * DAY)
        lag = eventually(lambda: [v for v in of(server.metrics(), 'picket_collector_lag_seconds') if v > 2 * DAY])
        checks.ok('the lag tells that its clock is behind', lag, of(server.metrics(), 'picket_collector_lag_seconds'))
        jumps('the sensor back', of_sensor, 0)
        jumps('the collector 40 days ahead', of_collector, 40 * DAY)
        jumps('the collector 3 days behind', of_collector, -3 * DAY)
        jumps('the collector back', of_collector, 0)

        # What is owed does not grow old by it: nobody collects meanwhile, and the spool keeps records for an hour.
        stop(server.process)
        owed = sum(of(sensor.metrics(), 'picket_delivery_made'))
        eventually(lambda: sum(of(sensor.metrics(), 'picket_delivery_owed_records')) > 30)
        for seconds in (40 * DAY, -3 * DAY, 40 * DAY, 0):
            of_sensor.set(seconds)
            before = sum(of(sensor.metrics(), 'picket_delivery_made'))
            eventually(lambda: sum(of(sensor.metrics(), 'picket_delivery_made')) > before + 250)  # some seconds: the spool looks once a second
        checks.equal('nothing in the spool went for its age', sum(of(sensor.metrics(), 'picket_delivery_missing_records_total')), 0)
        server = Collector(folder, server.address, env=of_collector.env(), **keys)
        checks.ok('a collector takes what is owed', eventually(lambda: stored(server) > owed / 4), sensor.said()[-800:])
        checks.equal('the sensor ends', stop(sensor.process, signal.SIGINT, 60), 1)
        checks.equal('nothing is left in its spool', list(sensor.spool.glob('*.batches')), [])
        checks.equal('the collector ends', stop(server.process), 0)
        all_accounted(checks, 'jumps', server.store, [sensor], lost=False)
        checks.note('%.1f s' % (time.monotonic() - begun))
    return checks.done()


sys.exit(main())
