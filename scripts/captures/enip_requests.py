"""Asks a device what the real client of these captures never asks: messages of EtherNet/IP, written down by hand.

usage: enip_requests.py CASE ADDRESS PORT

The other end is enip_device.py. Nothing of it is shared with the sensor's parser.
"""

import socket
import struct
import sys
import time

CASE, ADDRESS, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = 0
contexts = 0


def header(command, data, context=None, status=0, options=0):
    global contexts
    contexts += 1
    return struct.pack("<HHII8sI", command, len(data), session, status, context or struct.pack("<Q", contexts), options) + data


def rr(message, extra=b"", items=2):
    return header(0x6F, struct.pack("<IHHHHHH", 0, 10, items, 0, 0, 0xB2, len(message)) + message + extra)


def unit(connection, count, message):
    return header(0x70, struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, connection, 0xB1, len(message) + 2, count) + message, bytes(8))


def logical(c, i=None, a=None):
    def one(kind, v):
        return bytes([kind, v]) if v < 256 else bytes([kind + 1, 0]) + struct.pack("<H", v)
    return one(0x20, c) + (b"" if i is None else one(0x24, i)) + (b"" if a is None else one(0x30, a))


def symbol(*names):
    out = b""
    for n in names:
        out += bytes([0x28, n]) if isinstance(n, int) else bytes([0x91, len(n)]) + n.encode() + b"\0" * (len(n) % 2)
    return out


def cip(service, path, data=b""):
    return bytes([service, len(path) // 2]) + path + data


def multiple(*messages):
    at, table = 2 + 2 * len(messages), b""
    for m in messages:
        table += struct.pack("<H", at)
        at += len(m)
    return cip(0x0A, logical(2, 1), struct.pack("<H", len(messages)) + table + b"".join(messages))


def send_to(route, message):
    pad = b"\0" * (len(message) % 2)
    return cip(0x52, logical(6, 1), struct.pack("<BBH", 7, 233, len(message)) + message + pad + bytes([len(route) // 2, 0]) + route)


def forward_open(serial, path, large=False, transport=0xA3, ot=0, to=0x00440001, rpi=2000000, size=500):
    form = "<I" if large else "<H"
    flags = (0x4200 << 16 | size) if large else (0x4200 | size)
    body = struct.pack("<BBIIHHIBBBB", 7, 233, ot, to, serial, 0x1337, 0xCAFE0001, 2, 0, 0, 0)
    body += (struct.pack("<I", rpi) + struct.pack(form, flags)) * 2 + bytes([transport, len(path) // 2]) + path
    return cip(0x5B if large else 0x54, logical(6, 1), body)


def forward_close(serial, path):
    return cip(0x4E, logical(6, 1), struct.pack("<BBHHIBB", 7, 233, serial, 0x1337, 0xCAFE0001, len(path) // 2, 0) + path)


def pccc(transaction, command, body):
    return cip(0x4B, logical(0x67, 1), struct.pack("<BHI", 7, 0x1337, 0xCAFE0001) + struct.pack("<BBH", command, 0, transaction) + body)


class Peer:
    def __init__(self, pieces=0):
        self.sock, self.pieces = socket.create_connection((ADDRESS, PORT)), pieces
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        step = self.pieces or len(data)
        for i in range(0, len(data), step):
            self.sock.sendall(data[i:i + step])
            if self.pieces:
                time.sleep(0.003)

    def reply(self):
        out = b""
        self.sock.settimeout(1)
        while len(out) < 24 or len(out) < 24 + struct.unpack_from("<H", out, 2)[0]:
            more = self.sock.recv(65536 if not self.pieces else 7)
            if not more:
                break
            out += more
        return out

    def ask(self, *messages):
        global session
        for m in messages:
            self.send(m)
            answer = self.reply()
            if m[0] == 0x65 and len(answer) >= 8:
                session = struct.unpack_from("<I", answer, 4)[0]

    def register(self):
        self.ask(header(0x65, struct.pack("<HH", 1, 0)))


def encapsulation():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(1)
    for command in (0x63, 0x04, 0x64):
        udp.sendto(header(command, b""), (ADDRESS, PORT))
        udp.recv(2000)
    p = Peer()
    p.ask(header(0x04, b""), header(0x63, b""), header(0x64, b""))
    p.ask(header(0x65, struct.pack("<HH", 7, 0)))  # a version that nobody has
    p.register()
    p.send(header(0x00, b"still here"))
    p.ask(rr(cip(0x0E, logical(1, 1, 7))))
    global session
    good, session = session, 0xDEAD
    p.ask(rr(cip(0x0E, logical(1, 1, 7))))  # nobody's session
    session = good
    p.ask(header(0x68, b""))  # no such command
    p.send(header(0x66, b""))


def identity():
    p = Peer()
    p.register()
    p.ask(rr(cip(0x01, logical(1, 1))), rr(cip(0x03, logical(1, 1), struct.pack("<HHHHH", 4, 1, 6, 7, 8))),
          rr(cip(0x03, logical(1, 1), struct.pack("<HHH", 2, 6, 40))))
    p.ask(*(rr(cip(0x0E, logical(1, 1, a))) for a in (1, 2, 3, 4, 5, 6, 7, 8, 20)))
    p.ask(rr(cip(0x01, logical(0xF5, 1))), rr(cip(0x0E, logical(0xF5, 1, 5))), rr(cip(0x0E, logical(0xF5, 1, 6))), rr(cip(0x01, logical(0xF6, 1))))
    p.ask(rr(multiple(cip(0x0E, logical(1, 1, 7)), cip(0x0E, logical(1, 1, 6)), cip(0x0E, logical(0xF6, 1, 3)))))
    p.ask(rr(send_to(b"\x01\x00", cip(0x01, logical(1, 1)))), rr(send_to(b"\x01\x09", cip(0x01, logical(1, 1)))))


def control():
    p = Peer()
    p.register()
    p.ask(rr(cip(0x07, logical(0x8E, 1))), rr(cip(0x06, logical(0x8E, 1))), rr(cip(0x05, logical(1, 1))), rr(cip(0x05, logical(1, 1), b"\0")),
          rr(cip(0x05, logical(1, 1), b"\1")), rr(cip(0x10, logical(4, 150, 3), b"\x01\x00\xff\x0f")), rr(cip(0x0E, logical(4, 151, 3))))
    config = struct.pack("<IIIII", 0x0A4D0063, 0xFFFFFF00, 0x0A4D00FE, 0, 0) + struct.pack("<H", 0)
    p.ask(rr(cip(0x10, logical(0xF5, 1, 5), config)), rr(cip(0x10, logical(0xF5, 1, 3), struct.pack("<I", 0))),
          rr(cip(0x04, logical(0x8B, 1), struct.pack("<HHQ", 1, 6, 1_700_000_000_000_000))), rr(cip(0x09, logical(0x68, 3))))


def connections():
    p = Peer()
    p.register()
    route = b"\x01\x00"
    p.ask(rr(forward_open(0x1001, route + logical(2, 1))))
    p.ask(*(unit(0x80FE0001, n, cip(0x4C, symbol("Level"), b"\x01\x00")) for n in (1, 2)))
    p.ask(unit(0x80FE0001, 3, multiple(cip(0x4C, symbol("Level"), b"\x01\x00"), cip(0x4C, symbol("None"), b"\x01\x00"))))
    p.ask(rr(forward_open(0x1002, route + logical(2, 1), large=True, to=0x00440002, size=4000)))
    # The same counts in two connections, two at a time.
    p.send(unit(0x80FE0001, 4, cip(0x0E, logical(1, 1, 7))))
    p.send(unit(0x80FE0002, 4, cip(0x0E, logical(1, 1, 6))))
    p.reply()
    p.reply()
    p.ask(rr(forward_open(0x1001, route + logical(2, 1))))  # a duplicate
    p.ask(rr(forward_open(0x1003, logical(4, 199))))  # no such assembly
    p.ask(rr(cip(0x5A, logical(6, 1), bytes([0, 2]) + logical(4, 150))))
    p.ask(rr(forward_close(0x1001, route + logical(2, 1))), rr(forward_close(0x1002, route + logical(2, 1))), rr(forward_close(0x1002, route + logical(2, 1))))


def tags():
    p = Peer()
    p.register()
    p.ask(rr(cip(0x55, logical(0x6B) + b"\x25\0\0\0", struct.pack("<HHH", 2, 1, 2))), rr(cip(0x55, logical(0x6B) + b"\x25\0\x08\0", struct.pack("<HHH", 2, 1, 2))),
          rr(cip(0x03, logical(0x6C, 0x1D4), struct.pack("<HHHHH", 4, 4, 5, 2, 1))), rr(cip(0x4C, logical(0x6C, 0x1D4), struct.pack("<IH", 0, 36))))
    p.ask(rr(cip(0x4C, symbol("Level"), b"\x01\0")), rr(cip(0x4C, symbol("Speeds", 3), b"\x02\0")), rr(cip(0x4C, symbol("Program:Main", "Recipe"), b"\x01\0")),
          rr(cip(0x4C, logical(0x6B, 2), b"\x01\0")), rr(cip(0x4C, symbol("Pump"), b"\x01\0")), rr(cip(0x52, symbol("Long"), struct.pack("<HI", 300, 480))))
    p.ask(rr(cip(0x4D, symbol("Level"), struct.pack("<HHf", 0xCA, 1, -3.5))), rr(cip(0x4D, symbol("Level"), struct.pack("<HHi", 0xC4, 1, 7))),
          rr(cip(0x53, symbol("Long"), struct.pack("<HHIii", 0xC4, 300, 8, 11, 12))), rr(cip(0x4E, symbol("Count"), struct.pack("<HII", 4, 0x10, 0xFFFFFFFE))),
          rr(cip(0x4C, symbol("Speeds"), b"\x40\0")), rr(multiple(*(cip(0x4C, symbol("Speeds", i), b"\x01\0") for i in range(10)))))
    p.ask(rr(send_to(b"\x01\x00", multiple(cip(0x4C, symbol("Level"), b"\x01\0"), cip(0x4D, symbol("Count"), struct.pack("<HHi", 0xC4, 1, 5))))))


def files():
    p = Peer()
    p.register()
    p.ask(rr(cip(0x4B, logical(0x37, 200), b"\xff")), *(rr(cip(0x4F, logical(0x37, 200), bytes([n]))) for n in range(3)))
    p.ask(rr(cip(0x4C, logical(0x37, 201), struct.pack("<IHBB", 300, 1, 2, 3) + b"\x0bfirmware.nv")),
          *(rr(cip(0x50, logical(0x37, 201), bytes([n, (0, 1, 2)[n]]) + bytes(range(100)))) for n in range(3)))
    p.ask(rr(cip(0x51, logical(0x37, 201))), rr(cip(0x4B, logical(0xA1, 1), bytes(8))), rr(cip(0x4D, logical(0xA1, 1), bytes(64))))


def slc():
    p = Peer()
    p.register()
    def logical3(function, size, file, kind, element, data=b""):
        return bytes([function, size, file, kind, element, 0]) + data
    p.ask(rr(pccc(1, 0x06, b"\x03")), rr(pccc(2, 0x06, b"\x00hello")), rr(pccc(3, 0x0F, logical3(0xA2, 4, 7, 0x89, 0))),
          rr(pccc(4, 0x0F, logical3(0xA2, 4, 8, 0x8A, 2))), rr(pccc(5, 0x0F, logical3(0xAA, 2, 7, 0x89, 3, struct.pack("<h", -99)))),
          rr(pccc(6, 0x0F, logical3(0xA2, 4, 99, 0x89, 0))), rr(pccc(7, 0x0F, b"\x80\x01")), rr(pccc(8, 0x0F, b"\x68\0\0\x01\0\0$N7:0\0\x01\0")))


def malformed():
    p = Peer()
    p.register()
    read = cip(0x4C, symbol("Level"), b"\x01\0")
    good = rr(read)
    p.ask(good)
    # The device sees whole messages only where their length is right: what lies comes in one go with what it covers.
    p.ask(rr(b"\x4c\x0f\x91\x05Lev"))
    p.ask(rr(cip(0x0E, b"\x20\x01\xff\x01")))
    p.ask(rr(cip(0x0A, logical(2, 1), struct.pack("<HHH", 2, 6, 999) + read)))
    p.ask(rr(cip(0x54, logical(6, 1), b"\x07\xe9\0\0")))
    p.ask(rr(read, struct.pack("<HH", 0, 0) * 8, 10))
    p.ask(rr(read) [:20] + struct.pack("<I", 1) + rr(read)[24:])
    p.ask(good)
    lies = bytearray(rr(read))
    struct.pack_into("<H", lies, 38, 0xffff)  # an item that is longer than its message
    p.ask(bytes(lies))
    p.ask(good)
    p.send(b"what stands here is no header of anything, and long enough to be one" + good)
    time.sleep(0.3)


def io_damage():
    """Cyclic I/O with packets that are missing, twice there and out of order."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((socket.gethostbyname("0.0.0.0"), 2222))
    for n in (1, 2, 3, 6, 6, 5, 7, 8):
        udp.sendto(struct.pack("<HHHIIHHHI", 2, 0x8002, 8, 0x80FE0005, n, 0xB1, 8, n, 1) + b"\x01\x02", (ADDRESS, 2222))
        time.sleep(0.02)
    for n in (1, 2, 3):
        udp.sendto(struct.pack("<HHHIIHHH", 2, 0x8002, 8, 0x80FE0006, n, 0xB1, 2, n), (ADDRESS, 2222))
        time.sleep(0.02)


def small_segments():
    p = Peer(pieces=5)
    p.register()
    p.ask(rr(cip(0x4C, symbol("Level"), b"\x01\0")), rr(multiple(cip(0x4C, symbol("Level"), b"\x01\0"), cip(0x4C, symbol("Count"), b"\x01\0"))))
    p.send(header(0x66, b""))


{"encapsulation": encapsulation, "identity": identity, "control": control, "connections": connections, "tags": tags, "files": files, "pccc": slc,
 "malformed": malformed, "small-segments": small_segments, "odd-port": control, "io-damage": io_damage}[CASE]()
