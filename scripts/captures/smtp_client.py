#!/usr/bin/env python3
"""Mail that other clients do not send: smtp_client.py CASE HOST [PORT], with Python's smtplib and email, or a plain socket."""
import email.message
import email.mime.application
import email.mime.message
import email.mime.multipart
import email.mime.text
import email.policy
import smtplib
import socket
import sys
import time

CASE, HOST = sys.argv[1], sys.argv[2]
PORT = int(sys.argv[3]) if len(sys.argv) > 3 else 25
SENDER, CHIEF = 'ops@lab.test', 'chief@lab.test'


def fixed(message, number):
    """The same bytes in every run."""
    message['From'] = 'Operator <%s>' % SENDER
    message['To'] = 'Chief <%s>' % CHIEF
    message['Date'] = 'Sun, 06 Sep 2026 10:00:00 +0000'
    message['Message-ID'] = '<%d@pump7.lab.test>' % number
    return message


def noise(size):
    import hashlib
    out, h = b'', b'picket'
    while len(out) < size:
        h = hashlib.sha256(h).digest()
        out += h
    return out[:size]


def attachments():
    """Base64, quoted-printable, names in three ways, a mail in the mail."""
    inner = fixed(email.message.EmailMessage(policy=email.policy.SMTP), 11)
    inner['Subject'] = 'inner'
    inner.set_content('The inner text: http://inner.lab.test/a\n')
    inner.add_attachment(b'PK\x03\x04' + noise(300), maintype='application', subtype='zip', filename='inner.zip')
    outer = email.mime.multipart.MIMEMultipart('mixed', boundary='outer-7')
    fixed(outer, 10)
    outer['Subject'] = '=?utf-8?q?Bericht_f=C3=BCr_Halle_3?='
    outer['X-Mailer'] = 'pump7 1.0'
    outer['Received'] = 'from pump7.lab.test (pump7.lab.test [10.77.0.2])\r\n\tby relay.lab.test; Sun, 06 Sep 2026 10:00:00 +0000'
    both = email.mime.multipart.MIMEMultipart('alternative', boundary='inner-7')
    both.attach(email.mime.text.MIMEText('See http://www.lab.test/report and https://www.lab.test/\n', 'plain', 'us-ascii'))
    html = email.mime.text.MIMEText('', 'html', 'utf-8')
    del html['Content-Transfer-Encoding']
    html['Content-Transfer-Encoding'] = 'quoted-printable'
    html.set_payload('<p>Druck =C3=BCber 5=C2=A0bar: <a href=3D"http://10.77.0.1/to=\r\nols/fix.exe">Hilfe</a></p>\r\n')
    both.attach(html)
    outer.attach(both)
    binary = email.mime.application.MIMEApplication(noise(5000))
    binary.add_header('Content-Disposition', 'attachment', filename='firmware.bin')
    outer.attach(binary)
    plain = email.mime.text.MIMEText('pump;1\r\n.dot\r\n..two\r\n', 'csv', 'us-ascii')
    plain.add_header('Content-Disposition', 'attachment', filename=('utf-8', 'de', 'Bericht über Pumpe 7.csv'))
    outer.attach(plain)
    word = email.mime.application.MIMEApplication(b'MZ' + noise(100), name='=?utf-8?b?cMO8bXBlLmV4ZQ==?=')
    outer.attach(word)
    outer.attach(email.mime.message.MIMEMessage(inner))
    with smtplib.SMTP(HOST, PORT, local_hostname='pump7.lab.test') as s:
        s.sendmail(SENDER, [CHIEF], outer.as_bytes(policy=email.policy.SMTP))


def several():
    """Three mails in one connection, one given up by RSET, one by EHLO, commands that nobody knows."""
    s = smtplib.SMTP(HOST, PORT, local_hostname='pump7.lab.test')
    s.ehlo()
    text = lambda n: fixed(email.message.EmailMessage(policy=email.policy.SMTP), n).as_bytes() + b'Subject: %d\r\n\r\nAll is well.\r\n' % n
    s.sendmail(SENDER, [CHIEF], text(1).replace(b'\r\n\r\nSubject', b'\r\nSubject'))
    s.mail('second@lab.test')
    s.rcpt(CHIEF)
    s.rset()
    s.mail('third@lab.test')
    s.ehlo('other.lab.test')
    s.noop()
    s.docmd('XYZZY')
    s.verify('chief')
    s.sendmail(SENDER, [CHIEF], text(2).replace(b'\r\n\r\nSubject', b'\r\nSubject'))
    s.quit()


def talk(steps, pause=0.3):
    """A socket: waits for the server, then sends the next piece."""
    s = socket.create_connection((HOST, PORT))
    s.settimeout(1)
    for step in [None] + steps:
        if step is not None:
            s.sendall(step)
        time.sleep(pause)
        try:
            s.recv(65536)
        except OSError:
            pass
    s.close()


def pipelining():
    """RFC 2920: an envelope in one segment, the message and the next envelope in another."""
    one = b'Subject: first\r\n\r\n..A line with a dot.\r\n.\r\n'
    two = b'Subject: second\r\n\r\nNo dot.\r\n.\r\nQUIT\r\n'
    envelope = b'MAIL FROM:<ops@lab.test>\r\nRCPT TO:<chief@lab.test>\r\nRCPT TO:<nobody@elsewhere.test>\r\nDATA\r\n'
    talk([b'EHLO pump7.lab.test\r\n', envelope, one + envelope, two])


def chunking():
    """RFC 3030: chunks that cut a line and a base64 quantum, a dot that is no end, an empty last chunk, bad sizes."""
    a = b'Subject: in chunks\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=chunk.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nTWFu'
    b = b'eSBoYW5kcyBtYWtl\r\n'
    c = b'IGxpZ2h0IHdvcmsu\r\n.\r\n'
    talk([b'EHLO pump7.lab.test\r\n',
          b'MAIL FROM:<ops@lab.test> BODY=8BITMIME\r\nRCPT TO:<chief@lab.test>\r\nBDAT %d\r\n' % len(a) + a,
          b'BDAT %d\r\n' % len(b) + b + b'BDAT %d\r\n' % len(c) + c, b'BDAT 0 LAST\r\n',
          b'MAIL FROM:<ops@lab.test>\r\nRCPT TO:<chief@lab.test>\r\nBDAT\r\nBDAT ten\r\nRSET\r\nQUIT\r\n'])


def refusals():
    talk([b'HELP\r\n', b'MAIL FROM:<ops@lab.test>\r\n', b'EHLO pump7.lab.test\r\n', b'RCPT TO:<chief@lab.test>\r\n',
          b'MAIL FROM:<spam@blocked.test>\r\n', b'MAIL FROM:<ops@lab.test> SIZE=99999999\r\n', b'MAIL FROM:<ops@lab.test>\r\n',
          b'RCPT TO:<nobody@elsewhere.test>\r\n', b'DATA\r\n', b'RSET\r\n', b'MAIL FROM:<ops@lab.test>\r\nRCPT TO:<chief@lab.test>\r\nDATA\r\n',
          b'Subject: refused\r\n\r\nX-Refuse-Me\r\n.\r\n', b'QUIT\r\n'])


def odd():
    """What two readers may read in two ways, and what belongs in no mail."""
    envelope = b'MAIL FROM:<ops@lab.test>\r\nRCPT TO:<chief@lab.test>\r\nDATA\r\n'
    talk([b'EHLO pump7.lab.test\r\n', envelope,
          b'Subject: smuggler\r\n\r\nfirst\n.\nMAIL FROM:<boss@lab.test>\r\nRCPT TO:<chief@lab.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nPay at once.\r\n.\r\n',
          envelope,
          b'Subject: odd\r\nNo colon here\r\nContent-Type: multipart/mixed; boundary=b\r\n' + b'X-' + b'n' * 80 + b': long name\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=' + b'f' * 300 + b'\r\n\r\nTWFu*TWFu\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ ' + b'q' * 1200 + b'\r\n.\r\n',
          b'BDAT 2\r\nabcdefgh\r\n', b'QUIT\r\n'])


def injection():
    """Commands behind STARTTLS in one segment (CVE-2011-0411), then a line that TLS does not have."""
    talk([b'EHLO pump7.lab.test\r\n', b'STARTTLS\r\nMAIL FROM:<ops@lab.test>\r\n', b'QUIT\r\n'])


{'attachments': attachments, 'several': several, 'pipelining': pipelining, 'chunking': chunking, 'refusals': refusals, 'odd': odd,
 'injection': injection}[CASE]()
