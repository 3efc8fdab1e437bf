"""Plays both ends of a conversation of DICOM, written down by hand: what dcmtk does not speak.

usage: dicom_play.py CASE server ADDRESS PORT        first, in one network namespace
       dicom_play.py CASE client ADDRESS PORT        then, in another

A case is a list of turns; each end sends its own and waits for the other's. Nothing of it is shared with the parser.
"""

import struct

import play

IMPLICIT, EXPLICIT = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1"
ECHO, CT, FIND = b"1.2.840.10008.1.1", b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.5.1.4.1.2.2.1"
STEP, FILM, PRINTER, COMMIT = b"1.2.840.10008.3.1.2.3.3", b"1.2.840.10008.5.1.1.1", b"1.2.840.10008.5.1.1.16", b"1.2.840.10008.1.20.1"
PRINT = b"1.2.840.10008.5.1.1.9"
CLASSES = [ECHO, CT, FIND, STEP, PRINT, COMMIT]  # contexts 1, 3, 5, 7, 9, 11


def pdu(kind, body):
    return struct.pack(">BBI", kind, 0, len(body)) + body


def item(kind, value):
    return struct.pack(">BBH", kind, 0, len(value)) + value


def counted(value):
    return struct.pack(">H", len(value)) + value


def associate(kind, items, called=b"ARCHIVE", calling=b"CT1"):
    fixed = struct.pack(">HH", 1, 0) + called.ljust(16) + calling.ljust(16) + bytes(32)
    return pdu(kind, fixed + item(0x10, b"1.2.840.10008.3.1.1.1") + items)


def user(more=b""):
    return item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.826.0.1.3680043.10.77.3") + more + item(0x55, b"PICKET_PLAY"))


REQUEST = associate(1, b"".join(item(0x20, bytes([2 * i + 1, 0, 0, 0]) + item(0x30, c) + item(0x40, IMPLICIT)) for i, c in enumerate(CLASSES))
                    + user(item(0x53, struct.pack(">HH", 4, 2)) + item(0x54, counted(COMMIT) + b"\1\1") + item(0x56, counted(FIND) + b"\1\0\1")
                           + item(0x57, counted(CT) + counted(b"1.2.840.10008.4.2") + counted(b""))))
ACCEPT = associate(2, b"".join(item(0x21, bytes([2 * i + 1, 0, 0, 0]) + item(0x40, IMPLICIT)) for i in range(len(CLASSES)))
                   + user(item(0x53, struct.pack(">HH", 1, 1)) + item(0x54, counted(COMMIT) + b"\1\1")))
RELEASE, RELEASED = pdu(5, bytes(4)), pdu(6, bytes(4))


def element(group, number, value):
    if len(value) % 2:
        value += b"\0" if value[-1:].isdigit() or group == 0 else b" "
    return struct.pack("<HHI", group, number, len(value)) + value


def us(number, value):
    return element(0, number, struct.pack("<H", value))


def command(*elements):
    body = b"".join(elements)
    return element(0, 0, struct.pack("<I", len(body))) + body


def pdv(context, control, data):
    return struct.pack(">IBB", len(data) + 2, context, control) + data


def message(context, elements, data=None):
    out = pdu(4, pdv(context, 3, command(*elements)))
    return out if data is None else out + pdu(4, pdv(context, 2, data))


def ask(context, field, number, sop, *more, data=None, requested=None, instance=None):
    elements = [element(0, 3 if requested else 2, sop), us(0x100, field), us(0x110, number), us(0x800, 0x101 if data is None else 1)]
    if instance:
        elements.append(element(0, 0x1001 if requested else 0x1000, instance))
    return message(context, elements + list(more), data)


def tell(context, field, number, status, *more, sop=ECHO, data=None):
    elements = [element(0, 2, sop), us(0x100, field), us(0x120, number), us(0x800, 0x101 if data is None else 1), us(0x900, status)]
    return message(context, elements + list(more), data)


def echo(number):
    return ask(1, 0x30, number, ECHO)


def echoed(number):
    return tell(1, 0x8030, number, 0)


def tags(*pairs):
    return b"".join(struct.pack("<HH", *p) for p in pairs)


PATIENT = element(0x10, 0x10, b"DOE^JANE^Q") + element(0x10, 0x20, b"PAT4711") + element(0x10, 0x30, b"19700131")
STEP_SET = element(8, 0x60, b"CT") + PATIENT + element(0x40, 0x241, b"CT1") + element(0x40, 0x252, b"IN PROGRESS")
REFERENCES = element(8, 0x1195, b"1.2.826.0.1.3680043.10.77.5")
QUERY = element(8, 0x52, b"STUDY") + element(0x10, 0x10, b"DOE*") + element(0x20, 0xD, b"")
MATCH = element(8, 0x52, b"STUDY") + PATIENT + element(0x20, 0xD, b"1.2.826.0.1.3680043.10.77.1")

QUERY_COMMAND = command(element(0, 2, FIND), us(0x100, 0x20), us(0x110, 9), us(0x700, 0), us(0x800, 1))

CASES = {
    "services": [
        (">", REQUEST), ("<", ACCEPT),
        (">", ask(7, 0x140, 1, STEP, data=STEP_SET, instance=b"1.2.3.7.1")), ("<", tell(7, 0x8140, 1, 0, sop=STEP)),
        (">", ask(7, 0x120, 2, STEP, data=element(0x40, 0x252, b"COMPLETED"), requested=True, instance=b"1.2.3.7.1")), ("<", tell(7, 0x8120, 2, 0, sop=STEP)),
        (">", ask(7, 0x120, 3, STEP, data=element(0x40, 0x252, b"IN PROGRESS"), requested=True, instance=b"1.2.3.7.1")),
        ("<", tell(7, 0x8120, 3, 0x0110, element(0, 0x902, b"step may no longer be updated"), us(0x903, 0xA710), sop=STEP)),
        (">", ask(9, 0x140, 4, FILM, data=element(0x2000, 0x10, b"1"))), ("<", tell(9, 0x8140, 4, 0, element(0, 0x1000, b"1.2.3.8.1"), sop=FILM)),
        (">", ask(9, 0x110, 5, PRINTER, element(0, 0x1005, tags((0x2110, 0x10), (0x2110, 0x20), (0x2110, 0x99))), requested=True, instance=b"1.2.840.10008.5.1.1.17")),
        ("<", tell(9, 0x8110, 5, 0x0107, element(0, 0x901, tags((0x2110, 0x99))), sop=PRINTER, data=element(8, 0x70, b"ACME Imaging") + element(8, 0x1090, b"Laser 3") + element(0x18, 0x1000, b"LP-17")
                   + element(0x18, 0x1020, b"2.0") + element(0x2110, 0x10, b"NORMAL"))),
        (">", ask(9, 0x130, 6, FILM, us(0x1008, 1), requested=True, instance=b"1.2.3.8.1")), ("<", tell(9, 0x8130, 6, 0xB600, us(0x1008, 1), sop=FILM)),
        (">", ask(9, 0x150, 7, FILM, requested=True, instance=b"1.2.3.8.1")), ("<", tell(9, 0x8150, 7, 0x0112, sop=FILM)),
        (">", ask(11, 0x130, 8, COMMIT, us(0x1008, 1), data=REFERENCES, requested=True, instance=b"1.2.840.10008.1.20.1.1")), ("<", tell(11, 0x8130, 8, 0, us(0x1008, 1), sop=COMMIT)),
        ("<", ask(11, 0x100, 1, COMMIT, us(0x1002, 2), data=REFERENCES, instance=b"1.2.840.10008.1.20.1.1")), (">", tell(11, 0x8100, 1, 0, us(0x1002, 2), sop=COMMIT)),
        (">", RELEASE), ("<", RELEASED),
    ],
    "malformed": [
        (">", REQUEST), ("<", ACCEPT),
        (">", echo(1) + b"GET / HTTP/1.1\r\nHost: archive\r\n\r\n" + echo(2)), ("<", echoed(1) + echoed(2)),
        (">", (lambda e: e[:2] + struct.pack(">I", 0x00010000) + e[6:])(echo(3)) + (lambda e: e[:6] + struct.pack(">I", 500) + e[10:])(echo(4)) + echo(5)),
        ("<", echoed(5)),
        (">", pdu(4, pdv(1, 3, b"no elements, but words")) + ask(1, 0x77, 6, ECHO) + pdu(4, pdv(3, 2, MATCH))),
        (">", ask(3, 1, 7, CT, data=None, instance=b"1.2.3.4")[:-2].replace(struct.pack("<HHIH", 0, 0x800, 2, 0x101), struct.pack("<HHIH", 0, 0x800, 2, 1)) + b"4\0" + echo(8)),
        ("<", echoed(8) + echoed(77)), (">", echo(9)), ("<", tell(1, 0x8001, 9, 0)),
        (">", ask(99, 0x30, 10, ECHO)), ("<", tell(99, 0x8030, 10, 0x0122)),
        (">", REQUEST[:-30] + REQUEST[-30:-20]),
        (">", bytes(20) + echo(11)), ("<", echoed(11)),
    ],
    "small-segments": [
        (">", REQUEST), ("<", ACCEPT),
        (">", pdu(4, pdv(5, 1, QUERY_COMMAND[:7]) + pdv(5, 1, QUERY_COMMAND[7:50])) + pdu(4, pdv(5, 3, QUERY_COMMAND[50:]) + pdv(5, 0, QUERY[:11]) + pdv(5, 2, QUERY[11:]))),
        ("<", tell(5, 0x8020, 9, 0xFF00, sop=FIND, data=MATCH) + tell(5, 0x8020, 9, 0xFF01, sop=FIND, data=MATCH) + tell(5, 0x8020, 9, 0, sop=FIND)),
        (">", RELEASE), ("<", RELEASED),
    ],
}


play.main(CASES, 5)
