"""What the scripts that edit or encode captures share: read one, write one, write its README."""

import itertools
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


class Talk:
    """Two hosts with something between them; what they say becomes frames with times and right checksums."""
    identities = itertools.count(1)
    start = 1_700_000_000 * 10**9

    def __init__(self, transport="tcp", port=20000, client_port=49200, server="10.77.3.10", client="10.77.3.1", at=0):
        self.transport, self.ports = transport, (client_port, port)
        self.addresses = [bytes(map(int, a.split("."))) for a in (client, server)]
        self.now, self.frames = Talk.start + at, []
        self.sequence = [1000, 900_000]
        if transport == "tcp":
            self._tcp(0, b"", 0x02)
            self._tcp(1, b"", 0x12)
            self._tcp(0, b"", 0x10)

    def _ip(self, side, protocol, payload):
        src, dst = self.addresses[side], self.addresses[1 - side]
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), next(Talk.identities) & 0xFFFF, 0x4000, 64, protocol, 0, src, dst)
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        macs = [b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x0a"]
        packet = macs[1 - side] + macs[side] + b"\x08\x00" + head + payload
        self.frames.append((self.now, packet + b"\0" * (60 - len(packet))))
        self.now += 2_000_000

    def _sum(self, side, protocol, packet):
        return checksum(self.addresses[side] + self.addresses[1 - side] + struct.pack(">HH", protocol, len(packet)) + packet)

    def _tcp(self, side, data, flags):
        ports = self.ports if side == 0 else self.ports[::-1]
        acknowledged = self.sequence[1 - side] if flags & 0x10 else 0
        head = struct.pack(">HHIIBBHHH", *ports, self.sequence[side], acknowledged, 0x50, flags, 64240, 0, 0)
        head = head[:16] + struct.pack(">H", self._sum(side, 6, head + data)) + head[18:]
        self.sequence[side] += len(data) + (1 if flags & 3 else 0)
        self._ip(side, 6, head + data)

    def _udp(self, side, data):
        ports = self.ports if side == 0 else self.ports[::-1]
        head = struct.pack(">HHHH", *ports, 8 + len(data), 0)
        head = head[:6] + struct.pack(">H", self._sum(side, 17, head + data) or 0xFFFF)
        self._ip(side, 17, head + data)

    def say(self, side, frames, together=True, size=None):
        """A list of bytes: in one packet, each in its own, or in segments of `size` bytes."""
        frames = [frames] if isinstance(frames, bytes) else frames
        for data in [b"".join(frames)] if together else frames:
            for i in range(0, len(data), size or max(len(data), 1)):
                piece = data[i:i + (size or len(data))]
                self._udp(side, piece) if self.transport == "udp" else self._tcp(side, piece, 0x18)
        self.now += 40_000_000

    def lose(self, side, data):
        """Bytes that were sent, but are not in the capture."""
        self.sequence[side] += len(data)

    def wait(self, milliseconds):
        self.now += milliseconds * 1_000_000

    def end(self):
        if self.transport == "tcp":
            self._tcp(0, b"", 0x11)
            self._tcp(1, b"", 0x11)
            self._tcp(0, b"", 0x10)
        return self.frames
