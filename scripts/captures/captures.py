"""What the scripts that edit or encode captures share: read one, write one, write its README."""

import pathlib
import struct
import sys

PCAPS = pathlib.Path(__file__).resolve().parents[2] / "pcaps"
ETHERNET, NULL, RAW, PPP = 1, 0, 101, 9


def read(case):
    """Frames of an existing capture: a list of (nanoseconds, bytes)."""
    data = (PCAPS / case / "input.pcap").read_bytes()
    assert struct.unpack("<I", data[:4])[0] == 0xA1B2C3D4, case
    frames, at = [], 24
    while at < len(data):
        seconds, micros, size, _ = struct.unpack_from("<4I", data, at)
        frames.append((seconds * 10**9 + micros * 1000, data[at + 16:at + 16 + size]))
        at += 16 + size
    return frames


def pcap(frames, link=ETHERNET, nanoseconds=False, order="<"):
    """A classic capture file of (nanoseconds, bytes)."""
    out = struct.pack(order + "IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)
    for when, frame in frames:
        fraction = when % 10**9 if nanoseconds else when % 10**9 // 1000
        out += struct.pack(order + "4I", when // 10**9, fraction, len(frame), len(frame)) + frame
    return out


def write(case, title, text, ends, origin, content, name="input.pcap"):
    folder = PCAPS / case
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("input.*"):
        old.unlink()
    (folder / name).write_bytes(content if isinstance(content, bytes) else pcap(content))
    script = pathlib.Path(sys.argv[0]).name
    (folder / "README.md").write_text(
        f"# {case}: {title}\n\n{text.strip()}\n\n- Ends: {ends}\n"
        f"- Origin: {origin}; made by `scripts/captures/{script}`\n- Licence: Apache-2.0\n")
    print(case)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Tcp:
    """An Ethernet frame with IPv4 and TCP whose fields can be changed; bytes() puts lengths and checksums right."""

    def __init__(self, frame):
        self.ethernet = frame[:14]
        header = 14 + (frame[14] & 15) * 4
        total = struct.unpack_from(">H", frame, 16)[0]
        self.ip = bytearray(frame[14:header])
        offset = header + (frame[header + 12] >> 4) * 4
        self.tcp = bytearray(frame[header:offset])
        self.data = frame[offset:14 + total]

    def __bytes__(self):
        self.ip[2:4] = struct.pack(">H", len(self.ip) + len(self.tcp) + len(self.data))
        self.ip[10:12] = b"\0\0"
        self.ip[10:12] = struct.pack(">H", checksum(bytes(self.ip)))
        self.tcp[16:18] = b"\0\0"
        pseudo = bytes(self.ip[12:20]) + struct.pack(">HH", 6, len(self.tcp) + len(self.data))
        self.tcp[16:18] = struct.pack(">H", checksum(pseudo + bytes(self.tcp) + self.data))
        return self.ethernet + bytes(self.ip) + bytes(self.tcp) + self.data

    sequence = property(lambda self: struct.unpack_from(">I", self.tcp, 4)[0],
                        lambda self, value: struct.pack_into(">I", self.tcp, 4, value % 2**32))
    acknowledged = property(lambda self: struct.unpack_from(">I", self.tcp, 8)[0],
                            lambda self, value: struct.pack_into(">I", self.tcp, 8, value % 2**32))
    flags = property(lambda self: self.tcp[13])
    from_server = property(lambda self: self.ip[15] == 1)
