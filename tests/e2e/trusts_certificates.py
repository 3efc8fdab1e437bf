#!/usr/bin/env python3
"""Who the collector lets in: certificates of picket-ca against a real picket-collector, which is never restarted. A wrong
one, a revoked one, one that is off the allow-list, renewal of the collector's own, and that a broken file changes nothing.

usage: trusts_certificates.py        PICKET_COLLECTOR=path of the program
"""
import pathlib
import re
import socket
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from certificates import picket_ca
from checks import Checks, Scratch, collector, run, stop
from delivery import PATIENCE_S, Collector, eventually

class Sensor:
    """A TLS client that waits for HTTP/2's first frame, which the collector sends to whom it lets in."""

    def __init__(self, port, ca, name=None, server='127.0.0.1', newest=ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=ca / 'ca.crt')
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = newest
        context.set_alpn_protocols(['h2'])
        if name:
            context.load_cert_chain(*('%s/sensors/%s.%s' % (ca, name, kind) for kind in ('crt', 'key')))
        self.refused, self.greeted, self.serial = '', 0, None
        self.connection = None
        plain = socket.create_connection(('127.0.0.1', port), timeout=PATIENCE_S)
        try:
            self.connection = context.wrap_socket(plain, server_hostname=server)
            self.serial = self.connection.getpeercert()['serialNumber']
            frame = self.connection.recv(9)
            if len(frame) < 9 or frame[3] != 4:
                self.refused = 'it closed the connection'
        except (ssl.SSLError, OSError) as e:
            self.refused = str(e) or type(e).__name__
        if self.refused:
            (self.connection or plain).close()

    def is_put_out(self):
        """Waits until the collector ends the connection."""
        try:
            while self.connection.recv(4096):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def answers(self):
        """Does the far side answer a PING? That is HTTP/2's, and so gRPC's own."""
        if not self.greeted:
            self.connection.sendall(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        self.greeted += 1
        ping = b'ping%04d' % self.greeted
        self.connection.sendall(bytes([0, 0, 8, 6, 0, 0, 0, 0, 0]) + ping)
        seen = b''
        while ping not in seen:
            more = self.connection.recv(4096)
            if not more:
                return False
            seen += more
        return True


def refuses_to_start(checks, scratch, name, config, status, part):
    (scratch / 'bad.yaml').write_text(''.join('%s: %s\n' % item for item in config.items()))
    done = run(collector(), 'serve', '--config', scratch / 'bad.yaml', '--store', scratch / 'bad.db')
    checks.ok('does not start: ' + name, done.status == status and re.search(part, done.err.decode()), done)


def main():
    checks = Checks()
    with Scratch() as scratch:
        ca, other = scratch / 'ca', scratch / 'other'
        picket_ca('init', ca)
        picket_ca('collector', ca, 'soc', '--host', '127.0.0.1', '--host', 'localhost')
        for name in ('plant-7', 'plant-8', 'plant-9'):
            picket_ca('sensor', ca, name)
        picket_ca('init', other)
        picket_ca('sensor', other, 'plant-7')
        allow = scratch / 'allow'
        allow.write_text('plant-7\nplant-8\n')
        config = {'tls.listen': '127.0.0.1:0', 'tls.ca': ca / 'ca.crt', 'tls.certificate': ca / 'collectors/soc.crt',
                  'tls.key': ca / 'collectors/soc.key', 'tls.crl': ca / 'ca.crl', 'tls.allow': allow}
        server = Collector(scratch, '', **config)
        if not checks.ok('the collector listens with TLS', server.address, server.said()):
            return checks.done()
        port = int(server.address.rsplit(':', 1)[1])
        checks.ok('and nowhere without', 'listening on' not in server.said(), server.said())

        seven, eight = Sensor(port, ca, 'plant-7'), Sensor(port, ca, 'plant-8')
        checks.equal('plant-7 is let in', seven.refused, '')
        checks.equal('plant-8 is let in', eight.refused, '')
        checks.ok('gRPC answers inside', eight.answers())
        checks.equal('in TLS 1.3', seven.connection.version(), 'TLSv1.3')
        for name, sensor, why in (
                ('somebody without a certificate', Sensor(port, ca), 'shows no certificate'),
                ("plant-7 of another CA", None, 'does not come from the CA'),
                ('plant-9, off the allow-list', Sensor(port, ca, 'plant-9'), "not on the allow-list .*'plant-9'"),
                ('TLS 1.2', Sensor(port, ca, 'plant-7', newest=ssl.TLSVersion.TLSv1_2), 'does not speak TLS 1.3')):
            if sensor is None:  # it trusts the collector's CA, and has its certificate from the other one
                (scratch / 'mixed/sensors').mkdir(parents=True)
                (scratch / 'mixed/ca.crt').write_bytes((ca / 'ca.crt').read_bytes())
                for kind in ('crt', 'key'):
                    (scratch / 'mixed/sensors' / ('plant-7.' + kind)).write_bytes((other / 'sensors' / ('plant-7.' + kind)).read_bytes())
                sensor = Sensor(port, scratch / 'mixed', 'plant-7')
            checks.ok('refused: ' + name, sensor.refused, 'it was let in')
            checks.ok('the log says why: ' + why, eventually(lambda: re.search(why, server.said())), server.said())
        checks.ok('a sensor does not take it for another host', 'mismatch' in Sensor(port, ca, 'plant-7', server='soc.example').refused)

        # Renewal without a restart; who is connected stays.
        before = seven.serial
        picket_ca('collector', ca, 'soc', '--host', '127.0.0.1', '--renew')
        checks.ok('the collector uses its new certificate', eventually(lambda: Sensor(port, ca, 'plant-7').serial != before), server.said())
        checks.ok('plant-8 is connected still', eight.answers())

        picket_ca('revoke', ca, 'plant-7')
        checks.ok('plant-7 is put out when it is revoked', seven.is_put_out(), server.said())
        checks.ok('and not let in again', Sensor(port, ca, 'plant-7').refused)
        checks.ok('the log says that it is revoked', eventually(lambda: re.search(r'plant-7 .*certificate is revoked', server.said())), server.said())

        again = Sensor(port, ca, 'plant-8')
        allow.write_text('plant 8\n')
        checks.ok('a broken allow-list is told', eventually(lambda: "'plant 8' is neither" in server.said()), server.said())
        checks.equal('and changes nothing', Sensor(port, ca, 'plant-8').refused, '')
        allow.write_text('plant-9\n')
        checks.ok('plant-8 is put out when it is off the list', again.is_put_out(), server.said())
        checks.equal('plant-9 is let in', Sensor(port, ca, 'plant-9').refused, '')
        checks.equal('SIGTERM ends it in order', stop(server.process), 0)

        refuses_to_start(checks, scratch, 'nowhere to listen', {'max-sensors': 1}, 2, 'nowhere to listen; give tls.listen')
        refuses_to_start(checks, scratch, 'a certificate without its key', dict(config, **{'tls.key': ca / 'sensors/plant-8.key'}), 1,
                         r'tls\.key: .*plant-8\.key: is not the key of the certificate')
        refuses_to_start(checks, scratch, 'a group policy that is none', dict(config, **{'tls.groups': 'P-256'}), 2,
                         'tls.groups: has to be prefer-hybrid, require-hybrid or classical')
        (ca / 'collectors/soc.key').chmod(0o644)
        refuses_to_start(checks, scratch, 'a key for everybody', config, 1, r'chmod 600 .*soc\.key')
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
