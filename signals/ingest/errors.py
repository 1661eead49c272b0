"""Why a door refuses a message. All of them are the sender's to mend: 4xx, never 5xx."""

from __future__ import annotations

from mimic.core.errors import MimicError, TooManyRequests


class AlertRefused(MimicError):
    """Base of what is kept in the inbox with its reason (the sender was authenticated)."""

    code = "alert.refused"
    status = 422
    title = "The alert cannot be taken"


class AlertUnreadable(AlertRefused):
    code = "alert.unreadable"
    status = 400
    title = "The alert cannot be read"


class AlertFieldMissing(AlertRefused):
    code = "alert.field_missing"
    title = "The alert lacks a field"


class AlertPlaceholder(AlertRefused):
    code = "alert.placeholder"
    title = "The alert has a placeholder that was not filled in"


class AlertFieldInvalid(AlertRefused):
    code = "alert.field_invalid"
    title = "The alert has a field that makes no sense"


class AlertUnknownSymbol(AlertRefused):
    code = "alert.unknown_symbol"
    title = "No venue here trades that symbol"


class StrategyNotActive(AlertRefused):
    code = "alert.strategy_not_active"
    status = 409
    title = "The strategy does not take alerts now"


class DoorRefused(MimicError):
    """Not authenticated. One answer whatever was wrong, so that nothing can be probed."""

    code = "door.unauthenticated"
    status = 401
    title = "The alert is not authenticated"


class AddressNotListed(DoorRefused):
    """Not from WEBHOOK_IPS. Operators see this code; the sender is told what strangers are."""

    code = "door.address"


class TooManyFailures(TooManyRequests):
    """Nothing from this address was authenticated, and it goes on. Nothing more is kept of it."""

    code, title = "door.too_many_failures", "Too many unauthenticated alerts"


class TooManyAlerts(TooManyRequests):
    """More alerts of one strategy than three minutes may have; this one was not taken."""

    code, title = "alert.too_many", "Too many alerts of this strategy"


class BodyTooLarge(MimicError):
    code = "door.too_large"
    status = 413
    title = "The alert is too large"
