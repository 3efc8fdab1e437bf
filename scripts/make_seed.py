#!/usr/bin/env python3
"""Writes a seed for tests/fuzz: a conversation, from text on standard input.

usage: make_seed.py tcp|udp|ethernet OUT < TEXT

Each line of TEXT is one turn; '>' goes to the server, '<' to the client, '#' starts a comment:
    > 00 01 0a          bytes in hexadecimal, blanks do not matter
    < "HTTP/1.1 200\\r\\n"  text, with Python's escapes
    > gap 100           so many bytes are missing here (tcp)
    < end               nothing more comes from there (tcp)
What stands in the file: tests/fuzz/README.md.
"""
import ast
import sys

TRANSPORTS = {'tcp': 1, 'udp': 2, 'ethernet': 4}


def turn(line):
    """The bytes that one line becomes."""
    direction, what = line[0], line[1:].strip()
    kind = {'>': 0, '<': 1}[direction]
    if what == 'end':
        return bytes([kind | 4, 0, 0])
    if what.startswith('gap '):
        return bytes([kind | 2]) + int(what[4:]).to_bytes(2, 'big')
    if what.startswith('"'):
        data = ast.literal_eval('b' + what)
    else:
        data = bytes.fromhex(what)
    return bytes([kind]) + len(data).to_bytes(2, 'big') + data


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in TRANSPORTS:
        sys.exit(__doc__)
    out = bytes([0xc0 | TRANSPORTS[sys.argv[1]]])
    for number, line in enumerate(sys.stdin, 1):
        line = line.split('#')[0].strip() if '"' not in line else line.strip()
        if not line:
            continue
        try:
            out += turn(line)
        except (KeyError, ValueError, SyntaxError, OverflowError) as e:
            sys.exit('line %d: %s: %s' % (number, line, e))
    with open(sys.argv[2], 'wb') as f:
        f.write(out)


main()
