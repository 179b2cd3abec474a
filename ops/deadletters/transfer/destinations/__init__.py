"""Where letters go: a queue, a function, an event bus or a topic, each behind the same small door (``route.Route``)."""

from ops.deadletters.transfer.destinations.destination import Answer, Parcel, Route
from ops.deadletters.transfer.destinations.resolver import Choice

__all__ = ["Answer", "Choice", "Parcel", "Route"]
