#!/usr/bin/env python3
"""Tunnels and tags that this kernel cannot make, around real conversations. The outer headers are scapy's, the inner
frames are untouched.

Reads pcaps/http/head, pcaps/dns/response-codes, pcaps/http/ipv6 and pcaps/dns/ipv6; run http.sh and dns.sh first.
Packages: python3-scapy"""

import struct

from scapy.all import (GRE, IP, LLC, SCTP, SNAP, STP, TCP, UDP, Dot1AD, Dot1Q, Dot3, Ether, ICMP, IPOption_Router_Alert,
                       IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PPP, PPPoE, PadN, Raw, VERSION, VXLAN)
from scapy.contrib.erspan import ERSPAN_II
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.contrib.mpls import MPLS, EoMCW
from scapy.layers.ipsec import AH
from scapy.layers.sctp import (SCTPChunkCookieAck, SCTPChunkCookieEcho, SCTPChunkData, SCTPChunkInit, SCTPChunkInitAck,
                               SCTPChunkSACK, SCTPChunkShutdown, SCTPChunkShutdownAck, SCTPChunkShutdownComplete)

from captures import checksum, pcap, read, write

INNER4 = read("http/head") + read("dns/response-codes")
INNER6 = read("http/ipv6") + read("dns/ipv6")
START = INNER4[0][0]
WHAT4 = "Inside, the three HTTP transactions of http/head and the eight DNS transactions of dns/response-codes, byte for byte."
WHAT6 = "Inside, the three HTTP transactions of http/ipv6 and the four DNS transactions of dns/ipv6, byte for byte."


def outer_ethernet(n, frame, **fields):
    near, far = ("02:00:00:00:99:01", "02:00:00:00:99:02")[::1 if to_server(frame) else -1]
    return Ether(src=near, dst=far, **fields)


def to_server(frame):
    """Which way an inner frame goes: the server's address ends in :01 or .1."""
    return frame[5] == 1


def outer_ip(n, frame, **fields):
    near, far = ("192.0.2.1", "192.0.2.2")[::1 if to_server(frame) else -1]
    return outer_ethernet(n, frame) / IP(src=near, dst=far, id=n + 1, **fields)


def outer_ip6(n, frame, **fields):
    near, far = ("2001:db8::1", "2001:db8::2")[::1 if to_server(frame) else -1]
    return outer_ethernet(n, frame) / IPv6(src=near, dst=far, **fields)


def tag(frame, *headers):
    """The frame with tags between its addresses and its type."""
    kind = struct.unpack(">H", frame[12:14])[0]
    stack = headers[0]
    for header in headers[1:]:
        stack = stack / header
    stack.lastlayer().type = kind
    first = 0x88A8 if isinstance(headers[0], Dot1AD) else 0x8100
    return frame[:12] + struct.pack(">H", first) + bytes(stack / Raw(frame[14:]))


def around(case, title, text, make, inner=INNER4):
    frames = [(START + i * 1_000_000, bytes(make(i, f))) for i, (_, f) in enumerate(inner)]
    write("decode/" + case, title, f"{text}\n{WHAT6 if inner is INNER6 else WHAT4}", f"outer headers by scapy {VERSION}",
          "synthetic headers around real traffic", pcap(frames))


def encoded(case, title, text, frames, origin="synthetic"):
    write("decode/" + case, title, text, f"scapy {VERSION}", origin,
          pcap([(START + i * 1_000_000, bytes(f)) for i, f in enumerate(frames)]))


around("vlan", "802.1Q", "Every frame has tag 100, priority 5 towards the server and 0 back.",
       lambda n, f: tag(f, Dot1Q(vlan=100, prio=5 if to_server(f) else 0)))
around("vlan-two", "one conversation in two VLANs",
       "Frames towards the server are in VLAN 100, those back in VLAN 200, as behind some routers on a stick.",
       lambda n, f: tag(f, Dot1Q(vlan=100 if to_server(f) else 200)))
around("qinq", "802.1ad: two tags", "Outer tag 200 of type 0x88a8, inner tag 100 of type 0x8100.",
       lambda n, f: tag(f, Dot1AD(vlan=200), Dot1Q(vlan=100)))
around("qinq-three", "three tags of type 0x8100", "Tags 300, 200 and 100.",
       lambda n, f: tag(f, Dot1Q(vlan=300), Dot1Q(vlan=200), Dot1Q(vlan=100)))
around("gre", "GRE with IPv4 in it", "GRE between 192.0.2.1 and 192.0.2.2 without options.",
       lambda n, f: outer_ip(n, f, proto=47) / GRE(proto=0x0800) / Raw(f[14:]))
around("gre-options", "GRE with checksum, key and sequence number", "Key 42; sequence numbers go up by one, over both directions.",
       lambda n, f: outer_ip(n, f, proto=47) / GRE(proto=0x0800, chksum_present=1, key_present=1, key=42, seqnum_present=1,
                                                   seqence_number=n) / Raw(f[14:]))
around("gre-ethernet", "GRE with Ethernet in it (as NVGRE)", "Protocol 0x6558, key 0x00002a07.",
       lambda n, f: outer_ip(n, f, proto=47) / GRE(proto=0x6558, key_present=1, key=0x2A07) / Raw(f))
around("erspan", "ERSPAN type II", "GRE protocol 0x88be with sequence numbers; ERSPAN version 1, VLAN 7, session 33.",
       lambda n, f: outer_ip(n, f, proto=47) / GRE(proto=0x88BE, seqnum_present=1, seqence_number=n)
       / ERSPAN_II(ver=1, vlan=7, session_id=33, index=n) / Raw(f))
around("geneve", "GENEVE with an option", "UDP port 6081, VNI 77, one option of class 0x0102 and 8 bytes.",
       lambda n, f: outer_ip(n, f) / UDP(sport=40000 + n % 7, dport=6081)
       / GENEVE(vni=77, proto=0x6558, optionlen=3, options=[]) / Raw(bytes.fromhex("0102800200112233 44556677")) / Raw(f))
around("ipip", "IPv4 in IPv4", "Protocol 4 between 192.0.2.1 and 192.0.2.2.",
       lambda n, f: outer_ip(n, f, proto=4) / Raw(f[14:]))
around("4in6", "IPv4 in IPv6", "Next header 4 between 2001:db8::1 and 2001:db8::2.",
       lambda n, f: outer_ip6(n, f, nh=4) / Raw(f[14:]))
around("6in4", "IPv6 in IPv4", "Protocol 41 between 192.0.2.1 and 192.0.2.2.",
       lambda n, f: outer_ip(n, f, proto=41) / Raw(f[14:]), INNER6)
around("6in6", "IPv6 in IPv6", "Next header 41 between 2001:db8::1 and 2001:db8::2.",
       lambda n, f: outer_ip6(n, f, nh=41) / Raw(f[14:]), INNER6)
around("teredo", "Teredo: IPv6 in UDP", "UDP port 3544; every third datagram has an origin indication before the IPv6 header.",
       lambda n, f: outer_ip(n, f) / UDP(sport=3544, dport=3544)
       / Raw((bytes.fromhex("0000 3fff 3ffffdfe") if n % 3 == 0 else b"") + f[14:]), INNER6)
around("gtpu", "GTP-U", "UDP port 2152, TEID 0x1001 towards the server and 0x2002 back; uplink with a PDU session container (QFI 9).",
       lambda n, f: outer_ip(n, f) / UDP(sport=2152, dport=2152)
       / (GTP_U_Header(gtp_type=255, teid=0x1001, E=1, next_ex=0x85) / GTPPDUSessionContainer(type=1, QFI=9) if to_server(f)
          else GTP_U_Header(gtp_type=255, teid=0x2002)) / Raw(f[14:]))
around("mpls", "MPLS with two labels", "Labels 1000 and 16, the second with the bottom bit; IPv4 follows at once.",
       lambda n, f: outer_ethernet(n, f, type=0x8847) / MPLS(label=1000, s=0, ttl=62) / MPLS(label=16, s=1, ttl=62) / Raw(f[14:]))
around("mpls-ethernet", "an Ethernet pseudowire in MPLS", "Label 2000, a control word of zero, a whole Ethernet frame. (tshark needs `-d mpls.label==2000,pwethcw`.)",
       lambda n, f: outer_ethernet(n, f, type=0x8847) / MPLS(label=2000, s=1, ttl=62) / EoMCW(seq=0) / Raw(f))
around("pppoe", "PPPoE", "Session 0x1234, PPP protocol 0x0021.",
       lambda n, f: outer_ethernet(n, f, type=0x8864) / PPPoE(sessionid=0x1234) / PPP(proto=0x0021) / Raw(f[14:]))
around("vxlan-in-gre-in-vlan", "VXLAN in IPv4 in GRE in IPv4 in 802.1Q", "Five layers to peel: VLAN 9, GRE, IPv4, VXLAN 5000 on port 4789.",
       lambda n, f: tag(bytes(outer_ip(n, f, proto=47) / GRE(proto=0x0800) / IP(src="198.51.100.1", dst="198.51.100.2", id=n)
                              / UDP(sport=50000, dport=4789) / VXLAN(vni=5000, flags=8) / Raw(f)), Dot1Q(vlan=9)))
around("authentication-header", "an IPsec authentication header", "Protocol 51 before TCP and UDP, SPI 7; the 12 bytes of its check value are zero.",
       lambda n, f: outer_ethernet(n, f) / IP(src=".".join(map(str, f[26:30])), dst=".".join(map(str, f[30:34])), id=n, proto=51)
       / AH(nh=f[23], payloadlen=4, spi=7, seq=n, icv=bytes(12)) / Raw(f[34:14 + struct.unpack(">H", f[16:18])[0]]))


def with_extensions(f):
    chain = bytes(IPv6ExtHdrHopByHop(nh=43, options=[PadN(optdata=b"\0" * 4)])) \
        + bytes(IPv6ExtHdrRouting(nh=60, type=0, segleft=0, addresses=[])) \
        + bytes(IPv6ExtHdrDestOpt(nh=f[20], options=[PadN(optdata=b"\0" * 4)]))
    payload = struct.unpack(">H", f[18:20])[0] + len(chain)
    return f[:18] + struct.pack(">HB", payload, 0) + f[21:54] + chain + f[54:]


around("ipv6-extension-headers", "IPv6 with hop-by-hop, routing and destination headers",
       "Three extension headers stand before TCP and UDP.", lambda n, f: with_extensions(f), INNER6)


def with_options(f):
    options = bytes(IPOption_Router_Alert()) + b"\x01\x01\x01\x00"
    header = bytearray(f[14:34] + options)
    header[0] = 0x40 | len(header) // 4
    header[2:4] = struct.pack(">H", struct.unpack(">H", f[16:18])[0] + len(options))
    header[10:12] = b"\0\0"
    header[10:12] = struct.pack(">H", checksum(bytes(header)))
    return f[:14] + bytes(header) + f[34:]


around("ipv4-options", "IPv4 with options", "Router alert, three no-operations and the end of the list: a header of 28 bytes.",
       lambda n, f: with_options(f))
around("llc-snap", "802.3 with LLC and SNAP before IPv4", "A length where Ethernet II has its type, then aa aa 03, OUI 0, 0x0800.",
       lambda n, f: f[:12] + struct.pack(">H", len(f) - 14 + 8) + b"\xaa\xaa\x03\0\0\0\x08\0" + f[14:])
around("padding", "frames with bytes after the IP datagram", "Every frame has 7 bytes 0xee behind its datagram, which are no part of it.",
       lambda n, f: f + b"\xee" * 7)


def sctp(n, *chunks, port=5000):
    a, b = ("192.0.2.1", "192.0.2.2")[::1 if n >= 0 else -1]
    packet = IP(src=a, dst=b) / SCTP(sport=port, dport=port, tag=0 if isinstance(chunks[0], SCTPChunkInit) else (0xB0B if n >= 0 else 0xA11CE))
    for chunk in chunks:
        packet = packet / chunk
    return Ether(src="02:00:00:00:99:01", dst="02:00:00:00:99:02") / packet


encoded("sctp", "an SCTP association", "INIT, INIT ACK, COOKIE ECHO, COOKIE ACK, three DATA chunks of two streams (two of them in one packet), SACKs, "
        "SHUTDOWN,\nSHUTDOWN ACK, SHUTDOWN COMPLETE; ports 5000, 10 packets.", [
            sctp(1, SCTPChunkInit(init_tag=0xA11CE, a_rwnd=65535, n_out_streams=4, n_in_streams=4, init_tsn=100)),
            sctp(-1, SCTPChunkInitAck(init_tag=0xB0B, a_rwnd=65535, n_out_streams=4, n_in_streams=4, init_tsn=500)),
            sctp(1, SCTPChunkCookieEcho(cookie=b"a cookie of 24 bytes....")),
            sctp(-1, SCTPChunkCookieAck()),
            sctp(1, SCTPChunkData(beginning=1, ending=1, tsn=100, stream_id=0, stream_seq=0, proto_id=0, data=b"first message of the association"),
                 SCTPChunkData(beginning=1, ending=1, tsn=101, stream_id=1, stream_seq=0, proto_id=0, data=b"second message, another stream..")),
            sctp(-1, SCTPChunkSACK(cumul_tsn_ack=101, a_rwnd=65535, n_gap_ack=0, n_dup_tsn=0),
                 SCTPChunkData(beginning=1, ending=1, tsn=500, stream_id=0, stream_seq=0, proto_id=0, data=b"an answer...")),
            sctp(1, SCTPChunkSACK(cumul_tsn_ack=500, a_rwnd=65535, n_gap_ack=0, n_dup_tsn=0)),
            sctp(1, SCTPChunkShutdown(cumul_tsn_ack=500)),
            sctp(-1, SCTPChunkShutdownAck()),
            sctp(1, SCTPChunkShutdownComplete()),
        ])

GOOD = INNER4[14][1]  # the first DNS query
ETH = GOOD[:14]


def changed(frame, *changes):
    frame = bytearray(frame)
    for at, value in changes:
        frame[at:at + len(value)] = value
    if frame[12:14] == b"\x08\0" and len(frame) >= 34:  # only the fault named is to be wrong
        frame[24:26] = b"\0\0"
        frame[24:26] = struct.pack(">H", checksum(bytes(frame[14:34])))
    return bytes(frame)


TCP_FRAME = INNER4[3][1]
SIX = next(f for _, f in INNER6 if f[20] == 17)
encoded("broken-headers", "frames a decoder has to refuse, between good ones",
        "25 frames. The first, the last and every fifth are good (one DNS query, A www.lab.test); the others are wrong: a frame of\n"
        "6 bytes; of 14; IPv4 with version 5, with a header of 16 bytes, with a total length below its header, and above the frame;\n"
        "IPv4 cut in its header; a TCP data offset of 16 bytes, and of 60 in a segment that is shorter; a UDP length of 4, and above the\n"
        "datagram; TCP and UDP cut in their headers; 802.1Q cut after its type; IPv6 cut in its header, with a payload length above the\n"
        "frame, and with a hop-by-hop header longer than the packet; an unknown EtherType; GRE cut after two bytes.",
        [f for group in [
            [GOOD, GOOD[:6], GOOD[:14], changed(GOOD, (14, b"\x55")), changed(GOOD, (14, b"\x44"))],
            [GOOD, changed(GOOD, (16, b"\0\x10")), changed(GOOD, (16, b"\x05\xdc")), GOOD[:25], changed(TCP_FRAME, (46, b"\x40"))],
            [GOOD, changed(INNER4[2][1], (46, b"\xf0")), changed(GOOD, (38, b"\0\x04")), changed(GOOD, (38, b"\x01\0")),
             changed(TCP_FRAME[:44], (16, b"\0\x1e"))],
            [GOOD, changed(GOOD[:38], (16, b"\0\x18")), GOOD[:12] + b"\x81\0", SIX[:40], changed(SIX, (18, b"\x05\xdc"))],
            [GOOD, changed(SIX, (20, b"\0"), (54, b"\x11\xff")), GOOD[:12] + b"\x99\x99" + GOOD[14:],
             changed(GOOD[:36], (16, b"\0\x16"), (23, b"\x2f"))],
            [GOOD]] for f in group], "real traffic, edited")


def fragment(frame, first, size, more, ident=0x4242):
    """Bytes first to first+size of the datagram's payload as a fragment of its own."""
    header = bytearray(frame[14:34])
    payload = frame[34:14 + struct.unpack(">H", frame[16:18])[0]][first:first + size]
    header[2:8] = struct.pack(">HHH", 20 + len(payload), ident, first // 8 | (0x2000 if more else 0))
    header[10:12] = b"\0\0"
    header[10:12] = struct.pack(">H", checksum(bytes(header)))
    return frame[:14] + bytes(header) + payload


def evil(frame):
    return frame.replace(b"\x03www\x03lab", b"\x04evil\x02la")


query = next(f for _, f in INNER4[14:] if b"\x03www\x03lab" in f)
encoded("fragments-odd", "IPv4 fragments as an evader sends them",
        "One DNS query (A www.lab.test) in seven ways, each with an identifier of its own: whole; three fragments in order (0x101); the same in\n"
        "reverse (0x102); one fragment twice (0x103); the last fragment missing (0x104); two that overlap and agree (0x105); two that overlap\n"
        "and do not: the bytes in dispute say www.lab or evil.la (0x106); a first fragment of 8 bytes, so that the UDP header stands alone (0x107).",
        [query,
         fragment(query, 0, 16, True, 0x101), fragment(query, 16, 16, True, 0x101), fragment(query, 32, 999, False, 0x101),
         fragment(query, 32, 999, False, 0x102), fragment(query, 16, 16, True, 0x102), fragment(query, 0, 16, True, 0x102),
         fragment(query, 0, 16, True, 0x103), fragment(query, 0, 16, True, 0x103), fragment(query, 16, 999, False, 0x103),
         fragment(query, 0, 16, True, 0x104), fragment(query, 16, 16, True, 0x104),
         fragment(query, 0, 32, True, 0x105), fragment(query, 16, 999, False, 0x105),
         fragment(query, 0, 32, True, 0x106), fragment(evil(query), 16, 999, False, 0x106),
         fragment(query, 0, 8, True, 0x107), fragment(query, 8, 999, False, 0x107)], "real traffic, edited")

quoted = bytes(IP(src="192.0.2.1", dst="203.0.113.9") / TCP(sport=40000, dport=443, seq=1))[:28]
encoded("icmp-errors", "ICMP messages of routers",
        "Nine messages to 192.0.2.1, each quoting a TCP SYN to 203.0.113.9:443 (but for the last three): network, host and administratively\n"
        "unreachable, fragmentation needed (MTU 1400), time exceeded, redirect; then a timestamp request, an address mask request, and type 42.",
        [Ether(src="02:00:00:00:99:09", dst="02:00:00:00:99:01") / IP(src="198.51.100.254", dst="192.0.2.1", id=i) / icmp
         for i, icmp in enumerate([
             ICMP(type=3, code=0) / Raw(quoted), ICMP(type=3, code=1) / Raw(quoted), ICMP(type=3, code=13) / Raw(quoted),
             ICMP(type=3, code=4, nexthopmtu=1400) / Raw(quoted), ICMP(type=11, code=0) / Raw(quoted),
             ICMP(type=5, code=1, gw="198.51.100.1") / Raw(quoted), ICMP(type=13, id=7, seq=1), ICMP(type=17, id=7, seq=1),
             ICMP(type=42, id=7, seq=1)])])

encoded("not-ip", "frames without IP",
        "LLC spanning tree, LLDP, a PAUSE frame (MAC control), EAPOL start, PROFINET DCP's EtherType with no valid content, an EtherType nobody "
        "uses:\nsix frames that are counted and named; LLDP and PROFINET have flows.",
        [Dot3(dst="01:80:c2:00:00:00", src="02:00:00:00:99:01") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(),
         Ether(dst="01:80:c2:00:00:0e", src="02:00:00:00:99:01", type=0x88CC) / Raw(bytes.fromhex("0207040200000099 010403056c61620602007800 00")),
         Ether(dst="01:80:c2:00:00:01", src="02:00:00:00:99:01", type=0x8808) / Raw(b"\0\1\0\xff" + b"\0" * 42),
         Ether(dst="01:80:c2:00:00:03", src="02:00:00:00:99:01", type=0x888E) / Raw(b"\1\1\0\0"),
         Ether(dst="01:0e:cf:00:00:00", src="02:00:00:00:99:01", type=0x8892) / Raw(bytes.fromhex("fefe 0500 00000001 0001 0000")),
         Ether(dst="ff:ff:ff:ff:ff:ff", src="02:00:00:00:99:01", type=0x88B5) / Raw(b"local experiment")])
