"""An expression from a link or an option never makes more of a message than fits beside it."""

from __future__ import annotations

import pytest

from ops.deadletters.edits import json_path
from ops.deadletters.filters import jmespath_filter
from ops.errors import UsageError

DOUBLED = "|[@,@]"


@pytest.mark.parametrize(
    "where",
    [
        f"length(to_string(body{DOUBLED * 30})) > `1`",
        f"body{DOUBLED * 7}",
        f"body{'.[@,@]' * 7}",
        f"body{'|{a: @, b: @}' * 7}",
        f"(body|[@]{'|[@[],@[]][]' * 7})[0]",
        f"body[?length(to_string(@{DOUBLED * 30})) > `1`]",
        f"map(&(@{DOUBLED * 30}), body)",
        f"body.a && (text{DOUBLED * 30})",
        f"join(text, [{', '.join(['text'] * 65)}])",
        "to_string([" * 7 + "body" + "])" * 7,
    ],
)
def test_what_doubles_again_and_again_is_refused(where: str) -> None:
    with pytest.raises(UsageError, match="could produce more than 64 copies of a message"):
        jmespath_filter.compile_filter(where)


def test_an_edits_condition_is_held_to_the_same() -> None:
    with pytest.raises(UsageError, match="could produce more than 64 copies of a message"):
        json_path.parse_path(f"body.items[?to_string(@{DOUBLED * 30}) == 'x'].n")


@pytest.mark.parametrize(
    "where",
    [
        "body.kind == 'train' && body.params.n > `10`",
        "contains(to_string(body), 'x')",
        "body.items[?price > `10`].{id: id, price: price}[0].id == `1`",
        "[body.a, body.b, body.c] == [`1`, `2`, `3`]",
        "sort_by(body.items, &price)[-1].id == `4`",
        "length(keys(body)) > `3` || length(body.a[].b[].c[]) > `2`",
        " || ".join(f"body.n == `{n}`" for n in range(100)),
    ],
)
def test_filters_as_people_write_them_are_taken(where: str) -> None:
    assert jmespath_filter.compile_filter(where).check({"body": {}, "text": "", "attributes": {}, "system": {}}) in (
        True,
        False,
    )
