"""An FTP server with write access on the folder given. usage: ftp_server.py ADDRESS PORT FOLDER [CERTIFICATE_AND_KEY]"""
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

address, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
handler = FTPHandler
if len(sys.argv) > 4:
    from pyftpdlib.handlers import TLS_FTPHandler
    handler = TLS_FTPHandler
    handler.certfile = sys.argv[4]
handler.authorizer = DummyAuthorizer()
handler.authorizer.add_user('operator', 'seven', folder, perm='elradfmwMT')
handler.banner = 'Files of hall 3.\nOnly for operators.'
FTPServer((address, port), handler).serve_forever()
