"""Plays both ends of a conversation of OPC UA, encoded here: what neither of the stacks says.

usage: opcua_play.py CASE server ADDRESS PORT        first, in one network namespace
       opcua_play.py CASE client ADDRESS PORT        then, in another

A case is a list of turns; each end sends its own and waits for the other's. Nothing of it is shared with the parser.
"""

import datetime
import struct

import play

CHANNEL, TOKEN = 41, 1


def u8(v):
    return struct.pack("<B", v)


def u16(v):
    return struct.pack("<H", v)


def u32(v):
    return struct.pack("<I", v)


def f64(v):
    return struct.pack("<d", v)


def string(v):
    return u32(0xFFFFFFFF) if v is None else u32(len(v)) + (v if isinstance(v, bytes) else v.encode())


def array(*items):
    return u32(len(items)) + b"".join(items)


NULL, NONE = string(None), u32(0)


def date(*when):
    seconds = (datetime.datetime(*when) - datetime.datetime(1601, 1, 1)).total_seconds()
    return struct.pack("<Q", int(seconds) * 10_000_000)


NOW = date(2026, 11, 22, 10, 45, 17)


def node(v, space=0):
    """85 or "Pump.Speed"."""
    if isinstance(v, str):
        return u8(3) + u16(space) + string(v)
    return u8(1) + u8(space) + u16(v) if v < 65536 and space < 256 else u8(2) + u16(space) + u32(v)


def named(name, space=0):
    return u16(space) + string(name)


def localized(text):
    return u8(2) + string(text)


def extension(type_id, body):
    return node(type_id) + u8(1) + u32(len(body)) + body


NOTHING = node(0) + u8(0)


def double(v):
    return u8(11) + f64(v)


def data(variant, status=None, when=None):
    mask = 1 | (2 if status is not None else 0) | (4 if when else 0)
    return u8(mask) + variant + (u32(status) if status is not None else b"") + (when or b"")


def chunk(kind, rest, final="F"):
    return kind.encode() + final.encode() + u32(len(rest) + 8) + rest


HELLO = chunk("HEL", u32(0) + u32(65536) + u32(65536) + u32(0) + u32(0) + string("opc.tcp://10.77.0.1:4842"))
ACKNOWLEDGE = chunk("ACK", u32(0) + u32(65536) + u32(65536) + u32(0) + u32(0))


def ask(service, handle, rest=b""):
    return node(service) + node(0) + NOW + u32(handle) + u32(0) + NULL + u32(10000) + NOTHING + rest


def tell(service, handle, rest=b"", result=0):
    return node(service) + NOW + u32(handle) + u32(result) + u8(0) + NULL + NOTHING + rest


def opn(body, channel):
    return chunk("OPN", u32(channel) + string("http://opcfoundation.org/UA/SecurityPolicy#None") + NULL + NULL + u32(1) + u32(1) + body)


OPEN = [
    (">", HELLO),
    ("<", ACKNOWLEDGE),
    (">", opn(ask(446, 1, u32(0) + u32(0) + u32(1) + NULL + u32(3600000)), 0)),
    ("<", opn(tell(449, 1, u32(0) + u32(CHANNEL) + u32(TOKEN) + NOW + u32(3600000) + NULL), CHANNEL)),
]


def msg(request, body, sequence, final="F", channel=CHANNEL, token=TOKEN, kind="MSG"):
    return chunk(kind, u32(channel) + u32(token) + u32(sequence) + u32(request) + body, final)


def read(handle, *nodes):
    return ask(631, handle, f64(0) + u32(2) + array(*(n + u32(13) + NULL + named(None) for n in nodes)))


def values(handle, *results):
    return tell(634, handle, array(*results) + NULL)


def talk(*pairs):
    """Requests with their responses, numbered one behind the other."""
    turns = list(OPEN)
    for i, (request, response) in enumerate(pairs):
        turns.append((">", msg(i + 2, request, i + 2)))
        turns.append(("<", msg(i + 2, response, i + 2)))
    turns.append((">", msg(len(pairs) + 2, ask(452, 99), len(pairs) + 2, kind="CLO")))
    return turns


SERVER = (string("urn:example:line-3") + string("urn:example:line-server") + array(localized("Line 3")) + u32(0) + NULL
          + array(string("opc.tcp://10.77.0.1:4842")) + string("/run/line3") + u8(1))
SPEED = node("Pump.Speed", 2)
EVENT_FILTER = array(node(2041) + array(named("Message")) + u32(13) + NULL) + array()
FROM, UNTIL = date(2026, 11, 22, 6), date(2026, 11, 22, 7)
EVENT = array(u8(12) + string("pump stopped"), u8(5) + u16(800))
NO_SIGNATURE = NULL + NULL
SPEEDS = array(data(double(1.5), 0, FROM), data(double(2.5), 0x40000000, UNTIL))

CASES = {
    "services": talk(
        (ask(437, 2, SERVER), tell(440, 2)),
        (ask(12211, 3, SERVER + array(extension(12901, string("Line 3") + array(string("DA"), string("HD"))))),
         tell(12212, 3, array(u32(0)) + NULL)),
        (ask(12208, 4, u32(0) + u32(10) + array(string("DA"))),
         tell(12209, 4, NOW + array(u32(5) + string("Line 3") + string("opc.tcp://10.77.0.1:4842") + array(string("DA"))))),
        (ask(467, 5, NO_SIGNATURE + NULL + NULL + extension(940, string("jwt") + string(b"token-of-somebody") + NULL) + NO_SIGNATURE),
         tell(470, 5, NULL + array(u32(0)) + NULL)),
        (ask(615, 6, node(0) + bytes(8) + u32(0) + array(node(63) + u8(1) + array(array() + u32(13) + NULL)) + array() + u32(10) + u32(0)),
         tell(618, 6, array(SPEED + node(63) + array(double(21.5))) + string(b"\x01") + NULL + NULL + NULL + NULL)),
        (ask(621, 7, u8(0) + string(b"\x01")), tell(624, 7, array(node("Pump.Level", 2) + node(63) + array(double(3))) + NULL)),
        (ask(700, 8, array(extension(682, SPEED + u32(3) + SPEEDS), extension(688, SPEED + u8(0) + FROM + UNTIL))),
         tell(703, 8, array(u32(0) + array(u32(0), u32(0)) + NULL, u32(0x80720000) + NULL + NULL) + NULL)),
        (ask(664, 9, extension(646, u32(5) + FROM + UNTIL + EVENT_FILTER) + u32(3) + u8(0) + array(node(2253) + NULL + named(None) + NULL)),
         tell(667, 9, array(u32(0) + NULL + extension(661, array(EVENT))) + NULL)),
        (ask(664, 10, extension(649, u8(0) + FROM + UNTIL + u32(100) + u8(0)) + u32(0) + u8(0) + array(SPEED + NULL + named(None) + NULL)),
         tell(667, 10, array(u32(0) + NULL + extension(658, SPEEDS)) + NULL)),
        (ask(479, 11, u32(4)), tell(482, 11, u32(1))),
        (ask(488, 12, array(node(85) + node(35) + node("New", 2) + named("New", 2) + u32(2)
                            + extension(357, u32(0) + localized("New") + localized("") + u32(0) + u32(0) + double(4.5) + node(11) + u32(0xFFFFFFFF)
                                        + NULL + u8(3) + u8(3) + f64(0) + u8(0)) + node(63))),
         tell(491, 12, array(u32(0) + node("New", 2)) + NULL)),
        (ask(494, 13, array(node("New", 2) + node(35) + u8(1) + NULL + SPEED + u32(2))), tell(497, 13, array(u32(0)) + NULL)),
        (ask(506, 14, array(node("New", 2) + node(35) + u8(1) + SPEED + u8(1))), tell(509, 14, array(u32(0)) + NULL)),
        (ask(500, 15, array(node("New", 2) + u8(1), node("Gone", 2) + u8(0))), tell(503, 15, array(u32(0), u32(0x80340000)) + NULL)),
        (ask(832, 16, u32(7) + u32(3)), tell(835, 16, u32(3) + NOW + array(extension(916, array(u32(12) + EVENT))))),
        (ask(826, 17, array(u32(7) + u32(3))),
         tell(829, 17, u32(7) + array(u32(4)) + u8(0) + u32(4) + NOW + array(extension(820, u32(0x800A0000) + u8(0))) + array(u32(0)) + NULL)),
        (ask(841, 18, array(u32(7)) + u8(1)), tell(844, 18, array(u32(0) + array(u32(4))) + NULL)),
        (ask(775, 19, u32(7) + u32(1) + array(u32(2)) + array(u32(3))), tell(778, 19, array(u32(0)) + NULL + array(u32(0x80420000)) + NULL)),
    ),
    # The server connects: who speaks first on the connection is it.
    "reverse": [
        (">", chunk("RHE", string("urn:example:line-3") + string("opc.tcp://10.77.0.1:4842"))),
    ] + [("<" if who == ">" else ">", what) for who, what in talk((read(2, SPEED), values(2, data(double(21.5)))))],
    "chunks": OPEN + [
        (">", (lambda b: msg(2, b[:30], 2, "C") + msg(2, b[30:41], 3, "C") + msg(2, b[41:], 4))(read(2, SPEED, node(2258)))),
        ("<", (lambda b: msg(2, b[:40], 2, "C") + msg(2, b[40:], 3))(values(2, data(double(21.5)), data(u8(13) + NOW)))),
        (">", msg(3, ask(673, 3, array(SPEED + u32(13) + NULL + data(double(9)))), 5, "C") + msg(3, u32(0x80800000) + string("too large"), 6, "A")),
        # A number left out, one said twice.
        (">", msg(4, read(4, SPEED), 8)),
        ("<", msg(4, values(4, data(double(22))), 4)),
        (">", msg(5, read(5, SPEED), 8)),
        ("<", msg(5, values(5, data(double(22))), 5)),
        (">", msg(6, read(6, SPEED), 9, token=77)),
        ("<", msg(6, values(6, data(double(22))), 6, channel=42)),
        ("<", msg(60, values(6, data(double(22))), 7)),
        (">", msg(7, read(7, SPEED), 10)),
        ("<", msg(7, tell(676, 7, array(u32(0)) + NULL), 8)),
        (">", msg(8, read(8, SPEED), 11)),
        ("<", msg(8, values(88, data(double(22))), 9)),
        (">", msg(9, ask(452, 9), 12, kind="CLO")),
    ],
    "malformed": OPEN + [
        (">", msg(2, read(2, SPEED), 2)),
        ("<", msg(2, values(2, data(double(21.5))), 2)),
        (">", msg(3, read(3, SPEED)[:-3], 3)),
        (">", msg(4, read(4, SPEED) + b"\0\1\2", 4)),
        (">", msg(5, ask(631, 5, f64(0) + u32(2) + u32(1000000) + SPEED), 5)),
        (">", msg(6, ask(1999, 6), 6)),
        (">", msg(7, read(7, SPEED), 7)),
        ("<", msg(7, values(7, u8(1) + (u8(0x98) + u32(1)) * 40 + double(1)), 3)),
        (">", b"GET / HTTP/1.1\r\nHost: plant\r\n\r\n" + msg(9, read(9, SPEED), 8)),
        ("<", b"\0\0\0\0" + msg(9, values(9, data(double(23))), 4)),
        (">", b"MSGF" + u32(7) + msg(10, read(10, SPEED), 9)),
        (">", b"MSGF" + u32(0x7FFFFFFF) + bytes(16) + msg(12, read(12, SPEED), 10)),
        ("<", msg(12, values(12, data(double(24))), 5)),
        ("<", chunk("ERR", u32(0x80800000) + string("what was that?"))),
    ],
}
CASES["small-segments"] = CASES["chunks"]


play.main(CASES, 5, pause=0.002)
