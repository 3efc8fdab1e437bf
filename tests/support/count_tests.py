#!/usr/bin/env python3
"""Counts a meson JUnit log and prints what was skipped and, last, 'N passed, N failed, N skipped'.

usage: count_tests.py testlog.junit.xml STATUS      STATUS: meson's own; not zero counts as a failure
"""
import sys
import xml.etree.ElementTree as ET


def main():
    passed = failed = 0
    skipped = []
    for case in ET.parse(sys.argv[1]).getroot().iter('testcase'):
        if case.find('failure') is not None or case.find('error') is not None:
            failed += 1
        elif case.find('skipped') is not None or case.get('status') == 'notrun':
            reason = case.findtext('system-out') or ''
            skipped.append('%s.%s%s' % (case.get('classname'), case.get('name'), ': ' + reason if reason else ''))
        else:
            passed += 1
    if int(sys.argv[2]) and not failed:
        failed = 1  # a test program died before it could write its cases
    for name in skipped:
        print('skipped:', name)
    print('%d passed, %d failed, %d skipped' % (passed, failed, len(skipped)))
    return 1 if failed or not passed else 0


sys.exit(main())
