#!/usr/bin/env bash
# HL7 version 2 over MLLP: python3-hl7 at both ends, node-hl7-client and node-hl7-server at both ends, and both ends played from a script for
# frames that libraries do not send. Patients, physicians and devices are made up.
# Packages: python3-hl7 nodejs npm tcpdump tshark ethtool iproute2; npm: node-hl7-client node-hl7-server, in NODE_PATH or fetched
. "$(dirname "$0")/harness.sh"
protocol=hl7

mllp() {
  cli timeout 60 "$python" "$here/hl7_mllp.py" client "$case_name" $server_ip "$1" >>"$tmp/client.log" 2>&1 || cat "$tmp/client.log" >&2
}
mllp_serve() {
  srv_bg "$python" "$here/hl7_mllp.py" server $server_ip "$@"
  wait_port "$1"
}
mllp_ends() { echo "python3-hl7 $(version python3-hl7) at both ends ($server_ip:${1:-2575}, $client_ip)"; }
play() {
  record port 2576
  srv_bg timeout 60 "$python" "$here/hl7_play.py" "$case_name" server $server_ip 2576
  wait_port 2576
  cli timeout 60 "$python" "$here/hl7_play.py" "$case_name" client $server_ip 2576
}
play_ends="one Python script at both ends ($server_ip:2576, $client_ip)"
encoded='synthetic, written down by hand, no hospital took part'

case_admissions() {
  mllp_serve 2575
  record port 2575
  mllp 2575
  finish 'a stay in hospital, from pre-admission to discharge' "$(mllp_ends)" <<'TEXT'
ADT A05, A01, A08, A02, A40 (a merge) and A03 with PID, NK1, PV1, GT1, IN1 and MRG, each acknowledged with AA; the first names its software (SFT). The
records say what happened, and nothing of whom.
TEXT
}

case_patients_hashed() {
  mkdir -p "$pcaps/$protocol/$case_name"
  capture=$pcaps/$protocol/$case_name/input.pcap
  cp "$pcaps/$protocol/admissions/input.pcap" "$capture"
  finish 'the same with patients as keyed hashes' "as in hl7/admissions" <<'TEXT'
The capture of the case admissions, read with `app-layer.protocols.hl7.patient: hash`. The key is that of dicom/patients-hashed: PAT4711, and
`DOE^JANE^Q`, have the same hash there.
TEXT
}

case_orders_and_results() {
  mllp_serve 2577
  record port 2577
  mllp 2577
  finish 'orders, results, an alarm, medication, a query, a master file' "$(mllp_ends 2577)" <<'TEXT'
ORM (new and cancelled), ORU R01 with values and a note, ORU R40 (alarm of a pump), RDE, RGV (give), QBP Q22, MFN M02, SIU S12, MDM T02, each acknowledged.
TEXT
}

case_refusals() {
  mllp_serve 2578 refuse
  record port 2578
  mllp 2578
  finish 'AE and AR with their errors' "$(mllp_ends 2578)" <<'TEXT'
ERR as since version 2.5 (twice) and as before. MSA-3 and ERR-8 name the patient; no record does.
TEXT
}

case_odd_port() {
  mllp_serve 4712
  record port 4712
  mllp 4712
  finish 'HL7 on port 4712' "$(mllp_ends 4712)" <<'TEXT'
Only content says what it is.
TEXT
}

case_separators() {
  play
  finish 'separators and escapes of all kinds' "$play_ends" "$encoded" <<'TEXT'
A message with `$%*!?` for separators, and escaped ones in names; an order number with all escapes and `\X4142\`; five encoding characters as since 2.7, two
character sets.
TEXT
}

case_enhanced() {
  play
  finish 'answers in two steps' "$play_ends" "$encoded" <<'TEXT'
Enhanced mode: CA and then AA; CE with an error. Release 2 of MLLP: the block acknowledged, then the message; a block that is not (NAK).
TEXT
}

case_framing() {
  play
  finish 'several messages in one segment, frames that are wrong' "$play_ends" "$encoded" <<'TEXT'
Three messages at once, answered in another order; a message without VT; without CR behind FS; without FS; segments that end with LF, and with CR LF; an empty
block and blank lines.
TEXT
}

case_malformed() {
  play
  finish 'what is wrong is named, and what follows is read' "$play_ends" "$encoded" <<'TEXT'
A request of HTTP between blocks, a block without MSH, MSH without separators, a line that is no segment, an acknowledgement code that does not exist, an
acknowledgement of nothing, no control id, a type that does not exist, a control id twice, a document of 96 kB in an OBX, a message that is cut off.
TEXT
}

case_batch() {
  play
  finish 'a file with a batch of two messages' "$play_ends" "$encoded" <<'TEXT'
FHS, BHS, two ORU, BTS and FTS in one block.
TEXT
}

case_small_segments() {
  play
  finish 'in segments of three bytes' "$play_ends" "$encoded" <<'TEXT'
One message, then two at once.
TEXT
}

net_up
run_cases "$@"
