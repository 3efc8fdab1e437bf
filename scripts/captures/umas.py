#!/usr/bin/env python3
"""UMAS (Modbus function 90) without peers: a PLC of Schneider Electric is needed to record it, so both ends are encoded here, from
what public research has found out: Kaspersky ICS CERT, "The secrets of Schneider Electric's UMAS protocol" (2022); the series on the
Unity protocol at lirasenlared.blogspot.com (2017); what the tools modicon-info and PLC4X send and read. tshark shows function 90 as
bytes, so it judges the frames around it alone.

usage: umas.py [CASE...]        all cases without it"""

import struct
import sys

from captures import Talk, write

CASES = {}
NAME = b"BMX P34 2020"


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def short(text):
    return bytes([len(text)]) + text


def memory(block, offset, length, data=b""):
    return struct.pack("<BHHHH", 0, block, offset, 0, length) + data


class Plc:
    def __init__(self, **how):
        self.talk, self.transaction, self.session = Talk(port=502, **how), 0, 0

    def frame(self, body):
        return struct.pack(">HHHB", self.transaction, 0, 1 + len(body), 0) + body

    def ask(self, function, data=b"", tell=b"", status=0xFE, session=None, signed=False, size=None):
        """A request and its answer; `signed`: both inside of a signature."""
        key = self.session if session is None else session
        self.transaction += 1
        request, reply = bytes([0x5A, key, function]) + data, bytes([0x5A, key, status]) + (tell or b"")
        if signed:
            request = bytes([0x5A, key, 0x38, 1]) + bytes(range(32)) + request
            reply = bytes([0x5A, key, 0xFE, 1]) + bytes(range(32, 64)) + reply
        self.talk.say(0, self.frame(request), size=size)
        if tell is not None:
            self.talk.say(1, self.frame(reply), size=size)

    def identify(self):
        banks = bytes([1, 1]) + struct.pack("<HI", 3, 0x40000) + bytes([2, 1]) + struct.pack("<HI", 3, 0x100000)
        self.ask(0x02, tell=struct.pack("<HIHHHHHIH", 1, 0x06010101, 0x0240, 0x0250, 7, 0x0105, 0x0201, 0, 0) + short(NAME) + b"\x02" + banks)
        self.ask(0x01, b"\0", struct.pack("<HHII", 0x00FD, 0x0250, 0, 0) + short(b"ENG-STATION-7"))
        stamp = bytes([33, 55, 5, 11, 7]) + struct.pack("<H", 2013) + bytes([9, 0, 0])
        self.ask(0x03, b"\0", bytes(27) + stamp + b"\0\0" + b"Pump hall\0")
        self.ask(0x06, b"\x06", bytes(6) + short(b"BMXRMS008MP"))

    def status(self, state=2):
        blocks = [0x10 * i for i in range(14)] + [state, 5]
        self.ask(0x04, tell=b"\0\0\0" + bytes([len(blocks)]) + struct.pack("<%dI" % len(blocks), *blocks))

    def reserve(self, who=b"ENG-STATION-7", key=0x7A, **how):
        self.ask(0x10, b"\xc0\x1e\0\0" + short(who), bytes([key]), **how)
        self.session = key

    def release(self, **how):
        self.ask(0x11, **how)
        self.session = 0

    def save(self, name, title, text):
        text += ("\n\nWhat the capture rests on is public research, not a specification: the functions' numbers, the forms of 0x01 to 0x04, 0x06, 0x10, 0x20, "
                 "0x22, 0x23, 0x30 to 0x35, 0x38 and 0x6e. Not known, and so only bytes in records: what stands in errors, in 0x24, 0x25, 0x50, 0x58, 0x70 to 0x74, most of "
                 "0x02 and 0x03; 0x21 is taken to look like 0x20. tshark does not dissect UMAS.")
        write("modbus/umas-" + name, title, text, "scripts/captures/umas.py, both (engineering station 10.77.3.1, PLC 10.77.3.10)", "synthetic", self.talk.end())


@case
def engineering():
    p = Plc()
    p.identify()
    p.status()
    p.ask(0x0A, b"\0" + b"T" * 100, b"\0" + b"T" * 100)
    p.ask(0x20, memory(0x13, 0, 100), b"\0" + struct.pack("<H", 100) + bytes(range(100)))
    p.reserve()
    p.ask(0x12)
    p.ask(0x22, struct.pack("<IB", 0xCAFE0001, 2) + struct.pack("<BHBHB", 2, 0x2C, 1, 0, 16) + struct.pack("<BHBHBH", 0x11, 0x2C, 1, 0, 32, 8), struct.pack("<H", 1234) + bytes(8))
    p.ask(0x23, struct.pack("<IB", 0xCAFE0001, 2) + struct.pack("<BHHHH", 2, 0x2C, 0, 16, 4321) + struct.pack("<BHHHI", 3, 0x2C, 0, 20, 100000))
    p.ask(0x21, memory(0x13, 200, 4, b"\1\2\3\4"))
    p.ask(0x50, b"\x15\0\x01\x0b", b"\0\0\0")
    p.ask(0x58, bytes.fromhex("0701800000000000fb00"), b"\0")
    p.ask(0x72, b"\0", b"\1\2\3")
    p.release()
    p.save("engineering", "an engineering station looks at a PLC, writes variables and memory",
           "Identity (BMX P34 2020), project `Pump hall` 0.0.9 of 2013-07-11, memory card, status running, an echo, 100 bytes of block 19; reservation by ENG-STATION-7 with key 122, "
           "variables read and written (4321 at block 44 offset 16, 100000 at offset 20), memory written, monitor, check, rack, release.")


@case
def download():
    p = Plc()
    p.identify()
    p.reserve()
    p.ask(0x41, b"\xff\0")
    p.status(1)
    p.ask(0x30, b"\0\x01", b"\0\0\0\0")
    for number in range(1, 4):
        p.ask(0x31, b"\0\x01" + struct.pack("<HH", number, 40) + b"APX" + bytes([number] * 37))
    p.ask(0x32, b"\0\x01" + struct.pack("<H", 3))
    p.ask(0x33, b"\0\x01\xfb\0", b"\0\x01\xfb\0")
    for number in range(1, 3):
        p.ask(0x34, b"\0\x01" + struct.pack("<H", number), bytes([number == 2, 0]) + struct.pack("<H", 30) + bytes(30))
    p.ask(0x35, b"\0\x01" + struct.pack("<H", 2))
    p.ask(0x43, b"\0")
    p.ask(0x40, b"\xff\0")
    p.status(2)
    p.release()
    p.save("download", "a PLC is stopped, gets another program, is read back and started",
           "Reservation, PLC stop, a program of three blocks downloaded, read back in two blocks, blocks swapped, PLC start, release.")


@case
def signed():
    p = Plc()
    p.identify()
    p.ask(0x6E, b"\x02\x10\xaa\0\0" + bytes(32) + b"\0\0", b"\0\0" + bytes(range(32)))
    p.reserve(b"ENG-STATION-7\0" + b"0123456789abcdef" * 4)
    p.ask(0x41, b"\xff\0", signed=True)
    p.ask(0x40, b"\xff\0", status=0xFD, tell=b"\x83\0", signed=True)
    p.release(signed=True)
    p.save("signed", "application password: nonces, signed messages",
           "Nonces are exchanged (0x6e), the reservation carries the hash of a password behind the name, and PLC stop, a start that is refused, and the release come signed (0x38).")


@case
def errors():
    p = Plc()
    p.identify()
    p.ask(0x41, b"\xff\0", b"\x83\0", status=0xFD)
    p.ask(0x10, b"\xc0\x1e\0\0" + short(b"INTRUDER"), b"\x81\0", status=0xFD)
    p.ask(0x53, bytes.fromhex("06000000000000"), b"\0", status=0xFD)
    p.ask(0x99, b"\1\2\3", b"\4")
    p.ask(0x28, b"\0\0\0\x20\x10\0", b"\0" + bytes(16))
    p.ask(0x29, b"\0\0\0\x20\x04\0\1\2\3\4")
    p.transaction += 1
    p.talk.say(0, p.frame(b"\x5a\x00\x02"))
    p.talk.say(1, p.frame(b"\xda\x01"))
    p.ask(0x40, b"\xff\0", None)
    p.save("errors", "refusals, an exception, unknown functions",
           "PLC stop without a reservation and a reservation are refused, a function nobody has described, reads and writes of physical addresses, an exception of Modbus, no answer.")


@case
def large_frames():
    p = Plc()
    p.ask(0x01, b"\0", struct.pack("<HHII", 1024, 0x0310, 0, 0) + short(b""))
    p.ask(0x20, memory(0x14, 0, 512), b"\0" + struct.pack("<H", 512) + bytes(i & 255 for i in range(512)))
    p.ask(0x21, memory(0x14, 512, 600, bytes(600)))
    p.talk.say(0, b"no frame")
    p.ask(0x20, memory(0x14, 0, 900), b"\0" + struct.pack("<H", 900) + bytes(900), size=100)
    p.talk.lose(1, b"lost")
    p.ask(0x04, tell=b"\0\0\0\0")
    p.ask(0x12)
    p.save("large-frames", "frames of up to 1024 bytes, as an M580 agrees on, and damage between them",
           "512 bytes read, 600 written, 900 read in segments of 100; text between frames and a hole in the capture.")


def main():
    for name in sys.argv[1:] or CASES:
        CASES[name]()


main()
