#!/usr/bin/env python3
"""One conversation in every kind of capture file: pcap of both byte orders and resolutions, pcapng, compressed, other
link types, cut off.

Reads pcaps/http/head and pcaps/dns/response-codes; run http.sh and dns.sh first.
Packages: wireshark-common (editcap, mergecap) zstd"""

import gzip
import pathlib
import struct
import subprocess
import tempfile

from captures import NULL, PCAPS, PPP, RAW, pcap, read, write

HTTP, DNS = read("http/head"), read("dns/response-codes")
FRAMES = HTTP + [(t - DNS[0][0] + HTTP[-1][0] + 10**9, f) for t, f in DNS]  # one after the other, whenever they were recorded
CONTENT = pcap(FRAMES)
WHAT = "The three HTTP transactions of http/head and the eight DNS transactions of dns/response-codes, 30 frames."
ENDS = "nginx, BIND, curl and dig, as in those two"


def form(case, title, text, content, name="input.pcap", origin="real traffic, rewritten"):
    write("formats/" + case, title, f"{text}\n{WHAT}", ENDS, origin, content, name)


def tool(*command, content=CONTENT):
    """What a program writes to the file OUT when it is given IN."""
    with tempfile.TemporaryDirectory() as folder:
        source, result = pathlib.Path(folder, "in.pcap"), pathlib.Path(folder, "out")
        source.write_bytes(content)
        subprocess.run([{"IN": source, "OUT": result}.get(word, word) for word in command], check=True)
        return result.read_bytes()


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def pcapng_two_interfaces():
    """Ethernet in microseconds and raw IP in nanoseconds, comments, a name resolution block, statistics, an unknown block."""
    end = struct.pack("<HH", 0, 0)
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + option(4, b"picket tests") + end)
    out += block(1, struct.pack("<HHI", 1, 0, 0) + option(2, b"tap0") + option(9, b"\x06") + end)
    out += block(1, struct.pack("<HHI", 101, 0, 0) + option(2, b"tun0") + option(9, b"\x09") + end)
    out += block(4, struct.pack("<HH", 1, 9) + bytes([10, 77, 0, 1]) + b"srv1\0" + b"\0\0\0" + struct.pack("<HH", 0, 0))
    for n, (when, frame) in enumerate(FRAMES):
        raw = n % 2
        stamp = when if raw else when // 1000
        data = frame[14:] if raw else frame
        comment = option(1, b"the first frame") + end if n == 0 else b""
        out += block(6, struct.pack("<5I", raw, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
                     + data + b"\0" * (-len(data) % 4) + comment)
        if n == 9:
            out += block(0x40000ABC, b"a block of a vendor nobody knows")
    return out + block(5, struct.pack("<3I", 0, 0, 0) + end)


form("pcap-big-endian", "pcap in the other byte order", "Magic a1 b2 c3 d4.", pcap(FRAMES, order=">"))
form("pcap-nanosecond", "pcap with nanoseconds", "Magic 0xa1b23c4d; every time has 123 ns added.",
     pcap([(t + 123, f) for t, f in FRAMES], nanoseconds=True))
form("pcap-gzip", "pcap, gzip'd", "Named .pcap.gz.", gzip.compress(CONTENT, mtime=0), "input.pcap.gz")
form("pcap-gzip-two-members", "pcap, gzip'd in two members", "The file is cut in the middle of a record; each half is a gzip member of its own.",
     gzip.compress(CONTENT[:3000], mtime=0) + gzip.compress(CONTENT[3000:], mtime=0), "input.pcap.gz")
form("pcap-zstd", "pcap, zstd'd", "Named .pcap.zst.", tool("zstd", "-q", "IN", "-o", "OUT"), "input.pcap.zst")
form("pcap-gzip-misnamed", "pcap, gzip'd but called .pcap", "Only the first bytes tell that the file is compressed.", gzip.compress(CONTENT, mtime=0))
form("pcapng", "pcapng by editcap", "One section, one interface, microseconds.", tool("editcap", "-F", "pcapng", "IN", "OUT"), "input.pcapng")
form("pcapng-gzip", "pcapng, gzip'd", "Named .pcapng.gz.", gzip.compress(tool("editcap", "-F", "pcapng", "IN", "OUT"), mtime=0), "input.pcapng.gz")
form("pcapng-two-interfaces", "pcapng with two interfaces, comments and other blocks",
     "Frames alternate between tap0 (Ethernet, microseconds) and tun0 (raw IP, nanoseconds). There are a comment, a name resolution block, a "
     "statistics\nblock and a custom block; a reader skips what it does not need.", pcapng_two_interfaces(), "input.pcapng")
first, second = pcap(FRAMES[:14]), pcap(FRAMES[14:])
form("pcapng-two-sections", "pcapng of two sections", "Two files, one after the other: a second section header begins interfaces anew.",
     tool("editcap", "-F", "pcapng", "IN", "OUT", content=first) + tool("editcap", "-F", "pcapng", "IN", "OUT", content=second), "input.pcapng")
form("link-raw", "link type 101: raw IP", "The Ethernet headers are left out.", pcap([(t, f[14:]) for t, f in FRAMES], RAW))
form("link-null", "link type 0: BSD loopback", "Four bytes of address family, in the byte order of the file, in place of Ethernet.",
     pcap([(t, struct.pack("<I", 2) + f[14:]) for t, f in FRAMES], NULL))
form("link-loop", "link type 108: OpenBSD loopback", "Four bytes of address family, big-endian, in place of Ethernet.",
     pcap([(t, struct.pack(">I", 2) + f[14:]) for t, f in FRAMES], 108))
form("link-ppp", "link type 9: PPP", "ff 03 00 21 in place of Ethernet.", pcap([(t, b"\xff\x03\0\x21" + f[14:]) for t, f in FRAMES], PPP))
form("link-ipv4", "link type 228: IPv4", "The Ethernet headers are left out.", pcap([(t, f[14:]) for t, f in FRAMES], 228))
write("formats/pcap-cut-off", "a pcap that ends in the middle of a record",
      "The last record lacks its last 10 bytes, as after a crash: 29 whole frames, then the end, which is worth a warning.\n"
      "Whole, it is http/head and dns/response-codes.", ENDS, "real traffic, rewritten", CONTENT[:-10])
write("formats/pcap-empty", "a pcap without frames", "A header and nothing else: no frames, no error.", "none", "synthetic", pcap([]))
write("formats/pcap-times-backwards", "a pcap whose times run backwards",
      "Every second frame is 50 ms older than the one before it. " + WHAT, ENDS, "real traffic, rewritten",
      pcap([(t - (50_000_000 if i % 2 else 0), f) for i, (t, f) in enumerate(FRAMES)]))
