"""Edits: what is asked for changes, and nothing else does."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ops.deadletters.edits import edits
from ops.deadletters.messages.model import Attribute
from ops.deadletters.plan_model import Edit
from ops.errors import UsageError
from tests.factories import a_dead_letter


def edited(body: str, *expressions: str, patch: str | None = None) -> str:
    return edits.apply_edits(a_dead_letter(body), edits.parse_edits(expressions, patch)).body


@pytest.mark.parametrize(
    ("expression", "path", "value"),
    [
        ("body.params.alpha=0.1", "body.params.alpha", 0.1),
        ("body.kind=train", "body.kind", "train"),
        ("body.kind='train'", "body.kind", "train"),
        ("body.kind= 'it\\'s' ", "body.kind", "it's"),
        ("body.kind='a' or 'b'", "body.kind", "'a' or 'b'"),
        ("body.n=`0.1`", "body.n", 0.1),
        ("body.n=`x`", "body.n", "x"),
        ("body.kind=a=b", "body.kind", "a=b"),
        ('body.kind="5"', "body.kind", "5"),
        ("body.x=null", "body.x", None),
        ("body.x=NaN", "body.x", "NaN"),
        ("body.x=", "body.x", ""),
        ('body.x={"a": [1]}', "body.x", {"a": [1]}),
        ("body.items[?id=='7'].x=1", "body.items[?id=='7'].x", 1),
        ('body."a=b".c=1', 'body."a=b".c', 1),
        ("attributes.Tenant-Id=blue", "attributes.Tenant-Id", "blue"),
    ],
)
def test_what_was_typed(expression: str, path: str, value: Any) -> None:
    assert edits.parse_edits([expression]) == (Edit(path, value),)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("body.alpha", "is not a valid edit"),
        ("system.SentTimestamp=1", "is not a path in the body, nor an attribute"),
        ("params.alpha=1", "is not a path in the body, nor an attribute"),
        ("=1", "is not a valid path"),
        ("body.a-b=1", "at character 7"),
        ("length(body)=1", "is an expression, not a path that can be set"),
        ("body.a[].b=1", "is an expression, not a path that can be set"),
        ("attributes.=x", "is not a valid name"),
        ("attributes.AWS.x=1", "is not a valid name"),
        ("attributes.a..b=1", "is not a valid name"),
        ("attributes.x=", "would be empty"),
    ],
)
def test_what_cannot_be_meant(expression: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        edits.parse_edits([expression])
    assert caught.value.next_step


def test_a_merge_patch_that_is_no_json() -> None:
    with pytest.raises(UsageError, match="merge patch is not valid JSON"):
        edits.parse_edits([], "{alpha: 1}")
    with pytest.raises(UsageError, match="merge patch is not valid JSON"):
        edits.parse_edits([], "[" * 100_000)


@pytest.mark.parametrize(
    ("expression", "before", "after"),
    [
        ("body.p.a=0.1", '{"p": {"a": 1, "b": 2}}', '{"p": {"a": 0.1, "b": 2}}'),
        ("body.p.new=1", '{"p": {"a": 1}}', '{"p": {"a": 1, "new": 1}}'),
        ("body.l[0]=9", '{"l": [1, 2]}', '{"l": [9, 2]}'),
        ("body.l[-1].x=9", '{"l": [{"x": 1}, {"x": 2}]}', '{"l": [{"x": 1}, {"x": 9}]}'),
        ("body.l[*].x=9", '{"l": [{"x": 1}, {"y": 2}]}', '{"l": [{"x": 9}, {"y": 2, "x": 9}]}'),
        ("body.l[1:].x=9", '{"l": [{"x": 1}, {"x": 2}]}', '{"l": [{"x": 1}, {"x": 9}]}'),
        ("body.l[?k=='b'].x=9", '{"l": [{"k": "a"}, {"k": "b", "x": 0}]}', '{"l": [{"k": "a"}, {"k": "b", "x": 9}]}'),
        ("body.o.*.x=9", '{"o": {"a": {"x": 1}, "b": {"x": 2}}}', '{"o": {"a": {"x": 9}, "b": {"x": 9}}}'),
        ("body[*][0]=9", "[[1, 2], [3]]", "[[9, 2], [9]]"),
        ("body=fixed", "{not json", "fixed"),
        ('body={"a": 1}', "{not json", '{"a": 1}'),
    ],
)
def test_a_place_is_set(expression: str, before: str, after: str) -> None:
    assert edited(before, expression) == after


@pytest.mark.parametrize(
    ("expression", "body", "says"),
    [
        ("body.params.alpha=1", '{"kind": "a"}', "body.params was not found"),
        ("body.kind.alpha=1", '{"kind": "a"}', "body.kind is a text, not an object"),
        ("body.kind.alpha=1", '{"kind": true}', "body.kind is true or false"),
        ("body.l[2]=1", '{"l": [1, 2]}', r"body.l\[2\] was not found: the list has 2 items"),
        ("body.l[0]=1", '{"l": {"a": 1}}', "body.l is an object, not a list"),
        ("body.l[*].x=1", '{"l": []}', "matches nothing"),
        ("body.l[?k=='b'].x=9", '{"l": [{"k": "a"}]}', "matches nothing"),
        ("body.l[?sum(k)].x=9", '{"l": [{"k": "a"}]}', "condition of a path failed"),
        ("body.a=1", "{not json", "cannot be edited as JSON"),
        ("body.a=1", "", "cannot be edited as JSON"),
        ("body.a=1", "[1]", "body is a list, not an object"),
        ("body.a=1", "[" * 50_000, "nested too deeply"),
    ],
)
def test_an_edit_that_does_not_fit(expression: str, body: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        edited(body, expression)
    assert caught.value.next_step


@pytest.mark.parametrize(
    "body",
    [
        '{"a": 1.10, "big": 12345678901234567890123, "e": 1e5, "pi": 3.14159265358979323846264338327950288, "x": 0}',
        '{"a":1.10,"z":[],"o":{},"x":0}',
        '{"text": "ä \\n \\u0001 🎈", "x": 0}',
        '{"text": "\\u00e4", "x": 0}',
        '{"text":"\\u00e4 \\ud83c","x":0}',
        '{"nan": NaN, "inf": -Infinity, "x": 0}',
    ],
)
def test_the_rest_of_a_body_stays_as_it_was(body: str) -> None:
    assert edited(body, "body.x=1") == body[: -len("0}")] + "1}"


def test_a_lone_surrogate_stays_escaped() -> None:
    after = edited('{"text": "ä", "x": 0}', 'body.x="\\ud800"')
    assert after.encode() and json.loads(after)["x"] == "\ud800"


def test_edits_follow_one_another_and_the_patch_comes_first() -> None:
    body = '{"params": {"alpha": 1, "old": 1}, "kind": "a"}'
    patch = '{"params": {"old": null, "beta": {"c": 1}}}'
    assert json.loads(edited(body, "body.params.beta.c=2", "body.kind=b", patch=patch)) == {
        "params": {"alpha": 1, "beta": {"c": 2}},
        "kind": "b",
    }
    assert edited('{"a": 1}', patch="[1]") == "[1]"
    assert edited("[]", patch='{"a": {"b": null}}') == '{"a": {}}'


def test_attributes_keep_their_types() -> None:
    has = {
        "Tenant": Attribute("String.customer", "blue"),
        "Tries": Attribute("Number", "3"),
        "Key": Attribute("Binary", base64.b64encode(b"\x00\xff").decode()),
        "Old": Attribute("String", "x"),
    }
    asked = edits.parse_edits(
        [
            "attributes.Tenant=7",
            "attributes.Tries=4",
            "attributes.Key=AAE=",
            "attributes.Old=null",
            "attributes.New=1.5",
        ]
    )
    before = a_dead_letter(attributes=has)
    after = edits.apply_edits(before, asked)
    assert after.attributes == {
        "Tenant": Attribute("String.customer", "7"),
        "Tries": Attribute("Number", "4"),
        "Key": Attribute("Binary", "AAE="),
        "New": Attribute("Number", "1.5"),
    }
    assert after.body == before.body
    assert before.attributes == has, "the original is not touched"


@pytest.mark.parametrize(
    ("expression", "says"), [("attributes.Tries=many", "is a number"), ("attributes.Key=?", "is not valid base64")]
)
def test_an_attribute_of_the_wrong_type(expression: str, says: str) -> None:
    has = {"Tries": Attribute("Number", "3"), "Key": Attribute("Binary", "AAE=")}
    with pytest.raises(UsageError, match=says):
        edits.apply_edits(a_dead_letter(attributes=has), edits.parse_edits([expression]))


def test_the_eleventh_attribute_is_refused() -> None:
    has = {f"a{number}": Attribute("String", "x") for number in range(10)}
    with pytest.raises(UsageError, match="would have 11 attributes"):
        edits.apply_edits(a_dead_letter(attributes=has), edits.parse_edits(["attributes.b=1"]))
    swapped = edits.apply_edits(
        a_dead_letter(attributes=has), edits.parse_edits(["attributes.b=1", "attributes.a0=null"])
    )
    assert len(swapped.attributes) == 10


def test_a_diff_shows_what_changes_and_obeys_nothing() -> None:
    before = a_dead_letter(
        '{"kind": "a", "note": "\\u001b[2J\\u202e"}', attributes={"T": Attribute("String", "\x1b]0;x\x07")}
    )
    after = edits.apply_edits(before, edits.parse_edits(["body.kind=b", "attributes.T=y"]))
    text = edits.diff_messages(before, after)
    assert '-  "kind": "a",' in text
    assert '+  "kind": "b",' in text
    assert "-  T (String): \\x1b]0;x\\x07" in text
    assert "+  T (String): y" in text
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert edits.diff_messages(before, before) == ""


def test_a_diff_of_a_body_that_is_no_json() -> None:
    before = a_dead_letter("{broken\r\nsecond")
    text = edits.diff_messages(before, edits.apply_edits(before, edits.parse_edits(["body=whole"])))
    assert "-{broken\\r\n-second\n+whole\n" in text


def test_an_edit_reads_as_it_was_typed() -> None:
    asked = edits.parse_edits(["body.kind=train", "body.x=1"], '{"a": null}')
    assert [edits.describe_edit(edit) for edit in asked] == ['merge patch {"a": null}', 'body.kind="train"', "body.x=1"]
