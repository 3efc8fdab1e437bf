#!/usr/bin/env python3
"""Queries that dig does not make: dns_client.py pipelined|split|malformed|tunnel SERVER."""

import base64
import random
import socket
import struct
import sys
import time

A, TXT, AAAA, MX, SOA = 1, 16, 28, 15, 6


def name(text):
    return b"".join(bytes([len(l)]) + l.encode() for l in text.split(".")) + b"\0"


def header(ident, questions=1, answers=0, authority=0, additional=0, flags=0):
    return struct.pack(">6H", ident, flags, questions, answers, authority, additional)


def query(ident, text, rrtype):
    return header(ident) + name(text) + struct.pack(">HH", rrtype, 1)


def framed(message):
    return struct.pack(">H", len(message)) + message


def connect(server):
    s = socket.create_connection((server, 53), timeout=2)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def read_answers(s, count):
    data = b""
    for _ in range(count):
        while len(data) < 2 or len(data) < 2 + struct.unpack(">H", data[:2])[0]:
            part = s.recv(65535)
            if not part:
                return
            data += part
        data = data[2 + struct.unpack(">H", data[:2])[0]:]


def pipelined(server):
    """Five queries in one segment; answers may come in any order."""
    with connect(server) as s:
        s.sendall(b"".join(framed(query(0x1000 + i, n, t)) for i, (n, t) in enumerate([
            ("www.lab.test", A), ("www.lab.test", AAAA), ("lab.test", MX), ("big.lab.test", TXT), ("lab.test", SOA)])))
        read_answers(s, 5)


def split(server):
    """One query, its length field cut in two and the rest in pieces of 7 bytes; then one and a half, then the half."""
    with connect(server) as s:
        message = framed(query(0x2000, "www.lab.test", A))
        pieces = [message[:1]] + [message[i:i + 7] for i in range(1, len(message), 7)]
        for piece in pieces:
            s.sendall(piece)
            time.sleep(0.02)
        read_answers(s, 1)
        second = framed(query(0x2002, "lab.test", MX))
        s.sendall(framed(query(0x2001, "www.lab.test", AAAA)) + second[:9])
        time.sleep(0.05)
        s.sendall(second[9:])
        read_answers(s, 2)


def malformed(server):
    """A dozen ways to be wrong; the server refuses them or keeps silent."""
    question = struct.pack(">HH", A, 1)
    good = query(0x3000, "www.lab.test", A)
    messages = [
        header(0x3001) + b"\xc0\x0c" + question,  # a pointer to itself
        header(0x3002) + b"\x03www\xc0\x12\xc0\x10" + question,  # two pointers to each other
        header(0x3003) + b"\x03www\xc0\xff" + question,  # a pointer past the end
        header(0x3004) + b"\x3fwww\x03lab" + question,  # a label longer than what is left
        header(0x3005) + b"\x83www\x00" + question,  # reserved label type 10
        header(0x3006) + b"\x41" + b"a" * 65 + b"\0" + question,  # label type 01
        header(0x3007) + b"\x3f" + (b"a" * 63 + b"\x3f") * 4 + b"a" * 63 + b"\0" + question,  # a name over 255 bytes
        header(0x3008, questions=2) + name("www.lab.test") + question,  # two announced, one there
        header(0x3009, questions=0),  # none
        header(0x300A, questions=2) + (name("www.lab.test") + question) * 2,  # two questions
        header(0x300B, answers=65535) + name("www.lab.test") + question,  # 65535 answers announced
        header(0x300C)[:7],  # half a header
        good[:-3],  # a question cut short
        header(0x300E, additional=1) + name("www.lab.test") + question
        + b"\0" + struct.pack(">HHIH", 41, 1232, 0, 200) + b"\0\x0a",  # OPT claims 200 bytes, has 2
        header(0x300F, additional=2) + name("www.lab.test") + question
        + (b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)) * 2,  # two OPT records
        good + b"trailing bytes",
        header(0x3011, flags=0x8180) + name("www.lab.test") + question,  # an answer nobody asked for
    ]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((server, 53))
        s.settimeout(0.15)
        for message in messages:
            s.send(message)
            try:
                s.recv(65535)
            except OSError:
                pass
    with connect(server) as s:  # a TCP length shorter than a header, then a good query
        s.sendall(struct.pack(">H", 5) + b"short" + framed(good))
        s.settimeout(0.5)
        try:
            read_answers(s, 1)
        except OSError:
            pass


def tunnel(server):
    """What a DNS tunnel looks like: base32 in long names, TXT answers, one name after the other."""
    source = random.Random(77)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((server, 53))
        s.settimeout(1)
        for i in range(20):
            label = [base64.b32encode(source.randbytes(30)).decode().rstrip("=").lower() for _ in range(3)]
            s.send(query(0x4000 + i, f"{i:02x}.{'.'.join(label)}.t.wild.lab.test", TXT))
            s.recv(65535)


if __name__ == "__main__":
    {"pipelined": pipelined, "split": split, "malformed": malformed, "tunnel": tunnel}[sys.argv[1]](sys.argv[2])
