"""The rule of a composite alarm: AND, OR, NOT, AT_LEAST over the states of other alarms.

Syntax and limits: PutCompositeAlarm (botocore 1.44.5) and the CloudWatch user guide, alarm-combining (read 2026-11): AND
binds tighter than OR; ``AT_LEAST(2, ALARM, (a, b, c))`` or a percentage instead of the number, ``NOT STATE`` instead of
the state; alarms by name or ARN, in quotes or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.threshold import ALARM, INSUFFICIENT_DATA, OK

States = Mapping[str, str]  # by alarm name
Condition = Callable[[States], bool]

MAX_CHILDREN = 100
MAX_DEPTH = 100  # of parentheses, chosen here
MAX_ELEMENTS = 500  # alarms, TRUE, FALSE and parentheses
_STATES = (ALARM, OK, INSUFFICIENT_DATA)
_TOKEN = re.compile(r'[(),]|"(?:[^"\\]|\\.)*"|[^\s(),"]+|\S')
_COUNT = re.compile(r"([1-9]\d*)(%?)")


@dataclass(frozen=True)
class AlarmRule:
    text: str
    alarms: tuple[str, ...]  # names, each once, in the order of the rule
    holds: Condition


def alarm_rule(text: str) -> AlarmRule:
    """Raises AlarmError with the position of a mistake."""
    parser = _Parser(text)
    condition = parser.whole()
    names = tuple(dict.fromkeys(parser.names))
    if len(names) > MAX_CHILDREN:
        raise AlarmError(f"The rule names {len(names)} alarms; at most {MAX_CHILDREN} are allowed.")
    return AlarmRule(text, names, condition)


def alarm_name(reference: str) -> str:
    """The alarm's name from a name or an ARN."""
    return reference.split(":alarm:", 1)[1] if reference.startswith("arn:") and ":alarm:" in reference else reference


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [(token.group(), token.start()) for token in _TOKEN.finditer(text)]
        self._tokens.append(("", len(text)))
        self._next = 0
        self._depth = 0
        self.names: list[str] = []
        elements = sum(token in ("(", ")") or token.upper() in ("TRUE", "FALSE") for token, _ in self._tokens)
        if elements > MAX_ELEMENTS:
            raise AlarmError(f"The rule has {elements} elements; at most {MAX_ELEMENTS} are allowed.")

    def whole(self) -> Condition:
        condition = self._either()
        if self._word():
            raise self._error("AND, OR or the end")
        return condition

    def _either(self) -> Condition:
        conditions = [self._both()]
        while self._take("OR"):
            conditions.append(self._both())
        return conditions[0] if len(conditions) == 1 else lambda states: any(each(states) for each in conditions)

    def _both(self) -> Condition:
        conditions = [self._one()]
        while self._take("AND"):
            conditions.append(self._one())
        return conditions[0] if len(conditions) == 1 else lambda states: all(each(states) for each in conditions)

    def _one(self) -> Condition:
        inverted = False
        while self._take("NOT"):
            inverted = not inverted
        condition = self._atom()
        return (lambda states: not condition(states)) if inverted else condition

    def _atom(self) -> Condition:
        word = self._word()
        if self._take("("):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise self._error(f"at most {MAX_DEPTH} levels of parentheses")
            condition = self._either()
            self._depth -= 1
            self._expect(")")
            return condition
        if word.upper() in ("TRUE", "FALSE"):
            self._next += 1
            constant = word.upper() == "TRUE"
            return lambda _: constant
        if word in _STATES:
            self._next += 1
            self._expect("(")
            name = self._alarm()
            self._expect(")")
            return lambda states: states[name] == word
        if self._take("AT_LEAST"):
            return self._at_least()
        raise self._error("an alarm's state, AT_LEAST, TRUE, FALSE, NOT or (")

    def _at_least(self) -> Condition:
        self._expect("(")
        count = _COUNT.fullmatch(self._word())
        if not count:
            raise self._error("a number or a percentage")
        self._next += 1
        self._expect(",")
        inverted = self._take("NOT")
        state = self._word()
        if state not in _STATES:
            raise self._error("ALARM, OK or INSUFFICIENT_DATA")
        self._next += 1
        self._expect(",")
        self._expect("(")
        names = [self._alarm()]
        while self._take(","):
            names.append(self._alarm())
        self._expect(")")
        self._expect(")")
        needed = int(count[1]) * len(names) / 100 if count[2] else int(count[1])
        return lambda states: sum((states[name] == state) != inverted for name in names) >= needed

    def _alarm(self) -> str:
        word = self._word()
        if word in ("", "(", ")", ",", '"'):
            raise self._error("the name or ARN of an alarm")
        self._next += 1
        name = alarm_name(re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word)
        self.names.append(name)
        return name

    def _word(self) -> str:
        return self._tokens[self._next][0]

    def _take(self, word: str) -> bool:
        taken = self._word() == word
        self._next += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._error(word)

    def _error(self, expected: str) -> AlarmError:
        word, at = self._tokens[self._next]
        return AlarmError(
            f"Expected {expected} instead of {word or 'the end'}, at position {at + 1} of the rule: {self._text}"
        )
