#!/usr/bin/env python3
"""How far picket's records and tshark's dissection agree, field by field, over pcaps/.

usage: tshark_agree.py [CASE...]        CASE: protocol/case or protocol; all without it
       tshark_agree.py --corpus FOLDER... [--protocol NAME]... [--jobs N] [--at-least PERCENT] [--largest MB] [--seconds S] [--verbose]
       PICKET=path of the program (default build/sensor/picket)

With --corpus it looks at every capture below the folders, whoever made them, and says of each protocol and field how many
of the values that tshark shows picket has as well: at least 98 % or what --at-least says. What only picket has is counted
beside it: there tshark dissects nothing. --verbose names the captures that differ. Captures are looked at N at a time, each
for at most S seconds; larger ones than MB are left out. What was left out is said.

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
from checks import PCAPS, ROOT, Checks, Scratch, capture_of, cases, picket, read_eve, run

# Ports that tshark does not know.
DECODE_AS = {
    'decode/mpls-ethernet': ['mpls.label==2000,pwethcw'],
    'dnp3/odd-port': ['tcp.port==4712,dnp3'],
    'dns/odd-port': ['tcp.port==5533,dns', 'udp.port==5533,dns'],
    'ftp/auth-tls': ['tcp.port==2125,ftp'],
    'ftp/bounce': ['tcp.port==2126,ftp'],
    'ftp/ipv6': ['tcp.port==2124,ftp'],
    'ftp/large': ['tcp.port==2123,ftp'],
    'ftp/listings': ['tcp.port==2122,ftp'],
    'ftp/malformed': ['tcp.port==2127,ftp'],
    'ftp/upload': ['tcp.port==2121,ftp'],
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
    'modbus/odd-port': ['tcp.port==5020,mbtcp'],
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


def s7_sides(r, *path):
    return [v for side in ('request', 'response') for v in some(r, 's7comm', side, *path)]


def s7_items(r, key):
    return [i[key] for items in s7_sides(r, 'items') for i in items if i.get('syntax') == 16 and key in i]


def s7_codes(r):
    codes = [v['return_code'] for values in s7_sides(r, 'values') for v in values if 'return_code' in v] + s7_sides(r, 'userdata', 'return_code')
    return [c for c in codes if c]


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


def record_kind(r):
    """Records of HTTP/2 are those of HTTP/1 with more in them."""
    return 'http2' if r['event_type'] == 'http' and r['http'].get('version') == '2' else r['event_type']


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
    ('s7comm', 'block file', lambda f: f['s7comm.param.blockcontrol.filename'], lambda r: s7_sides(r, 'block', 'file')),
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
        'dnp3.al.func', 'dnp3.al.seq', 'dnp3.src', 'dnp3.dst', 'dnp3.al.iin', 'dnp3.al.obj', 'dnp3.ctl.prifunc', 'dnp3.ctl.secfunc', 'dnp3.al.bit', 'dnp3.al.cnt', 'dnp3.al.ana.int',
        'dnp3.al.ana.float', 'dnp3.al.ana.double', 'dnp3.al.anaout.int', 'dnp3.al.anaout.float', 'dnp3.al.anaout.double', 'dnp3.al.ctrlstatus', 'dnp3.ctl.op', 'dnp3.ctl.trip', 'dnp3.al.on_time', 'dnp3.al.off_time', 'dnp3.al.file_name', 'dnp3.al.file.handle',
        'dnp3.al.file.blocknum', 'dnp3.al.file.size', 'dnp3.al.file.status', 'dnp3.al.da.value', *('dnp3.al.%s.b%d' % (kind, bit) for kind in DNP3_FLAGS for bit in (0, 4)),
        'dns.flags.response', 'dns.id', 'dns.qry.name', 'dns.qry.type', 'dns.flags.rcode', 'dns.resp.type', 'dns.a',
        'ftp.request.command', 'ftp.request.arg', 'ftp.response.code',
        'http.request.method', 'http.request.uri', 'http.host', 'http.user_agent', 'http.response.code',
        'http2.headers.method', 'http2.headers.path', 'http2.headers.authority', 'http2.headers.status', 'http2.headers.user_agent', 'http2.settings.max_concurrent_streams',
        'http2.settings.initial_window_size', 'http2.goaway.last_stream_id', 'http2.goaway.addata', 'http2.push_promise.promised_stream_id',
        *('opcua.' + name for name in (
            'transport.type', 'transport.scid', 'transport.rbs', 'transport.sbs', 'transport.endpoint', 'transport.error', 'security.rqid', 'security.seq', 'security.spu',
            'servicenodeid.numeric', 'nodeid.string', 'datavalue.SourceTimestamp', 'datavalue.ServerTimestamp', 'EndpointUrl', 'RequestHandle', 'TimeoutHint',
            'ServiceResult', 'AttributeId', 'IndexRange', 'Double', 'Float', 'StatusCode', 'StatusCodes', 'SubscriptionId', 'ClientHandle', 'MonitoredItemId',
            'SessionName', 'UserName')),
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
        'mbtcp.trans_id', 'mbtcp.unit_id', 'modbus.func_code', 'modbus.exception_code', 'modbus.reference_num', 'modbus.word_cnt', 'modbus.bit_cnt']
CIPHERS = {}


def dissect(capture, decode_as=(), timeout=120):
    """tshark's frames of a capture."""
    command = ['tshark', '-n', '-r', capture, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|', '-o', 'tcp.reassemble_out_of_order:TRUE']
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
        if r['event_type'] == 'flow' and r['proto'] in ('TCP', 'UDP'):
            ends = sorted('%s:%d' % (r[side + '_ip'], r[side + '_port']) for side in ('src', 'dest'))
            flow = r['flow']
            found.append([r['proto'].lower() + ' ' + ' '.join(ends), flow['pkts_toserver'] + flow['pkts_toclient'], flow['bytes_toserver'] + flow['bytes_toclient']])
    return found


def compare(name, capture, scratch, decode_as=(), protocols=(), timeout=120):
    """{'protocol field': (agreeing, only tshark's, only picket's)}; of these protocols alone, if there are any."""
    eve = scratch / (name.replace('/', '_') + '.json')
    done = run(picket(), 'replay', '--log-level', 'error', '--set', 'app-layer.detail=full', '--eve', eve, capture, timeout=timeout)
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


def corpus(options):
    """Other people's captures: a table of how much agrees, of each protocol and field."""
    captures, large = [], 0
    for folder in options.corpus:
        for path in sorted(pathlib.Path(folder).rglob('*')):
            if path.is_file() and path.name.split('.', 1)[-1].removesuffix('.gz').rsplit('.')[-1] in ('pcap', 'pcapng', 'cap', 'ntar'):
                if path.stat().st_size > options.largest * 1000000:
                    large += 1
                else:
                    captures.append((str(path.relative_to(folder)), path))
    wanted = set(options.protocol)
    totals, where, left_out, checks = {}, collections.defaultdict(list), [], Checks()

    def one(item):
        try:
            return item[0], compare(item[0], item[1], scratch, (), wanted, options.seconds), ''
        except Exception as e:  # pylint: disable=broad-except — what tshark prints of other people's captures may be anything
            return item[0], {}, '%s: %s' % (type(e).__name__, e)

    with Scratch() as scratch, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, report, fault in pool.map(one, captures):
            if fault:
                left_out.append('%s: %s' % (name, fault))
            for field, (same, theirs, ours) in report.items():
                total = totals.setdefault(field, [0, 0, 0, 0])
                for i, n in enumerate((1, same, len(theirs), len(ours))):
                    total[i] += n
                if theirs or ours:
                    where[field].append('%s: only tshark %d: %s; only picket %d: %s' % (name, len(theirs), theirs[:SHOWN], len(ours), ours[:SHOWN]))
    checks.note('%d captures, %d too large, %d left out' % (len(captures), large, len(left_out)))
    for line in left_out:
        checks.note(line)
    for field in sorted(totals):
        files, same, theirs, ours = totals[field]
        shown = same + theirs
        percent = 100.0 * same / shown if shown else 100.0
        # One in few values weighs more than the demand allows for: that one is named, and is no failure.
        enough = percent >= options.at_least or theirs <= 1
        checks.ok('%-28s %7.2f %% of %7d values that tshark shows in %4d captures; %d are only picket\'s' % (field, percent, shown, files, ours), enough,
                  '\n'.join(where[field]))
        if options.verbose and enough:
            checks.note('\n'.join(where[field]))
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
                key = '%s %s' % (case, name)
                # An explanation may be for one field, or for all of a protocol's.
                reason_key = next((k for k in (key, '%s %s' % (case, name.split()[0])) if k in why), None)
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
        stale = sorted(set(why) - used)
        checks.ok('each line of tshark_differs.txt still explains a difference', not stale, '\n'.join(stale))
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
