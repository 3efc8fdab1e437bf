"""Says a few lines before the SSH server behind it does. usage: ssh_greeter.py ADDRESS PORT SERVER_PORT"""
import socket
import sys
import threading

LINES = b'This is pump 7 of hall 3.\r\nKeep out unless you were asked in.\n'


def pass_on(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)


listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    client, _ = listener.accept()
    client.sendall(LINES)
    server = socket.create_connection((sys.argv[1], int(sys.argv[3])))
    threading.Thread(target=pass_on, args=(client, server), daemon=True).start()
    threading.Thread(target=pass_on, args=(server, client), daemon=True).start()
