#!/usr/bin/env bash
# DICOM: dcmtk's archive, worklist and clients, and both ends played from a script for what dcmtk does not speak. Patients, physicians
# and devices are made up.
# Packages: dcmtk tcpdump tshark ethtool iproute2 python3
. "$(dirname "$0")/harness.sh"
protocol=dicom

ends() { echo "dcmtk $(version dcmtk): $1 ($server_ip:${2:-11112}, $client_ip)"; }
tool() { cli timeout 30 "$@" >>"$tmp/client.log" 2>&1 || true; }
play() {
  srv_bg timeout 60 "$python" "$here/dicom_play.py" "$case_name" server $server_ip "$1"
  wait_port "$1"
  cli timeout 60 "$python" "$here/dicom_play.py" "$case_name" client $server_ip "$1"
}
play_ends='one Python script at both ends'
encoded='synthetic, encoded by hand, no device took part'

# image NUMBER ROWS: a CT slice with all that a modality writes about itself and the patient.
image() {
  local n=$1 rows=${2:-16}
  cat >"$tmp/image.dump" <<TEXT
(0008,0005) CS [ISO_IR 100]
(0008,0016) UI =CTImageStorage
(0008,0018) UI [1.2.826.0.1.3680043.10.77.1.1.$n]
(0008,0020) DA [20261122]
(0008,0050) SH [ACC000$n]
(0008,0060) CS [CT]
(0008,0070) LO [ACME Imaging]
(0008,0080) LO [St. Picket Hospital]
(0008,0090) PN [HOUSE^GREGORY]
(0008,1010) SH [CTROOM2]
(0008,1030) LO [Head routine]
(0008,1090) LO [Tomo 9000]
(0010,0010) PN [DOE^JANE^Q]
(0010,0020) LO [PAT4711]
(0010,0030) DA [19700131]
(0010,0040) CS [F]
(0010,1040) LO [12 Secret Lane]
(0018,1000) LO [SN-31415]
(0018,1020) LO [V7.1.2]
(0020,000d) UI [1.2.826.0.1.3680043.10.77.1]
(0020,000e) UI [1.2.826.0.1.3680043.10.77.1.1]
(0020,0010) SH [STUDY77]
(0020,0011) IS [1]
(0020,0013) IS [$n]
(0028,0002) US 1
(0028,0004) CS [MONOCHROME2]
(0028,0010) US $rows
(0028,0011) US $rows
(0028,0100) US 16
(0028,0101) US 12
(0028,0102) US 11
(0028,0103) US 0
(7fe0,0010) OW =$tmp/pixels
TEXT
  head -c $((rows * rows * 2)) /dev/zero | tr '\0' '\125' >"$tmp/pixels"
  dump2dcm +te "$tmp/image.dump" "$tmp/image$n.dcm" >>"$tmp/client.log" 2>&1
}
# archive PORT: called ARCHIVE, empty, that knows where to send what CT1 asks for
archive() {
  rm -rf "$tmp/db"
  mkdir -p "$tmp/db"
  cat >"$tmp/archive.cfg" <<TEXT
NetworkTCPPort = $1
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
ct1 = (CT1, $client_ip, 11113)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARCHIVE $tmp/db RW (200, 1024mb) ANY
AETable END
TEXT
  srv_bg dcmqrscp -v -c "$tmp/archive.cfg"
  wait_port "$1"
}
close_archive() { for pid in $(ip netns pids "$server"); do kill "$pid" 2>/dev/null || true; done; sleep 0.3; }
at() { echo "-aet CT1 -aec ARCHIVE $server_ip ${1:-11112}"; }

case_archive() {
  archive 11112
  record port 11112 or port 11113
  tool echoscu $(at)
  tool storescu -R $(at) "$tmp/image1.dcm" "$tmp/image2.dcm"
  tool findscu -S -k 0008,0052=STUDY -k 0010,0010=DOE* -k 0010,0020 -k 0020,000d -k 0008,0061 $(at)
  tool findscu -P -k 0008,0052=PATIENT -k 0010,0020=PAT4711 -k 0010,0010 $(at)
  tool findscu -S -k 0008,0052=IMAGE -k 0020,000d=1.2.826.0.1.3680043.10.77.1 -k 0020,000e=1.2.826.0.1.3680043.10.77.1.1 -k 0008,0018 $(at)
  (cd "$tmp/out" && tool movescu -aem CT1 --port 11113 -S -k 0008,0052=STUDY -k 0020,000d=1.2.826.0.1.3680043.10.77.1 $(at))
  (cd "$tmp/out" && tool getscu -S -k 0008,0052=STUDY -k 0020,000d=1.2.826.0.1.3680043.10.77.1 $(at))
  finish 'echo, store, find, move and get' "$(ends 'dcmqrscp; echoscu, storescu, findscu, movescu, getscu')" <<'TEXT'
An echo; two CT slices stored; studies of `DOE*`, one patient, and the images of a series looked for (the last with two matches); the study moved
to CT1, which the archive calls back for it on port 11113 (stores with a move originator); the study got on the same association, with stores the
other way. The records name device and objects, and nothing of the patient.
TEXT
  close_archive
}

case_patients_hashed() {
  cp -r "$pcaps/$protocol/archive/input.pcap" "$tmp/again.pcap"
  mkdir -p "$pcaps/$protocol/$case_name"
  capture=$pcaps/$protocol/$case_name/input.pcap
  cp "$tmp/again.pcap" "$capture"
  finish 'the same with patients as keyed hashes' "$(ends 'as in dicom/archive')" <<'TEXT'
The capture of the case archive, read with `app-layer.protocols.dicom.patient: hash`: the patient of the stored slices is that of the query for
PAT4711.
TEXT
}

case_refusals() {
  archive 11112
  record port 11112 or port 11113
  tool echoscu -aet CT1 -aec NOBODY $server_ip 11112
  tool movescu -aem NOWHERE -S -k 0008,0052=STUDY -k 0020,000d=1.2.3 $(at)
  tool findscu -W -k 0010,0010 $(at)
  tool findscu -S -k 0008,0052=NONSENSE $(at)
  tool storescu -R --abort $(at) "$tmp/image1.dcm"
  tool findscu -S --cancel 1 -k 0008,0052=IMAGE -k 0020,000d=1.2.826.0.1.3680043.10.77.1 -k 0020,000e=1.2.826.0.1.3680043.10.77.1.1 $(at)
  tool echoscu -aet CT1 -aec ARCHIVE --abort $server_ip 11112
  finish 'rejections, failures, an abort' "$(ends 'dcmqrscp; echoscu, movescu, findscu, storescu')" <<'TEXT'
A called title that nobody has (rejected permanently), a move to a destination that is not known, a worklist that the archive does not have
(context refused), a query level that does not exist, an association that is aborted behind a store, a query that is cancelled, an abort behind an echo.
TEXT
  close_archive
}

case_user_identity() {
  archive 11112
  record port 11112
  tool storescu -R --user radiographer --password hush-hush $(at) "$tmp/image1.dcm"
  tool storescu -R --user radiographer $(at) "$tmp/image1.dcm"
  finish 'a user name, with a passcode and without' "$(ends 'dcmqrscp; storescu')" <<'TEXT'
User identity negotiation of type 2 and type 1. The passcode stands in no record.
TEXT
  close_archive
}

case_transfer_syntaxes() {
  archive 11112
  record port 11112
  tool storescu -R -xi $(at) "$tmp/image1.dcm"
  tool storescu -R -xb $(at) "$tmp/image1.dcm"
  tool storescu -R -xe $(at) "$tmp/image1.dcm"
  tool storescu $(at) "$tmp/image1.dcm"
  finish 'implicit, big and little endian' "$(ends 'dcmqrscp; storescu')" <<'TEXT'
The same slice in implicit VR little endian, explicit VR big endian and explicit VR little endian; then with all of the 64 storage classes that dcmtk
proposes.
TEXT
  close_archive
}

case_large_image() {
  archive 11112
  image 3 480
  record port 11112
  tool storescu -R -pdu 131072 $(at) "$tmp/image3.dcm"
  finish 'an image of 460 kB' "$(ends 'dcmqrscp; storescu')" <<'TEXT'
480 by 480 pixels, in PDUs of 16 KiB as the archive asks for: the head is read, the pixels go by.
TEXT
  close_archive
}

case_worklist() {
  rm -rf "$tmp/wl"
  mkdir -p "$tmp/wl/WORK"
  touch "$tmp/wl/WORK/lockfile"
  cat >"$tmp/wl.dump" <<'TEXT'
(0008,0050) SH [ACC9]
(0010,0010) PN [DOE^JANE^Q]
(0010,0020) LO [PAT4711]
(0010,0030) DA [19700131]
(0020,000d) UI [1.2.826.0.1.3680043.10.77.9]
(0032,1060) LO [Head CT]
(0040,0100) SQ
(fffe,e000) -
(0008,0060) CS [CT]
(0040,0001) AE [CT1]
(0040,0002) DA [20261122]
(0040,0003) TM [110000]
(0040,0007) LO [Head]
(0040,0009) SH [STEP1]
(fffe,e00d) -
(fffe,e0dd) -
(0040,1001) SH [PROC1]
TEXT
  dump2dcm "$tmp/wl.dump" "$tmp/wl/WORK/one.wl" >>"$tmp/client.log" 2>&1
  srv_bg wlmscpfs -dfp "$tmp/wl" 11112
  wait_port 11112
  record port 11112
  cli timeout 30 findscu -W -k 0010,0010 -k 0010,0020 -k '(0040,0100)[0].0008,0060=CT' -k '(0040,0100)[0].0040,0001=CT1' \
    -k '(0040,0100)[0].0040,0002' -aet CT1 -aec WORK $server_ip 11112 >>"$tmp/client.log" 2>&1 || true
  finish 'a modality asks for its worklist' "$(ends 'wlmscpfs; findscu')" <<'TEXT'
The keys stand in a sequence: modality CT, scheduled for CT1. One match.
TEXT
  close_archive
}

case_odd_port() {
  archive 4711
  record port 4711
  tool echoscu $(at 4711)
  tool storescu -R $(at 4711) "$tmp/image1.dcm"
  finish 'DICOM on port 4711' "$(ends 'dcmqrscp; echoscu, storescu' 4711)" <<'TEXT'
Only content says what it is.
TEXT
  close_archive
}

case_services() {
  record port 11112
  play 11112
  finish 'procedure steps, printing, storage commitment' "$play_ends" "$encoded" <<'TEXT'
N-CREATE and N-SET of a modality performed procedure step, N-CREATE of a film session, N-SET, N-ACTION (print) and N-DELETE, N-GET of the printer with
a list of attributes, N-ACTION for storage commitment with an N-EVENT-REPORT from the archive; failures with their status, offending elements and
comment; asynchronous window, role selection, extended and common extended negotiation.
TEXT
}

case_malformed() {
  record port 11112
  play 11112
  finish 'what is wrong is named, and what follows is read' "$play_ends" "$encoded" <<'TEXT'
Between good echoes (1, 2, 5, 8): text, a P-DATA-TF whose length lies, a PDV that does not fit, a command set that is none, a
command that does not exist, a data set nobody announced, a data set that does not come, a response nobody asked for and one to another command, a
context that was not granted, an association with items cut off.
TEXT
}

case_small_segments() {
  record port 11112
  play 11112
  finish 'fragments, in segments of five bytes' "$play_ends" "$encoded" <<'TEXT'
A query whose command set comes in three fragments and whose data set comes in two, command and data in one PDU; two matches.
TEXT
}

net_up
mkdir -p "$tmp/out"
image 1
image 2
run_cases "$@"
