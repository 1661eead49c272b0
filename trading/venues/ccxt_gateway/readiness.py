"""Orders on their way out: in the venue's unit and steps, or refused before a byte left."""

from __future__ import annotations

import re
from dataclasses import replace

from trading.domain.ports import OrderRequest, SendResult
from trading.venues.ccxt_gateway import answers
from trading.venues.ccxt_gateway.catalogue import Catalogue
from trading.venues.dialect import LackingDialect
from trading.venues.listing import Listing

Ready = tuple[OrderRequest, Listing]

_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,32}")  # the alphabet that is legal at every venue


def ready(
    order: OrderRequest, catalogue: Catalogue, lacking: LackingDialect | None
) -> Ready | SendResult:
    """The order in the venue's unit with its listing, or the refusal."""
    if lacking is not None and (code := lacking.lacks(order)):
        return answers.refused_here(code, "the venue has no such orders")
    if not _CLIENT_ID.fullmatch(order.client_id):
        return answers.refused_here("venue.client_id", "1 to 32 letters and digits")
    listing = catalogue.by_symbol.get(order.symbol)
    if listing is None:
        return answers.refused_here("venue.bad_symbol", order.symbol)
    if not _fits(order, listing):
        return answers.refused_here("venue.precision", "not a multiple of the venue's step")
    if listing.contract_size != 1:
        order = replace(order, quantity=order.quantity / listing.contract_size)
    return order, listing


def _fits(order: OrderRequest, listing: Listing) -> bool:
    """ccxt truncates quantities and rounds prices silently; we refuse instead."""
    spec = listing.spec
    fits_step = order.quantity > 0 and order.quantity % spec.quantity_step == 0
    return fits_step and (order.price is None or order.price % spec.price_tick == 0)


def in_base_units(result: SendResult, listing: Listing) -> SendResult:
    if listing.contract_size == 1 or not result.executed:
        return result
    return replace(result, executed=result.executed * listing.contract_size)
