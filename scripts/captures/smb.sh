#!/usr/bin/env bash
# SMB 1, 2 and 3 of Samba: files read and written, a refused log on, encryption, named pipes, and DCE/RPC over TCP.
# The account is Debian's `backup`, so that no user is made.
# Packages: samba smbclient python3-impacket tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"

share=$tmp/share state=$tmp/samba

# samba [LINE...]: smbd in the foreground of the server namespace, with further lines of its configuration.
samba() {
  mkdir -p "$share/reports" "$state"/{private,lock,state,cache,pid,ncalrpc}
  seq 1 400 >"$share/reports/pump7.csv"
  chmod -R a+rwX "$share"
  {
    printf '[global]\nworkgroup = PLANT\nnetbios name = HALL3\nserver role = standalone server\nlog level = 0\nlog file = %s/log\n' "$state"
    printf 'private dir = %s/private\nlock directory = %s/lock\nstate directory = %s/state\ncache directory = %s/cache\npid directory = %s/pid\nncalrpc dir = %s/ncalrpc\n' \
      "$state" "$state" "$state" "$state" "$state" "$state"
    printf 'server min protocol = NT1\nclient min protocol = NT1\nntlm auth = yes\nload printers = no\ndisable spoolss = yes\nbind interfaces only = yes\ninterfaces = va\n'
    printf '%s\n' "$@"
    printf '[data]\npath = %s\nread only = no\nforce user = root\n' "$share"
  } >"$tmp/smb.conf"
  printf 'valve-9\nvalve-9\n' | smbpasswd -c "$tmp/smb.conf" -s -a backup >>"$tmp/server.log" 2>&1
  srv_bg smbd --foreground -s "$tmp/smb.conf"
  wait_port 445
}

# in_share DIALECT COMMANDS [OPTION...]
in_share() {
  local dialect=$1 commands=$2
  shift 2
  (cd "$tmp" && cli smbclient "//$server_ip/data" -s "$tmp/smb.conf" -U 'backup%valve-9' -m "$dialect" "$@" -c "$commands") \
    >>"$tmp/client.log" 2>&1 || true
}
ends="Samba $(version samba) ($server_ip:445)"

session() {
  protocol=smb
  samba
  seq 1 300 >"$tmp/setpoints.txt"
  record tcp port 445
  in_share "$1" 'ls; get reports\pump7.csv got.csv; put setpoints.txt new.txt; rename new.txt old.txt; del old.txt; mkdir shift; rmdir shift; get missing.txt'
}
TEXT_SESSION='A log on of backup (domain PLANT) by NTLMSSP; the share data listed; reports\pump7.csv read (1492 bytes: the numbers 1 to 400),
setpoints.txt written as new.txt (1092 bytes: 1 to 300), renamed to old.txt and deleted; a folder made and removed; a file that is not there.'

case_smb1() {
  session NT1
  finish 'SMB 1: files read, written, renamed, deleted' "$ends and smbclient ($client_ip)" <<<"$TEXT_SESSION"
}
case_smb2() {
  session SMB2_02
  finish 'SMB 2.02: files read, written, renamed, deleted' "$ends and smbclient ($client_ip)" <<<"$TEXT_SESSION"
}
case_smb311() {
  session SMB3_11
  finish 'SMB 3.1.1, signed: files read, written, renamed, deleted' "$ends and smbclient ($client_ip)" <<<"$TEXT_SESSION"
}

case_encrypted() {
  protocol=smb
  samba
  record tcp port 445
  in_share SMB3_11 'get reports\pump7.csv got.csv' --client-protection=encrypt
  finish 'SMB 3.1.1, encrypted after the log on' "$ends and smbclient ($client_ip)" <<'TEXT'
Negotiation and the log on of backup can be read; all that follows lies in transform headers (0xFD 'SMB'): tree connect, opening and
reading of reports\pump7.csv.
TEXT
}

case_failed_logon() {
  protocol=smb
  samba
  record tcp port 445
  cli smbclient "//$server_ip/data" -s "$tmp/smb.conf" -U 'PLANT\backup%wrong' -m SMB3 -c ls >>"$tmp/client.log" 2>&1 || true
  cli smbclient "//$server_ip/data" -s "$tmp/smb.conf" -U 'PLANT\nobody7%x' -m NT1 -c ls >>"$tmp/client.log" 2>&1 || true
  cli smbclient "//$server_ip/secret" -s "$tmp/smb.conf" -U 'backup%valve-9' -m SMB3 -c ls >>"$tmp/client.log" 2>&1 || true
  finish 'a wrong password, an unknown user, a share that is not there' "$ends and smbclient ($client_ip)" <<'TEXT'
Three connections: backup with a wrong password over SMB 3 (STATUS_LOGON_FAILURE), nobody7 over SMB 1 (the same), and backup
with the right one who asks for the share `secret` (STATUS_BAD_NETWORK_NAME).
TEXT
}

pipes() {
  protocol=smb
  samba
  record tcp port 445
  cli rpcclient -s "$tmp/smb.conf" -U 'backup%valve-9' --option="client ipc max protocol=$1" "$server_ip" -c 'srvinfo; netshareenum; lsaquery; enumdomusers' \
    >>"$tmp/client.log" 2>&1 || true
}
TEXT_PIPES='rpcclient asks over \srvsvc (interface 4b324fc8-1670-01d3-1278-5a47bf6ee188: NetSrvGetInfo, opnum 21, and NetShareEnumAll, 15), \lsarpc
(12345778-1234-abcd-ef00-0123456789ab) and \samr (12345778-1234-abcd-ef00-0123456789ac).'
case_pipes_smb1() {
  pipes NT1
  finish 'DCE/RPC over named pipes of SMB 1' "$ends and rpcclient ($client_ip)" <<<"$TEXT_PIPES"
}
case_pipes_smb2() {
  pipes SMB2_10
  finish 'DCE/RPC over named pipes of SMB 2.10' "$ends and rpcclient ($client_ip)" <<<"$TEXT_PIPES"
}

case_netbios() {
  protocol=smb
  samba 'smb ports = 445 139'
  record tcp port 139
  in_share NT1 'get reports\pump7.csv got.csv' -p 139
  finish 'SMB 1 over a NetBIOS session' "Samba $(version samba) ($server_ip:139) and smbclient ($client_ip)" <<'TEXT'
A session request with two encoded names and its positive answer (records 0x81 and 0x82) come before SMB. reports\pump7.csv is read.
TEXT
}

case_impacket() {
  protocol=smb
  samba
  record tcp port 445
  cli "$python" - "$server_ip" >>"$tmp/client.log" 2>&1 <<'PY' || true
# A second client. Writes come out of order, one twice; then the file is read back in two halves, the second one first.
import sys
from impacket.smbconnection import SMBConnection
c = SMBConnection(sys.argv[1], sys.argv[1], preferredDialect=0x0210)
c.login('backup', 'valve-9', 'PLANT')
tree = c.connectTree('data')
f = c.createFile(tree, 'log.bin')
c.writeFile(tree, f, b'B' * 100, 100)
c.writeFile(tree, f, b'C' * 100, 200)
c.writeFile(tree, f, b'A' * 100, 0)
c.writeFile(tree, f, b'x' * 50, 50)
c.closeFile(tree, f)
f = c.openFile(tree, 'log.bin')
c.readFile(tree, f, 150, 150)
c.readFile(tree, f, 0, 150)
c.closeFile(tree, f)
c.deleteFile('data', 'log.bin')
c.logoff()
PY
  finish 'ranges of a file out of order, and one that overlaps' "$ends and impacket $(version python3-impacket) ($client_ip)" <<'TEXT'
SMB 2.10. log.bin is written at 100, 200 and 0, 100 bytes each (A, B and C in order of place), then 50 bytes at 50 again: an overlap. It is
read from 150 to 300, then from 0 to 150, and deleted.
TEXT
}

case_rpc() {
  protocol=dcerpc
  samba 'rpc start on demand helpers = no' 'rpc server dynamic port range = 49152-49160'
  srv_bg /usr/libexec/samba/samba-dcerpcd --libexec-rpcds -s "$tmp/smb.conf" --foreground
  wait_port 135
  record tcp
  cli rpcclient -s "$tmp/smb.conf" -U 'backup%valve-9' "ncacn_ip_tcp:$server_ip" -c 'srvinfo' >>"$tmp/client.log" 2>&1 || true
  cli "$python" /usr/share/doc/python3-impacket/examples/rpcdump.py -port 135 "$server_ip" >>"$tmp/client.log" 2>&1 || true
  finish 'DCE/RPC over TCP: the endpoint mapper, and what it leads to' \
    "Samba $(version samba) ($server_ip:135 and dynamic ports), rpcclient and impacket $(version python3-impacket) ($client_ip)" <<'TEXT'
rpcclient asks the endpoint mapper (e1af8308-5d1f-11c9-91a4-08002b14a0fa, opnum 3: map) for a service, and that one for what it
is; impacket lists all endpoints (opnum 2: lookup).
TEXT
}

net_up
run_cases "$@"
