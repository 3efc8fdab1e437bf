#!/usr/bin/env python3
"""What happens to TCP on the way, made by editing real captures: loss, reordering, doubles, half a view.

Reads pcaps/http/get, pcaps/http/pipelining and pcaps/modbus/reads-and-writes; run http.sh and modbus.sh first."""

from captures import Tcp, pcap, read, write

GET = read("http/get")
ENDS = "nginx and curl, as in http/get"
EDITED = "real traffic, edited"
WHOLE = "Whole, it is the conversation of http/get: GET / (200, 50 bytes), GET /numbers.txt (200, 8893 bytes)."


def server_data(frames):
    return [i for i, (_, f) in enumerate(frames) if Tcp(f).from_server and Tcp(f).data]


def client_data(frames):
    return [i for i, (_, f) in enumerate(frames) if not Tcp(f).from_server and Tcp(f).data]


def retimed(frames):
    """The times stay in order, whatever was done to the frames."""
    times = sorted(t for t, _ in frames)
    return [(t, f) for t, (_, f) in zip(times, frames)]


def edit(case, title, text, frames, ends=ENDS, origin=EDITED, **how):
    write("tcp/" + case, title, text, ends, origin, pcap(frames, **how))


data = server_data(GET)
body = data[2:]  # the second answer's later segments

swapped = list(GET)
swapped[body[0]], swapped[body[1]] = GET[body[1]], GET[body[0]]
swapped[body[3]], swapped[body[-1]] = GET[body[-1]], GET[body[3]]
edit("out-of-order", "segments of an answer out of order",
     f"{WHOLE} Two pairs of segments of the second answer have changed places. Nothing is lost.", retimed(swapped))

doubled = []
for i, (t, f) in enumerate(GET):
    doubled.append((t, f))
    if i in (client_data(GET)[1], body[1], body[2]):
        doubled.append((t + 1000, f))
edit("retransmission", "a request and two segments of an answer sent twice",
     f"{WHOLE} The second request and two segments of its answer come twice, the same bytes each time. Two transactions, not three.",
     doubled)

merged = []
for i, (t, f) in enumerate(GET):
    merged.append((t, f))
    if i == body[2]:  # again the last 500 bytes of the one before, and all of this one
        before, now = Tcp(GET[body[1]][1]), Tcp(f)
        now.sequence, now.data = now.sequence - 500, before.data[-500:] + now.data[:900]
        merged.append((t + 1000, bytes(now)))
edit("overlap-same", "a retransmission with other borders",
     f"{WHOLE} One more segment repeats the last 500 bytes of one segment and the first 900 of the next; the bytes agree.", merged)

request = client_data(GET)[1]
for case, first, title in [("overlap-conflict-first", True, "two readings of a request: the true one first"),
                           ("overlap-conflict-last", False, "two readings of a request: the true one last")]:
    frames = []
    for i, (t, f) in enumerate(GET):
        if i == request:
            other = Tcp(f)
            other.data = other.data.replace(b"/numbers.txt", b"/nothing.txt")
            pair = [(t, f), (t + 1000, bytes(other))]
            frames += pair if first else [(t, pair[1][1]), (t + 1000, f)]
        else:
            frames.append((t, f))
    edit(case, title,
         f"{WHOLE} The second request comes twice at the same sequence number, once for /numbers.txt (what the server answered) and "
         f"once for /nothing.txt.\nThe one for /numbers.txt is {'first' if first else 'last'}. The overlap does not agree, and that is worth an event.",
         frames)

edit("gap", "a segment of an answer missing",
     f"{WHOLE} One segment (1448 bytes or less) of the second answer is not in the capture, though the client confirms it.",
     [f for i, f in enumerate(GET) if i != body[2]])

edit("gap-in-request", "the second request missing",
     f"{WHOLE} The second request is not in the capture; its answer is.", [f for i, f in enumerate(GET) if i != request])

edit("midstream", "a conversation joined after its handshake",
     f"{WHOLE} The handshake and the first transaction are cut off; the capture begins with the second request.", GET[request:])

edit("midstream-in-body", "a conversation joined in the middle of an answer",
     f"{WHOLE} The capture begins in the body of the second answer; no header is to be seen.", GET[body[1]:])

edit("one-way-client", "only what the client sent",
     f"{WHOLE} Frames of the server are left out: two requests without answers.",
     [(t, f) for t, f in GET if not Tcp(f).from_server])

edit("one-way-server", "only what the server sent",
     f"{WHOLE} Frames of the client are left out: two answers without requests, the handshake seen by its SYN-ACK alone.",
     [(t, f) for t, f in GET if Tcp(f).from_server])

edit("no-end", "a conversation without an end",
     f"{WHOLE} The last frames, with both FINs, are left out.", [(t, f) for t, f in GET if not Tcp(f).flags & 1][:-1])

wrapped = []
starts = {side: next(Tcp(f).sequence for _, f in GET if Tcp(f).from_server == side) for side in (False, True)}
for t, f in GET:
    s = Tcp(f)
    side = s.from_server
    s.sequence = s.sequence - starts[side] + 2**32 - 100
    if s.flags & 16:
        s.acknowledged = s.acknowledged - starts[not side] + 2**32 - 100
    wrapped.append((t, bytes(s)))
edit("sequence-wrap", "sequence numbers that pass 2^32",
     f"{WHOLE} Both directions start 100 below 2^32, so that numbers begin again at 0 in the second request and in the first answer.", wrapped)

bad = []
for i, (t, f) in enumerate(GET):
    if i == request:
        decoy = Tcp(f)
        decoy.data = decoy.data.replace(b"/numbers.txt", b"/nothing.txt")
        wrong = bytearray(bytes(decoy))
        wrong[14 + 20 + 16] ^= 0x55
        bad.append((t - 1000, bytes(wrong)))
    bad.append((t, f))
edit("bad-checksum", "a segment no receiver accepts",
     f"{WHOLE} Just before the second request comes one for /nothing.txt with a wrong TCP checksum, which the server would drop.", bad)

late = [(t + (7200 * 10**9 if i >= request else 0), f) for i, (t, f) in enumerate(GET)]
edit("idle", "two hours of silence in one connection",
     f"{WHOLE} Two hours lie between the transactions; with any usual timeout the second belongs to a new flow, joined in the middle.", late)

resets = []
for i, (t, f) in enumerate(GET):
    if i == body[2]:
        s = Tcp(f)
        s.data, s.tcp[13], s.sequence = b"", 4, s.sequence + 10**9
        resets.append((t - 1000, bytes(s)))
    resets.append((t, f))
edit("reset-outside-window", "a reset that does not fit",
     f"{WHOLE} In the second answer comes a RST whose sequence number is 10^9 too high; both ends would ignore it and go on.", resets)

swapped = []
modbus = read("modbus/reads-and-writes")
for i in range(0, len(modbus), 2):
    swapped += reversed(modbus[i:i + 2])
edit("neighbours-swapped", "every two frames change places",
     "Whole, it is modbus/reads-and-writes, eleven transactions. Every two frames have changed places, as a tap with two ports may do:\n"
     "the SYN-ACK comes before the SYN, and answers come before their requests.", retimed(swapped), ends="pymodbus on both ends, as in modbus/reads-and-writes")

forged = []
for i, (t, f) in enumerate(GET):
    if i == request:
        s = Tcp(f)
        s.data, s.tcp[13] = b"", 0x14
        s.tcp[12] = 10 << 4
        s.tcp[20:] = b"\x13\x12" + bytes(16) + b"\x01\x01"
        forged.append((t - 1000, bytes(s)))
    forged.append((t, f))
edit("signed-reset", "a reset with a signature, where nothing else has one",
     f"{WHOLE} Just before the second request the client seems to reset, in a segment with an MD5 signature (RFC 2385). A server that agreed on none\n"
     "drops it, and the conversation goes on. A record for both requests.", forged)

old = []
for i, (t, f) in enumerate(GET):
    if i == request:
        decoy = Tcp(f)
        decoy.data = decoy.data.replace(b"/numbers.txt", b"/nothing.txt")
        assert decoy.tcp[20:24] == b"\x01\x01\x08\x0a"
        decoy.tcp[24:28] = (int.from_bytes(decoy.tcp[24:28], "big") - 10**6).to_bytes(4, "big")
        old.append((t - 1000, bytes(decoy)))
    old.append((t, f))
edit("old-timestamp", "a segment that its receiver drops for its timestamp",
     f"{WHOLE} Just before the second request comes one for /nothing.txt with a TCP timestamp a million ticks older (RFC 7323, 5.3), which the server\n"
     "drops. The request is for /numbers.txt.", old)

banner, cut = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", []
for i, (t, f) in enumerate(GET[:data[0] + 2]):
    s = Tcp(f)
    if i == data[0]:
        s.data = banner
    elif i > data[0] and not s.from_server:
        s.data, s.tcp[13], s.sequence = b"", 0x10, Tcp(GET[request][1]).sequence
        s.acknowledged = Tcp(GET[data[0]][1]).sequence + len(banner)
    cut.append((t, bytes(s)))
edit("wrong-service", "a web browser that talks to an SSH server",
     "The first request of http/get; instead of its answer the banner of an SSH server. Each direction speaks a protocol of its own: app_proto is the\n"
     "client's, app_proto_tc the server's, and an anomaly says so.", cut)
