"""gRPC byte by byte, for saying what no library would: HTTP/2 (RFC 9113) with headers that are never compressed (RFC 7541), and a few messages
of collector.proto. Both ends: Client speaks to a collector, Rogue is one."""
import hashlib
import socket
import struct
import threading
import time

from checks import own_host

DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
NO_TABLE = struct.pack('>HI', 1, 0)  # SETTINGS_HEADER_TABLE_SIZE: the far side writes names and values out


EVENT_TIMESTAMP, EVENT_TYPE = 1, 4  # of event.proto

# ---- Protobuf ----

def varint(n):
    out = b''
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """An integer as a varint, bytes and text with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed64(number, value):
    return varint(number << 3 | 1) + struct.pack('<Q', value)


def event(kind):
    return field(EVENT_TYPE, kind) + fixed64(EVENT_TIMESTAMP, 1_700_000_000_000_000_000)


class Batch:
    """Of one lane, as sensors before 0.2 send it: its hash is of few fields. Change what you like, then encode()."""

    def __init__(self, sensor='tester', boot=7, first=1, previous=bytes(32), kinds=('flow',)):
        self.sensor, self.boot, self.first, self.previous, self.count = sensor, boot, first, previous, len(kinds)
        self.records = b''.join(varint(len(e)) + e for e in map(event, kinds))
        self.lane, self.size, self.compression, self.more = 0, len(self.records), 0, b''
        self.hash = self.true_hash()

    def true_hash(self):
        name = self.sensor.encode()
        return hashlib.sha256(self.previous + struct.pack('<Q', len(name)) + name + struct.pack('<QQQ', self.boot, self.first, self.count) + self.records).digest()

    def with_(self, **changes):
        """A hash is made anew unless it is among the changes."""
        for name, value in changes.items():
            setattr(self, name, value)
        if 'hash' not in changes:
            self.hash = self.true_hash()
        return self

    def encode(self):
        return (field(1, self.sensor) + fixed64(2, self.boot) + field(3, self.first) + field(4, self.count) + field(5, self.previous) + field(6, self.hash) +
                field(7, self.compression) + field(8, self.records) + field(9, self.size) + field(10, self.lane) + self.more)


# ---- HTTP/2 ----

def frame(kind, flags=0, stream=0, payload=b''):
    return struct.pack('>I', len(payload))[1:] + bytes([kind, flags]) + struct.pack('>I', stream) + payload


def literal(name, value):
    """A header that enters no table; shorter than 127 each."""
    return b'\0' + bytes([len(name)]) + name + bytes([len(value)]) + value


def read_integer(block, at, bits):
    most = (1 << bits) - 1
    n, shift = block[at] & most, 0
    at += 1
    if n < most:
        return n, at
    while True:
        n += (block[at] & 0x7f) << shift
        shift += 7
        at += 1
        if not block[at - 1] & 0x80:
            return n, at


def read_headers(block):
    """Those whose name is written out."""
    found, at = {}, 0
    while at < len(block):
        first = block[at]
        if first & 0x80:
            _, at = read_integer(block, at, 7)
            continue
        if first & 0xe0 == 0x20:
            _, at = read_integer(block, at, 5)
            continue
        index, at = read_integer(block, at, 6 if first & 0x40 else 4)
        texts = []
        for _ in range(1 if index else 2):
            n, at = read_integer(block, at, 7)
            texts.append(block[at:at + n])
            at += n
        if not index:
            found[texts[0].decode()] = texts[1].decode(errors='replace')
    return found


def message(data):
    """As gRPC frames it: not compressed."""
    return b'\0' + struct.pack('>I', len(data)) + data


class End:
    """An end of a connection."""

    def __init__(self, connection):
        self.socket, self.left = connection, b''
        self.initial, self.rooms = 65535, {0: 65535}  # that the far side has for a stream at first, and now

    def send(self, *frames):
        self.socket.sendall(b''.join(frames))

    def exactly(self, n):
        while len(self.left) < n:
            more = self.socket.recv(65536)
            if not more:
                raise OSError('the connection ended')
            self.left += more
        out, self.left = self.left[:n], self.left[n:]
        return out

    def room(self, stream):
        return min(self.rooms[0], self.rooms.setdefault(stream, self.initial))

    def next_frame(self):
        """(kind, flags, stream, payload); settings and pings are answered, and room is counted."""
        head = self.exactly(9)
        kind, flags, stream = head[3], head[4], struct.unpack('>I', head[5:])[0] & 0x7fffffff
        payload = self.exactly(int.from_bytes(head[:3], 'big'))
        if kind == WINDOW:
            self.rooms[stream] = self.rooms.get(stream, self.initial) + struct.unpack('>I', payload)[0]
        elif kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                key, value = struct.unpack('>HI', payload[at:at + 6])
                if key == 4:
                    self.rooms = {of: n + (value - self.initial if of else 0) for of, n in self.rooms.items()}
                    self.initial = value
            self.send(frame(SETTINGS, ACK))
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))
        return kind, flags, stream, payload

    def read(self):
        """The next frame that says something."""
        while True:
            found = self.next_frame()
            if found[0] in (DATA, HEADERS, RST, GOAWAY):
                return found

    def flood(self, stream, total):
        """The head of a message of `total` bytes and as much of it as the far side makes room for. Gives how much that was."""
        sent, left = 0, b'\0' + struct.pack('>I', total)
        try:
            while sent < total:
                room = min(self.room(stream), 16384)
                if room > 0:
                    data = left + bytes(room - len(left))
                    left = b''
                    self.send(frame(DATA, 0, stream, data))
                    sent += room
                    self.rooms[0] -= room
                    self.rooms[stream] -= room
                if room > 0 and sent % (1 << 20) > 16384:
                    continue
                kind, flags, of, payload = self.next_frame()
                if of in (0, stream) and kind in (HEADERS, RST, GOAWAY):
                    self.left = frame(kind, flags, of, payload) + self.left
                    return sent
        except OSError:
            pass
        return sent


class Client(End):
    """Calls a collector. `connection`: of TLS, where it is one."""

    def __init__(self, address, connection=None, patience=60):
        host, port = address.rsplit(':', 1)
        super().__init__(connection or socket.create_connection((host, int(port)), patience))
        self.socket.settimeout(patience)
        self.next = 1
        self.send(PREFACE, frame(SETTINGS, 0, 0, NO_TABLE))

    def call(self, method, *messages, half_close=True):
        """Gives the stream."""
        stream, self.next = self.next, self.next + 2
        head = b'\x83\x86' + literal(b':path', b'/picket.v1.Collector/' + method) + literal(b':authority', b'collector') + \
            literal(b'te', b'trailers') + literal(b'content-type', b'application/grpc')
        self.send(frame(HEADERS, END_HEADERS, stream, head))
        for data in messages:
            self.say(stream, message(data))
        if half_close:
            self.send(frame(DATA, END_STREAM, stream))
        return stream

    def say(self, stream, data):
        for at in range(0, len(data), 16384):
            self.send(frame(DATA, 0, stream, data[at:at + 16384]))

    def end_of(self, stream):
        """(status, text, acknowledgements) of a call; status None: the connection ended without a word."""
        answers = 0
        try:
            while True:
                kind, flags, of, payload = self.read()
                if kind == GOAWAY:
                    return None, 'GOAWAY ' + payload[8:].decode(errors='replace'), answers
                if of != stream:
                    continue
                if kind == DATA:
                    answers += 1
                if kind == RST:
                    return None, 'RST_STREAM %d' % int.from_bytes(payload, 'big'), answers
                if kind == HEADERS and flags & END_STREAM:
                    found = read_headers(payload)
                    return int(found.get('grpc-status', -1)), found.get('grpc-message', ''), answers
        except OSError as e:
            return None, str(e), answers

    def close(self):
        self.socket.close()


def hang_up(connection):
    """Also where another thread reads from it."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other end did
    connection.close()


class Rogue:
    """A collector that answers each call with the messages given for its method, whatever they are, an integer with a message of so many bytes;
    `raw`: bytes in place of HTTP/2. `flooded`: of such messages, the bytes that the sensor made room for."""

    def __init__(self, answers, raw=None, port=0):
        self.answers, self.raw, self.calls, self.data, self.flooded = answers, raw, 0, 0, []
        self.listening = socket.create_server((own_host(), port))
        self.port = self.listening.getsockname()[1]
        self.address = '%s:%d' % (own_host(), self.port)
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.raw is not None:
                self.calls += 1
                connection.sendall(self.raw)
                time.sleep(0.2)
                return connection.close()
            end = End(connection)
            end.exactly(len(PREFACE))
            end.send(frame(SETTINGS, 0, 0, NO_TABLE))
            while True:
                kind, _, stream, payload = end.read()
                self.data += kind == DATA
                if kind != HEADERS:
                    continue
                method = next((m for m in self.answers if m in payload), None)
                self.calls += method is not None
                end.send(frame(HEADERS, END_HEADERS, stream, b'\x88' + literal(b'content-type', b'application/grpc')))
                for data in self.answers.get(method, []):
                    if isinstance(data, int):
                        self.flooded.append(end.flood(stream, data))
                    else:
                        end.send(frame(DATA, 0, stream, data))
        except OSError:
            connection.close()

    def turn(self, answers, raw=None):
        """From now on it answers these: calls so far end. It goes on listening, so that nobody has a longer pause for it."""
        self.answers, self.raw, self.calls, ended, self.open = answers, raw, 0, self.open, []
        for connection in ended:
            hang_up(connection)

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for connection in self.open:
            hang_up(connection)
