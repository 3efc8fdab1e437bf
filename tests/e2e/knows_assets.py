#!/usr/bin/env python3
"""The inventory of assets: the same table, JSON and records for any number of workers; a restart goes on where the run
before ended; a damaged file is said and begun afresh; what it does not hold is counted; replay keeps none unless asked.

usage: knows_assets.py        PICKET=path of the program
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from checks import PCAPS, Checks, Scratch, ledger_fault, picket, read_eve, read_json, run, run_forked

PLANT = PCAPS / 'assets/plant/input.pcap'
ROUTER = PCAPS / 'assets/router/input.pcap'
ANY = ('assets.networks=any', 'assets.vendors=')

# Expected rows, read against the captures (expect.json of each). Address, or MAC of what has none, then what must be so.
ROWS = (
    ('enip/identity', '10.77.0.1', {'vendor': 'Rockwell Automation/Allen-Bradley', 'model': '1756-L61/B LOGIX5561', 'firmware': '20.5', 'serial': '00c0ffee', 'roles': ['PLC'], 'confidence': 90}),
    ('enip/browse', '10.77.0.1', {'model': '1756-L61/B LOGIX5561', 'serial': '00c0ffee', 'server_of': ['enip/44818'], 'client_of': None}),
    ('mms/browse', '10.61.8.50', {'vendor': 'Picket Works', 'model': 'Feeder relay 7', 'firmware': '3.10.2', 'roles': ['IED', 'relay'], 'confidence': 90}),
    ('mms/browse', '10.61.8.1', {'roles': ['SCADA'], 'vendor': None}),
    ('dicom/archive', '10.77.0.2', {'vendor': 'ACME Imaging', 'model': 'Tomo 9000', 'firmware': 'V7.1.2', 'serial': 'SN-31415', 'names': {'CT1', 'CTROOM2'}, 'software': ['OFFIS_DCMTK_367'],
                                    'roles': {'imaging device', 'imaging workstation'}}),
    ('dicom/archive', '10.77.0.1', {'vendor': None, 'names': ['ARCHIVE'], 'roles': ['imaging archive'], 'software': ['OFFIS_DCMTK_367']}),
    ('dicom/worklist', '10.77.0.1', {'names': ['WORK'], 'roles': ['radiology information system']}),
    ('hl7/admissions', '10.77.0.2', {'software': ['WardDesk 4.2 (ACME Health)'], 'roles': ['patient administration']}),
    ('snmp/get', '10.77.0.1', {'names': ['pump7'], 'vendor': None, 'software': {'Pump controller', 'net-snmp'}}),
    ('snmp/get', '10.77.0.2', {'roles': ['network management'], 'names': None}),
    ('opcua/identity', '10.77.0.1', {'vendor': 'Example Works', 'model': 'Plant Server', 'firmware': '4.2.1', 'confidence': 70}),
    ('mqtt/sparkplug', '10.77.0.2', {'names': {'Edge1', 'host1', 'host1b', 'edge1'}, 'stations': ['sparkplug Edge1/Pump7'], 'roles': {'edge node', 'SCADA'}}),
    ('mqtt/sparkplug', '10.77.0.1', {'roles': ['MQTT broker']}),
    ('c37118/session', '10.77.3.10', {'names': ['Substation North'], 'roles': ['PMU'], 'software': ['PMU PL-241, serial SN-0099, firmware 3.2.1']}),
    ('c37118/session', '10.77.3.1', {'roles': ['PDC']}),
    ('c37118/concentrator', '10.77.3.10', {'names': None, 'roles': ['PDC']}),
    ('goose/trip', '00:30:4f:00:00:01', {'names': ['IED1PROT'], 'roles': ['IED'], 'server_of': ['goose'], 'client_of': None}),
    ('sv/light', '00:1b:1b:00:00:02', {'names': ['PICKETMU0101'], 'roles': ['merging unit']}),
    ('pnio/commissioning', '00:1b:1b:00:00:02', {'vendor': 'Siemens', 'model': 'S7-1500', 'names': ['plc-line-3'], 'roles': ['PLC'], 'address': '192.168.0.10'}),
    ('pnio/commissioning', '00:1b:1b:00:00:03', {'vendor': 'Siemens', 'model': 'SINAMICS-G120', 'names': ['drive-8', 'drive-7'], 'roles': ['IO device'], 'address': '192.168.0.21'}),
    ('pnio/commissioning', '02:00:00:00:00:01', {'roles': ['engineering station'], 'names': None}),
    ('pnio/refused', '02:00:00:00:00:01', {'roles': None}),
    ('pnio/refused', '00:1b:1b:00:00:02', {'names': ['plc-line-3'], 'address': '192.168.0.10'}),
    ('lldp/switch', '02:00:00:00:77:01', {'vendor': 'Picket', 'model': 'P8', 'hardware': 'HW-7', 'firmware': 'FW-1.2', 'serial': 'SN-0815', 'names': ['switch-2', 'switch-1', 'vm'], 'address': '10.77.0.1'}),
    ('lldp/profinet', '00:1b:1b:00:00:02', {'names': ['router'], 'roles': ['router'], 'address': '10.0.0.7'}),
    ('lldp/profinet', '00:1b:1b:00:00:03', {'names': ['drive-7'], 'roles': None}),
)


def replay(scratch, capture, *settings, workers=1, assets='assets.json'):
    """(result, assets or None, records, stats)"""
    for name in ('out.eve', 'out.stats', assets or 'none'):
        (scratch / name).unlink(missing_ok=True)
    command = [picket(), 'replay', '--workers', workers, '--log-level', 'warning', '--eve', scratch / 'out.eve', '--stats', scratch / 'out.stats']
    if assets:
        command += ['--assets', scratch / assets]
    for s in settings:
        command += ['--set', s]
    result = run_forked(*command, capture, timeout=300)
    if result.status != 0:
        return result, None, [], None
    whole = (scratch / assets).read_text() if assets else ''
    return result, whole, read_eve(scratch / 'out.eve'), read_json(scratch / 'out.stats')


def told(records):
    return [r for r in records if r['event_type'] == 'asset']


def by_address(whole):
    """Of an address that is in several VLANs the one outside of them."""
    return {r['src_ip']: r['asset'] for r in json.loads(whole) if 'src_ip' in r and 'vlan' not in r}


def by_mac(whole):
    return {r['ether']['src_mac']: r['asset'] for r in json.loads(whole) if 'ether' in r}


def each_protocol(checks, scratch):
    """What captures say of their hosts: a set is in any order, None is nothing."""
    tables = {}
    for case, host, row in ROWS:
        if case not in tables:
            first = None
            for workers in (1, 2, 4):
                result, whole, _, _ = replay(scratch, PCAPS / case / 'input.pcap', *ANY, workers=workers)
                if checks.ok('%s, %d workers: ends well' % (case, workers), result.status == 0, result):
                    first = first or whole
                    checks.equal('%s, %d workers: the same' % (case, workers), whole, first)
            tables[case] = first or '[]'
        asset = (by_mac if ':' in host else by_address)(tables[case]).get(host)
        if not checks.ok('%s: %s is known' % (case, host), asset, tables[case]):
            continue
        for field, wanted in row.items():
            found = asset.get(field)
            checks.equal('%s: %s of %s' % (case, field, host), set(found or ()) if isinstance(wanted, set) else found, wanted)


def joined(checks, scratch):
    """What a MAC says without IP is told with the address that it has: no second row."""
    _, whole, _, _ = replay(scratch, PCAPS, *ANY)
    host = by_address(whole)['10.77.0.1']
    checks.ok('the name of LLDP stands at the address', 'switch-1' in host['names'] and host['serial'], host)
    checks.ok('and the MAC has no row of its own', '02:00:00:00:77:01' not in by_mac(whole), sorted(by_mac(whole)))


def any_workers(checks, scratch):
    for label, settings in (('all captures', ()), ('few assets', ('assets.max=16',)), ('told often', ('assets.settle=1', 'assets.interval=60'))):
        for name in ('assets.txt', 'assets.json'):
            first = None
            for workers in (1, 4) if settings else (1, 2, 4):
                result, whole, records, stats = replay(scratch, PCAPS, *ANY, *settings, 'flow.hash-size=1024', workers=workers, assets=name)
                what = '%s, %s, %d workers' % (label, name, workers)
                if not checks.ok(what + ': ends well', result.status == 0, result):
                    continue
                fault = ledger_fault(stats)
                checks.ok(what + ': ledger is exact', not fault, fault)
                lines = [json.dumps(r) for r in told(records)]
                if first is None:
                    first = (whole, lines)
                    checks.ok(what + ': there are assets', len(lines) > 15 and len(whole.splitlines()) > 8, whole[:500])  # MACs are told with their addresses
                    if 'assets.max=16' in settings:
                        checks.ok(what + ': evicted ones are counted', stats['assets']['evicted'] > 0 and stats['assets']['known'] == 16, stats['assets'])
                    continue
                checks.equal(what + ': the same table', whole, first[0])
                checks.equal(what + ': the same records', lines, first[1])


def what_is_known(checks, scratch):
    _, whole, records, _ = replay(scratch, PLANT, *ANY)
    all_of = by_address(whole)
    plc, engineer, modbus = all_of['10.77.1.12'], all_of['10.77.1.3'], all_of['10.77.1.11']
    checks.ok('S7: order number, firmware, serial number', plc.get('firmware') and plc.get('serial') and any(e['kind'] == 'model' and e['text'].startswith('6ES7') for e in plc['evidence']), plc)
    checks.ok('S7: a PLC', plc['roles'][0] == 'PLC', plc['roles'])
    checks.ok('who loads blocks is an engineering station', 'engineering station' in engineer['roles'], engineer)
    checks.equal('Modbus: maker', modbus['vendor'], 'Picket Lab')
    checks.ok('DNP3: an RTU with a serial number', all_of['10.77.1.13'].get('serial') and 'RTU' in all_of['10.77.1.13']['roles'], all_of['10.77.1.13'])
    models = {e['text'] for e in plc['evidence'] if e['kind'] == 'model'}
    checks.ok('two models stand side by side', len(models) > 1, plc['evidence'])
    checks.equal('MAC by ARP', modbus['mac'], '02:00:00:00:77:0b')
    # The one that is told last is what the table has.
    last = {r['asset']['address']: r['asset'] for r in told(records)}
    for asset in list(last.values()) + list(all_of.values()):
        asset.pop('reason')
    checks.equal('records say what the table says', last, all_of)
    reasons = [r['asset']['reason'] for r in [x for x in read_eve(scratch / 'out.eve') if x['event_type'] == 'asset'] if r['asset']['address'] == '10.77.1.12']
    checks.ok('new, then changed', reasons[:1] == ['new'] and 'changed' in reasons, reasons)

    _, whole, _, _ = replay(scratch, ROUTER, *ANY)
    all_of = by_address(whole)
    checks.equal('the gateway is a router', all_of['10.77.1.1']['roles'], ['router'])
    checks.equal('it has its MAC', all_of['10.77.1.1']['mac'], '02:00:00:00:77:01')
    checks.ok('those behind it have none', not any('mac' in a for address, a in all_of.items() if address.startswith('192.')), all_of)

    _, whole, _, stats = replay(scratch, ROUTER, 'assets.vendors=')
    checks.equal('only addresses of assets.networks', sorted(by_address(whole)), ['10.77.1.1', '10.77.1.20'])
    checks.ok('others are counted', stats['assets']['outside'] > 0, stats['assets'])


def vendors(checks, scratch):
    lists = scratch / 'lists'
    lists.mkdir()
    (lists / 'oui.csv').write_text('Registry,Assignment,Organization Name,Organization Address\nMA-L,001B1B,Makers AG,x\n')
    capture = bytearray(PLANT.read_bytes())
    mac = bytes((2, 0, 0, 0, 0x77, 14))
    other = scratch / 'vendor.pcap'
    other.write_bytes(bytes(capture).replace(mac, bytes((0, 0x1b, 0x1b, 0, 0x77, 14))))
    _, whole, _, _ = replay(scratch, other, 'assets.networks=any', 'assets.vendors=%s' % lists)
    checks.equal('the maker of a MAC', by_address(whole)['10.77.1.14'].get('vendor'), 'Makers AG')
    result, whole, _, _ = replay(scratch, PLANT, 'assets.networks=any', 'assets.vendors=%s' % (scratch / 'nothing'))
    checks.ok('without lists it says which package would do', b'ieee-data' in result.err and whole is not None, result)


def restarts(checks, scratch):
    state = scratch / 'assets.state'
    keep = ANY + ('assets.state=%s' % state,)
    _, first, _, _ = replay(scratch, PLANT, *keep)
    checks.ok('there is a file', state.exists())
    _, both, records, _ = replay(scratch, ROUTER, *keep)
    before, after = by_address(first), by_address(both)
    checks.ok('what was known is known', all(a in after for a in before), sorted(after))
    checks.equal('first seen as in the first run', after['10.77.1.12']['first_seen'], before['10.77.1.12']['first_seen'])
    checks.equal('with the same evidence', after['10.77.1.12']['evidence'], before['10.77.1.12']['evidence'])
    checks.ok('and is not told again', not any(r['asset']['address'] == '10.77.1.12' for r in told(records)), told(records))
    _, _, again, _ = replay(scratch, PLANT, *keep)
    checks.ok('nobody is new the second time', told(again) and not any(r['asset']['reason'] == 'new' for r in told(again)), [r['asset'] for r in told(again)][:1])

    state.unlink()
    _, first, _, _ = replay(scratch, PCAPS, *keep)
    _, both, _, _ = replay(scratch, ROUTER, *keep)
    before, after = by_mac(first), by_mac(both)
    checks.ok('MACs without IP are kept', before and before == {mac: after.get(mac) for mac in before}, before)
    before, after = by_address(first), by_address(both)
    kept = [a for a in before if after.get(a) == before[a]]
    checks.ok('what all protocols said is kept', len(kept) > 20 and {'10.61.8.50', '10.77.0.2', '10.77.3.10'} <= set(kept), sorted(set(before) - set(kept)))
    state.unlink()
    _, first, _, _ = replay(scratch, PLANT, *keep)

    whole = state.read_bytes()
    for label, damaged in (('cut off', whole[:-10]), ('changed', whole[:-1] + bytes((whole[-1] ^ 1,))), ('empty', b''), ('something else', b'hello'),
                           ('of another version', whole[:8] + b'\x09' + whole[9:])):
        state.write_bytes(damaged)
        result, afresh, _, _ = replay(scratch, PLANT, *keep)
        checks.ok('a file that is %s: said, and begun afresh' % label, b'begins afresh' in result.err and afresh == first, result)
        checks.ok('a file that is %s: written anew' % label, len(state.read_bytes()) > 100)
    result = run(picket(), 'replay', '--log-level', 'error', '--assets', '-', '--set', 'assets.state=%s/no/such' % scratch, PLANT)
    checks.ok('a file that cannot be written: status 1, and said', result.status == 1 and b'cannot write' in result.err, result)
    checks.ok('the table is there all the same', b'10.77.1.12' in result.out, result.out)


def when(checks, scratch):
    _, _, records, stats = replay(scratch, PLANT, assets='')
    checks.ok('a replay keeps no inventory unless asked', not told(records) and stats['assets'] == {}, stats['assets'])
    _, _, records, _ = replay(scratch, PLANT, 'outputs.eve-log.types.asset.enabled=yes', assets='')
    checks.ok('asked for records', told(records))
    _, whole, records, _ = replay(scratch, PLANT, 'outputs.eve-log.types.asset.enabled=no')
    checks.ok('asked for no records', not told(records) and '10.77.1.12' in whole)
    _, whole, records, _ = replay(scratch, PLANT, 'outputs.eve-log.types.flow.enabled=no', 'assets.vendors=')
    checks.ok('flows and ARP are looked at where they have no records', not [r for r in records if r['event_type'] in ('flow', 'arp')] and by_address(whole)['10.77.1.11'].get('mac'))
    result = run(picket(), 'replay', '--assets', '-', '--set', 'assets.networks=10.0.0.0/99', PLANT)
    checks.ok('networks that are none: status 2, and said', result.status == 2 and b'assets.networks' in result.err, result)
    result = run(picket(), 'replay', '--assets', scratch / 'no/such/file', PLANT)
    checks.ok('a table that cannot be written is said before the work', result.status == 1 and b'--assets' in result.err and b'packets' not in result.out, result)


def main():
    checks = Checks()
    with Scratch() as scratch:
        what_is_known(checks, scratch)
        each_protocol(checks, scratch)
        joined(checks, scratch)
        vendors(checks, scratch)
        restarts(checks, scratch)
        when(checks, scratch)
        any_workers(checks, scratch)
    return checks.done()


sys.exit(main())
