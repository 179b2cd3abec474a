"""Where letters go: a queue, a function, an event bus or a topic, each behind the same small door (``route.Route``)."""

from ops.deadletters.transfer.destinations.destination import Parcel, Route, SendResult
from ops.deadletters.transfer.destinations.resolver import DestinationResolver

__all__ = ["DestinationResolver", "Parcel", "Route", "SendResult"]
