"""An edit changes the text of the value that is set; every other character of the body stays as it was written."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

from ops.deadletters.edits import edits, json_path, json_roundtrip
from ops.deadletters.messages.model import Kind
from ops.deadletters.transfer.destinations.destination import OutgoingMessage
from ops.deadletters.transfer.destinations.services import FunctionSender
from ops.errors import UsageError
from tests.factories import a_dead_letter


def edited(body: str, *expressions: str, patch: str | None = None) -> str:
    return edits.apply_edits(a_dead_letter(body), edits.parse_edits(expressions, patch)).body


@pytest.mark.parametrize(
    "body",
    [
        '{"link":"https:\\/\\/books.example\\/b\\/9","tries":3}',  # PHP
        '{"author":"O\\u0027Neill \\u0026 Sons \\u002B Co","tries":3}',  # System.Text.Json
        '{"html":"\\u003cp\\u003e \\u2028","tries":3}',  # Go
        '{"name":"Zo\\u00EB and Zo\\u00eb","city":"Łódź","tries":3}',  # both cases of hex digits, and neither
        '{"smile":"\\uD83D\\uDE42","tries":3}',
        '{"a":"\\/ \\b\\f\\t","tries":3}',
        '{\n    "id": 4,\n    "tries": 3\n}',
        '{\n\t"id": 4,\n\t"tries": 3\n}\n',
        '{"a":1,\r\n "tries":3}\r\n',
        '{ "tries" : 3 , "z" : [ 1,2,  3 ] }',
        '{"z":-0,"y":1E5,"x":1e+05,"w":0.1000,"v":-0.0,"u":123456789012345678901234567890,"tries":3}',
        '\ufeff{"tries":3}',
        '  {"tries":3}  ',
        '{"same":1,"same":2,"tries":3,"same":3}',
        '{"x":"\\"tries\\":3","tries":3}',
        '{"é":1,"\\u00e9":2,"tries":3}',
        '{"n":NaN,"i":-Infinity,"tries":3}',
    ],
)
def test_every_style_of_writing_is_kept(body: str) -> None:
    assert edited(body, "body.tries=1") == re.sub(r'("tries" ?: ?)3', r"\g<1>1", body)


def test_of_a_key_that_is_there_twice_the_last_one_is_set() -> None:
    """As parsers read it: a message whose first one changed would be read as before."""
    assert edited('{"a":1,"b":0,"a":2}', "body.a=9") == '{"a":1,"b":0,"a":9}'
    assert edited('{"o":{"x":1},"o":{"x":2}}', "body.o.x=9") == '{"o":{"x":1},"o":{"x":9}}'
    assert edited('{"a":1,"b":0,"a":2}', patch='{"a":null}') == '{"b":0}'


@pytest.mark.parametrize(
    ("body", "expression", "after"),
    [
        ('{"a":1}', "body.b=2", '{"a":1,"b":2}'),
        ('{"a": 1}', "body.b=2", '{"a": 1, "b": 2}'),
        ('{ "a" : 1 }', "body.b=2", '{ "a" : 1, "b" : 2 }'),
        ('{ "a" : 1 , "b" : 2 }', "body.c=3", '{ "a" : 1 , "b" : 2 , "c" : 3 }'),
        ('{\n  "a": 1\n}', "body.b=2", '{\n  "a": 1,\n  "b": 2\n}'),
        ('{\r\n\t"a": 1\r\n}', "body.b=2", '{\r\n\t"a": 1,\r\n\t"b": 2\r\n}'),
        ('{\n  "a": 1\n, "b": 2\n}', "body.c=3", '{\n  "a": 1\n, "b": 2\n, "c": 3\n}'),
        ('{\n  "o": {}\n}', "body.o.x=1", '{\n  "o": {\n    "x": 1\n  }\n}'),
        (
            '{\n  "o": {\n    "a": 1\n  }\n}',
            "body.o.x=[1]",
            '{\n  "o": {\n    "a": 1,\n    "x": [\n      1\n    ]\n  }\n}',
        ),
        ('{\n  "o": 1\n}', 'body.o={"x": {"y": 2}}', '{\n  "o": {\n    "x": {\n      "y": 2\n    }\n  }\n}'),
        ("{}", "body.a=1", '{"a": 1}'),
        ('{"o":{},"p":1}', 'body.o.x={"y":[1,2]}', '{"o":{"x":{"y":[1,2]}},"p":1}'),
        ('{"o": {"a": 1}}', 'body.o={"y":[1,2]}', '{"o": {"y": [1, 2]}}'),
        ("[[1,2],[3]]", "body[1][0]=[4,5]", "[[1,2],[[4,5]]]"),
        ('{"name":"Köln"}', "body.to=Łódź", '{"name":"Köln","to":"Łódź"}'),
        ('{"name":"K\\u00f6ln"}', "body.to=Łódź", '{"name":"K\\u00f6ln","to":"\\u0141\\u00f3d\\u017a"}'),
    ],
)
def test_what_is_added_takes_the_style_around_it(body: str, expression: str, after: str) -> None:
    assert edited(body, expression) == after


@pytest.mark.parametrize(
    ("body", "patch", "after"),
    [
        ('{"a":1,"b":2,"c":3}', '{"a":null}', '{"b":2,"c":3}'),
        ('{"a":1,"b":2,"c":3}', '{"b":null}', '{"a":1,"c":3}'),
        ('{"a":1,"b":2,"c":3}', '{"c":null}', '{"a":1,"b":2}'),
        ('{"a":1,"b":2,"c":3}', '{"a":null,"b":null}', '{"c":3}'),
        ('{"a":1,"b":2,"c":3}', '{"b":null,"c":null,"d":4}', '{"a":1,"d":4}'),
        ('{\n  "a": 1,\n  "b": 2\n}', '{"a":null}', '{\n  "b": 2\n}'),
        ('{\n  "a": 1,\n  "b": 2\n}', '{"b":null}', '{\n  "a": 1\n}'),
        ('{ "a" : 1 }', '{"a":null}', "{}"),
        ('{ "a" : 1.10 }', '{"none":null}', '{ "a" : 1.10 }'),
        (
            '{"o":{"x":1.10,"y":2},"z":1e2}',
            '{"o":{"y":null,"n":{"k":null,"l":1}}}',
            '{"o":{"x":1.10,"n":{"l":1}},"z":1e2}',
        ),
        ('{"o":7}', '{"o":{"x":{"y":null}}}', '{"o":{"x":{}}}'),
        (" [1, 2]\n", "{}", " {}\n"),
    ],
)
def test_a_merge_patch_takes_away_a_member_and_one_comma(body: str, patch: str, after: str) -> None:
    assert edited(body, patch=patch) == after


@pytest.mark.slow
def test_many_keys_one_of_them_twice_are_no_matter() -> None:
    body = "{" + ",".join(f'"k{number}":1.10' for number in range(60_000)) + ',"k59999":1}'
    assert edited(body, "body.k59999=2") == body[:-2] + "2}"
    assert edited(body, patch='{"k59999":null}') == body[: body.index(',"k59999"')] + "}"
    assert json_roundtrip.pretty(body).count("\n") == 60_002
    before = a_dead_letter(body)
    after = edits.apply_edits(before, edits.parse_edits(["body.*=2"]))
    assert edits.diff_messages(before, after).count('\n+  "k') == 60_000


def test_deep_and_large_numbers() -> None:
    deep = "[" * 900 + "1" + "]" * 900
    assert edited('{"a":' + deep + ',"b":0}', "body.b=1") == '{"a":' + deep + ',"b":1}'
    digits = "7" * 10_000
    assert edited('{"a":' + digits + ',"b":0}', "body.b=1") == '{"a":' + digits + ',"b":1}'
    for broken in ('{"a":0,"b":' + "[" * 100_000, '{"a":0', '{"a":0}{', "\ufeff", "{'a':0}"):
        with pytest.raises(UsageError, match="cannot be edited as JSON"):
            edited(broken, "body.a=1")


def test_a_diff_shows_what_is_written() -> None:
    before = a_dead_letter('{"link":"a\\/b","n":"\\u00C9","tries":1.10}')
    text = edits.diff_messages(before, edits.apply_edits(before, edits.parse_edits(["body.tries=1.1"])))
    assert '   "link": "a\\/b",\n   "n": "\\u00C9",\n-  "tries": 1.10\n+  "tries": 1.1\n' in text
    spaced = a_dead_letter('{"a": 1}')
    assert '-{"a": 1}\n+{"a":1}\n' in edits.diff_messages(
        spaced, edits.apply_edits(spaced, edits.parse_edits(["body='{\"a\":1}'"]))
    )


def test_what_is_taken_out_of_a_record_is_sent_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The payload in an on-failure record goes back to its function character by character."""
    payload = '{"url":"https:\\/\\/x.example","n":1.10, "e":1E5}'
    record = '{"requestContext":{"condition":"x"},"requestPayload": ' + payload + ' ,"version":"1.0"}'
    sent: list[bytes] = []

    def invoke(_aws: Any, _arn: str, event: bytes) -> str:
        sent.append(event)
        return "r"

    monkeypatch.setattr("ops.aws.lambda_.invoke_async", invoke)
    route = FunctionSender(None, "arn")  # type: ignore[arg-type]
    route.send([OutgoingMessage(0, a_dead_letter(record, kind=Kind.DESTINATION))])
    assert sent == [payload.encode()]


# --- any body, any place ----------------------------------------------------------------------------------------------

KEYS = ("a", "b", "c", "k-1", "é", "x y")


class Writer:
    """JSON in a style of its own per value: what no serializer writes, and every parser reads."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def value(self, level: int = 0) -> str:
        kinds = ["scalar"] if level > 3 else ["object", "object", "list", "scalar"]
        kind = self.draw.choice(kinds) if level else "object"
        if kind == "object":
            keys = self.draw.sample(KEYS, self.draw.randint(0, 4))
            return self.group(
                "{}", [f"{self.text(key)}{self.space()}:{self.space()}{self.value(level + 1)}" for key in keys]
            )
        if kind == "list":
            return self.group("[]", [self.value(level + 1) for _ in range(self.draw.randint(0, 3))])
        scalars = [
            "1",
            "-0",
            "1E5",
            "0.1000",
            "1" * 30,
            "true",
            "null",
            '"\\/x"',
            '"\\u003cb"',
            '"\\u003Cb"',
            '"é,:{}[]"',
            '""',
        ]
        return self.draw.choice(scalars)

    def group(self, brackets: str, items: list[str]) -> str:
        inner = ",".join(f"{self.space()}{item}{self.space()}" for item in items) or self.space()
        return f"{brackets[0]}{inner}{brackets[1]}"

    def text(self, key: str) -> str:
        return json.dumps(key, ensure_ascii=self.draw.random() < 0.5)

    def space(self) -> str:
        return self.draw.choice(["", "", "", " ", "\n  ", "\r\n", "\t"])


def places(value: Any, path: str = "body") -> list[tuple[str, Any, Any]]:
    """Every address in a value, with the object or list that holds it and the key."""
    inner: list[tuple[str, Any, Any]]
    if isinstance(value, dict):
        inner = [(f"{path}.{json.dumps(key)}", value, key) for key in value]
    elif isinstance(value, list):
        inner = [(f"{path}[{at}]", value, at) for at in range(len(value))]
    else:
        return []
    return inner + [found for one, holder, key in inner for found in places(holder[key], one)]


@pytest.mark.parametrize("seed", range(150))
def test_an_edit_of_the_text_is_the_edit_of_the_value(seed: int) -> None:
    draw = random.Random(seed)
    body = draw.choice(["", " ", "\ufeff"]) + Writer(draw).value() + draw.choice(["", "\n"])
    value = json.loads(body.removeprefix("\ufeff"))
    new: Any = draw.choice([7, "ü", None, [], {"n": [1, {"m": "x"}]}, 1.5, False])
    known = places(value)
    if not known or draw.random() < 0.2:
        value["added"] = new
        path = "body.added"
    else:
        path, holder, key = draw.choice(known)
        holder[key] = new
    after = edited(body, f"{path}={json.dumps(new)}")
    assert json.loads(after.removeprefix("\ufeff")) == value
    assert untouched(body, after) >= len(body) - longest(body, path), (body, after)


def untouched(before: str, after: str) -> int:
    """Characters of ``before`` that stand in front of and behind the change."""
    head = next(
        (at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
        min(len(before), len(after)),
    )
    rest = before[head:][::-1], after[head:][::-1]
    tail = next((at for at, pair in enumerate(zip(*rest, strict=False)) if pair[0] != pair[1]), min(map(len, rest)))
    return head + tail


def longest(body: str, path: str) -> int:
    """Length of the text of the value that ``path`` addresses; of a key to add, what an empty object has within it."""
    part = json_roundtrip.parse_document(body)
    for step in json_path.parse_path(path)[1:]:
        members = json_roundtrip.parse_members(body, part)
        named = (
            [member for member in members if member.key == step.value] if step.kind == "key" else [members[step.value]]
        )
        if not named:
            return part.end - part.start if not members else 0
        part = named[-1]
    return part.end - part.start


@pytest.mark.parametrize("seed", range(150))
def test_a_merge_of_the_text_is_the_merge_of_the_value(seed: int) -> None:
    draw = random.Random(1_000 + seed)
    body = Writer(draw).value()
    patch = json.loads(Writer(draw).value())
    assert json.loads(edited(body, patch=json.dumps(patch))) == merge(json.loads(body), patch)


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, word for word."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merge(target.get(name), value)
    return target
