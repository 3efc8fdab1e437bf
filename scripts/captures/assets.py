#!/usr/bin/env python3
"""Sites for the inventory of assets: conversations of other cases, each host with an address and a MAC of its own.

Reads pcaps/modbus/device-identification, pcaps/s7comm/identity, pcaps/s7comm/blocks, pcaps/dnp3/attributes,
pcaps/iec104/refused, pcaps/ssh/keyscan and pcaps/http/head; run their scripts first."""

import struct

from captures import Tcp, read, write

START = 1795300000 * 10**9
SECOND = 10**9


def mac(n):
    return bytes((0x02, 0, 0, 0, 0x77, n))


def address(text):
    return bytes(map(int, text.split(".")))


def arp(operation, sender, sender_mac, target, target_mac):
    ethernet = (b"\xff" * 6 if operation == 1 else target_mac) + sender_mac + b"\x08\x06"
    who = bytes(6) if operation == 1 else target_mac
    return ethernet + struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + sender_mac + address(sender) + who + address(target)


def conversation(case, client, server, at, hops=0, port=None):
    """The frames of a case, from `at` on, between (address, MAC) and (address, MAC); the server is so many routers away. `port`:
    the server's, where its address does not end in .1."""
    frames, out = read(case), []
    for when, frame in frames:
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        tcp = Tcp(frame)
        from_server = tcp.from_server if port is None else struct.unpack_from(">H", tcp.tcp)[0] == port
        source, target = (server, client) if from_server else (client, server)
        tcp.ethernet = target[1] + source[1] + b"\x08\x00"
        tcp.ip[12:20] = address(source[0]) + address(target[0])
        if from_server:
            tcp.ip[8] -= hops
        out.append((at + when - frames[0][0], bytes(tcp)))
    return out


def plant():
    scada, engineer = ("10.77.1.2", mac(2)), ("10.77.1.3", mac(3))
    devices = {n: ("10.77.1.%d" % n, mac(n)) for n in (11, 12, 13, 14)}
    frames, at = [], START
    for device in devices.values():
        frames += [(at, arp(1, *scada, device[0], None)), (at + 10**6, arp(2, *device, *scada))]
        at += SECOND
    for case, client, server in (("modbus/device-identification", scada, 11), ("s7comm/identity", scada, 12),
                                 ("dnp3/attributes", scada, 13), ("iec104/refused", scada, 14), ("s7comm/blocks", engineer, 12)):
        frames += conversation(case, client, devices[server], at, port=20000 if case.startswith("dnp3") else None)
        at += 30 * SECOND
    # Much later one of them is another model.
    frames += conversation("modbus/device-identification", scada, devices[12], at + 120 * SECOND)
    write("assets/plant", "devices that say what they are, and who speaks to them", """
Five hosts in 10.77.1.0/24. 10.77.1.2 asks 10.77.1.11 (Modbus device identification), 10.77.1.12 (S7 system status lists), 10.77.1.13 (DNP3
device attributes) and 10.77.1.14 (IEC 104 commands, refused); 10.77.1.3 loads blocks into 10.77.1.12. ARP tells the MACs of the first and of the
devices. Four minutes later 10.77.1.12 answers to Modbus, too: two makers and two models stand side by side in its evidence, and a record
of reason `changed` says so.

A reader should see: an asset record for each host; vendor, model and firmware of station 1 at 10.77.1.11; order number, firmware and serial
number for 10.77.1.12, which is a PLC, as 10.77.1.3 is an engineering station; RTUs at 10.77.1.13 and 10.77.1.14, whose SCADA is 10.77.1.2.
""", "those of the cases, with addresses changed", "real traffic, edited", sorted(frames, key=lambda f: f[0]))


def router():
    user, gateway = ("10.77.1.20", mac(20)), ("10.77.1.1", mac(1))
    frames, at = [(START, arp(1, *user, gateway[0], None)), (START + 10**6, arp(2, *gateway, *user))], START + SECOND
    # All of these come through the gateway; the first by one router, which its TTL shows.
    for n in range(1, 8):
        case = "ssh/keyscan" if n % 2 == 0 else "http/head"
        frames += conversation(case, user, ("192.0.2.%d" % n, gateway[1]), at, 1 if n == 1 else 0)
        at += 20 * SECOND
    write("assets/router", "a MAC with many addresses is a router's", """
10.77.1.20 speaks to seven servers in 192.0.2.0/24, all of whose frames come from the MAC of 10.77.1.1. That MAC is 10.77.1.1's, for ARP says so, and
10.77.1.1 is a router; 192.0.2.1 never gets the MAC, since its TTL is none that hosts begin with; 192.0.2.2 to 192.0.2.5 have it until the fifth
address shows that it is a router's, and end without one.
""", "those of the cases, with addresses and TTLs changed", "real traffic, edited", sorted(frames, key=lambda f: f[0]))


plant()
router()
