"""Batches as sensors write them for a data diode, taken apart byte by byte, changed, sealed and signed anew: what an honest file never holds.

A file is that of export/batch_file.h, a batch that of collector.proto with the hash of export/batch.h; records that are not compressed.
"""
import copy
import hashlib
import pathlib
import struct
import subprocess

from grpc_wire import field, fixed64, varint

MAGIC = b'picket batches 1\n'
CONTEXT = b'picket batch 1\0'  # export/tls/signing.h
SENSOR, BOOT, FIRST, COUNT, PREVIOUS, HASH, COMPRESSION, RECORDS, SIZE, LANE, SEALED, BEFORE, GAP, SIGNATURE, CERTIFICATE = range(1, 16)
LANES = {1: 'alert', 2: 'transaction', 3: 'flow', 4: 'statistics'}


def read_varint(data, at):
    n = shift = 0
    while True:
        n |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return n, at


def fields(data):
    """(number, value) of each field of a message; a fixed64 is an integer, too."""
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        if key & 7 == 0:
            value, at = read_varint(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack_from('<Q', data, at)[0], at + 8
        else:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def integer(n):
    return struct.pack('<Q', n)


def counted(text):
    return integer(len(text)) + text


class Batch:
    """A batch of one of today's lanes: `values` by number of field."""

    def __init__(self, data):
        self.values = {BOOT: 0, FIRST: 0, COUNT: 0, COMPRESSION: 0, RECORDS: b'', SIZE: 0, LANE: 0, SEALED: 0, BEFORE: [], SIGNATURE: b'', CERTIFICATE: b''}
        for number, value in fields(data):
            if number == BEFORE:
                self.values[BEFORE].append(dict(fields(value)))
            else:
                self.values[number] = value

    def __getitem__(self, number):
        return self.values[number]

    def text(self):
        """As the collector calls it."""
        return "sensor '%s' boot %016x lane %s, from record %d on" % (self[SENSOR].decode(), self[BOOT], LANES[self[LANE]], self[FIRST])

    def with_(self, changes):
        other = Batch.__new__(Batch)
        other.values = {**copy.deepcopy(self.values), **changes}
        return other

    def altered(self):
        """One bit of the last record is another one; its hash stays."""
        records = bytearray(self[RECORDS])
        records[-1] ^= 1
        return self.with_({RECORDS: bytes(records)})

    def true_hash(self):
        assert not self[COMPRESSION] and GAP not in self.values
        before = b''.join(counted(c[1]) + integer(c.get(2, 0)) for c in self[BEFORE])
        return hashlib.sha256(self[PREVIOUS] + counted(self[SENSOR]) + b''.join(integer(self[n]) for n in (BOOT, FIRST, COUNT, LANE, SEALED)) +
                              integer(len(self[BEFORE])) + before + integer(0) + self[RECORDS]).digest()

    def sealed(self):
        return self.with_({HASH: self.true_hash()})

    def signed(self, key, certificate):
        """With a key for P-256, as picket-ca makes them."""
        def openssl(*words, text=None):
            return subprocess.run(['openssl', *map(str, words)], input=text, stdout=subprocess.PIPE, check=True).stdout
        return self.with_({SIGNATURE: openssl('dgst', '-sha256', '-sign', key, text=CONTEXT + self[HASH]),
                           CERTIFICATE: openssl('x509', '-in', certificate, '-outform', 'der')})

    def encode(self):
        out = b''
        for number, value in sorted(self.values.items()):
            if number in (BOOT, SEALED):
                out += fixed64(number, value)
            elif number == BEFORE:
                out += b''.join(field(BEFORE, b''.join(field(*item) for item in sorted(c.items()))) for c in value)
            else:
                out += field(number, value)
        return out


def read_batches(path):
    """Of a file that is whole."""
    data = pathlib.Path(path).read_bytes()
    assert data.startswith(MAGIC) and data[-33] == 0 and hashlib.sha256(data[:-32]).digest() == data[-32:]
    at, found = len(MAGIC), []
    while at < len(data) - 33:
        size, at = read_varint(data, at)
        found.append(Batch(data[at:at + size]))
        at += size
    return found


def file_of(batches):
    """Whole, whatever its batches are."""
    data = MAGIC + b''.join(varint(len(b)) + b for b in (batch.encode() for batch in batches)) + b'\0'
    return data + hashlib.sha256(data).digest()
