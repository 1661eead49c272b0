"""What was said: providers, their strategies, raw messages and the signals they became."""

from signals.models.inbox import InboxKey, InboxMessage, Verdict
from signals.models.providers import OnOpposite, Provider, Strategy
from signals.models.signal import Action, Direction, Signal, SignalStatus
from signals.models.strays import StrayMessage

__all__ = [
    "Action",
    "Direction",
    "InboxKey",
    "InboxMessage",
    "OnOpposite",
    "Provider",
    "Signal",
    "SignalStatus",
    "StrayMessage",
    "Strategy",
    "Verdict",
]
