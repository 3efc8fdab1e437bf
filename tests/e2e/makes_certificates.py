#!/usr/bin/env python3
"""What scripts/picket-ca makes is what openssl takes: chains, names, purposes, lists of the revoked; and what it refuses to make.

usage: makes_certificates.py
"""
import pathlib
import stat
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import ROOT, Checks, Scratch, run

PICKET_CA = ROOT / 'scripts' / 'picket-ca'


def verify(folder, certificate, purpose):
    """What openssl says of it: 'OK', or its complaint."""
    done = run('openssl', 'verify', '-CAfile', folder / 'ca.crt', '-CRLfile', folder / 'ca.crl', '-crl_check', '-x509_strict',
               '-purpose', purpose, certificate)
    return 'OK' if done.status == 0 else (done.out + done.err).decode()


def field(certificate, *what):
    return run('openssl', 'x509', '-in', certificate, '-noout', *what).out.decode()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def main():
    checks = Checks()
    with Scratch() as scratch:
        ca = scratch / 'ca'

        def picket_ca(*words):
            return run(PICKET_CA, *words)

        def made(name, *words):
            done = picket_ca(*words)
            return checks.ok(name, done.status == 0, done)

        def refused(name, status, part, *words):
            done = picket_ca(*words)
            said = done.err.decode()
            checks.ok(name, done.status == status and part in said and len(said.splitlines()) == 1, done)

        made('a CA', 'init', ca)
        made('a sensor', 'sensor', ca, 'plant-7')
        made('another', 'sensor', ca, 'plant-8', '--days', '10')
        made('a collector', 'collector', ca, 'soc', '--host', 'soc.example.org', '--host', '192.0.2.10', '--host', '2001:db8::1')
        seven, eight, soc = (ca / p for p in ('sensors/plant-7.crt', 'sensors/plant-8.crt', 'collectors/soc.crt'))

        checks.equal('openssl takes the sensor as a client', verify(ca, seven, 'sslclient'), 'OK')
        checks.equal('and the collector as a server', verify(ca, soc, 'sslserver'), 'OK')
        checks.ok('a sensor is no server', verify(ca, seven, 'sslserver') != 'OK')
        checks.ok('a collector is no client', verify(ca, soc, 'sslclient') != 'OK')
        checks.ok('the sensor has its URI', 'URI:picket:sensor/plant-7\n' in field(seven, '-ext', 'subjectAltName'), field(seven, '-text'))
        names = field(soc, '-ext', 'subjectAltName')
        checks.ok('the collector has its hosts', 'DNS:soc.example.org, IP Address:192.0.2.10, IP Address:2001:DB8' in names, names)
        checks.ok('ten days are ten days', run('openssl', 'x509', '-in', eight, '-noout', '-checkend', 9 * 86400).status == 0 and
                  run('openssl', 'x509', '-in', eight, '-noout', '-checkend', 11 * 86400).status == 1)
        for key in ('private/ca.key', 'sensors/plant-7.key', 'collectors/soc.key'):
            checks.equal('nobody else reads %s' % key, mode(ca / key), 0o600)

        # Renewal, and that revoking a name means all that it was given.
        first = scratch / 'first.crt'
        first.write_bytes(seven.read_bytes())
        refused('what is there is not overwritten', 1, '--renew', 'sensor', ca, 'plant-7')
        checks.equal('and stays', seven.read_bytes(), first.read_bytes())
        made('unless that is asked for', 'sensor', ca, 'plant-7', '--renew')
        checks.ok('then it is another', seven.read_bytes() != first.read_bytes())
        checks.equal('the first is valid still', verify(ca, first, 'sslclient'), 'OK')
        made('plant-7 is revoked', 'revoke', ca, 'plant-7')
        for certificate in (first, seven):
            checks.ok('%s is revoked' % certificate.name, 'certificate revoked' in verify(ca, certificate, 'sslclient'))
        checks.equal('plant-8 is not', verify(ca, eight, 'sslclient'), 'OK')
        made('the list is made anew', 'crl', ca, '--days', '3')
        checks.ok('and says so still', 'certificate revoked' in verify(ca, seven, 'sslclient'))
        listed = picket_ca('list', ca).out.decode().splitlines()
        checks.equal('list tells of all', [' '.join(line.split()[i] for i in (0, 3, 4)) for line in listed],
                     ['revoked sensor plant-7', 'valid sensor plant-8', 'valid collector soc', 'revoked sensor plant-7'])

        refused('a second CA in the same place', 1, 'is a CA already', 'init', ca)
        refused('no CA', 1, 'is no CA; picket-ca init', 'sensor', scratch / 'nowhere', 'x')
        refused('a name that leads elsewhere', 2, 'is no name', 'sensor', ca, '../plant-9')
        refused('a name that begins a second alternative name', 2, 'is no name', 'sensor', ca, 'a,URI:picket:sensor/b')
        refused('a host that does so', 2, "'a,DNS:b' is neither", 'collector', ca, 'other', '--host', 'a,DNS:b')
        refused('a collector without a host', 2, '--host is missing', 'collector', ca, 'other')
        refused('a sensor with one', 2, '--host is for collectors', 'sensor', ca, 'other', '--host', 'x')
        refused('nobody to revoke', 1, "nothing valid of 'plant-9'", 'revoke', ca, 'plant-9')
        refused('no days', 2, 'is no number of days', 'crl', ca, '--days', 'many')
        refused('a word too many', 2, "'more' is one word too many", 'crl', ca, 'more')
        refused('an unknown command', 2, "no command 'sign'", 'sign', ca)
        refused('an unknown option', 2, "no option '--force'", 'init', ca, '--force')
        # A folder's name that holds from one place holds from another, too.
        def from_folder(folder, *words):
            return run('sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', folder, PICKET_CA, *words)
        begun = from_folder(scratch, 'init', 'nearby')
        checks.ok('a CA with a relative name', begun.status == 0, begun)
        (scratch / 'below').mkdir()
        for words in (('sensor', 'nearby', 'plant-7'), ('crl', 'nearby')):
            done = from_folder(scratch, *words)
            checks.ok('%s there' % words[0], done.status == 0, done)
        for words in (('crl', '../nearby'), ('revoke', '../nearby', 'plant-7'), ('sensor', '../nearby', 'plant-8')):
            done = from_folder(scratch / 'below', *words)
            checks.ok('%s from elsewhere' % words[0], done.status == 0, done)
        (scratch / 'nearby').rename(scratch / 'moved')
        done = from_folder(scratch, 'crl', 'moved')
        checks.ok('a CA that was moved', done.status == 0, done)
        help_text = picket_ca('--help')
        checks.ok('--help has an example', help_text.status == 0 and b'Example:' in help_text.out, help_text)
        checks.ok('no unfinished work is left', not list((ca / 'private').glob('work.*')))
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
