#!/usr/bin/env python3
"""Captures of RaSTA with SCI inside, made by an encoder that shares nothing with the parser: its CRCs are long divisions, its
MD4 is written after RFC 1320.

usage: scripts/captures/rasta.py        writes pcaps/rasta/*
"""
import struct

import captures
from captures import Talk

ENDS = "none: an encoder"
ORIGIN = "synthetic, written by an encoder of our own"
OPEN, ACCEPT, AGAIN, RESEND, CLOSE, HEARTBEAT, DATA, RESENT = 6200, 6201, 6212, 6213, 6216, 6220, 6240, 6241
POINT, LIGHT, SECTION, NEIGHBOUR, IO, CROSSING = 0x40, 0x30, 0x20, 0x01, 0x90, 0x60
USUAL = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)


def md4(data, state=USUAL):
    def turn(x, n):
        return (x << n | x >> 32 - n) & 0xFFFFFFFF

    bits = len(data) * 8
    data += b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", bits)
    rounds = [
        (lambda b, c, d: b & c | ~b & d, 0, range(16), (3, 7, 11, 19)),
        (lambda b, c, d: b & c | b & d | c & d, 0x5A827999, [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], (3, 5, 9, 13)),
        (lambda b, c, d: b ^ c ^ d, 0x6ED9EBA1, [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], (3, 9, 11, 15)),
    ]
    for at in range(0, len(data), 64):
        words = struct.unpack_from("<16I", data, at)
        v = list(state)
        for function, add, order, turns in rounds:
            for step, k in enumerate(order):
                i = -step % 4  # a, d, c, b, a ...
                a, b, c, d = (v[(i + j) % 4] for j in range(4))
                v[i] = turn((a + (function(b, c, d) & 0xFFFFFFFF) + words[k] + add) & 0xFFFFFFFF, turns[step % 4])
        state = tuple((x + y) & 0xFFFFFFFF for x, y in zip(state, v))
    return struct.pack("<4I", *state)


assert md4(b"abc").hex() == "a448017aaf21d8525fc10ae87aa6729d"


def mirrored(value, bits):
    return int(f"{value:0{bits}b}"[::-1], 2)


def division(data, bits, polynomial, mirror, ones):
    """The check code as the options have it: width, polynomial, whether bits stand in reverse, whether it begins and ends with ones."""
    top, mask = 1 << bits - 1, (1 << bits) - 1
    rest = mask if ones else 0
    for byte in data:
        rest ^= (mirrored(byte, 8) if mirror else byte) << bits - 8
        for _ in range(8):
            rest = (rest << 1 ^ polynomial if rest & top else rest << 1) & mask
    rest = mirrored(rest, bits) if mirror else rest
    return (rest ^ (mask if ones else 0)).to_bytes(bits // 8, "little")


OPTIONS = {
    "A": lambda data: b"",
    "B": lambda data: division(data, 32, 0xEE5B42FD, False, False),
    "C": lambda data: division(data, 32, 0x1EDC6F41, True, True),
    "D": lambda data: division(data, 16, 0x1021, True, False),
    "E": lambda data: division(data, 16, 0x8005, True, False),
}


def name(text):
    return text.encode("latin-1").ljust(20, b"_")


def telegram(protocol, kind, sender, receiver, payload=b""):
    return struct.pack("<BH", protocol, kind) + name(sender) + name(receiver) + payload


def packed(*messages):
    return b"".join(struct.pack("<H", len(m)) + m for m in messages)


class End:
    def __init__(self, ident, sequence, clock):
        self.ident, self.sequence, self.clock, self.last, self.heard = ident, sequence, clock, sequence - 1, 0
        self.confirms = 0


class Connection:
    """Two ends and the channels between them: each PDU goes over every one, a little later over each next."""

    def __init__(self, option="A", code=8, initial=USUAL, channels=((0, 8888),), client=0x60, server=0x61, sequences=(100, 7000),
                 transport="udp"):
        self.option, self.code, self.initial = OPTIONS[option], code, initial
        self.talks = [Talk(transport, port=port, client_port=port + 1, client=f"10.77.{20 + i}.1", server=f"10.77.{20 + i}.10", at=delay)
                      for i, (delay, port) in enumerate(channels)]
        self.ends = [End(client, sequences[0], 50_000), End(server, sequences[1], 990_000)]
        self.channel = [0, 0]
        self.began = self.now = Talk.start
        self.silent = set()  # channels that lose what is said

    def pdu(self, side, kind, payload=b"", **fields):
        """The safety layer's PDU; `fields` stand where the end would have put its own."""
        me, peer = self.ends[side], self.ends[1 - side]
        clock = me.clock + (self.now - self.began) // 1_000_000
        f = dict(receiver=peer.ident, sender=me.ident, sequence=me.sequence, confirmed=me.confirms, time=clock, confirmed_time=me.heard)
        if not fields.pop("aside", False):
            me.sequence = me.sequence + 1 & 0xFFFFFFFF
            peer.confirms, peer.heard = f["sequence"], clock
        f.update(fields)
        head = struct.pack("<HH6I", 28 + len(payload) + self.code, kind, *f.values())
        return head + payload + md4(head + payload, self.initial)[:self.code]

    def around(self, side, pdu, **fields):
        f = dict(length=8 + len(pdu) + len(self.option(b"")), reserve=0, number=self.channel[side])
        f.update(fields)
        self.channel[side] = f["number"] + 1 & 0xFFFFFFFF
        whole = struct.pack("<HHI", *f.values()) + pdu
        return whole + self.option(whole)

    def send(self, side, whole, after=50):
        for i, talk in enumerate(self.talks):
            talk.now = self.now + i * 3_000_000
            if i not in self.silent:
                talk.say(side, whole)
        self.now += after * 1_000_000
        return whole

    def say(self, side, kind, payload=b"", after=50, **fields):
        return self.send(side, self.around(side, self.pdu(side, kind, payload, **fields)), after)

    def open(self):
        self.say(0, OPEN, b"0303" + struct.pack("<H8x", 20), confirmed=0, confirmed_time=0)
        self.say(1, ACCEPT, b"0303" + struct.pack("<H8x", 10))
        self.say(0, HEARTBEAT, after=120)

    def close(self, side=0, detail=0, reason=0):
        self.say(side, CLOSE, struct.pack("<HH", detail, reason))

    def command(self, *messages, after=60):
        self.say(0, DATA, packed(*messages), after)

    def report(self, *messages, after=60):
        self.say(1, DATA, packed(*messages), after)

    def begin(self, protocol, mine, element, version=1):
        """The process data interface's own opening."""
        self.command(telegram(protocol, 0x24, mine, element, bytes([version])))
        self.report(telegram(protocol, 0x25, element, mine, bytes([2, version, 2, 0xAB, 0xCD])))
        self.command(telegram(protocol, 0x21, mine, element))
        self.report(telegram(protocol, 0x22, element, mine))

    def frames(self):
        for talk in self.talks:
            talk.end()
        return sorted((f for talk in self.talks for f in talk.frames), key=lambda f: f[0])


def save(case, title, text, frames, *settings):
    captures.write(f"rasta/{case}", title, text, ENDS, ORIGIN, frames)
    (captures.PCAPS / "rasta" / case / "args").write_text("".join(f"--set\napp-layer.protocols.rasta.{s}\n" for s in settings))
    if not settings:
        (captures.PCAPS / "rasta" / case / "args").unlink()


def point():
    c = Connection("C", 8, channels=((0, 8888), (0, 8889)))
    c.open()
    c.begin(POINT, "ILS1", "99W1")
    c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x01\xff"), telegram(POINT, 0x0D, "99W1", "ILS1", b"\x01"),
             telegram(POINT, 0x23, "99W1", "ILS1"))
    c.command(telegram(POINT, 0x01, "ILS1", "99W1", b"\x02"))
    c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x03\x03"), after=300)
    c.say(0, HEARTBEAT, after=1500)
    c.say(1, HEARTBEAT, after=1000)
    c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x02\xff"))
    c.command(telegram(POINT, 0x01, "ILS1", "99W1", b"\x01"))
    c.report(telegram(POINT, 0x0C, "99W1", "ILS1"))
    c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x04\x03"), telegram(POINT, 0x0D, "99W1", "ILS1", b"\x02"))
    c.command(telegram(POINT, 0x27, "ILS1", "99W1", b"\x04"))
    c.close()
    save("point", "an interlocking and a point, over two networks", """
Connection, PDI version check, initialisation; the point goes left (2.9 s), then does not go right and is trailed; both ends close.
Check codes of option C, safety codes of 8 bytes. Each PDU goes over two channels, 3 ms apart; it has one record.
""", c.frames(), "detail=full")


def elements():
    c = Connection("D", 16)
    c.open()
    c.begin(LIGHT, "ILS1", "N2")
    dark = b"\xff" * 9
    c.command(telegram(LIGHT, 0x01, "ILS1", "N2", bytes([4, 255, 6, 255, 1, 255, 255, 0xF1, 1]) + dark))
    c.report(telegram(LIGHT, 0x03, "N2", "ILS1", bytes([4, 255, 6, 255, 1, 255, 255, 0xF1, 1]) + dark))
    c.command(telegram(LIGHT, 0x02, "ILS1", "N2", b"\x02"))
    c.report(telegram(LIGHT, 0x04, "N2", "ILS1", b"\x02"))
    c.report(telegram(SECTION, 0x07, "GFM7", "ILS1", bytes.fromhex("02 01 0c00 01 ff 01")),
             telegram(SECTION, 0x0B, "GFM7", "ILS1", b"\x02\x01"), telegram(SECTION, 0x12, "GFM7", "ILS1", struct.pack("<HH", 80, 920)))
    c.command(telegram(SECTION, 0x01, "ILS1", "GFM7", b"\x04"))
    c.report(telegram(SECTION, 0x06, "GFM7", "ILS1", b"\x01"))
    c.command(telegram(SECTION, 0x03, "ILS1", "GFM7"), telegram(SECTION, 0x01, "ILS1", "GFM7", b"\x01"))
    c.report(telegram(SECTION, 0x07, "GFM7", "ILS1", bytes.fromhex("01 01 0000 01 ff 02")))
    c.report(telegram(SECTION, 0x07, "GFM7", "ILS1", bytes.fromhex("03 02 0000 02 02 04")))
    c.command(telegram(IO, 0x01, "ILS1", "IO3", bytes([4, 1, 0, 1, 1])), telegram(CROSSING, 0x02, "ILS1", "LX5"))
    c.report(telegram(IO, 0x02, "IO3", "ILS1", bytes([4, 1, 0, 1, 1])), telegram(IO, 0x03, "IO3", "ILS1", bytes([2, 0, 1])))
    c.command(telegram(NEIGHBOUR, 0x07, "ILS1", "ILS2", name("B7") + name("R12") + b"\x01"))
    c.report(telegram(NEIGHBOUR, 0x08, "ILS2", "ILS1", name("B7") + name("R12") + b"\x01\x02"))
    c.report(telegram(NEIGHBOUR, 0x0D, "ILS2", "ILS1", name("B7") + b"\x01\x02"),
             telegram(NEIGHBOUR, 0x0C, "ILS2", "ILS1", name("B7") + bytes([1, 255, 255, 255, 255, 255, 1])))
    c.command(telegram(NEIGHBOUR, 0x0A, "ILS1", "ILS2", name("B7") + name("R12")))
    c.command(telegram(LIGHT, 0x28, "ILS1", "N2"))
    c.report(telegram(LIGHT, 0x2A, "N2", "ILS1"))
    c.command(telegram(LIGHT, 0x24, "ILS1", "N2", b"\x03"))
    c.report(telegram(LIGHT, 0x25, "N2", "ILS1", b"\x01\x01\x00"))
    c.command(telegram(LIGHT, 0x27, "ILS1", "N2", b"\x05"))
    c.close(1, 5, 6)
    save("elements", "signals, track sections, outputs, a level crossing, a neighbour", """
A signal shows an aspect and goes to night; a section is occupied, is refused to be forced clear, then is forced without condition,
then disturbed; outputs; a level crossing is deactivated; a route of an adjacent interlocking is locked and cancelled; the versions
of the PDI differ. More telegrams in one PDU. Check codes of option D, safety codes of 16 bytes.
""", c.frames(), "detail=full")


def attack():
    c = Connection("B", 8)
    c.open()
    move = c.say(0, DATA, packed(telegram(POINT, 0x01, "ILS1", "99W1", b"\x02")))
    c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x02\xff"), after=1000)
    for _ in range(3):
        c.say(0, HEARTBEAT, after=500)
        c.say(1, HEARTBEAT, after=500)
    c.send(0, move)  # as it was, 4 s later
    # The same PDU of the safety layer, in a new one of the redundancy layer.
    c.send(0, c.around(0, move[8:-4]))
    # A forged command: the safety code is another's.
    forged = c.pdu(0, DATA, packed(telegram(POINT, 0x01, "ILS1", "99W1", b"\x01")), aside=True)
    c.send(0, c.around(0, forged[:-8] + b"\x11" * 8))
    # Whoever knows MD4: a number too far, confirms what was never sent, a time before the last one.
    c.say(0, DATA, packed(telegram(POINT, 0x01, "ILS1", "99W1", b"\x01")), sequence=c.ends[0].sequence + 3)
    c.ends[0].sequence += 3
    c.say(0, HEARTBEAT, confirmed=c.ends[1].sequence + 5000)
    c.say(0, HEARTBEAT, time=1)
    c.say(0, HEARTBEAT, confirmed_time=c.ends[1].clock - 5000)
    # A bit falls over on the way.
    broken = bytearray(c.around(0, c.pdu(0, HEARTBEAT, aside=True)))
    broken[20] ^= 1
    c.channel[0] -= 1
    c.send(0, bytes(broken))
    c.say(1, HEARTBEAT)
    c.close(1, 0, 3)
    c.say(0, DATA, packed(telegram(POINT, 0x01, "ILS1", "99W1", b"\x02")))
    c.ends[0].ident = 0x99
    c.say(0, OPEN, b"0303" + struct.pack("<H8x", 20), confirmed=0, confirmed_time=0)
    save("attack", "old PDUs again, forged ones, numbers and times that cannot be", """
A command again as it was, 4 s later, and once more in a new PDU of the redundancy layer; one with another's safety code; a sequence number too
far; a confirmation of what was never sent, one that is too old, a time before the last one; a bit that fell over; data after the
connection has ended; another identity. Check codes of option B.
""", c.frames(), "detail=full")


def losses():
    c = Connection("E", 8, channels=((0, 8888), (0, 8889)))
    c.open()
    c.command(telegram(POINT, 0x01, "ILS1", "99W1", b"\x02"))
    c.silent = {1}
    c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x03\x03"))  # comes over the first channel alone
    c.silent = set()
    c.say(1, HEARTBEAT)
    c.silent = {0, 1}
    c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x02\xff"))  # over none
    lost = c.ends[1].sequence - 1
    c.silent = set()
    c.ends[0].confirms = lost - 1
    late = c.around(1, c.pdu(1, HEARTBEAT))
    c.send(1, c.around(1, c.pdu(1, HEARTBEAT)))
    c.send(1, late)  # overtaken
    c.ends[0].confirms = lost - 1
    c.say(0, AGAIN, after=20)
    c.say(1, RESEND, after=20)
    c.say(1, RESENT, packed(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x02\xff")))
    c.say(0, AGAIN)
    c.say(0, AGAIN, after=4000)
    c.say(1, HEARTBEAT)
    c.say(0, HEARTBEAT)
    c.close(0, 0, 7)
    save("losses", "a channel that loses, a PDU that both lose, a retransmission, silence", """
The second channel loses a PDU, then both lose one: it is asked for, and sent again. A PDU overtakes another. A request for retransmission
stays without response; 4 s of silence. Check codes of option E.
""", c.frames(), "detail=full")


def late():
    c = Connection("A", 0, channels=((0, 5700),))
    c.say(0, DATA, packed(b"no telegram", bytes(300)))
    c.say(1, HEARTBEAT)
    c.say(1, DATA, packed(b"\x00\x01\x02"))
    c.say(0, DATA, packed(*(b"m%d" % i for i in range(20))))
    c.say(0, DATA, packed(telegram(POINT, 0x01, "ILS1", "99W1", b"\x02")))
    c.say(0, DATA, packed(telegram(POINT, 0x0100, "ILS1", "99W1", b"\x02")))  # as an implementation has it
    c.say(0, DATA, packed(telegram(POINT, 0x77, "ILS1", "99W1", b"\x05")))
    c.say(1, DATA, packed(telegram(SECTION, 0x07, "GFM7", "ILS1", b"\x02"), b"rubbish"))
    save("late", "a connection that was there before, without codes, with data that is no SCI", """
Data of an application that is not known, 20 messages in a PDU, telegrams whose type is unknown, stands in the other byte order,
or is cut short. No check code, no safety code, another port.
""", c.frames(), "detail=full")


def secret():
    c = Connection("A", 8, initial=(0x01234567, 0x89ABCDEF, 0xFEDCBA98, 0x76543210))
    c.open()
    c.command(telegram(POINT, 0x01, "ILS1", "99W1", b"\x02"))
    c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x02\xff"))
    c.initial = USUAL
    c.command(telegram(POINT, 0x01, "ILS1", "99W1", b"\x01"))
    frames = c.frames()
    text = """
MD4 begins with words that the two ends agreed on; the last command has RFC 1320's instead. {}
"""
    save("secret", "safety codes that only the two ends can make", text.format("Nothing can be said of them."), frames, "detail=full")
    save("secret-known", "the same, and the words are configured", text.format("The last command is found out."), frames, "detail=full",
         "md4-a=19088743", "md4-b=2309737967", "md4-c=4275878552", "md4-d=1985229328")


def malformed():
    c = Connection("C", 8)
    c.open()
    good = c.around(0, c.pdu(0, HEARTBEAT, aside=True))
    c.channel[0] -= 1
    for bad in (good[:20], good + b"\0", b"\0" * 40, struct.pack("<H", 36) + good[2:36], good[:8] + b"\xff\xff" + good[10:], b""):
        c.send(0, bad)
    c.say(1, HEARTBEAT)
    c.send(0, c.around(0, c.pdu(0, HEARTBEAT), reserve=9))
    c.say(0, 6230)
    c.say(0, HEARTBEAT, b"too long")
    c.say(0, DATA, b"\x09\x00abc")
    c.say(0, CLOSE, b"\x01")
    c.say(0, OPEN, b"v3.3" + bytes(10), confirmed=0, confirmed_time=0)
    c.say(1, HEARTBEAT)
    save("malformed", "datagrams that cannot be, between good ones", """
Cut short, a byte too many, all zeros, lengths of one layer that contradict the other's, nothing at all; then reserved bytes that are not
zero, a type that is none, payloads of the wrong length, messages that do not fill theirs, a version that is none. The PDUs between
them are all there.
""", c.frames(), "detail=full")


def heartbeats():
    c = Connection("C", 8, channels=((0, 8888), (0, 8889)))
    c.open()
    for i in range(220):
        c.say(0, HEARTBEAT, after=150)
        c.say(1, HEARTBEAT, after=150)
        if i == 100:
            c.report(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x01\xff"))
    c.close()
    save("heartbeats", "heartbeats each 300 ms, of which few are told", """
66 s over two channels. Told with `changes`: one record for the heartbeats of each side and interval; what the point says has its own.
""", c.frames())


def streams():
    c = Connection("A", 8, transport="tcp", channels=((0, 8888),))
    talk = c.talks[0]
    for side, kind, payload in ((0, OPEN, b"0303" + struct.pack("<H8x", 20)), (1, ACCEPT, b"0303" + struct.pack("<H8x", 10)), (0, HEARTBEAT, b""),
                                (0, DATA, packed(telegram(POINT, 0x01, "ILS1", "99W1", b"\x02"))),
                                (1, DATA, packed(telegram(POINT, 0x0B, "99W1", "ILS1", b"\x02\xff")))):
        talk.say(side, c.around(side, c.pdu(side, kind, payload)), size=9)
        c.now += 50_000_000
    talk.say(0, [b"rubbish", c.around(0, c.pdu(0, HEARTBEAT))])
    c.now += 50_000_000
    talk.lose(1, c.around(1, c.pdu(1, HEARTBEAT)))
    talk.say(1, c.around(1, c.pdu(1, HEARTBEAT)))
    save("tcp-small-segments", "over TCP, nine bytes a segment; rubbish, and a gap", """
An implementation offers TCP, too. The PDUs after what is no PDU, and after segments that are missing, are there.
""", c.frames(), "detail=full")


def main():
    point()
    elements()
    attack()
    losses()
    late()
    secret()
    malformed()
    heartbeats()
    streams()


main()
