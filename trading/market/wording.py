"""What the catalogue's words mean to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

MARKETS = {"linear": _("Perpetuals"), "spot": _("Spot")}
CREDENTIALS = {
    "apiKey": _("API key"),
    "secret": _("API secret"),
    "password": _("API passphrase"),
    "privateKey": _("Private key"),
    "walletAddress": _("Wallet address"),
}
POSITION_MODES = {"one_way": _("One-way"), "hedge": _("Hedge")}
CAPABILITIES = {
    "batch": _("many orders in one request"),
    "find_by_client_id": _("finds orders by our id"),
    "leverage": _("sets leverage"),
    "margin_mode": _("sets margin mode"),
    "open_orders": _("lists open orders"),
    "position_mode": _("sets position mode"),
    "quotes": _("quotes"),
    "trades": _("own trades"),
}


def spelled(names: Sequence[str], words: Mapping[str, object]) -> str:
    """The names in a person's words, by commas; a name without a word stands as it is."""
    return ", ".join(str(words.get(name, name)) for name in names)
