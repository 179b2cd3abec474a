"""``ops forecast``: what it refuses before anything is asked of AWS."""

from __future__ import annotations

import pytest

from ops.cli.app import run


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("--pollers", "20"), "20 is not MIN:MAX."),
        (("--pollers", "2:\x1b[31m9"), "is not MIN:MAX."),
        (("--pollers", "2:" + "9" * 5_000), "is not MIN:MAX."),
        (("--pollers", "2:20", "--maximum-concurrency", "5"), "either a maximum concurrency or provisioned pollers"),
        (("--faster", "0"), "How many times as fast the job is is 0.01 to 1,000, not 0."),
        (("--faster", "nan"), "nan is not a finite number."),
        (("--seconds-per-message", "-1"), "The time per message cannot be -1 s."),
        (("--seconds-per-message", "0"), "The time per message cannot be 0 s."),
        (("--backlog", "1e15"), "The backlog cannot be 1e+15."),
        (("--arrivals", "1e300"), "The arrivals per minute cannot be 1e+300."),
        (("--deadline", "-1"), "--deadline"),
        (("--maximum-concurrency", "1"), "A maximum concurrency is 2 to 1,000, not 1."),
        (("--pollers", "200:2"), "The least pollers are more than the most."),
        (("--pollers", "2:10001"), "The number of provisioned pollers is 2 to 10,000, not 10,001."),
        (("--reserved", "-1"), "--reserved"),
        (("--batch-size", "0"), "A batch size is 1 to 10,000, not 0."),
        (("--batch-size", "10001"), "A batch size is 1 to 10,000, not 10,001."),
        (("--window", "301"), "A batching window (seconds) is 0 to 300, not 301."),
        (("--memory", "127"), "The memory (MB) is 128 to 10,240, not 127."),
        (("--busiest-group", "50"), "The busiest message group is one of how many?"),
        (("--groups", "0"), "--groups"),
        (("--arrivals", "5", "--like-days-ago", "7"), "Arrivals are either given or those of an earlier day."),
        (("--arrivals", "-5"), "--arrivals"),
        (("--like-days-ago", "0"), "--like-days-ago"),
    ],
)
def test_bad_input(given: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", "--queue", "jobs", *given]) == 2
    shown = capsys.readouterr()
    assert error in " ".join(shown.err.split())
    assert "\x1b" not in shown.err.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "Traceback" not in shown.err
