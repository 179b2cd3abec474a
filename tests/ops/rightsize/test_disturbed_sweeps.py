"""A sweep that AWS refuses in the middle, or that someone else disturbs: what it found stays, and all is put back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fakes.aws import Refusal
from tests.fakes.sized_function import SizedFunction
from tests.ops.rightsize.conftest import Desk

SHORT = ("--memory", "512,1769,3008", "--invocations", "6", "--rounds", "2", "--batch", "1", "--yes")
DENIED = Refusal("AccessDeniedException", "User: arn:aws:iam::111122223333:user/oncall is not authorized", 403)
THROTTLED = Refusal("TooManyRequestsException", "Rate exceeded", 429)


def _at(function: SizedFunction, operation: str, number: int, act: Callable[[], None]) -> Callable[[str], None]:
    """Calls ``act`` before the ``number``-th call of ``operation``."""
    calls = iter(range(1, 10_000))

    def before(called: str) -> None:
        if called.partition("?")[0].endswith(operation) and next(calls) == number:
            act()

    return before


def _refuse(refusal: Refusal) -> Callable[[], None]:
    def act() -> None:
        raise refusal

    return act


@pytest.mark.parametrize("number", [1, 2, 4])
def test_no_permission_in_the_middle_puts_everything_back(desk: Desk, number: int) -> None:
    desk.function.before = _at(desk.function, "/functions/worker/versions", number, _refuse(DENIED))
    code, _, err = desk.rightsize(*SHORT)
    assert code == 3
    assert "lambda:PublishVersion" in err or "not authorized" in err or "may not" in err
    assert desk.function.untouched


@pytest.mark.parametrize("number", [2, 3])
def test_a_refused_change_of_memory_puts_back_the_one_before(desk: Desk, number: int) -> None:
    desk.function.before = _at(desk.function, "PUT /2015-03-31/functions/worker/configuration", number, _refuse(DENIED))
    code, _, err = desk.rightsize(*SHORT)
    assert code == 3
    assert "worker has its former 1,024 MB again (from" in err
    assert desk.function.untouched


def test_no_permission_to_invoke_ends_it_with_what_it_has(desk: Desk) -> None:
    desk.function.before = _at(desk.function, "/invocations", 20, _refuse(DENIED))
    answer = desk.answer(*SHORT, code=1)
    assert answer["stopped"]
    assert sum(row["invocations"] for row in answer["settings"]) == 17
    assert desk.function.untouched


def test_a_throttled_invocation_is_tried_again_and_then_ends_it(desk: Desk, hasten: Callable[[], None]) -> None:
    hasten()
    desk.function.before = _at(desk.function, "/invocations", 9, _refuse(THROTTLED))
    assert desk.answer(*SHORT)["stopped"] is None

    def throttle(operation: str) -> None:
        if "/invocations?Qualifier=ops-rightsize" in operation:
            raise THROTTLED

    desk.function.before = throttle
    answer = desk.answer(*SHORT, code=1)
    assert "throttling" in answer["stopped"]
    assert desk.function.untouched


def test_a_change_by_someone_else_is_kept(desk: Desk) -> None:
    def someone() -> None:
        desk.function.settings["Timeout"] = 60
        desk.function.revision += 1

    desk.function.before = _at(desk.function, "/functions/worker/versions", 2, someone)
    code, _, err = desk.rightsize(*SHORT)
    assert code == 1
    assert "someone else changed the function meanwhile" in err
    assert desk.function.settings == {"Timeout": 60}
    assert desk.function.untouched


def test_memory_that_someone_else_set_is_kept(desk: Desk) -> None:
    def someone() -> None:
        desk.function.memory = 2048
        desk.function.revision += 1

    desk.function.before = _at(desk.function, "/functions/worker/versions", 2, someone)
    code, _, err = desk.rightsize(*SHORT)
    assert code == 1
    assert "worker has 2,048 MB, which is neither the former 1,024 MB nor what the sweep set" in err
    assert desk.function.memory == 2048
    assert list(desk.function.versions) == ["7"]


def test_a_sweep_elsewhere_keeps_this_one_out(desk: Desk) -> None:
    desk.function.aliases["ops-rightsize"] = {
        "Name": "ops-rightsize",
        "FunctionVersion": "$LATEST",
        "Description": "ops rightsize 20261129T1 by anna",
        "RevisionId": "b",
    }
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "worker has an alias ops-rightsize already (ops rightsize 20261129T1 by anna)" in err
    assert desk.function.memories == []
    assert "ops-rightsize" in desk.function.aliases, "it is another one's"
