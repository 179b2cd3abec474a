"""A filter means the same whether SQLite or Python evaluates it: both are asked about messages of every shape."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest

from ops.aws.sqs import Attribute, Message
from ops.deadletters.filters import jmespath_filter
from ops.deadletters.messages.model import Cause, Place
from ops.deadletters.messages.parse import parse_message
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot, selection_query
from ops.errors import UsageError

BODIES = [
    "",
    "no JSON",
    "null",
    "true",
    "7",
    '"text"',
    "[]",
    "{}",
    '{"kind": "train", "n": 1, "params": {"alpha": 0.5, "on": true, "off": false, "none": null}}',
    '{"kind": "score", "n": 10, "params": {"alpha": 2, "name": ""}, "tags": ["x", "train"], "items": []}',
    '{"kind": 7, "n": "10", "tags": "a train", "items": [{"sku": "A-1", "n": 3}, {"sku": "B-2"}]}',
    '{"kind": "tr\\u0061in", "n": 1.0, "items": [{"sku": "A\\u002d1"}]}',
    '{"\\u006bind": "train"}',
    '{"kind": "train", "kind": "score"}',
    '{"kind": "score", "kind": "train"}',
    '{"n": 12345678901234567890, "kind": "Train"}',
    '{"n": NaN, "kind": "train"}',
    '{"kind": "train\\u0000", "n": -0.0}',
    '{"kind": "train \\ud800"}',
    '{"kind": "train", "note": "\ud800"}',
    "a train \0 in text",
    '{"größe": {"a b": "ü"}, "kind": "TRAIN", "n": 1e400}',
    '{"n": true, "kind": null, "params": [], "tags": {}, "items": {"sku": "A-1"}}',
    "[" * 600 + "]" * 600,
    '[{"kind": "train"}]',
    ' {"kind":"train","n":0} ',
    '{"it\'s": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": "deep"}}}}}}}}}}, "kind": "🚂"}',
    json.dumps({"kind": "train" * 50, "text": {"long": "x" * 300}}),
]
# The same again with so much beside it that the snapshot keeps an outline of them.
BODIES += [f'{body.rstrip()[:-1]}, "rest": {[0] * 400}}}' for body in BODIES if body.startswith(('{"', " {"))]
FILTERS = [
    "body",
    "!body",
    "body.kind",
    "body.kind == 'train'",
    "body.kind != 'train'",
    "'train' == body.kind",
    "!(body.kind == 'train')",
    "body.kind == 'train' && body.n == `1`",
    "body.kind == 'train' || body.n > `5`",
    "body.kind == `7`",
    "body.kind == `null`",
    "body.n == `true`",
    "body.n == `1`",
    "body.n >= `1`",
    "`1` < body.n",
    "body.n < `0.5`",
    "body.n == `12345678901234567890`",
    "body.n > `100000000000000000000000`",
    "body.n < '2'",
    "!(body.n < '2')",
    "!(text < `0`)",
    "body.params",
    "body.params.on",
    "body.params.off",
    "!body.params.none",
    "body.params.on == `true`",
    "body.params.off == `false`",
    "body.params.alpha == `0.5`",
    "body.params.name",
    "body.params.name == ''",
    "body.params == `{}`",
    "body.tags",
    "body.tags[0] == 'x'",
    "body.tags[-1] == 'train'",
    "body[0].kind == 'train'",
    "contains(body.tags, 'train')",
    "contains(body.kind, 'rai')",
    "!contains(body.kind, 'rai')",
    "contains(body.tags, `7`) || body.n == `10`",
    "starts_with(body.kind, 'tr')",
    "ends_with(body.kind, 'in')",
    "body.items[?sku == 'A-1']",
    "body.items[?sku == 'A-1' && n > `2`].n",
    "body.items[?contains(sku, 'A-')] | [0]",
    "length(body.items[?sku == 'A-1']) > `0`",
    "length(body.items) == `0`",
    "length(body.items) >= `0`",
    "body.items[*].sku",
    "body.items.*",
    "not_null(body.kind, 'x') == 'x'",
    'body."größe"."a b" == \'ü\'',
    'body."it\'s"' + ".a" * 9,
    'body."it\'s"' + ".a" * 10 + " == 'deep'",
    'body."it\'s".a.a',
    'body."\\u0000"',
    "body.kind == '🚂'",
    "ends_with(body.kind, 'traintrain')",
    "body.text",
    "body.text.long",
    'body.kind == `"\\ud800"`',
    'contains(text, `"\\udfff"`)',
    "body.rest[399] == `0`",
    "text",
    "text == 'no JSON'",
    "contains(text, 'train')",
    "starts_with(text, 'a')",
    "text > 'n'",
    "attributes",
    "attributes.Tenant",
    "attributes.Tenant == '7'",
    "to_number(attributes.Tenant) > `6`",
    "attributes.Blob != 'AP8='",
    "attributes.None == `null`",
    "attributes.\"Größe\" == '1'",
    "system.ApproximateReceiveCount == '3'",
    "kind == 'unknown'",
    "kind != 'unknown' && body.kind == 'train'",
    "cause.error_type == 'KeyError'",
    "cause.died",
    "starts_with(cause.error_message, 'no')",
    "cause.job_kind && body.n > `0`",
    "@",
    "sort(body.tags)[0] == 'train'",
    "max(body.n)",
    "body.kind == text",
    "[body.kind, kind] | contains(@, 'train')",
    "keys(body)",
    "type(body) == 'object'",
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    attributes = [
        {},
        {"Tenant": Attribute("Number", "7"), "Größe": Attribute("String", "1")},
        {"Tenant": Attribute("String", ""), "Blob": Attribute("Binary", "AP8=")},
    ]
    system = {"SentTimestamp": "1700000000000", "ApproximateReceiveCount": "3"}
    messages = [
        Message(f"m{number}", "r", body, told, system if number % 2 else {})
        for (number, body), told in zip(enumerate(BODIES), itertools.cycle(attributes))
    ]
    snapshot = Snapshot.open(tmp_path_factory.mktemp("snapshot") / "shelf.db")
    snapshot.add([parse_message(message) for message in messages], Place.QUEUE)
    causes = itertools.cycle([Cause("KeyError", "no key", fingerprint="ab"), Cause(job_kind="train"), Cause()])
    snapshot.set_causes([(message.message_id, cause) for message, cause in zip(messages, causes, strict=False)])
    yield snapshot
    snapshot.close()


def test_bodies_with_and_without_an_outline_are_asked(snapshot: Snapshot) -> None:
    outlined = snapshot.connection.execute("SELECT outline IS NOT NULL FROM contents").fetchall()
    assert 10 < outlined.count((1,)) < len(outlined) - 10


@pytest.mark.parametrize("where", FILTERS)
def test_sqlite_and_python_find_the_same(snapshot: Snapshot, where: str) -> None:
    check = jmespath_filter.compile_filter(where).check
    columns = ", ".join(selection_query.DOCUMENT_COLUMNS)
    rows = snapshot.connection.execute(f"SELECT letters.id, {columns} FROM letters JOIN contents USING (n)")  # noqa: S608
    expected = {row[0] for row in rows if check(selection_query.filter_document(row[1:]))}
    assert set(snapshot.ids(Selection(where=where))) == expected


@pytest.mark.parametrize(
    "where",
    [
        " || ".join(["kind"] * 400),
        " && ".join(["kind"] * 5_000),
        "!" * 3_000 + "kind",
        "(" * 1_500 + "kind",
        "body" + "[0]" * 1_300,
        "body" + ".a" * 1_900,
    ],
)
def test_a_filter_that_is_too_long_is_refused(snapshot: Snapshot, where: str) -> None:
    try:
        assert snapshot.count(Selection(where=where)) in (0, len(BODIES))
    except UsageError as refused:
        assert "too long" in str(refused)


@pytest.mark.parametrize("deep", ["(" * 101 + "kind", "!" * 101 + "kind", "{a: " * 101, "body[?" * 101])
def test_a_filter_that_is_nested_too_deeply_is_refused_however_far_python_could_go(deep: str) -> None:
    with pytest.raises(UsageError, match="nested too deeply"):
        jmespath_filter.compile_filter(deep)
    quoted = f"text == '{deep}'"
    assert jmespath_filter.compile_filter(quoted).check({"text": deep})


@pytest.mark.parametrize("where", ["body.kind == 'train'", "contains(body.kind, 'rai')", "body.n > `1`", "text == 'x'"])
def test_what_sqlite_knows_for_sure_python_is_not_asked(where: str) -> None:
    assert jmespath_filter.compile_filter(where).unsure in ("form = 2", "typeof(body) = 'blob'")


@pytest.mark.parametrize(
    ("where", "said", "next_step"),
    [
        ("body.kind ==", "at character 13", "Compare a path"),
        ("body..kind", "at character 6", "Compare a path"),
        ("body.kind == 'x", "at character 14", "Compare a path"),
        ("params.alpha > `1`", "uses 'params' at character 1", "body.params"),
        ("body.items[?sku == 'x'] && tags", "uses 'tags' at character 28", "body.tags"),
        ("body.kind == null", "uses 'null' at character 14", "backquotes"),
        ("lenght(body)", "calls lenght()", "length"),
        ("body.kind = 'x'", "at character 11", "Compare a path"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(snapshot: Snapshot, where: str, said: str, next_step: str) -> None:
    with pytest.raises(UsageError) as caught:
        snapshot.count(Selection(where=where))
    assert said in str(caught.value)
    assert next_step in caught.value.next_step
