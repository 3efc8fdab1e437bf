"""One end of a conversation that is written down: what the *_play.py scripts share.

usage of those: NAME_play.py CASE server|client ADDRESS PORT
"""

import socket
import sys
import time


def receive(sock, size):
    while size:
        got = sock.recv(size)
        if not got:
            raise SystemExit("the other end is gone")
        size -= len(got)


def main(cases, piece, pause=0.0):
    """`cases`: {name: [("<" from the server or ">" from the client, bytes), ...]}. In the case "small-segments" each
    goes out in segments of `piece` bytes; in others in one, with `pause` seconds after it."""
    case, end, address, port = sys.argv[1:5]
    mine = "<" if end == "server" else ">"
    if end == "server":
        listener = socket.create_server((address, int(port)))
        sock, _ = listener.accept()
    else:
        sock = socket.create_connection((address, int(port)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for who, data in cases[case]:
        if who != mine:
            receive(sock, len(data))
        elif case == "small-segments":
            for i in range(0, len(data), piece):
                sock.sendall(data[i:i + piece])
                time.sleep(0.0005)
        else:
            sock.sendall(data)
            time.sleep(pause)
    time.sleep(0.1)
    sock.close()
