"""A trader's day: the sample figures that the preview and the browser tests draw."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from trading.copying.approvals_selectors import WaitingRow

D = Decimal


@dataclass(frozen=True)
class Position:
    id: int
    symbol: str
    side: str
    leverage: int
    quantity: Decimal
    entry: Decimal
    mark: Decimal
    mark_at: datetime
    pnl: Decimal
    pnl_pct: Decimal
    strategy: str
    account: str
    venue: str


@dataclass(frozen=True)
class Signal:
    public_id: str
    symbol: str
    action: str
    side: str
    leverage: int
    entry: Decimal | None
    stop: Decimal | None
    targets: list[Decimal]
    rr: Decimal | None
    strategy: str
    status: str
    received_at: datetime


@dataclass(frozen=True)
class Receipt:
    public_id: str
    symbol: str
    side: str
    outcome: str
    code: str
    line: str
    quantity: Decimal | None
    strategy: str
    received_at: datetime
    decided_at: datetime | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    total_ms: int | None
    leverage: int = 3
    account: str = "Main paper"
    venue: str = "Paper"
    formula: str = ""
    rounding: str = ""
    inputs: list[SimpleNamespace] = field(default_factory=list)
    caps: list[SimpleNamespace] = field(default_factory=list)
    orders: list[SimpleNamespace] = field(default_factory=list)


def positions(now: datetime) -> list[Position]:
    """Two winners, two losers."""
    rows = (
        ("BTCUSDT", "long", 3, "0.0140", "67880.0", "68402.5", "7.32", "2.31", "Aurora Capital"),
        ("ETHUSDT", "long", 2, "0.420", "3441.2", "3412.8", "-11.93", "-1.65", "Slow Hands"),
        ("SOLUSDT", "short", 2, "4.10", "186.10", "184.22", "7.71", "2.02", "Night Owl"),
        (
            "1000PEPEUSDT",
            "long",
            1,
            "120000",
            "0.0112345",
            "0.0112291",
            "-0.66",
            "-0.17",
            "Delta Nine",
        ),
    )
    return [
        Position(i, s, side, lev, D(q), D(e), D(m), now, D(p), D(pp), who, "Main paper", "Paper")
        for i, (s, side, lev, q, e, m, p, pp, who) in enumerate(rows, start=1)
    ]


def signals(now: datetime) -> list[Signal]:
    """Three opens, one close."""
    return [
        Signal(
            _id(1),
            "BTCUSDT",
            "open",
            "long",
            3,
            D("68420.5"),
            D("67100"),
            [D("71200"), D("72000")],
            D("2.1"),
            "Aurora Capital",
            "pending",
            now - timedelta(seconds=18),
        ),
        Signal(
            _id(2),
            "SOLUSDT",
            "open",
            "short",
            2,
            D("184.22"),
            D("189.40"),
            [D("171.00")],
            D("2.55"),
            "Night Owl",
            "pending",
            now - timedelta(seconds=52),
        ),
        Signal(
            _id(3),
            "ETHUSDT",
            "open",
            "long",
            3,
            D("3412.8"),
            D("3330"),
            [D("3640")],
            D("2.7"),
            "Slow Hands",
            "copied",
            now - timedelta(minutes=7),
        ),
        Signal(
            _id(4),
            "LINKUSDT",
            "close",
            "long",
            1,
            None,
            None,
            [],
            None,
            "Delta Nine",
            "copied",
            now - timedelta(hours=2),
        ),
    ]


def waiting(now: datetime) -> list[WaitingRow]:
    """Two to approve, one of them soon."""
    rows = (
        (1, "Aurora Capital", "BTCUSDT", "long", "0.014", 3, "68420.5", "319.29", 18),
        (2, "Night Owl", "SOLUSDT", "short", "4.1", 2, "184.22", "377.65", 52),
    )
    return [
        WaitingRow(
            1, _id(20 + i), _id(i), _id(30), who, "Main paper", "paper", symbol, side, D(size),
            leverage, D(price), D(margin), D(price), D("1.93"), now - timedelta(seconds=gone),
            now + timedelta(seconds=60 - gone),
        )
        for i, who, symbol, side, size, leverage, price, margin, gone in rows
    ]  # fmt: skip


def receipts(now: datetime) -> list[Receipt]:
    """One of each outcome."""
    rows = (
        (
            "executed",
            "executed",
            "Bought 0.014 BTCUSDT at 67,880.00: 1 % of 12,422.81 at risk, inside every limit.",
            "0.014",
        ),
        ("skipped", "max_open", "Not copied: 5 of 5 positions are open.", None),
        (
            "refused",
            "venue.insufficient_margin",
            "Refused by Binance: not enough free margin (needed 412.00, free 96.18).",
            "4.1",
        ),
        ("pending", "", "Decided; the order is on its way.", "0.42"),
        (
            "failed",
            "stale_price",
            "Not sent: the price was 4 s old when it was this order's turn.",
            None,
        ),
        (
            "unknown",
            "venue.timeout",
            "Sent, but the exchange has not said how it ended; we are asking by client id.",
            "22",
        ),
    )
    start = now - timedelta(minutes=3)
    return [
        Receipt(
            _id(10 + i),
            ("BTCUSDT", "ETHUSDT", "SOLUSDT")[i % 3],
            ("long", "short")[i % 2],
            outcome,
            code,
            line,
            None if q is None else D(q),
            ("Aurora Capital", "Night Owl")[i % 2],
            start - timedelta(minutes=i * 9),
            start + timedelta(milliseconds=38),
            start + timedelta(milliseconds=121),
            start + timedelta(milliseconds=412),
            412 if q else None,
        )
        for i, (outcome, code, line, q) in enumerate(rows)
    ]


def receipt(now: datetime) -> Receipt:
    """The whole of one receipt."""
    at = now - timedelta(minutes=3)
    facts = (
        ("Equity", "12,422.81", "USDT"),
        ("Reference price", "67,880.00", "USDT"),
        ("Stop distance", "1.93", "%"),
        ("Risk", "1", "%"),
        ("Leverage", "3", "x"),
    )
    return Receipt(
        _id(10),
        "BTCUSDT",
        "long",
        "executed",
        "executed",
        receipts(now)[0].line,
        D("0.014"),
        "Aurora Capital",
        at,
        at + timedelta(milliseconds=38),
        at + timedelta(milliseconds=121),
        at + timedelta(milliseconds=412),
        412,
        formula="quantity = equity × risk ÷ stop distance"
        " = 12,422.81 × 1 % ÷ 1,310.00 = 0.09483061",
        rounding="0.01408 → 0.014 (step 0.001, down)",
        inputs=[SimpleNamespace(label=a, value=b, unit=c) for a, b, c in facts],
        caps=[
            SimpleNamespace(
                label="Max position",
                limit=D("0.01830112"),
                before=D("0.09483061"),
                after=D("0.01830112"),
            ),
            SimpleNamespace(
                label="Max exposure", limit=D("0.01408"), before=D("0.01830112"), after=D("0.01408")
            ),
            SimpleNamespace(
                label="Free margin", limit=D("0.21"), before=D("0.01408"), after=D("0.01408")
            ),
        ],
        orders=[
            SimpleNamespace(
                client_id="mm1-0198f2c4a1b27",
                status="filled",
                status_label="Filled",
                quantity=D("0.014"),
                filled=D("0.014"),
                average_price=D("67880.00"),
                message="Filled in 2 trades",
            )
        ],
    )


def home(now: datetime) -> dict[str, object]:
    """The home context of a trader with everything going on."""
    limits = (
        ("Drawdown", "3.1", "10", "31", "%"),
        ("Exposure", "4120", "5000", "82.4", "USDT"),
        ("Daily loss", "12", "250", "4.8", "USDT"),
    )
    return {
        "mode": "paper",
        "section": "home",
        "panic_url": "/panic",
        "summary": SimpleNamespace(
            equity=D("12422.81"),
            currency="USDT",
            today=D("46.12"),
            today_pct=D("0.37"),
            open_pnl=D("2.44"),
            open_count=4,
            drawdown_pct=D("3.1"),
            drawdown_limit_pct=D("10"),
        ),
        "positions": positions(now),
        "signals": signals(now),
        "waiting": waiting(now),
        "consent_version": 1,
        "receipts": receipts(now),
        "risk": [
            SimpleNamespace(label=a, used=D(b), limit=D(c), percent=D(d), unit=e)
            for a, b, c, d, e in limits
        ],
        "accounts": [
            SimpleNamespace(label="Main paper", venue="Paper", kind="paper", state="Ready"),
            SimpleNamespace(
                label="Futures", venue="Binance USD-M", kind="live", state="Checked 2 min ago"
            ),
        ],
        "equity_url": "/equity.json",
    }


def empty_home() -> dict[str, object]:
    """The home context of somebody who has just signed up."""
    nothing = dict.fromkeys(
        ("equity", "today", "today_pct", "open_pnl", "drawdown_pct", "drawdown_limit_pct")
    )
    return {
        "mode": "paper",
        "section": "home",
        "panic_url": "",
        "onboarding": SimpleNamespace(step=1, paper=False, strategy="", receipt=None),
        "summary": SimpleNamespace(currency="USDT", open_count=0, **nothing),
        "positions": [],
        "signals": [],
        "waiting": [],
        "receipts": [],
        "risk": [],
        "accounts": [],
        "equity_url": "",
    }


def style() -> dict[str, object]:
    """Figures of the style page."""
    limits = (
        ("Drawdown", "3", "10", "30"),
        ("Exposure", "4120", "5000", "82"),
        ("Daily loss", "250", "250", "100"),
    )
    return {
        "mode": "live",
        "style": SimpleNamespace(
            gain=D("46.12"),
            loss=D("-11.93"),
            zero=D("0"),
            amount=D("12422.815"),
            none=None,
            limits=[
                SimpleNamespace(label=a, used=D(b), limit=D(c), percent=D(d), unit="")
                for a, b, c, d in limits
            ],
        ),
    }


def equity(now: datetime) -> list[list[object]]:
    """120 days of a curve as the page's JSON: ``[[epoch seconds, "value"], …]``."""
    start = now.astimezone(UTC) - timedelta(days=119)
    return [
        [
            int((start + timedelta(days=day)).timestamp()),
            f"{11800 + day * 5.2 + 60 * math.sin(day / 6):.2f}",
        ]
        for day in range(120)
    ]


def _id(number: int) -> str:
    return f"0198f2c4-0000-7000-8000-{number:012d}"
