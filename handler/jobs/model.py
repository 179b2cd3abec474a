"""The model that ``train`` writes and ``score`` reads: numbers under a schema version, never a pickle.

``{"schema": 1, "features": [names], "fill": [numbers], "low": […], "high": […], "mean": […], "scale": […],
"coefficients": […], "intercept": number, "centers": [[…]…]}``: a missing feature becomes its ``fill`` (the median seen
in training), is held between ``low`` and ``high`` (so that one gift of 10,000 is no segment of its own), standardised
by ``mean`` and ``scale``, and goes into a logistic regression and to the nearest segment centre. JSON keeps every bit
of a float64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from handler import contract
from handler.errors import UnknownModelSchema, WrongSchema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

VECTORS = ("fill", "low", "high", "mean", "scale", "coefficients")
MAX_CENTERS = 1_000
"""``train`` makes at most 50. Time grows with rows × features × centres."""


class Model:
    def __init__(
        self,
        features: list[str],
        fill: Numbers,
        low: Numbers,
        high: Numbers,
        mean: Numbers,
        scale: Numbers,
        coefficients: Numbers,
        intercept: float,
        centers: Numbers,
    ) -> None:
        self.features = features
        self.fill, self.low, self.high = fill, low, high
        self.mean, self.scale = mean, scale
        self.coefficients, self.intercept = coefficients, intercept
        self.centers = centers

    @classmethod
    def from_document(cls, document: Any) -> Model:
        """The model from parsed JSON. Raises WrongSchema, and UnknownModelSchema for a document of another version."""
        if not isinstance(document, dict):
            raise WrongSchema("model must be a model document, or the name of one")
        if document.get("schema") != contract.MODEL_SCHEMA:
            raise UnknownModelSchema(
                f"the model has schema {document.get('schema')!r:.40}; this version reads {contract.MODEL_SCHEMA}"
            )
        features = document.get("features")
        if not isinstance(features, list) or not features or not all(isinstance(name, str) for name in features):
            raise WrongSchema("the model's features must be a list of names")
        fill, low, high, mean, scale, coefficients = (_numbers(document, name, (len(features),)) for name in VECTORS)
        intercept = float(_numbers(document, "intercept", ()))
        centers = _numbers(document, "centers", (-1, len(features)))
        if len(centers) > MAX_CENTERS:
            raise WrongSchema(f"the model has {len(centers)} centers, and {MAX_CENTERS} is the most")
        if not (scale > 0).all():
            raise WrongSchema("the model's scale must be positive")
        return cls(features, fill, low, high, mean, scale, coefficients, intercept, centers)

    def to_document(self) -> dict[str, Any]:
        return {
            "schema": contract.MODEL_SCHEMA,
            "features": self.features,
            **{name: getattr(self, name).tolist() for name in VECTORS},
            "intercept": self.intercept,
            "centers": self.centers.tolist(),
        }

    def standardise(self, matrix: Numbers) -> Numbers:
        """Rows × features, missing values filled in and outliers held."""
        filled = np.where(np.isnan(matrix), self.fill, matrix)
        standard: Numbers = (np.clip(filled, self.low, self.high) - self.mean) / self.scale
        return standard

    def propensity(self, standard: Numbers) -> Numbers:
        """The probability of the outcome, a row each."""
        logit = standard @ self.coefficients + self.intercept
        # Of the two equal forms the one whose exponential cannot overflow.
        small = np.exp(-np.abs(logit))
        result: Numbers = np.where(logit >= 0, 1 / (1 + small), small / (1 + small))
        return result

    def segment(self, standard: Numbers) -> NDArray[np.intp]:
        """The number of the nearest centre, a row each; centre by centre, so that memory stays rows × features."""
        nearest = np.zeros(len(standard), dtype=np.intp)
        least = np.full(len(standard), np.inf)
        for number, center in enumerate(self.centers):
            distance = ((standard - center) ** 2).sum(axis=1)
            closer = distance < least
            nearest[closer], least[closer] = number, distance[closer]
        return nearest


def _numbers(document: dict[str, Any], name: str, shape: tuple[int, ...]) -> Numbers:
    try:
        found = np.array(document.get(name), dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise WrongSchema(f"the model's {name} must be numbers") from error
    fits = found.ndim == len(shape) and all(want in (-1, have) for want, have in zip(shape, found.shape, strict=True))
    if not fits or found.size == 0 or not np.isfinite(found).all():
        raise WrongSchema(f"the model's {name} does not fit its {len(document['features'])} features")
    return found
