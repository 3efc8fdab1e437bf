#!/usr/bin/env python3
"""No record and no alert says who a patient is, although the captures do and rules see it.

usage: hides_patients.py        PICKET=path of the program

The captures of pcaps/dicom and pcaps/hl7 are replayed as a site would that has set nothing, with rules that fire on patients' names and numbers. None of the
bytes that identify a patient may stand in --eve or --records; the captures have to hold them, and the rules have to fire. Then the same with hashes,
which are there, are the same in both protocols, and are others under another key.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, Checks, Scratch, capture_of, picket, read_eve, run_forked

PROTOCOLS = ('dicom', 'hl7')
# Of the patients of scripts/captures/dicom.sh, dicom_play.py, hl7_mllp.py and hl7_play.py, and of their next of kin.
IDENTIFY = [b'DOE', b'JANE', b'Jane', b'JOHN', b'PAT4711', b'PAT0815', b'19700131', b'Secret Lane', b'123-45-6789', b'555-01', b'ACCT99', b'V77001', b'POL-31415',
            b'STUDY77', b'ACC000', b'hush-hush']
RULES = '''
alert dicom any any -> any any (msg:"dicom"; dicom.dataset; content:"DOE"; sid:1;)
alert dicom any any -> any any (msg:"dicom number"; dicom.dataset; content:"PAT4711"; sid:2;)
alert hl7 any any -> any any (msg:"hl7"; hl7.patient_name; content:"DOE^JANE"; sid:3;)
alert hl7 any any -> any any (msg:"hl7 number"; hl7.patient_id; content:"PAT4711"; sid:4;)
alert hl7 any any -> any any (msg:"hl7 note"; hl7.segment; content:"NTE|7c|"; startswith; sid:5;)
alert hl7 any any -> any any (msg:"hl7 answer"; hl7.ack_text; content:"DOE^JANE"; sid:6;)
alert tcp any any -> any any (msg:"stream"; flow:established; content:"DOE"; sid:7;)
'''
KEYS = ('000102030405060708090a0b0c0d0e0f', 'ffeeddccbbaa99887766554433221100')


def replay(scratch, case, *sets):
    (scratch / 't.rules').write_text(RULES)
    words = [word for s in sets for word in ('--set', s)]
    result = run_forked(picket(), 'replay', '--rules', scratch / 't.rules', '--eve', scratch / 'eve', '--records', scratch / 'records', '--log-level', 'error', *words,
                 capture_of(case))
    if result.status != 0:
        raise RuntimeError(str(result))
    return (scratch / 'eve').read_bytes() + (scratch / 'records').read_bytes()


def named(text):
    return [word.decode() for word in IDENTIFY if word in text]


def hashes(scratch, protocol, case, key):
    """{field: hashes} of all records of a case."""
    prefix = 'app-layer.protocols.%s.' % protocol
    found = named(replay(scratch, case, prefix + 'patient=hash', prefix + 'patient-key=' + key))
    fields = {}
    for match in re.finditer(r'\{"field":"([^"]*)","hash":"([0-9a-f]{16})"\}', (scratch / 'eve').read_text()):
        fields.setdefault(match.group(1), set()).add(match.group(2))
    return found, fields


def main():
    checks = Checks()
    with Scratch() as scratch:
        held, fired = set(), set()
        for protocol in PROTOCOLS:
            for folder in sorted((PCAPS / protocol).iterdir()):
                case = '%s/%s' % (protocol, folder.name)
                held.update(named(pathlib.Path(capture_of(case)).read_bytes()))
                checks.equal('%s names nobody' % case, named(replay(scratch, case)), [])
                fired.update(r['alert']['signature_id'] for r in read_eve(scratch / 'eve') if r['event_type'] == 'alert')
        checks.equal('the captures hold all of it', held, {word.decode() for word in IDENTIFY})
        checks.equal('rules see it', fired, set(range(1, 8)))
        dicom, hl7 = (hashes(scratch, p, c, KEYS[0]) for p, c in (('dicom', 'dicom/archive'), ('hl7', 'hl7/admissions')))
        checks.equal('hashes name nobody', dicom[0] + hl7[0], [])
        checks.ok('a patient has the same number in both', dicom[1]['PatientID'] & hl7[1]['PID-3'], (dicom[1], hl7[1]))
        checks.ok('and the same name', dicom[1]['PatientName'] & hl7[1]['PID-5'], (dicom[1], hl7[1]))
        other = hashes(scratch, 'dicom', 'dicom/archive', KEYS[1])
        checks.ok('another key gives other hashes', not dicom[1]['PatientID'] & other[1]['PatientID'], other[1])
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
