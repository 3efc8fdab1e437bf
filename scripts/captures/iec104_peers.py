#!/usr/bin/env python3
"""IEC 104 byte by byte: iec104_peers.py talk coalesced ADDRESS PORT      one end, against a real station
                     iec104_peers.py client|station CONVERSATION ADDRESS PORT   both ends of a conversation written down here

In a conversation '>' goes to the station, '<' comes from it; each end sends when it has got all that stands before."""

import socket
import struct
import sys
import time


def i(send, receive, asdu):
    body = bytes.fromhex(asdu)
    return struct.pack("<BBHH", 0x68, 4 + len(body), send << 1, receive << 1) + body


def s(receive):
    return struct.pack("<BBHH", 0x68, 4, 1, receive << 1)


def u(function):
    return bytes([0x68, 4, function | 3, 0, 0, 0])


START, START_CON, STOP, STOP_CON, TEST, TEST_CON = (u(bit) for bit in (0x04, 0x08, 0x10, 0x20, 0x40, 0x80))
ON, ON_CON, ON_TERM = ("2d 01 %s 00 0a00 881300 01" % cause for cause in ("06", "07", "0a"))
GENERAL = "64 01 06 00 0a00 000000 14"


def point(number, state=1):
    return "01 01 03 00 0a00 %s %02x" % (struct.pack("<I", number)[:3].hex(), state)


def asdus(*, start=0, receive=0, of):
    return b"".join(i(start + n, receive, asdu) for n, asdu in enumerate(of))


CONVERSATIONS = {
    # Bad frames between good ones, on both sides; all that is good comes through.
    "malformed-in-stream": [
        (">", START), ("<", START_CON),
        ("<", i(0, 0, point(1)) + bytes.fromhex("68 03 00 00 02") + i(1, 0, point(2))),
        (">", s(2)),
        (">", i(0, 2, ON) + b"\x00\xff\x68\x68\x04" + i(1, 2, GENERAL)),
        ("<", i(2, 2, ON_CON) + bytes.fromhex("68 04 0f 00 00 00") + i(3, 2, ON_TERM)),
        ("<", bytes.fromhex("68 04 00 00 00 00") + i(4, 2, "64 01 07 00 0a00 000000 14")),
        ("<", i(5, 2, "01 83 14 00 0a00 010000 01 00 01") + b"GET / HTTP/1.0\r\n\r\n" + i(6, 2, "64 01 0a 00 0a00 000000 14")),
        (">", s(7) + bytes.fromhex("68 0e 04 00 0f 00 2d 01 06 00 0a00 881300 01") + TEST), ("<", TEST_CON),
    ],
    # APDUs that are well framed and say what makes no sense.
    "malformed": [
        (">", START), ("<", START_CON),
        ("<", asdus(of=[
            "01 05 03 00 0a00 010000 01 020000 00",        # five objects, two are there
            "01 01 03 00 0a00 010000 01 ffff",             # more than one object needs
            "01 00 03 00 0a00",                            # none
            "01 ff 03 00 0a00 010000 01",                  # 127 in sequence, one is there
            "0d 01 03 00 0a00 0100",                       # not even an address
            "2d 01", "16 01 03 00 0a00 010000 01",         # no header; a reserved type
            "c8 01 03 00 0a00 010000 01020304",            # a private type
            "01 01 2b 00 0a00 010000 01",                  # a reserved cause
            "01 01 06 00 0a00 010000 01",                  # a report with cause activation
            "01 01 03 00 0000 010000 01",                  # common address 0
            "1e 01 03 00 0a00 010000 01 60ea 3c 18 00 0d 1a",  # no such time
        ])),
        (">", s(12)),
        (">", asdus(receive=12, of=[
            "2d 02 06 00 0a00 881300 01 891300 01",        # two commands in one
            "2e 01 06 00 0a00 881300 03", "2f 01 06 00 0a00 881300 00",  # states that are not permitted
            "32 01 06 00 0a00 881300 0000c07f 00",         # set point: not a number
            "64 01 06 00 0a00 000000 05",                  # a qualifier that is reserved
            "7d 01 0d 00 0a00 307500 0100 01 20 61626364", # a segment of 32 bytes, four are there
            "51 01 0e 00 0a00 000000 0102030405",          # security
        ])),
        ("<", s(7)),
    ],
    # Numbers that are lost, come twice, go back; acknowledgements of what was not sent; too many without one.
    "sequence": [
        (">", START), ("<", START_CON),
        ("<", i(0, 0, point(1)) + i(1, 0, point(2)) + i(4, 0, point(3))), (">", s(5)),
        ("<", i(5, 0, point(4)) + i(5, 0, point(4)) + i(2, 0, point(5)) + i(6, 0, point(6))), (">", s(7)),
        (">", s(40)), (">", s(3)),
        ("<", asdus(start=7, of=[point(n) for n in range(14)])), (">", s(21)),
        (">", STOP), ("<", STOP_CON), ("<", i(21, 0, point(1))),
    ],
    # The station asks, the control centre answers; confirmations nobody asked for; what the library has not.
    "reverse": [
        ("<", START), (">", START_CON),
        ("<", i(0, 0, ON)), (">", i(0, 1, ON_CON) + i(1, 1, ON_TERM)),
        ("<", i(1, 2, "67 01 06 00 0a00 000000 c35d 2d 0a f6 0b 1a")), (">", i(2, 2, "67 01 07 00 0a00 000000 c45d 2d 0a f6 0b 1a")),
        (">", i(3, 2, "64 01 47 00 0a00 000000 14") + i(4, 2, "2e 01 0a 00 0a00 881300 02")),
        ("<", i(2, 5, "2d 01 06 00 0a00 881300 01")), (">", i(5, 3, "2d 01 07 00 0a00 881300 00")),
        ("<", i(3, 6, "7f 01 0d 00 0a00 307500 0300 c35d2d0af60b1a c35d2e0af60b1a")),
        ("<", TEST), (">", TEST_CON),
    ],
    "small-segments": [
        (">", START), ("<", START_CON),
        (">", i(0, 0, ON) + i(1, 0, GENERAL)),
        ("<", i(0, 2, ON_CON) + i(1, 2, ON_TERM) + i(2, 2, "64 01 07 00 0a00 000000 14") + i(3, 2, point(7)) +
         i(4, 2, "64 01 0a 00 0a00 000000 14")),
        (">", s(5)),
    ],
    "no-start": [(">", i(0, 0, ON)), ("<", i(0, 1, ON_CON) + i(1, 1, ON_TERM)), (">", s(2))],
}


def play(end, conversation, link):
    """Plays one end: sends its own lines, waits for the other's."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for who, data in CONVERSATIONS[conversation]:
        if (who == ">") == (end == "client"):
            time.sleep(0.03)
            step = 1 if conversation == "small-segments" else len(data)
            for at in range(0, len(data), step):
                link.sendall(data[at:at + step])
                time.sleep(0.004)
        else:
            left = len(data)
            while left and (part := link.recv(left)):
                left -= len(part)
    time.sleep(0.1)


def read(link, seconds=0.3):
    link.settimeout(seconds)
    try:
        while link.recv(4096):
            pass
    except OSError:
        pass


COMMANDS = [ON, GENERAL, "66 01 05 00 0a00 640000", "32 01 06 00 0a00 ba1300 00004842 00"]


def coalesced(link):
    """All in one segment, then one APDU cut in two, with the next behind its second half."""
    link.sendall(START + b"".join(i(n, 0, asdu) for n, asdu in enumerate(COMMANDS)))
    read(link)
    cut = i(4, 11, ON) + i(5, 11, GENERAL)  # the station said eleven: 3 + 4 + 1 + 3
    link.sendall(cut[:7])
    time.sleep(0.05)
    link.sendall(cut[7:])
    read(link)


def main():
    role, conversation, address, port = sys.argv[1:5]
    if role == "station":
        with socket.create_server((address, int(port))) as server:
            link, _ = server.accept()
            with link:
                play(role, conversation, link)
        return
    with socket.create_connection((address, int(port)), timeout=5) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if role == "talk":
            coalesced(link)
        else:
            play(role, conversation, link)


main()
