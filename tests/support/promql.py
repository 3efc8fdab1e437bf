"""Reads PromQL as far as dashboards and alerts of this project use it, and says which series an expression asks for.

selectors(text) gives [(metric, {labels of its matchers and of by/without/on around it})], and raises SyntaxError with the
place where the text is no PromQL. A whole grammar: https://prometheus.io/docs/prometheus/latest/querying/basics/
"""
import re

TOKEN = re.compile(r'''\s*(?:(?P<subquery>\d+[smhdw]:\d+[smhdw])|(?P<duration>\d+[smhdw])(?![\w.])|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_$:][\w:]*)'''
                   r'''|(?P<mark>=~|!~|==|!=|>=|<=|[-+*/%^(){}\[\],=<>@]))''')
AGGREGATIONS = {'sum', 'min', 'max', 'avg', 'count', 'topk', 'bottomk', 'quantile', 'group', 'stddev'}
FUNCTIONS = {'abs', 'absent', 'ceil', 'changes', 'clamp_min', 'clamp_max', 'delta', 'deriv', 'floor', 'increase', 'irate', 'label_replace', 'max_over_time',
             'avg_over_time', 'min_over_time', 'predict_linear', 'rate', 'resets', 'round', 'sort', 'sort_desc', 'time', 'timestamp', 'vector', 'scalar', 'label_values'}
BINARY = [('or',), ('and', 'unless'), ('==', '!=', '>', '<', '>=', '<='), ('+', '-'), ('*', '/', '%'), ('^',)]


class Parser:
    def __init__(self, text):
        self.text, self.at, self.tokens, self.found = text, 0, [], []
        place = 0
        while text[place:].strip():
            token = TOKEN.match(text, place)
            if not token:
                raise SyntaxError('no PromQL from %r on' % text[place:])
            self.tokens.append((token.lastgroup, token.group(token.lastgroup)))
            place = token.end()

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ('end', '')

    def take(self, *wanted):
        kind, value = self.peek()
        if wanted and value not in wanted and kind not in wanted:
            raise SyntaxError('%s expected at token %d of %r, and there is %r' % (' or '.join(wanted), self.at + 1, self.text, value))
        self.at += 1
        return value

    def accept(self, *values):
        if self.peek()[1] in values and self.peek()[0] != 'text':
            return self.take()
        return None

    def names(self):
        self.take('(')
        out = []
        while not self.accept(')'):
            out.append(self.take('name'))
            self.accept(',')
        return out

    def expression(self, level=0):
        if level == len(BINARY):
            return self.unary()
        used = self.expression(level + 1)
        while operator := self.accept(*BINARY[level]):
            self.accept('bool')
            labels = self.names() if self.accept('on', 'ignoring') else []
            if self.accept('group_left', 'group_right') and self.peek()[1] == '(':
                labels += self.names()
            other = self.expression(level + 1)
            self.add_labels(used + other, labels)
            if operator not in ('and', 'unless'):  # of these, what comes out is the left side's alone
                used = used + other
        return used

    @staticmethod
    def add_labels(used, labels):
        for _, known in used:
            known.update(labels)

    def unary(self):
        self.accept('-', '+')
        used = self.primary()
        while True:
            if self.accept('['):
                self.take('duration', 'subquery', '$__rate_interval', '$__range', '$__interval')
                self.take(']')
            elif self.accept('offset'):
                self.take('duration')
            else:
                return used

    def primary(self):
        kind, value = self.peek()
        if kind in ('number', 'text', 'duration'):
            self.take()
            return []
        if self.accept('('):
            used = self.expression()
            self.take(')')
            return used
        name = self.take('name')
        if name in AGGREGATIONS:
            return self.aggregation()
        if self.peek()[1] == '(':
            if name not in FUNCTIONS:
                raise SyntaxError('there is no function %s' % name)
            return self.arguments()
        series = (name, self.matchers() if self.accept('{') else set())
        self.found.append(series)
        return [series]

    def arguments(self):
        self.take('(')
        used = []
        while not self.accept(')'):
            used += self.expression()
            if self.peek()[1] != ')':
                self.take(',')
        return used

    def aggregation(self):
        labels = self.names() if self.accept('by', 'without') else []
        used = self.arguments()
        if self.accept('by', 'without'):
            labels += self.names()
        self.add_labels(used, labels)
        return used

    def matchers(self):
        labels = set()
        while not self.accept('}'):
            labels.add(self.take('name'))
            self.take('=', '!=', '=~', '!~')
            pattern = self.take('text')
            re.compile(pattern[1:-1])
            self.accept(',')
        return labels


def selectors(text):
    parser = Parser(text)
    parser.expression()
    parser.take('end')
    return parser.found
