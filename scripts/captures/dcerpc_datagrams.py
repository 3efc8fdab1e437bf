"""DCE/RPC in datagrams: in the way a PROFINET controller sets a connection up, and what the network does to it."""

import struct
import uuid

from captures import checksum, write

DEVICE = uuid.UUID("5e4a0001-0b7d-4c1e-9a35-02000a4d0001")      # made up: PROFINET's own would want its own bodies
CONTROLLER = uuid.UUID("5e4a0002-0b7d-4c1e-9a35-02000a4d0001")  # is called back
OBJECT = uuid.UUID("5e4a0000-0b7d-4c1e-9a35-02000a4d0001")
REQUEST, PING, RESPONSE, FAULT, WORKING, FACK = 0, 1, 2, 3, 4, 9
LAST, FRAGMENT, MAYBE, IDEMPOTENT = 2, 4, 16, 32
PEERS = {True: ("02:00:0a:4d:00:02", "10.77.0.2", 49200), False: ("02:00:0a:4d:00:01", "10.77.0.1", 34964)}


def pdu(kind, activity, sequence, opnum=0, body=b"", flags=IDEMPOTENT, fragment=0, interface=DEVICE, big=False):
    order = ">" if big else "<"
    raw = (lambda u: u.bytes) if big else (lambda u: u.bytes_le)
    return (struct.pack("8B", 4, kind, flags, 0, 0 if big else 0x10, 0, 0, 0) + raw(OBJECT) + raw(interface) + raw(activity) +
            struct.pack(order + "IIIHHHHHBB", 0, 1, sequence, opnum, 0xFFFF, 0xFFFF, len(body), fragment, 0, 0) + body)


def frame(from_controller, payload):
    (mac, ip, port), (to_mac, to_ip, to_port) = PEERS[from_controller], PEERS[not from_controller]
    address = lambda text: bytes(map(int, text.split(".")))
    pseudo = address(ip) + address(to_ip) + struct.pack(">HH", 17, 8 + len(payload))
    udp = struct.pack(">4H", port, to_port, 8 + len(payload), 0)
    udp = struct.pack(">4H", port, to_port, 8 + len(payload), checksum(pseudo + udp + payload))
    header = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 7, 0x4000, 64, 17, 0) + address(ip) + address(to_ip)
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return bytes.fromhex(to_mac.replace(":", "") + mac.replace(":", "")) + b"\x08\x00" + header + udp + payload


one, two, three = (uuid.UUID(int=0x11112222_3333_4444_8555_666666666600 + n) for n in (1, 2, 3))
talk = [
    # Connect: asked twice, for the first reply is late.
    (True, pdu(REQUEST, one, 0, 0, b"connect " * 12)),
    (True, pdu(REQUEST, one, 0, 0, b"connect " * 12)),
    (False, pdu(WORKING, one, 0)),
    (False, pdu(RESPONSE, one, 0, 0, b"connected " * 6)),
    # Write: in three fragments, of which the second comes late and twice.
    (True, pdu(REQUEST, one, 1, 3, b"a" * 200, IDEMPOTENT | FRAGMENT, 0)),
    (True, pdu(REQUEST, one, 1, 3, b"c" * 50, IDEMPOTENT | FRAGMENT | LAST, 2)),
    (False, pdu(FACK, one, 1, 3, fragment=0)),
    (True, pdu(REQUEST, one, 1, 3, b"b" * 200, IDEMPOTENT | FRAGMENT, 1)),
    (True, pdu(REQUEST, one, 1, 3, b"b" * 200, IDEMPOTENT | FRAGMENT, 1)),
    (True, pdu(REQUEST, one, 1, 3, b"c" * 50, IDEMPOTENT | FRAGMENT | LAST, 2)),
    (False, pdu(RESPONSE, one, 1, 3, b"written")),
    # The device calls back.
    (False, pdu(REQUEST, two, 0, 4, b"application ready", interface=CONTROLLER)),
    (True, pdu(RESPONSE, two, 0, 4, b"done", interface=CONTROLLER)),
    # Of the other byte order, and refused.
    (True, pdu(REQUEST, three, 5, 2, b"read", big=True)),
    (False, pdu(FAULT, three, 5, 2, struct.pack(">I", 0x1C010003), big=True)),
    # Nobody is to answer; and a ping that nobody answers.
    (True, pdu(REQUEST, one, 2, 1, b"release", MAYBE)),
    (True, pdu(PING, one, 3)),
]
start = 1_700_000_000_000_000_000
write("dcerpc/datagrams", "DCE/RPC in datagrams",
      """Six calls in one pair of ports. The first is asked twice and answered once. The second comes in fragments out of order, which
are put together when the missing one has been repeated (`missing_fragment` tells of the hole). The third is from the device to the
controller: a side is told by the type of a message. The fourth is in the other byte order, and ends in a fault. The last wants no answer.
Pings, acknowledgements and "working" are no calls.""",
      "none", "synthetic", [(start + n * 2_000_000, frame(up, data)) for n, (up, data) in enumerate(talk)])
