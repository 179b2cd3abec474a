"""Random filters over random messages: SQLite's answer together with Python's check is jmespath's own answer.

The expected answer is jmespath's, over a document that this test makes itself; nothing of the compiler is in it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import jmespath
import jmespath.functions
import jmespath.visitor
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from ops.aws.sqs import Attribute, Message
from ops.deadletters.messages.model import Cause, Place
from ops.deadletters.messages.parse import parse_message
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot

Method = TypeVar("Method", bound=Callable[..., bool])

NAMES = ["kind", "n", "params", "größe", "it's", "a b"]
WORDS = ["", "x", "train", "a train", "Train", "10", "it's", "ü", "100%", "\\", '"', "\0", "🚂", "x" * 250]
NUMBERS = [0, 1, -1, 10, 0.5, -0.0, 1e300, 2**53 + 1, 2**63, 12345678901234567890]
CAUSE = Cause("KeyError", "no key 'train'", job_kind="train", fingerprint="0123456789")

numbers = st.sampled_from(NUMBERS) | st.integers(-20, 20) | st.floats(allow_nan=False, allow_infinity=False)
words = st.sampled_from(WORDS) | st.text(max_size=5)
scalars = st.none() | st.booleans() | numbers | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Mostly JSON objects as producers write them; some with so much beside that the snapshot keeps an outline."""
    if draw(st.integers(0, 9)) == 0:
        return draw(
            st.sampled_from(["", "train", "{", '{"kind": "x", "kind": "train"}', '{"n": NaN}', "7", "\ufeff{}"])
        )
    value = draw(st.dictionaries(st.sampled_from(NAMES), values, max_size=5) | values)
    if isinstance(value, dict) and draw(st.booleans()):
        value["rest"] = [0] * 300
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


attributes = st.dictionaries(
    st.sampled_from(["Tenant", "Größe"]), words.filter(lambda word: "\0" not in word), max_size=2
)


def quoted(name: str) -> str:
    return name if name.isascii() and name.isalnum() else json.dumps(name, ensure_ascii=False)


@st.composite
def paths(draw: st.DrawFn) -> str:
    root = draw(
        st.sampled_from(
            ["body"] * 6
            + ["text", "kind", "attributes.Tenant", 'attributes."Größe"', "system.ApproximateReceiveCount"]
            + ["cause.error_type", "cause.error_message", "cause.job_kind", "cause.label"]
        )
    )
    if root != "body":
        return root
    step = st.sampled_from([f".{quoted(name)}" for name in NAMES] * 3 + ["[0]", "[-1]", "[1]"])
    return root + "".join(draw(st.lists(step, max_size=3)))


def literal(value: Any) -> str:
    """As a filter writes it: text in quotes where that can hold it, else JSON in backquotes."""
    if isinstance(value, str) and "'" not in value and "\\" not in value:
        return f"'{value}'"
    return "`" + json.dumps(value).replace("`", "\\`") + "`"


literals = scalars.map(literal)
comparisons = st.builds(
    lambda left, sign, right, turned: f"{right} {sign} {left}" if turned else f"{left} {sign} {right}",
    paths(),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    literals,
    st.booleans(),
)
calls = st.builds(
    lambda name, path, word: f"{name}({path}, {literal(word)})",
    st.sampled_from(["contains", "starts_with", "ends_with"]),
    paths(),
    words,
)
projections = st.builds(
    lambda path, name, value, counted: (
        f"length({path}[?{quoted(name)} == {value}]) > `0`" if counted else f"{path}[?{quoted(name)} == {value}]"
    ),
    paths(),
    st.sampled_from(NAMES),
    literals,
    st.booleans(),
)
filters = st.recursive(
    paths() | comparisons | calls | projections,
    lambda inner: (
        st.builds(lambda one: f"!({one})", inner)
        | st.builds(lambda one, word, other: f"({one}) {word} ({other})", inner, st.sampled_from(["&&", "||"]), inner)
    ),
    max_leaves=4,
)


def of_anything(function: Method) -> Method:
    """Declares to jmespath a function of two values of any type."""
    declared: Method = jmespath.functions.signature({"types": []}, {"types": []})(function)
    return declared


class Lenient(jmespath.functions.Functions):  # type: ignore[misc]  # jmespath has no types
    """The three functions that are false of what is not text, where jmespath would raise an error."""

    @of_anything
    def _func_contains(self, subject: Any, search: Any) -> bool:
        return (
            search in subject
            if isinstance(subject, list)
            else isinstance(subject, str) and isinstance(search, str) and search in subject
        )

    @of_anything
    def _func_starts_with(self, search: Any, prefix: Any) -> bool:
        return isinstance(search, str) and search.startswith(prefix)

    @of_anything
    def _func_ends_with(self, search: Any, suffix: Any) -> bool:
        return isinstance(search, str) and search.endswith(suffix)


class Interpreter(jmespath.visitor.TreeInterpreter):  # type: ignore[misc]  # jmespath has no types
    """Orders text and numbers as the specification says, where the library raises TypeError."""

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        if node["value"] not in ("eq", "ne") and isinstance(left, str) != isinstance(right, str):
            return None
        return super().visit_comparator(node, value)


def means(where: str, document: Mapping[str, Any]) -> bool:
    """JMESPath's truth: null, false and what is empty are not true; nor is what raises an error."""
    try:
        parsed = jmespath.compile(where).parsed
        found = Interpreter(jmespath.Options(custom_functions=Lenient())).visit(parsed, document)
    except JMESPathError:
        return False
    return found is not None and found is not False and (isinstance(found, bool | int | float) or len(found) > 0)


def document(message: Message) -> dict[str, Any]:
    def no_constant(name: str) -> None:
        raise ValueError(name)

    try:
        body = json.loads(message.body.removeprefix("\ufeff"), parse_constant=no_constant)
    except ValueError:
        body = None
    cause = {"error_type": CAUSE.error_type, "error_message": CAUSE.error_message, "job_kind": CAUSE.job_kind}
    return {
        "body": body,
        "text": message.body,
        "attributes": {name: attribute.value for name, attribute in message.attributes.items()},
        "system": message.system,
        "kind": "unknown",
        "cause": {**cause, "label": ""},
    }


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    with Snapshot.open(tmp_path_factory.mktemp("filters") / "shelf.db") as snapshot:
        yield snapshot


serial = itertools.count()


@settings(max_examples=200)
@given(
    contents=st.lists(st.tuples(bodies(), attributes), min_size=1, max_size=6),
    wheres=st.lists(filters, min_size=1, max_size=6),
)
def test_sqlite_and_python_together_answer_as_jmespath_does(
    snapshot: Snapshot, contents: list[tuple[str, dict[str, str]]], wheres: list[str]
) -> None:
    messages = [
        Message(
            f"m{next(serial)}",
            "receipt",
            body,
            {name: Attribute("String", value) for name, value in named.items()},
            {"ApproximateReceiveCount": "10"},
        )
        for body, named in contents
    ]
    snapshot.add([parse_message(message) for message in messages], Place.QUEUE)
    snapshot.set_causes((message.message_id, CAUSE) for message in messages)
    ids = tuple(message.message_id for message in messages)
    for where in wheres:
        expected = {message.message_id for message in messages if means(where, document(message))}
        assert set(snapshot.ids(Selection(where=where, ids=ids))) == expected, where
