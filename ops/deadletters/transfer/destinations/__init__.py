"""Where messages are sent to: a queue, a function, an event bus or a topic, each behind a ``DestinationSender``."""

from ops.deadletters.transfer.destinations.destination import DestinationSender, OutgoingMessage, SendResult
from ops.deadletters.transfer.destinations.resolver import DestinationResolver

__all__ = ["DestinationResolver", "DestinationSender", "OutgoingMessage", "SendResult"]
