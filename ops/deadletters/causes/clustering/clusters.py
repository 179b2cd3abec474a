"""Messages without evidence, clustered by what they look like: TF-IDF and HDBSCAN on the shapes of bodies.

A guess, and labeled as one: messages that look alike need not have failed for the same reason.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.deadletters.causes.clustering.body_features import shape_and_wrapping
from ops.deadletters.causes.clustering.shared_words import alike_in, by_words, core_words
from ops.deadletters.messages.model import Cause
from ops.fingerprints.fingerprint import fingerprint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLUSTER_SOURCE = "guess"
MIN_CLUSTERED = 3
"""Messages that make a group."""
MAX_FITTED = 2_000
DIMENSIONS = 40
MIN_SIMILARITY = 0.6
"""Cosine from which a message that was not fitted belongs to its nearest group."""
MERGE_SIMILARITY = 0.8
"""Cosine of their middles from which two groups are one."""
MAX_MIN_CLUSTER = 10
MAX_LABEL_WORDS = 4
"""Words of a label."""
UNLIKE_OTHERS_LABEL = "no trace in the logs, and unlike the others"
NO_TRACE_LABEL = "no trace in the logs"


@dataclass
class PayloadClusters:
    """Takes bodies one by one and keeps only their shapes, so that their number and size do not matter."""

    _shapes: dict[str, list[str]] = field(default_factory=dict)
    _wrapped: set[str] = field(default_factory=set)
    """Shapes that are a kind of their own, and are not compared with others."""

    def add(self, message_id: str, body: str) -> None:
        shape, wrapped = shape_and_wrapping(body)
        self._shapes.setdefault(shape, []).append(message_id)
        if wrapped:
            self._wrapped.add(shape)

    def causes(self) -> Mapping[str, Cause]:
        """The cause of every message that was added, by message ID: that of its group, or "unlike the others"."""
        total = sum(len(ids) for ids in self._shapes.values())
        if total < MIN_CLUSTERED:
            return {message_id: _unknown(NO_TRACE_LABEL) for ids in self._shapes.values() for message_id in ids}
        shapes = sorted(self._shapes)
        counts = {text: len(ids) for text, ids in self._shapes.items()}
        found: dict[str, Cause] = {}
        for members in self._groups(counts):
            many = sum(counts[text] for text in members) >= MIN_CLUSTERED
            cause = (
                _guess(_label({text: counts[text] for text in members}, shapes))
                if many
                else _unknown(UNLIKE_OTHERS_LABEL)
            )
            found |= {message_id: cause for text in members for message_id in self._shapes[text]}
        unlike = _unknown(UNLIKE_OTHERS_LABEL)
        return {message_id: found.get(message_id, unlike) for ids in self._shapes.values() for message_id in ids}

    def _groups(self, counts: Mapping[str, int]) -> Iterable[list[str]]:
        """Shapes that belong together: what a framework wrote by itself; the others as they are clustered, as far as
        they are alike in anything; and what is left by the words that it shares."""
        yield from ([text] for text in self._wrapped)
        own = sorted(counts.keys() - self._wrapped)
        left: list[str] = []
        for number, members in _clusters(own, counts):
            alike = alike_in(members, counts) if number >= 0 else []
            if alike:
                yield alike
            left += sorted({*members} - {*alike})
        yield from (alike_in(group, counts) for group in by_words(left, counts))


def _guess(label: str) -> Cause:
    return Cause(source=CLUSTER_SOURCE, label=label, fingerprint=fingerprint(CLUSTER_SOURCE, label))


def _unknown(label: str) -> Cause:
    return Cause(label=label)


def _clusters(shapes: list[str], counts: Mapping[str, int]) -> Iterable[tuple[int, list[str]]]:
    """(number of a cluster or -1, its shapes). Up to ``MAX_FITTED`` are fitted, the rest joins its nearest cluster."""
    if len(shapes) < 2:
        labels = [0] * len(shapes)
    elif _can_cluster():
        labels = _clustered(shapes, counts)
    else:
        labels = [-1] * len(shapes)
    for number in sorted(set(labels)):
        yield number, [text for text, label in zip(shapes, labels, strict=True) if label == number]


def _can_cluster() -> bool:
    """Whether scikit-learn (the extra ``causes``) is installed. Without it bodies are grouped by the words that they share."""
    try:
        import sklearn  # noqa: F401 - only whether it can be imported
    except ImportError:
        return False
    return True


def _clustered(shapes: list[str], counts: Mapping[str, int]) -> list[int]:
    import numpy as np
    from sklearn.cluster import HDBSCAN

    vectors = _vectors(shapes)
    chosen = random.Random(0).sample(range(len(shapes)), min(MAX_FITTED, len(shapes)))  # noqa: S311 - a sample, no secret
    size = min(MAX_MIN_CLUSTER, max(MIN_CLUSTERED, len(chosen) // 100))
    # A shape that many messages have is as good as many alike: it stands in for them, so that it is not an outlier.
    rows = [row for row in chosen for _ in range(min(counts[shapes[row]], size))][:MAX_FITTED]
    labels = np.full(len(rows), -1)
    for single in (False, True):
        if (labels < 0).all() and len(rows) >= size:
            fitting = HDBSCAN(min_cluster_size=size, min_samples=MIN_CLUSTERED, allow_single_cluster=single, copy=True)
            labels = fitting.fit(vectors[rows]).labels_
    known = dict(zip(rows, labels.tolist(), strict=True))
    numbers = sorted(set(known.values()) - {-1})
    if not numbers:
        return [-1] * len(shapes)
    centres = np.stack([vectors[[row for row, label in known.items() if label == n]].mean(axis=0) for n in numbers])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    same = _merged(centres @ centres.T)
    likeness = vectors @ centres.T
    best, nearest = likeness.max(axis=1), likeness.argmax(axis=1)
    found = []
    for row in range(len(shapes)):
        at = numbers.index(known[row]) if known.get(row, -1) >= 0 else int(nearest[row])
        found.append(same[at] if known.get(row, -1) >= 0 or best[row] >= MIN_SIMILARITY else -1)
    return found


def _merged(likeness: NDArray[np.float64]) -> list[int]:
    """For each group, the first group that it is close enough to be merged with."""
    same: list[int] = []
    for at in range(len(likeness)):
        same.append(next((same[earlier] for earlier in range(at) if likeness[at, earlier] >= MERGE_SIMILARITY), at))
    return same


def _vectors(shapes: list[str]) -> NDArray[np.float64]:
    """One unit vector a shape."""
    import numpy as np
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    sparse: Any = TfidfVectorizer(analyzer=str.split, sublinear_tf=True, max_features=5_000).fit_transform(shapes)
    if sparse.shape[1] > DIMENSIONS < len(shapes):
        dense = TruncatedSVD(DIMENSIONS, random_state=0).fit_transform(sparse)
    else:
        dense = sparse.toarray()
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    unit: NDArray[np.float64] = dense / np.maximum(lengths, 1e-12)
    return unit


def _label(members: Mapping[str, int], shapes: list[str]) -> str:
    """``looks like: kind=score, params.model=s3``: words that most members have and few others do. Some member has all
    of them, so that a label never joins words of different messages."""
    outside = Counter(word for text in shapes if text not in members for word in set(text.split()))
    common = sorted(core_words(members, members), key=lambda word: (outside[word], "=" not in word, word))
    having, words = [set(text.split()) for text in members], list[str]()
    for word in common:
        if len(words) < MAX_LABEL_WORDS and (both := [some for some in having if word in some]):
            having, words = both, [*words, word]
    return f"looks like: {', '.join(sorted(words))}"
