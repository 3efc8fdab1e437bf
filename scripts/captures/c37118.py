#!/usr/bin/env python3
"""IEEE C37.118 without peers: none is to be had, so the frames of both ends are encoded here, from the standard. tshark has to
find nothing malformed in them.

usage: c37118.py [CASE...]        all cases without it"""

import math
import struct
import sys

from captures import Talk, write

DATA, HEADER, CONFIG1, CONFIG2, COMMAND, CONFIG3 = range(6)
OFF, ON, SEND_HEADER, SEND_CONFIG1, SEND_CONFIG2, SEND_CONFIG3, EXTENDED = 1, 2, 3, 4, 5, 6, 8
NOW, BASE = 1_700_000_000, 1_000_000
CASES = {}


def crc(data):
    c = 0xFFFF
    for byte in data:
        c ^= byte << 8
        for _ in range(8):
            c = (c << 1 ^ 0x1021 if c & 0x8000 else c << 1) & 0xFFFF
    return c


def frame(kind, ident, body, at=0, version=1, quality=0, broken=False):
    """`at`: microseconds behind NOW."""
    head = struct.pack(">BBHHIB", 0xAA, kind << 4 | version, 16 + len(body), ident, NOW + at // BASE, quality) + (at % BASE).to_bytes(3, "big")
    return head + body + struct.pack(">H", crc(head + body) ^ (1 if broken else 0))


def command(ident, code, more=b"", **how):
    return frame(COMMAND, ident, struct.pack(">H", code) + more, **how)


class Pmu:
    """Station, channels with names; everything as floats or everything as integers."""

    def __init__(self, name, ident, phasors, analogs=(), words=(), polar=True, floats=True, nominal=50, changes=1):
        self.name, self.ident, self.phasors, self.analogs, self.words = name, ident, phasors, analogs, words
        self.polar, self.floats, self.nominal, self.changes = polar, floats, nominal, changes

    def format(self):
        return (14 if self.floats else 0) | (1 if self.polar else 0)

    def names(self):
        return [n for n, _ in self.phasors] + list(self.analogs) + [n for word in self.words for n in word]

    def config(self):
        pad = lambda text: text.encode().ljust(16)
        out = pad(self.name) + struct.pack(">5H", self.ident, self.format(), len(self.phasors), len(self.analogs), len(self.words))
        out += b"".join(map(pad, self.names()))
        out += b"".join(struct.pack(">I", (0x01000000 if current else 0) | (10 if current else 1000)) for _, current in self.phasors)
        out += b"".join(struct.pack(">I", 0x01000000 | 2) for _ in self.analogs) + b"\0\0\xff\xff" * len(self.words)
        return out + struct.pack(">HH", 1 if self.nominal == 50 else 0, self.changes)

    def config3(self):
        short = lambda text: bytes([len(text)]) + text.encode()
        out = short(self.name) + struct.pack(">H", self.ident) + bytes(range(16))
        out += struct.pack(">4H", self.format(), len(self.phasors), len(self.analogs), len(self.words)) + b"".join(map(short, self.names()))
        out += b"".join(struct.pack(">HBBff", 0, 9 if current else 1, 0, 1.0, 0.0) for _, current in self.phasors)
        out += b"".join(struct.pack(">ff", 1.0, 0.0) for _ in self.analogs) + b"\0\0\xff\xff" * len(self.words)
        out += struct.pack(">fff", 48.137, 11.575, 520.0) + b"M" + struct.pack(">ii", 40000, 20000)
        return out + struct.pack(">HH", 1 if self.nominal == 50 else 0, self.changes)

    def data(self, step, stat=0, hertz=0.0):
        """`hertz`: away from the nominal frequency."""
        out = struct.pack(">H", stat)
        for i, (_, current) in enumerate(self.phasors):
            size, angle = (412.5 if current else 231000.0 + 10 * step), math.remainder(0.01 * step - i * 2 * math.pi / 3, 2 * math.pi)
            if self.floats:
                out += struct.pack(">ff", *((size, angle) if self.polar else (size * math.cos(angle), size * math.sin(angle))))
            elif self.polar:
                out += struct.pack(">Hh", 23100 + step, round(angle * 10000))
            else:
                out += struct.pack(">hh", round(23100 * math.cos(angle)), round(23100 * math.sin(angle)))
        out += struct.pack(">ff", self.nominal + hertz, 0.05) if self.floats else struct.pack(">hh", round(hertz * 1000), 5)
        for i, _ in enumerate(self.analogs):
            out += struct.pack(">f", 20.5 + i) if self.floats else struct.pack(">h", -7 - i)
        return out + b"".join(struct.pack(">H", 5 << i) for i, _ in enumerate(self.words))


def configuration(pmus, rate=50, third=False):
    head = (b"\0\0" if third else b"") + struct.pack(">IH", BASE, len(pmus))
    return head + b"".join(p.config3() if third else p.config() for p in pmus) + struct.pack(">h", rate)


BREAKERS = [["BREAKER %d" % i for i in range(1, 17)]]
NORTH = Pmu("Substation North", 241, [("VA", False), ("VB", False), ("VC", False), ("IA", True)], ["OIL TEMP"], BREAKERS)
SOUTH = Pmu("Substation South", 242, [("V1", False), ("I1", True)], ["LOAD"], BREAKERS, polar=False, floats=False, nominal=60)
EAST = Pmu("East", 243, [("V1", False)], polar=True, floats=False)


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def save(name, title, text, talk):
    write("c37118/" + name, title, text, "scripts/captures/c37118.py, both (concentrator 10.77.3.1, PMU 10.77.3.10)", "synthetic", talk.end())


def data(pmus, step, stat=0, hertz=0.0, ident=7, **how):
    return frame(DATA, ident, b"".join(p.data(step, stat, hertz) for p in pmus), 20_000 * step, **how)


def stream(talk, pmus, steps, **how):
    for step in steps:
        talk.say(1, data(pmus, step, **how))


@case
def session():
    talk, pmus = Talk(port=4712), [NORTH]
    talk.say(0, command(7, OFF))
    talk.say(0, command(7, SEND_HEADER))
    talk.say(1, frame(HEADER, 7, b"PMU PL-241, serial SN-0099, firmware 3.2.1"))
    talk.say(0, command(7, SEND_CONFIG1))
    talk.say(1, frame(CONFIG1, 7, configuration(pmus)))
    talk.say(0, command(7, SEND_CONFIG2))
    talk.say(1, frame(CONFIG2, 7, configuration(pmus)))
    talk.say(0, command(7, ON))
    stream(talk, pmus, range(20), hertz=0.012)
    talk.say(0, command(7, OFF))
    talk.say(0, command(7, EXTENDED, b"vendor data!"))
    save("session", "header, configurations 1 and 2, 20 frames of data",
         "Data off, header and both configurations asked for, data on, 20 frames of data at 50 a second (floats, polar: three voltages of 231 kV, a current "
         "of 412.5 A, 50.012 Hz, one analog of 20.5, digitals 0005), data off, an extended frame.", talk)


@case
def concentrator():
    talk, pmus = Talk(port=4712), [NORTH, SOUTH, EAST]
    talk.say(0, command(7, SEND_CONFIG2))
    talk.say(1, frame(CONFIG2, 7, configuration(pmus)))
    talk.say(0, command(7, ON))
    stream(talk, pmus, range(6), hertz=-0.03)
    talk.say(1, data(pmus, 6, 0x0804, -0.9))
    talk.say(1, data(pmus, 7, 0x0804, -0.9))
    talk.say(1, data(pmus, 8, 0xA0A0))
    stream(talk, pmus, [9, 10])
    talk.say(1, frame(CONFIG2, 7, configuration([NORTH, SOUTH])))
    stream(talk, [NORTH, SOUTH], [11])
    save("concentrator", "three PMUs of three formats, a trigger, another configuration",
         "A concentrator reports three PMUs (floats in polar form, integers in rectangular and in polar form; 50 and 60 Hz). Frames 6 and 7 have the trigger "
         "`frequency high or low`, frame 8 the error `test mode` and a clock that lost its time 100 s ago; then a configuration comes without the third PMU.", talk)


@case
def configuration_3():
    talk = Talk(port=4712)
    talk.say(0, command(7, SEND_CONFIG3, version=2))
    talk.say(1, frame(CONFIG3, 7, configuration([NORTH], third=True), version=2))
    talk.say(0, command(7, ON, version=2))
    stream(talk, [NORTH], range(5), version=2, quality=0x16)
    save("configuration-3", "the configuration of 2011, and its data",
         "Configuration 3 (names with lengths, global id, 48.137 N 11.575 E, 520 m, class M) and five frames of data, whose clock is within 100 us and that tell "
         "of a leap second.", talk)


@case
def udp():
    talk = Talk("udp", port=4713)
    talk.say(0, command(7, SEND_CONFIG2))
    talk.say(1, frame(CONFIG2, 7, configuration([EAST])))
    talk.say(0, command(7, ON))
    stream(talk, [EAST], range(5))
    talk.say(1, data([EAST], 5) + data([EAST], 6), together=True)
    talk.say(1, data([EAST], 7)[:-3])
    stream(talk, [EAST], [8])
    save("udp", "over UDP, two frames in a datagram, one cut short", "As in a session over TCP; the frame before the last is three bytes short.", talk)


@case
def odd_port():
    talk = Talk(port=8899)
    talk.say(0, command(7, SEND_CONFIG2))
    talk.say(1, frame(CONFIG2, 7, configuration([EAST])))
    talk.say(0, command(7, ON))
    stream(talk, [EAST], range(3))
    save("odd-port", "on TCP port 8899", "Found by its content.", talk)


@case
def malformed_in_stream():
    talk, pmus = Talk(port=4712), [NORTH]
    talk.say(0, command(7, SEND_CONFIG2))
    talk.say(1, frame(CONFIG2, 7, configuration(pmus)))
    talk.say(0, command(7, ON))
    stream(talk, pmus, [0, 1])
    talk.say(1, data(pmus, 2, broken=True))
    stream(talk, pmus, [3])
    talk.say(1, b"\xaa\x01\xff\xff" + data(pmus, 4)[4:])
    stream(talk, pmus, [5])
    talk.say(1, b"no frame at all")
    stream(talk, pmus, [6])
    talk.say(1, frame(DATA, 7, NORTH.data(7) + b"\0\0", 140_000))
    stream(talk, pmus, [8])
    talk.lose(1, data(pmus, 9) + data(pmus, 10)[:30])
    talk.say(1, data(pmus, 10)[30:] + data(pmus, 11))
    talk.say(0, command(7, 99))
    talk.say(0, b"\x55" + command(7, OFF))
    save("malformed-in-stream", "frames that are wrong, in the middle",
         "Frame 2 has a wrong CRC, 4 a size that lies, text stands before 6, 7 is longer than its configuration says, 9 and half of 10 are missing in the capture; "
         "command 99 is in no standard. What is right between them is recorded.", talk)


@case
def small_segments():
    talk, pmus = Talk(port=4712), [NORTH]
    talk.say(0, command(7, SEND_CONFIG2), size=5)
    talk.say(1, frame(CONFIG2, 7, configuration(pmus)), size=100)
    talk.say(0, command(7, ON), size=3)
    talk.say(1, b"".join(data(pmus, step) for step in range(4)), size=17)
    save("small-segments", "in segments of a few bytes", "The records are those of whole segments.", talk)


@case
def no_configuration():
    talk = Talk(port=4712)
    stream(talk, [NORTH], range(3))
    save("no-configuration", "data whose configuration was not seen", "What the frames measure cannot be told; that is said once.", talk)


def main():
    for name in sys.argv[1:] or CASES:
        CASES[name]()


main()
