#!/usr/bin/env python3
"""Modbus/TCP requests: modbus_client.py CONVERSATION ADDRESS PORT. Some through pymodbus, the others byte by byte."""

import socket
import struct
import sys
import time

from pymodbus.client import ModbusTcpClient
from pymodbus.register_read_message import ReadWriteMultipleRegistersRequest
from pymodbus.register_write_message import MaskWriteRegisterRequest

address, port = sys.argv[2], int(sys.argv[3])


def frame(transaction, pdu, unit=1, length=None, protocol=0):
    """One frame from hexadecimal text; `length` and `protocol` to lie."""
    pdu = bytes.fromhex(pdu)
    return struct.pack(">HHHB", transaction, protocol, len(pdu) + 1 if length is None else length, unit) + pdu


class Link:
    def __init__(self):
        self.s = socket.create_connection((address, port), timeout=1)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transaction = 0

    def read(self, count=1):
        """Whole replies, or what comes in half a second."""
        data = b""
        self.s.settimeout(0.5)
        try:
            while count:
                part = self.s.recv(4096)
                if not part:
                    return
                data += part
                while len(data) >= 6 and len(data) >= (size := 6 + struct.unpack(">H", data[4:6])[0]):
                    data, count = data[size:], count - 1
        except OSError:
            pass

    def ask(self, pdu, unit=1):
        self.transaction += 1
        self.s.sendall(frame(self.transaction, pdu, unit))
        self.read()


def reads_and_writes():
    with ModbusTcpClient(address, port) as c:
        c.read_coils(0, 12, slave=1)
        c.read_discrete_inputs(3, 9, slave=1)
        c.read_holding_registers(100, 4, slave=1)
        c.read_input_registers(10, 125 - 50, slave=1)
        c.write_coil(5, True, slave=1)
        c.write_register(7, 0xBEEF, slave=1)
        c.write_coils(20, [True, False, True, True, False, False, True, False, True, True], slave=1)
        c.write_registers(30, [0x1234, 0x5678, 0x9ABC], slave=1)
        for request in [MaskWriteRegisterRequest(7, 0x00F2, 0x0025),
                        ReadWriteMultipleRegistersRequest(read_address=30, read_count=4, write_address=31,
                                                          write_registers=[0xAAAA, 0xBBBB])]:
            request.unit_id = 1  # the client's own methods for these two send unit 0
            c.execute(request)
        c.read_holding_registers(0, 3, slave=17)


def diagnostics():
    link = Link()
    for pdu in ["07", "08 0000 a537", "08 0002 0000", "08 000a 0000", "08 000b 0000", "08 000c 0000", "08 000d 0000",
                "08 000e 0000", "08 000f 0000", "08 0012 0000", "08 0003 2300", "08 0014 0000", "0b", "0c", "11",
                "08 0001 ff00"]:
        link.ask(pdu)


def files():
    link = Link()
    link.ask("14 0e 06 0004 0001 0002 06 0003 0000 000b")
    link.ask("14 07 06 0009 0000 0001")
    link.ask("15 0d 06 0004 0007 0003 06af 04be 100d")
    link.ask("18 000a")
    link.ask("18 000b")
    link.ask("18 0063")


def identification():
    link = Link()
    for pdu in ["2b 0e 01 00", "2b 0e 02 00", "2b 0e 03 00", "2b 0e 04 05", "2b 0e 05 00", "2b 0e 04 99", "2b 0d 0000"]:
        link.ask(pdu)


def exceptions():
    link = Link()
    for pdu, unit in [("01 0300 0001", 1), ("03 0000 0000", 1), ("03 0000 007e", 1), ("05 0001 1234", 1),
                      ("10 0000 0000 00", 1), ("41 0102", 1), ("63", 1), ("03 0000 0001", 99), ("06 00ff 0001", 1),
                      ("03 0000 0001", 1)]:
        link.ask(pdu, unit)


def pipelined():
    link = Link()
    link.s.sendall(b"".join(frame(0x100 + i, f"03 {i:04x} 0002") for i in range(8)))
    link.read(8)
    link.s.sendall(b"".join(frame(0x200 + i, p) for i, p in enumerate(["01 0000 0010", "06 0003 0042", "04 0000 0004"]))
                   + frame(0x300, "03 0000 0005")[:5])
    time.sleep(0.1)
    link.s.sendall(frame(0x300, "03 0000 0005")[5:])
    link.read(4)


def same_transaction():
    """Transaction ids that repeat, and stay 0."""
    link = Link()
    for _ in range(3):
        link.s.sendall(frame(0, "03 0000 0001"))
        link.read()
    link.s.sendall(frame(7, "03 0001 0001") + frame(7, "03 0002 0001"))
    link.read(2)


def small_segments():
    link = Link()
    for b in frame(0x0101, "10 0000 0004 08 0001000200030004") + frame(0x0102, "03 0000 0004"):
        link.s.sendall(bytes([b]))
        time.sleep(0.005)
    link.read(2)


def malformed(bad):
    """Two good requests, a bad frame, two good requests."""
    link = Link()
    link.ask("03 0000 0002")
    link.ask("01 0000 0008")
    link.transaction += 1
    link.s.sendall(bad(link.transaction))
    link.read()
    try:
        link.ask("03 0000 0003")
        link.ask("04 0000 0003")
    except OSError:
        pass
    link.s.close()


def malformed_protocol():
    malformed(lambda t: frame(t, "03 0000 0001", protocol=0x1234))


def malformed_all():
    """A connection for each kind of bad frame."""
    for bad in [lambda t: frame(t, "03 0000 0001", protocol=7),
                lambda t: frame(t, "", length=0)[:6],
                lambda t: frame(t, "", length=1),
                lambda t: frame(t, "03 0000 0001", length=4),
                lambda t: frame(t, "03 0000"),
                lambda t: frame(t, "03 0000 0001 aabbcc"),
                lambda t: frame(t, "10 0000 0002 04 0001"),
                lambda t: frame(t, "08"),
                lambda t: frame(t, "03" + "41" * 300)]:
        malformed(bad)
    link = Link()
    link.s.sendall(frame(1, "03 0000 0001", length=0xFFFF))
    link.read()
    link.s.close()


def polling():
    """What a control room does: the same points again and again for 150 s, and now and then a write or a mistake."""
    link = Link()
    begin = time.monotonic()
    for tick in range(75):
        link.ask("03 000a 0004")
        if tick % 5 == 0:
            link.ask("01 0000 0008")
        if tick == 10:
            link.ask("06 000b 0bb8")  # register 11 = 3000: the poll that follows reads it
        if tick == 20:
            link.ask("03 00c8 0001")  # beyond the table: exception 2
        if tick == 50:
            link.ask("05 0003 ff00")
        time.sleep(max(0.0, begin + 2 * (tick + 1) - time.monotonic()))
    link.s.close()


def scan():
    """What a scanner does: every function code with no data, then the units from 0 to 32, then 247 and 255."""
    link = Link()
    for function in range(1, 128):
        if function in (1, 2, 3, 4, 5, 6, 8, 15, 16, 20, 21, 22, 23, 24, 43):
            continue  # the server cannot read these when they are empty
        link.ask(f"{function:02x}")
    for unit in [*range(0, 33), 247, 255]:
        link.ask("03 0000 0001", unit)


globals()[sys.argv[1].replace("-", "_")]()
