"""Which messages are of one cause: codes and names of things tell causes apart, data does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.deadletters import causes
from ops.deadletters.messages.model import Place
from ops.deadletters.snapshot import Snapshot
from ops.fingerprints.fingerprint import clipped, common_label, fingerprint, normalize_message
from tests.cases.causes.fingerprints.different import DIFFERENT
from tests.cases.causes.fingerprints.same import SAME
from tests.fakes.logs import a_source, rejected


@pytest.mark.parametrize(("one", "other"), SAME)
def test_data_does_not_make_another_cause(one: str, other: str) -> None:
    assert normalize_message(one) == normalize_message(other)


@pytest.mark.parametrize("messages", DIFFERENT)
def test_codes_and_names_tell_causes_apart(messages: tuple[str, ...]) -> None:
    assert len({fingerprint("E", message) for message in messages}) == len(messages)


LONG = "while handling " + "a very long request " * 500


def test_both_ends_of_a_long_message_decide_and_are_kept() -> None:
    kept = clipped(f"{LONG}: access denied", 2_000)
    assert len(kept) <= 2_000
    assert kept.startswith("while handling") and kept.endswith("access denied")
    assert clipped(kept, 2_000) == kept
    assert common_label([f"{LONG}: access denied", f"{LONG}: access denied "]).endswith("access denied")


@pytest.mark.parametrize(
    ("messages", "label"),
    [
        (["status code 503 for order 7", "status code 503 for order 8"], "status code 503 for order …"),
        (["user alice has no mailbox", "user bob has no mailbox"], "user … has no mailbox"),
        (["no 'x' in s3://b/k", "no 'y' in s3://b/k"], "no '…' in s3://b/k"),
        (["missing: ['a'] of s3://b/k", "missing: ['a', 'b'] of s3://b/k"], "missing: […] of s3://b/k"),
    ],
)
def test_a_label_shows_what_is_common(messages: list[str], label: str) -> None:
    assert common_label(messages) == label


# --- what a group holds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "values", "groups"),
    [
        ("vendor said {} for order 17", ["4711", "4712", "4790"], 3),
        ("payment refused, code '{}'", ["51", "05"], 2),
        ("gateway answered {}", [str(number) for number in range(5_000, 5_300)], 1),
        ("gave up after attempt {}", ["1", "2", "3"], 1),
        ("waited {} ms", ["100", "200", "300"], 1),
        ("no job of kind '{}'", ["cluster", "segment", "forecast"], 1),
        ("tenant {} is over its limit", ["acme", "globex"], 1),
    ],
)
def test_a_part_that_takes_few_values_divides_a_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, values: list[str], groups: int
) -> None:
    letters = [rejected(number, "E", template.format(values[number % len(values)])) for number in range(300)]
    with a_source(tmp_path, monkeypatch, letters) as (here, _):
        found = causes.explain_causes(here).groups
        assert len(found) == groups
        assert {group.messages for group in found} == {300 // groups}
        if groups > 1:
            assert {group.label for group in found} == {template.format(value) for value in values}


def test_a_divided_group_stays_divided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few messages that come later join the part that they belong to."""
    letters = [rejected(number, "E", f"vendor said {4711 + number % 2}") for number in range(60)]
    with a_source(tmp_path, monkeypatch, letters) as (here, _):
        before = {group.label: group.fingerprint for group in causes.explain_causes(here).groups}
        with Snapshot.open(here) as snapshot:
            snapshot.add([rejected(100, "E", "vendor said 4711"), rejected(101, "E", "vendor said 9")], Place.QUEUE)
        after = {group.label: (group.fingerprint, group.messages) for group in causes.explain_causes(here).groups}
    assert after["vendor said 4711"] == (before["vendor said 4711"], 31)
    assert after["vendor said 4712"] == (before["vendor said 4712"], 30)
    assert after["vendor said 9"][1] == 1


@pytest.mark.parametrize(
    "names",
    [
        ("requests.exceptions.HTTPError", "HTTPError"),
        ("Function<Faraday::ServerError>", "Faraday::ServerError"),
        ("App\\Errors\\Upstream", "Upstream"),
        ("java.lang.IllegalStateException", "IllegalStateException"),
    ],
)
def test_a_type_is_the_same_with_its_package_and_without(names: tuple[str, str]) -> None:
    assert len({fingerprint(name, "no", "a.py:1 f") for name in names}) == 1
    assert fingerprint(names[0], "no") != fingerprint("Other", "no")
