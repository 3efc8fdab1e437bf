"""Certificates for tests, as scripts/picket-ca makes them."""
import re

from checks import ROOT, run

PICKET_CA = ROOT / 'scripts' / 'picket-ca'


def must(*command):
    done = run(*command)
    if done.status != 0:
        raise RuntimeError(str(done))


def picket_ca(*words):
    must(PICKET_CA, *words)


def make_expired(ca, name):
    """A sensor's certificate whose time is over, beside the others; with the sections that picket-ca wrote last."""
    key, request, crt = (ca / 'sensors' / ('%s.%s' % (name, kind)) for kind in ('key', 'csr', 'crt'))
    config = (ca / 'private/openssl.cnf').read_text()
    (ca / 'private/expired.cnf').write_text(re.sub(r'picket:sensor/\S+', 'picket:sensor/' + name, config))
    must('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key)
    must('openssl', 'req', '-new', '-config', ca / 'private/expired.cnf', '-key', key, '-subj', '/CN=' + name, '-out', request)
    must('openssl', 'ca', '-batch', '-config', ca / 'private/expired.cnf', '-startdate', '20200101000000Z', '-enddate', '20200102000000Z',
         '-notext', '-in', request, '-out', crt)
    key.chmod(0o600)
