#!/usr/bin/env python3
"""Dashboards and alerts of deploy/ ask for series that picket exposes, in PromQL, and every family of the ledgers is shown.

usage: shows_what_is_exposed.py        promtool, where it is installed, reads the alerts too, and tries them (alerts_test.yaml)
"""
import json
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
import promql
from checks import ROOT, Checks, run

SUFFIX = {'counter': '_total', 'gauge': '', 'info': '_info'}
# What Prometheus adds to whatever it scrapes.
SCRAPED = {'up': {'job', 'instance'}}
DASHBOARDS = {'sensor': 'picket-sensor.json', 'collector': 'picket-collector.json'}
ALERTS = ROOT / 'deploy/prometheus/picket-alerts.yaml'
RULE_TESTS = ROOT / 'tests/deploy/alerts_test.yaml'
# Each has to stand in an alert: nothing is lost in silence.
ALERTED = ['picket_packets_total', 'picket_port_lost_packets_total', 'picket_records_lost_total', 'picket_rules_rejected', 'picket_rule_reloads_failed_total',
           'picket_collector_missing_records_total', 'picket_collector_lag_seconds', 'picket_collector_last_seen_seconds',
           'picket_delivery_missing_records_total', 'picket_delivery_spool_bytes', 'picket_delivery_oldest_seconds', 'picket_delivery_connected', 'picket_delivery_collectors', 'picket_delivery_owed_records',
           'picket_delivery_removed_refused_files_total',
           'picket_tls_not_after_seconds', 'picket_collector_sink_last_success_seconds', 'picket_collector_sink_rejected_records_total',
           'picket_collector_dead_letter_records_total', 'up']


def exposed():
    """{program: {sample: labels}}"""
    out = {}
    for line in (ROOT / 'export/metrics/released.txt').read_text().splitlines():
        if line and not line.startswith('#'):
            program, family, kind, _, labels = line.split()
            out.setdefault(program, {})[family + SUFFIX[kind]] = set() if labels == '-' else set(labels.split(','))
    return out


def fault(expression, known):
    """What is wrong with it; '' when nothing is."""
    try:
        series = promql.selectors(expression)
    except (SyntaxError, re.error) as e:
        return str(e)
    for name, labels in series:
        if name not in known:
            return '%s is not exposed' % name
        if strange := labels - known[name] - {'job', 'instance'}:
            return '%s has no label %s' % (name, ', '.join(sorted(strange)))
    return '' if series else 'asks for no series'


def panels(of):
    for panel in of.get('panels', []):
        yield panel
        yield from panels(panel)


def dashboard(checks, program, samples):
    path = ROOT / 'deploy/grafana' / DASHBOARDS[program]
    board = json.loads(path.read_text())
    known = {**samples, **SCRAPED}
    faults, shown, ids = [], set(), []
    for panel in panels(board):
        ids.append(panel['id'])
        for target in panel.get('targets', []):
            if why := fault(target['expr'], known):
                faults.append('%s: %s: %s' % (panel['title'], target['expr'], why))
            else:
                shown.update(name for name, _ in promql.selectors(target['expr']))
            if legend := set(re.findall(r'{{(\w+)}}', target.get('legendFormat', ''))) - set().union(*known.values()) - {'job', 'instance'}:
                faults.append('%s: a legend of no label: %s' % (panel['title'], legend))
    for variable in board['templating']['list']:
        if variable['type'] == 'query':
            asked = re.fullmatch(r'label_values\((.*), (\w+)\)', variable['query'])
            if not asked or fault(asked.group(1), known):
                faults.append('variable %s: %s' % (variable['name'], variable['query']))
    checks.ok('%s: each panel asks for what is exposed' % path.name, not faults, '\n'.join(faults))
    checks.equal('%s: each panel has a number of its own' % path.name, len(set(ids)), len(ids))
    missing = [s for s in samples if s.startswith('picket_') and s not in shown]
    checks.ok('%s: every family of picket has its place' % path.name, not missing, ', '.join(missing))


def alerts(checks, all_samples):
    text = ALERTS.read_text()
    rules = re.findall(r'- alert: (\w+)\n +expr: (.*)\n((?: {8}.*\n)+)', text)
    checks.equal('each alert has an expression on the line behind it', len(rules), text.count('- alert:'))
    faults = ['%s: %s' % (name, why) for name, expr, _ in rules if (why := fault(expr.strip(), all_samples))]
    checks.ok('each alert asks for what is exposed', not faults, '\n'.join(faults))
    bare = [name for name, _, rest in rules if not re.search(r'severity: (critical|warning)', rest) or 'summary:' not in rest or 'description:' not in rest]
    checks.ok('each alert has a severity, and says what happened and what to do', not bare, ', '.join(bare))
    asked = {name for _, expr, _ in rules for name, _ in promql.selectors(expr)}
    checks.ok('whatever is lost, late or silent is an alert', not set(ALERTED) - asked, sorted(set(ALERTED) - asked))
    if shutil.which('promtool'):
        result = run('promtool', 'check', 'rules', ALERTS)
        checks.ok('promtool takes the alerts', result.status == 0, '%s\n%s' % (result, result.out.decode()))
        result = run('promtool', 'test', 'rules', RULE_TESTS)
        checks.ok('alerts fire when they should', result.status == 0, '%s\n%s' % (result, result.out.decode()))
    else:
        checks.skip('promtool takes the alerts, and they fire when they should', 'promtool is not installed (Debian: prometheus)')


def reader(checks):
    """The reader of PromQL itself refuses what is none."""
    known = {'a_total': {'x'}, 'b': set()}
    good = ['rate(a_total{x="1"}[5m]) > 0', 'sum by (x) (rate(a_total[$__rate_interval])) / on (x) group_left sum by (x) (a_total) * 100',
            'time() - b > 5 and on (instance) b != 0 unless b', '-b + (b offset 5m) ^ 2', 'topk(5, a_total{x=~"a|b", job!="c"})',
            'max by (x) (max_over_time(a_total[7d:1m])) or (a_total unless a_total offset 10m) > 0',
            'sum by (x) (a_total and b < 1)']
    bad = ['rate(a_total[5m] > 0', 'sum by x (b)', 'a_total{x}', 'rat(b)', 'b >', 'b b', 'b{x="1"}', 'c', '1 + 2', 'a_total{x=~"("}', 'sum by (y) (a_total)', 'b[5]', 'b offset 7d:1m', 'rate(b[7d:])',
           'sum by (x) (a_total or b)', 'a_total and on (x) b']
    checks.equal('PromQL is read', [e for e in good if fault(e, known)], [])
    checks.equal('what is none is refused', [e for e in bad if not fault(e, known)], [])


def main():
    checks = Checks()
    reader(checks)
    programs = exposed()
    for program, samples in programs.items():
        dashboard(checks, program, samples)
    alerts(checks, {**programs['sensor'], **programs['collector'], **SCRAPED})
    return checks.done()


sys.exit(main())
