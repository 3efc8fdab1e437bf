"""What a collector has, held to the record against what its sensors made, though they were killed.

What a sensor made is known without asking its delivery. A capture gives the same records in the same order, always; so a sensor that was
killed made the first T of them, for some T: the numbers of its lanes have to be those of one such beginning, and not of fewer records than
its EVE file shows. Each record that is held has to be, letter by letter, the one at its number, and each gap has to count by type what
stands at its numbers.
"""
import collections
import re
import sys

from checks import collector, picket, run
from delivery import ledger

LANES = {'alert': 'alert', 'intel': 'alert', 'flow': 'flow', 'stats': 'statistics'}
ELSEWHERE = {'acknowledged', 'unknown'}  # reasons that another collector may know better


def lane_of(kind):
    return LANES.get(kind, 'transaction')


def type_of(line):
    return re.search(r'"event_type":"([^"]*)"', line).group(1)


def whole_lines(eve):
    """Of an EVE file whose writer may have been killed."""
    return eve.read_text().split('\n')[:-1] if eve.exists() else []


class Made:
    """Records in the order in which they were made, each as its line of EVE; `goes_on`: and nobody knows which came behind."""

    def __init__(self, lines, goes_on=False):
        self.lines, self.goes_on = lines, goes_on
        self.types = list(map(type_of, lines))
        self.lanes = collections.defaultdict(list)
        for line, kind in zip(self.lines, self.types):
            self.lanes[lane_of(kind)].append((kind, line))

    def by_type(self, lane, first, last):
        return collections.Counter(kind for kind, _ in self.lanes[lane][first - 1:last])

    def beginning(self, through):
        """Of how many records `through`, by lane, are the numbers; None: of no beginning."""
        left = dict(through)
        for n, kind in enumerate(self.types):
            if not any(left.values()):
                return n
            lane = lane_of(kind)
            if not left.get(lane):
                return None
            left[lane] -= 1
        return None if any(left.values()) else len(self.types)

    def knows(self, lane, number):
        return number <= len(self.lanes[lane]) or not self.goes_on

    def fault_of_end(self, through, shown, all_of_it):
        """Of lanes that go `through` these numbers, and of an EVE file."""
        # EVE comes before delivery: of a record that is being made when it is killed, the line may be there and the number not.
        if self.goes_on:
            behind = sum(max(0, len(records) - through.get(lane, 0)) for lane, records in self.lanes.items())
            return 'its EVE file has %d records behind the ends of its lanes, %s' % (behind, through) if behind > 1 else ''
        count = self.beginning(through)
        if count is None:
            return 'its lanes end at %s, where no beginning of what is made ends' % through
        if all_of_it and count != len(self.lines):
            return '%d of %d records' % (count, len(self.lines))
        if count + 1 < len(shown) or list(shown) != self.lines[:len(shown)]:
            return 'its EVE file has %d records, and the collector knows of %d' % (len(shown), count)
        return ''


def made_by(captures, folder):
    """By a sensor that delivers nothing and dies of nothing."""
    eve = folder / 'reference.eve'
    result = run(picket(), 'replay', '--log-level', 'error', '--eve', eve, *captures)
    if result.status != 0:
        sys.exit('the reference run fails: %s' % result)
    return Made(whole_lines(eve))


class Chain:
    """A lane of a boot, as a collector has it."""

    def __init__(self, row):
        self.row, self.through, self.gaps = row, row['through'], row['gaps']
        self.held, self.twice = {}, 0

    def missing(self, reasons=None):
        return sum(g['last'] - g['first'] + 1 for g in self.gaps if reasons is None or g['reason'] in reasons)

    def numbers_missing(self, but=()):
        return {n for g in self.gaps if g['reason'] not in but for n in range(g['first'], g['last'] + 1)}

    def fault_by_itself(self):
        """Its numbers are here once, or missing; '' when they are."""
        if self.twice:
            return '%d records twice' % self.twice
        missing = self.numbers_missing()
        if len(missing) != self.missing():
            return 'gaps that overlap: %s' % self.gaps
        if missing & self.held.keys():
            return 'numbers that are here and missing: %s' % sorted(missing & self.held.keys())[:5]
        absent = set(range(1, self.through + 1)) - missing - self.held.keys()
        if absent or len(missing) + len(self.held) != self.through:
            return '%d numbers up to %d are neither here nor missing: %s' % (len(absent), self.through, sorted(absent)[:5])
        if self.row['expired'] or self.row['rejected']:
            return 'expired or rejected: %s' % self.row
        return ''

    def fault(self, made):
        """By itself, and against what was made."""
        fault = self.fault_by_itself()
        if fault:
            return fault
        lane = self.row['lane']
        if self.through > len(made.lanes[lane]) and made.knows(lane, self.through):
            return '%d records, and no more than %d were made' % (self.through, len(made.lanes[lane]))
        for n, line in self.held.items():
            if made.knows(lane, n) and line != made.lanes[lane][n - 1][1]:
                return 'number %d is\n%s\nand was made as\n%s' % (n, line[:300], made.lanes[lane][n - 1][1][:300])
        held = collections.Counter(map(type_of, self.held.values()))
        if self.row['held'] != held:
            return 'the ledger says that %s are held, and held are %s' % (self.row['held'], dict(held))
        for gap in self.gaps:
            if made.knows(lane, gap['last']) and gap.get('types', made.by_type(lane, gap['first'], gap['last'])) != made.by_type(lane, gap['first'], gap['last']):
                return 'a gap of %s, and missing are %s' % (gap, dict(made.by_type(lane, gap['first'], gap['last'])))
        if made.knows(lane, self.through) and self.row['made'] != made.by_type(lane, 1, self.through):
            return 'made %s, and made were %s' % (self.row['made'], dict(made.by_type(lane, 1, self.through)))
        return ''


def chains_of(store):
    """{boot: {lane: Chain}} of a store."""
    found = collections.defaultdict(dict)
    for row in ledger(store):
        found[row['boot']][row['lane']] = Chain(row)
    records = run(collector(), 'query', '--json', '--identity', '--store', store)
    if records.status != 0:
        sys.exit(str(records))
    for line in records.out.decode().split('\n')[:-1]:
        identity = re.match(r'\{"picket":\{"sensor":"\w+","boot":"(\w+)","lane":"(\w+)","number":(\d+)\},', line)
        boot, lane, number = identity.group(1), identity.group(2), int(identity.group(3))
        chain = found[boot].get(lane)
        if chain is None:
            sys.exit('a record of no chain: %s' % line)
        chain.twice += number in chain.held
        chain.held[number] = '{' + line[identity.end():]
    return found


def fault_of_boot(chains, made, shown=(), all_of_it=False):
    """Of one boot, by lane, after everything was delivered: '' when it is all that was made. `shown`: of its EVE file."""
    for lane, chain in chains.items():
        fault = chain.fault(made)
        if fault:
            return '%s: %s' % (lane, fault)
    fault = made.fault_of_end({lane: c.through for lane, c in chains.items()}, shown, all_of_it)
    if fault:
        return fault
    ended = sum(c.missing({'sensor ended'}) for c in chains.values())
    return 'killed while %d records were written' % ended if ended > 1 else ''
