#!/usr/bin/env python3
"""How far picket's records and tshark's dissection agree, field by field, over pcaps/.

usage: tshark_agree.py [CASE...]        CASE: protocol/case or protocol; all without it
       tshark_agree.py --corpus FOLDER... [--protocol NAME]... [--file PART]... [--jobs N] [--at-least PERCENT] [--largest MB]
                       [--seconds S] [--verbose]
       PICKET=path of the program (default build/sensor/picket)

With --corpus it looks at every capture below the folders, whoever made them, and says of each protocol and field how many
of the values that tshark shows picket has as well: at least 98 % or what --at-least says, without those that a line of
tshark_differs.txt explains. What only picket has is counted beside it: there tshark dissects nothing. --verbose names the captures that differ. Captures are looked at N at a time, each
for at most S seconds; larger ones than MB are left out. What was left out is said. With --file only those are looked at whose
path has one of the PARTs in it.

Of each capture, each field gives two bags of values: what picket's records hold, and what tshark shows. What is in one
only is a difference: it has to be explained in tshark_differs.txt, or this test fails; so does it when a line there
explains nothing any more. Needs tshark; is skipped without it.
"""
import argparse
import collections
import concurrent.futures
import datetime
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, ROOT, Checks, Scratch, capture_of, cases, picket, read_eve, run, run_forked

# Ports that tshark does not know.
DECODE_AS = {
    'assets/plant': ['tcp.port==2102,tpkt'],
    'bacnet/odd-port': ['udp.port==5555,bvlc'],
    'c37118/odd-port': ['tcp.port==8899,synphasor'],
    'decode/mpls-ethernet': ['mpls.label==2000,pwethcw'],
    'dnp3/odd-port': ['tcp.port==4712,dnp3'],
    'dicom/archive': ['tcp.port==11112,dicom', 'tcp.port==11113,dicom'],
    'dicom/malformed': ['tcp.port==11112,dicom'],
    'dicom/odd-port': ['tcp.port==4711,dicom'],
    'dicom/patients-hashed': ['tcp.port==11112,dicom', 'tcp.port==11113,dicom'],
    'dicom/refusals': ['tcp.port==11112,dicom', 'tcp.port==11113,dicom'],
    'dicom/small-segments': ['tcp.port==11112,dicom'],
    'dns/odd-port': ['tcp.port==5533,dns', 'udp.port==5533,dns'],
    'ftp/auth-tls': ['tcp.port==2125,ftp'],
    'ftp/bounce': ['tcp.port==2126,ftp'],
    'ftp/ipv6': ['tcp.port==2124,ftp'],
    'ftp/large': ['tcp.port==2123,ftp'],
    'ftp/listings': ['tcp.port==2122,ftp'],
    'ftp/malformed': ['tcp.port==2127,ftp'],
    'ftp/upload': ['tcp.port==2121,ftp'],
    'hartip/odd-port': ['tcp.port==20004,hart_ip'],
    'hl7/batch': ['tcp.port==2576,hl7'],
    'hl7/enhanced': ['tcp.port==2576,hl7'],
    'hl7/framing': ['tcp.port==2576,hl7'],
    'hl7/malformed': ['tcp.port==2576,hl7'],
    'hl7/odd-port': ['tcp.port==4712,hl7'],
    'hl7/orders-and-results': ['tcp.port==2577,hl7'],
    'hl7/refusals': ['tcp.port==2578,hl7'],
    'hl7/separators': ['tcp.port==2576,hl7'],
    'hl7/small-segments': ['tcp.port==2576,hl7'],
    'enip/odd-port': ['tcp.port==4818,enip'],
    'http2/bodies': ['tcp.port==80,http2', 'tcp.port==8000,http2'],
    'http2/cancelled': ['tcp.port==8080,http2'],
    'http2/floods': ['tcp.port==8080,http2'],
    'http2/malformed': ['tcp.port==8080,http2'],
    'http2/malformed-headers': ['tcp.port==8080,http2'],
    'http2/many-streams': ['tcp.port==8080,http2'],
    'http2/push-and-trailers': ['tcp.port==8080,http2'],
    'http2/wrong-port': ['tcp.port==502,http2'],
    'http/odd-port': ['tcp.port==5555,http'],
    'http/wrong-port': ['tcp.port==502,http'],
    'iec104/malformed': ['tcp.port==2405,iec60870_104'],
    'iec104/malformed-in-stream': ['tcp.port==2405,iec60870_104'],
    'iec104/no-start': ['tcp.port==2405,iec60870_104'],
    'iec104/odd-port': ['tcp.port==5104,iec60870_104'],
    'iec104/reverse': ['tcp.port==2405,iec60870_104'],
    'iec104/sequence': ['tcp.port==2405,iec60870_104'],
    'iec104/small-segments': ['tcp.port==2405,iec60870_104'],
    'mms/odd-port': ['tcp.port==10102,tpkt'],
    'modbus/odd-port': ['tcp.port==5020,mbtcp'],
    'mqtt/interrupted': ['tcp.port==1884,mqtt'],
    'mqtt/malformed': ['tcp.port==1884,mqtt'],
    'mqtt/odd-port': ['tcp.port==11883,mqtt'],
    'opcua/chunks': ['tcp.port==4842,opcua'],
    'opcua/malformed': ['tcp.port==4842,opcua'],
    'opcua/mixed': ['tcp.port==4841,opcua'],
    'opcua/odd-port': ['tcp.port==14840,opcua'],
    'opcua/open62541': ['tcp.port==4841,opcua'],
    'opcua/reverse': ['tcp.port==4842,opcua'],
    'opcua/services': ['tcp.port==4842,opcua'],
    'opcua/small-segments': ['tcp.port==4842,opcua'],
    's7comm/addressing': ['tcp.port==2102,tpkt'],
    's7comm/blocks': ['tcp.port==2102,tpkt'],
    's7comm/fragments': ['tcp.port==2102,tpkt'],
    's7comm/malformed': ['tcp.port==2102,tpkt'],
    's7comm/odd-port': ['tcp.port==10102,tpkt'],
    's7comm/plus': ['tcp.port==2102,tpkt'],
    's7comm/services': ['tcp.port==2102,tpkt'],
    's7comm/small-segments': ['tcp.port==2102,tpkt'],
    'snmp/tcp-odd-port': ['tcp.port==1161,snmp'],
    'ssh/dropbear': ['tcp.port==2200,ssh'],
    'ssh/greeting': ['tcp.port==2222,ssh'],
    'ssh/old-algorithms': ['tcp.port==2022,ssh'],
    'tls/mutual': ['tcp.port==4420,tls', 'tcp.port==4421,tls'],
    'tls/odd-port': ['tcp.port==9999,tls'],
}
SHOWN = 6

DNS_TYPES = {1: 'A', 2: 'NS', 5: 'CNAME', 6: 'SOA', 10: 'NULL', 11: 'WKS', 12: 'PTR', 13: 'HINFO', 14: 'MINFO', 15: 'MX', 16: 'TXT',
             17: 'RP', 18: 'AFSDB', 28: 'AAAA', 29: 'LOC', 33: 'SRV', 35: 'NAPTR', 37: 'CERT', 39: 'DNAME', 41: 'OPT', 43: 'DS',
             44: 'SSHFP', 45: 'IPSECKEY', 46: 'RRSIG', 47: 'NSEC', 48: 'DNSKEY', 50: 'NSEC3', 51: 'NSEC3PARAM', 52: 'TLSA',
             53: 'SMIMEA', 59: 'CDS', 60: 'CDNSKEY', 61: 'OPENPGPKEY', 64: 'SVCB', 65: 'HTTPS', 99: 'SPF', 108: 'EUI48', 109: 'EUI64',
             249: 'TKEY', 250: 'TSIG', 251: 'IXFR', 252: 'AXFR', 255: 'ANY', 256: 'URI', 257: 'CAA'}
RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET', 'NOTAUTH', 'NOTZONE']
TLS_VERSIONS = {0x0300: 'SSLv3', 0x0301: 'TLSv1', 0x0302: 'TLS 1.1', 0x0303: 'TLS 1.2', 0x0304: 'TLS 1.3'}


def number(text):
    return int(text, 0)


def tls_cipher_names():
    """tshark's own names of cipher suites."""
    names = {}
    for line in run('tshark', '-G', 'values').out.decode(errors='replace').splitlines():
        cells = line.split('\t')
        if cells[:2] == ['V', 'tls.handshake.ciphersuite']:
            names[number(cells[2])] = cells[3]
    return names


# What tshark shows of a frame: `f` is {field: [values]}.

def dns_ids(f):
    return ['%s %s' % ('response' if r in ('1', 'True') else 'query', number(i)) for r, i in zip(f['dns.flags.response'], f['dns.id'])]


def dns_names(f):
    return ['' if n == '<Root>' else n for n in f['dns.qry.name']]


def dns_types(field):
    return lambda f: [DNS_TYPES.get(number(t), 'TYPE' + t) for t in f[field]]


def of_server_hello(f, field):
    """Of frames with a ServerHello and no ClientHello: suites and versions of a ClientHello are an offer."""
    return f[field] if '2' in f['tls.handshake.type'] and '1' not in f['tls.handshake.type'] else []


def tls_version(f):
    newer = of_server_hello(f, 'tls.handshake.extensions.supported_version')
    return [TLS_VERSIONS.get(number(v), v) for v in (newer or of_server_hello(f, 'tls.handshake.version'))]


def modbus(f, request):
    """Request or reply? tshark says so only by the port: the one that is known as a server's."""
    return bool(f['tcp.dstport']) and (f['tcp.dstport'][-1] in ('502', '5020')) == request


def iec_receive(f):
    """N(R) of I frames alone: S frames make no record, U frames have none."""
    numbers = iter(f['iec60870_104.rx'])
    by_kind = [(number(kind), next(numbers)) for kind in f['iec60870_104.type'] if number(kind) != 3]
    return [number(n) for kind, n in by_kind if kind == 0]


def iec_bits(*fields):
    """How often such a bit is set."""
    return lambda f: ['set' for field in fields for v in f['iec60870_asdu.' + field] if v in ('1', 'True')]


def iec_values(f):
    """Numbers as picket has them: tshark reads bitstrings from the other end, and floats to seven digits."""
    found = ['%.4g' % float(v) for field in ('float', 'normval', 'scalval') for v in f['iec60870_asdu.' + field]]
    found += ['%.4g' % float(v) for field in ('siq.spi', 'diq.dpi', 'vti.v', 'sco.on', 'dco.on', 'rco.up', 'bcr.count')
              for v in ({'True': 1, 'False': 0}.get(v, v) for v in f['iec60870_asdu.' + field])]
    return found + ['%.4g' % int.from_bytes(number(v).to_bytes(4, 'little'), 'big') for v in f['iec60870_asdu.bitstring']]


def iec_times(f):
    parts = zip(*(f['iec60870_asdu.cp56time.' + part] for part in ('year', 'month', 'day', 'hour', 'min', 'ms')))
    found = ['%d-%02d-%02dT%02d:%02d:%06.3f' % (int(p[0]) + (2000 if int(p[0]) < 70 else 1900), *map(int, p[1:5]), int(p[5]) / 1000) for p in parts]
    short = zip(f['iec60870_asdu.cp24time.min'], f['iec60870_asdu.cp24time.ms'])
    return found + ['%02d:%06.3f' % (int(m), int(ms) / 1000) for m, ms in short]


def ssh_banners(f):
    return [b.rstrip('\r\n') for b in f['ssh.protocol']]


def dnp3_said(f, field, read=number):
    """Of fragments that have records: confirms have none."""
    return [read(v) for v in f[field]] if f['dnp3.al.func'] and '0' not in f['dnp3.al.func'] else []


# What a record of picket holds: `r` is the record.

def ssh_sides(r, *path):
    return [v for side in ('client', 'server') for v in some(r, 'ssh', side, *path)]


def ssh_said(r):
    found = []
    for side in ssh_sides(r):
        words = ['SSH-%s-%s' % (side['proto_version'], side['software_version'])] if 'proto_version' in side else some(side, 'banner')
        found.append(' '.join(words + some(side, 'comments')))
    return found


def dns_queries(r, key):
    return [q[key] for q in r['dns'].get('queries', [])]


def modbus_sides(r, *path):
    found = []
    for side in ('request', 'response'):
        value = r['modbus'].get(side)
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            found.append(value)
    return found


def iec_asdus(r, key):
    return [r['iec104'][part][key] for part in ('command', 'confirmation', 'termination', 'data') if key in r['iec104'].get(part, {})]


def iec_objects(r, *path):
    return [v for objects in iec_asdus(r, 'objects') for o in objects for v in some(o, *path)]


def iec_quality(name):
    return lambda r: ['set' for q in iec_objects(r, 'quality') if name in q]


def iec_links(r):
    link = r['iec104'].get('link')
    act = {'STARTDT': 1, 'STOPDT': 4, 'TESTFR': 16}[link['function']] if link else 0
    return [value for value, seen in ((act, link and link['act']), (2 * act, link and link['con'])) if seen]


def iec_qualifiers(r, *types):
    return [o['qualifier'] for part in ('command', 'confirmation', 'termination', 'data') for m in some(r, 'iec104', part)
            if m.get('type') in types for o in m.get('objects', [])]


def dnp3_objects(r, key):
    return [o[key] for o in r['dnp3'].get('application', {}).get('objects', [])]


def dnp3_points(r, *keys, groups=range(256)):
    """What the points of the groups have under any of the keys."""
    return [p[key] for o in r['dnp3'].get('application', {}).get('objects', []) if o['group'] in groups for p in o.get('points', []) for key in keys if key in p]


DNP3_FLAGS = ['biq', 'boq', 'ctrq', 'aiq', 'aoq']
DNP3_COUNTERS = range(20, 24)


def floats(values):
    return ['%.6g' % float(v) for v in values]


def dicom_contexts(r, key):
    return [c[key] for c in r['dicom'].get('association', {}).get('contexts', []) if key in c]


def dicom_users(r, key):
    return [u[key] for side in ('requestor', 'acceptor') for u in [r['dicom'].get('association', {}).get(side, {})] if key in u]


def dicom_commands(f):
    """Commands by their names, as the line of a frame has them: "P-DATA, C-STORE-RQ ID=1, CT Image Storage"."""
    import re
    return re.findall(r'([CN]-[A-Z-]+?-R(?:Q|SP))(?![-A-Z])', ' '.join(f['_ws.col.Info'])) if f['dicom.pdu.type'] else []


def hl7_fields(f, segment, number):
    """A field of each segment with that name; tshark gives segments as lines, and they hold what separates its values."""
    lines = '|'.join(f['hl7.segment']).split('\\r')
    found = []
    for line in lines:
        parts = line.lstrip('|').split('|')
        if parts[0] == segment and number < len(parts) and parts[number]:
            found.append(parts[number])
    return found


def hl7_sides(r, *path):
    return [v for side in ('request', 'response') for v in some(r, 'hl7', side, *path)]


def s7_sides(r, *path):
    return [v for side in ('request', 'response') for v in some(r, 's7comm', side, *path)]


def s7_items(r, key):
    return [i[key] for items in s7_sides(r, 'items') for i in items if i.get('syntax') == 16 and key in i]


def s7_codes(r):
    codes = [v['return_code'] for values in s7_sides(r, 'values') for v in values if 'return_code' in v] + s7_sides(r, 'userdata', 'return_code')
    return [c for c in codes if c]


def s7_files(r):
    """Blocks of jobs and, behind a count and a zero, of PI services: eight signs each."""
    listed = [pi['argument'][2:] for pi in s7_sides(r, 'pi') if pi.get('blocks')]
    return s7_sides(r, 'block', 'file') + [names[n:n + 8] for names in listed for n in range(0, len(names), 8)]


def mms_sides(r, *path):
    return [v for side in ('request', 'response') for v in some(r, 'mms', side, *path)]


def mms_objects(r, key):
    """Of names in a domain: tshark has other fields for names of the whole device."""
    return [o[key] for objects in mms_sides(r, 'objects') for o in objects if o.get('scope') == 'domain' and key in o]


def mms_values(r, kind):
    return [v['value'] for values in mms_sides(r, 'values') for v in values if v['type'] == kind and 'value' in v]


def synphasor(key):
    return lambda r: [v for name in ('command', 'response', 'frame') for v in some(r, 'c37118', name, key)]


def synphasor_pmus(key):
    return lambda r: [p[key] for c in synphasor('configuration')(r) for p in c.get('pmus', []) if key in p]


def synphasor_data(key):
    return lambda r: [m[key] for ms in synphasor('measurements')(r) for m in ms if key in m]


def hart_sides(*path):
    return lambda r: [v for side in ('request', 'response', 'publish') for v in some(r, 'hartip', side, *path)]


def hart_commands(*path, numbers=range(65536), inside=False):
    """Of commands with a frame: tshark 4.0 does not know direct PDUs. What is carried for others it shows without its values."""
    return lambda r: [v for commands in hart_sides('commands')(r) for c in commands if 'frame' in c and c['number'] in numbers and (inside or not c.get('depth'))
                      for v in some(c, *path)]


def hart_variables(key, *codes, numbers=(1, 3)):
    return lambda r: [v[key] for vs in hart_commands('variables', numbers=numbers)(r) for v in vs if key in v and (not codes or v.get('code') in codes)]


def hart_slots(name):
    return lambda f: [v for n in range(8) for v in f['hart_ip.pt.rsp.slot%d_%s' % (n, name)]]


def enip_sides(r, *path):
    return [v for side in ('request', 'response') for v in some(r, 'enip', side, *path)]


def enip_contexts(r):
    """tshark shows six bytes of those of ListIdentity."""
    return [m['sender_context'] for m in enip_sides(r) if m['command'] != 'list_identity']


def enip_item_types(f):
    """Items of messages of the encapsulation: cyclic I/O is told of in sums."""
    return [number(v) for v in f['enip.cpf.typeid']] if f['enip.command'] else []


def enip_identities(r, key):
    return [i[key] for i in enip_sides(r, 'identity') + [m['identity'] for m in cip_messages(r) if 'identity' in m] if key in i]


def cip_messages(r):
    """Messages of CIP of a record, those inside of others, too."""
    found, left = [], enip_sides(r, 'cip')
    while left:
        m = left.pop()
        found += [m] if 'service_code' in m else []
        left += m.get('multiple', []) + some(m, 'unconnected_send', 'message')
    return found


def cip_paths(r):
    """Segments of all paths of requests."""
    return [s for m in cip_messages(r) if 'status_code' not in m
            for path in [m.get('path', [])] + some(m, 'forward_open', 'path') + some(m, 'forward_close', 'path') for s in path]


def cip_segments(r, kind):
    return [s['value'] for s in cip_paths(r) if s['segment_type'].startswith(kind + '_')]


def cip_asks(f):
    """tshark shows the path of a request again in its reply."""
    return bool(f['cip.service']) and all(number(v) < 0x80 for v in f['cip.service'])


def cip_path(kind):
    """tshark shows the path of a connection in all that goes over it, in front."""
    return lambda f: [number(v) for v in f['cip.' + kind]][len(f['enip.fwd_open_in']) if f['enip.cpf.cai.connid'] else 0:] if cip_asks(f) else []


def cip_attributes(f):
    return [number(v) for v in f['cip.attribute']] if cip_asks(f) else []


def some(r, *path):
    for key in path:
        r = r.get(key) if isinstance(r, dict) else None
    return [] if r is None else [r]


def of_http2(*path):
    """Of a request that was HTTP/1's tshark shows nothing in HTTP/2."""
    return lambda r: [] if r['http']['http2'].get('upgraded') else some(r, 'http', *path)


def http2_headers(r, name):
    """Values of a header of a request as it was sent."""
    return [] if r['http']['http2'].get('upgraded') else [h.get('value', '') for h in r['http'].get('request_headers', []) if h.get('name') == name]


def http2_settings(r, name):
    return [s['settings_value'] for side in ('request', 'response') for s in r['http']['http2'].get(side, {}).get('settings', []) if s['settings_id'] == name]


MQTT_USER = ('place', 'unit', 'source', 'why', 'bye')  # of the captures
MQTT_PACKETS = ['connect', 'connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe', 'suback', 'unsubscribe', 'unsuback', 'pingreq', 'pingresp', 'disconnect', 'auth']


def mqtt_said(r, key, *packets):
    return [v for p in (packets or MQTT_PACKETS) for v in some(r, 'mqtt', p, key)]


def mqtt_codes(r):
    """Reason codes of version 5, which tshark shows where they stand."""
    if r['mqtt'].get('version') != 5:
        return []
    return (mqtt_said(r, 'return_code') + [v for v in mqtt_said(r, 'reason_code') if v] +
            [v for key in ('qos_granted', 'reason_codes') for codes in mqtt_said(r, key) for v in codes])


def mqtt_topics(r):
    return mqtt_said(r, 'topic', 'publish') + [t['topic'] if isinstance(t, dict) else t for ts in mqtt_said(r, 'topics') for t in ts]


def bac_messages(r):
    return [r['bacnet'][side] for side in ('request', 'response') if side in r['bacnet']]


def bac(r, *path):
    return [v for m in bac_messages(r) for v in some(m, *path)]


def bac_apdus(r, *path):
    """Of what came in segments as often as there were segments: each has a header."""
    return [v for m in bac_messages(r) if 'apdu' in m for v in some(m['apdu'], *path) * m['apdu'].get('segments', 1)]


def bac_items(r, *path):
    return [v for m in bac_messages(r) for i in m.get('apdu', {}).get('items', []) for v in some(i, *path)]


def bac_present(r, key):
    return [v[key] for m in bac_messages(r) for i in m.get('apdu', {}).get('items', []) if i.get('property') == 'present-value' for v in i.get('values', []) if key in v]


def bac_objects(r):
    """Each object as often as it stands there: several properties of one in a row are of one mention."""
    found = []
    for m in bac_messages(r):
        a = m.get('apdu', {})
        found += [a[key] for key in ('device_instance',) if key in a]
        found += [int(a['last_received_object'].split(',')[1])] if 'last_received_object' in a else []
        last = None
        for i in a.get('items', []):
            if 'instance' in i and (i['object'] != last or 'property' not in i):
                found.append(i['instance'])
            last = i.get('object')
            found += [int(v['object'].split(',')[1]) for v in i.get('values', []) if 'object' in v]
    return found


def of_apdu(f, field):
    """Not of acknowledgements of segments, which are no records."""
    return [] if '4' in f['bacapp.type'] else [number(v) for v in f[field]]


def record_kind(r):
    """Records of HTTP/2 are those of HTTP/1 with more in them."""
    return 'http2' if r['event_type'] == 'http' and r['http'].get('version') == '2' else r['event_type']


def numbers_of(field):
    return lambda f: [number(v) for v in f[field]]


def truths_of(field):
    """How often it is true."""
    return lambda f: ['true' for v in f[field] if v in ('1', 'True')]


def of(protocol, *path):
    return lambda r: some(r, protocol, *path)


def true_of(protocol, key):
    return lambda r: ['true' for v in some(r, protocol, key) if v]


def goose_values(*types, key='number'):
    return lambda r: [v[key] for v in r['goose'].get('all_data', []) if v['type'] in types]


def sv_samples(key):
    return lambda r: [v[key] for v in r['sv'].get('samples', [])]


def lldp_list(name, key):
    return lambda r: [v[key] for v in r['lldp'].get(name, []) if key in v]


def lldp_addresses(family):
    return lambda r: [v['address'] for v in r['lldp'].get('management_addresses', []) if v['family'] == family]


def lldp_ids(r, subtype):
    return [v['id'] for side in ('chassis', 'port') for v in some(r, 'lldp', side) if v['subtype_name'] == subtype]


def pnio_sides(key):
    return lambda r: [v for side in ('request', 'response') for v in some(r, 'pnio', side, key)]


def pnio_blocks(key):
    return lambda r: [b[key] for blocks in pnio_sides('blocks')(r) for b in blocks if key in b]


# protocol, field, tshark's, picket's; one line of the report each.
def opc(record, *path):
    """What both sides of an exchange have there."""
    return [v for side in ('request', 'response') for v in some(record, 'opcua', side, *path)]


def opc_chunks(record, key):
    """The same of each chunk; those that are encrypted are counted in a record of their own."""
    hidden = record['opcua'].get('encrypted')
    if hidden:
        said = 'MSG' if key == 'type' else hidden.get(key)
        return [said] * (hidden['chunks_to_server'] + hidden['chunks_to_client']) if said else []
    return [m[key] for m in (record['opcua'].get(side, {}) for side in ('request', 'response')) if key in m for _ in range(m.get('chunks', 1))]


def opc_items(record, key, sides=('request', 'response')):
    """Lists and single ones alike."""
    out = []
    for side in sides:
        for item in record['opcua'].get(side, {}).get('items', []):
            v = item.get(key, [])
            out += v if isinstance(v, list) else [v]
    return out


def opc_values(record, kind):
    values = opc_items(record, 'value') + opc_items(record, 'input_arguments') + opc_items(record, 'output_arguments') + opc_items(record, 'event_fields')
    values += [h['value'] for h in opc_items(record, 'history') if 'value' in h]
    return [n for v in values if v['type'] == kind for n in v.get('numbers', [])]


def opc_times(cells):
    """Milliseconds, as the records have them."""
    out = []
    for cell in cells:
        day, clock, _ = cell.rsplit(' ', 2)
        when = datetime.datetime.strptime(day + ' ' + clock[:12], '%b %d, %Y %H:%M:%S.%f')
        out.append(when.isoformat(timespec='milliseconds') + 'Z')
    return out


def opc_strings(nodes):
    return [n.split(';', 1)[-1][2:] for n in nodes if n.split(';', 1)[-1].startswith('s=')]


FIELDS = [
    ('dns', 'message', dns_ids, lambda r: ['%s %d' % ('response' if r['dns'].get('qr') else 'query', r['dns']['id'])]),
    ('dns', 'query name', dns_names, lambda r: dns_queries(r, 'rrname')),
    ('dns', 'query type', dns_types('dns.qry.type'), lambda r: dns_queries(r, 'rrtype')),
    ('dns', 'rcode', lambda f: [RCODES[number(c) & 15] for c in f['dns.flags.rcode']],
     lambda r: [{'BADVERS': 'NOERROR'}.get(r['dns']['rcode'], r['dns']['rcode'])] if r['dns'].get('qr') else []),
    ('dns', 'record type', lambda f: [t for t in dns_types('dns.resp.type')(f) if t != 'OPT'],
     lambda r: [a['rrtype'] for part in ('answers', 'authorities', 'additionals') for a in r['dns'].get(part, []) if a['rrtype'] != 'OPT']),
    ('dns', 'address', lambda f: f['dns.a'], lambda r: [a['rdata'] for part in ('answers', 'authorities', 'additionals') for a in r['dns'].get(part, []) if a['rrtype'] == 'A' and 'rdata' in a]),
    ('goose', 'APPID', numbers_of('goose.appid'), of('goose', 'appid')),
    ('goose', 'control block', lambda f: f['goose.gocbRef'], of('goose', 'gocb_ref')),
    ('goose', 'time allowed to live', numbers_of('goose.timeAllowedtoLive'), of('goose', 'time_allowed_to_live')),
    ('goose', 'data set', lambda f: f['goose.datSet'], of('goose', 'dat_set')),
    ('goose', 'goID', lambda f: f['goose.goID'], of('goose', 'go_id')),
    ('goose', 'stNum', numbers_of('goose.stNum'), of('goose', 'st_num')),
    ('goose', 'sqNum', numbers_of('goose.sqNum'), of('goose', 'sq_num')),
    ('goose', 'confRev', numbers_of('goose.confRev'), of('goose', 'conf_rev')),
    ('goose', 'ndsCom', truths_of('goose.ndsCom'), true_of('goose', 'nds_com')),
    ('goose', 'entries', numbers_of('goose.numDatSetEntries'), of('goose', 'num_dat_set_entries')),
    ('goose', 'booleans', truths_of('goose.boolean'), lambda r: ['true' for v in goose_values('boolean')(r) if v]),
    ('goose', 'integers', numbers_of('goose.integer'), lambda r: ['%d' % v for v in goose_values('integer')(r)]),
    ('goose', 'floats', lambda f: floats(f['goose.float_value']), lambda r: floats(goose_values('float')(r))),
    ('goose', 'strings', lambda f: f['goose.visible_string'], goose_values('visible-string', key='text')),
    ('sv', 'APPID', numbers_of('sv.appid'), of('sv', 'appid')),
    ('sv', 'svID', lambda f: f['sv.svID'], of('sv', 'sv_id')),
    ('sv', 'smpCnt', numbers_of('sv.smpCnt'), of('sv', 'smp_cnt')),
    ('sv', 'confRev', numbers_of('sv.confRev'), of('sv', 'conf_rev')),
    ('sv', 'smpSynch', numbers_of('sv.smpSynch'), of('sv', 'smp_synch')),
    ('sv', 'smpRate', numbers_of('sv.smpRate'), of('sv', 'smp_rate')),
    ('sv', 'values', numbers_of('sv.meas_value'), sv_samples('value')),
    ('sv', 'qualities', numbers_of('sv.meas_quality'), sv_samples('quality')),
    ('lldp', 'time to live', numbers_of('lldp.time_to_live'), of('lldp', 'ttl')),
    ('lldp', 'MAC addresses', lambda f: f['lldp.chassis.id.mac'] + f['lldp.port.id.mac'], lambda r: lldp_ids(r, 'MAC address')),
    ('lldp', 'port description', lambda f: f['lldp.port.desc'], of('lldp', 'port_description')),
    ('lldp', 'system name', lambda f: f['lldp.tlv.system.name'], of('lldp', 'system_name')),
    ('lldp', 'system description', lambda f: f['lldp.tlv.system.desc'], of('lldp', 'system_description')),
    ('lldp', 'management address', lambda f: f['lldp.mgn.addr.ip4'], lldp_addresses('IPv4')),
    ('lldp', 'port VLAN', numbers_of('lldp.ieee.802_1.port_vlan.id'), of('lldp', 'dot1', 'port_vlan')),
    ('lldp', 'VLAN names', lambda f: f['lldp.ieee.802_1.vlan.name'], lambda r: [v['name'] for vs in some(r, 'lldp', 'dot1', 'vlans') for v in vs]),
    ('lldp', 'MAU type', numbers_of('lldp.ieee.802_3.pmd_mau_type'), of('lldp', 'dot3', 'mau_type')),
    ('lldp', 'power requested', lambda f: ['%.1f' % (number(v) / 10) for v in f['lldp.ieee.802_3.mdi_pde_requested']], lambda r: ['%.1f' % v for v in some(r, 'lldp', 'dot3', 'power', 'requested_watts')]),
    ('pnio', 'service', numbers_of('pn_dcp.service_id'), pnio_sides('service')),
    ('pnio', 'service type', numbers_of('pn_dcp.service_type'), pnio_sides('service_type')),
    ('pnio', 'Xid', numbers_of('pn_dcp.xid'), lambda r: [r['pnio']['xid'] for side in ('request', 'response') if side in r['pnio']]),
    ('pnio', 'length', numbers_of('pn_dcp.data_length'), pnio_sides('length')),
    ('pnio', 'name of station', lambda f: f['pn_dcp.suboption_device_nameofstation'], pnio_blocks('station_name')),
    ('pnio', 'type of station', lambda f: f['pn_dcp.suboption_device_devicevendorvalue'], pnio_blocks('vendor')),
    ('pnio', 'vendor', numbers_of('pn_dcp.suboption_vendor_id'), pnio_blocks('vendor_id')),
    ('pnio', 'device', numbers_of('pn_dcp.suboption_device_id'), pnio_blocks('device_id')),
    ('pnio', 'IP address', lambda f: f['pn_dcp.suboption_ip_ip'], pnio_blocks('ip')),
    ('pnio', 'subnet mask', lambda f: f['pn_dcp.suboption_ip_subnetmask'], pnio_blocks('subnet_mask')),
    ('pnio', 'gateway', lambda f: f['pn_dcp.suboption_ip_standard_gateway'], pnio_blocks('gateway')),
    ('pnio', 'error', numbers_of('pn_dcp.block_error'), pnio_blocks('error')),
    ('ftp', 'command', lambda f: f['ftp.request.command'], lambda r: some(r, 'ftp', 'command')),
    ('ftp', 'argument', lambda f: f['ftp.request.arg'], lambda r: some(r, 'ftp', 'command_data')),
    ('ftp', 'code', lambda f: f['ftp.response.code'], lambda r: r['ftp'].get('completion_code', [])),
    ('http', 'method', lambda f: f['http.request.method'], lambda r: some(r, 'http', 'http_method')),
    ('http', 'uri', lambda f: f['http.request.uri'], lambda r: some(r, 'http', 'url')),
    ('http', 'host', lambda f: [h.rsplit(':', 1)[0] if h.rsplit(':', 1)[-1].isdigit() else h for h in f['http.host']], lambda r: some(r, 'http', 'hostname')),
    ('http', 'user agent', lambda f: f['http.user_agent'], lambda r: some(r, 'http', 'http_user_agent')),
    ('http', 'status', lambda f: ['interim' if c in ('100', '102', '103') else c for c in f['http.response.code']],
     lambda r: some(r, 'http', 'status') + ['interim'] * r['http'].get('interim_responses', 0)),
    ('http2', 'method', lambda f: f['http2.headers.method'], of_http2('http_method')),
    ('http2', 'path', lambda f: f['http2.headers.path'], of_http2('url')),
    ('http2', 'authority', lambda f: f['http2.headers.authority'], lambda r: http2_headers(r, ':authority')),
    ('http2', 'status', lambda f: ['interim' if c[0] == '1' else c for c in f['http2.headers.status']],
     lambda r: some(r, 'http', 'status') + ['interim'] * r['http'].get('interim_responses', 0)),
    ('http2', 'user agent', lambda f: f['http2.headers.user_agent'], of_http2('http_user_agent')),
    ('http2', 'settings', lambda f: [number(v) for v in f['http2.settings.max_concurrent_streams'] + f['http2.settings.initial_window_size']],
     lambda r: http2_settings(r, 'SETTINGSMAXCONCURRENTSTREAMS') + http2_settings(r, 'SETTINGSINITIALWINDOWSIZE')),
    ('http2', 'last stream of a GOAWAY', lambda f: f['http2.goaway.last_stream_id'], lambda r: some(r, 'http', 'http2', 'last_stream_id')),
    ('http2', 'debug data', lambda f: [bytes.fromhex(v.replace(':', '')).decode() for v in f['http2.goaway.addata']], lambda r: some(r, 'http', 'http2', 'debug_data')),
    ('http2', 'stream promised', lambda f: [number(v) for v in f['http2.push_promise.promised_stream_id']],
     lambda r: some(r, 'http', 'http2', 'stream_id') if 'promised_on' in r['http']['http2'] else []),
    ('dicom', 'called title', lambda f: sorted(set(v.strip() for v in f['dicom.assoc.ae.called'])) if '0x01' in f['dicom.pdu.type'] else [],
     lambda r: some(r, 'dicom', 'association', 'called_ae')),
    ('dicom', 'calling title', lambda f: sorted(set(v.strip() for v in f['dicom.assoc.ae.calling'])) if '0x01' in f['dicom.pdu.type'] else [],
     lambda r: some(r, 'dicom', 'association', 'calling_ae')),
    ('dicom', 'context result', lambda f: [number(v) for v in f['dicom.pctx.result']], lambda r: dicom_contexts(r, 'result')),
    ('dicom', 'abstract syntax', lambda f: [v.split('(')[-1].rstrip(')') for v in f['dicom.pctx.abss.syntax']], lambda r: dicom_contexts(r, 'abstract_syntax')),
    ('dicom', 'longest PDU', lambda f: [number(v) for v in f['dicom.max_pdu_len']], lambda r: dicom_users(r, 'max_pdu_length')),
    ('dicom', 'implementation', lambda f: f['dicom.userinfo.uid'], lambda r: dicom_users(r, 'implementation_class')),
    ('dicom', 'version', lambda f: f['dicom.userinfo.version'], lambda r: dicom_users(r, 'implementation_version')),
    ('dicom', 'window', lambda f: [number(v) for v in f['dicom.userinfo.asyncneg.maxnumopsinv']], lambda r: dicom_users(r, 'invoked_window')),
    ('dicom', 'identity type', lambda f: [number(v) for v in f['dicom.userinfo.user_identify.type']], lambda r: dicom_users(r, 'identity_type')),
    ('dicom', 'reject source', lambda f: [number(v) for v in f['dicom.assoc.reject.source']], lambda r: some(r, 'dicom', 'association', 'reject_source')),
    ('dicom', 'reject reason', lambda f: [number(v) for v in f['dicom.assoc.reject.reason']], lambda r: some(r, 'dicom', 'association', 'reject_reason')),
    ('dicom', 'abort source', lambda f: [number(v) for v in f['dicom.assoc.abort.source']], lambda r: some(r, 'dicom', 'abort', 'source')),
    ('dicom', 'request', lambda f: [c for c in dicom_commands(f) if c.endswith('-RQ')], lambda r: some(r, 'dicom', 'request', 'command_name')),
    ('dicom', 'response', lambda f: [c for c in dicom_commands(f) if c.endswith('-RSP')],
     lambda r: [c for c in some(r, 'dicom', 'response', 'command_name') for _ in range(1 + r['dicom'].get('pending', 0))]),
    ('hl7', 'type', lambda f: [v.split('^')[0] for v in hl7_fields(f, 'MSH', 8)], lambda r: hl7_sides(r, 'type')),
    ('hl7', 'trigger', lambda f: [v.split('^')[1] for v in hl7_fields(f, 'MSH', 8) if '^' in v], lambda r: hl7_sides(r, 'trigger')),
    ('hl7', 'control id', lambda f: hl7_fields(f, 'MSH', 9), lambda r: hl7_sides(r, 'control_id')),
    ('hl7', 'version', lambda f: hl7_fields(f, 'MSH', 11), lambda r: hl7_sides(r, 'version')),
    ('hl7', 'sending application', lambda f: hl7_fields(f, 'MSH', 2), lambda r: hl7_sides(r, 'sending_application')),
    ('hl7', 'receiving facility', lambda f: hl7_fields(f, 'MSH', 5), lambda r: hl7_sides(r, 'receiving_facility')),
    ('hl7', 'acknowledgement code', lambda f: hl7_fields(f, 'MSA', 1), lambda r: hl7_sides(r, 'acknowledgement', 'code')),
    ('hl7', 'acknowledged', lambda f: hl7_fields(f, 'MSA', 2), lambda r: hl7_sides(r, 'acknowledgement', 'control_id')),
    ('hl7', 'observation', lambda f: [v.split('^')[0] for v in hl7_fields(f, 'OBX', 3)], lambda r: [o['identifier'] for m in hl7_sides(r, 'observations') for o in m]),
    ('mqtt', 'packet', lambda f: [number(v) for v in f['mqtt.msgtype']], lambda r: [i + 1 for i, p in enumerate(MQTT_PACKETS) if p in r['mqtt']]),
    ('mqtt', 'quality of service', lambda f: [number(v) for v in f['mqtt.qos']], lambda r: mqtt_said(r, 'qos', 'publish')),
    ('mqtt', 'retain', lambda f: [v in ('1', 'True') for v in f['mqtt.retain']], lambda r: mqtt_said(r, 'retain', 'publish')),
    ('mqtt', 'dup', lambda f: [v in ('1', 'True') for v in f['mqtt.dupflag']], lambda r: mqtt_said(r, 'dup', 'publish')),
    ('mqtt', 'packet identifier', lambda f: [number(v) for v in f['mqtt.msgid']], lambda r: mqtt_said(r, 'message_id')),
    ('mqtt', 'topic', lambda f: f['mqtt.topic'], mqtt_topics),
    ('mqtt', 'message', lambda f: [len(v.replace(':', '')) // 2 for v in f['mqtt.msg'] if v != '<MISSING>'], lambda r: [v for v in mqtt_said(r, 'message_length') if v]),
    ('mqtt', 'protocol', lambda f: f['mqtt.protoname'], lambda r: mqtt_said(r, 'protocol_string')),
    ('mqtt', 'version', lambda f: [number(v) for v in f['mqtt.ver']], lambda r: mqtt_said(r, 'protocol_version')),
    ('mqtt', 'client', lambda f: f['mqtt.clientid'], lambda r: [v for v in mqtt_said(r, 'client_id') if v]),
    ('mqtt', 'user', lambda f: f['mqtt.username'], lambda r: mqtt_said(r, 'username')),
    ('mqtt', 'will topic', lambda f: f['mqtt.willtopic'], lambda r: some(r, 'mqtt', 'connect', 'will', 'topic')),
    ('mqtt', 'keep alive', lambda f: [number(v) for v in f['mqtt.kalive']], lambda r: mqtt_said(r, 'keep_alive')),
    ('mqtt', 'clean session', lambda f: [v in ('1', 'True') for v in f['mqtt.conflag.cleansess']], lambda r: some(r, 'mqtt', 'connect', 'flags', 'clean_session')),
    ('mqtt', 'return code', lambda f: [number(v) for v in f['mqtt.conack.val']], lambda r: mqtt_said(r, 'return_code') if r['mqtt'].get('version') != 5 else []),
    ('mqtt', 'session present', lambda f: [v in ('1', 'True') for v in f['mqtt.conack.flags.sp']], lambda r: mqtt_said(r, 'session_present')),
    ('mqtt', 'reason code', lambda f: [n for p in ('connack', 'suback', 'unsuback') for n in map(number, f['mqtt.%s.reason_code' % p])] +
     [n for p in ('puback', 'pubrec', 'pubrel', 'pubcomp', 'disconnect', 'auth') for n in map(number, f['mqtt.%s.reason_code' % p]) if n], mqtt_codes),
    ('mqtt', 'granted', lambda f: [number(v) for v in f['mqtt.suback.qos']], lambda r: [v for codes in mqtt_said(r, 'qos_granted') for v in codes] if r['mqtt'].get('version') != 5 else []),
    ('mqtt', 'user property', lambda f: f['mqtt.prop_key'],
     lambda r: [k for p in MQTT_PACKETS for side in (some(r, 'mqtt', p, 'properties') + some(r, 'mqtt', p, 'will', 'properties')) for k in side if k in MQTT_USER]),
    ('mqtt', 'property', lambda f: [n for n in (number(v) for v in f['mqtt.prop_number'])],
     lambda r: [v for p in MQTT_PACKETS for side in (some(r, 'mqtt', p, 'properties') + some(r, 'mqtt', p, 'will', 'properties')) for k, vs in side.items() if k not in ('topic_alias', 'maximum_qos')
                for v in (vs if isinstance(vs, list) else [vs]) if isinstance(v, int)]),
    ('bacnet', 'function', lambda f: [number(v) for v in f['bvlc.function'] + f['bvlc.function_ipv6']] if '4' not in f['bacapp.type'] else [],
     lambda r: [v for m in bac_messages(r) for v in some(m, 'bvlc', 'function_code') * m.get('apdu', {}).get('segments', 1)]),
    ('bacnet', 'result', lambda f: [number(v) for v in f['bvlc.result']], lambda r: bac(r, 'bvlc', 'result_code')),
    ('bacnet', 'time to live', lambda f: [number(v) for v in f['bvlc.reg_ttl']], lambda r: bac(r, 'bvlc', 'ttl')),
    ('bacnet', 'forwarded for', lambda f: f['bvlc.fwd_ip'], lambda r: [v for m in bac_messages(r) if m.get('bvlc', {}).get('function') == 'Forwarded-NPDU' and m['bvlc']['type'] == 'IPv4' for v in some(m, 'bvlc', 'origin_ip')]),
    ('bacnet', 'table entry', lambda f: f['bvlc.bdt_ip'] + (f['bvlc.fdt_ip'] if f['bvlc.function'] == ['0x07'] else []), lambda r: [e['ip'] for m in bac_messages(r) for e in m.get('bvlc', {}).get('entries', [])]),
    ('bacnet', 'control', lambda f: [number(v) for v in f['bacnet.control']] if '4' not in f['bacapp.type'] else [],
     lambda r: [v for m in bac_messages(r) for v in some(m, 'npdu', 'control') * m.get('apdu', {}).get('segments', 1)]),
    ('bacnet', 'destination network', lambda f: [] if f['bacnet.mesgtyp'] else [number(v) for v in f['bacnet.dnet']],
     lambda r: [] if bac(r, 'npdu', 'message_code') else bac(r, 'npdu', 'destination_network')),
    ('bacnet', 'source network', lambda f: [number(v) for v in f['bacnet.snet']], lambda r: bac(r, 'npdu', 'source_network')),
    ('bacnet', 'hop count', lambda f: [number(v) for v in f['bacnet.hopc']], lambda r: bac(r, 'npdu', 'hop_count')),
    ('bacnet', 'network message', lambda f: [number(v) for v in f['bacnet.mesgtyp']], lambda r: bac(r, 'npdu', 'message_code')),
    ('bacnet', 'network', lambda f: [number(v) for v in f['bacnet.dnet']] if f['bacnet.mesgtyp'] else [],
     lambda r: [v for m in bac_messages(r) for v in m.get('npdu', {}).get('networks', []) + [x['network'] for x in m.get('npdu', {}).get('routes', [])]]),
    ('bacnet', 'type', lambda f: of_apdu(f, 'bacapp.type'), lambda r: [v for v in bac_apdus(r, 'type_code') if v != 4]),
    ('bacnet', 'invoke id', lambda f: of_apdu(f, 'bacapp.invoke_id'), lambda r: [v for m in bac_messages(r) if m.get('apdu', {}).get('type_code', 4) != 4 for v in some(m['apdu'], 'invoke_id') * m['apdu'].get('segments', 1)]),
    ('bacnet', 'confirmed service', lambda f: [number(v) for v in f['bacapp.confirmed_service']], lambda r: [v for m in bac_messages(r) if m.get('apdu', {'type_code': 1})['type_code'] != 1 for v in some(m, 'apdu', 'service_code') * m['apdu'].get('segments', 1)]),
    ('bacnet', 'unconfirmed service', lambda f: [number(v) for v in f['bacapp.unconfirmed_service']], lambda r: [v for m in bac_messages(r) if m.get('apdu', {}).get('type_code') == 1 for v in some(m, 'apdu', 'service_code')]),
    ('bacnet', 'instance', lambda f: [number(v) for v in f['bacapp.instance_number']], bac_objects),
    ('bacnet', 'property', lambda f: [number(v) for v in f['bacapp.property_identifier']], lambda r: bac_items(r, 'property_id')),
    ('bacnet', 'error class', lambda f: [number(v) for v in f['bacapp.error_class']], lambda r: bac(r, 'apdu', 'error_class_code') + bac_items(r, 'error_class_code')),
    ('bacnet', 'error code', lambda f: [number(v) for v in f['bacapp.error_code']], lambda r: bac(r, 'apdu', 'error_code_code') + bac_items(r, 'error_code_code')),
    ('bacnet', 'reject reason', lambda f: [number(v) for v in f['bacapp.reject_reason']], lambda r: bac(r, 'apdu', 'reject_reason_code')),
    ('bacnet', 'abort reason', lambda f: [number(v) for v in f['bacapp.abort_reason']], lambda r: bac(r, 'apdu', 'abort_reason_code')),
    ('bacnet', 'vendor', lambda f: [number(v) for v in f['bacapp.vendor_identifier']], lambda r: bac(r, 'apdu', 'vendor_id')),
    ('bacnet', 'range of devices', lambda f: [number(v) for v in f['bacapp.who_is.low_limit'] + f['bacapp.who_is.high_limit']],
     lambda r: bac(r, 'apdu', 'device_low') + bac(r, 'apdu', 'device_high')),
    ('bacnet', 'process', lambda f: [number(v) for v in f['bacapp.processId']], lambda r: bac(r, 'apdu', 'process_id')),
    ('bacnet', 'event type', lambda f: [number(v) for v in f['bacapp.event_type']], lambda r: bac(r, 'apdu', 'event_type_code') + bac_items(r, 'event_type_code')),
    ('bacnet', 'notify type', lambda f: [number(v) for v in f['bacapp.notify_type']], lambda r: bac(r, 'apdu', 'notify_type_code') + bac_items(r, 'notify_type_code')),
    ('bacnet', 'states', lambda f: [number(v) for v in f['bacapp.from_state'] + f['bacapp.to_state']], lambda r: bac(r, 'apdu', 'from_state_code') + bac(r, 'apdu', 'to_state_code')),
    ('bacnet', 'object name', lambda f: f['bacapp.object_name'], lambda r: bac(r, 'apdu', 'object_name') + [v['text'] for m in bac_messages(r) for i in m.get('apdu', {}).get('items', [])
                                                                                                     if i.get('property') == 'object-name' for v in i.get('values', []) if 'text' in v]),
    ('bacnet', 'real', lambda f: floats(f['bacapp.present_value.real'] + f['bacapp.present_value.double']), lambda r: floats(bac_present(r, 'real'))),
    ('bacnet', 'unsigned', lambda f: [number(v) for v in f['bacapp.present_value.uint']], lambda r: bac_present(r, 'unsigned')),
    ('bacnet', 'signed', lambda f: [number(v) for v in f['bacapp.present_value.int']], lambda r: bac_present(r, 'signed')),
    ('bacnet', 'enumerated', lambda f: [number(v) for v in f['bacapp.present_value.enum_index']], lambda r: bac_present(r, 'enumerated')),
    ('bacnet', 'text', lambda f: f['bacapp.present_value.char_string'], lambda r: bac_present(r, 'text')),
    ('bacnet', 'bits', lambda f: [v.replace('T', '1').replace('F', '0') for v in f['bacapp.present_value.bit_string']], lambda r: bac_present(r, 'bits')),
    ('snmp', 'version', lambda f: [{0: 1, 1: 2, 3: 3}.get(number(v), v) for v in f['snmp.version'] + f['snmp.msgVersion']], lambda r: some(r, 'snmp', 'version')),
    ('snmp', 'community', lambda f: f['snmp.community'], lambda r: some(r, 'snmp', 'community')),
    ('snmp', 'request', lambda f: [number(v) for v in f['snmp.request_id']], lambda r: some(r, 'snmp', 'request_id')),
    ('snmp', 'error', lambda f: [number(v) for v in f['snmp.error_status']], lambda r: some(r, 'snmp', 'error_status')),
    ('snmp', 'object', lambda f: f['snmp.name'], lambda r: r['snmp'].get('vars', [])),
    ('snmp', 'user', lambda f: [v for v in f['snmp.msgUserName'] if v], lambda r: [v for v in some(r, 'snmp', 'usm') if v]),
    ('snmp', 'message', lambda f: [number(v) for v in f['snmp.msgID']], lambda r: some(r, 'snmp', 'v3', 'message_id')),
    ('opcua', 'message', lambda f: f['opcua.transport.type'], lambda r: opc_chunks(r, 'type')),
    ('opcua', 'channel', lambda f: [number(v) for v in f['opcua.transport.scid']], lambda r: opc_chunks(r, 'channel_id')),
    ('opcua', 'request', lambda f: [number(v) for v in f['opcua.security.rqid']], lambda r: opc_chunks(r, 'request_id')),
    ('opcua', 'sequence number', lambda f: [number(v) for v in f['opcua.security.seq']], lambda r: opc(r, 'sequence_number')),
    ('opcua', 'buffer', lambda f: [number(v) for v in f['opcua.transport.rbs'] + f['opcua.transport.sbs']],
     lambda r: opc(r, 'receive_buffer_size') + opc(r, 'send_buffer_size')),
    ('opcua', 'endpoint', lambda f: f['opcua.transport.endpoint'] + f['opcua.EndpointUrl'],
     lambda r: opc(r, 'endpoint_url') + [e['endpoint_url'] for side in ('request', 'response') for e in r['opcua'].get(side, {}).get('endpoints', [])]),
    ('opcua', 'error', lambda f: [number(v) for v in f['opcua.transport.error']], lambda r: opc(r, 'error_code')),
    ('opcua', 'security policy', lambda f: f['opcua.security.spu'], lambda r: opc(r, 'security_policy_uri')),
    ('opcua', 'service', lambda f: [number(v) for v in f['opcua.servicenodeid.numeric']], lambda r: opc(r, 'service_id')),
    ('opcua', 'request handle', lambda f: [number(v) for v in f['opcua.RequestHandle']], lambda r: opc(r, 'request_handle') + opc(r, 'cancel_handle')),
    ('opcua', 'timeout hint', lambda f: [number(v) for v in f['opcua.TimeoutHint']], lambda r: opc(r, 'timeout_hint_ms')),
    ('opcua', 'service result', lambda f: [number(v) for v in f['opcua.ServiceResult']], lambda r: opc(r, 'service_result_code')),
    ('opcua', 'attribute', lambda f: [number(v) for v in f['opcua.AttributeId']], lambda r: opc_items(r, 'attribute_id', ['request'])),
    ('opcua', 'index range', lambda f: [v for v in f['opcua.IndexRange'] if v], lambda r: opc_items(r, 'index_range', ['request'])),
    ('opcua', 'node', lambda f: f['opcua.nodeid.string'] if f['opcua.servicenodeid.numeric'] in (['631'], ['673'], ['712']) else [],
     lambda r: opc_strings(v for key in ('node_id', 'object_id', 'method_id') for v in opc_items(r, key, ['request'])) if r['opcua'].get('request', {}).get('service') in ('Read', 'Write', 'Call') else []),
    ('opcua', 'double', lambda f: floats(f['opcua.Double']), lambda r: floats(opc_values(r, 'Double'))),
    ('opcua', 'float', lambda f: floats(f['opcua.Float']), lambda r: floats(opc_values(r, 'Float'))),
    ('opcua', 'source time', lambda f: opc_times(f['opcua.datavalue.SourceTimestamp']),
     lambda r: opc_items(r, 'source_timestamp') + [h['source_timestamp'] for h in opc_items(r, 'history') if 'source_timestamp' in h]),
    ('opcua', 'server time', lambda f: opc_times(f['opcua.datavalue.ServerTimestamp']),
     lambda r: opc_items(r, 'server_timestamp') + [h['server_timestamp'] for h in opc_items(r, 'history') if 'server_timestamp' in h]),
    ('opcua', 'status', lambda f: [number(v) for v in f['opcua.StatusCode'] + f['opcua.StatusCodes']] if f['opcua.servicenodeid.numeric'] in (['715'], ['754'], ['530'], ['557']) else [],
     lambda r: opc_items(r, 'status_code') if r['opcua'].get('response', {}).get('service') in ('Call', 'CreateMonitoredItems', 'Browse', 'TranslateBrowsePathsToNodeIds') else []),
    ('opcua', 'subscription', lambda f: [number(v) for v in f['opcua.SubscriptionId']], lambda r: opc(r, 'subscription_id') + opc_items(r, 'subscription_id')),
    ('opcua', 'client handle', lambda f: [number(v) for v in f['opcua.ClientHandle']], lambda r: opc_items(r, 'client_handle')),
    ('opcua', 'monitored item', lambda f: [number(v) for v in f['opcua.MonitoredItemId']], lambda r: opc_items(r, 'monitored_item_id')),
    ('opcua', 'session name', lambda f: f['opcua.SessionName'], lambda r: opc(r, 'session_name')),
    ('opcua', 'user name', lambda f: [v for v in f['opcua.UserName'] if f['opcua.servicenodeid.numeric'] == ['467']], lambda r: opc(r, 'user', 'user_name')),
    ('s7comm', 'kind', lambda f: [number(v) for v in f['s7comm.header.rosctr']], lambda r: s7_sides(r, 'rosctr')),
    ('s7comm', 'reference', lambda f: [number(v) for v in f['s7comm.header.pduref']], lambda r: s7_sides(r, 'pdu_reference')),
    ('s7comm', 'function', lambda f: [number(v) for v in f['s7comm.param.func']], lambda r: s7_sides(r, 'function')),
    ('s7comm', 'error', lambda f: ['%d' % (number(c) << 8 | number(e)) for c, e in zip(f['s7comm.header.errcls'], f['s7comm.header.errcod'])],
     lambda r: ['%d' % number(r['s7comm']['response']['error']) for m in some(r, 's7comm', 'response', 'rosctr') if m in (2, 3)]),
    ('s7comm', 'area', lambda f: [number(v) for v in f['s7comm.param.item.area']], lambda r: s7_items(r, 'area')),
    ('s7comm', 'byte address', lambda f: [number(v) for v in f['s7comm.param.item.address.byte']], lambda r: s7_items(r, 'byte')),
    ('s7comm', 'count', lambda f: [number(v) for v in f['s7comm.param.item.length']], lambda r: s7_items(r, 'count')),
    ('s7comm', 'return code', lambda f: [number(v) for v in f['s7comm.data.returncode'] if number(v)], s7_codes),
    ('s7comm', 'group', lambda f: [number(v) for v in f['s7comm.param.userdata.funcgroup']], lambda r: s7_sides(r, 'userdata', 'group')),
    ('s7comm', 'subfunction', lambda f: [number(v) for v in f['s7comm.param.userdata.subfunc']],
     lambda r: [s for g, s in zip(s7_sides(r, 'userdata', 'group'), s7_sides(r, 'userdata', 'subfunction')) if g]),
    ('s7comm', 'status list', lambda f: [number(v) for v in f['s7comm.data.userdata.szl_id']], lambda r: [number(v) for v in s7_sides(r, 'userdata', 'szl', 'id')]),
    ('s7comm', 'PI service', lambda f: f['s7comm.param.pistart.servicename'], lambda r: s7_sides(r, 'pi', 'service')),
    ('s7comm', 'block file', lambda f: f['s7comm.param.blockcontrol.filename'], s7_files),
    ('enip', 'command', lambda f: [number(v) for v in f['enip.command']], lambda r: enip_sides(r, 'command_code')),
    ('enip', 'length', lambda f: [number(v) for v in f['enip.length']], lambda r: enip_sides(r, 'length')),
    ('enip', 'session', lambda f: [number(v) for v in f['enip.session']], lambda r: [number(v) for v in enip_sides(r, 'session')]),
    ('enip', 'status', lambda f: [number(v) for v in f['enip.status']], lambda r: enip_sides(r, 'status_code')),
    ('enip', 'context', lambda f: f['enip.context'] if 99 not in map(number, f['enip.command']) else [], enip_contexts),
    ('enip', 'item type', enip_item_types, lambda r: [i['type'] for items in enip_sides(r, 'items') for i in items]),
    ('enip', 'connection', lambda f: [number(v) for v in f['enip.cpf.cai.connid']], lambda r: [number(v) for v in enip_sides(r, 'connection_id')]),
    ('enip', 'sequence count', lambda f: [number(v) for v in f['cip.seq']] if f['enip.command'] else [], lambda r: enip_sides(r, 'sequence_count')),
    ('enip', 'cyclic packet', lambda f: [number(v) for v in f['enip.cpf.sai.connid']], lambda r: [number(io['connection_id']) for io in some(r, 'enip', 'io') for _ in range(io['packets'])]),
    ('enip', 'vendor', lambda f: [number(v) for v in f['enip.lir.vendor'] + f['cip.id.vendor_id']], lambda r: enip_identities(r, 'vendor_number')),
    ('enip', 'device type', lambda f: [number(v) for v in f['enip.lir.devtype']], lambda r: [i['device_type_number'] for i in enip_sides(r, 'identity')]),
    ('enip', 'product code', lambda f: [number(v) for v in f['enip.lir.prodcode']], lambda r: [i['product_code'] for i in enip_sides(r, 'identity')]),
    ('enip', 'identity status', lambda f: [number(v) for v in f['enip.lir.status']], lambda r: [i['status'] for i in enip_sides(r, 'identity')]),
    ('enip', 'serial number', lambda f: [number(v) for v in f['enip.lir.serial'] + f['cip.id.serial_number']], lambda r: enip_identities(r, 'serial')),
    ('enip', 'product name', lambda f: f['enip.lir.name'] + f['cip.id.product_name'], lambda r: enip_identities(r, 'product_name')),
    ('enip', 'state', lambda f: [number(v) for v in f['enip.lir.state']], lambda r: [i['state'] for i in enip_sides(r, 'identity') if 'state' in i]),
    ('enip', 'service name', lambda f: f['enip.lsr.servicename'], lambda r: enip_sides(r, 'list_services', 'service_name')),
    ('enip', 'service', lambda f: [number(v) for v in f['cip.service']], lambda r: [m['service_code'] | (0x80 if 'status_code' in m else 0) for m in cip_messages(r)]),
    ('enip', 'general status', lambda f: [number(v) for v in f['cip.genstat']], lambda r: [m['status_code'] for m in cip_messages(r) if 'status_code' in m]),
    ('enip', 'class', cip_path('class'), lambda r: cip_segments(r, 'class')),
    ('enip', 'instance', cip_path('instance'), lambda r: cip_segments(r, 'instance')),
    ('enip', 'attribute', cip_attributes, lambda r: cip_segments(r, 'attribute') + [a['id'] for m in cip_messages(r) if 'status_code' not in m for a in m.get('attributes', [])]),
    ('enip', 'connection point', lambda f: [number(v) for v in f['cip.connpoint']] if cip_asks(f) else [], lambda r: cip_segments(r, 'connection_point')),
    ('enip', 'symbol', lambda f: f['cip.symbol'] if cip_asks(f) else [], lambda r: [s['text'] for s in cip_paths(r) if 'text' in s]),
    ('enip', 'connection serial', lambda f: [number(v) for v in f['cip.cm.conn_serial_num']] if cip_asks(f) else [], lambda r: [v for m in cip_messages(r) if 'status_code' not in m for k in ('forward_open', 'forward_close') for v in some(m, k, 'serial')]),
    ('enip', 'packet interval', lambda f: [number(v) for v in f['cip.cm.otrpi'] + f['cip.cm.torpi']], lambda r: [v for m in cip_messages(r) for way in ('originator_to_target', 'target_to_originator') for v in some(m, 'forward_open', way, 'rpi_us')]),
    ('enip', 'connection size', lambda f: [number(v) for v in f['cip.cm.fwo.consize']], lambda r: [v for m in cip_messages(r) for way in ('originator_to_target', 'target_to_originator') for v in some(m, 'forward_open', way, 'size')]),
    ('enip', 'PCCC command', lambda f: [number(v) for v in f['cip.pccc.cmd.code']], lambda r: [v for m in cip_messages(r) if 'status_code' not in m for v in some(m, 'pccc', 'command')]),
    ('enip', 'PCCC function', lambda f: [number(v) for v in f['cip.pccc.fnc.code_0f'] + f['cip.pccc.fnc.code_06']], lambda r: [v for m in cip_messages(r) if 'status_code' not in m for v in some(m, 'pccc', 'function')]),
    ('enip', 'PCCC transaction', lambda f: [number(v) for v in f['cip.pccc.tns.code']], lambda r: [v for m in cip_messages(r) for v in some(m, 'pccc', 'transaction')]),
    ('ssh', 'banner', ssh_banners, ssh_said),
    ('ssh', 'hassh', lambda f: f['ssh.kex.hassh'], lambda r: some(r, 'ssh', 'client', 'hassh', 'hash')),
    ('ssh', 'hasshserver', lambda f: f['ssh.kex.hasshserver'], lambda r: some(r, 'ssh', 'server', 'hassh', 'hash')),
    ('ssh', 'key exchanges', lambda f: f['ssh.kex_algorithms'], lambda r: [','.join(v) for v in ssh_sides(r, 'offer', 'key_exchange')]),
    ('ssh', 'host keys', lambda f: f['ssh.server_host_key_algorithms'], lambda r: [','.join(v) for v in ssh_sides(r, 'offer', 'host_key')]),
    ('ssh', 'ciphers', lambda f: f['ssh.encryption_algorithms_client_to_server'] + f['ssh.encryption_algorithms_server_to_client'],
     lambda r: [','.join(v) for way in ('to_server', 'to_client') for v in ssh_sides(r, 'offer', 'cipher_' + way)]),
    ('ssh', 'MACs', lambda f: f['ssh.mac_algorithms_client_to_server'] + f['ssh.mac_algorithms_server_to_client'],
     lambda r: [','.join(v) for way in ('to_server', 'to_client') for v in ssh_sides(r, 'offer', 'mac_' + way)]),
    ('ssh', 'compressions', lambda f: f['ssh.compression_algorithms_client_to_server'] + f['ssh.compression_algorithms_server_to_client'],
     lambda r: [','.join(v) for way in ('to_server', 'to_client') for v in ssh_sides(r, 'offer', 'compression_' + way)]),
    ('ssh', 'host key type', lambda f: f['ssh.host_key.type'], lambda r: some(r, 'ssh', 'host_key', 'type')),
    ('tls', 'sni', lambda f: f['tls.handshake.extensions_server_name'], lambda r: some(r, 'tls', 'sni')),
    ('tls', 'ja3', lambda f: f['tls.handshake.ja3'], lambda r: some(r, 'tls', 'ja3', 'hash')),
    ('tls', 'ja3s', lambda f: f['tls.handshake.ja3s'], lambda r: some(r, 'tls', 'ja3s', 'hash')),
    ('tls', 'version', tls_version, lambda r: some(r, 'tls', 'version')),
    ('tls', 'cipher', lambda f: [CIPHERS.get(number(c), c) for c in of_server_hello(f, 'tls.handshake.ciphersuite')], lambda r: some(r, 'tls', 'cipher')),
    ('iec104', 'link function', lambda f: [number(v) for v in f['iec60870_104.utype']], iec_links),
    ('iec104', 'send sequence', lambda f: [number(v) for v in f['iec60870_104.tx']], lambda r: iec_asdus(r, 'send_sequence')),
    ('iec104', 'receive sequence', iec_receive, lambda r: iec_asdus(r, 'receive_sequence')),
    ('iec104', 'type', lambda f: [number(v) for v in f['iec60870_asdu.typeid']], lambda r: iec_asdus(r, 'type')),
    ('iec104', 'cause', lambda f: [number(v) for v in f['iec60870_asdu.causetx']], lambda r: iec_asdus(r, 'cause')),
    ('iec104', 'negative', iec_bits('nega'), lambda r: ['set' for v in iec_asdus(r, 'negative') if v]),
    ('iec104', 'test', iec_bits('test'), lambda r: ['set' for v in iec_asdus(r, 'test') if v]),
    ('iec104', 'in sequence', iec_bits('sq'), lambda r: ['set' for v in iec_asdus(r, 'sequence') if v]),
    ('iec104', 'originator', lambda f: [number(v) for v in f['iec60870_asdu.oa']], lambda r: iec_asdus(r, 'originator')),
    ('iec104', 'common address', lambda f: [number(v) for v in f['iec60870_asdu.addr']], lambda r: iec_asdus(r, 'common_address')),
    ('iec104', 'count', lambda f: [number(v) for v in f['iec60870_asdu.numix']], lambda r: iec_asdus(r, 'count')),
    # tshark lists the address of the first object twice: once in the summary of the ASDU.
    ('iec104', 'object address', lambda f: [number(v) for v in f['iec60870_asdu.ioa']], lambda r: iec_objects(r, 'address')),
    ('iec104', 'value', iec_values, lambda r: ['%.4g' % v for v in iec_objects(r, 'value')]),
    ('iec104', 'time', iec_times, lambda r: iec_objects(r, 'time')),
    ('iec104', 'invalid', iec_bits('siq.iv', 'diq.iv', 'qds.iv', 'bcr.iv'), iec_quality('invalid')),
    ('iec104', 'not topical', iec_bits('siq.nt', 'diq.nt', 'qds.nt'), iec_quality('not_topical')),
    ('iec104', 'substituted', iec_bits('siq.sb', 'diq.sb', 'qds.sb'), iec_quality('substituted')),
    ('iec104', 'blocked', iec_bits('siq.bl', 'diq.bl', 'qds.bl'), iec_quality('blocked')),
    ('iec104', 'overflow', iec_bits('qds.ov'), iec_quality('overflow')),
    ('iec104', 'counter adjusted', iec_bits('bcr.ca'), iec_quality('adjusted')),
    ('iec104', 'counter carry', iec_bits('bcr.cy'), iec_quality('carry')),
    ('iec104', 'select', iec_bits('sco.se', 'dco.se', 'rco.se', 'qos.se'), lambda r: ['set' for v in iec_objects(r, 'select') if v]),
    ('iec104', 'command qualifier', lambda f: [number(v) for field in ('sco.qu', 'dco.qu', 'rco.qu', 'qos.ql') for v in f['iec60870_asdu.' + field]],
     lambda r: iec_qualifiers(r, 45, 46, 47, 48, 49, 50, 58, 59, 60, 61, 62, 63)),
    ('iec104', 'interrogation', lambda f: [number(v) for v in f['iec60870_asdu.qoi']], lambda r: iec_qualifiers(r, 100)),
    ('iec104', 'counter request', lambda f: [number(v) for v in f['iec60870_asdu.rqt']], lambda r: iec_qualifiers(r, 101)),
    ('iec104', 'reset', lambda f: [number(v) for v in f['iec60870_asdu.qrp']], lambda r: iec_qualifiers(r, 105)),
    ('iec104', 'parameter kind', lambda f: [number(v) for v in f['iec60870_asdu.qpm.kpa']], lambda r: iec_qualifiers(r, 110, 111, 112)),
    ('iec104', 'initialization', lambda f: [number(v) for v in f['iec60870_asdu.coi_r']], lambda r: iec_qualifiers(r, 70)),
    ('c37118', 'type', lambda f: [number(v) for v in f['synphasor.frtype']], synphasor('type')),
    ('c37118', 'version', lambda f: [number(v) for v in f['synphasor.version']], synphasor('version')),
    ('c37118', 'stream', lambda f: [number(v) for v in f['synphasor.idcode_stream_source']], synphasor('id_code')),
    ('c37118', 'time quality', lambda f: [number(v) for v in f['synphasor.timeqal.timequalindic']], synphasor('time_quality')),
    ('c37118', 'command', lambda f: [number(v) for v in f['synphasor.command']], synphasor('command')),
    ('c37118', 'pmu', lambda f: [number(v) for v in f['synphasor.idcode_data_source']], synphasor_pmus('id_code')),
    ('c37118', 'configuration count', lambda f: [number(v) for v in f['synphasor.conf.cfgcnt']], synphasor_pmus('configuration_count')),
    ('c37118', 'rate', lambda f: [number(v) for v in f['synphasor.rate_of_transmission']], lambda r: [c['rate'] for c in synphasor('configuration')(r)]),
    ('c37118', 'error', lambda f: [['', 'error', 'test mode', 'do not use'][number(v) & 3] for v in f['synphasor.data.status'] if number(v) & 3], synphasor_data('error')),
    ('c37118', 'trigger', lambda f: ['set' for v in f['synphasor.data.trigger'] if v in ('1', 'True')], lambda r: ['set' for v in synphasor_data('trigger')(r)]),
    # tshark shows integers as a deviation from 50 or 60 Hz: to both the last digit before the point is the same.
    ('c37118', 'frequency', lambda f: ['%.4f' % (float(v) % 10) for v in f['synphasor.actual_frequency_value']] + ['%.4f' % (number(v) / 1000 % 10) for v in f['synphasor.frequency_deviation_from_nominal']],
     lambda r: ['%.4f' % (v % 10) for v in synphasor_data('frequency')(r)]),
    ('c37118', 'frequency rate', lambda f: ['%.4g' % float(v) for v in f['synphasor.rate_change_frequency']], lambda r: ['%.4g' % v for v in synphasor_data('frequency_rate')(r)]),
    ('c37118', 'digitals', lambda f: [number(v) for v in f['synphasor.digital_status_word']], lambda r: [number(v) for w in synphasor_data('digitals')(r) for v in w]),
    ('dnp3', 'function', lambda f: dnp3_said(f, 'dnp3.al.func'), lambda r: some(r, 'dnp3', 'application', 'function_code')),
    ('dnp3', 'sequence', lambda f: dnp3_said(f, 'dnp3.al.seq'), lambda r: some(r, 'dnp3', 'application', 'control', 'sequence')),
    ('dnp3', 'source', lambda f: dnp3_said(f, 'dnp3.src')[-1:], lambda r: some(r, 'dnp3', 'src') if 'application' in r['dnp3'] else []),
    ('dnp3', 'destination', lambda f: dnp3_said(f, 'dnp3.dst')[-1:], lambda r: some(r, 'dnp3', 'dst') if 'application' in r['dnp3'] else []),
    ('dnp3', 'indications', lambda f: dnp3_said(f, 'dnp3.al.iin'), lambda r: [number(v) for v in some(r, 'dnp3', 'iin', 'raw')]),
    ('dnp3', 'object', lambda f: dnp3_said(f, 'dnp3.al.obj'), lambda r: [g << 8 | (0 if g in (110, 111) else v) for g, v in zip(dnp3_objects(r, 'group'), dnp3_objects(r, 'variation'))]),
    ('dnp3', 'primary link function', lambda f: [number(v) for v in f['dnp3.ctl.prifunc'] if v not in ('3', '4')],
     lambda r: [r['dnp3']['control']['function_code']] if r['dnp3']['type'] == 'link' and r['dnp3']['control']['pri'] else []),
    ('dnp3', 'secondary link function', lambda f: [number(v) for v in f['dnp3.ctl.secfunc'] if v != '0'],
     lambda r: [r['dnp3']['control']['function_code']] if r['dnp3']['type'] == 'link' and not r['dnp3']['control']['pri'] else []),
    ('dnp3', 'online', lambda f: [v == '1' for kind in DNP3_FLAGS for v in f['dnp3.al.%s.b0' % kind]],
     lambda r: [v == 1 for v in dnp3_points(r, 'online', groups=range(120))]),
    ('dnp3', 'local forced', lambda f: [v == '1' for kind in DNP3_FLAGS for v in f['dnp3.al.%s.b4' % kind]],
     lambda r: [v == 1 for v in dnp3_points(r, 'local_forced', groups=range(120))]),
    ('dnp3', 'packed bit', lambda f: [number(v) for v in f['dnp3.al.bit']],
     lambda r: [p[k] for o in r['dnp3'].get('application', {}).get('objects', []) if (o['group'], o['variation']) in ((1, 1), (10, 1), (12, 3), (80, 1)) for p in o.get('points', []) for k in ('state', 'point') if k in p]),
    ('dnp3', 'counter', lambda f: [number(v) for v in f['dnp3.al.cnt']], lambda r: dnp3_points(r, 'count', groups=DNP3_COUNTERS)),
    ('dnp3', 'analog', lambda f: floats(f['dnp3.al.ana.int'] + f['dnp3.al.ana.float'] + f['dnp3.al.ana.double']),
     lambda r: floats(dnp3_points(r, 'value', groups=range(30, 34)) + dnp3_points(r, 'deadband_value'))),
    ('dnp3', 'analog output', lambda f: floats(f['dnp3.al.anaout.int'] + f['dnp3.al.anaout.float'] + f['dnp3.al.anaout.double']),
     lambda r: floats(dnp3_points(r, 'value', 'commanded_value', groups=range(40, 44)))),
    ('dnp3', 'control status', lambda f: [number(v) for v in f['dnp3.al.ctrlstatus']], lambda r: dnp3_points(r, 'status_code', 'control_status', groups=[12, 13, 41, 43])),
    ('dnp3', 'operation', lambda f: [number(v) for v in f['dnp3.ctl.op']], lambda r: dnp3_points(r, 'op_type')),
    ('dnp3', 'trip or close', lambda f: [number(v) for v in f['dnp3.ctl.trip']], lambda r: dnp3_points(r, 'tcc')),
    ('dnp3', 'on time', lambda f: [number(v) for v in f['dnp3.al.on_time']], lambda r: dnp3_points(r, 'ontime')),
    ('dnp3', 'off time', lambda f: [number(v) for v in f['dnp3.al.off_time']], lambda r: dnp3_points(r, 'offtime')),
    ('dnp3', 'file name', lambda f: f['dnp3.al.file_name'], lambda r: [v for v in dnp3_points(r, 'filename') if v]),
    ('dnp3', 'file handle', lambda f: [number(v) for v in f['dnp3.al.file.handle']], lambda r: dnp3_points(r, 'file_handle')),
    ('dnp3', 'file block', lambda f: [number(v) for v in f['dnp3.al.file.blocknum']], lambda r: [v & 0x7fffffff for v in dnp3_points(r, 'block_number')]),
    ('dnp3', 'file size', lambda f: [number(v) for v in f['dnp3.al.file.size']], lambda r: dnp3_points(r, 'file_size', groups=[70])),
    ('dnp3', 'file status', lambda f: [number(v) for v in f['dnp3.al.file.status']], lambda r: dnp3_points(r, 'status_code', groups=[70])),
    ('dnp3', 'attribute', lambda f: f['dnp3.al.da.value'], lambda r: dnp3_points(r, 'text', groups=[0])),
    ('hartip', 'version', numbers_of('hart_ip.version'), hart_sides('version')),
    ('hartip', 'message type', numbers_of('hart_ip.message_type'), hart_sides('message_type')),
    ('hartip', 'message ID', numbers_of('hart_ip.message_id'), hart_sides('message_id')),
    ('hartip', 'status', numbers_of('hart_ip.status'), hart_sides('status')),
    ('hartip', 'sequence', numbers_of('hart_ip.transaction_id'), hart_sides('sequence')),
    ('hartip', 'length', numbers_of('hart_ip.msg_length'), hart_sides('length')),
    ('hartip', 'master type', numbers_of('hart_ip.session_init.master_type'), hart_sides('session', 'master_type')),
    ('hartip', 'inactivity timer', numbers_of('hart_ip.session_init.inactivity_close_timer'), hart_sides('session', 'inactivity_timer_ms')),
    ('hartip', 'error code', numbers_of('hart_ip.error.error_code'), hart_sides('error_code')),
    ('hartip', 'delimiter', numbers_of('hart_ip.pt.delimiter'), lambda r: [number(v) for v in hart_commands('frame', 'delimiter')(r)]),
    ('hartip', 'polling address', numbers_of('hart_ip.pt.short_addr'), hart_commands('frame', 'polling_address')),
    ('hartip', 'unique address', lambda f: ['%010x' % (int(v, 16) & 0x3fffffffff) for v in f['hart_ip.pt.long_address']], hart_commands('frame', 'unique_address')),
    ('hartip', 'command', numbers_of('hart_ip.pt.command'), hart_commands('frame', 'command')),
    ('hartip', 'byte count', numbers_of('hart_ip.pt.length'), hart_commands('frame', 'byte_count')),
    ('hartip', 'check byte', numbers_of('hart_ip.pt.checksum'), lambda r: [number(v) for v in hart_commands('frame', 'check_byte')(r)]),
    ('hartip', 'response code', numbers_of('hart_ip.pt.response_code'), hart_commands('response_code', inside=True)),
    ('hartip', 'device status', numbers_of('hart_ip.pt.device_status'), lambda r: [number(v) for v in hart_commands('device_status', inside=True)(r)]),
    ('hartip', 'device type', numbers_of('hart_ip.pt.rsp.expanded_device_type'), lambda r: [number(v) for v in hart_commands('device', 'device_type', numbers=(0, 11, 21))(r)]),
    ('hartip', 'device id', lambda f: [int(v, 16) for v in f['hart_ip.pt.rsp.device_id']], hart_commands('device', 'device_id', numbers=(0, 11, 21))),
    ('hartip', 'HART revision', numbers_of('hart_ip.pt.rsp.hart_univ_rev'), hart_commands('device', 'universal_revision', numbers=(0, 11, 21))),
    ('hartip', 'device revision', numbers_of('hart_ip.pt.rsp.device_rev'), hart_commands('device', 'device_revision', numbers=(0, 11, 21))),
    ('hartip', 'software revision', numbers_of('hart_ip.pt.rsp.software_rev'), hart_commands('device', 'software_revision', numbers=(0, 11, 21))),
    ('hartip', 'manufacturer', numbers_of('hart_ip.pt.rsp.manufacturer_Id'), hart_commands('device', 'manufacturer', numbers=(0, 11, 21))),
    ('hartip', 'values', lambda f: floats(v for name in ('pv', 'sv', 'tv', 'qv') for v in f['hart_ip.pt.rsp.' + name]), lambda r: floats(hart_variables('value')(r))),
    ('hartip', 'units', lambda f: [number(v) for name in ('pv', 'sv', 'tv', 'qv') for v in f['hart_ip.pt.rsp.%s_units' % name]], hart_variables('units')),
    ('hartip', 'loop current', lambda f: floats(f['hart_ip.pt.rsp.pv_loop_current']), lambda r: floats(hart_commands('loop_current')(r))),
    ('hartip', 'percent of range', lambda f: floats(f['hart_ip.pt.rsp.pv_percent_range']), lambda r: floats(hart_commands('percent_of_range')(r))),
    ('hartip', 'slot values', lambda f: floats(hart_slots('device_var_value')(f)), lambda r: floats(hart_variables('value', numbers=(9, 33))(r))),
    ('hartip', 'slot units', lambda f: [number(v) for v in hart_slots('units')(f)], hart_variables('units', numbers=(9, 33))),
    ('hartip', 'tag', lambda f: [v.rstrip() for v in f['hart_ip.pt.rsp.tag']], lambda r: hart_commands('tag', numbers=(13, 18))(r) + hart_commands('long_tag', numbers=(20, 22))(r)),
    ('hartip', 'descriptor', lambda f: [v.rstrip() for v in f['hart_ip.pt.rsp.descriptor']], hart_commands('descriptor', numbers=(13, 18))),
    ('hartip', 'message', lambda f: [v.rstrip() for v in f['hart_ip.pt.rsp.message']], hart_commands('message', numbers=(12, 17))),
    ('hartip', 'range', lambda f: floats(f['hart_ip.pt.rsp.pv_upper_range_value'] + f['hart_ip.pt.rsp.pv_lower_range_value']),
     lambda r: floats(hart_commands('upper_range_value', numbers=(15,))(r) + hart_commands('lower_range_value', numbers=(15,))(r))),
    ('hartip', 'damping', lambda f: floats(f['hart_ip.pt.rsp.pv_damping_value']), lambda r: floats(hart_commands('damping_value', numbers=(15,))(r))),
    ('hartip', 'transducer limits', lambda f: floats(f['hart_ip.pt.rsp.upper_transducer_limit'] + f['hart_ip.pt.rsp.lower_transducer_limit']),
     lambda r: floats(hart_commands('upper_limit', numbers=(14,))(r) + hart_commands('lower_limit', numbers=(14,))(r))),
    ('hartip', 'final assembly', lambda f: [int(v, 16) for v in f['hart_ip.pt.rsp.final_assembly_number']], hart_commands('final_assembly_number')),
    ('hartip', 'operating mode', numbers_of('hart_ip.pt.rsp.device_op_mode'), hart_commands('operating_mode')),
    ('hartip', 'I/O card', numbers_of('hart_ip.pt.rsp.io_card'), hart_commands('io_card', numbers=(77,))),
    ('hartip', 'channel', numbers_of('hart_ip.pt.rsp.channel'), hart_commands('channel', numbers=(77,))),
    ('hartip', 'command carried', numbers_of('hart_ip.pt.rsp.embedded_command'), lambda r: [c['frame']['command'] for cs in hart_sides('commands')(r) for c in cs if 'frame' in c and c.get('depth')]),
    ('mms', 'invoke id', lambda f: [number(v) for v in f['mms.invokeID']], lambda r: mms_sides(r, 'invoke_id')),
    ('mms', 'service', lambda f: [number(v) for side in ('Request', 'Response') for v in f['mms.confirmedService' + side]],
     lambda r: [v for v in mms_sides(r, 'service') if v < 256]),
    ('mms', 'domain', lambda f: f['mms.domainId'], lambda r: mms_objects(r, 'domain')),
    ('mms', 'item', lambda f: f['mms.itemId'], lambda r: mms_objects(r, 'item')),
    ('mms', 'vendor', lambda f: f['mms.vendorName'], lambda r: mms_sides(r, 'identity', 'vendor')),
    ('mms', 'model', lambda f: f['mms.modelName'], lambda r: mms_sides(r, 'identity', 'model')),
    ('mms', 'revision', lambda f: f['mms.revision'], lambda r: mms_sides(r, 'identity', 'revision')),
    ('mms', 'access error', lambda f: [number(v) for v in f['mms.failure']],
     lambda r: [x['error'] for results in mms_sides(r, 'results') for x in results if 'error' in x]),
    ('mms', 'integers', lambda f: [number(v) for v in f['mms.integer']], lambda r: mms_values(r, 'integer')),
    # tshark shows them as if they had a sign.
    ('mms', 'unsigned', lambda f: [number(v) % 2**32 for v in f['mms.unsigned']], lambda r: mms_values(r, 'unsigned')),
    ('mms', 'booleans', lambda f: [v in ('1', 'True') for v in f['mms.boolean']], lambda r: mms_values(r, 'boolean')),
    ('mms', 'texts', lambda f: f['mms.data.visible-string'], lambda r: [v for v in mms_values(r, 'visible string') if v]),
    ('mms', 'PDU size', lambda f: [number(v) for side in ('Calling', 'Called') for v in f['mms.localDetail' + side]], lambda r: mms_sides(r, 'initiate', 'local_detail')),
    ('mms', 'error class', lambda f: [number(v) for v in f['mms.errorClass']], lambda r: mms_sides(r, 'error', 'class')),
    ('modbus', 'transaction', lambda f: [number(v) for v in f['mbtcp.trans_id']], lambda r: modbus_sides(r, 'transaction_id')),
    ('modbus', 'unit', lambda f: [number(v) for v in f['mbtcp.unit_id']], lambda r: modbus_sides(r, 'unit_id')),
    ('modbus', 'function', lambda f: [number(v) for v in f['modbus.func_code']], lambda r: [c & 0x7f for c in modbus_sides(r, 'function_raw')]),
    ('modbus', 'exception', lambda f: [number(v) for v in f['modbus.exception_code']], lambda r: modbus_sides(r, 'exception', 'raw')),
    ('modbus', 'address asked', lambda f: [number(v) for v in f['modbus.reference_num']] if modbus(f, True) else [],
     lambda r: [v for side in ('read', 'write') for v in some(r, 'modbus', 'request', side, 'address')] + some(r, 'modbus', 'request', 'fifo', 'address')),
    ('modbus', 'quantity asked', lambda f: [number(v) for name in ('modbus.word_cnt', 'modbus.bit_cnt') for v in f[name]] if modbus(f, True) else [],
     lambda r: [v for side in ('read', 'write') for v in some(r, 'modbus', 'request', side, 'quantity')] + [f['length'] for f in r['modbus'].get('request', {}).get('file_records', [])]),
]
READ = ['frame.len', 'frame.protocols', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport', 'tcp.stream', 'udp.stream', 'icmp.type', 'icmpv6.type',
        *('synphasor.' + name for name in (
            'frtype', 'version', 'idcode_stream_source', 'idcode_data_source', 'timeqal.timequalindic', 'command', 'conf.cfgcnt', 'rate_of_transmission', 'data.status',
            'data.trigger', 'actual_frequency_value', 'frequency_deviation_from_nominal', 'rate_change_frequency', 'digital_status_word')),
        'dnp3.al.func', 'dnp3.al.seq', 'dnp3.src', 'dnp3.dst', 'dnp3.al.iin', 'dnp3.al.obj', 'dnp3.ctl.prifunc', 'dnp3.ctl.secfunc', 'dnp3.al.bit', 'dnp3.al.cnt', 'dnp3.al.ana.int',
        'dnp3.al.ana.float', 'dnp3.al.ana.double', 'dnp3.al.anaout.int', 'dnp3.al.anaout.float', 'dnp3.al.anaout.double', 'dnp3.al.ctrlstatus', 'dnp3.ctl.op', 'dnp3.ctl.trip', 'dnp3.al.on_time', 'dnp3.al.off_time', 'dnp3.al.file_name', 'dnp3.al.file.handle',
        'dnp3.al.file.blocknum', 'dnp3.al.file.size', 'dnp3.al.file.status', 'dnp3.al.da.value', *('dnp3.al.%s.b%d' % (kind, bit) for kind in DNP3_FLAGS for bit in (0, 4)),
        'dns.flags.response', 'dns.id', 'dns.qry.name', 'dns.qry.type', 'dns.flags.rcode', 'dns.resp.type', 'dns.a',
        'dicom.pdu.type', 'dicom.assoc.ae.called', 'dicom.assoc.ae.calling', 'dicom.pctx.result', 'dicom.pctx.abss.syntax', 'dicom.max_pdu_len', 'dicom.userinfo.uid',
        'dicom.userinfo.version', 'dicom.userinfo.asyncneg.maxnumopsinv', 'dicom.userinfo.user_identify.type', 'dicom.assoc.reject.source', 'dicom.assoc.reject.reason',
        'dicom.assoc.abort.source', 'hl7.segment', '_ws.col.Info',
        'ftp.request.command', 'ftp.request.arg', 'ftp.response.code',
        *('goose.' + name for name in ('appid', 'gocbRef', 'timeAllowedtoLive', 'datSet', 'goID', 'stNum', 'sqNum', 'confRev', 'ndsCom', 'numDatSetEntries',
                                       'boolean', 'integer', 'float_value', 'visible_string')),
        *('sv.' + name for name in ('appid', 'svID', 'smpCnt', 'confRev', 'smpSynch', 'smpRate', 'meas_value', 'meas_quality')),
        *('lldp.' + name for name in ('time_to_live', 'chassis.id.mac', 'port.id.mac', 'port.desc', 'tlv.system.name', 'tlv.system.desc', 'mgn.addr.ip4', 'ieee.802_1.port_vlan.id',
                                      'ieee.802_1.vlan.name', 'ieee.802_3.pmd_mau_type', 'ieee.802_3.mdi_pde_requested')),
        *('pn_dcp.' + name for name in ('service_id', 'service_type', 'xid', 'data_length', 'suboption_device_nameofstation', 'suboption_device_devicevendorvalue',
                                        'suboption_vendor_id', 'suboption_device_id', 'suboption_ip_ip', 'suboption_ip_subnetmask', 'suboption_ip_standard_gateway', 'block_error')),
        'http.request.method', 'http.request.uri', 'http.host', 'http.user_agent', 'http.response.code',
        'http2.headers.method', 'http2.headers.path', 'http2.headers.authority', 'http2.headers.status', 'http2.headers.user_agent', 'http2.settings.max_concurrent_streams',
        'http2.settings.initial_window_size', 'http2.goaway.last_stream_id', 'http2.goaway.addata', 'http2.push_promise.promised_stream_id',
        *('mms.' + name for name in (
            'invokeID', 'confirmedServiceRequest', 'confirmedServiceResponse', 'domainId', 'itemId', 'vendorName', 'modelName', 'revision', 'failure', 'integer',
            'unsigned', 'boolean', 'data.visible-string', 'localDetailCalling', 'localDetailCalled', 'errorClass')),
        'mqtt.msgtype', 'mqtt.qos', 'mqtt.retain', 'mqtt.dupflag', 'mqtt.msgid', 'mqtt.topic', 'mqtt.msg', 'mqtt.protoname', 'mqtt.ver', 'mqtt.clientid', 'mqtt.username',
        'mqtt.willtopic', 'mqtt.kalive', 'mqtt.conflag.cleansess', 'mqtt.conack.val', 'mqtt.conack.flags.sp', 'mqtt.suback.qos', 'mqtt.prop_key', 'mqtt.prop_number',
        *('mqtt.%s.reason_code' % p for p in ('connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback', 'disconnect', 'auth')),
        'snmp.version', 'snmp.msgVersion', 'snmp.community', 'snmp.request_id', 'snmp.error_status', 'snmp.name', 'snmp.msgUserName', 'snmp.msgID',
        *('opcua.' + name for name in (
            'transport.type', 'transport.scid', 'transport.rbs', 'transport.sbs', 'transport.endpoint', 'transport.error', 'security.rqid', 'security.seq', 'security.spu',
            'servicenodeid.numeric', 'nodeid.string', 'datavalue.SourceTimestamp', 'datavalue.ServerTimestamp', 'EndpointUrl', 'RequestHandle', 'TimeoutHint',
            'ServiceResult', 'AttributeId', 'IndexRange', 'Double', 'Float', 'StatusCode', 'StatusCodes', 'SubscriptionId', 'ClientHandle', 'MonitoredItemId',
            'SessionName', 'UserName')),
        *('hart_ip.' + name for name in (
            'version', 'message_type', 'message_id', 'status', 'transaction_id', 'msg_length', 'session_init.master_type', 'session_init.inactivity_close_timer',
            'error.error_code', 'pt.delimiter', 'pt.short_addr', 'pt.long_address', 'pt.command', 'pt.length', 'pt.checksum', 'pt.response_code', 'pt.device_status')),
        *('hart_ip.pt.rsp.' + name for name in (
            'expanded_device_type', 'device_id', 'hart_univ_rev', 'device_rev', 'software_rev', 'manufacturer_Id', 'pv', 'sv', 'tv', 'qv', 'pv_units', 'sv_units',
            'tv_units', 'qv_units', 'pv_loop_current', 'pv_percent_range', 'tag', 'descriptor', 'message', 'pv_upper_range_value', 'pv_lower_range_value',
            'pv_damping_value', 'upper_transducer_limit', 'lower_transducer_limit', 'final_assembly_number', 'device_op_mode', 'io_card', 'channel', 'embedded_command',
            *('slot%d_%s' % (n, what) for n in range(8) for what in ('device_var_value', 'units')))),
        *('bvlc.' + name for name in ('function', 'function_ipv6', 'result', 'reg_ttl', 'fwd_ip', 'bdt_ip', 'fdt_ip')),
        *('bacnet.' + name for name in ('control', 'dnet', 'snet', 'hopc', 'mesgtyp')),
        *('bacapp.' + name for name in (
            'type', 'invoke_id', 'confirmed_service', 'unconfirmed_service', 'instance_number', 'property_identifier', 'error_class', 'error_code', 'reject_reason',
            'abort_reason', 'vendor_identifier', 'who_is.low_limit', 'who_is.high_limit', 'processId', 'event_type', 'notify_type', 'from_state', 'to_state', 'object_name',
            *('present_value.' + kind for kind in ('real', 'double', 'uint', 'int', 'enum_index', 'char_string', 'bit_string')))),
        's7comm.header.rosctr', 's7comm.header.pduref', 's7comm.header.errcls', 's7comm.header.errcod', 's7comm.param.func', 's7comm.param.item.area',
        's7comm.param.item.address.byte', 's7comm.param.item.length', 's7comm.data.returncode', 's7comm.param.userdata.funcgroup',
        's7comm.param.userdata.subfunc', 's7comm.data.userdata.szl_id', 's7comm.param.pistart.servicename', 's7comm.param.blockcontrol.filename',
        'ssh.protocol', 'ssh.kex.hassh', 'ssh.kex.hasshserver', 'ssh.kex_algorithms', 'ssh.server_host_key_algorithms',
        'ssh.encryption_algorithms_client_to_server', 'ssh.encryption_algorithms_server_to_client', 'ssh.mac_algorithms_client_to_server',
        'ssh.mac_algorithms_server_to_client', 'ssh.compression_algorithms_client_to_server', 'ssh.compression_algorithms_server_to_client',
        'ssh.host_key.type',
        'tls.handshake.type', 'tls.handshake.extensions_server_name', 'tls.handshake.ja3', 'tls.handshake.ja3s', 'tls.handshake.version',
        'tls.handshake.extensions.supported_version', 'tls.handshake.ciphersuite',
        'iec60870_104.type', 'iec60870_104.utype', 'iec60870_104.tx', 'iec60870_104.rx',
        *('iec60870_asdu.' + name for name in (
            'typeid', 'causetx', 'nega', 'test', 'sq', 'oa', 'addr', 'numix', 'ioa', 'float', 'normval', 'scalval', 'bitstring', 'siq.spi', 'diq.dpi', 'vti.v',
            'sco.on', 'dco.on', 'rco.up', 'bcr.count', 'bcr.iv', 'bcr.ca', 'bcr.cy', 'siq.iv', 'siq.nt', 'siq.sb', 'siq.bl', 'diq.iv', 'diq.nt', 'diq.sb', 'diq.bl',
            'qds.iv', 'qds.nt', 'qds.sb', 'qds.bl', 'qds.ov', 'sco.se', 'dco.se', 'rco.se', 'qos.se', 'sco.qu', 'dco.qu', 'rco.qu', 'qos.ql', 'qoi', 'rqt', 'qrp',
            'qpm.kpa', 'coi_r', 'cp24time.min', 'cp24time.ms', 'cp56time.year', 'cp56time.month', 'cp56time.day', 'cp56time.hour', 'cp56time.min', 'cp56time.ms')),
        *('enip.' + name for name in (
            'command', 'length', 'session', 'status', 'context', 'cpf.typeid', 'cpf.cai.connid', 'cpf.sai.connid', 'lir.vendor', 'lir.devtype', 'lir.prodcode',
            'lir.status', 'lir.serial', 'lir.name', 'lir.state', 'lsr.servicename', 'fwd_open_in')),
        *('cip.' + name for name in (
            'service', 'genstat', 'addstat', 'seq', 'class', 'instance', 'attribute', 'symbol', 'connpoint', 'cm.conn_serial_num', 'cm.otrpi', 'cm.torpi',
            'cm.fwo.consize', 'cm.fwo.transport', 'cm.orig_serial_num', 'id.product_name', 'id.serial_number', 'id.vendor_id', 'pccc.cmd.code', 'pccc.fnc.code_0f',
            'pccc.fnc.code_06', 'pccc.tns.code', 'pccc.file.num', 'pccc.element.num')),
        'mbtcp.trans_id', 'mbtcp.unit_id', 'modbus.func_code', 'modbus.exception_code', 'modbus.reference_num', 'modbus.word_cnt', 'modbus.bit_cnt']
CIPHERS = {}


def dissect(capture, decode_as=(), timeout=120):
    """tshark's frames of a capture."""
    command = ['tshark', '-n', '-r', capture, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|', '-o', 'tcp.reassemble_out_of_order:TRUE', '-o', 'sv.decode_data_as_phsmeas:TRUE']
    for field in READ:
        command += ['-e', field]
    for rule in decode_as:
        command += ['-d', rule]
    done = run(*command, timeout=timeout)
    if done.status == 'timeout':
        raise TimeoutError('tshark')
    text = done.out.decode(errors='replace')
    frames = []
    for line in text.splitlines():
        cells = line.split('\t')
        frames.append({name: cell.split('|') if cell else [] for name, cell in zip(READ, cells + [''] * len(READ))})
    return frames


def address(text):
    """IPv6 as EVE writes it."""
    import ipaddress
    return ipaddress.ip_address(text).exploded


def conversations_of_frames(frames):
    """TCP and UDP conversations as {stream: [ends, packets, bytes]}; errors quote headers, which are no traffic."""
    found = {}
    for f in frames:
        if f['icmp.type'] or f['icmpv6.type']:
            continue
        for proto in ('tcp', 'udp'):
            if not f[proto + '.stream'] or (proto == 'udp' and f['tcp.stream']):
                continue
            ip = [layer for layer in f['frame.protocols'][0].split(':') if layer in ('ip', 'ipv6')][-1]
            ends = sorted('%s:%s' % (address(f['%s.%s' % (ip, side)][-1]), f['%s.%sport' % (proto, side)][-1]) for side in ('src', 'dst'))
            entry = found.setdefault((proto, f[proto + '.stream'][-1]), [proto + ' ' + ' '.join(ends), 0, 0])
            entry[1] += 1
            entry[2] += number(f['frame.len'][0])
    return list(found.values())


def conversations_of_records(records):
    found = []
    for r in records:
        if r['event_type'] == 'flow' and r.get('proto') in ('TCP', 'UDP'):
            ends = sorted('%s:%d' % (r[side + '_ip'], r[side + '_port']) for side in ('src', 'dest'))
            flow = r['flow']
            found.append([r['proto'].lower() + ' ' + ' '.join(ends), flow['pkts_toserver'] + flow['pkts_toclient'], flow['bytes_toserver'] + flow['bytes_toclient']])
    return found


def compare(name, capture, scratch, decode_as=(), protocols=(), timeout=120):
    """{'protocol field': (agreeing, only tshark's, only picket's)}; of these protocols alone, if there are any."""
    eve = scratch / (name.replace('/', '_') + '.json')
    done = run_forked(picket(), 'replay', '--log-level', 'error', '--set', 'app-layer.detail=full', '--set', 'app-layer.protocols.sv.interval=0', '--eve', eve, capture, timeout=timeout)
    if done.status == 'timeout':
        raise TimeoutError('picket')
    records = read_eve(eve) if eve.exists() else []
    eve.unlink(missing_ok=True)
    frames = dissect(capture, decode_as, timeout)
    report = {}

    def bags(name, theirs, ours):
        theirs, ours = collections.Counter(map(str, theirs)), collections.Counter(map(str, ours))
        if theirs or ours:
            report[name] = (sum((theirs & ours).values()), list((theirs - ours).elements()), list((ours - theirs).elements()))

    theirs, ours = ([], []) if protocols and 'flow' not in protocols else (conversations_of_frames(frames), conversations_of_records(records))
    for name, show in (('conversation', lambda c: c[0]), ('packets', lambda c: '%s: %d' % (c[0], c[1])), ('bytes', lambda c: '%s: %d' % (c[0], c[2]))):
        bags('flow ' + name, map(show, theirs), map(show, ours))
    for protocol, field, of_frame, of_record in FIELDS:
        if protocols and protocol not in protocols:
            continue
        bags('%s %s' % (protocol, field), [v for f in frames for v in of_frame(f)],
             [v for r in records if record_kind(r) == protocol for v in of_record(r)])
    return report


def explanations():
    found = {}
    for line in (ROOT / 'tests/golden/tshark_differs.txt').read_text().splitlines():
        if line and not line.startswith('#'):
            key, why = line.split(': ', 1)
            found[key] = why
    return found


def reason(why, capture, field):
    """The key of what explains it: for one field, or for all of a protocol's."""
    return next((k for k in ('%s %s' % (capture, field), '%s %s' % (capture, field.split()[0])) if k in why), None)


def is_capture(name):
    return name.split('.', 1)[-1].removesuffix('.gz').rsplit('.')[-1] in ('pcap', 'pcapng', 'cap', 'ntar')


def corpus(options):
    """Other people's captures: a table of how much agrees, of each protocol and field."""
    captures, large = [], 0
    for folder in options.corpus:
        for path in sorted(pathlib.Path(folder).rglob('*')):
            name = str(path.relative_to(folder))
            if options.file and not any(part in name for part in options.file):
                continue
            if path.is_file() and is_capture(path.name):
                if path.stat().st_size > options.largest * 1000000:
                    large += 1
                else:
                    captures.append((name, path))
    wanted = set(options.protocol)
    totals, where, left_out, checks = {}, collections.defaultdict(list), [], Checks()
    why, used, looked_at = explanations(), set(), set()

    def one(item):
        try:
            return item[0], compare(item[0], item[1], scratch, (), wanted, options.seconds), ''
        except Exception as e:  # pylint: disable=broad-except — what tshark prints of other people's captures may be anything
            return item[0], {}, '%s: %s' % (type(e).__name__, e)

    with Scratch() as scratch, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, report, fault in pool.map(one, captures):
            if fault:
                left_out.append('%s: %s' % (name, fault))
            looked_at.add(pathlib.Path(name).name)
            for field, (same, theirs, ours) in report.items():
                reason_key = reason(why, pathlib.Path(name).name, field) if theirs or ours else None
                explained = len(theirs) if reason_key else 0
                if reason_key:
                    used.add(reason_key)
                    theirs, ours = [], []
                total = totals.setdefault(field, [0, 0, 0, 0, 0])
                for i, n in enumerate((1, same, len(theirs), len(ours), explained)):
                    total[i] += n
                if theirs or ours:
                    where[field].append('%s: only tshark %d: %s; only picket %d: %s' % (name, len(theirs), theirs[:SHOWN], len(ours), ours[:SHOWN]))
    checks.note('%d captures, %d too large, %d left out' % (len(captures), large, len(left_out)))
    for line in left_out:
        checks.note(line)
    for field in sorted(totals):
        files, same, theirs, ours, explained = totals[field]
        shown = same + theirs
        percent = 100.0 * same / shown if shown else 100.0
        # One in few values weighs more than the demand allows for: that one is named, and is no failure.
        enough = percent >= options.at_least or theirs <= 1
        checks.ok('%-28s %7.2f %% of %7d values that tshark shows in %4d captures; %d are only picket\'s%s' %
                  (field, percent, shown, files, ours, '; %d others are explained' % explained if explained else ''), enough,
                  '\n'.join(where[field]))
        if options.verbose and enough:
            checks.note('\n'.join(where[field]))
    stale = sorted(key for key in why if key not in used and key.split()[0] in looked_at and (not wanted or key.split()[1] in wanted))
    checks.ok('each line of tshark_differs.txt about these captures explains a difference', not stale, '\n'.join(stale))
    return checks.done()


def main():
    if '--help' in sys.argv or '-h' in sys.argv:
        print(__doc__)
        return 0
    checks = Checks()
    if shutil.which('tshark') is None:
        checks.skip('agreement with tshark', 'tshark is not installed')
        return checks.done()
    CIPHERS.update(tls_cipher_names())
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument('cases', nargs='*')
    parser.add_argument('--corpus', nargs='+', default=[])
    parser.add_argument('--protocol', action='append', default=[])
    parser.add_argument('--file', action='append', default=[])
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--at-least', type=float, default=98.0)
    parser.add_argument('--largest', type=float, default=100.0)
    parser.add_argument('--seconds', type=int, default=120)
    parser.add_argument('--verbose', action='store_true')
    options = parser.parse_args()
    if options.corpus:
        return corpus(options)
    wanted = [a.strip('/').removeprefix('pcaps/') for a in options.cases]
    chosen = [c for c in cases() if not wanted or any(c == w or c.startswith(w + '/') for w in wanted)]
    why, used = explanations(), set()
    agree, differ, explained, unexplained = (collections.Counter() for _ in range(4))
    lines = collections.defaultdict(list)
    with Scratch() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for case, report in zip(chosen, pool.map(lambda c: compare(c, capture_of(c), scratch, DECODE_AS.get(c, ())), chosen)):
            for name, (same, theirs, ours) in report.items():
                agree[name] += same
                count = max(len(theirs), len(ours))
                differ[name] += count
                by_value = {'%s of %s' % (v, name) for v in theirs + ours} & set(why)
                used |= by_value
                theirs, ours = ([v for v in side if '%s of %s' % (v, name) not in by_value] for side in (theirs, ours))
                explained[name] += count - max(len(theirs), len(ours))
                count = max(len(theirs), len(ours))
                if count == 0:
                    continue
                reason_key = reason(why, case, name)
                if reason_key:
                    used.add(reason_key)
                    explained[name] += count
                    continue
                unexplained[name] += count
                lines[name].append('%s: only tshark: %s; only picket: %s' % (case, theirs[:SHOWN] or 'nothing', ours[:SHOWN] or 'nothing'))
    for name in agree:
        total = agree[name] + differ[name]
        checks.ok('%-22s %5d of %5d values agree%s' % (name, agree[name], total, ', %d others are explained' % explained[name] if explained[name] else ''),
                  not unexplained[name], '\n'.join(lines[name]))
    if not wanted:
        stale = sorted(key for key in set(why) - used if not is_capture(key.split()[0]))
        checks.ok('each line of tshark_differs.txt still explains a difference', not stale, '\n'.join(stale))
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
