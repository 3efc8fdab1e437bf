#!/usr/bin/env python3
"""What is asked wrongly, or cannot be done, ends with status 2 or 1 and one line that a person can act on: never with a
crash, a backtrace, silence, or success.

usage: bad_input.py [NAME]        PICKET, PICKET_COLLECTOR=paths of the programs; NAME: only checks that contain it
"""
import os
import pathlib
import re
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, Checks, Scratch, collector, picket, run

USAGE, WORK = 2, 1
BACKTRACE = re.compile(r'terminate called|Sanitizer|runtime error|what\(\)|core dumped|Assertion|std::|\b#[0-9]+ 0x', re.I)
# Log lines begin with a time; rejected rules and records that cannot be written are said there.
LOG_LINE = re.compile(r'^\[?20\d\d-\d\d-\d\d[T ]')
CAPTURE = PCAPS / 'http/get/input.pcap'


def files(folder):
    """What the table below names."""
    raw = CAPTURE.read_bytes()
    (folder / 'empty.pcap').write_bytes(b'')
    (folder / 'tiny.pcap').write_bytes(raw[:10])
    (folder / 'cut.pcap').write_bytes(raw[:300])
    (folder / 'broken.pcap').write_bytes(raw[:24] + b'\xff' * 64)
    (folder / 'text.pcap').write_text('This is a text, not a capture.\n' * 10)
    (folder / 'cut.pcap.gz').write_bytes((PCAPS / 'formats/pcap-gzip/input.pcap.gz').read_bytes()[:200])
    (folder / 'dir').mkdir()
    os.mkfifo(folder / 'fifo')
    (folder / 'bytes.yaml').write_bytes(b'\x80\x01"\\@: [\xff\x00{')
    (folder / 'word.yaml').write_text('word\n')
    (folder / 'closed').mkdir(mode=0o555)
    (folder / 'unknown.yaml').write_text('flow:\n  hash-sise: 1024\n')
    (folder / 'value.yaml').write_text('workers: many\n')
    (folder / 'broken.yaml').write_text('flow: [1,\n')
    (folder / 'bad.rules').write_text('alert tcp any any -> any any (msg:"x"; contnt:"a"; sid:1;)\n')
    (folder / 'collector.yaml').write_text('lissten: 127.0.0.1:0\n')
    (folder / 'text.db').write_text('This is no database.\n' * 100)


def table(busy_port):
    """(name, status, arguments, what standard error has to say); {c} is a sound capture."""
    return [
        ('no command', USAGE, '', r'command is missing.*picket --help'),
        ('unknown command', USAGE, 'reply {c}', r"no command 'reply'.*replay"),
        ('a flag for a command', USAGE, '-x', r"'-x' stands where a command.*picket --help"),
        ('an empty output', USAGE, ['replay', '--eve', '', '{c}'], r'--eve: is empty'),
        ('an empty capture name', USAGE, ['replay', ''], r'captures: is empty'),
        ('an empty rule file name', USAGE, ['check', '--rules', ''], r'--rules: is empty'),
        ('no capture', USAGE, 'replay', r'captures.*required.*picket replay --help'),
        ('wrong flag', USAGE, 'replay --evee x {c}', r'--evee.*picket replay --help'),
        ('flag without its value', USAGE, 'replay {c} --eve', r'--eve.*picket replay --help'),
        ('workers: 0', USAGE, 'replay --workers 0 {c}', r'--workers.*1 to 64'),
        ('workers: a word', USAGE, 'replay --workers two {c}', r'--workers.*two'),
        ('workers: too many', USAGE, 'replay --workers 65 {c}', r'--workers.*1 to 64'),
        ('loop: 0', USAGE, 'replay --loop 0 {c}', r'--loop'),
        ('pace: a word', USAGE, 'replay --pace quick {c}', r'--pace.*quick.*max'),
        ('pace: negative', USAGE, 'replay --pace=-1 {c}', r'--pace.*-1'),
        ('log level: unknown', USAGE, 'replay --log-level loud {c}', r'--log-level.*loud.*warning'),
        ('checksums: unknown', USAGE, 'replay --checksums perhaps {c}', r'--checksums.*perhaps.*verify'),
        ('too many words', USAGE, 'check extra', r'extra.*picket check --help'),
        ('version with a flag', USAGE, 'version --verbose', r'--verbose'),
        ('run without a port', USAGE, 'run', r'--interface'),
        ('run: an interface that does not exist', WORK, 'run --interface nosuch0', r'nosuch0: no such network interface.*ip link'),
        ('run: a device that does not exist', WORK, 'run --interface 0000:ff:1f.0', r'0000:ff:1f\.0: .*dpdk-devbind'),
        ('run: a virtual device that is none', WORK, 'run --vdev garbage', r'garbage: DPDK cannot open.*ip link'),
        ('run: a quote that is not closed', USAGE, ['run', '--eal', '"unclosed', '--vdev', 'net_null0'], r'a double quote is not closed'),
        ('run: DPDK does not take it', WORK, 'run --eal --bogus --vdev net_null0', r"--eal '--bogus': DPDK does not start"),
        ('run: not permitted', WORK, 'run --eve closed/x --vdev net_null0', r"--eve: cannot write 'closed/x'"),
        # captures
        ('missing file', WORK, 'replay nothere.pcap', r'nothere\.pcap: no such file'),
        ('empty file', WORK, 'replay empty.pcap', r'empty\.pcap: .*empty'),
        ('file cut in its header', WORK, 'replay tiny.pcap', r'tiny\.pcap: not a capture'),
        ('file cut in a packet', WORK, 'replay cut.pcap', r'cut\.pcap: packet 4: the file is cut off inside a packet'),
        ('gzip cut off', WORK, 'replay cut.pcap.gz', r'cut\.pcap\.gz: '),
        ('a record of absurd size', WORK, 'replay broken.pcap', r'broken\.pcap: packet 1: '),
        ('a text as capture', WORK, 'replay text.pcap', r'text\.pcap: not a capture'),
        ('a folder without captures', WORK, 'replay dir', r'dir: .*no capture file'),
        ('one good, one missing', WORK, 'replay {c} nothere.pcap', r'nothere\.pcap: no such file'),
        # outputs
        ('eve: a FIFO that nobody reads', WORK, 'replay --eve fifo {c}', r"--eve: cannot write 'fifo': nobody reads this FIFO; start its reader"),
        ('eve: a folder', WORK, 'replay --eve dir {c}', r"--eve: cannot write 'dir': Is a directory"),
        ('eve: in no folder', WORK, 'replay --eve no/where {c}', r"--eve: cannot write 'no/where': No such file"),
        ('eve: not permitted', WORK, 'replay --eve closed/x {c}', r"--eve: cannot write 'closed/x': Permission denied"),
        ('eve: disk full', WORK, 'replay --eve /dev/full {c}', r"'/dev/full': No space left"),
        ('records: a folder', WORK, 'replay --records dir {c}', r"--records: cannot write 'dir': Is a directory"),
        ('records: not permitted', WORK, 'replay --records closed/x {c}', r"--records: cannot write 'closed/x': Permission denied"),
        ('records: disk full', WORK, 'replay --records /dev/full {c}', r"'/dev/full': No space left"),
        ('stats: a folder', WORK, 'replay --stats dir {c}', r"--stats: cannot write 'dir': Is a directory"),
        ('stats: not permitted', WORK, 'replay --stats closed/x {c}', r"--stats: cannot write 'closed/x': Permission denied"),
        ('stats: disk full', WORK, 'replay --stats /dev/full {c}', r"'/dev/full': No space left"),
        # configuration
        ('unknown key', USAGE, 'replay --config unknown.yaml {c}', r'unknown\.yaml:2:\d+: flow\.hash-sise: unknown key; did you mean flow\.hash-size'),
        ('unknown key in --set', USAGE, 'replay --set flow.hash-sise=1 {c}', r'flow\.hash-sise: unknown key; did you mean flow\.hash-size'),
        ('bad value', USAGE, 'replay --config value.yaml {c}', r"value\.yaml:1:\d+: workers: 'many' has to be a number"),
        ('bad value in --set', USAGE, 'replay --set stream.midstream=maybe {c}', r"'maybe' has to be yes or no"),
        ('value out of range', USAGE, 'replay --set flow.hash-size=1 {c}', r'flow\.hash-size: .*64'),
        ('--set without =', USAGE, 'replay --set workers {c}', r'--set workers: write KEY=VALUE'),
        ('--set without a key', USAGE, 'replay --set =1 {c}', r'--set =1: write KEY=VALUE'),
        ('missing configuration', USAGE, 'replay --config nothere.yaml {c}', r'nothere\.yaml: cannot be read'),
        ('a folder as configuration', USAGE, 'replay --config dir {c}', r'dir: cannot be read'),
        ('bytes as configuration', USAGE, 'replay --config bytes.yaml {c}', r'bytes\.yaml:\d+:\d+: no YAML.*key: value'),
        ('a word as configuration', USAGE, 'replay --config word.yaml {c}', r"word\.yaml: .*'key: value'"),
        ('broken YAML', USAGE, 'replay --config broken.yaml {c}', r'broken\.yaml:\d+:\d+: no YAML'),
        ('home net that is none', USAGE, 'replay --home-net 10.0.0.0/99 {c}', r"HOME_NET: '10\.0\.0\.0/99': .*prefix length"),
        ('external net that names nobody', USAGE, 'check --external-net !$HOME_NETT', r"EXTERNAL_NET: '!\$HOME_NETT': .*HOME_NETT"),
        # rules
        ('missing rule file', USAGE, 'replay --rules nothere.rules {c}', r'nothere\.rules: cannot be opened'),
        ('pattern without a file', USAGE, 'check --rules nothere*.rules', r'nothere\*\.rules: no file matches'),
        ('a bad rule, strictly', USAGE, 'replay --rules-strict --rules bad.rules {c}', r"--rules-strict"),
        ('a bad rule, strictly, in check', USAGE, 'check --rules-strict --rules bad.rules', r"--rules-strict"),
        # collector
        ('nobody collects', WORK, 'replay --export 127.0.0.1:1 {c}', r'--export: no collector answers at 127\.0\.0\.1:1;.*picket-collector serve'),
        ('collector elsewhere', WORK, 'replay --export 192.0.2.1:7443 {c}', r'--export: 192\.0\.2\.1:7443 is not on this machine.*clear text'),
        ('export: no address', WORK, 'replay --export nonsense {c}', r"--export: 'nonsense' is not HOST:PORT"),
    ], [
        ('no command', USAGE, '', r'command is missing.*serve.*picket-collector --help'),
        ('an empty address', USAGE, ['serve', '--listen', ''], r'--listen: is empty'),
        ('bytes as configuration', USAGE, 'serve --config bytes.yaml', r'bytes\.yaml:\d+: no YAML'),
        ('unknown command', USAGE, 'server', r"no command 'server'.*--help"),
        ('wrong flag', USAGE, 'serve --prot 5', r'--prot.*picket-collector serve --help'),
        ('unknown log level', USAGE, 'serve --log-level loud', r'--log-level.*loud'),
        ('unknown key', USAGE, 'serve --config collector.yaml', r"collector\.yaml:1: there is no key 'lissten'"),
        ('missing configuration', USAGE, 'serve --config nothere.yaml', r'nothere\.yaml: cannot be read'),
        ('a folder as configuration', USAGE, 'serve --config dir', r'dir: cannot be read'),
        ('listen: no address', WORK, 'serve --store s.db --listen nonsense', r"--listen: 'nonsense' is not HOST:PORT"),
        ('listen: every interface', WORK, 'serve --store s.db --listen 0.0.0.0:0', r'--listen: 0\.0\.0\.0:0 is not on this machine.*clear text'),
        ('busy port', WORK, 'serve --store s.db --listen 127.0.0.1:%d' % busy_port, r'127\.0\.0\.1:%d.*(in use|another)' % busy_port),
        ('store in no folder', WORK, 'serve --listen 127.0.0.1:0 --store no/where.db', r"store 'no/where\.db': .*--store"),
        ('store: a folder', WORK, 'serve --listen 127.0.0.1:0 --store dir', r"store 'dir': .*--store"),
        ('store: not permitted', WORK, 'serve --listen 127.0.0.1:0 --store closed/s.db', r"store 'closed/s\.db': .*--store"),
        ('store: no database', WORK, 'serve --listen 127.0.0.1:0 --store text.db', r"store 'text\.db': .*not a database"),
        ('query: missing store', WORK, 'query --store nothere.db', r"store 'nothere\.db': .*--store"),
        ('query: no database', WORK, 'query --store text.db', r"store 'text\.db': .*not a database"),
        ('query: unknown type', WORK, 'query --store good.db --type dnss', r"dnss.*(dns|types)"),
        ('query: unknown field', WORK, 'query --store good.db --where dest_prt=53', r"dest_prt"),
        ('query: broken expression', WORK, 'query --store good.db --where dest_port=', r"--where"),
        ('query: a time that is none', WORK, 'query --store good.db --since yesterday', r"--since.*yesterday"),
        ('query: a limit below nothing', USAGE, 'query --store good.db --limit -1', r"--limit.*-1"),
        ('query: a limit that is none', USAGE, 'query --store good.db --limit few', r"--limit.*few"),
    ]


# Root may write everywhere. Another user may not even reach the programs (a clone below /root): root without the right.
WITHOUT_OVERRIDE = ['setpriv', '--bounding-set=-dac_override,-dac_read_search']


def check(checks, name, program, status, arguments, says, folder):
    words = arguments if isinstance(arguments, list) else arguments.split()
    words = [w.replace('{c}', str(CAPTURE)) for w in words]
    arguments = ' '.join(words)
    drop = WITHOUT_OVERRIDE if 'closed/' in arguments and os.getuid() == 0 else []
    result = run(*drop, program, *words, cwd=folder, timeout=60, stdin=subprocess.DEVNULL)
    text = result.err.decode(errors='replace')
    lines = [line for line in text.splitlines() if line]
    complaints = [line for line in lines if not LOG_LINE.match(line)]
    faults = []
    if result.status != status:
        faults.append('exit status %s, expected %s' % (result.status, status))
    if BACKTRACE.search(text):
        faults.append('it looks like a crash')
    if not any(re.search(says, line) for line in lines):
        faults.append('no line says /%s/' % says)
    shown = [c for c in complaints if c.startswith(('picket: ', 'picket-collector: '))]
    # The summary of a replay whose output went to standard output is on standard error: not a complaint.
    if len(shown) > 1:
        faults.append('%d lines where one would do' % len(shown))
    if any(word in text for word in ('EAL options', 'EAL: FATAL')) or b'Usage' in result.out:
        faults.append("a library's own usage instead of ours")
    if 'http://' in text or any(len(c) > 400 for c in complaints):
        faults.append('a line longer than anyone reads')
    checks.ok('%s: %s' % (os.path.basename(program), name), not faults, '\n'.join(faults + ['it said:'] + lines[:6]))


def good_store(folder):
    """A store with a few records, for queries."""
    server = subprocess.Popen([collector(), 'serve', '--listen', '127.0.0.1:0', '--store', 'good.db'], cwd=folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    line = server.stderr.readline().decode()
    address = re.search(r'127\.0\.0\.1:\d+', line)
    if address:
        run(picket(), 'replay', '--export', address.group(0), CAPTURE, cwd=folder)
    server.terminate()
    server.communicate(timeout=30)
    return address is not None and (folder / 'good.db').exists()


def main():
    only = sys.argv[1] if len(sys.argv) > 1 else ''
    checks = Checks()
    with Scratch() as folder, socket.socket() as busy:
        os.chmod(folder, 0o755)
        files(folder)
        busy.bind(('127.0.0.1', 0))
        busy.listen()
        checks.ok('a store for queries', good_store(folder))
        sensor, server = table(busy.getsockname()[1])
        for program, rows in ((picket(), sensor), (collector(), server)):
            for name, status, arguments, says in rows:
                if only not in name:
                    continue
                check(checks, name, program, status, arguments, says, folder)
        # Standard output closed early: `picket replay --eve - | head -1` is no crash.
        if not only:
            done = run('bash', '-o', 'pipefail', '-c', '"$0" replay --log-level error --eve - "$1" | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}', picket(), PCAPS, cwd=folder)
            checks.ok('a reader of --eve - that goes away is no crash', done.status in (0, 1, 141) and not BACKTRACE.search(done.err.decode(errors='replace')), done)
        for name in (['replay', 'run', 'check', 'protocols', 'version'] if not only else []):
            result = run(picket(), name, '--help')
            checks.ok('picket %s --help: status 0, with an example' % name, result.status == 0 and b'Example' in result.out, result)
        for name in (['serve', 'query', 'version'] if not only else []):
            result = run(collector(), name, '--help')
            checks.ok('picket-collector %s --help: status 0, with an example' % name, result.status == 0 and b'Example' in result.out, result)
    return checks.done()


sys.exit(main())
