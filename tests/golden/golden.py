#!/usr/bin/env python3
"""Golden cases: each capture of pcaps/ gives exactly the records that its expect.json holds.

usage: golden.py [--update] [CASE...]        CASE: protocol/case or protocol; all without it
       PICKET=path of the program (default build/sensor/picket)

A case is a folder pcaps/<protocol>/<case>/:
  input.*      the capture
  README.md    what it shows: what a reader should see in the records
  expect.json  its EVE records, one a line, byte for byte. Nothing in them depends on the run: times are those of the
               capture, flow ids follow from its addresses and times, so that nothing is left out of the comparison. Statistics are switched off: they name every
               protocol and counter there is, and every new one would change every case. Stream anomalies are on.
  rules        rules to load, if any
  args         more arguments of `picket replay`, one a line, if any
  errors       what is said of a damaged capture, if it is one (without the path)

Each case is replayed with one worker and with four: --eve and --records have to be the same byte for byte, every packet
of the file (pcaps/INDEX.md counts them) has exactly one verdict, and every record is delivered or counted as lost.
known_wrong.txt names cases whose records are known to be wrong: they are shown as skipped, with the reason.
"""
import concurrent.futures
import difflib
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, ROOT, Checks, Scratch, capture_of, cases, frames_by_case, ledger_fault, picket, read_json, run_forked

SHOWN = 12  # lines of a difference


def known_wrong():
    """Cases that are known to be wrong, with the reason."""
    wrong = {}
    for line in (ROOT / 'tests/golden/known_wrong.txt').read_text().splitlines():
        if line and not line.startswith('#'):
            case, reason = line.split(': ', 1)
            wrong[case] = reason
    return wrong


def flat(value, path=''):
    """A record as {path: value}."""
    if isinstance(value, dict) and value:
        return {k: v for key, item in value.items() for k, v in flat(item, '%s.%s' % (path, key) if path else key).items()}
    if isinstance(value, list) and value:
        return {k: v for i, item in enumerate(value) for k, v in flat(item, '%s[%d]' % (path, i)).items()}
    return {path: value}


def who(record):
    return '%s packet %s %s' % (record.get('event_type'), record.get('pcap_cnt', '-'), record.get('src_ip', ''))


def difference(expected, got):
    """A few lines a person can read: which field of which record."""
    def identity(line):
        r = json.loads(line)
        return json.dumps([r.get(k) for k in ('timestamp', 'event_type', 'flow_id', 'tx_id', 'src_ip')])
    lines = []
    matcher = difflib.SequenceMatcher(None, [identity(e) for e in expected], [identity(g) for g in got], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != 'equal':
            lines += ['missing: ' + e[:200] for e in expected[a:b]] + ['not expected: ' + g[:200] for g in got[c:d]]
            continue
        for number, (e, g) in enumerate(zip(expected[a:b], got[c:d]), a + 1):
            if e == g:
                continue
            e, g = json.loads(e), json.loads(g)
            fe, fg = flat(e), flat(g)
            changed = [k for k in {**fe, **fg} if fe.get(k, '(nothing)') != fg.get(k, '(nothing)')]
            lines += ['line %d (%s): %s: expected %s, got %s' % (number, who(e), k, json.dumps(fe.get(k, '(nothing)')), json.dumps(fg.get(k, '(nothing)')))
                      for k in changed] or ['line %d (%s): the same fields in another order' % (number, who(e))]
    more = len(lines) - SHOWN
    return '\n'.join(lines[:SHOWN] + (['and %d more' % more] if more > 0 else []))


def replay(case, scratch, workers):
    """Runs a case; (run result, EVE bytes, records bytes, stats or None)."""
    folder = PCAPS / case
    base = scratch / ('%s.%d' % (case.replace('/', '_'), workers))
    command = [picket(), 'replay', '--workers', workers, '--log-level', 'warning', '--set', 'outputs.eve-log.types.stats.enabled=no',
               '--set', 'outputs.eve-log.types.anomaly.types.stream=yes', '--eve', '-', '--records', '%s.records' % base, '--stats', '%s.stats' % base]
    if (folder / 'rules').exists():
        command += ['--rules', folder / 'rules']
    if (folder / 'args').exists():
        command += (folder / 'args').read_text().split('\n')[:-1]
    result = run_forked(*command, capture_of(case))
    try:
        stats = read_json('%s.stats' % base)
        records = pathlib.Path('%s.records' % base).read_bytes()
    except (OSError, ValueError):
        stats, records = None, None
    return result, result.out, records, stats


def faults_of(case, scratch, frames, update, wrong):
    """All that is wrong with a case, one string each."""
    folder = PCAPS / case
    result, eve, records, stats = replay(case, scratch, 1)
    if stats is None:
        return ['it wrote no --stats or no --records', str(result)]
    faults = []
    said = [e.rsplit('input.', 1)[-1] for e in stats['captures']['errors']]
    if result.status != (1 if said else 0):
        faults.append(str(result))
    if case not in frames:
        faults.append('pcaps/INDEX.md does not have it; run scripts/captures/index.sh')
    packets = None if case in wrong else frames.get(case)
    if ledger_fault(stats, packets):
        faults.append('ledger: ' + ledger_fault(stats, packets))
    result4, eve4, records4, stats4 = replay(case, scratch, 4)
    if result4.status != result.status or stats4 is None:
        faults.append('with four workers: ' + str(result4))
    elif ledger_fault(stats4, packets):
        faults.append('ledger with four workers: ' + ledger_fault(stats4, packets))
    if eve4 != eve:
        faults.append('--eve differs between one worker (expected) and four (got):\n' + difference(eve.decode().splitlines(), eve4.decode().splitlines()))
    if records4 != records:
        faults.append('--records differs between one worker and four')

    if update:
        (folder / 'expect.json').write_bytes(eve) if case not in wrong else (folder / 'expect.json').unlink(missing_ok=True)
        (folder / 'errors').write_text('\n'.join(said) + '\n') if said else (folder / 'errors').unlink(missing_ok=True)
    expected_errors = (folder / 'errors').read_text().splitlines() if (folder / 'errors').exists() else []
    if said != expected_errors:
        faults.append('said of the capture: expected %s, got %s' % (expected_errors, said))
    if case in wrong:
        return faults
    if not (folder / 'expect.json').exists():
        return faults + ['there is no expect.json; read the records against README.md, then golden.py --update %s' % case]
    expected = (folder / 'expect.json').read_bytes()
    if expected != eve:
        faults.append(difference(expected.decode().splitlines(), eve.decode().splitlines()))
    return faults


def main():
    arguments = sys.argv[1:]
    if '--help' in arguments or '-h' in arguments:
        print(__doc__)
        return 0
    update = '--update' in arguments
    wanted = [a.strip('/').removeprefix('pcaps/') for a in arguments if a != '--update']
    chosen = [c for c in cases() if not wanted or any(c == w or c.startswith(w + '/') for w in wanted)]
    if not chosen:
        print('golden.py: no case of this name below %s' % PCAPS, file=sys.stderr)
        return 2
    frames, wrong, checks = frames_by_case(), known_wrong(), Checks()
    with Scratch() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda case: faults_of(case, scratch, frames, update, wrong), chosen)
        for case, faults in zip(chosen, results):
            title = (PCAPS / case / 'README.md').read_text().splitlines()[0].removeprefix('# ')
            if case in wrong and not faults:
                checks.skip(title, 'known wrong: ' + wrong[case])
            else:
                checks.ok(title, not faults, '\n'.join(faults))
    stale = sorted(set(wrong) - set(cases()))
    if not wanted:
        checks.ok('each name in known_wrong.txt is a case', not stale, ', '.join(stale))
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
