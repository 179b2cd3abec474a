"""Where letters go: a queue, a function, an event bus or a topic, each behind the same small door (``route.Route``)."""

from ops.deadletters.transfer.routes.choice import Choice
from ops.deadletters.transfer.routes.route import Answer, Parcel, Route

__all__ = ["Answer", "Choice", "Parcel", "Route"]
