"""Both ends of an FTP control connection that no server and client of ours would have.

usage: ftp_odd.py server ADDRESS PORT | client ADDRESS PORT
"""
import socket
import sys
import time

# What the client says, and what the server answers.
TURNS = [
    (b'', b'220-Hello.\r\n 220 is not the end\r\n220 FTP ready\r\n'),
    (b'user bob\r\nPASS x\r\n', b'331 Password\r\n230 In\r\n'),                       # pipelined
    (b'\xff\xf4\xff\xf2ABOR\r\n', b'225 Nothing to abort\n'),                         # behind telnet's interrupt; LF alone
    (b'RETR ' + b'A' * 5000 + b'\r\n', b'550 ' + b'B' * 5000 + b'\r\n'),
    (b'PORT 1,2,3\r\n', b'501 What?\r\n'),
    (b'EPRT |1|999.0.0.1|70000|\r\n', b'501 What?\r\n'),
    (b'PASV\r\n', b'227 Somewhere\r\n'),
    (b'STAT\r\n', b'211-State\r\n211 of all\r\n'),
    (b'SITE EXEC\x00 \x01\x02\r\n', b'no code\r\n200 Done\r\n'),
    (b'\r\n\r\nNOOP\r\n', b'200\r\n'),
    (b'QUIT\r\n', b'221 Bye\r\n'),
]


def server(address, port):
    with socket.create_server((address, port)) as listener:
        s, _ = listener.accept()
        for want, answer in TURNS:
            got = b''
            while len(got) < len(want):
                got += s.recv(65536)
            s.sendall(answer)
        s.close()


def client(address, port):
    with socket.create_connection((address, port)) as s:
        for said, want in TURNS:
            s.sendall(said)
            got = b''
            while len(got) < len(want):
                got += s.recv(65536)
            time.sleep(0.05)


{'server': server, 'client': client}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
