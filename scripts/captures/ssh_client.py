"""Openings that no SSH client makes. usage: ssh_client.py ADDRESS PORT"""
import socket
import sys
import time

BANNER = b'SSH-2.0-odd_1.0 made by hand\r\n'
# A payload of KEXINIT that stops within its lists.
CUT_KEXINIT = bytes([20]) + bytes(16) + (1000).to_bytes(4, 'big') + b'curve25519-sha256'


def packet(payload, padding=8):
    return (1 + len(payload) + padding).to_bytes(4, 'big') + bytes([padding]) + payload + bytes(padding)


OPENINGS = [
    b'SSH-2.0-' + b'x' * 300 + b' too long\r\n',
    b'SSH-nothing\r\n',
    b'SSH-1.5-old_1.0\r\n',
    BANNER + b'GET / HTTP/1.1\r\n\r\n',
    BANNER + (0).to_bytes(8, 'big'),
    BANNER + packet(CUT_KEXINIT),
    BANNER + packet(bytes([1]) + (11).to_bytes(4, 'big') + (8).to_bytes(4, 'big') + b'changed.' + bytes(4)),
]

for opening in OPENINGS:
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as s:
        s.settimeout(2)
        s.sendall(opening)
        time.sleep(0.2)
        s.shutdown(socket.SHUT_WR)
        try:
            while s.recv(4096):
                pass
        except OSError:
            pass
