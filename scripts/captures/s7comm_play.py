"""Plays both ends of a conversation of S7, written down by hand: what no free server answers.

usage: s7comm_play.py CASE server ADDRESS PORT        first, in one network namespace
       s7comm_play.py CASE client ADDRESS PORT        then, in another

A case is a list of turns; each end sends its own and waits for the other's. Nothing of it is shared with the parser.
"""

import struct

import play


def tpkt(tpdu):
    return struct.pack(">BBH", 3, 0, len(tpdu) + 4) + tpdu


def dt(data, end=True):
    return tpkt(bytes([2, 0xF0, 0x80 if end else 0]) + data)


def connect(code, destination, source, called=b"\x01\x02"):
    rest = struct.pack(">BHHB", code, destination, source, 0) + b"\xc0\x01\x0a" + b"\xc1\x02\x01\x00" + b"\xc2" + bytes([len(called)]) + called
    return tpkt(bytes([len(rest)]) + rest)


def s7(rosctr, reference, param, data=b"", error=None):
    head = struct.pack(">BBHHHH", 0x32, rosctr, 0, reference, len(param), len(data))
    return head + (struct.pack(">H", error) if error is not None else b"") + param + data


def job(reference, param, data=b""):
    return dt(s7(1, reference, param, data))


def ack(reference, param, data=b"", error=0):
    return dt(s7(3, reference, param, data, error))


def userdata(reference, kind, group, sub, data=b"", sequence=0, unit=None, error=0, code=0xFF):
    """kind 0 push, 4 request, 8 response; `unit`: (number, more follow)"""
    long = kind != 4 or unit is not None
    param = b"\x00\x01\x12" + bytes([8 if long else 4, 0x12 if long else 0x11, kind << 4 | group, sub, sequence])
    if long:
        number, more = unit or (0, False)
        param += struct.pack(">BBH", number, more, error)
    body = struct.pack(">BBH", code, 9 if data else 0, len(data)) + data
    return dt(s7(7, reference, param, body))


def any_item(kind, count, db, area, byte, bit=0):
    return b"\x12\x0a\x10" + struct.pack(">BHHB", kind, count, db, area) + (byte * 8 + bit).to_bytes(3, "big")


def value(data, transport=4, code=0xFF):
    size = len(data) * 8 if transport in (4, 5) else 1 if transport == 3 else len(data)
    return struct.pack(">BBH", code, transport, size) + data


def in_list(*values):
    out = b""
    for v in values:
        out += b"\0" * (len(out) % 2) + v
    return out


HELLO = [
    (">", connect(0xE0, 0, 1)),
    ("<", connect(0xD0, 1, 0x14)),
    (">", job(1, bytes.fromhex("f0000001000101e0"))),
    ("<", ack(1, bytes.fromhex("f0000001000100f0"))),
]
SETUP = HELLO[2:]

# Header and code of DB1: language DB, 120 bytes of load memory, 36 of code, times of 2021.
BLOCK = bytes.fromhex("7070 0101 05 0a 0001 00000078 00000000 02b2f1a0 34f1 01a3c5e2 34f0 0000 0000 0000 0024") + bytes(range(36))
BLOCK_INFO = bytes.fromhex("0141 004a 0000") + BLOCK[:36] + b"PICKET  LAB     RECIPE7 " + bytes([0x13, 0]) + struct.pack(">H", 0xBEEF) + bytes(8)


def block_part(function, reference, part, more):
    return ack(reference, bytes([function, 1 if more else 0]), struct.pack(">HH", len(part), 0xFB) + part)


def name(kind, number, system="P"):
    return b"_0" + kind + b"%05d" % number + system.encode()


def file_job(function, reference, filename, tail=b"", word=0x0100, session=7):
    return job(reference, bytes([function, 0]) + struct.pack(">HIB", word, session, len(filename)) + filename + tail)


def szl_units():
    """List 0x001c, ten entries of 34 bytes, in three data units."""
    texts = [(1, b"Picket Lab"), (2, b"CPU 315-2 PN/DP"), (3, b"Hall 3"), (4, b"Original Siemens Equipment"), (5, b"S C-X4U421302009"),
             (7, b"CPU 315-2 PN/DP"), (8, b"MMC 267FF11F"), (9, b"\x00\x2a\xf6\x00\x00\x01"), (10, b""), (11, b"Pump house 7")]
    body = struct.pack(">HHHH", 0x001C, 0, 34, len(texts)) + b"".join(struct.pack(">H", i) + t.ljust(32, b"\0") for i, t in texts)
    out, reference = [], 0x300
    parts = [body[i:i + 150] for i in range(0, len(body), 150)]
    for n, part in enumerate(parts):
        ask = userdata(reference + n, 4, 4, 1, struct.pack(">HH", 0x001C, 0)) if n == 0 else userdata(reference + n, 4, 4, 1, sequence=5, unit=(9, False), code=0x0A)
        out += [(">", ask), ("<", userdata(reference + n, 8, 4, 1, part, sequence=5, unit=(9, n + 1 < len(parts))))]
    return out


def diagnostic(event, info1=0, info2=0):
    return struct.pack(">HBBHHI", event, 0xFF, 0x84, 0xC700, info1, info2) + bytes.fromhex("2611221045071230")


def test_parameters(items, values=b"", trigger=0x0200):
    parameters = struct.pack(">HHHHHHHHHH", 0, 1, 0, 18, 1, 1, 1, 1, 1, trigger)
    data = struct.pack(">H", len(items)) + b"".join(struct.pack(">BBHH", *i) for i in items) + values
    return struct.pack(">HH", len(parameters), len(data)) + parameters + data


def plus(version, data, trailer=True):
    return dt(struct.pack(">BBH", 0x72, version, len(data)) + data + (struct.pack(">BBH", 0x72, version, 0) if trailer else b""))


def plus_request(function, sequence, session, rest=b""):
    return struct.pack(">BHHHHI", 0x31, 0, function, 0, sequence, session) + b"\x34" + rest


def plus_response(function, sequence, rest=b""):
    return struct.pack(">BHHHH", 0x32, 0, function, 0, sequence) + b"\x34" + rest


ALARM = bytes.fromhex("0001") + bytes.fromhex("1208 1900") + struct.pack(">I", 0x60000012) + b"\x01\x01"

CASES = {
    "blocks": HELLO + [
        # A download: the controller fetches the block.
        (">", file_job(0x1A, 0x200, name(b"A", 1), b"\x0d1000120000036", session=0)),
        ("<", ack(0x200, b"\x1a")),
        ("<", file_job(0x1B, 0x4001, name(b"A", 1))),
        (">", block_part(0x1B, 0x4001, BLOCK[:40], True)),
        ("<", file_job(0x1B, 0x4002, name(b"A", 1))),
        (">", block_part(0x1B, 0x4002, BLOCK[40:], False)),
        ("<", file_job(0x1C, 0x4003, name(b"A", 1), word=0)),
        (">", ack(0x4003, b"\x1c")),
        (">", job(0x201, bytes.fromhex("28000000000000fd000a0100") + b"0A00001P" + b"\x05_INSE")),
        ("<", ack(0x201, b"\x28")),
        # An upload, in two parts.
        (">", file_job(0x1D, 0x202, name(b"A", 1, "A"), word=0, session=0)),
        ("<", ack(0x202, bytes.fromhex("1d00010000000007") + b"\x070000072")),
        (">", job(0x203, bytes.fromhex("1e00000000000007"))),
        ("<", block_part(0x1E, 0x203, BLOCK[:50], True)),
        (">", job(0x204, bytes.fromhex("1e00000000000007"))),
        ("<", block_part(0x1E, 0x204, BLOCK[50:], False)),
        (">", job(0x205, bytes.fromhex("1f00000000000007"))),
        ("<", ack(0x205, b"\x1f")),
        # What there is; refused; deleted; made to last.
        (">", userdata(0x206, 4, 3, 1, code=0x0A)),
        ("<", userdata(0x206, 8, 3, 1, b"08\x00\x02" + b"0E\x00\x01" + b"0C\x00\x05" + b"0A\x00\x03" + b"0B\x00\x09")),
        (">", userdata(0x207, 4, 3, 2, b"0A")),
        ("<", userdata(0x207, 8, 3, 2, bytes.fromhex("00012205 00022205 00075205"))),
        (">", userdata(0x208, 4, 3, 3, b"0A00001A")),
        ("<", userdata(0x208, 8, 3, 3, BLOCK_INFO)),
        (">", userdata(0x209, 4, 3, 3, b"0E00099A")),
        ("<", userdata(0x209, 8, 3, 3, error=0xD209, code=0x0A)),
        (">", file_job(0x1A, 0x20A, name(b"E", 12), b"\x0d1000120000036", session=0)),
        ("<", ack(0x20A, b"\x1a", error=0xD241)),
        (">", job(0x20B, bytes.fromhex("28000000000000fd00120200") + b"0A00001B0800035B" + b"\x05_DELE")),
        ("<", ack(0x20B, b"\x28")),
        (">", job(0x20C, bytes.fromhex("28000000000000fd0002") + b"EP\x05_MODU")),
        ("<", ack(0x20C, b"\x28")),
        (">", job(0x20D, bytes.fromhex("28000000000000fd0000") + b"\x09P_PROGRAM")),
        ("<", ack(0x20D, b"\x28")),
        (">", tpkt(bytes.fromhex("06 80 0014 0001 80"))),
    ],
    "addressing": HELLO + [
        # DBREAD, symbols of an S7-1200, a timer, peripheral outputs, an item of an NC.
        (">", job(2, b"\x04\x01" + bytes.fromhex("120c b0 02 04 0001 0000 02 0007 0010"))),
        ("<", ack(2, b"\x04\x01", value(bytes(6), 4))),
        (">", job(3, b"\x04\x02" + bytes.fromhex("120e b2 ff 8a0e 0001 8a67df57 4000000a" ) + bytes.fromhex("1212 b2 ff 0000 0052 1b2a0c09 4000000b 40000003"))),
        ("<", ack(3, b"\x04\x02", in_list(value(b"\x00\x2a", 4), value(b"\x01", 3)))),
        (">", job(4, b"\x04\x04" + any_item(29, 1, 0, 0x1D, 0)[:9] + b"\0\0\5" + any_item(2, 4, 0, 0x80, 256) + any_item(12, 1, 5, 0x84, 20) + any_item(7, 2, 0, 0x86, 4))),
        ("<", ack(4, b"\x04\x04", in_list(value(b"\x21\x23", 9), value(b"\1\2\3\4", 4), value(b"\x10\x50", 4), value(struct.pack(">ii", -7, 70000), 6)))),
        (">", job(5, b"\x04\x01" + bytes.fromhex("1208 82 41 0001 0001 7f 01"))),
        ("<", ack(5, b"\x04\x01", value(b"", 0, 0x0A))),
        # Writes in one message: a real, a time, a bit, text.
        (">", job(6, b"\x05\x04" + any_item(8, 1, 5, 0x84, 0) + any_item(11, 1, 5, 0x84, 4) + any_item(1, 1, 5, 0x84, 8, 3) + any_item(3, 5, 5, 0x84, 10),
                  in_list(value(struct.pack(">f", 98.5), 7, 0), value(struct.pack(">i", 1500), 4, 0), value(b"\1", 3, 0), value(b"MIXER", 9, 0)))),
        ("<", ack(6, b"\x05\x04", b"\xff\xff\x05\xff")),
        (">", job(7, b"\x05\x01" + any_item(4, 1, 0, 0x80, 256), value(b"\x12\x34", 4, 0))),
        ("<", ack(7, b"\x05\x01", b"\xff")),
        # 70 items: more than are looked into.
        (">", job(8, b"\x04\x46" + b"".join(any_item(2, 1, 1, 0x84, i) for i in range(70)))),
        ("<", ack(8, b"\x04\x46", in_list(*(value(bytes([i]), 4) for i in range(70))))),
    ],
    "services": HELLO + [
        # Cyclic data, and what comes of them without being asked for.
        (">", userdata(0x301, 4, 2, 1, struct.pack(">HBB", 2, 1, 5) + any_item(8, 1, 1, 0x84, 6) + any_item(4, 1, 0, 0x83, 10))),
        ("<", userdata(0x301, 8, 2, 1, struct.pack(">H", 2) + in_list(value(struct.pack(">f", 21.5), 7), value(b"\x12\x34")), sequence=3)),
        ("<", userdata(0x302, 0, 2, 1, struct.pack(">H", 2) + in_list(value(struct.pack(">f", 21.75), 7), value(b"\x12\x35")), sequence=3)),
        (">", userdata(0x303, 4, 2, 4, b"\x01\x03")),
        ("<", userdata(0x303, 8, 2, 4)),
        # Variables watched, modified, forced; an LED; memory reset.
        (">", userdata(0x304, 4, 1, 2, test_parameters([(0x01, 6, 0, 0), (0x72, 1, 5, 20), (0x54, 1, 0, 3)]), unit=(0, False))),
        ("<", userdata(0x304, 8, 1, 2, sequence=2, code=0x0A)),
        ("<", userdata(0x305, 0, 1, 2, struct.pack(">HHHHH", 4, 12, 0, 1, 1) + value(bytes(6), 4) , sequence=2)),
        (">", userdata(0x306, 4, 1, 8, test_parameters([(0x22, 1, 0, 4)], value(b"\x00\xff", 4, 0)), unit=(0, False))),
        ("<", userdata(0x306, 8, 1, 8, sequence=4, code=0x0A)),
        (">", userdata(0x307, 4, 1, 9, test_parameters([(0x11, 1, 0, 2)], value(b"\x01", 4, 0)), unit=(0, False))),
        ("<", userdata(0x307, 8, 1, 9, sequence=6, error=0xD0A1, code=0x0A)),
        (">", userdata(0x308, 4, 1, 22, struct.pack(">HH", 4, 0) + bytes(4), unit=(0, False))),
        ("<", userdata(0x308, 8, 1, 22, code=0x0A)),
        (">", userdata(0x309, 4, 1, 12, struct.pack(">HH", 2, 0) + bytes(2), unit=(0, False))),
        ("<", userdata(0x309, 8, 1, 12, error=0xD241, code=0x0A)),
        # Messages, a diagnostic event, a change of mode, an alarm and its acknowledgement.
        (">", userdata(0x30A, 4, 4, 2, bytes.fromhex("8300") + b"HMI-7   " + b"\x08\x00")),
        ("<", userdata(0x30A, 8, 4, 2, bytes.fromhex("0209"))),
        ("<", userdata(0x30B, 0, 4, 3, diagnostic(0x4303, 0x0001, 0xC700))),
        ("<", userdata(0x30C, 0, 0, 0)),
        ("<", userdata(0x30D, 0, 4, 0x12, bytes.fromhex("2611221045071230") + ALARM)),
        (">", userdata(0x30E, 4, 4, 0x0B, bytes.fromhex("0901") + bytes.fromhex("1208 1900") + struct.pack(">I", 0x60000012) + b"\x01\x01")),
        ("<", userdata(0x30E, 8, 4, 0x0B, bytes.fromhex("0901ff"))),
        # The clock, a password that is refused.
        (">", userdata(0x30F, 4, 7, 1, code=0x0A)),
        ("<", userdata(0x30F, 8, 7, 1, bytes.fromhex("0019 2611221045071230"))),
        (">", userdata(0x310, 4, 7, 2, bytes.fromhex("0019 2001010000000004"))),
        ("<", userdata(0x310, 8, 7, 2, code=0x0A)),
        (">", userdata(0x311, 4, 5, 1, bytes.fromhex("2534372c1f1b3b3f"))),
        ("<", userdata(0x311, 8, 5, 1, error=0xD602, code=0x0A)),
    ] + szl_units(),
    "plus": HELLO[:2] + [
        (">", plus(1, plus_request(0x04CA, 1, 0x120, bytes.fromhex("00000120") + b"\xa3\x81\x69\x00\x15\x15 1:::6.0::TCP/IP -> Lab"))),
        ("<", plus(1, plus_response(0x04CA, 1, bytes.fromhex("0002 87a2") + b"\xa3\x82\x32\x00\x15\x1b1;6ES7 212-1BE31-0XB0 ;V3.0"))),
        (">", plus(2, plus_request(0x054C, 2, 0x3A2, bytes(40)))),
        ("<", plus(2, plus_response(0x054C, 2, bytes(900)), False) + plus(2, bytes(200))),
        (">", plus(3, b"\x20" + bytes(range(32)) + plus_request(0x0542, 3, 0x3A2, bytes(30)))),
        ("<", plus(3, b"\x20" + bytes(range(32)) + plus_response(0x0542, 3, bytes(3)))),
        ("<", plus(2, struct.pack(">BIHHHBB", 0x33, 0x7000C81, 4, 8, 0, 1, 7) + bytes(12))),
        (">", plus(2, plus_request(0x04BB, 4, 0x3A2, bytes(20)))),
        ("<", plus(2, plus_response(0x04BB, 4, bytes(60)))),
        (">", plus(1, plus_request(0x05B3, 5, 0))),
        ("<", plus(1, plus_response(0x05B3, 5))),
        (">", dt(bytes.fromhex("160301000501000001aa"))),
        ("<", dt(bytes.fromhex("160303000402000000"))),
    ],
    "malformed": HELLO + [
        (">", job(2, b"\x04\x01" + any_item(2, 4, 1, 0x84, 0))),
        ("<", ack(2, b"\x04\x01", value(b"\1\2\3\4"))),
        # Parameters longer than the message; an item cut short; no item at all; a message that is neither.
        (">", dt(bytes.fromhex("32 01 0000 0003 0100 0000") + b"\x04\x01" + any_item(2, 4, 1, 0x84, 0))),
        (">", job(4, b"\x04\x02" + any_item(2, 4, 1, 0x84, 0) + b"\x12\x0a\x10\x02")),
        (">", job(5, b"\x04")),
        (">", dt(b"\x55\x66\x77")),
        (">", dt(bytes.fromhex("32 09 0000 0006 0000 0000"))),
        # A TPKT whose length lies, then bytes of something else; what comes behind is read.
        (">", bytes.fromhex("0300 0003 02f080") + b"GET / HTTP/1.1\r\n\r\n" + job(7, b"\x04\x01" + any_item(2, 1, 1, 0x84, 9))),
        ("<", ack(7, b"\x04\x01", value(b"\x2a"))),
        # An answer nobody asked for, one of another function, one whose values are not all there.
        ("<", ack(0x99, b"\x04\x01", value(b"\x2a"))),
        (">", job(8, b"\x04\x01" + any_item(2, 1, 1, 0x84, 9))),
        ("<", ack(8, b"\x05\x01", b"\xff")),
        (">", job(9, b"\x04\x01" + any_item(2, 8, 1, 0x84, 0))),
        ("<", ack(9, b"\x04\x01", bytes.fromhex("ff04 0040 0102"))),
        ("<", tpkt(bytes.fromhex("04 70 0001 02"))),
        (">", job(10, b"\x04\x01" + any_item(2, 1, 1, 0x84, 9))),
        ("<", ack(10, b"\x04\x01", value(b"\x2a"))),
    ],
    # COTP in pieces: empty ones between, a message in three.
    "fragments": HELLO + [
        (">", dt(b"") + job(2, b"\x04\x01" + any_item(2, 200, 1, 0x84, 0))),
        ("<", (lambda m: dt(m[:50], False) + dt(m[50:120], False) + dt(m[120:]))(s7(3, 2, b"\x04\x01", value(bytes(200)), 0))),
        (">", (lambda m: dt(m[:1], False) + dt(m[1:9], False) + dt(m[9:]))(s7(1, 3, b"\x29\0\0\0\0\0\x09P_PROGRAM"))),
        ("<", ack(3, b"\x29")),
    ],
}
CASES["small-segments"] = CASES["fragments"]


play.main(CASES, 3)
