"""Stops and targets: conditional ones and such that cancel each other. Placed, moved, taken out.

None is triggered here, and none ends with its position: nobody asks that of this simulator.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from tests.simulators.okx.calls import Call
from tests.simulators.okx.errors import refusal
from tests.simulators.okx.venue import Venue
from tests.simulators.swaps.calls import Json

KINDS = ("conditional", "oco")
_TRIGGERS = ("slTriggerPx", "tpTriggerPx")
_NEW = {"slTriggerPx": "newSlTriggerPx", "tpTriggerPx": "newTpTriggerPx"}


def place(venue: Venue, call: Call) -> list[Json]:
    """Raises 51000, 51001."""
    told, account, now = call.parameters, call.account, str(venue.clock.now())
    venue.market(str(told.get("instId", "")))
    if told.get("ordType") not in KINDS or not any(told.get(name) for name in _TRIGGERS):
        raise refusal("51000", "ordType")
    sides = ("long", "short") if account.hedge else ("net",)
    if told.get("posSide", "net") not in sides or told.get("side") not in ("buy", "sell"):
        raise refusal("51000", "side")
    number = str(next(venue.order_ids))
    account.algos[number] = {
        "algoId": number,
        "algoClOrdId": str(told.get("algoClOrdId", "")),
        "instId": told["instId"],
        "instType": "SWAP",
        "ordType": told["ordType"],
        "side": told["side"],
        "posSide": told.get("posSide", "net"),
        "sz": str(told.get("sz", "")),
        "closeFraction": str(told.get("closeFraction", "")),
        "reduceOnly": "true" if told.get("reduceOnly") in (True, "true") else "false",
        **{name: _price(told, name) for name in _TRIGGERS},
        "state": "live",
        "cTime": now,
        "uTime": now,
    }
    return [_told(number)]


def amend(venue: Venue, call: Call) -> list[Json]:
    """New triggers; those that are not named stay. Raises 51603."""
    row = _named(call, call.parameters)
    moved = {name: _price(call.parameters, new) or row[name] for name, new in _NEW.items()}
    row |= {**moved, "uTime": str(venue.clock.now())}
    return [_told(row["algoId"])]


def cancel(venue: Venue, call: Call) -> list[Json]:
    numbers = [_named(call, item)["algoId"] for item in call.items]
    for number in numbers:
        del call.account.algos[number]
    return [_told(number) for number in numbers]


def waiting(venue: Venue, call: Call) -> list[Json]:
    """Newest first; both kinds may be asked for at once. Raises 51000."""
    asked = call.parameters.get("ordType", "").split(",")
    if not set(asked) <= set(KINDS):
        raise refusal("51000", "ordType")
    after = call.parameters.get("after", "")
    rows = sorted(call.account.algos.values(), key=lambda row: -int(row["algoId"]))
    older = [row for row in rows if not after or int(row["algoId"]) < int(after)]
    return [row for row in older if row["ordType"] in asked][:100]


def _named(call: Call, told: Json) -> Json:
    row: Json | None = call.account.algos.get(str(told.get("algoId", "")))
    if row is None:
        raise refusal("51603")
    return row


def _told(number: str) -> Json:
    return {"algoId": number, "algoClOrdId": "", "sCode": "0", "sMsg": "", "tag": ""}


def _price(told: Json, name: str) -> str:
    text = str(told.get(name) or "")
    try:
        if text and not Decimal(text).is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise refusal("51000", name) from None
    return text
