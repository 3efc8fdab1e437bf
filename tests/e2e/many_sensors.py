#!/usr/bin/env python3
"""Many sensors against one collector, which is killed in the middle, so that all come back at once: afterwards its ledger
is what each of them made, to the record, and each alert was acknowledged. The sensors are simulated_sensors
(tests/bench), which are all of a sensor behind its workers.

usage: many_sensors.py [SENSORS]        SIMULATED_SENSORS, PICKET_COLLECTOR=paths of the programs
"""
import pathlib
import signal
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ('support', 'bench')]
from checks import Checks, Scratch, stop
from measure_delivery import Collector, ledger_faults, result_of, start_sensors


def come_back(checks, folder, count):
    there = Collector(folder).start()
    sensors = start_sensors(there.listen, '--sensors', count, '--rate', 300, '--alerts', 2, '--until-told', '--batch-kib', 64, '--segments', 8,
                            '--patience', 60)
    before = there.wait_for_records(count)
    checks.ok('each has something in the store before the kill', before)
    there.end(signal.SIGKILL)
    there.start()
    checks.ok('each has more there after it', there.wait_for_records(count, before))
    result = result_of(sensors)
    checks.equal('the sensors end well', sensors.returncode, 0)
    checks.equal('nothing is owed', result['owed'], 0)
    checks.equal('all of them made records', sum(sum(s['made'].values()) > 0 for s in result['sensors']), count)
    checks.equal('each alert was acknowledged', result['alerts']['count'], sum(s['made'].get('alert', 0) for s in result['sensors']))
    checks.equal('what one makes and what the sensors say of it is the same', sum(sum(s['made'].values()) for s in result['sensors']), result['made'])
    checks.equal('the collector ends in order', stop(there.process), 0)
    checks.equal('its ledger is what the sensors made, to the record', ledger_faults(there, result), [])


def main():
    checks = Checks()
    with Scratch() as folder:
        come_back(checks, folder, int(sys.argv[1]) if len(sys.argv) > 1 else 40)
    return checks.done()


sys.exit(main())
