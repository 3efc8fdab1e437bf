#!/usr/bin/env python3
"""A Modbus/TCP server on pymodbus with two units: modbus_server.py ADDRESS PORT.

pymodbus answers file and FIFO requests with stubs, two of them not in the standard's layout, so these are ours."""

import struct
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.file_message import ReadFifoQueueRequest, ReadFileRecordRequest
from pymodbus.pdu import ExceptionResponse, ModbusResponse
from pymodbus.server import StartTcpServer

FIFO = {10: [0x01B8, 0x1284, 0x0001], 11: list(range(40))}
FILES = {4: bytes(range(200)), 3: b"recipe 7: heat to 80 C"}


class Raw(ModbusResponse):
    """A response whose bytes are given."""

    def __init__(self, function, body):
        super().__init__()
        self.function_code, self.body = function, body

    def encode(self):
        return self.body


class ReadFifo(ReadFifoQueueRequest):
    function_code = 0x18

    def execute(self, context):
        values = FIFO.get(self.address)
        if values is None:
            return ExceptionResponse(0x18, 2)
        if len(values) > 31:
            return ExceptionResponse(0x18, 3)
        return Raw(0x18, struct.pack(f">HH{len(values)}H", 2 + 2 * len(values), len(values), *values))


class ReadFile(ReadFileRecordRequest):
    function_code = 0x14

    def execute(self, context):
        body = b""
        for record in self.records:
            data = FILES.get(record.file_number, b"")[2 * record.record_number:][:2 * record.record_length]
            if not data:
                return ExceptionResponse(0x14, 2)
            body += struct.pack(">BB", len(data) + 1, 6) + data
        return Raw(0x14, bytes([len(body)]) + body)


def block(values):
    return ModbusSequentialDataBlock(1, values)


units = {
    unit: ModbusSlaveContext(
        co=block([0, 1] * 100), di=block([1, 1, 0, 1] * 50), hr=block([unit * 1000 + i for i in range(200)]),
        ir=block([i * i % 65536 for i in range(200)]))
    for unit in (1, 17)
}
identity = ModbusDeviceIdentification(info_name={
    "VendorName": "Picket Lab", "ProductCode": "PL-7", "MajorMinorRevision": "1.4.2",
    "VendorUrl": "http://www.lab.test/", "ProductName": "Pump controller", "ModelName": "PC 700",
    "UserApplicationName": "Hall 3, line 7"})
StartTcpServer(context=ModbusServerContext(slaves=units, single=False), identity=identity,
               address=(sys.argv[1], int(sys.argv[2])), custom_functions=[ReadFifo, ReadFile])
