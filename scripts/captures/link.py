#!/usr/bin/env python3
"""Captures of protocols that stand on Ethernet without IP, made by encoders that share nothing with the parsers: PROFINET DCP,
sampled values, and what lldpd does not say of LLDP.

usage: scripts/captures/link.py        writes pcaps/pnio/*, pcaps/sv/*, pcaps/lldp/{profinet,malformed}
"""
import math
import struct

import captures
from goose import integer, tlv, utc

START = 1_763_800_000 * 10**9  # 2025-11-22T08:26:40Z
ENGINEER = bytes.fromhex("020000000001")
PLC = bytes.fromhex("001b1b000002")
DRIVE = bytes.fromhex("001b1b000003")
DCP_GROUP = bytes.fromhex("010ecf000000")
LLDP_GROUP = bytes.fromhex("0180c200000e")


def frame(dst, src, ethertype, payload, vlan=None):
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return (dst + src + tag + struct.pack(">H", ethertype) + payload).ljust(60, b"\0")


def write(case, title, words, frames):
    captures.write(case, title, words, "none: an encoder", "synthetic, written by an encoder of our own",
                   [(START + ms * 10**6, f) for ms, f in frames])


# PROFINET DCP

def block(option, suboption, data=b"", number=None):
    content = (b"" if number is None else struct.pack(">H", number)) + data
    return bytes([option, suboption]) + struct.pack(">H", len(content)) + content + b"\0" * (len(content) % 2)


def dcp(dst, src, frame_id, service, kind, xid, blocks, delay=0, length=None):
    data = b"".join(blocks)
    return frame(dst, src, 0x8892, struct.pack(">HBBIHH", frame_id, service, kind, xid, delay,
                                               len(data) if length is None else length) + data)


def ip(address, mask="255.255.255.0", gateway="192.168.0.1"):
    return b"".join(bytes(int(x) for x in a.split(".")) for a in (address, mask, gateway))


def device(name, vendor, vendor_id, device_id, role, address):
    return [block(2, 5, bytes([2, 1, 2, 2, 2, 3, 2, 4, 1, 2, 5, 3]), 0), block(2, 1, vendor, 0), block(2, 2, name, 0),
            block(2, 3, struct.pack(">HH", vendor_id, device_id), 0), block(2, 4, bytes([role, 0]), 0),
            block(2, 7, b"\0\x64", 0), block(1, 2, ip(address), 1)]


def identify(xid, *blocks, delay=1):
    return dcp(DCP_GROUP, ENGINEER, 0xFEFE, 5, 0, xid, blocks, delay)


def setting(dst, xid, *blocks):
    return dcp(dst, ENGINEER, 0xFEFD, 4, 0, xid, blocks)


def done(src, xid, *answers):
    return dcp(ENGINEER, src, 0xFEFD, 4, 1, xid, [block(5, 4, bytes(a)) for a in answers])


def profinet():
    plc = device(b"plc-line-3", b"S7-1500", 0x002A, 0x010E, 2, "192.168.0.10")
    drive = device(b"drive-7", b"SINAMICS-G120", 0x002A, 0x0513, 1, "192.168.0.20")
    write("pnio/commissioning", "devices are found, named, addressed, flashed and reset", """
Identify all, answered by two devices; identify by name; get of two parameters; a device is flashed, named, given an address (temporary, then for good), its alias is asked
for; reset to factory (communication parameters), the old factory reset, DHCP by MAC address; a Hello. Each set ends with "end transaction".""", [
        (0, identify(1, block(255, 255))),
        (12, dcp(ENGINEER, PLC, 0xFEFF, 5, 1, 1, plc)), (20, dcp(ENGINEER, DRIVE, 0xFEFF, 5, 1, 1, drive)),
        (1000, identify(2, block(2, 2, b"drive-7"))), (1010, dcp(ENGINEER, DRIVE, 0xFEFF, 5, 1, 2, drive)),
        (2000, dcp(DRIVE, ENGINEER, 0xFEFD, 3, 0, 3, [b"\x02\x02", b"\x01\x02"])),
        (2004, dcp(ENGINEER, DRIVE, 0xFEFD, 3, 1, 3, [block(2, 2, b"drive-7", 0), block(1, 2, ip("192.168.0.20"), 1)])),
        (3000, setting(DRIVE, 4, block(5, 3, b"\x01\x00", 0))), (3003, done(DRIVE, 4, (5, 3, 0))),
        (4000, setting(DRIVE, 5, block(2, 2, b"drive-8", 1), block(5, 2, b"", 0))), (4005, done(DRIVE, 5, (2, 2, 0), (5, 2, 0))),
        (5000, setting(DRIVE, 6, block(1, 2, ip("192.168.0.21"), 0), block(5, 2, b"", 0))), (5006, done(DRIVE, 6, (1, 2, 0), (5, 2, 0))),
        (6000, setting(DRIVE, 7, block(1, 3, ip("192.168.0.21") + bytes([8, 8, 8, 8]) + bytes(12), 1))), (6006, done(DRIVE, 7, (1, 3, 0))),
        (7000, dcp(DRIVE, ENGINEER, 0xFEFD, 3, 0, 8, [b"\x02\x06", b"\x01\x01"])),
        (7004, dcp(ENGINEER, DRIVE, 0xFEFD, 3, 1, 8, [block(2, 6, b"port-001.drive-8", 0), block(1, 1, DRIVE, 0)])),
        (8000, setting(DRIVE, 9, block(5, 6, b"", 4))), (8002, done(DRIVE, 9, (5, 6, 0))),
        (9000, setting(DRIVE, 10, block(5, 5, b"", 0))), (9002, done(DRIVE, 10, (5, 5, 0))),
        (10000, setting(DRIVE, 11, block(3, 61, b"\x01\x00", 1))), (10002, done(DRIVE, 11, (3, 61, 0))),
        (11000, dcp(DCP_GROUP, DRIVE, 0xFEFC, 6, 0, 12, [block(2, 2, b"", 0), block(1, 2, ip("0.0.0.0", "0.0.0.0", "0.0.0.0"), 0),
                                                        block(2, 3, struct.pack(">HH", 0x2A, 0x513), 0), block(6, 1, b"\0\x01", 0)])),
    ])
    write("pnio/refused", "what devices refuse, and what nobody answers", """
A set of the address while the device is in operation (error 6), of an option that it has not (1), a get that is not supported, an address in conflict, an answer
that nobody asked for, a request without an answer; then cyclic data between the same two, which is no DCP, and a get among them.""", [
        (0, setting(PLC, 1, block(1, 2, ip("192.168.0.99"), 1))), (3, done(PLC, 1, (1, 2, 6))),
        (100, setting(PLC, 2, block(2, 2, b"new", 1), block(2, 9, bytes(4), 1))), (103, done(PLC, 2, (2, 2, 5), (2, 9, 1))),
        (200, dcp(PLC, ENGINEER, 0xFEFD, 3, 0, 3, [b"\x03\x0c"])), (203, dcp(ENGINEER, PLC, 0xFEFD, 3, 5, 3, [])),
        (300, dcp(PLC, ENGINEER, 0xFEFD, 3, 0, 4, [b"\x01\x02"])), (303, dcp(ENGINEER, PLC, 0xFEFD, 3, 1, 4, [block(1, 2, ip("192.168.0.10"), 0x81)])),
        (400, done(PLC, 77, (2, 2, 0))),
        (500, dcp(PLC, ENGINEER, 0xFEFD, 3, 0, 5, [b"\x02\x02"])),
        *[(11000 + i, frame(PLC, ENGINEER, 0x8892, struct.pack(">H", 0x8001) + bytes(40) + struct.pack(">HBB", i, 0x35, 0), vlan=0xC000)) for i in range(4)],
        (12000, dcp(PLC, ENGINEER, 0xFEFD, 3, 0, 6, [b"\x02\x02"])), (12003, dcp(ENGINEER, PLC, 0xFEFD, 3, 1, 6, [block(2, 2, b"plc-line-3", 0)])),
    ])
    cut = block(2, 2, b"drive-9", 1)
    write("pnio/malformed", "frames that cannot be, between good ones", """
Half a header, a length beyond the frame, a block beyond the length, an IP parameter of 5 bytes, an unknown option, a service nobody knows, a get with the FrameID of an
identify, 300 blocks; the sets between them are all there. Cyclic data comes first, so that content alone could not tell.""", [
        (0, frame(DRIVE, ENGINEER, 0x8892, b"\x80\x01" + bytes(44))),
        (100, frame(DRIVE, ENGINEER, 0x8892, b"\xfe\xfd\x04\x00\x00")[:21]),
        (200, setting(DRIVE, 1, cut)), (203, done(DRIVE, 1, (2, 2, 0))),
        (300, dcp(DRIVE, ENGINEER, 0xFEFD, 4, 0, 2, [cut], length=700)),
        (400, dcp(DRIVE, ENGINEER, 0xFEFD, 4, 0, 3, [cut, b"\x01\x02\x00\xff\x00\x01"])),
        (500, setting(DRIVE, 4, block(1, 2, bytes(5), 1))),
        (600, setting(DRIVE, 5, block(77, 3, b"what", 1))),
        (700, dcp(DRIVE, ENGINEER, 0xFEFD, 9, 0, 6, [])),
        (800, dcp(DRIVE, ENGINEER, 0xFEFE, 3, 0, 7, [b"\x02\x02"])),
        (900, dcp(DRIVE, ENGINEER, 0xFEFD, 3, 0, 8, [b"\x02\x02"] * 300)),
        (1000, setting(DRIVE, 9, cut)), (1003, done(DRIVE, 9, (2, 2, 0))),
    ])


# Sampled values

def samples(k, rate=80, quality=0):
    """Eight values of 9-2 LE at sample k: 100 A and 10 kV at 50 Hz, in mA and 10 mV."""
    out = b""
    for peak in (141_421, 1_414_213):
        phases = [peak * math.sin(2 * math.pi * k / rate - 2 * math.pi * i / 3) for i in range(3)]
        for v in (*phases, 0):
            out += struct.pack(">iI", round(v), quality)
    return out


def asdu(cnt, sample, sv_id=b"PICKETMU0101", conf_rev=1, synch=2, dat_set=None, refr=None, rate=None, mode=None, clock=None):
    fields = tlv(0x80, sv_id)
    fields += b"" if dat_set is None else tlv(0x81, dat_set)
    fields += tlv(0x82, struct.pack(">H", cnt)) + tlv(0x83, struct.pack(">I", conf_rev))
    fields += b"" if refr is None else tlv(0x84, utc(refr, 0x2A))
    fields += tlv(0x85, bytes([synch]))
    fields += b"" if rate is None else tlv(0x86, struct.pack(">H", rate))
    fields += tlv(0x87, sample)
    fields += b"" if mode is None else tlv(0x88, struct.pack(">H", mode))
    fields += b"" if clock is None else tlv(0x89, clock)
    return tlv(0x30, fields)


def sv(*asdus, no_asdu=None, reserved1=0, appid=0x4000, src=PLC, security=b""):
    apdu = tlv(0x60, tlv(0x80, integer(len(asdus) if no_asdu is None else no_asdu)) + security + tlv(0xA2, b"".join(asdus)))
    return frame(bytes.fromhex("010ccd040001"), src, 0x88BA,
                 struct.pack(">HHHH", appid, 8 + len(apdu), reserved1, 0) + apdu, vlan=0x8000)


def sampled():
    numbers = [c for c in range(3960, 4000)] + [c for c in range(0, 200) if c not in (50, 51, 90)]
    numbers.insert(100, numbers[99])
    frames = [(i * 0.25, sv(asdu(c, samples(c)))) for i, c in enumerate(numbers)]
    captures.write("sv/light", "a merging unit of 9-2 LE: 4000 samples a second, three lost, one twice",
                   "From sample 3960 over the end of the second to 199; samples 50, 51 and 90 are lost, one comes twice. A record for the first, for each kind of oddity, and what came since at the end.",
                   "none: an encoder", "synthetic, written by an encoder of our own", [(START + int(ms * 10**6), f) for ms, f in frames])
    write("sv/fields", "all optional fields, two ASDUs a frame, a data set that is not 9-2 LE", """
datSet, refrTm (not synchronised), smpRate, smpMod, gmIdentity, a security field; two ASDUs of one stream in each frame; samples of 12 bytes; then simulated samples, another
confRev, local synchronisation, and values of bad quality. With `interval: 0`: each ASDU is a record.""", [
        (0, sv(asdu(1, b"\0\0\0\x01" * 3, b"MU2", dat_set=b"MU2/LLN0$ds", refr=START, rate=4800, mode=1, clock=bytes(range(8))),
               asdu(2, b"\0\0\0\x02" * 3, b"MU2", dat_set=b"MU2/LLN0$ds", refr=START, rate=4800, mode=1, clock=bytes(range(8))), security=b"\x81\x01\x05")),
        (1, sv(asdu(3, b"\0\0\0\x03" * 3, b"MU2"), asdu(4, b"\0\0\0\x04" * 3, b"MU2"))),
        (2, sv(asdu(5, samples(5), b"MU2"), reserved1=0x8000)),
        (3, sv(asdu(6, samples(6, quality=0x0841), b"MU2", conf_rev=7, synch=1))),
        (4, sv(asdu(6, samples(6), b"MU3", synch=0)))])
    good = [sv(asdu(c, samples(c))) for c in range(6)]
    broken = bytearray(good[1])
    broken[18 + 8 + 1] = 0x7F  # the length of the PDU
    write("sv/malformed", "frames that cannot be, between good ones", """
A PDU that is cut short, no PDU at all, an ASDU without smpCnt, an empty svID, one of 130 bytes, a wrong number of ASDUs; the samples between them are all
there.""", [(0, good[0]), (1, bytes(broken)), (2, frame(bytes.fromhex("010ccd040001"), PLC, 0x88BA, b"\x40\0\0\x08\0\0\0\0")),
            (3, good[1]), (4, sv(tlv(0x30, tlv(0x80, b"PICKETMU0101")))), (5, sv(asdu(2, samples(2), b""))),
            (6, sv(asdu(2, samples(2), b"X" * 130))), (7, sv(asdu(2, samples(2)), no_asdu=3)), (8, good[3])])


# LLDP

def lldp_tlv(kind, value):
    return struct.pack(">H", kind << 9 | len(value)) + value


def org(oui, subtype, value):
    return lldp_tlv(127, bytes.fromhex(oui) + bytes([subtype]) + value)


def lldp(*tlvs, src=DRIVE, end=b"\0\0"):
    return frame(LLDP_GROUP, src, 0x88CC, b"".join(tlvs) + end)


def neighbours():
    head = [lldp_tlv(1, b"\x07drive-7"), lldp_tlv(2, b"\x07port-001"), lldp_tlv(3, struct.pack(">H", 20))]
    dot1 = [org("0080c2", 1, b"\0\x0a"), org("0080c2", 2, b"\x06\0\x14"), org("0080c2", 3, b"\0\x0a\x04line"), org("0080c2", 3, b"\0\x14\x05cells"),
            org("0080c2", 4, b"\x02\x88\x8e"), org("0080c2", 5, b"\x01\x02\x03\x04"), org("0080c2", 6, b"\0\x63"), org("0080c2", 7, b"\x03\0\0\0\x02")]
    write("lldp/profinet", "a PROFINET device, and one with addresses of all kinds", """
PROFINET's TLVs (delays, port status, alias, MRP, chassis MAC) and those of 802.1 with several VLANs; management addresses of IPv4, IPv6 and a MAC address with
an OID; MED's location (ELIN, then coordinates) and power; capabilities of a router.""", [
        (0, lldp(*head, org("000ecf", 1, struct.pack(">5I", 100, 0, 200, 0, 75)), org("000ecf", 2, b"\0\0\0\x02"), org("000ecf", 3, b"port-002.plc"),
                 org("000ecf", 4, bytes(range(16)) + b"\0\x01"), org("000ecf", 5, DRIVE), *dot1)),
        (5000, lldp(lldp_tlv(1, b"\x05\x01\x0a\0\0\x07"), lldp_tlv(2, b"\x03" + PLC), lldp_tlv(3, b"\0\x78"), lldp_tlv(4, b"port 1"), lldp_tlv(5, b"router"),
                    lldp_tlv(6, "Öl".encode()), lldp_tlv(7, b"\0\x14\0\x10"), lldp_tlv(8, b"\x05\x01\x0a\0\0\x07\x02\0\0\0\x01\0"),
                    lldp_tlv(8, b"\x11\x02" + bytes.fromhex("fe800000000000000000000000000001") + b"\x03\0\0\0\x02\0"),
                    lldp_tlv(8, b"\x07\x06" + PLC + b"\x01\0\0\0\0\x03\x2b\x06\x01"), org("0012bb", 1, b"\0\x2f\x03"), org("0012bb", 3, b"\x03+49891234567"),
                    org("0012bb", 4, b"\x52\0\x41"), org("00120f", 2, b"\x0f\x01\x04"), src=PLC))])
    write("lldp/malformed", "announcements that cannot be, between good ones", """
A TLV beyond the frame, ids in the wrong order, no time to live, a TLV twice and no end, half a MAC address, capabilities of three bytes, an empty frame, another
chassis behind the same address; what is well-formed of each is told.""", [
        (0, lldp(*head)), (100, lldp(*head, b"\x0b\xff", end=b"")), (200, lldp(head[1], head[0], head[2])), (300, lldp(head[0], head[1], lldp_tlv(5, b"x"))),
        (400, frame(LLDP_GROUP, DRIVE, 0x88CC, b"".join(head + [head[2]] + [lldp_tlv(6, b"d" * 20)]))), (500, lldp(lldp_tlv(1, b"\x04\0\1\2"), *head[1:], lldp_tlv(7, b"\0\x14\0"))),
        (600, frame(LLDP_GROUP, DRIVE, 0x88CC, b"")), (700, lldp(lldp_tlv(1, b"\x07other"), *head[1:])), (800, lldp(*head))])


profinet()
sampled()
neighbours()
