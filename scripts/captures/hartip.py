#!/usr/bin/env python3
"""HART-IP without peers: none is to be had as a package, so the messages of both ends are encoded here, from FieldComm Group's
TS20081 (HART-IP), TS20127 and TS20151 (commands). tshark has to find nothing malformed in them.

usage: hartip.py [CASE...]        all cases without it"""

import struct
import sys

from captures import Talk, write

REQUEST, RESPONSE, PUBLISH, NAK = 0, 1, 2, 15
INITIATE, CLOSE, ALIVE, TOKEN, DIRECT, AUDIT = range(6)
STX, ACK, BACK = 2, 6, 1
DEG_C, KPA, MA, PERCENT, M3_H = 32, 12, 39, 57, 19
CASES = {}


def f32(*values):
    return struct.pack(">%df" % len(values), *values)


def packed(text, size):
    """Six bits a character, four of them in three bytes."""
    bits = "".join("{:06b}".format(ord(c) & 0x3F) for c in text.upper().ljust(size * 4 // 3))
    return int(bits, 2).to_bytes(size, "big")


def date(year, month, day):
    return bytes([day, month, year - 1900])


def xor(data):
    out = 0
    for byte in data:
        out ^= byte
    return out


class Device:
    """One of HART 7: it knows who it is and how to answer."""

    def __init__(self, kind, serial, maker, tag, long_tag, values, revision=7, poll=0):
        self.kind, self.serial, self.maker, self.revision, self.poll = kind, serial, maker, revision, poll
        self.tag, self.long_tag, self.values = tag, long_tag, values
        self.counter, self.status = 12, 0

    def unique(self, master=True):
        return struct.pack(">H", self.kind & 0x3FFF | (0x8000 if master else 0)) + self.serial.to_bytes(3, "big")

    def address(self, long=True):
        return (0x80, self.unique()) if long else (0, bytes([0x80 | self.poll]))

    def identity(self):
        out = b"\xfe" + struct.pack(">H", self.kind) + bytes([5, self.revision, 2, 3, 4 << 3, 0]) + self.serial.to_bytes(3, "big")
        if self.revision >= 6:
            out += bytes([5, 3]) + struct.pack(">H", self.counter) + b"\0"
        if self.revision >= 7:
            out += struct.pack(">HHB", self.maker, self.maker, 1)
        return out

    def dynamic(self, count=4):
        return b"".join(bytes([unit]) + f32(value) for unit, value in self.values[:count])

    def answer(self, command, data=b""):
        """What it says behind the status."""
        unit, value = self.values[0]
        if command in (0, 11, 21, 73):
            return self.identity()
        if command == 1:
            return self.dynamic(1)
        if command == 2:
            return f32(12.0, 50.0)
        if command == 3:
            return f32(12.0) + self.dynamic()
        if command == 7:
            return bytes([self.poll, 1])
        if command == 8:
            return bytes([64, 65, 84, 0])
        if command == 9:
            slots = b"".join(bytes([code, 64]) + self.dynamic()[5 * (code - 246 if code >= 246 else code):][:5] + b"\xc0" for code in data)
            return b"\0" + slots + struct.pack(">I", 32 * 3_600_000)
        if command == 12:
            return packed("CALIBRATED BY SHIFT 2", 24)
        if command == 13:
            return packed(self.tag, 6) + packed("REACTOR 1 INLET", 12) + date(2024, 2, 29)
        if command == 14:
            return (777).to_bytes(3, "big") + bytes([unit]) + f32(850.0, -200.0, 10.0)
        if command == 15:
            return bytes([1, 0, unit]) + f32(100.0, 0.0, 0.5) + bytes([0, 250, 1])
        if command == 16:
            return (4711).to_bytes(3, "big")
        if command == 20:
            return self.long_tag.encode().ljust(32)
        if command == 33:
            return b"".join(bytes([code]) + self.dynamic()[5 * code:][:5] for code in data)
        if command == 48:
            return bytes.fromhex("000102030405") + bytes([1, 0, 0x01, 0x08, 0, 0, 0, 1])
        return data


def frame(kind, long, address, command, data, status=None, check=0):
    """`status`: response code and device status of a device."""
    if status is not None:
        data = bytes(status) + data
    head = bytes([kind | long]) + address + bytes([command, len(data)]) + data
    return head + bytes([xor(head) ^ check])


class Session:
    """What a host and a server say; sequence numbers count up."""

    def __init__(self, transport="tcp", port=5094, version=1, **how):
        self.talk, self.version, self.sequence = Talk(transport, port, **how), version, 0

    def message(self, kind, ident, body=b"", status=0, sequence=None, length=None):
        size = 8 + len(body) if length is None else length
        return struct.pack(">BBBBHH", self.version, kind, ident, status, self.sequence if sequence is None else sequence, size) + body

    def exchange(self, ident, ask=b"", tell=b"", status=0, size=None, kind=RESPONSE):
        self.sequence += 1
        self.talk.say(0, self.message(REQUEST, ident, ask), size=size)
        if tell is not None:
            self.talk.say(1, self.message(kind, ident, tell, status), size=size)

    def open(self, status=0, milliseconds=30000):
        body = struct.pack(">BI", 1, milliseconds)
        self.exchange(INITIATE, body, body, status)

    def close(self):
        self.exchange(CLOSE)

    def command(self, device, command, data=b"", long=True, status=(0, 0), tell=None, size=None, check=0):
        how, address = device.address(long)
        tell = (device.answer(command, data) if status[0] in (0, 8) else b"") if tell is None else tell
        self.exchange(TOKEN, frame(STX, how, address, command, data, check=check), frame(ACK, how, address, command, tell, status), size=size)

    def save(self, name, title, text):
        write("hartip/" + name, title, text, "scripts/captures/hartip.py, both (host 10.77.3.1, server 10.77.3.10)", "synthetic", self.talk.end())


TT = Device(0x2619, 0x0A1B2C, 38, "TT-101", "Reactor 1 inlet temperature", [(DEG_C, 81.5), (DEG_C, 24.25), (MA, 12.0), (PERCENT, 50.0)])
FT = Device(0x1158, 0x00C0DE, 17, "FT-205", "Feed water flow", [(M3_H, 42.75), (KPA, 315.5), (DEG_C, 19.0), (PERCENT, 12.5)], poll=5)
OLD = Device(0x2606, 0x000539, 38, "PT-9", "", [(KPA, 101.25)], revision=5)
GATEWAY = Device(0xF9FD, 0x000001, 249, "GW-1", "Gateway hall 2", [(PERCENT, 1.0)])


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def read_all(s, device, size=None):
    s.command(device, 0, long=False, size=size)
    for command in (1, 2, 3, 7, 8, 12, 13, 14, 15, 16, 20, 48):
        s.command(device, command, size=size)
    s.command(device, 9, bytes([0, 1, 246, 247]), size=size)
    s.command(device, 33, bytes([0, 1, 2, 3]), size=size)


@case
def reading():
    s = Session()
    s.open()
    read_all(s, TT)
    s.exchange(ALIVE)
    s.close()
    s.save("reading", "a session over TCP: identity, variables, tags, ranges, status",
           "A host opens a session and reads a temperature transmitter of HART 7 by commands 0 to 3, 7 to 9, 12 to 16, 20, 33 and 48: "
           "81.5 degC, loop current 12 mA, tag `TT-101`, range 0 to 100 degC; keep alive, close.")


@case
def udp():
    s = Session("udp")
    s.open()
    s.command(OLD, 0, long=False)
    s.command(OLD, 1)
    s.command(FT, 11, packed("FT-205", 6))
    s.command(FT, 21, b"Feed water flow".ljust(32))
    for step in range(3):
        body = frame(BACK, 0x80, FT.unique(), 3, FT.answer(3), (0, 0))
        s.talk.say(1, s.message(PUBLISH, TOKEN, body, sequence=100 + step))
    s.close()
    s.save("udp", "over UDP, a device of HART 5, a search by tag, published bursts",
           "A pressure transmitter of HART 5 (whose maker is the first octet of its type), a flow meter found by its tag and long tag; then "
           "the flow meter publishes command 3 three times.")


@case
def configuring():
    s = Session()
    s.open()
    s.command(TT, 6, bytes([3, 1]))
    s.command(TT, 17, packed("MAINTENANCE", 24))
    s.command(TT, 18, packed("TT-666", 6) + packed("RENAMED", 12) + date(2025, 12, 31))
    s.command(TT, 19, (4712).to_bytes(3, "big"))
    s.command(TT, 22, b"Nothing to see here".ljust(32))
    s.command(TT, 34, f32(30.0))
    s.command(TT, 35, bytes([DEG_C]) + f32(500.0, 0.0))
    s.command(TT, 36)
    s.command(TT, 37)
    s.command(TT, 40, f32(4.0))
    s.command(TT, 40, f32(0.0))
    s.command(TT, 41)
    s.command(TT, 42)
    s.command(TT, 1, status=(0, 0x20))
    s.command(TT, 43)
    s.command(TT, 44, bytes([33]))
    s.command(TT, 45, f32(4.01))
    s.command(TT, 46, f32(19.99))
    s.command(TT, 47, bytes([1]))
    s.command(TT, 50, tell=bytes([0, 1, 2, 250]))
    s.command(TT, 51, bytes([1, 0, 2, 250]))
    s.command(TT, 53, bytes([1, 33]))
    s.command(TT, 59, bytes([10]))
    s.command(TT, 71, bytes([2]))
    s.command(TT, 76, tell=bytes([3]))
    s.command(TT, 79, bytes([0, 1, DEG_C]) + f32(25.0) + b"\xc0")
    s.command(TT, 109, bytes([1, 0]))
    s.command(TT, 38, struct.pack(">H", 12))
    s.command(TT, 130, b"\x01\x02\x03")
    s.close()
    s.save("configuring", "writes: range, damping, tag, fixed current, reset, trims, lock, simulation",
           "What an attacker or an engineer may set: polling address, message, tag, range values of PV to 0..500 degC, damping to 30 s, loop current fixed at 4 mA "
           "and freed again, self test, reset (the next answer says `cold start`), trims, lock, a device variable fixed at 25 degC, and the flag `configuration changed` "
           "reset at the end; a command of the maker's own.")


@case
def gateway():
    s = Session()
    s.open()
    s.command(GATEWAY, 0, long=False)
    s.command(GATEWAY, 74, tell=bytes([2, 8, 16]) + struct.pack(">H", 3) + bytes([2, 1, 3]))
    s.command(GATEWAY, 84, b"\0\x01", tell=b"\0\x01" + bytes([1, 2]) + struct.pack(">HH", FT.maker, FT.kind) + FT.serial.to_bytes(3, "big") + bytes([7]) +
              FT.long_tag.encode().ljust(32) + bytes([2, 1]) + struct.pack(">H", FT.maker))
    s.command(GATEWAY, 85, bytes([1, 2]), tell=bytes([1, 2]) + struct.pack(">5H", 10, 9, 0, 0, 3))

    def carried(device, command, data=b"", status=(0, 0)):
        how, address = device.address()
        inner = lambda kind, body: bytes([kind | how]) + address + bytes([command, len(body)]) + body
        answer = bytes(status) + (device.answer(command, data) if status[0] == 0 else b"")
        s.command(GATEWAY, 77, bytes([1, 2, 5]) + inner(STX, data), tell=bytes([1, 2]) + inner(ACK, answer))

    carried(FT, 0)
    carried(FT, 13)
    carried(FT, 3)
    carried(FT, 35, bytes([M3_H]) + f32(200.0, 0.0))
    carried(FT, 42, status=(16, 0))
    lists = b"\0\x01\x00" + b"\0\x02\x00"
    answers = b"\0\x01\x06\0" + FT.answer(1) + b"\0\x02\x09\0" + FT.answer(2)
    s.command(GATEWAY, 78, b"\x02" + lists, tell=b"\0\x02" + answers)
    s.close()
    s.save("gateway", "a gateway, and commands that it carries for a device behind it",
           "A gateway tells its capacity and whom it has behind it (74, 84, 85); by command 77 a flow meter on card 1, channel 2 is asked who it is, its tag and variables, "
           "its range is written, and a reset is refused; command 78 carries two reads.")


@case
def version_2():
    s = Session(version=2)
    s.open(status=30)
    direct = lambda command, data=b"": struct.pack(">HB", command, len(data)) + data
    tell = lambda command, data=b"", code=0: struct.pack(">HBB", command, len(data) + 1, code) + data
    s.exchange(DIRECT, b"\0\0" + direct(0) + direct(1) + direct(3), b"\0\0" + tell(0, TT.identity()) + tell(1, TT.answer(1)) + tell(3, TT.answer(3)))
    s.exchange(DIRECT, b"\0\0" + direct(35, bytes([DEG_C]) + f32(20.0, 10.0)), b"\x40\x01" + tell(35, bytes([DEG_C]) + f32(20.0, 10.0)))
    s.exchange(DIRECT, b"\0\0" + direct(769) + direct(961, b"\0" * 16), b"\0\0" + tell(769, b"\0\1\2") + tell(961, code=7))
    record = bytes([10, 77, 3, 1]) + b"\0" * 16 + struct.pack(">HHQQHHHIII", 49200, 5094, 1_700_000_000, 1_700_000_060, 0x11, 11, 12, 3, 40, 40)
    s.exchange(AUDIT, b"\0\1", b"\0\1" + struct.pack(">QQHH", 1_699_000_000, 1_699_500_000, 1, len(record)) + record)
    s.close()
    s.save("version-2", "direct PDUs and the audit log of version 2",
           "Several commands in one PDU, without the frames of the data link layer: identity and values read, the range written, a network key refused; then who had a session. "
           "The session is insecure, as the status says: secure ones are inside of TLS.")


@case
def errors():
    s = Session()
    s.open(status=15)
    s.open()
    s.command(TT, 1, status=(64, 0))
    s.command(TT, 35, bytes([DEG_C]) + f32(9999.0, 0.0), status=(3, 0))
    s.command(TT, 18, packed("X", 6) + packed("Y", 12) + date(2024, 1, 1), status=(7, 0))
    s.command(TT, 34, f32(0.0), status=(8, 0x40))
    s.command(TT, 42, status=(32, 0))
    s.command(TT, 3, status=(0x88, 0), tell=b"")
    s.command(TT, 1, status=(0, 0x90))
    s.exchange(TOKEN, frame(STX, 0, b"\x81", 0, b""), None)
    s.exchange(TOKEN, frame(STX, 0, b"\x81", 0, b""), b"\x10", status=0, kind=NAK)
    s.talk.wait(61_000)
    s.exchange(ALIVE)
    s.save("errors", "refusals, warnings, damage on the line, no answer",
           "All sessions in use, then a session; a command that is not implemented, a value too large, write protection, a warning, busy, a request that the device read with errors, "
           "a malfunction; a device that does not answer within 60 s, a NAK.")


@case
def odd_port():
    s = Session(port=20004)
    s.open()
    s.command(TT, 0, long=False)
    s.command(TT, 1)
    s.close()
    s.save("odd-port", "on TCP port 20004", "Found by its content.")


@case
def malformed_in_stream():
    s = Session()
    s.open()
    s.command(TT, 1)
    s.talk.say(0, b"no message at all")
    s.command(TT, 2)
    s.command(TT, 3, check=1)
    s.talk.say(1, s.message(RESPONSE, TOKEN, b"", length=60000))
    s.command(TT, 7)
    s.talk.say(0, s.message(REQUEST, TOKEN, frame(STX, 0, b"\x80", 1, b"") + b"more"))
    s.command(TT, 8)
    s.talk.lose(1, s.message(RESPONSE, ALIVE) + b"1234")
    s.command(TT, 12)
    s.command(TT, 13)
    s.command(TT, 35, bytes([DEG_C]) + f32(1.0), status=(5, 0))
    s.talk.say(0, s.message(REQUEST, 99, b"??"))
    s.command(TT, 15)
    s.close()
    s.save("malformed-in-stream", "messages that are wrong, in the middle",
           "Text between messages, a wrong check byte, a length that lies, bytes behind a frame, a hole in the capture, a range that ends in the middle of a value, an unknown "
           "message. What is right between them is recorded.")


@case
def small_segments():
    s = Session()
    s.open()
    read_all(s, FT, size=7)
    s.save("small-segments", "in segments of seven bytes", "The records are those of whole segments.")


def main():
    for name in sys.argv[1:] or CASES:
        CASES[name]()


main()
