#!/usr/bin/env python3
"""Captures of BACnet that no free software at hand can say, made by an encoder that shares nothing with the parser.

usage: scripts/captures/bacnet.py        writes pcaps/bacnet/{routing,broadcasts,events,files-and-logs,segments,services,value-types,ipv6,malformed,ethernet}
"""
import ipaddress
import struct

from captures import checksum, write

START = 1_763_800_000 * 10**9  # 2025-11-22T08:26:40Z
STATION, DEVICE, ROUTER = "10.77.0.2", "10.77.0.1", "10.77.0.9"
PORT = 47808


def frame(source, target, payload, ports=(PORT, PORT)):
    a, b = ipaddress.ip_address(source), ipaddress.ip_address(target)
    last = lambda ip: b"\xff" * 6 if ip.packed[-1] == 255 else bytes([2, 0, 0, 0, 0x77, ip.packed[-1]])
    pseudo = a.packed + b.packed + (struct.pack(">HH", 17, 8 + len(payload)) if a.version == 4 else struct.pack(">IHBB", 8 + len(payload), 0, 0, 17))
    udp = struct.pack(">4H", *ports, 8 + len(payload), 0) + payload
    udp = udp[:6] + struct.pack(">H", checksum(pseudo + udp)) + payload
    if a.version == 4:
        header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 7, 0x4000, 64, 17, 0) + a.packed + b.packed
        header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
        return last(b) + last(a) + b"\x08\x00" + header + udp
    return last(b) + last(a) + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + a.packed + b.packed + udp


# Tags (clause 20.2.1)

def tag(number, content=b"", context=True):
    n = len(content)
    length = n if n < 5 else 5
    head = bytes([(number if number < 15 else 15) << 4 | (8 if context else 0) | length]) + (bytes([number]) if number >= 15 else b"")
    if n >= 5:
        head += bytes([n]) if n < 254 else b"\xfe" + struct.pack(">H", n) if n < 65536 else b"\xff" + struct.pack(">I", n)
    return head + content


def inside(number, *content):
    long = bytes([number]) if number >= 15 else b""
    short = min(number, 15) << 4
    return bytes([short | 14]) + long + b"".join(content) + bytes([short | 15]) + long


def uint(v):
    return v.to_bytes(max(1, (v.bit_length() + 7) // 8), "big")


def sint(v):
    n = 1
    while not -(1 << 8 * n - 1) <= v < 1 << 8 * n - 1:
        n += 1
    return v.to_bytes(n, "big", signed=True)


def oid(kind, instance):
    return struct.pack(">I", kind << 22 | instance)


def app(kind, v):
    """An application tagged value by the name of its type."""
    number = ["null", "boolean", "unsigned", "signed", "real", "double", "octets", "text", "bits", "enumerated", "date", "time", "object"].index(kind)
    if kind == "null":
        return b"\0"
    if kind == "boolean":
        return bytes([0x10 | v])
    return tag(number, content(kind, v), False)


def content(kind, v):
    if kind in ("unsigned", "enumerated"):
        return uint(v)
    if kind == "bits":
        return bytes([-len(v) % 8]) + int(v + "0" * (-len(v) % 8), 2).to_bytes((len(v) + 7) // 8, "big")
    return {"signed": lambda: sint(v), "real": lambda: struct.pack(">f", v), "double": lambda: struct.pack(">d", v), "octets": lambda: v,
            "text": lambda: v if isinstance(v, bytes) else b"\0" + v.encode(), "date": lambda: bytes(v), "time": lambda: bytes(v), "object": lambda: oid(*v)}[kind]()


def ctx(number, kind, v):
    return tag(number, content(kind, v))


AI, AO, AV, BI, BO, DEV, FILE, NC, LOG, LSP = 0, 1, 2, 3, 4, 8, 10, 15, 20, 21
DATE, TIME = (126, 11, 22, 7), (17, 30, 0, 0)
STAMP = inside(2, app("date", DATE), app("time", TIME))


# APDU, NPDU, BVLC

def request(service, invoke, *parameters, segment=None, more=False):
    head = bytes([0x02 | (0x08 if segment is not None else 0) | (0x04 if more else 0), 0x75, invoke])
    return head + (bytes([segment, 4]) if segment is not None else b"") + bytes([service]) + b"".join(parameters)


def ack(service, invoke, *parameters, segment=None, more=False):
    head = bytes([0x30 | (0x08 if segment is not None else 0) | (0x04 if more else 0), invoke])
    return head + (bytes([segment, 4]) if segment is not None else b"") + bytes([service]) + b"".join(parameters)


def say(service, *parameters):
    return bytes([0x10, service]) + b"".join(parameters)


def done(service, invoke):
    return bytes([0x20, invoke, service])


def error(service, invoke, error_class, code):
    return bytes([0x50, invoke, service]) + app("enumerated", error_class) + app("enumerated", code)


def segment_ack(invoke, sequence, negative=0, server=0):
    return bytes([0x40 | negative << 1 | server, invoke, sequence, 4])


def npdu(data, reply=False, to=None, of=None, priority=0, message=False, hops=255):
    control = (0x80 if message else 0) | (0x20 if to else 0) | (8 if of else 0) | (4 if reply else 0) | priority
    out = bytes([1, control])
    for place in (to, of):
        if place:
            out += struct.pack(">HB", place[0], len(place[1])) + place[1]
    return out + (bytes([hops]) if to else b"") + data


def bvlc(function, data, length=None):
    return struct.pack(">BBH", 0x81, function, len(data) + 4 if length is None else length) + data


def ip_port(text, port=PORT):
    return ipaddress.ip_address(text).packed + struct.pack(">H", port)


def unicast(apdu, **more):
    return bvlc(0x0A, npdu(apdu, reply=apdu[0] >> 4 == 0, **more))


def broadcast(apdu, **more):
    return bvlc(0x0B, npdu(apdu, **more))


def capture(name, title, text, turns, ends=(STATION, DEVICE)):
    """turns: ('>' or '<', payload), or (source, target, payload)."""
    frames = []
    for n, turn in enumerate(turns):
        source, target, payload = turn if len(turn) == 3 else (*(ends if turn[0] == ">" else ends[::-1]), turn[1])
        frames.append((START + n * 20_000_000, frame(source, target, payload)))
    write("bacnet/" + name, title, text, "none: an encoder", "synthetic, written by an encoder of our own", frames)


READ_AI = request(12, 1, ctx(0, "object", (AI, 3)), ctx(1, "enumerated", 85))
ANSWER_AI = ack(12, 1, ctx(0, "object", (AI, 3)), ctx(1, "enumerated", 85), inside(3, app("real", 100.0)))


def routing():
    everywhere = (0xFFFF, b"")
    five, six = (2001, b"\x05"), (2001, b"\x06")
    far = (3001, ip_port("192.168.7.8"))
    net = lambda kind, data=b"", **more: bvlc(0x0A, npdu(bytes([kind]) + data, message=True, **more))
    two = struct.pack(">H", 2001)
    turns = [
        (STATION, "10.77.0.255", bvlc(0x0B, npdu(b"\0" + two, message=True))),
        (ROUTER, "10.77.0.255", bvlc(0x0B, npdu(b"\1" + two + struct.pack(">H", 3001), message=True))),
        (STATION, "10.77.0.255", bvlc(0x0B, npdu(say(8), to=everywhere))),
        (ROUTER, "10.77.0.255", bvlc(0x0B, npdu(say(0, app("object", (DEV, 105)), app("unsigned", 480), app("enumerated", 3), app("unsigned", 5)), of=five))),
        (STATION, ROUTER, unicast(READ_AI, to=five)),
        (STATION, ROUTER, unicast(READ_AI, to=six)),
        (ROUTER, STATION, unicast(ANSWER_AI, of=six)),
        (ROUTER, STATION, unicast(ANSWER_AI, of=five)),
        (STATION, ROUTER, unicast(READ_AI, to=far, priority=3, hops=12)),
        (ROUTER, STATION, unicast(ANSWER_AI, of=far)),
    ]
    for kind, data in ((2, two + b"\x07"), (3, b"\1" + two), (4, two), (5, two), (8, two + b"\x3c"), (9, two)):
        turns.append((ROUTER, STATION, net(kind, data)))
    turns += [
        (STATION, ROUTER, net(6, b"\0", reply=True)),
        (ROUTER, STATION, net(7, b"\2" + two + b"\1\0" + struct.pack(">H", 3001) + b"\2\4" + bytes([192, 168, 7, 1]))),
        (STATION, ROUTER, net(6, b"\1" + struct.pack(">H", 4001) + b"\2\0", reply=True)),
        (ROUTER, STATION, net(7)),
        (STATION, ROUTER, net(0x12)),
        (ROUTER, STATION, net(0x13, struct.pack(">HB", 1, 1))),
        (STATION, ROUTER, net(0x90, struct.pack(">H", 5) + b"vendor")),
    ]
    capture("routing", "a router, stations behind it, and its table",
            "Who-Is-Router and I-Am-Router, Who-Is to all networks and the I-Am of an MS/TP station; two stations are asked with one invoke id; a station of "
            "another IP network with priority `life safety`; I-Could-Be, Reject, Busy, Available, Establish, Disconnect; the routing table read and changed; network "
            "numbers; a vendor's own message.", turns)


def broadcasts():
    entries = ip_port("10.77.0.1") + b"\xff" * 4 + ip_port("10.78.0.1") + b"\xff\xff\xff\0"
    turns = [
        (">", bvlc(5, struct.pack(">H", 60))), ("<", bvlc(0, b"\0\0")),
        (">", bvlc(9, npdu(say(8)))),
        ("<", bvlc(4, ip_port("10.78.0.33") + npdu(say(0, app("object", (DEV, 33)), app("unsigned", 1476), app("enumerated", 0), app("unsigned", 8))))),
        (">", bvlc(2, b"")), ("<", bvlc(3, entries)),
        (">", bvlc(1, entries[:10])), ("<", bvlc(0, b"\0\x10")),
        (">", bvlc(1, entries)), ("<", bvlc(0, b"\0\0")),
        (">", bvlc(6, b"")), ("<", bvlc(7, ip_port(STATION) + struct.pack(">HH", 60, 75) + ip_port("10.79.0.4", 47809) + struct.pack(">HH", 300, 12))),
        (">", bvlc(8, ip_port("10.79.0.4", 47809))), ("<", bvlc(0, b"\0\0")),
        (">", bvlc(8, ip_port("10.79.0.5"))), ("<", bvlc(0, b"\0\x50")),
        (">", bvlc(5, struct.pack(">H", 0xFFFF))), ("<", bvlc(0, b"\0\x30")),
        (">", bvlc(6, b"")), ("<", bvlc(0, b"\0\x40")),
        (">", bvlc(2, b"")), ("<", bvlc(0, b"\0\x20")),
        (">", bvlc(9, npdu(say(8)))), ("<", bvlc(0, b"\0\x60")),
    ]
    capture("broadcasts", "a BBMD and a foreign device",
            "Registration, a broadcast that is distributed and one that is forwarded with its sender's address; both tables read, one written and an entry "
            "deleted; each of it refused as well.", turns)


def event(object_id, kind, values, text=None, notify=0, states=(0, 2), service=None, invoke=None):
    parameters = [ctx(0, "unsigned", 1), ctx(1, "object", (DEV, 61)), ctx(2, "object", object_id), inside(3, STAMP), ctx(4, "unsigned", 7), ctx(5, "unsigned", 100),
                  ctx(6, "enumerated", kind), ctx(7, "text", text) if text else b"", ctx(8, "enumerated", notify), tag(9, b"\1") if notify != 2 else b"",
                  ctx(10, "enumerated", states[0]) if notify != 2 else b"", ctx(11, "enumerated", states[1]), inside(12, inside(kind, *values)) if notify != 2 else b""]
    return request(2, invoke, *parameters) if invoke is not None else say(3, *parameters)


def events():
    flags = ctx(1, "bits", "1000")
    known = [
        ((AI, 1), 5, [ctx(0, "real", 80.5), flags, ctx(2, "real", 1.0), ctx(3, "real", 75.0)], "Supply air too hot", (0, 3)),
        ((BI, 1), 1, [inside(0, ctx(0, "enumerated", 1)), flags], "Frost", (0, 2)),
        ((AV, 1), 2, [inside(0, ctx(1, "real", 3.5)), flags], None, (0, 2)),
        ((BO, 1), 3, [inside(0, app("enumerated", 1)), flags, inside(2, app("enumerated", 0))], "Fan does not start", (0, 2)),
        ((AV, 2), 4, [ctx(0, "real", 21.0), flags, ctx(2, "real", 20.0), ctx(3, "real", 0.5)], None, (0, 3)),
        ((LSP, 1), 8, [ctx(0, "enumerated", 2), ctx(1, "enumerated", 1), ctx(2, "bits", "1000"), ctx(3, "enumerated", 4)], "Smoke", (0, 5)),
        ((LOG, 1), 10, [inside(0, ctx(0, "object", (LOG, 1)), ctx(1, "enumerated", 131)), ctx(1, "unsigned", 10), ctx(2, "unsigned", 110)], None, (0, 0)),
        ((23, 1), 11, [ctx(0, "unsigned", 1000), flags, ctx(2, "unsigned", 900)], None, (0, 3)),
        ((AI, 2), 19, [ctx(0, "enumerated", 12), flags, inside(2)], None, (0, 1)),
    ]
    turns = []
    for n, (object_id, kind, values, text, states) in enumerate(known):
        turns += [("<", event(object_id, kind, values, text, 0, states, invoke=n)), (">", done(2, n))]
    turns += [("<", event((AI, 1), 5, [], "seen", 2, (0, 3))),
              ("<", event((AI, 1), 5, known[0][2], None, 1, (3, 0)))]
    turns += [
        (">", request(0, 20, ctx(0, "unsigned", 1), ctx(1, "object", (AI, 1)), ctx(2, "enumerated", 3), inside(3, STAMP), ctx(4, "text", "operator"), inside(5, STAMP))), ("<", done(0, 20)),
        (">", request(0, 21, ctx(0, "unsigned", 1), ctx(1, "object", (AI, 1)), ctx(2, "enumerated", 3), inside(3, ctx(1, "unsigned", 7)), ctx(4, "text", "operator"), inside(5, ctx(0, "time", TIME)))),
        ("<", error(0, 21, 5, 14)),
        (">", request(3, 22)), ("<", ack(3, 22, app("object", (AI, 1)), app("enumerated", 3), app("bits", "011"), app("object", (BI, 1)), app("enumerated", 2), app("bits", "111"))),
        (">", request(4, 23, ctx(0, "enumerated", 0))),
        ("<", ack(4, 23, app("object", (AI, 1)), app("enumerated", 5), app("enumerated", 3), app("unsigned", 100), app("unsigned", 7))),
        (">", request(29, 24)),
        ("<", ack(29, 24, inside(0, ctx(0, "object", (AI, 1)), ctx(1, "enumerated", 3), ctx(2, "bits", "011"), inside(3, STAMP, ctx(1, "unsigned", 4), ctx(0, "time", (255,) * 4)),
                                 ctx(4, "enumerated", 0), ctx(5, "bits", "111"), inside(6, app("unsigned", 100), app("unsigned", 110), app("unsigned", 200))), tag(1, b"\0"))),
        (">", request(29, 25, ctx(0, "object", (AI, 1)))), ("<", ack(29, 25, inside(0), tag(1, b"\0"))),
        (">", request(27, 26, ctx(0, "unsigned", 9), ctx(1, "text", "fire panel"), ctx(2, "enumerated", 1), ctx(3, "object", (LSP, 1)))), ("<", done(27, 26)),
        (">", request(27, 27, ctx(0, "unsigned", 9), ctx(1, "text", "fire panel"), ctx(2, "enumerated", 4))), ("<", done(27, 27)),
    ]
    capture("events", "alarms of every common kind, acknowledged, summed up, silenced",
            "Confirmed notifications of nine types of events from the device, an acknowledgement and a return to normal, unconfirmed; alarms acknowledged (one with a wrong "
            "time stamp); alarm summary, enrollment summary, event information; a life safety point silenced and reset.",
            [(t[0], unicast(t[1])) for t in turns])


def files_and_logs():
    record = lambda minute, choice: inside(0, app("date", DATE), app("time", (17, minute, 0, 0))) + inside(1, choice) + ctx(2, "bits", "0000")
    log = (LOG, 1)
    head = ctx(0, "object", log) + ctx(1, "enumerated", 131)
    many = [record(30, ctx(2, "real", 20.5)), record(31, ctx(3, "enumerated", 1)), record(32, ctx(0, "bits", "101")), record(33, inside(8, app("enumerated", 2), app("enumerated", 32)))]
    turns = [
        (">", request(6, 1, app("object", (FILE, 1)), inside(0, app("signed", 0), app("unsigned", 64)))),
        ("<", ack(6, 1, app("boolean", 0), inside(0, app("signed", 0), app("octets", b"[fan]\nspeed=7\n" * 4)))),
        (">", request(6, 2, app("object", (FILE, 1)), inside(1, app("signed", 3), app("unsigned", 2)))),
        ("<", ack(6, 2, app("boolean", 1), inside(1, app("signed", 3), app("unsigned", 2), app("octets", b"first record"), app("octets", b"second")))),
        (">", request(7, 3, app("object", (FILE, 1)), inside(0, app("signed", -1), app("octets", bytes(range(256)) + b"more")))), ("<", ack(7, 3, ctx(0, "signed", 128))),
        (">", request(7, 4, app("object", (FILE, 2)), inside(1, app("signed", 0), app("unsigned", 1), app("octets", b"record")))), ("<", error(7, 4, 5, 5)),
        (">", request(26, 5, head, inside(3, app("unsigned", 1), app("signed", 4)))),
        ("<", ack(26, 5, head, ctx(3, "bits", "110"), ctx(4, "unsigned", 4), inside(5, *many))),
        (">", request(26, 6, head, inside(6, app("unsigned", 100), app("signed", -2)))),
        ("<", ack(26, 6, head, ctx(3, "bits", "001"), ctx(4, "unsigned", 1), inside(5, many[0]), ctx(6, "unsigned", 99))),
        (">", request(26, 7, head, inside(7, app("date", DATE), app("time", TIME), app("signed", 1)))),
        ("<", ack(26, 7, head, ctx(3, "bits", "000"), ctx(4, "unsigned", 0), inside(5))),
    ]
    capture("files-and-logs", "files as streams and records, a log by place, number and time",
            "A file read and written as a stream and as records, a write that is refused; a trend log read by position, by sequence number and by time, with a value, a state, a "
            "log status and an error.", [(t[0], unicast(t[1])) for t in turns])


def segments():
    objects = b"".join(app("object", (AI, n)) for n in range(200))
    whole = ctx(0, "object", (DEV, 61)) + ctx(1, "enumerated", 76) + inside(3, objects)
    cut = [whole[n:n + 400] for n in range(0, len(whole), 400)]
    text = ctx(0, "object", (DEV, 61)) + ctx(1, "enumerated", 28) + inside(3, app("text", "A long description. " * 40))
    parts = [text[n:n + 300] for n in range(0, len(text), 300)]
    last = lambda pieces, n: n == len(pieces) - 1
    read = request(12, 1, ctx(0, "object", (DEV, 61)), ctx(1, "enumerated", 76))
    turns = [(">", read)]
    for n, piece in enumerate(cut):
        turns.append(("<", ack(12, 1, piece, segment=n, more=not last(cut, n))))
        if n in (0, len(cut) - 1):
            turns.append((">", segment_ack(1, n)))
    for n, piece in enumerate(parts):
        turns += [(">", request(15, 2, piece, segment=n, more=not last(parts, n))), ("<", segment_ack(2, n, server=1))]
    turns.append(("<", done(15, 2)))
    # The second is lost and asked for again, with what came behind it.
    order = [0, 2, "nak", 1, 2]
    turns.append((">", read[:2] + b"\3" + read[3:]))
    for n in order:
        turns.append((">", segment_ack(3, 0, negative=1)) if n == "nak" else ("<", ack(12, 3, cut[n], segment=n, more=not last(cut, n))))
    turns += [(">", read[:2] + b"\4" + read[3:]), ("<", ack(12, 4, cut[0], segment=0, more=True)), ("<", bytes([0x71, 4, 10]))]
    capture("segments", "messages in segments",
            "A list of 200 objects in an answer of three segments, a write in three; one answer whose second segment is lost; one that is aborted behind its first.",
            [(t[0], unicast(t[1])) for t in turns])


def services():
    ai = (AI, 1)
    subscribe = [ctx(0, "unsigned", 18), ctx(1, "object", ai)]
    turns = [
        (">", say(7, ctx(3, "text", "Supply air"))), (">", say(7, ctx(0, "unsigned", 1), ctx(1, "unsigned", 99), ctx(2, "object", ai))),
        ("<", say(1, app("object", (DEV, 61)), app("object", ai), app("text", "Supply air"))),
        ("<", say(13, app("unsigned", 260), app("text", "AHU-C200"), app("text", "NC-00062"))),
        (">", say(14, app("unsigned", 260), app("text", "AHU-C200"), app("text", "NC-00062"), app("object", (DEV, 62)))),
        (">", say(10, ctx(0, "unsigned", 3), ctx(1, "unsigned", 8), inside(2, ctx(0, "unsigned", 1), app("real", 50.0), ctx(0, "unsigned", 2), app("null", 0)))),
        (">", request(28, 1, *subscribe, tag(2, b"\1"), ctx(3, "unsigned", 60), inside(4, ctx(0, "enumerated", 85)), ctx(5, "real", 0.5))), ("<", done(28, 1)),
        (">", request(30, 2, ctx(0, "unsigned", 18), tag(1, b"\0"), ctx(2, "unsigned", 60), ctx(3, "unsigned", 5),
                      inside(4, ctx(0, "object", ai), inside(1, inside(0, ctx(0, "enumerated", 85)), ctx(1, "real", 0.5), tag(2, b"\1"))))), ("<", done(30, 2)),
        ("<", say(11, ctx(0, "unsigned", 18), ctx(1, "object", (DEV, 61)), ctx(2, "unsigned", 55), inside(3, app("date", DATE), app("time", TIME)),
                  inside(4, ctx(0, "object", ai), inside(1, ctx(0, "enumerated", 85), inside(2, app("real", 18.5)), ctx(3, "time", TIME))))),
        (">", request(19, 3, ctx(0, "object", (DEV, 1)), inside(1, ctx(1, "text", "maintenance")), ctx(2, "enumerated", 1), ctx(3, "text", "Filter is due"))), ("<", done(19, 3)),
        (">", say(5, ctx(0, "object", (DEV, 1)), ctx(2, "enumerated", 0), ctx(3, "text", "hello"))),
        (">", request(18, 4, ctx(0, "unsigned", 260), ctx(1, "unsigned", 3), inside(2, app("unsigned", 7)))), ("<", ack(18, 4, ctx(0, "unsigned", 260), ctx(1, "unsigned", 3), inside(2, app("real", 1.5)))),
        (">", request(18, 5, ctx(0, "unsigned", 260), ctx(1, "unsigned", 4))),
        ("<", bytes([0x50, 5, 18]) + inside(0, app("enumerated", 5), app("enumerated", 45)) + ctx(1, "unsigned", 260) + ctx(2, "unsigned", 4)),
        (">", request(21, 6, app("enumerated", 1), app("unsigned", 5))), ("<", ack(21, 6, app("unsigned", 9))),
        (">", request(23, 7, app("unsigned", 9), app("octets", b"show config\r\n"), app("unsigned", 0))), ("<", ack(23, 7, tag(0, b"\1"))),
        (">", request(22, 8, app("unsigned", 9))), ("<", done(22, 8)),
        (">", request(10, 9, inside(0, ctx(0, "enumerated", 2)), inside(1, ctx(0, "enumerated", 77), inside(2, app("text", "new"))))), ("<", ack(10, 9, app("object", (AV, 9)))),
        (">", request(10, 10, inside(0, ctx(1, "object", (AV, 9))))), ("<", bytes([0x50, 10, 10]) + inside(0, app("enumerated", 1), app("enumerated", 24)) + ctx(1, "unsigned", 0)),
        (">", request(16, 11, ctx(0, "object", (AO, 1)), inside(1, ctx(0, "enumerated", 85), inside(2, app("real", 5.0)), ctx(3, "unsigned", 8)))),
        ("<", bytes([0x50, 11, 16]) + inside(0, app("enumerated", 2), app("enumerated", 37)) + inside(1, ctx(0, "object", (AO, 1)), ctx(1, "enumerated", 85))),
        (">", request(14, 12, ctx(0, "object", (AI, 1)), inside(1, ctx(0, "enumerated", 8)))), ("<", bytes([0x60, 12, 9])),
        *[t for n in range(8) for t in ((">", request(20, 13 + n, ctx(0, "enumerated", n), *([ctx(1, "text", "hunter2")] if n in (0, 4) else []))), ("<", done(20, 13 + n)))],
        (">", request(17, 30, ctx(1, "enumerated", 2), ctx(2, "text", "hunter2"))), ("<", done(17, 30)),
        (">", request(17, 31, ctx(0, "unsigned", 10), ctx(1, "enumerated", 1))), ("<", done(17, 31)),
    ]
    capture("services", "what else there is to ask",
            "Who-Has by name and by number, Who-Am-I and You-Are, a group written; subscriptions to properties, of one object and of many; text messages, private transfers, a terminal "
            "session; objects created, or not; a write that fails in the middle, a rejected request; every state of reinitializeDevice; communication disabled.",
            [(t[0], unicast(t[1])) for t in turns])


def value_types():
    known = [("null", 0), ("boolean", 1), ("unsigned", 4_000_000_000), ("signed", -70000), ("real", -12.75), ("double", 1e-9), ("octets", bytes(range(8))),
             ("text", "Grün"), ("text", b"\5Gr\xfcn"), ("text", b"\4" + "Grün €".encode("utf-16-be")), ("text", b"\3" + "Grün".encode("utf-32-be")), ("text", b"\1\3\x52Gr"),
             ("bits", "0110"), ("enumerated", 62), ("date", DATE), ("date", (255, 13, 32, 1)), ("time", TIME), ("time", (255, 255, 255, 255)), ("object", (DEV, 4194303)), ("object", (200, 7))]
    turns = []
    for n, (kind, v) in enumerate(known):
        turns += [(">", request(12, n, ctx(0, "object", (AV, n)), ctx(1, "enumerated", 85))),
                  ("<", ack(12, n, ctx(0, "object", (AV, n)), ctx(1, "enumerated", 85), inside(3, app(kind, v))))]
    read = lambda n, kind, prop, *data: [(">", request(12, n, ctx(0, "object", (kind, 1)), ctx(1, "enumerated", prop))),
                                         ("<", ack(12, n, ctx(0, "object", (kind, 1)), ctx(1, "enumerated", prop), inside(3, *data)))]
    turns += read(30, AO, 87, *[app("null", 0)] * 7, app("real", 55.0), *[app("null", 0)] * 8)
    turns += read(31, DEV, 97, app("bits", "1" * 6 + "0" * 20 + "1" * 14))
    turns += read(32, AI, 111, app("bits", "0101"))
    turns += read(33, AI, 117, app("enumerated", 62))
    turns += read(34, BI, 85, app("enumerated", 1))
    turns += read(35, AI, 103, app("enumerated", 1))
    turns += read(36, NC, 102, app("bits", "1111111"), app("time", (0,) * 4), app("time", (23, 59, 59, 99)), ctx(0, "object", (DEV, 1)), app("unsigned", 7), app("boolean", 1), app("bits", "111"))
    turns += read(37, DEV, 6000, app("unsigned", 1))
    capture("value-types", "values of every type and character set",
            "Every application tag, texts in UTF-8, ISO 8859-1, UCS-2, UCS-4 and DBCS, dates and times that are not said in full; a priority array, bits with names, units, states, a list "
            "of constructed values, a property of a vendor's own.", [(t[0], unicast(t[1])) for t in turns])


def ipv6():
    a, b = "fd77::2", "fd77::1"
    six = lambda function, data: struct.pack(">BBH", 0x82, function, len(data) + 4) + data
    vmac = lambda n: n.to_bytes(3, "big")
    far = ipaddress.ip_address("fd78::33").packed + struct.pack(">H", PORT)
    turns = [
        (">", six(2, vmac(1) + npdu(say(8)))),
        ("<", six(1, vmac(61) + vmac(1) + npdu(say(0, app("object", (DEV, 61)), app("unsigned", 1476), app("enumerated", 0), app("unsigned", 260))))),
        (">", six(3, vmac(1) + vmac(61))), ("<", six(5, vmac(61) + vmac(1))),
        (">", six(6, vmac(1))), ("<", six(7, vmac(61) + vmac(1))),
        (">", six(1, vmac(1) + vmac(61) + npdu(READ_AI, reply=True))), ("<", six(1, vmac(61) + vmac(1) + npdu(ANSWER_AI))),
        (">", six(9, vmac(1) + struct.pack(">H", 60))), ("<", six(0, vmac(61) + b"\0\0")),
        (">", six(0x0C, vmac(1) + npdu(say(8)))),
        ("<", six(8, vmac(33) + far + npdu(say(0, app("object", (DEV, 33)), app("unsigned", 480), app("enumerated", 3), app("unsigned", 8))))),
        ("<", six(4, vmac(61) + vmac(33) + far)),
        (">", six(0x0A, vmac(1) + far)), ("<", six(0, vmac(61) + b"\0\xa0")),
    ]
    capture("ipv6", "over IPv6, with virtual addresses",
            "Who-Is and I-Am, both kinds of address resolution, a read; a foreign device registers, distributes and deletes an entry that is not there; what is forwarded has the sender's address.",
            turns, (a, b))


def malformed():
    good = unicast(READ_AI)
    turns = [
        (">", b"no BACnet at all"), (">", good), ("<", b"\x81"),
        ("<", unicast(ANSWER_AI)),
        (">", bvlc(0x20, b"\0")), (">", bvlc(5, b"\0")), (">", good[:14]), (">", good + b"tail"),
        (">", bvlc(0x0A, b"\2\4" + READ_AI)), (">", bvlc(0x0A, b"\1\x20\x07\xd1\xff\5")), (">", bvlc(0x0A, npdu(b"\x7f", message=True))),
        (">", bvlc(0x0A, npdu(b"\3\1", message=True))), (">", unicast(b"\x95\1\2")), (">", unicast(b"\0\5")),
        (">", unicast(request(99, 2, ctx(0, "unsigned", 1)))), (">", unicast(request(15, 3, ctx(0, "object", (AI, 1)), ctx(1, "enumerated", 85), b"\x3e\x44\x42"))),
        (">", unicast(request(12, 4, ctx(0, "object", (AI, 1)), ctx(1, "enumerated", 85), ctx(9, "unsigned", 1)))),
        (">", unicast(request(12, 5, tag(0, b"\0\0\1"), ctx(1, "enumerated", 85)))),
        (">", unicast(request(15, 6, ctx(0, "object", (AI, 1)), ctx(1, "enumerated", 85), b"\x3e" + b"\x0e" * 40 + b"\x0f" * 40 + b"\x3f"))),
        (">", good), ("<", unicast(done(15, 1))), ("<", unicast(ANSWER_AI)),
        (">", unicast(READ_AI[:2] + b"\7" + READ_AI[3:])), (">", unicast(READ_AI[:2] + b"\7" + READ_AI[3:])), ("<", unicast(ANSWER_AI[:1] + b"\7" + ANSWER_AI[2:])),
    ]
    capture("malformed", "datagrams that are damaged, between good ones",
            "Each part cut short or filled with what it cannot have; a mismatched answer, one to nothing, a request said twice. What is well-formed behind it is recorded.", turns)


def ethernet():
    station, device, router = (bytes([2, 0, 0, 0, 0x77, n]) for n in (2, 1, 9))
    everybody = b"\xff" * 6

    def llc(source, target, data, head=b"\x82\x82\x03", length=None):
        n = len(head) + len(data) if length is None else length
        return (target + source + struct.pack(">H", n) + head + data).ljust(60, b"\0")

    far = (2001, b"\x05")
    frames = [
        llc(router, everybody, npdu(b"\1" + struct.pack(">H", 2001), message=True)),
        llc(station, everybody, npdu(say(8, ctx(0, "unsigned", 1), ctx(1, "unsigned", 99)))),
        llc(device, everybody, npdu(say(0, app("object", (DEV, 61)), app("unsigned", 1476), app("enumerated", 3), app("unsigned", 260)))),
        llc(station, device, npdu(READ_AI, reply=True)), llc(device, station, npdu(ANSWER_AI)),
        llc(station, device, npdu(request(15, 2, ctx(0, "object", (BO, 2)), ctx(1, "enumerated", 85), inside(3, app("enumerated", 1)), ctx(4, "unsigned", 8)), reply=True)),
        llc(device, station, npdu(done(15, 2))),
        llc(station, router, npdu(READ_AI, reply=True, to=far)), llc(router, station, npdu(ANSWER_AI, of=far)),
        llc(station, device, npdu(request(20, 3, ctx(0, "enumerated", 0), ctx(1, "text", "secret")), reply=True)), llc(device, station, npdu(error(20, 3, 4, 26))),
        llc(station, device, b"\2\4" + READ_AI), llc(station, device, npdu(b"", to=far)),
        llc(station, device, b""), llc(station, device, npdu(READ_AI), head=b"\x82\x83\x03"), llc(station, device, npdu(READ_AI), head=b"\x42\x42\x03"),
    ]
    write("bacnet/ethernet", "on Ethernet, without IP",
          "A router, Who-Is and I-Am, a read, a write and a restart that is refused, a station behind the router; then an NPDU of another version, one with nothing in it, a frame "
          "with nothing behind LLC, and two that LLC says are not BACnet's or no command. Short frames are padded.", "none: an encoder",
          "synthetic, written by an encoder of our own", [(START + n * 20_000_000, f) for n, f in enumerate(frames)])


for make in (routing, broadcasts, events, files_and_logs, segments, services, value_types, ipv6, malformed, ethernet):
    make()
