#!/usr/bin/env python3
"""DNP3 without peers: none is to be had, so dnp3_encoder.py encodes both ends. tshark has to find nothing malformed in it.

usage: dnp3.py [CASE...]        all cases without it"""

import itertools
import sys

from captures import write
from dnp3_encoder import *

NOW = 1_700_000_000_000  # 2023-11-14 22:13:20 UTC, milliseconds
ON, RESTART, LOST, REMOTE, LOCAL, CHATTER, STATE = (1 << n for n in (0, 1, 2, 3, 4, 5, 7))
ENDS = "scripts/captures/dnp3_encoder.py, both (master 10.77.3.1, address 1; outstation 10.77.3.10, address 10)"
CASES = {}


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def save(name, title, text, talk):
    write("dnp3/" + name, title, text, ENDS, "synthetic", talk if isinstance(talk, list) else talk.end())


def pair(confirmed=False):
    return Station(MASTER, OUTSTATION, True, confirmed), Station(OUTSTATION, MASTER, False, confirmed)


STATIC = [
    ranged(1, 1, 0, 9, bits([1, 0, 1, 1, 0, 0, 0, 1, 1, 1])),
    ranged(1, 2, 0, 2, bytes([ON | STATE, RESTART, ON | CHATTER | STATE])),
    ranged(3, 1, 0, 4, bits([1, 2, 0, 3, 1], 2)),
    ranged(3, 2, 5, 6, bytes([ON | 0x80, ON | LOCAL | 0x40])),
    ranged(10, 1, 0, 2, bits([1, 0, 1])),
    ranged(10, 2, 3, 4, bytes([ON | STATE, ON | REMOTE])),
    ranged(20, 1, 0, 1, b"\x01" + u32(4_000_000_000) + b"\x21" + u32(7)),
    ranged(20, 2, 2, 2, b"\x01" + u16(65000)),
    ranged(20, 5, 3, 3, u32(123456)),
    ranged(20, 6, 4, 4, u16(777)),
    ranged(21, 1, 0, 0, b"\x01" + u32(99)),
    ranged(21, 2, 1, 1, b"\x01" + u16(98)),
    ranged(21, 5, 2, 2, b"\x01" + u32(97) + t48(NOW)),
    ranged(21, 6, 3, 3, b"\x41" + u16(96) + t48(NOW + 1)),
    ranged(21, 9, 4, 4, u32(95)),
    ranged(21, 10, 5, 5, u16(94)),
    ranged(30, 1, 0, 1, b"\x01" + i32(-123456) + b"\x21" + i32(2147483647)),
    ranged(30, 2, 2, 2, b"\x01" + i16(-5)),
    ranged(30, 3, 3, 3, i32(70000)),
    ranged(30, 4, 4, 4, i16(-32768)),
    ranged(30, 5, 5, 5, b"\x01" + f32(50.0625)),
    ranged(30, 6, 300, 300, b"\x41" + f64(-230.125)),
    ranged(31, 7, 2, 2, b"\x01" + f32(1.5)),
    ranged(31, 8, 3, 3, b"\x01" + f64(2.5)),
    ranged(34, 1, 0, 0, u16(10)),
    ranged(34, 2, 1, 1, u32(100000)),
    ranged(34, 3, 2, 2, f32(0.25)),
    ranged(40, 1, 0, 0, b"\x01" + i32(-1)),
    ranged(40, 2, 1, 1, b"\x01" + i16(1200)),
    ranged(40, 3, 2, 2, b"\x01" + f32(7.75)),
    ranged(40, 4, 3, 3, b"\x11" + f64(1e6)),
    ranged(80, 1, 7, 7, b"\x01"),
]


@case
def integrity_poll():
    talk, (master, outstation) = Talk(), pair()
    talk.say(0, master.link(0))                                   # reset link states
    talk.say(1, outstation.link(0, primary=False))                # ack
    talk.say(0, master.link(9))                                   # request link status
    talk.say(1, outstation.link(11, primary=False))
    talk.say(0, master.send(request(DISABLE, 0, every(60, 2), every(60, 3), every(60, 4))))
    talk.say(1, outstation.send(response(0, iin=0x9000)))
    talk.say(0, master.send(request(WRITE, 1, ranged(80, 1, 7, 7, b"\0"))))
    talk.say(1, outstation.send(response(1, iin=0x1000)))
    talk.say(0, master.send(request(DELAY, 2)))
    talk.say(1, outstation.send(response(2, counted(52, 2, u16(35)), iin=0x1000)))
    talk.say(0, master.send(request(WRITE, 3, counted(50, 1, t48(NOW)))))
    talk.say(1, outstation.send(response(3)))
    talk.say(0, master.send(request(READ, 4, every(60, 2), every(60, 3), every(60, 4), every(60, 1))))
    # Three fragments: events, then all static objects in several segments, then the rest.
    first = [indexed(2, 2, {3: bytes([ON | STATE]) + t48(NOW - 5000)}, 2), indexed(32, 1, {300: b"\x01" + i32(-7)}, 2)]
    talk.say(1, outstation.send(response(4, *first, control=FIR | CON, iin=0x0E00)))
    talk.say(0, master.send(request(CONFIRM, 4)))
    talk.say(1, outstation.send(response(5, *STATIC, control=CON), size=100), together=False)
    talk.say(0, master.send(request(CONFIRM, 5)))
    talk.say(1, outstation.send(response(6, ranged(1, 2, 256, 600, bytes([ON] * 345)), control=FIN)))
    talk.say(0, master.send(request(READ, 7, ranged(30, 5, 0, 5), every(1), bytes([20, 1, 0x17, 2, 3, 4]))))
    talk.say(1, outstation.send(response(7, ranged(30, 5, 5, 5, b"\x01" + f32(49.98)))))
    talk.say(0, master.send(request(ENABLE, 8, every(60, 2), every(60, 3), every(60, 4))))
    talk.say(1, outstation.send(response(8)))
    save("integrity-poll", "a master starts: link, restart bit, time, integrity poll in three fragments",
         """Reset of link states and request of link status, each answered. Then nine requests, sequences 0 to 8: unsolicited responses off,
restart bit cleared, delay measured (35 ms), time written (2023-11-14T22:13:20 UTC), classes 1, 2, 3 and 0 read, points read by range, all of
group 1 and two counters by index, unsolicited responses on. The integrity poll is answered by three fragments (sequences 4, 5, 6; the
first two confirmed): two events; 32 objects of groups 1, 3, 10, 20, 21, 30, 31, 34, 40 and 80 in segments of 100 bytes; 345 binary inputs.""", talk)


@case
def controls():
    talk, (master, outstation) = Talk(), pair()
    sequence = itertools.cycle(range(16))

    def do(function, objects, answer=None, iin=0):
        n = next(sequence)
        talk.say(0, master.send(request(function, n, *objects)))
        if function != DIRECT_NR:
            talk.say(1, outstation.send(response(n, *(objects if answer is None else answer), iin=iin)))

    close = [indexed(12, 1, {3: crob(0x41, 1, 1000, 0)})]
    do(SELECT, close)
    do(OPERATE, close)
    trip = [indexed(12, 1, {3: crob(0x81, 1, 250, 0), 4: crob(0x81, 1, 250, 0)}, 2)]
    do(SELECT, trip)
    do(OPERATE, trip, [indexed(12, 1, {3: crob(0x81, 1, 250, 0), 4: crob(0x81, 1, 250, 0, status=6)}, 2)])
    do(DIRECT, [indexed(12, 1, {0: crob(0x03)})])
    do(DIRECT, [indexed(12, 1, {1: crob(0x04)})], [indexed(12, 1, {1: crob(0x04, status=7)})])
    do(DIRECT_NR, [indexed(12, 1, {2: crob(0x01, 3, 100, 200)})])
    do(DIRECT, [indexed(41, 1, {0: i32(-1000) + b"\0"}), indexed(41, 2, {1: i16(1200) + b"\0"}),
                indexed(41, 3, {2: f32(12.5) + b"\0"}), indexed(41, 4, {3: f64(-0.5) + b"\0"})])
    do(SELECT, [indexed(41, 2, {7: i16(55) + b"\0"})], [indexed(41, 2, {7: i16(55) + b"\x0c"})], iin=0x0004)
    pattern = [counted(12, 2, crob(0x01, 1, 100, 100)), ranged(12, 3, 0, 9, bits([1, 0, 1, 0, 0, 0, 0, 0, 1, 1]))]
    do(SELECT, pattern)
    do(OPERATE, pattern)
    do(OPERATE, [indexed(12, 1, {9: crob(0x41)})], [indexed(12, 1, {9: crob(0x41, status=2)})])
    do(SELECT, [indexed(12, 1, {5: crob(0x41)})])
    do(OPERATE, [indexed(12, 1, {6: crob(0x81)})], [indexed(12, 1, {6: crob(0x81, status=2)})])
    talk.say(0, master.send(request(DIRECT_NR, next(sequence), indexed(41, 2, {1: i16(0) + b"\0"})), to=0xFFFF))
    talk.say(0, master.send(request(READ, next(sequence), every(13), every(43))))
    talk.say(1, outstation.send(response(15, indexed(13, 2, {3: b"\x80" + t48(NOW)}), indexed(43, 4, {1: b"\0" + i16(1200) + t48(NOW)}), iin=0x8000)))
    save("controls", "outputs are selected, operated and set, some in vain",
         """Sixteen requests. Close of output 3 (select, operate), trip of 3 and 4 (4 fails: status 6), latch on of 0, latch off of 1 (status 7,
local), three pulses of 2 without an answer, four analog outputs at once, select of an analog output out of range (status 12,
IIN2.2), a pattern on outputs 0, 2, 8 and 9, an operate without a select (status 2), an operate that is not what was selected, a direct
operate to all stations, and command events read.""", talk)


@case
def counters():
    talk, (master, outstation) = Talk(), pair()
    n = 0
    for function in (FREEZE, FREEZE_NR, CLEAR, CLEAR_NR):
        talk.say(0, master.send(request(function, n, every(20) if n % 2 else ranged(20, 0, 0, 7))))
        if function in (FREEZE, CLEAR):
            talk.say(1, outstation.send(response(n)))
        n += 1
    for function in (FREEZE_AT, FREEZE_AT_NR):
        talk.say(0, master.send(request(function, n, counted(50, 2, t48(NOW + 60000) + u32(3_600_000)), every(20), every(30))))
        if function == FREEZE_AT:
            talk.say(1, outstation.send(response(n)))
        n += 1
    talk.say(0, master.send(request(ASSIGN, n, every(60, 2), every(1), ranged(30, 0, 0, 5), every(60, 3), every(20))))
    talk.say(1, outstation.send(response(n)))
    n += 1
    talk.say(0, master.send(request(WRITE, n, ranged(34, 1, 0, 1, u16(5) + u16(6)), ranged(34, 3, 2, 2, f32(0.125)))))
    talk.say(1, outstation.send(response(n)))
    n += 1
    talk.say(0, master.send(request(READ, n, every(21), every(22), every(23))))
    frozen = [indexed(group, v, {1: b"\x01" + (u16(500 + v) if v % 2 == 0 else u32(70000 + v)) + (t48(NOW + v) if v > 4 else b"")})
              for group in (22, 23) for v in (1, 2, 5, 6)]
    talk.say(1, outstation.send(response(n, ranged(21, 1, 0, 2, b"".join(b"\x01" + u32(i) for i in (10, 20, 30))), *frozen)))
    n += 1
    old = [ranged(20, 3, 0, 0, b"\x01" + u32(1)), ranged(20, 4, 1, 1, b"\x01" + u16(2)), ranged(20, 7, 2, 2, u32(3)), ranged(20, 8, 3, 3, u16(4)),
           ranged(21, 3, 0, 0, b"\x01" + u32(5)), ranged(21, 4, 1, 1, b"\x01" + u16(6)), ranged(21, 7, 2, 2, b"\x01" + u32(7) + t48(NOW)),
           ranged(21, 8, 3, 3, b"\x01" + u16(8) + t48(NOW)), ranged(21, 11, 4, 4, u32(9)), ranged(21, 12, 5, 5, u16(10)),
           *(indexed(group, v, {1: b"\x01" + (u16(v) if v % 2 == 0 else u32(v)) + (t48(NOW) if v > 4 else b"")}) for group in (22, 23) for v in (3, 4, 7, 8))]
    talk.say(0, master.send(request(READ, n, every(20), every(21))))
    talk.say(1, outstation.send(response(n, *old)))
    save("counters", "counters are frozen, read and cleared; classes and deadbands set",
         """Ten requests: immediate freeze, freeze and clear, each also without an answer; freeze at a time (22:14:20, every hour) with and without
an answer; classes assigned; three deadbands written; frozen counters and counter events read; the delta counters of old devices read.""", talk)


@case
def unsolicited_events():
    talk, (master, outstation) = Talk(), pair()

    def tell(n, *objects, iin=0, confirm=True, again=False):
        for _ in range(2 if again else 1):
            talk.say(1, outstation.send(unsolicited(n, *objects, iin=iin)))
        if confirm:
            talk.say(0, master.send(request(CONFIRM, n, control=FIR | FIN | UNS)))

    tell(0, iin=0x8000)
    tell(1, indexed(2, 1, {0: bytes([ON | STATE]), 5: bytes([ON])}), indexed(2, 2, {1: bytes([ON | STATE]) + t48(NOW)}))
    tell(2, counted(51, 1, t48(NOW)), indexed(2, 3, {2: bytes([ON]) + u16(250), 3: bytes([ON | STATE]) + u16(1000)}),
         counted(51, 2, t48(NOW + 500)), indexed(4, 3, {4: bytes([ON | 0x80]) + u16(10)}))
    tell(3, indexed(4, 1, {0: bytes([ON | 0x40])}), indexed(4, 2, {1: bytes([ON | 0x80]) + t48(NOW)}), again=True)
    tell(4, indexed(11, 1, {0: bytes([ON | STATE])}), indexed(11, 2, {1: bytes([ON]) + t48(NOW)}), indexed(13, 1, {2: b"\x80"}),
         indexed(13, 2, {3: b"\x06" + t48(NOW)}))
    tell(5, indexed(22, 1, {0: b"\x01" + u32(5)}), indexed(22, 5, {1: b"\x01" + u32(6) + t48(NOW)}), indexed(23, 2, {2: b"\x01" + u16(7)}))
    values = {1: i32(-100000), 2: i16(-100), 3: i32(100000), 4: i16(100), 5: f32(1.25), 6: f64(2.25), 7: f32(-3.5), 8: f64(-4.75)}

    def analog(group, v, flags=1):
        return indexed(group, v, {v: bytes([flags]) + values[v] + (t48(NOW + v) if v in (3, 4, 7, 8) else b"")})

    tell(6, *(analog(32, v) for v in range(1, 9)), iin=0x0200)
    tell(7, *(analog(33, v) for v in range(5, 9)), iin=0x0200)
    tell(8, *(analog(42, v) for v in range(1, 9)), iin=0x0400)
    tell(9, *(analog(43, v, 0) for v in range(1, 9)), iin=0x0008)
    tell(10, indexed(111, 5, {0: b"pump7"}), indexed(113, 3, {1: b"ok>"}), confirm=False)
    save("unsolicited-events", "an outstation reports events of every kind by itself",
         """Eleven unsolicited responses, sequences 0 to 10, all but the last confirmed: the empty one after a restart (IIN1.7); binary inputs with
and without time, and with times relative to a common one (22:13:20.250, 22:13:21.000; then 22:13:20.510); double-bit inputs (this one
is sent twice); output and command events; counters; analog inputs, frozen analogs, outputs and commands in all formats; strings.""", talk)


@case
def restarts():
    talk, (master, outstation) = Talk(), pair()
    name = b"pump-logic"
    for n, (function, objects, answer, iin) in enumerate([
            (COLD, [], [counted(52, 1, u16(30))], 0),
            (WARM, [], [counted(52, 2, u16(4500))], 0x8000),
            (INIT_DATA, [], [], 0x0001),
            (INIT_APPL, [free(90, 1, name)], [], 0),
            (STOP, [free(90, 1, name)], [], 0),
            (START, [free(90, 1, name)], [], 0),
            (SAVE, [every(1)], [counted(52, 2, u16(800))], 0),
            (ACTIVATE, [free(70, 8, b"/cfg/new.xml")], [free(91, 1, u32(1200) + b"\x01\x00\x00")], 0),
            (RECORD, [], [], 0x1000),
            (WRITE, [counted(50, 3, t48(NOW))], [], 0),
            (WRITE, [indexed(50, 4, {0: t48(NOW) + u32(15) + b"\x03"})], [], 0),
            (DELAY, [], [counted(52, 1, u16(2))], 0),
            (READ, [every(77)], [], 0x0002),
            (READ, [ranged(30, 1, 900, 901)], [], 0x0004),
            (COLD, [], [], 0x0100 | 0x0001)]):
        talk.say(0, master.send(request(function, n, *objects)))
        talk.say(1, outstation.send(response(n, *answer, iin=iin)))
    save("restarts", "restarts, applications stopped and started, configuration, errors",
         """Fifteen requests: cold restart (30 s), warm restart (4.5 s; then restart is indicated), initialize data (not supported), an
application initialized, stopped and started, configuration saved (800 ms) and activated, time recorded and written, as time of the last record
and as one with an interval, too, delay measured (2 s), an object that is not known, points out of range, and a cold restart refused.""", talk)


def file_command(name, mode, size=0, created=0, permissions=0o644, key=0, block=64, identity=1):
    return u16(26) + u16(len(name)) + t48(created) + u16(permissions) + u32(key) + u32(size) + u16(mode) + u16(block) + u16(identity) + name


def file_status(handle, size, block, identity, status, text=b""):
    return u32(handle) + u32(size) + u16(block) + u16(identity) + bytes([status]) + text


@case
def files():
    talk, (master, outstation) = Talk(), pair()
    sequence = itertools.cycle(range(16))

    def do(function, objects, answer, iin=0):
        n = next(sequence)
        talk.say(0, master.send(request(function, n, *objects)))
        talk.say(1, outstation.send(response(n, *answer, iin=iin)))

    text = b"".join(b"line %02d of the log of pump 7\n" % i for i in range(5))
    auth = u16(12) + u16(5) + u16(17) + u16(6) + u32(0) + b"admin" + b"secret"
    do(AUTH_FILE, [free(70, 2, auth)], [free(70, 2, u16(12) + u16(0) + u16(12) + u16(0) + u32(0xC0FFEE))])
    do(OPEN, [free(70, 3, file_command(b"/log/pump7.txt", 1, key=0xC0FFEE, identity=5))], [free(70, 4, file_status(0x1234, len(text), 64, 5, 0))])
    blocks = [text[i:i + 64] for i in range(0, len(text), 64)]
    for i, block in enumerate(blocks):
        last = 0x80000000 if i == len(blocks) - 1 else 0
        do(READ, [free(70, 5, u32(0x1234) + u32(i))], [free(70, 5, u32(0x1234) + u32(i | last) + block)])
    do(CLOSE, [free(70, 4, file_status(0x1234, 0, 0, 6, 0))], [free(70, 4, file_status(0x1234, 0, 0, 6, 0))])
    image = bytes(range(256))
    do(OPEN, [free(70, 3, file_command(b"/fw/rtu-2.1.bin", 2, len(image), NOW, 0o600, 0xC0FFEE, 200, 7))], [free(70, 4, file_status(0x77, 0, 200, 7, 0))])
    do(WRITE, [free(70, 5, u32(0x77) + u32(0) + image[:200])], [free(70, 6, u32(0x77) + u32(0) + b"\0")])
    do(WRITE, [free(70, 5, u32(0x77) + u32(0x80000001) + image[200:])], [free(70, 6, u32(0x77) + u32(0x80000001) + b"\0")])
    do(CLOSE, [free(70, 4, file_status(0x77, 0, 0, 8, 0))], [free(70, 4, file_status(0x77, 0, 0, 8, 0))])
    do(INFO, [free(70, 7, u16(20) + u16(7) + u16(0) + u32(0) + t48(0) + u16(0) + u16(9) + b"/fw/rtu")],
       [free(70, 7, u16(20) + u16(7) + u16(1) + u32(len(image)) + t48(NOW) + u16(0o600) + u16(9) + b"/fw/rtu")])
    do(DELETE, [free(70, 3, file_command(b"/log/old.txt", 0, key=0xC0FFEE, identity=10))], [free(70, 4, file_status(0, 0, 0, 10, 3))])
    do(OPEN, [free(70, 3, file_command(b"/etc/shadow", 1, identity=11))], [free(70, 4, file_status(0, 0, 0, 11, 1, b"denied"))])
    do(ABORT, [free(70, 4, file_status(0x77, 0, 0, 12, 0))], [free(70, 4, file_status(0x77, 0, 0, 12, 9))])
    save("files", "a log is read, firmware is written, and what is refused",
         """Authentication as admin, /log/pump7.txt (145 bytes) opened and read in three blocks, closed; /fw/rtu-2.1.bin (256 bytes) opened for
writing, written in two blocks, closed; file information; a file that is not there deleted (status 3); /etc/shadow refused (status 1, denied);
an abort of a handle that is not open (status 9).""", talk)


@case
def attributes():
    talk, (master, outstation) = Talk(), pair()
    talk.say(0, master.send(request(READ, 0, ranged(0, 255, 0, 0), ranged(0, 254, 0, 0))))
    values = [(209, 2, b"\x05"), (216, 2, b"\x10"), (219, 3, b"\x01"), (240, 2, u16(2048)), (241, 2, u32(2048)), (242, 1, b"2.1.7"), (243, 1, b"rev C"),
              (245, 1, b"Substation North"), (246, 1, b"RTU-7"), (247, 1, b"feeder 7"), (248, 1, b"SN-0042"), (249, 1, b"2:2009"), (250, 1, b"PL-7 RTU"),
              (252, 1, b"Picket Lab"), (203, 4, f32(118.5)), (204, 4, f64(13.4))]
    talk.say(1, outstation.send(response(0, *(ranged(0, v, 0, 0, attribute(kind, data)) for v, kind, data in values))))
    talk.say(0, master.send(request(READ, 1, ranged(0, 252, 0, 0), ranged(0, 250, 0, 0))))
    talk.say(1, outstation.send(response(1, ranged(0, 252, 0, 0, attribute(1, b"Picket Lab")), ranged(0, 250, 0, 0, attribute(1, b"PL-7 RTU")))))
    talk.say(0, master.send(request(WRITE, 2, ranged(0, 245, 0, 0, attribute(1, b"Substation South")))))
    talk.say(1, outstation.send(response(2)))
    talk.say(0, master.send(request(READ, 3, every(110), every(87))))
    talk.say(1, outstation.send(response(3, ranged(110, 6, 0, 1, b"valve1valve2"), ranged(101, 1, 0, 0, u16(0x4217)), ranged(102, 1, 0, 1, b"\x07\xff"))))
    talk.say(0, master.send(request(WRITE, 4, ranged(112, 4, 2, 2, b"help"), ranged(110, 3, 5, 5, b"abc"))))
    talk.say(1, outstation.send(response(4)))
    save("attributes", "device attributes and octet strings",
         """Five requests: the list of attributes and all of them are read (16 come: text, integers, floating point; among them manufacturer
Picket Lab, model PL-7 RTU, serial number SN-0042, software 2.1.7, hardware rev C, location Substation North), two by themselves, the location is written;
octet strings (valve1, valve2), BCD and unsigned integers read; a virtual terminal and an octet string written.""", talk)


@case
def secure_authentication():
    talk, (master, outstation) = Talk(), pair()
    challenge = u32(9) + u16(1) + b"\x03\x01" + bytes(range(20))
    reply = u32(9) + u16(1) + bytes(range(100, 116))
    talk.say(0, master.send(request(AUTH, 0, counted(120, 4, u16(1)))))
    talk.say(1, outstation.send(response(0, free(120, 5, u32(1) + u16(1) + b"\x02\x02\x04" + u16(8) + bytes(8)), function=AUTH_RESPONSE)))
    talk.say(0, master.send(request(AUTH, 1, free(120, 6, u32(1) + u16(1) + bytes(range(40))))))
    talk.say(1, outstation.send(response(1, free(120, 5, u32(2) + u16(1) + b"\x02\x01\x04" + u16(8) + bytes(8) + bytes(16)), function=AUTH_RESPONSE)))
    operate = indexed(12, 1, {3: crob(0x41)})
    talk.say(0, master.send(request(DIRECT, 2, operate)))
    talk.say(1, outstation.send(response(2, free(120, 1, challenge), function=AUTH_RESPONSE)))
    talk.say(0, master.send(request(AUTH, 2, free(120, 2, reply))))
    talk.say(1, outstation.send(response(2, operate)))
    talk.say(0, master.send(request(DIRECT, 3, counted(120, 3, u32(10) + u16(1)), operate, free(120, 9, bytes(16)))))
    talk.say(1, outstation.send(response(3, operate)))
    talk.say(0, master.send(request(AUTH_NR, 4, free(120, 7, u32(11) + u16(1) + u16(1) + b"\x02" + t48(NOW) + b"bad MAC"))))
    talk.say(0, master.send(request(READ, 5, every(121), every(122))))
    talk.say(1, outstation.send(response(5, ranged(121, 1, 0, 1, b"\x01" + u16(0) + u32(3) + b"\x01" + u16(0) + u32(4)),
                                         indexed(122, 2, {5: b"\x01" + u16(0) + u32(6) + t48(NOW)}))))
    save("secure-authentication", "secure authentication: keys, a challenge, aggressive mode, an error",
         """Session key status and change, a direct operate that is challenged and answered, one in aggressive mode (with its MAC), an error without an answer
(function 33), and security statistics. Objects of groups 120, 121 and 122; tshark does not know them.""", talk)


@case
def udp():
    talk, (master, outstation) = Talk("udp"), pair()
    operate = indexed(12, 1, {3: crob(0x41)})
    for n, function in enumerate((SELECT, OPERATE)):
        talk.say(0, master.send(request(function, n, operate)))
        talk.say(1, outstation.send(response(n, operate)))
    talk.say(0, master.send(request(READ, 2, every(60, 1))))
    talk.say(1, outstation.send(response(2, ranged(30, 5, 0, 99, b"".join(b"\x01" + f32(i) for i in range(100)))), size=249), together=True)
    talk.say(0, master.send(request(READ, 3, every(60, 1))))
    talk.say(1, outstation.send(response(3, ranged(30, 1, 0, 99, b"".join(b"\x01" + i32(i) for i in range(100)))), size=249), together=False)
    talk.say(0, master.send(request(COLD, 4)))
    talk.say(1, outstation.send(response(4, counted(52, 1, u16(30)))))
    events = Talk("udp", port=20000, client_port=20000, server="10.77.3.1", client="10.77.3.11", at=2 * 10**9)
    events.say(0, outstation.send(unsolicited(0, iin=0x8000)))
    events.say(1, master.send(request(CONFIRM, 0, control=FIR | FIN | UNS)))
    events.say(0, outstation.send(unsolicited(1, indexed(2, 2, {1: bytes([ON | STATE]) + t48(NOW)}))))
    events.say(1, master.send(request(CONFIRM, 1, control=FIR | FIN | UNS)))
    save("udp", "over UDP: operate, segments in one datagram and in several, events",
         """One flow of five requests: select and operate of output 3; 100 analog inputs in three frames of one datagram, then in three datagrams;
a cold restart. Another flow that the outstation opens, with two unsolicited responses and their confirms.""", talk.frames + events.frames)


def poll(master, outstation, n, value=1):
    return (master.send(request(READ, n, ranged(30, 1, 0, 0))), outstation.send(response(n, ranged(30, 1, 0, 0, b"\x01" + i32(value)))))


@case
def malformed_in_stream():
    talk, (master, outstation) = Talk(), pair()
    good = itertools.count()

    def ok():
        n = next(good) % 16
        ask, tell = poll(master, outstation, n, 1000 + n)
        talk.say(0, ask)
        talk.say(1, tell)

    def broken(at, how=0xFF):
        data = bytearray(b"".join(master.send(request(READ, 15, every(60, 1)))))
        data[at] ^= how
        master.transport = (master.transport - 1) % 64
        talk.say(0, bytes(data))

    ok()
    broken(8)                                                     # CRC of the header
    ok()
    broken(12)                                                    # a byte of the data
    ok()
    broken(1)                                                     # start bytes
    ok()
    talk.say(0, b"GET / HTTP/1.1\r\nHost: 10.77.3.10\r\n\r\n")
    ok()
    talk.say(0, frame(0xC4, OUTSTATION, MASTER, length=4))
    ok()
    talk.say(0, frame(0xC4, OUTSTATION, MASTER))                  # user data without any
    ok()
    talk.say(0, frame(0xC4, OUTSTATION, MASTER, bytes([0x85, 1, 2, 3])))     # no first segment
    ok()
    talk.say(0, frame(0xC4, OUTSTATION, MASTER, bytes([0x40 | master.transport % 64]) + request(READ, 14, every(60, 1))))  # never final
    ok()
    for n, data in enumerate([bytes([0xCE]), bytes([0xCE, 200]), request(READ, 14, b"\x1e"), request(WRITE, 14, ranged(34, 1, 5, 4)),
                              request(WRITE, 14, ranged(34, 1, 0, 200, u16(1))), request(DIRECT, 14, indexed(12, 1, {1: crob(0x41)})[:-4]),
                              request(WRITE, 14, bytes([34, 1, 0x0A])), request(WRITE, 14, ranged(99, 9, 0, 0, b"\0")),
                              request(WRITE, 14, free(70, 3, b"\x1a\0\xff\xff" + bytes(22))), request(WRITE, 14, ranged(0, 245, 0, 0, b"\x01\xffabc"))]):
        talk.say(0, master.send(data))
        ok()
    talk.say(1, outstation.send(response(9, iin=0)))              # nobody asked
    talk.say(0, master.send(request(CONFIRM, 3)))                 # nobody asked for it
    ok()
    save("malformed-in-stream", "frames, segments and objects that are wrong, between good polls",
         """Polls of analog input 0 (1000 and on) that all have to be there, between them: a wrong header CRC, wrong data, wrong start bytes, HTTP, a
length of 4, user data without data, a segment whose first is missing, one whose last is; a fragment of one byte, an unknown function, objects cut short
in nine ways, an answer and a confirm that nobody asked for. tshark finds some of these malformed; that is what the case is for.""", talk)


@case
def gap():
    talk, (master, outstation) = Talk(), pair()
    for n in range(3):
        ask, tell = poll(master, outstation, n, n)
        talk.say(0, ask)
        talk.say(1, tell)
    lost = b"".join(outstation.send(response(3, ranged(30, 1, 0, 99, b"".join(b"\x01" + i32(i) for i in range(100))))))
    talk.say(0, master.send(request(READ, 3, every(60, 1))))
    talk.say(1, lost[:200])
    talk.lose(1, lost[200:400])
    talk.say(1, lost[400:])
    for n in range(4, 7):
        ask, tell = poll(master, outstation, n, n)
        talk.say(0, ask)
        talk.say(1, tell)
    save("gap", "bytes of a response are missing",
         """Three polls, then the answer to an integrity poll of which 200 bytes are not in the capture, then three polls more, which have to be there.""", talk)


@case
def odd_port():
    talk, (master, outstation) = Talk(port=4712), pair(confirmed=True)
    talk.say(0, master.link(0))
    talk.say(1, outstation.link(0, primary=False))
    for n in range(2):
        ask, tell = poll(master, outstation, n, n)
        talk.say(0, ask)
        talk.say(1, outstation.link(0, primary=False))
        talk.say(1, tell)
        talk.say(0, master.link(0, primary=False))
    talk.say(0, master.link(2, fcb=True, fcv=True))
    talk.say(1, outstation.link(0, primary=False))
    talk.say(0, master.link(1, fcb=True, fcv=True))
    talk.say(1, outstation.link(15, primary=False))
    talk.say(0, master.link(9))
    talk.say(1, outstation.link(1, primary=False, dfc=True))
    save("odd-port", "confirmed link services on port 4712",
         """Reset of link states, two polls as confirmed user data with link acknowledgements both ways, test of link states, reset of a user process
(not supported), and a request of link status that is refused (NACK, data flow control).""", talk)


@case
def small_segments():
    talk, (master, outstation) = Talk(), pair()
    for n in range(2):
        talk.say(0, master.send(request(READ, n, every(60, 1))), size=1 if n == 0 else 7)
        talk.say(1, outstation.send(response(n, ranged(30, 5, 0, 19, b"".join(b"\x01" + f32(i / 2) for i in range(20)))), size=40), size=5)
    save("small-segments", "polls in TCP segments of one, five and seven bytes",
         """Two polls of 20 analog inputs; the answers take three frames each. Every frame is cut into TCP segments of 1, 5 or 7 bytes.""", talk)


@case
def scan():
    talk, outstation = Talk(), pair()[1]
    for address in range(20):
        talk.say(0, frame(0xC9, address, MASTER))
        if address == OUTSTATION:
            talk.say(1, outstation.link(11, primary=False))
    talk.say(0, frame(0xC9, 0xFFFC, MASTER))
    talk.say(1, outstation.link(11, primary=False))
    talk.say(0, frame(0xC9, 0xFFF5, MASTER))
    save("scan", "a scan for outstations by requests of link status",
         """Link status is asked of addresses 0 to 19, of which 10 answers, of the self-address 65532, which answers as 10, and of a reserved one.""", talk)


@case
def outstation_connects():
    talk, (master, outstation) = Talk(), pair()
    talk.say(0, outstation.send(unsolicited(0, iin=0x8000)))
    talk.say(1, master.send(request(CONFIRM, 0, control=FIR | FIN | UNS)))
    talk.say(1, master.send(request(READ, 0, every(60, 1))))
    talk.say(0, outstation.send(response(0, ranged(1, 1, 0, 3, bits([1, 0, 1, 1])))))
    save("outstation-connects", "the outstation is the TCP client",
         """An outstation connects to its master, reports its restart, is confirmed, and polled. Requests come from the server of the connection.""", talk)


def main():
    for name, make in CASES.items():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            Talk.identities = itertools.count(1)
            make()


if __name__ == "__main__":
    main()
