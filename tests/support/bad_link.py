"""Links that fail, between a sensor and a collector: a proxy on loopback, and a wire between two network namespaces."""
import os
import socket
import struct
import subprocess
import threading
import time

CHUNK = 4096


class Proxy:
    """Carries TCP from an address of its own to another one, as badly as it is told, at any time:

    rate    bytes a second towards the collector; None: all that comes
    delay   seconds that what comes back waits
    held    nothing passes, and nobody is told
    cut_at  bytes towards the collector after which a connection is reset; None: never
    """

    def __init__(self, to):
        host, port = to.rsplit(':', 1)
        self.to = (host, int(port))
        self.rate = self.cut_at = None
        self.delay, self.held = 0, False
        self.cuts = self.carried = 0
        self.lock, self.pairs = threading.Lock(), []
        self.listening = socket.socket()
        # What waits is to wait in the sensor, not here.
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * CHUNK)
        self.listening.bind(('127.0.0.1', 0))
        self.listening.listen()
        self.address = '127.0.0.1:%d' % self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.to, 10)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.pairs.append((near, far))
            threading.Thread(target=self.forward, args=(near, far), daemon=True).start()
            threading.Thread(target=self.back, args=(far, near), daemon=True).start()

    def forward(self, near, far):
        carried = 0
        try:
            while data := near.recv(CHUNK):
                while self.held:
                    time.sleep(0.02)
                if self.cut_at is not None and carried + len(data) > self.cut_at:
                    far.sendall(data[:max(0, self.cut_at - carried)])  # in the middle of a message, most often
                    self.cuts += 1
                    return self.reset(near, far)
                far.sendall(data)
                carried += len(data)
                self.carried += len(data)
                if self.rate:
                    time.sleep(len(data) / self.rate)
            far.shutdown(socket.SHUT_WR)
        except OSError:
            self.reset(near, far)

    def back(self, far, near):
        try:
            while data := far.recv(CHUNK):
                time.sleep(self.delay)
                while self.held:
                    time.sleep(0.02)
                near.sendall(data)
            near.shutdown(socket.SHUT_WR)
        except OSError:
            self.reset(near, far)

    def reset(self, *ends):
        for end in ends:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                end.shutdown(socket.SHUT_RDWR)
                end.close()
            except OSError:
                pass  # the other direction was first

    def cut(self):
        """Every connection, now."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        self.cuts += len(pairs)
        for pair in pairs:
            self.reset(*pair)

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.held = False
        self.cut()


class Wire:
    """Two network namespaces with a pair of veth between them. Its addresses are of 127/8: without TLS the two programs speak
    on loopback only, and to the kernel these are loopback no more."""

    SENSOR, COLLECTOR = '127.77.0.1', '127.77.0.2'

    def __init__(self):
        self.names = ['picket-%s-%d' % (side, os.getpid()) for side in ('plant', 'soc')]
        try:
            for name in self.names:
                self.ip('netns', 'add', name)
            plant, soc = self.names
            self.ip('-n', plant, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', soc)
            for name, address in zip(self.names, (self.SENSOR, self.COLLECTOR)):
                self.run_in(name, 'sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1')
                self.ip('-n', name, 'address', 'add', '127.0.0.1/32', 'dev', 'lo')
                self.ip('-n', name, 'link', 'set', 'lo', 'up')
                self.ip('-n', name, 'address', 'del', '127.0.0.1/8', 'dev', 'lo', may_fail=True)
                self.ip('-n', name, 'address', 'add', address + '/24', 'dev', 'wire')
                self.ip('-n', name, 'link', 'set', 'wire', 'up')
            self.plant, self.soc = (('ip', 'netns', 'exec', name) for name in self.names)
        except OSError:
            self.close()
            raise

    def run_in(self, name, *words):
        self.ip('netns', 'exec', name, *words)

    @staticmethod
    def ip(*words, may_fail=False):
        done = subprocess.run(['ip', *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0 and not may_fail:
            raise OSError('ip %s: %s' % (' '.join(words), done.stdout.decode(errors='replace').strip()))

    def down(self):
        """At the far end: the sensor's packets vanish, and it is not told."""
        self.ip('-n', self.names[1], 'link', 'set', 'wire', 'down')

    def up(self):
        self.ip('-n', self.names[1], 'link', 'set', 'wire', 'up')

    def close(self):
        for name in self.names:
            self.ip('netns', 'del', name, may_fail=True)
