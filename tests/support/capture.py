"""A capture for `--vdev net_pcap0`, which plays it again and again."""
import pathlib
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


def shifted(record):
    """The packet of that pcap record (Ethernet, IPv4, TCP) with other sequence numbers: by a multiple of 0xffff, which its checksum cannot tell."""
    tcp = 16 + 14 + 4 * (record[30] & 15)
    seq, ack = struct.unpack_from('>II', record, tcp + 4)
    moved = bytearray(record)
    struct.pack_into('>II', moved, tcp + 4, (seq + (0xffff << 8)) % 0xffffffff, (ack + (0xffff << 8)) % 0xffffffff if ack else 0)
    return bytes(moved)


def write_reconnecting(path, capture, between):
    """One TCP connection of a capture, so many packets of UDP, the same with other sequence numbers, UDP again: each time a new connection, and no
    more of them than outputs keep up with."""
    data = pathlib.Path(capture).read_bytes()
    at, records = 24, []
    while at < len(data):
        end = at + 16 + struct.unpack_from('<I', data, at + 8)[0]
        records.append(data[at:end])
        at = end
    filler = udp_packet(b'traffic of every day') * between
    path.write_bytes(data[:24] + b''.join(records) + filler + b''.join(map(shifted, records)) + filler)
