"""A capture for `--vdev net_pcap0`, which plays it again and again."""
import struct


def udp_packet(payload):
    udp = struct.pack('>HHHH', 40000, 40001, 8 + len(payload), 0) + payload
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    frame = bytes.fromhex('020000000002020000000001') + b'\x08\x00' + ip + udp
    return struct.pack('<IIII', 1_700_000_000, 0, len(frame), len(frame)) + frame


def write_capture(path, payload, packets):
    """UDP to a port that no protocol has: a flow that goes on, and no record until it ends. One packet of so many has the payload."""
    path.write_bytes(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + udp_packet(payload) +
                     udp_packet(b'traffic of every day') * (packets - 1))
