"""MMS (ISO 9506-2) and IEC 61850-8-1 from the inside out: BER, services, presentation, session, COTP and TPKT.

An encoder of its own, written from the standards: it shares nothing with the parser. tshark is the judge of what it makes."""

import struct

from dnp3_encoder import Talk

PORT = 102
MS_1984 = 441763200_000  # from 1970 to 1984


# BER.

def length(n):
    return bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else b"\x82" + struct.pack(">H", n)


def tag(first, number):
    """`first`: class and whether it is constructed, in the upper three bits."""
    if number < 31:
        return bytes([first | number])
    return bytes([first | 31, number]) if number < 128 else bytes([first | 31, 0x80 | number >> 7, number & 127])


def tlv(first, number, content):
    return tag(first, number) + length(len(content)) + content


def universal(number, content):
    return tlv(0x20 if number in (16, 17, 8) else 0, number, content)


def prim(number, content=b""):
    return tlv(0x80, number, content.encode() if isinstance(content, str) else content)


def cons(number, *parts):
    return tlv(0xA0, number, b"".join(parts))


def app(number, *parts):
    return tlv(0x60, number, b"".join(parts))


def seq(*parts):
    return universal(16, b"".join(parts))


def octets(value):
    """A signed number in as few bytes as it takes."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def integer(value):
    return universal(2, octets(value))


def num(number, value):
    return prim(number, octets(value))


def boolean(number, value):
    return prim(number, b"\xff" if value else b"\x00")


def bits(number, text):
    padded = text + "0" * (-len(text) % 8)
    return prim(number, bytes([len(padded) - len(text)]) + int(padded or "0", 2).to_bytes(len(padded) // 8, "big"))


def oid(text):
    arcs = [int(a) for a in text.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        groups = [arc & 127]
        while arc >> 7:
            arc >>= 7
            groups.append(arc & 127 | 128)
        out += bytes(reversed(groups))
    return universal(6, out)


def visible(text):
    return universal(26, text.encode())


def graphic(text):
    return universal(25, text.encode())


# Data.

def array(*parts): return cons(1, *parts)
def struct_(*parts): return cons(2, *parts)
def yes(value): return boolean(3, value)
def bitstring(text): return bits(4, text)
def int_(value): return num(5, value)
def uint(value): return num(6, value)
def float32(value): return prim(7, b"\x08" + struct.pack(">f", value))
def float64(value): return prim(7, b"\x0b" + struct.pack(">d", value))
def octetstring(value): return prim(9, value)
def text(value): return prim(10, value)
def mms_string(value): return prim(16, value)
def failure(code): return num(0, code)


def time_of_day(milliseconds):
    return prim(12, struct.pack(">I", milliseconds % 86_400_000))


def binary_time(milliseconds):
    since = milliseconds - MS_1984
    return prim(12, struct.pack(">IH", since % 86_400_000, since // 86_400_000))


def utc(milliseconds, quality=0x0A):
    return prim(17, struct.pack(">I", milliseconds // 1000) + (((milliseconds % 1000) << 24) // 1000).to_bytes(3, "big") + bytes([quality]))


# Objects.

def vmd(item): return prim(0, item)
def name(domain, item): return cons(1, visible(domain), visible(item))
def own(item): return prim(2, item)
def variable(object_name, alternate=b""): return seq(cons(0, object_name), alternate)
def listed(*variables): return cons(0, *variables)
def named_list(object_name): return cons(1, object_name)


# PDUs.

def request(invoke, service, modifiers=b""): return cons(0, integer(invoke), modifiers, service)
def response(invoke, service): return cons(1, integer(invoke), service)
def report(spec, *values): return cons(3, cons(0, spec, cons(0, *values)))
def unsolicited_status(*parts): return cons(3, cons(1, *parts))


def service_error(error_class, code, *more):
    return cons(0, num(error_class, code)) + b"".join(more)


def error(invoke, error_class, code, *more):
    return cons(2, num(0, invoke), cons(2, service_error(error_class, code, *more)))


def reject(invoke, pdu, reason): return cons(4, num(0, invoke), num(pdu, reason))


def read(*variables, with_spec=False):
    return cons(4, boolean(0, True) if with_spec else b"", cons(1, listed(*variables)))


def read_list(object_name): return cons(4, cons(1, named_list(object_name)))
def results(*values, spec=b""): return cons(4, cons(0, spec) if spec else b"", cons(1, *values))
def write(variables, *values): return cons(5, listed(*variables), cons(0, *values))


def written(*codes):
    """None: it was; a number: why it was not."""
    return cons(5, *(prim(1) if c is None else num(0, c) for c in codes))


def names_of(object_class, domain=None, after=None):
    scope = prim(0) if domain is None else prim(1, domain)
    return cons(1, cons(0, num(0, object_class)), cons(1, scope), prim(2, after) if after else b"")


def name_list(*names, more=False): return cons(1, cons(0, *(visible(n) for n in names)), boolean(1, more))


SERVICES = [0, 1, 2, 4, 5, 6, 11, 12, 13, 26, 27, 28, 29, 30, 31, 36, 37, 38, 40, 41, 65, 72, 73, 74, 75, 76, 77, 79, 83, 84]


def bitmap(numbers, size):
    return "".join("1" if n in numbers else "0" for n in range(size))


def initiate(pdu, size=65000, outstanding=5, nesting=10, services=SERVICES):
    return cons(pdu, num(0, size), num(1, outstanding), num(2, outstanding), num(3, nesting),
                cons(4, num(0, 1), bits(1, "11110001000"), bits(2, bitmap(services, 85))))


# The layers below.

def parameter(code, content):
    return bytes([code]) + (bytes([len(content)]) if len(content) < 255 else b"\xff" + struct.pack(">H", len(content))) + content


def spdu(code, *parameters):
    return parameter(code, b"".join(parameters))


def pdv(context, *data):
    return seq(integer(context), cons(0, *data))


def user_data(*pdvs):
    return app(1, *pdvs)


def external(pdu):
    return cons(30, universal(8, oid("2.1.1") + integer(3) + cons(0, pdu)))


def title(number, qualifier_number, ap, ae):
    return cons(number, oid(ap)) + cons(qualifier_number, integer(ae))


def aarq(pdu, authentication=b""):
    return app(0, cons(1, oid("1.0.9506.2.3")), title(2, 3, "1.1.1.999.1", 12), title(6, 7, "1.1.1.999", 13), authentication, external(pdu))


def password(secret):
    return bits(10, "1") + prim(11, oid("2.2.3.1")[2:]) + cons(12, prim(0, secret))


def aare(pdu=None, result=0, diagnostic=0, provider=False):
    return app(1, cons(1, oid("1.0.9506.2.3")), cons(2, integer(result)), cons(3, cons(2 if provider else 1, integer(diagnostic))),
               title(4, 5, "1.1.1.999.1", 12), external(pdu) if pdu else b"")


def connect(apdu):
    contexts = cons(4, seq(integer(1), oid("2.2.1.0.1"), seq(oid("2.1.1"))), seq(integer(3), oid("1.0.9506.2.1"), seq(oid("2.1.1"))))
    cp = universal(17, cons(0, num(0, 1)) + cons(2, prim(1, b"\0\0\0\1"), prim(2, b"\0\0\0\1"), contexts, bits(8, "00"), user_data(pdv(1, apdu))))
    return spdu(13, parameter(5, parameter(19, b"\0") + parameter(22, b"\2")), parameter(20, b"\0\2"), parameter(51, b"\0\1"),
                parameter(52, b"\0\1"), parameter(193, cp))


def accept(apdu):
    accepted = seq(num(0, 0), prim(1, oid("2.1.1")[2:]))
    cpa = universal(17, cons(0, num(0, 1)) + cons(2, prim(3, b"\0\0\0\1"), cons(5, accepted, accepted), user_data(pdv(1, apdu))))
    return spdu(14, parameter(5, parameter(19, b"\0") + parameter(22, b"\2")), parameter(20, b"\0\2"), parameter(193, cpa))


def data(*pdus, together=True):
    """PDUs in one PDV or in one each, behind GIVE TOKENS and DATA TRANSFER."""
    return b"\1\0\1\0" + user_data(*([pdv(3, *pdus)] if together else [pdv(3, p) for p in pdus]))


def finish(apdu): return spdu(9, parameter(17, b"\2"), parameter(193, user_data(pdv(1, apdu))))
def disconnect(apdu): return spdu(10, parameter(193, user_data(pdv(1, apdu))))
def abort(apdu): return spdu(25, parameter(17, b"\x0b"), parameter(193, cons(0, cons(0, seq(integer(1), oid("2.1.1"))), user_data(pdv(1, apdu)))))


def tpkt(tpdu):
    return b"\3\0" + struct.pack(">H", len(tpdu) + 4) + tpdu


def dt(message, size=None):
    """A message in DT TPDUs of at most `size` bytes of user data."""
    size = size or 16000
    pieces = [message[i:i + size] for i in range(0, len(message), size)] or [b""]
    return b"".join(tpkt(b"\2\xf0" + (b"\x80" if n == len(pieces) - 1 else b"\0") + p) for n, p in enumerate(pieces))


def cr(source=1, tpdu_size=10):
    return tpkt(b"\x11\xe0\0\0" + struct.pack(">H", source) + b"\0\xc0\1" + bytes([tpdu_size]) + b"\xc2\2\0\1\xc1\2\0\0")


def cc(destination=1, tpdu_size=10):
    return tpkt(b"\x11\xd0" + struct.pack(">H", destination) + b"\0\2\0\xc0\1" + bytes([tpdu_size]) + b"\xc2\2\0\1\xc1\2\0\0")


class Peers:
    """A client and a server that have opened a connection; counts invoke ids."""

    def __init__(self, port=PORT, associate=True, bare=False, authentication=b"", size=None, **options):
        self.talk = Talk(port=port, server="10.61.8.50", client="10.61.8.1", **options)
        self.invoke, self.bare, self.size = 0, bare, size
        if not associate:
            return
        self.raw(0, cr())
        self.raw(1, cc())
        self.raw(0, dt(initiate(8) if bare else connect(aarq(initiate(8), authentication))))
        self.raw(1, dt(initiate(9) if bare else accept(aare(initiate(9)))))

    def raw(self, side, frames):
        self.talk.say(side, frames, size=self.size)

    def send(self, side, *pdus, **options):
        self.raw(side, dt(b"".join(pdus) if self.bare else data(*pdus, **options)))

    def ask(self, service, answer=None, side=0):
        """A request and its reply: a service, or a function of the invoke id that makes a PDU; None: there is none."""
        self.invoke += 1
        self.send(side, request(self.invoke, service))
        if answer is not None:
            self.send(1 - side, answer(self.invoke) if callable(answer) else response(self.invoke, answer))

    def end(self):
        return self.talk.end()
