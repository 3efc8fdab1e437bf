#!/usr/bin/env python3
"""TLS as a program speaks it: tls_client.py plain|nosni|large|fragments|malformed ADDRESS PORT."""

import socket
import ssl
import struct
import sys
import time

what, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


def context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


def get(c, name):
    with socket.create_connection((address, port), timeout=3) as s, c.wrap_socket(s, server_hostname=name) as t:
        t.sendall(b"GET / HTTP/1.0\r\nHost: www.lab.test\r\n\r\n")
        try:
            while t.recv(65536):
                pass
        except OSError:
            pass


def large_hello():
    """A hello of about 6 kB: a hundred ALPN names and a very long, but valid, server name."""
    c = context()
    c.set_alpn_protocols([f"picket-test-protocol-number-{i:04}/{'x' * 20}" for i in range(100)] + ["http/1.1"])
    get(c, ".".join(["a" * 60] * 3 + ["lab", "test"]))


class Hello:
    """Catches the bytes of a real ClientHello, to send them our own way."""

    def __init__(self, name):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context().wrap_bio(incoming, outgoing, server_hostname=name)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        self.record = outgoing.read()


def fragments():
    """A real ClientHello cut into TLS records of 50 bytes; then one sent in TCP segments of 1, 4 and 90 bytes."""
    for piece, sizes in [(50, None), (None, (1, 4, 90))]:
        hello = Hello("www.lab.test").record
        with socket.create_connection((address, port), timeout=2) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if piece:
                body = hello[5:]
                parts = [body[i:i + piece] for i in range(0, len(body), piece)]
                s.sendall(b"".join(hello[:3] + struct.pack(">H", len(p)) + p for p in parts))
            else:
                at = 0
                for size in sizes + (len(hello),):
                    s.sendall(hello[at:at + size])
                    at += size
                    time.sleep(0.03)
            s.recv(65536)
            time.sleep(0.1)


def malformed():
    """Records no client sends; the server answers with alerts. Last a good connection."""
    hello = Hello("www.lab.test").record
    bad_length = bytearray(hello)
    bad_length[43] = 0xFF  # session id longer than the hello
    short = hello[5:-1]  # a record that ends a byte before its hello does
    wrong_version = bytearray(hello)
    wrong_version[1:3] = b"\x09\x09"
    for data in [
        bytes(bad_length),
        hello[:3] + struct.pack(">H", len(short)) + short,
        bytes(wrong_version),
        b"\x17\x03\x03\x00\x10" + b"application data",  # data before any handshake
        b"\x16\x03\x01\xff\xff" + b"\x01" * 600,  # a record of 65535 bytes
        b"\x15\x03\x01\x00\x02\x02\x28",  # an alert first
        b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80" + b"\x07\x00\xc0" * 6 + b"c" * 16,  # SSLv2 hello
        b"GET / HTTP/1.0\r\n\r\n",
    ]:
        with socket.create_connection((address, port), timeout=1) as s:
            s.settimeout(0.5)
            s.sendall(data)
            try:
                while s.recv(65536):
                    pass
            except OSError:
                pass
    get(context(), "www.lab.test")


{"plain": lambda: get(context(), "www.lab.test"), "nosni": lambda: get(context(), None), "large": large_hello,
 "fragments": fragments, "malformed": malformed}[what]()
