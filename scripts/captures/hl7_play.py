"""Plays both ends of a conversation of HL7 over MLLP, written down by hand: frames and messages that libraries do not send.

usage: hl7_play.py CASE server ADDRESS PORT        first, in one network namespace
       hl7_play.py CASE client ADDRESS PORT        then, in another

A case is a list of turns; each end sends its own and waits for the other's. Nothing of it is shared with the parser.
"""

import play


PID = b"PID|1||PAT4711^^^PICKET^MR||DOE^JANE^Q||19700131|F\r"


def msh(kind, number, more=b""):
    return b"MSH|^~\\&|ADT1|WARD|EHR|PICKET|20261122104517||" + kind + b"|" + number + b"|P|2.5.1" + more + b"\r"


def block(message):
    return b"\x0b" + message + b"\x1c\r"


def admit(number, more=b""):
    return msh(b"ADT^A01^ADT_A01", number, more) + b"EVN|A01|20261122104500\r" + PID


def ack(code, number, more=b""):
    return block(b"MSH|^~\\&|EHR|PICKET|ADT1|WARD|20261122104518||ACK^A01^ACK|R" + number + b"|P|2.5.1\rMSA|" + code + b"|" + number + b"\r" + more)


OTHER = (b"MSH$%*!?$WARD!F!DESK$$EHR!S!2$$2026112210$$ADT%A04%ADT_A01$E1$P$2.3\rPID$1$$PAT4711%%%PICKET*PAT0815$$DOE%JANE\r")

CASES = {
    "separators": [
        (">", block(OTHER)), ("<", ack(b"AA", b"E1")),
        (">", block(msh(b"ORU^R01", b"E2") + PID + b"OBR|1|A\\F\\B\\S\\C\\T\\D\\R\\E\\E\\F|X\\X4142\\Y|C1^Name \\T\\ more\r")), ("<", ack(b"AA", b"E2")),
        (">", block(b"MSH|^~\\&#|ADT1|WARD|EHR|PICKET|20261122||ADT^A08^ADT_A01|E3|P|2.7||||||UNICODE UTF-8~ISO IR87\r" + PID)), ("<", ack(b"AA", b"E3")),
    ],
    "enhanced": [
        (">", block(msh(b"ORM^O01^ORM_O01", b"N1", b"|||AL|AL") + PID + b"ORC|NW|ORD1\r")), ("<", ack(b"CA", b"N1")), ("<", ack(b"AA", b"N1")),
        (">", block(msh(b"ORM^O01^ORM_O01", b"N2", b"|||AL|AL") + PID + b"ORC|NW|ORD2\r")), ("<", ack(b"CE", b"N2", b"ERR|||207^Application error|E\r")),
        (">", block(admit(b"N3"))), ("<", block(b"\x06")), ("<", ack(b"AA", b"N3")),
        (">", block(admit(b"N4"))), ("<", block(b"\x15")),
    ],
    "framing": [
        (">", block(admit(b"W1")) + block(admit(b"W2")) + block(admit(b"W3"))), ("<", ack(b"AA", b"W3") + ack(b"AA", b"W1") + ack(b"AA", b"W2")),
        (">", admit(b"W4") + b"\x1c\r"), ("<", ack(b"AA", b"W4")),
        (">", b"\x0b" + admit(b"W5") + b"\x1c"), (">", block(admit(b"W6"))), ("<", ack(b"AA", b"W5") + ack(b"AA", b"W6")),
        (">", b"\x0b" + admit(b"W7") + block(admit(b"W8"))), ("<", ack(b"AA", b"W7") + ack(b"AA", b"W8")),
        (">", block(admit(b"W9").replace(b"\r", b"\n"))), ("<", ack(b"AA", b"W9")),
        (">", block(admit(b"W10").replace(b"\r", b"\r\n")) + b"\n"), ("<", ack(b"AA", b"W10")),
        (">", b"\x0b\x1c\r" + b"\r\n" + block(admit(b"W11"))), ("<", ack(b"AA", b"W11")),
    ],
    "malformed": [
        (">", block(admit(b"B1"))), ("<", ack(b"AA", b"B1")),
        (">", b"GET /DOE^JANE HTTP/1.1\r\n\r\n" + block(admit(b"B2"))), ("<", ack(b"AA", b"B2")),
        (">", block(PID)), (">", block(b"MSH\r" + PID)), (">", block(msh(b"ADT^A01", b"B3") + b"JANE DOE lives in Secret Lane\r" + PID)),
        ("<", ack(b"OK", b"B3")), ("<", ack(b"AA", b"B99")),
        (">", block(msh(b"ADT^A01", b"") + PID)), (">", block(msh(b"ZZZ^Z99", b"B4") + PID + b"ZPD|1|private\r")), ("<", ack(b"AA", b"B4")),
        (">", block(admit(b"B5")) + block(admit(b"B5"))), ("<", ack(b"AA", b"B5")),
        (">", block(msh(b"ORU^R01", b"B6") + PID + b"OBX|1|ED|PDF^Report||" + b"JVBERi0xLjQK" * 8000 + b"||||||F\r")), ("<", ack(b"AA", b"B6")),
        (">", b"\x0b" + admit(b"B7")[:-20]),
    ],
    "batch": [
        (">", block(b"FHS|^~\\&|LIS|LAB|EHR|PICKET|20261122\rBHS|^~\\&|LIS|LAB|EHR|PICKET|20261122|||||BATCH1\r" + msh(b"ORU^R01^ORU_R01", b"C1") + PID
                    + b"OBR|1|ORD1|LAB1|2345-7\r" + msh(b"ORU^R01^ORU_R01", b"C2") + PID + b"OBR|1|ORD2|LAB2|718-7\rBTS|2\rFTS|1\r")), ("<", ack(b"AA", b"C1")),
    ],
}
CASES["small-segments"] = [(">", block(admit(b"P1"))), ("<", ack(b"AA", b"P1")), (">", block(admit(b"P2")) + block(admit(b"P3"))), ("<", ack(b"AA", b"P2") + ack(b"AE", b"P3"))]


play.main(CASES, 3)
