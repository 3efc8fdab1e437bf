"""IEEE 1815 (DNP3) from the inside out: objects, fragments, segments, frames with their CRCs, and TCP or UDP around them.

An encoder of its own, written from the standard: it shares nothing with the parser. tshark is the judge of what it makes."""

import struct

from captures import Talk

CONFIRM, READ, WRITE, SELECT, OPERATE, DIRECT, DIRECT_NR = range(7)
FREEZE, FREEZE_NR, CLEAR, CLEAR_NR, FREEZE_AT, FREEZE_AT_NR, COLD, WARM = range(7, 15)
INIT_DATA, INIT_APPL, START, STOP, SAVE, ENABLE, DISABLE, ASSIGN, DELAY, RECORD = range(15, 25)
OPEN, CLOSE, DELETE, INFO, AUTH_FILE, ABORT, ACTIVATE, AUTH, AUTH_NR = range(25, 34)
RESPONSE, UNSOLICITED, AUTH_RESPONSE = 129, 130, 131

FIR, FIN, CON, UNS = 0x80, 0x40, 0x20, 0x10
MASTER, OUTSTATION = 1, 10


def crc(data):
    """The standard's polynomial x^16+x^13+x^12+x^11+x^10+x^8+x^6+x^5+x^2+1, lowest bit first, inverted."""
    c = 0
    for byte in data:
        c ^= byte
        for _ in range(8):
            c = c >> 1 ^ (0xA6BC if c & 1 else 0)
    return struct.pack("<H", ~c & 0xFFFF)


# Link layer.

def frame(control, dst, src, data=b"", length=None):
    head = struct.pack("<2sBBHH", b"\x05\x64", len(data) + 5 if length is None else length, control, dst, src)
    blocks = (data[i:i + 16] for i in range(0, len(data), 16))
    return head + crc(head) + b"".join(b + crc(b) for b in blocks)


def segments(fragment, size=249, first=0):
    """A fragment cut into transport segments."""
    pieces = [fragment[i:i + size] for i in range(0, len(fragment), size)] or [b""]
    for n, piece in enumerate(pieces):
        yield bytes([(0x40 if n == 0 else 0) | (0x80 if n == len(pieces) - 1 else 0) | (first + n) % 64]) + piece


class Station:
    """One end of an association: counts its transport sequence."""

    def __init__(self, address, peer, master, confirmed=False):
        self.address, self.peer, self.master, self.confirmed = address, peer, master, confirmed
        self.transport, self.fcb = 0, False

    def send(self, fragment, size=249, to=None):
        out = []
        for segment in segments(fragment, size, self.transport):
            self.transport = (self.transport + 1) % 64
            control = (0x80 if self.master else 0) | 0x40 | (3 if self.confirmed else 4)
            if self.confirmed:
                self.fcb = not self.fcb
                control |= 0x10 | (0x20 if self.fcb else 0)
            out.append(frame(control, self.peer if to is None else to, self.address, segment))
        return out

    def link(self, function, primary=True, fcb=False, fcv=False, to=None, dfc=False):
        control = (0x80 if self.master else 0) | (0x40 if primary else 0) | (0x20 if fcb else 0) | (0x10 if fcv or dfc else 0) | function
        return [frame(control, self.peer if to is None else to, self.address)]


# Application layer.

def request(function, sequence, *objects, control=FIR | FIN):
    return bytes([control | sequence, function]) + b"".join(objects)


def response(sequence, *objects, iin=0, function=RESPONSE, control=FIR | FIN):
    """`iin`: IIN1 in the high byte, as the standard writes IIN1.0 first on the wire."""
    return bytes([control | sequence, function, iin >> 8, iin & 255]) + b"".join(objects)


def unsolicited(sequence, *objects, iin=0, control=FIR | FIN | CON | UNS):
    return response(sequence, *objects, iin=iin, function=UNSOLICITED, control=control)


def every(group, variation=0):
    """Qualifier 06: all points."""
    return bytes([group, variation, 0x06])


def ranged(group, variation, start, stop, data=b""):
    """Start and stop, as wide as they have to be."""
    wide, code = ("<BB", 0) if stop < 256 else ("<HH", 1) if stop < 65536 else ("<II", 2)
    return bytes([group, variation, code]) + struct.pack(wide, start, stop) + data


def counted(group, variation, *items):
    return bytes([group, variation, 0x07, len(items)]) + b"".join(items)


def indexed(group, variation, points, wide=1):
    """Points, each behind its index: {index: bytes}."""
    letter, code = {1: ("B", 0x17), 2: ("H", 0x28), 4: ("I", 0x39)}[wide]
    out = bytes([group, variation, code]) + struct.pack("<" + letter, len(points))
    return out + b"".join(struct.pack("<" + letter, i) + data for i, data in points.items())


def free(group, variation, *items):
    """Qualifier 5B: objects of any length, each behind its size."""
    return bytes([group, variation, 0x5B, len(items)]) + b"".join(struct.pack("<H", len(i)) + i for i in items)


def bits(values, width=1):
    total = sum(v << (width * i) for i, v in enumerate(values))
    return total.to_bytes((len(values) * width + 7) // 8, "little")


def t48(milliseconds):
    return milliseconds.to_bytes(6, "little")


def crob(code, count=1, on=500, off=500, status=0):
    return struct.pack("<BBIIB", code, count, on, off, status)


u16, u32 = struct.Struct("<H").pack, struct.Struct("<I").pack
i16, i32 = struct.Struct("<h").pack, struct.Struct("<i").pack
f32, f64 = struct.Struct("<f").pack, struct.Struct("<d").pack


def attribute(kind, value):
    """Of group 0: 1 text, 2 unsigned, 3 signed, 4 floating point, 5 octets, 6 bits, 7 time."""
    return bytes([kind, len(value)]) + value
