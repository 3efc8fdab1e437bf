#!/usr/bin/env python3
"""MMS without peers: none is to be had, so mms_encoder.py encodes both ends. tshark has to find nothing malformed in it.

usage: mms.py [CASE...]        all cases without it"""

import sys

from captures import write as write_case
from mms_encoder import *

NOW = 1_700_000_000_000  # 2023-11-14 22:13:20 UTC, milliseconds
ENDS = "scripts/captures/mms_encoder.py, both (client 10.61.8.1, server 10.61.8.50)"
LD = "RELAY1LD0"
CASES = {}


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def save(case_name, heading, words, peers):
    write_case("mms/" + case_name, heading, words, ENDS, "synthetic", peers.end())


def var(item, alternate=b""):
    return variable(name(LD, item), alternate)


def origin(category=3, ident=b"HMI-1"):
    return struct_(int_(category), octetstring(ident))


def oper(value, number=1, test=False, check="00", at=None, category=3):
    return struct_(value, *([utc(at)] if at else []), origin(category), uint(number), utc(NOW), yes(test), bitstring(check))


def cancel(value, number=1):
    return struct_(value, origin(), uint(number), utc(NOW), yes(False))


QUALITY = "0000000000000"


@case
def browse():
    p = Peers()
    p.ask(prim(2), cons(2, prim(0, "Picket Works"), prim(1, "Feeder relay 7"), prim(2, "3.10.2"), cons(3, oid("1.0.9506.2.1"))))
    p.ask(boolean(0, False), cons(0, num(0, 0), num(1, 0), bits(2, "0110")))
    p.ask(names_of(9), name_list(LD, "RELAY1LD1"))
    p.ask(names_of(0, LD), name_list("LLN0", "LLN0$ST", "LLN0$ST$Mod", "LLN0$ST$Mod$stVal", more=True))
    p.ask(names_of(0, LD, "LLN0$ST$Mod$stVal"), name_list("XCBR1", "XCBR1$ST", "XCBR1$ST$Pos", "XCBR1$CO", "XCBR1$CO$Pos"))
    p.ask(names_of(2, LD), name_list("LLN0$dsMeasure", "LLN0$dsEvents"))
    p.ask(names_of(8, LD), name_list("LLN0$EventLog"))
    p.ask(cons(6, cons(0, name(LD, "XCBR1$ST$Pos"))),
          cons(6, boolean(0, False), cons(2, cons(2, cons(1,
              seq(prim(0, "stVal"), cons(1, num(4, 2))), seq(prim(0, "q"), cons(1, num(4, -13))), seq(prim(0, "t"), cons(1, prim(17))),
              seq(prim(0, "origin"), cons(1, cons(2, cons(1, seq(prim(0, "orCat"), cons(1, num(5, 8))), seq(prim(0, "orIdent"), cons(1, num(9, -64))))))))))))
    p.ask(cons(6, cons(0, name(LD, "MHAI1$MX$HA"))),
          cons(6, boolean(0, False), cons(2, cons(1, num(1, 16), cons(2, cons(7, integer(32), integer(8)))))))
    p.ask(cons(12, name(LD, "LLN0$dsEvents")),
          cons(12, boolean(0, False), cons(1, var("XCBR1$ST$Pos"), var("PTOC1$ST$Op"))))
    p.ask(cons(11, name(LD, "LLN0$dsTemp"), cons(0, var("XCBR1$ST$Pos"), var("MMXU1$MX$TotW"))), prim(11))
    p.ask(cons(11, own("dsMine"), cons(0, var("XCBR1$ST$Pos"))), prim(11))
    p.ask(cons(13, num(0, 0), cons(1, name(LD, "LLN0$dsTemp"), own("dsMine"))), cons(13, num(0, 2), num(1, 2)))
    p.ask(prim(37, LD), cons(37, cons(0), num(1, 2), boolean(2, False), boolean(3, False), cons(4), num(5, 0)))
    p.send(1, unsolicited_status(num(0, 0), num(1, 1)))
    p.send(0, prim(11))
    p.send(1, prim(12))
    save("browse", "a client looks at what a device is and has",
         """Association with AP titles and AE qualifiers; identify (vendor, model, revision), status, domains, variables in two pieces
(`continueAfter`), data sets, journals; types of a position (a structure with another one inside) and of an array of harmonics; members of
a data set; two data sets defined and deleted again; attributes of a domain; a status nobody asked for (partially operational); conclude.""", p)


@case
def values():
    p = Peers()
    quality = bitstring(QUALITY)
    p.ask(read(var("XCBR1$ST$Pos$stVal")), results(bitstring("10")))
    p.ask(read(var("MMXU1$MX$TotW"), var("MMXU1$MX$Hz"), var("LPHD1$DC$PhyNam$vendor"), var("GGIO9$ST$Ind")),
          results(struct_(struct_(float32(1234.5)), quality, utc(NOW + 250)), struct_(struct_(float64(49.98)), quality, utc(NOW, 0x67)),
                  text("Picket Works"), failure(10)))
    p.ask(read(var("LLN0$SP$SGCB")), results(struct_(uint(4), uint(1), uint(0), yes(False), utc(NOW - 86_400_000), uint(0))))
    p.ask(read(var("LLN0$MX$All")), results(struct_(yes(True), int_(-1), uint(4_000_000_000), octetstring(bytes(range(8))), binary_time(NOW),
                                                    time_of_day(80_000_123), mms_string("Süd"), bits(14, "1010"), num(13, 1998), array(int_(1), int_(2), int_(3)),
                                                    prim(15, oid("1.0.9506.2.1")[2:]), prim(11, "20231114221320Z"), struct_())))
    p.ask(read_list(name(LD, "LLN0$dsMeasure")), results(struct_(float32(0.5), quality), struct_(float32(float("inf")), quality)))
    p.ask(read(variable(vmd("clock")), variable(own("mine")), with_spec=True),
          results(binary_time(NOW), failure(4), spec=listed(variable(vmd("clock")), variable(own("mine")))))
    p.ask(read(var("MHAI1$MX$HA", cons(5, cons(3, num(0, 2), num(1, 3)))), var("MMXU1$MX$TotW", cons(5, cons(0, prim(0, "mag"), seq(prim(1, "f")))))),
          results(array(float32(1), float32(2), float32(3)), float32(1234.5)))
    p.ask(cons(4, cons(1, listed(seq(cons(1, num(0, 4096))), seq(cons(1, prim(1, "DB4.W2")))))), results(int_(7), uint(8)))
    p.ask(write([var("PTOC1$SP$StrVal$setMag$f")], float32(1.25)), written(None))
    p.ask(write([var("PTOC1$SV$Str$subEna"), var("XCBR1$BL$Pos$blkEna"), var("XCBR1$DC$Pos$d")], yes(True), yes(True), text("breaker")),
          written(None, 3, 9))
    p.ask(write([var("XCBR1$CF$Pos$ctlModel")], int_(1)), written(11))
    p.ask(cons(5, named_list(name(LD, "LLN0$dsTemp")), cons(0, yes(True), int_(5))), written(None, None))
    # More than a record has room for, in two requests at a time whose answers come the other way round.
    many = [var("GGIO1$ST$Ind%d$stVal" % n) for n in range(1, 71)]
    p.send(0, request(50, read(*many)), request(51, read(var("LLN0$MX"))))
    p.send(1, response(51, results(struct_(*(int_(n) for n in range(300))))))
    p.send(1, response(50, results(*(yes(n % 2) for n in range(70)))))
    save("values", "variables of every type are read and written, some in vain",
         """Twelve requests: positions, measurands with quality and time (one with a clock that is not synchronized), a text, a variable that
does not exist; settings groups; a structure of each type of data; a data set; variables of the device and of the association, with the
specification in the answer; parts of variables (elements 2 to 4 of an array, `mag.f` of a power); unnamed variables; writes of a set point, of
three things of which two are refused, of a control model (refused), of a data set. Then 70 variables and 300 values, answered in the other
order: both are cut short in their records.""", p)


@case
def control():
    p = Peers()
    pos = "XCBR1$CO$Pos$"
    # Direct with normal security.
    p.ask(write([var("GGIO1$CO$SPCSO1$Oper")], oper(yes(True))), written(None))
    # Select before operate, normal: reading SBO selects.
    p.ask(read(var("CSWI2$CO$Pos$SBO")), results(text(LD + "/CSWI2$CO$Pos$SBO")))
    p.ask(write([var("CSWI2$CO$Pos$Oper")], oper(yes(False), 2, check="01")), written(None))
    p.ask(read(var("CSWI2$CO$Pos$SBO")), results(text("")))
    # Select with value, operate, command termination.
    p.ask(write([var(pos + "SBOw")], oper(yes(True), 3, check="11")), written(None))
    p.ask(write([var(pos + "Oper")], oper(yes(True), 3, check="11")), written(None))
    p.send(1, report(listed(var(pos + "Oper")), oper(yes(True), 3, check="11")))
    # Blocked by interlocking: LastApplError, then the refusal.
    last = variable(vmd("LastApplError"))
    p.invoke += 1
    p.send(0, request(p.invoke, write([var(pos + "Oper")], oper(yes(False), 4, check="01"))))
    p.send(1, report(listed(last), struct_(text(LD + "/" + pos + "Oper"), int_(0), origin(), uint(4), int_(10))))
    p.send(1, response(p.invoke, written(3)))
    # It ends badly after it began: both stand in one report.
    p.ask(write([var(pos + "SBOw")], oper(yes(False), 5)), written(None))
    p.ask(write([var(pos + "Oper")], oper(yes(False), 5)), written(None))
    p.send(1, report(listed(last, var(pos + "Oper")), struct_(text(LD + "/" + pos + "Oper"), int_(1), origin(), uint(5), int_(16)), oper(yes(False), 5)))
    # Selected and cancelled; a set point at a time, as a test; a tap changer by steps; one component alone.
    p.ask(write([var(pos + "SBOw")], oper(yes(True), 6)), written(None))
    p.ask(write([var(pos + "Cancel")], cancel(yes(True), 6)), written(None))
    p.ask(write([var("AVCO1$CO$VolSpt$Oper")], oper(struct_(float32(110.5)), 7, test=True, at=NOW + 60_000, category=5)), written(None))
    p.ask(write([var("ATCC1$CO$TapChg$Oper")], oper(bitstring("10"), 8, category=2)), written(None))
    p.ask(write([var("GGIO1$CO$SPCSO2$Oper$ctlVal")], yes(True)), written(None))
    save("control", "breakers are selected, operated and cancelled, some in vain",
         """Direct operate; select by reading SBO (once granted, once refused with an empty name) and operate with interlock check; select with value,
operate and a positive command termination; an operate that is blocked by interlocking (LastApplError, AddCause 10, then access denied); one
that runs out of time (LastApplError and the control in one report, AddCause 16); select and cancel; a set point of 110.5 at a given time as a test from
an automatic station; a step of a tap changer; a component written alone.""", p)


def rpt(rpt_id, options, *parts):
    return report(named_list(vmd("RPT")), text(rpt_id), bitstring(options), *parts)


@case
def reports():
    p = Peers()
    rcb = "LLN0$BR$brcbEvents01"
    quality = bitstring(QUALITY)
    p.ask(read(var(rcb)), results(struct_(text("Events"), yes(False), text(LD + "/LLN0$dsEvents"), uint(1), bitstring("0111111110"), uint(50), uint(0),
                                          bitstring("011001"), uint(60000), yes(False), yes(False), octetstring(bytes(8)), binary_time(NOW), int_(0), octetstring(b""))))
    p.ask(write([var(rcb + "$OptFlds"), var(rcb + "$TrgOps"), var(rcb + "$IntgPd")], bitstring("0111101110"), bitstring("011011"), uint(30000)), written(None, None, None))
    p.ask(write([var(rcb + "$RptEna")], yes(True)), written(None))
    p.ask(write([var(rcb + "$GI")], yes(True)), written(None))
    head = (text(LD + "/LLN0$dsEvents"), yes(False), octetstring(struct.pack(">Q", 1)), uint(1))
    # Sequence number, time, reasons, data set, overflow, entry, revision.
    p.send(1, rpt("Events", "0111101110", uint(0), binary_time(NOW), *head, bitstring("111"),
                  struct_(bitstring("10"), quality, utc(NOW)), yes(False), struct_(int_(3), quality), *[bitstring("000001")] * 3))
    p.send(1, rpt("Events", "0111101110", uint(1), binary_time(NOW + 500), *head, bitstring("101"),
                  struct_(bitstring("01"), quality, utc(NOW + 500)), struct_(int_(4), bitstring("0110000000000")), bitstring("010000"), bitstring("011000")))
    # With data references; integrity; in two segments of which the second goes without a time.
    p.send(1, rpt("Measure", "0101010000", uint(7), *(bitstring("11"),), text(LD + "/MMXU1$MX$TotW"), text(LD + "/MMXU1$MX$Hz"),
                  struct_(float32(1234.5), quality), struct_(float32(50.0), quality), bitstring("000010"), bitstring("000010")))
    p.send(1, rpt("Segments", "0100000001", uint(9), uint(0), yes(True), bitstring("1100"), int_(1), int_(2)))
    p.send(1, rpt("Segments", "0100000001", uint(9), uint(1), yes(False), bitstring("0011"), int_(3), int_(4)))
    # The least that a report can say; one that is of no control block; one of named variables.
    p.send(1, rpt("Bare", "0000000000", bitstring("1"), yes(True)))
    p.send(1, report(named_list(name(LD, "LLN0$dsEvents")), yes(True), failure(2)))
    p.send(1, report(listed(var("XCBR1$ST$Pos$stVal"), var("XCBR1$ST$Pos$q")), bitstring("10"), quality))
    p.ask(write([var(rcb + "$RptEna")], yes(False)), written(None))
    p.ask(write([var("LLN0$GO$gcbTrip$GoEna")], yes(False)), written(None))
    p.ask(write([var("LLN0$LG$lcbEvents$LogEna")], yes(False)), written(None))
    save("reports", "a report control block is set up, and reports",
         """A buffered control block is read, set (optional fields, triggers, integrity period), enabled and asked for a general interrogation. Reports with
sequence number, time, reasons, data set, overflow, entry and revision (all three members, then the first and the third); with data references
after an integrity period; in two segments; with no optional field. Reports of a data set and of two variables that are of no control block.
Then it is disabled, and so are a GOOSE control block and a log.""", p)


@case
def files():
    p = Peers()

    def entry(path, size, modified="20231114221320Z"):
        return seq(cons(0, graphic(path)), cons(1, num(0, size), prim(1, modified)))

    p.ask(cons(77), cons(77, cons(0, seq(entry("/COMTRADE/F001.CFG", 1200), entry("/COMTRADE/F001.DAT", 48_000), entry("/LD/relay.cid", 250_000, "20230101000000.000Z"))), boolean(1, True)))
    p.ask(cons(77, cons(0, graphic("/")), cons(1, graphic("/LD/relay.cid"))), cons(77, cons(0, seq(entry("/log/events.txt", 90))), boolean(1, False)))
    p.ask(cons(72, cons(0, graphic("/COMTRADE/F001.CFG")), num(1, 0)), cons(72, num(0, 7), cons(1, num(0, 1200), prim(1, "20231114221320Z"))))
    p.ask(num(73, 7), cons(73, prim(0, b"x" * 1000), boolean(1, True)))
    p.ask(num(73, 7), cons(73, prim(0, b"x" * 200), boolean(1, False)))
    p.ask(num(74, 7), prim(74))
    p.ask(cons(72, cons(0, graphic("/nothing.bin")), num(1, 0)), lambda n: error(n, 11, 7))
    p.ask(cons(75, cons(0, graphic("/log/events.txt")), cons(1, graphic("/log/old.txt"))), prim(75))
    p.ask(cons(76, graphic("/log/old.txt")), prim(76))
    # The device fetches firmware: obtainFile makes it open and read a file of the client's.
    p.invoke += 1
    obtain = p.invoke
    p.send(0, request(obtain, cons(46, cons(1, graphic("relay7-3.11.bin")), cons(2, graphic("/firmware/next.bin")))))
    p.invoke = 900
    p.ask(cons(72, cons(0, graphic("relay7-3.11.bin")), num(1, 0)), cons(72, num(0, 1), cons(1, num(0, 600))), side=1)
    p.ask(num(73, 1), cons(73, prim(0, b"\x7fELF" + bytes(596)), boolean(1, False)), side=1)
    p.ask(num(74, 1), prim(74), side=1)
    p.send(1, response(obtain, prim(46)))
    save("files", "files are listed, read, renamed, deleted, and firmware is fetched",
         """A directory in two pieces; a COMTRADE configuration opened, read in two pieces and closed; a file that does not exist (class 11, code 7); one renamed
and deleted. Then `obtainFile`: the device opens, reads and closes the client's file by requests of its own, and answers.""", p)


@case
def programs():
    p = Peers()
    p.ask(cons(26, prim(0, "LOGIC1"), cons(1, visible("v2")), boolean(2, False)), prim(26))
    p.invoke = 500
    p.ask(prim(27, "LOGIC1"), cons(27, prim(0, bytes(400)), boolean(1, True)), side=1)
    p.ask(prim(27, "LOGIC1"), cons(27, prim(0, bytes(100)), boolean(1, False)), side=1)
    p.ask(cons(28, prim(0, "LOGIC1")), prim(28), side=1)
    p.invoke = 20
    p.ask(cons(38, prim(0, "MAIN"), cons(1, visible("LOGIC1")), boolean(2, True)), prim(38))
    p.ask(cons(40, prim(0, "MAIN"), prim(1, "fast")), prim(40))
    p.ask(prim(45, "MAIN"), cons(45, num(0, 3), cons(1, visible("LOGIC1")), boolean(2, True), boolean(3, True), boolean(4, False), prim(5, "")))
    p.ask(cons(41, prim(0, "MAIN")), prim(41))
    p.ask(cons(42, prim(0, "MAIN"), prim(1, "")), prim(42))
    p.ask(cons(43, prim(0, "MAIN")), lambda n: error(n, 4, 2))
    p.ask(cons(44, prim(0, "MAIN")), prim(44))
    p.ask(prim(39, "MAIN"), prim(39))
    p.ask(prim(29, "LOGIC1"), cons(29, num(0, 3), cons(1, visible("v2"))))
    p.ask(num(30, 3), cons(30, prim(0, bytes(500)), boolean(1, False)))
    p.ask(num(31, 3), prim(31))
    p.ask(cons(32, prim(0, "LOGIC2"), boolean(2, False), cons(4, graphic("logic2.prg"))), prim(32))
    p.ask(prim(36, "LOGIC1"), prim(36))
    p.ask(cons(65, cons(0, name(LD, "LLN0$EventLog")), cons(1, prim(0, binary_time(NOW)[2:])), cons(2, num(1, 10))),
          cons(65, cons(0, seq(prim(0, struct.pack(">Q", 5)), cons(1, seq(cons(0, oid("1.1.1.999.1")))), cons(2, prim(0, binary_time(NOW)[2:]), cons(2, cons(1,
              seq(prim(0, "XCBR1$ST$Pos"), cons(1, bitstring("10"))), seq(prim(0, "ReasonCode"), cons(1, bitstring("010000")))))))), boolean(1, False)))
    p.ask(cons(67, cons(0, name(LD, "LLN0$EventLog"))), num(67, 12))
    p.ask(cons(63, boolean(0, True)), cons(63, cons(0), boolean(1, False)))
    save("programs", "logic is downloaded, started, stopped, killed, uploaded and deleted; a journal is read and cleared",
         """A download in two segments, which the device asks for; a program made of it, started with an argument, looked at, stopped, resumed; a reset that is
refused (class 4, code 2); killed and deleted; an upload; a download from a file that is asked for; the domain deleted. Then a journal is read (one entry of two variables) and
initialized, and a summary of alarms asked for.""", p)


@case
def errors():
    p = Peers(authentication=password("substation"))
    p.ask(cons(6, cons(0, name(LD, "NOPE1$ST"))), lambda n: error(n, 7, 2))
    p.ask(cons(12, name(LD, "LLN0$none")), lambda n: error(n, 2, 1, num(1, 5), prim(2, "no such data set")))
    p.ask(cons(26, prim(0, "LOGIC1"), cons(1), boolean(2, False)), lambda n: error(n, 3, 1))
    p.ask(read(var("XCBR1$ST$Pos")), lambda n: reject(n, 1, 6))
    p.send(1, cons(4, num(5, 1)))
    p.invoke += 1
    p.send(0, request(p.invoke, names_of(0, LD)))
    p.send(0, num(5, p.invoke))
    p.send(1, num(6, p.invoke))
    p.send(1, error(p.invoke, 5, 3))
    p.send(0, num(5, 999))
    p.send(1, cons(7, num(0, 999), cons(1, service_error(10, 1))))
    p.send(1, response(4242, prim(11)))
    p.ask(prim(2), results(yes(True)))
    p.ask(read(var("XCBR1$ST$Pos$q"), var("XCBR1$ST$Pos$t")), results(bitstring(QUALITY)))
    p.ask(prim(2))
    p.send(0, prim(11))
    p.send(1, cons(13, service_error(9, 1)))
    p.raw(0, dt(abort(app(4, num(0, 0), num(1, 1)))))
    save("errors", "errors, rejects, cancels and an abort, after a password anybody can read",
         """An association with a password in the clear. Errors of access, definition (with a description) and resource; a request rejected (too many
outstanding), a PDU rejected as invalid; a request that is cancelled, one that cannot be; an answer to nothing, one of another service, one with a
result too few, none at all; conclude refused; ABORT with an ABRT of its user.""", p)


@case
def refused():
    p = Peers(associate=False)
    p.raw(0, cr(7))
    p.raw(1, cc(7))
    p.raw(0, dt(connect(aarq(initiate(8), password("wrong")))))
    p.raw(1, dt(accept(aare(None, 1, 13))))
    p.raw(0, dt(connect(aarq(initiate(8)))))
    p.raw(1, dt(accept(aare(cons(10, service_error(8, 3)), 0, 0))))
    p.raw(0, dt(connect(aarq(initiate(8)))))
    p.raw(1, dt(spdu(12, parameter(17, b"\1"), parameter(50, b"\2" + seq(cons(5, seq(num(0, 2), num(2, 1))), num(10, 2))))))
    p.raw(0, dt(connect(aarq(initiate(8)))))
    p.raw(1, dt(accept(aare(initiate(9, size=32000, outstanding=1)))))
    p.raw(0, dt(finish(app(2, num(0, 0)))))
    p.raw(1, dt(disconnect(app(3, num(0, 0)))))
    p.raw(0, tpkt(b"\6\x80\0\2\0\7\x80"))
    save("refused", "associations that fail, and one that is released",
         """A password that is wrong (AARE: rejected permanent, authentication failure); an initiate error inside an accepted association; a session
refused with a presentation reason; one that is accepted, finished with RLRQ and RLRE, and disconnected by COTP.""", p)


def everything(p):
    p.ask(prim(2), cons(2, prim(0, "Picket Works"), prim(1, "Feeder relay 7"), prim(2, "3.10.2")))
    p.ask(read(var("XCBR1$ST$Pos$stVal")), results(bitstring("10")))
    p.ask(write([var("XCBR1$CO$Pos$Oper")], oper(yes(True))), written(None))
    p.send(1, rpt("Bare", "0000000000", bitstring("1"), yes(True)))
    p.ask(cons(41, prim(0, "MAIN")), prim(41))


@case
def odd_port():
    p = Peers(port=10102)
    everything(p)
    save("odd-port", "on port 10102", "Identify, read, operate, report and stop of a program.", p)


@case
def small_segments():
    p = Peers(size=3)
    everything(p)
    save("small-segments", "segments of three bytes", "The same as odd-port, on port 102, in segments of three bytes.", p)


@case
def without_session():
    p = Peers(bare=True)
    everything(p)
    p.send(0, prim(11))
    p.send(1, prim(12))
    save("without-session", "PDUs in COTP without session and presentation",
         "The same as odd-port, on port 102, each PDU at once in a DT TPDU, as some test tools have it; conclude.", p)


@case
def pieces():
    p = Peers()
    long_list = name_list(*("GGIO%d$ST$Ind%d$stVal" % (n // 32, n % 32) for n in range(300)))
    p.invoke += 1
    p.raw(0, dt(data(request(p.invoke, names_of(0, LD))), 20))
    p.raw(1, dt(data(response(p.invoke, long_list)), 1000))
    # Several PDUs in one message: in one PDV, in one each.
    p.send(0, request(10, prim(2)), request(11, read(var("XCBR1$ST$Pos$stVal"))))
    p.send(1, response(10, cons(2, prim(0, "a"), prim(1, "b"), prim(2, "c"))), response(11, results(bitstring("01"))), together=False)
    p.raw(0, dt(data(request(12, prim(2)))) + dt(data(request(13, prim(2)))) + dt(b""))
    p.raw(1, dt(data(response(13, cons(2, prim(0, "a"), prim(1, "b"), prim(2, "d"))))))
    p.raw(1, dt(data(response(12, cons(2, prim(0, "a"), prim(1, "b"), prim(2, "e"))))))
    save("pieces", "messages in several TPDUs, several PDUs in a message",
         """300 names, asked for in TPDUs of 20 bytes, answered in TPDUs of 1000: 256 of them stand in the record. Two requests in one PDV, their answers in a PDV
each of one message. Two TPKTs and an empty one in one segment, answered the other way round.""", p)


@case
def malformed():
    p = Peers()
    good = iter(range(1, 100))

    def ask(bad, side=0):
        n = next(good)
        p.raw(side, bad)
        p.send(0, request(n, read(var("XCBR1$ST$Pos$stVal"))))
        p.send(1, response(n, results(bitstring("10"))))

    ask(b"")
    ask(b"\3\0\0\3\2\xf0\x80")                                    # a TPKT shorter than its header
    ask(b"GET / HTTP/1.0\r\n\r\n")
    ask(tpkt(b"\2\x20\x80"))                                        # no TPDU of class 0
    ask(dt(b"\x55\2ab"))                                           # no SPDU
    ask(dt(b"\1\0\1\0\x61\x7f\x30\2"))                              # longer than the message
    ask(dt(b"\1\0\1\0" + user_data(seq(integer(3), cons(0, universal(16, b""))))))  # no PDU in it
    ask(dt(data(cons(0, seq()))))                                   # without an invoke id
    ask(dt(data(request(77, cons(95)))))                            # a service that does not exist
    ask(dt(data(request(78, cons(4, cons(1, b"\xa0\x7f\x30"))))))   # variables that are not all there
    ask(dt(data(request(79, cons(5, listed(var("a")))))))           # a write without data
    deep = int_(1)
    for _ in range(20):
        deep = struct_(deep)
    ask(dt(data(request(80, write([var("a")], deep)))))
    ask(dt(data(report(named_list(vmd("RPT")), text("cut"), bitstring("0100000000"), uint(1), bitstring("11"), yes(True)))), side=1)
    ask(tpkt(b"\4\x70\0\1\2"), side=1)                               # ER
    p.talk.lose(0, bytes(100))
    ask(b"tail of what was lost")
    save("malformed", "one bad message after the other, and a gap; what is well-formed goes on",
         """Before each of fifteen reads stands something that is wrong: a TPKT too short, other bytes, a TPDU that class 0 has not, an SPDU that does not exist, presentation data
too long or without a PDU, a PDU without its number, a service that does not exist, variables and data that are missing, values 20 deep, a report that ends too early, an ER, and
a gap of 100 bytes. All fifteen are answered; the last answer stands alone, since that there is a gap is known only when it acknowledges what came behind.""", p)


def main():
    for wanted in sys.argv[1:] or CASES:
        CASES[wanted]()


if __name__ == "__main__":
    main()
