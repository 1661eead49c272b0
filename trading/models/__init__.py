"""What is done about a signal: accounts, subscriptions, receipts, orders, fills, positions."""

from trading.domain.orders import OrderStatus
from trading.models.accounts import AccountBudget, AccountState, EquityPoint, ExchangeAccount
from trading.models.approvals import Approval, ApprovalDecision
from trading.models.books import Fill, FillKey, Position, Trade, VirtualPosition
from trading.models.calendars import MarketCalendar, MarketWindow
from trading.models.connecting import AccountCheck, AccountEvent, CheckOutcome
from trading.models.copying import (
    CopyExecution,
    CopyMode,
    CopySettings,
    CopySubscription,
    ExecutionKey,
    ExecutionOutcome,
    LeverageMode,
    SignalFanout,
    StopWay,
    SubscriptionStatus,
)
from trading.models.divergences import (
    Divergence,
    DivergenceAction,
    DivergenceKind,
    Reconciliation,
)
from trading.models.egress import Egress
from trading.models.flatten import FlattenLeg, LegState
from trading.models.health import AccountEgress, VenueHealth
from trading.models.key_guards import KeyGuard, KeyRotation
from trading.models.kill import KillEffect, KillEvent, KillScope, KillSwitch
from trading.models.limits import LimitFields, LimitScope, RiskLimits
from trading.models.masters import (
    MasterAccount,
    MasterExit,
    MasterFill,
    MasterLeverage,
    MasterMove,
    MasterRemainder,
    MasterState,
    MoveState,
)
from trading.models.money import MoneyMovement, WalletMark
from trading.models.orders import (
    AttemptOutcome,
    LookFinding,
    Order,
    OrderAttempt,
    OrderEvent,
    OrderInDoubt,
    OrderLook,
    Origin,
)
from trading.models.recovery import Recovery
from trading.models.repairs import Repair, RepairCause
from trading.models.streams import (
    AccountStream,
    ExternalFill,
    ExternalOrder,
    ExternalPosition,
    StreamState,
)
from trading.models.venue_settings import SettingState, VenueSetting
from trading.models.venues import Instrument, InstrumentQuote, Venue

__all__ = [
    "AccountBudget",
    "AccountCheck",
    "AccountEgress",
    "AccountEvent",
    "AccountState",
    "AccountStream",
    "Approval",
    "ApprovalDecision",
    "AttemptOutcome",
    "CheckOutcome",
    "CopyExecution",
    "CopyMode",
    "CopySettings",
    "CopySubscription",
    "Divergence",
    "DivergenceAction",
    "DivergenceKind",
    "Egress",
    "EquityPoint",
    "ExchangeAccount",
    "ExecutionKey",
    "ExecutionOutcome",
    "ExternalFill",
    "ExternalOrder",
    "ExternalPosition",
    "Fill",
    "FillKey",
    "FlattenLeg",
    "Instrument",
    "InstrumentQuote",
    "KeyGuard",
    "KeyRotation",
    "KillEffect",
    "KillEvent",
    "KillScope",
    "KillSwitch",
    "LegState",
    "LeverageMode",
    "LimitFields",
    "LimitScope",
    "LookFinding",
    "MarketCalendar",
    "MarketWindow",
    "Order",
    "MasterAccount",
    "MasterExit",
    "MasterFill",
    "MasterLeverage",
    "MasterMove",
    "MasterRemainder",
    "MasterState",
    "MoneyMovement",
    "MoveState",
    "OrderAttempt",
    "OrderEvent",
    "OrderInDoubt",
    "OrderLook",
    "OrderStatus",
    "Origin",
    "Position",
    "Reconciliation",
    "Recovery",
    "Repair",
    "RepairCause",
    "RiskLimits",
    "SettingState",
    "SignalFanout",
    "StopWay",
    "StreamState",
    "SubscriptionStatus",
    "Trade",
    "Venue",
    "VenueHealth",
    "VenueSetting",
    "VirtualPosition",
    "WalletMark",
]
