"""What the Python tests of this folder share: the programs under test, running them, and reporting in TAP.

A script makes one Checks, calls ok() and skip() for each thing it proves, and ends with sys.exit(checks.done()).
TAP (the Test Anything Protocol) is what meson counts one by one: see https://testanything.org.
"""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(os.environ.get('PICKET_SOURCE_ROOT') or pathlib.Path(__file__).resolve().parents[2])
PCAPS = ROOT / 'pcaps'
SAMPLE_RULES = PCAPS / 'sample.rules'


def program(variable, built):
    """The program that meson names in `variable`; else the one that scripts/build put into build/."""
    path = os.environ.get(variable) or str(ROOT / 'build' / built)
    if not os.access(path, os.X_OK):
        sys.exit('%s: no program at %s; build it (scripts/build release) or set %s' % (sys.argv[0], path, variable))
    return os.path.abspath(path)


def picket():
    return program('PICKET', 'sensor/picket')


def collector():
    return program('PICKET_COLLECTOR', 'export/collector/picket-collector')


def own_host():
    """An address of loopback at which nobody listens but this process's programs: what ends finds its port free when it comes back, whatever
    tests run beside this one."""
    n = os.getpid()
    return '127.%d.%d.%d' % (80 + (n >> 16 & 63), n >> 8 & 255, n & 255)


class Checks:
    """Counts what was checked, and says it in TAP on standard output."""

    def __init__(self):
        self.number = self.failed = 0

    def _line(self, text):
        self.number += 1
        print(text.replace('\n', ' '), flush=True)

    def note(self, text):
        for line in str(text).splitlines():
            print('#   ' + line, flush=True)

    def ok(self, name, good, why=''):
        """`why` is printed when `good` is not true: several lines are fine."""
        name = name.replace('#', '/')
        if good:
            self._line('ok %d - %s' % (self.number + 1, name))
        else:
            self.failed += 1
            self._line('not ok %d - %s' % (self.number + 1, name))
            self.note(why)
        return bool(good)

    def equal(self, name, got, expected):
        return self.ok(name, got == expected, 'expected %r\n     got %r' % (expected, got))

    def skip(self, name, reason):
        self._line('ok %d - %s # SKIP %s' % (self.number + 1, name.replace('#', '/'), reason))

    def scenarios(self, *every):
        """Runs each with a folder of its own, and says how long it took; names on the command line choose among them."""
        named, known = sys.argv[1:], [scenario.__name__ for scenario in every]
        unknown = [name for name in named if name not in known]
        if unknown:
            sys.exit("%s: no scenario '%s'; there are: %s" % (sys.argv[0], unknown[0], ', '.join(known)))
        for scenario in every:
            name = scenario.__name__
            if named and name not in named:
                continue
            with Scratch() as folder:
                begun = time.monotonic()
                scenario(self, folder)
                self.note('%s: %.1f s' % (name, time.monotonic() - begun))

    def done(self):
        print('1..%d' % self.number, flush=True)
        return 1 if self.failed else 0


class Result:
    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def __str__(self):
        """For a failure: what was run, and the end of what it said."""
        text = '$ %s\nexit status %s' % (' '.join(map(str, self.command)), self.status)
        said = self.err.decode(errors='replace').splitlines()
        return '\n'.join([text] + said[-12:])

    def complaints(self):
        """Lines on standard error that are no log lines."""
        lines = self.err.decode(errors='replace').splitlines()
        return [line for line in lines if line and not line.startswith('20')]


def run(*command, timeout=120, **more):
    """Runs a program to its end; a timeout is status 'timeout', never an exception."""
    command = [str(c) for c in command]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **more)
    except subprocess.TimeoutExpired as e:
        return Result(command, 'timeout', e.stdout or b'', e.stderr or b'')
    return Result(command, done.returncode, done.stdout, done.stderr)


class Server:
    """One picket_server (see there); each thread that runs picket has its own."""

    def __init__(self, path):
        self.folder = tempfile.TemporaryDirectory(prefix='picket-test.')
        self.out, self.err = (os.path.join(self.folder.name, name) for name in ('out', 'err'))
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)

    def run(self, command, folder, timeout):
        """The status as subprocess gives it, or 'timeout': then the server is no more."""
        texts = [os.path.abspath(folder), self.out, self.err] + command
        self.process.stdin.write(b'%d\n' % len(texts) + b''.join(os.fsencode(t) + b'\0' for t in texts))
        self.process.stdin.flush()
        status = 'timeout'
        if select.select([self.process.stdout], [], [], timeout)[0]:
            status = int(self.process.stdout.readline() or -signal.SIGABRT)
        if status == 'timeout':
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return status

    def __del__(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


SERVERS = threading.local()


def run_forked(*command, timeout=120, cwd='.'):
    """run() of picket, many times: forked from one that has started, where meson names such a one in PICKET_SERVER."""
    path = os.environ.get('PICKET_SERVER')
    if not path:
        return run(*command, timeout=timeout, cwd=cwd)
    command = [str(c) for c in command]
    server = getattr(SERVERS, 'server', None)
    if server is None or server.process.poll() is not None:
        server = SERVERS.server = Server(path)
    status = server.run(command, cwd, timeout)
    return Result(command, status, *(pathlib.Path(p).read_bytes() if os.path.exists(p) else b'' for p in (server.out, server.err)))


def stop(process, how=signal.SIGTERM, timeout=30):
    """Ends a process that was started here; its exit status, or 'timeout' after which it is killed."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return 'timeout'


class Scratch:
    """A temporary folder that goes away at the end of a `with`."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='picket-test.'))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def read_json(path):
    return json.loads(pathlib.Path(path).read_text())


def read_eve(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]


def ledger_fault(stats, packets=None):
    """What is wrong with the ledger of --stats, as text; '' when every packet and every record is accounted for."""
    ledger, records = stats['ledger'], stats['records']
    faults = []
    if ledger['received'] != sum(ledger['verdicts'].values()):
        faults.append('received %d, verdicts sum to %d' % (ledger['received'], sum(ledger['verdicts'].values())))
    if packets is not None and ledger['received'] != packets:
        faults.append('received %d of %d packets' % (ledger['received'], packets))
    for kind, made in records['made'].items():
        out = records['delivered'].get(kind, 0) + records['lost'].get(kind, 0)
        if made != out:
            faults.append('%s: %d made, %d delivered or lost' % (kind, made, out))
    if set(records['made']) != set(records['delivered']) or set(records['made']) != set(records['lost']):
        faults.append('records.made, delivered and lost name different types')
    return '; '.join(faults)


def frames_by_case():
    """How many frames each case of pcaps/ has, as pcaps/INDEX.md says."""
    frames = {}
    for line in (PCAPS / 'INDEX.md').read_text().splitlines():
        cells = [c.strip() for c in line.split('|')]
        if len(cells) == 6 and cells[3].isdigit():
            frames[cells[1].split(']')[0].strip('[')] = int(cells[3])
    return frames


def cases():
    """Folders of pcaps/ that hold a capture, as 'protocol/case'."""
    return sorted('/'.join(p.relative_to(PCAPS).parts) for p in PCAPS.glob('*/*') if any(p.glob('input.*')))


def capture_of(case):
    (capture,) = (PCAPS / case).glob('input.*')
    return capture
