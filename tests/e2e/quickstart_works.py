#!/usr/bin/env python3
"""scripts/quickstart ends well and shows alerts and OT transactions that went through a collector, and leaves nothing running.

usage: PICKET_TEST_QUICKSTART=1 quickstart_works.py        as root, with apt: it installs and builds, which takes minutes
"""
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import ROOT, Checks, run


def collectors():
    """Process ids of picket-collectors on this machine."""
    return {p.parent.name for p in pathlib.Path('/proc').glob('[0-9]*/comm') if _comm(p) == 'picket-collecto'}


def _comm(path):
    try:
        return path.read_text().strip()
    except OSError:
        return ''


def main():
    checks = Checks()
    reason = ('PICKET_TEST_QUICKSTART is not 1 (it builds everything, which takes minutes)' if os.environ.get('PICKET_TEST_QUICKSTART') != '1'
              else 'not root' if os.geteuid() != 0 else 'no apt' if shutil.which('apt-get') is None else '')
    if reason:
        checks.skip('quickstart', reason)
        return checks.done()
    before = collectors()
    result = run(ROOT / 'scripts/quickstart', timeout=3600, cwd='/')
    text = result.out.decode(errors='replace')
    checks.ok('it ends with status 0', result.status == 0, '%s\n%s' % (result, text[-1500:]))
    checks.ok('the ledger is exact', 'exact: every packet has one verdict' in text, text[-3000:])
    for title, kind in (('records by type', 'modbus'), ('alerts', 'SAMPLE'), ('OT transactions', 'modbus')):
        part = re.search(r'== %s.*?\n(.*?)(?=\n== |\nNext:)' % title, text, re.S)
        checks.ok('it shows %s' % title, part and kind in part.group(1), text[-3000:])
    checks.equal('it leaves no collector running', collectors() - before, set())
    return checks.done()


sys.exit(main())
