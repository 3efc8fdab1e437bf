#!/usr/bin/env python3
"""Captures of GOOSE (IEC 61850-8-1), made by an encoder that shares nothing with the parser.

usage: scripts/captures/goose.py        writes pcaps/goose/*
"""
import struct

import captures

PUBLISHER = bytes.fromhex("00304f000001")
OTHER = bytes.fromhex("00304f000002")
GROUP = bytes.fromhex("010ccd010001")
START = 1_763_800_000 * 10**9  # 2025-11-22T08:26:40Z


def tlv(tag, content):
    n = len(content)
    length = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else struct.pack(">BH", 0x82, n)
    return bytes([tag]) + length + content


def integer(value):
    """Two's complement, as short as it may be."""
    n = 1
    while not -(1 << 8 * n - 1) <= value < 1 << 8 * n - 1:
        n += 1
    return value.to_bytes(n, "big", signed=True)


def boolean(value):
    return tlv(0x83, b"\x01" if value else b"\x00")


def bits(text):
    padding = -len(text) % 8
    return tlv(0x84, bytes([padding]) + int(text + "0" * padding, 2).to_bytes((len(text) + padding) // 8, "big"))


def signed(value):
    return tlv(0x85, integer(value))


def unsigned(value):
    return tlv(0x86, integer(value))


def floating(value):
    return tlv(0x87, b"\x08" + struct.pack(">f", value))


def text(value):
    return tlv(0x8A, value.encode())


def utc(ns, quality=0x0A):
    seconds, rest = divmod(ns, 10**9)
    return struct.pack(">I", seconds) + (rest * 2**24 // 10**9).to_bytes(3, "big") + bytes([quality])


def structure(*parts):
    return tlv(0xA2, b"".join(parts))


def pdu(data, st, sq, t, ref="IED1PROT/LLN0$GO$gcb01", dat_set="IED1PROT/LLN0$dsTrip", go_id="IED1_Trip", ttl=2000,
        simulation=False, conf_rev=1, nds_com=False, entries=None, security=None):
    fields = [tlv(0x80, ref.encode()), tlv(0x81, integer(ttl)), tlv(0x82, dat_set.encode())]
    if go_id is not None:
        fields.append(tlv(0x83, go_id.encode()))
    fields += [tlv(0x84, utc(t)), tlv(0x85, integer(st)), tlv(0x86, integer(sq)), tlv(0x87, bytes([simulation])),
               tlv(0x88, integer(conf_rev)), tlv(0x89, bytes([nds_com])),
               tlv(0x8A, integer(len(data) if entries is None else entries)), tlv(0xAB, b"".join(data))]
    if security is not None:
        fields.append(tlv(0x8C, security))
    return tlv(0x61, b"".join(fields))


def frame(apdu, appid=0x0001, reserved1=0, src=PUBLISHER, dst=GROUP, vlan=0, length=None):
    header = struct.pack(">HHHH", appid, 8 + len(apdu) if length is None else length, reserved1, 0)
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, 4 << 13 | vlan)
    return (dst + src + tag + b"\x88\xb8" + header + apdu).ljust(60, b"\0")


def trip(on):
    """Trip, its quality, phase currents."""
    return [boolean(on), bits("0" * 13), structure(floating(1.25 if on else 0.5), bits("0" * 13)), signed(-3 if on else 12)]


def write(case, title, words, frames):
    captures.write("goose/" + case, title, words, "none: an encoder", "synthetic, written by an encoder of our own", frames)


def at(ms):
    return START + ms * 10**6


def trip_case():
    frames = [(at(1000 * i), frame(pdu(trip(False), 1, i, START))) for i in range(4)]
    t = at(3500)
    frames += [(t + ms * 10**6, frame(pdu(trip(True), 2, sq, t))) for sq, ms in enumerate((0, 4, 12, 28, 1028, 2028))]
    frames += [(at(6000), frame(pdu(trip(False), 3, 0, at(6000)))), (at(7000), frame(pdu(trip(False), 3, 1, at(6000))))]
    write("trip", "a trip, its repetitions, and back", """
A publisher repeats its state once a second (stNum 1); it trips (stNum 2, repeated after 4, 8, 16 ms and then each second), and
goes back (stNum 3). VLAN 0 with priority 4, as publishers tag.""", frames)


def types_case():
    data = [boolean(True), bits("10"), bits("0000000000001"), signed(-70000), signed(2**40), unsigned(4294967295),
            floating(-12.5), tlv(0x87, b"\x0b" + struct.pack(">d", 3.5)), tlv(0x89, b"\x01\x02\xff"), text("breaker"),
            tlv(0x8C, struct.pack(">IH", 36_000_000, 15_000)), tlv(0x90, "öffnen".encode()), tlv(0x91, utc(START, 0x6F)),
            structure(structure(unsigned(1), structure(text("deep")))), tlv(0xA1, signed(1) + signed(2) + signed(3))]
    frames = [(at(0), frame(pdu(data, 1, 0, START, go_id=None, security=b"\x30\x00"), vlan=None)),
              (at(1000), frame(pdu(data, 1, 1, START, go_id=None, nds_com=True, security=b"\x30\x00"), vlan=None))]
    write("types", "each type of data, nested too", """
Booleans, bit strings, integers up to 64 bits, floats of both widths, octets, text, times, structures in structures, an array; no
goID, a security field; the second message needs commissioning. Without a VLAN tag.""", frames)


def lost_case():
    t = START
    numbers = [(1, 0), (1, 1), (1, 4), (1, 4), (2, 0), (2, 2), (5, 0), (300, 0), (300, 1)]
    times = {1: t, 2: at(4000), 5: at(6000), 300: at(7000)}
    frames = [(at(1000 * i), frame(pdu(trip(st % 2 == 0), st, sq, times[st], ttl=1500))) for i, (st, sq) in enumerate(numbers)]
    frames += [(at(15000), frame(pdu(trip(True), 300, 2, times[300], ttl=1500)))]
    write("lost", "messages and states that are missing, one that comes twice, one that comes too late", """
sqNum 1 then 4 (two lost), 4 again; a state that begins with its first message and goes on with the third; states 3 and 4 missing; a
jump of 295 states; the last message comes 7 s after the one before, with 1.5 s to live.""", frames)


def attack_case():
    t = START
    frames = [(at(1000 * i), frame(pdu(trip(False), 40, 7 + i, t))) for i in range(3)]
    frames += [(at(2100), frame(pdu(trip(True), 12, 0, t - 3600 * 10**9))),  # replayed, from the publisher's own address
               (at(3000), frame(pdu(trip(False), 40, 10, t))),
               (at(3100), frame(pdu(trip(True), 40, 11, t))),  # other data in the same state
               (at(3200), frame(pdu(trip(True), 41, 0, t + 86400 * 10**9), src=OTHER)),  # somebody else
               (at(3300), frame(pdu(trip(True), 41, 0, t + 1000 * 10**9))),  # from the future
               (at(4000), frame(pdu(trip(True), 42, 0, at(3500)), reserved1=0x8000)),
               (at(5000), frame(pdu(trip(True), 42, 1, at(3500), simulation=True), reserved1=0x8000)),
               (at(6000), frame(pdu(trip(True), 42, 2, at(3500), conf_rev=2, dat_set="IED1PROT/LLN0$dsOther"), appid=9)),
               (at(7000), frame(pdu(trip(False), 1, 0, at(7000))))]
    write("attack", "an old state again, other data in the same state, a second publisher, simulation, a restart", """
State 12 in the midst of state 40; other data without another stNum; the same control block from another address; a state
whose time lies in the future, then one before it; simulation in the header alone, then in both; another confRev, data set and APPID; the publisher begins
anew.""", frames)


def malformed_case():
    good = [pdu(trip(False), 1, i, START) for i in range(6)]
    cut = bytearray(good[0])
    cut[1] = 0x7F  # the PDU's length says less than there is
    deep = trip(False)[0]
    for _ in range(20):
        deep = structure(deep)
    frames = [frame(good[0]), frame(good[1], length=7), frame(good[1], length=1400), frame(bytes(cut)),
              frame(tlv(0x61, tlv(0x80, b"x"))), frame(b"\x60\x80" + good[1][2:]), frame(b""), frame(good[1]),
              frame(pdu(trip(False), 1, 2, START, entries=9)), frame(pdu(trip(False)[:3] + [b"\x85\x20\x01"], 1, 3, START)),
              frame(pdu([deep], 1, 4, START)), frame(pdu(trip(False), 1, 5, START, ref="")),
              frame(pdu(trip(False), 1, 5, START, ref="X" * 130)), frame(good[5])]
    write("malformed", "frames that cannot be, between good ones", """
A length of 7, a length beyond the frame, a PDU that is cut short, one with nothing but a reference, an indefinite length, nothing
at all; then a wrong number of entries, an entry longer than its data set, 20 structures inside each other, an empty reference and one of 130
bytes. The messages between them are all there.""", [(at(100 * i), f) for i, f in enumerate(frames)])


def many_case():
    frames = []
    for i in range(3):
        for n in range(4):
            src = bytes.fromhex("00304f0000%02x" % (0x10 + n))
            dst = bytes.fromhex("010ccd0100%02x" % (n % 2))
            apdu = pdu(trip(False), 1, i, START, ref="IED%d/LLN0$GO$g" % n)
            frames.append((at(1000 * i + n), frame(apdu, appid=n, src=src, dst=dst, vlan=n % 2 * 100)))
            frames.append((at(1000 * i + n) + 500_000, frame(pdu(trip(True), 7, i, START, ref="IED%d/LLN0$GO$h" % n), appid=n, src=src, dst=dst, vlan=n % 2 * 100)))
    write("publishers", "four publishers of two control blocks each, in two VLANs", """
Each pair of MAC addresses is a flow, whichever worker it belongs to; control blocks of one flow are told apart by their reference.
Told with `changes`: one record for each control block, and the first of each.""", frames)


if __name__ == "__main__":
    trip_case()
    types_case()
    lost_case()
    attack_case()
    malformed_case()
    many_case()
