"""The demo's world in the database and, for those on the wire, in the simulator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from secrets import token_hex, token_urlsafe

from django.db import transaction

from accounts.models import Role, User
from accounts.services.people import NewPerson, register_many
from accounts.services.second_factor import enrol_totp
from mimic.core.sealing import seal
from mimic.core.tokens import digest_of, generate_token
from mimic.probes.demo.cast import Follower, cast
from mimic.probes.demo.driving import ask_simulator
from signals.models import Provider, Strategy
from trading.domain.ports import Credentials
from trading.models import (
    AccountBudget,
    CopySettings,
    CopySubscription,
    ExchangeAccount,
    Venue,
)
from trading.venues.credentials import key_context, pack


@dataclass(frozen=True, slots=True)
class Logins:
    """What the newcomer needs; written once, to the terminal."""

    password: str
    operator: str
    operator_totp: str
    provider: str
    trader: str
    token: str


@transaction.atomic(durable=True)
def build_world() -> Logins:
    """Operator, two providers with a strategy each, and the followers of the first one."""
    password = token_urlsafe(12)
    staff, first, second, trader = register_many(
        people=[
            NewPerson("operator@demo.mimic", "Olena Operator", Role.OWNER, password),
            NewPerson("aurora@demo.mimic", "Aurora Capital", Role.PROVIDER, password),
            NewPerson("nightowl@demo.mimic", "Night Owl", Role.PROVIDER, password),
            NewPerson("trader@demo.mimic", "Taras Trader", Role.TRADER, password),
        ]
    )
    secret = enrol_totp(user=staff)
    token = generate_token()
    aurora = _strategy(first, "Aurora Trend", token)
    _strategy(second, "Night Owl Reversal", generate_token())
    followers = cast()
    crowd = register_many(
        people=[NewPerson(each.email, f"Follower {each.number}") for each in followers[1:]]
    )
    people = [trader, *crowd]
    accounts = _accounts(followers, people)
    _subscriptions(followers, people, accounts, aurora)
    return Logins(password, staff.email, secret, first.email, trader.email, token)


def _strategy(user: User, name: str, token: str) -> Strategy:
    provider = Provider.objects.create(user=user, name=user.display_name, status="active")
    return Strategy.objects.create(
        provider=provider,
        name=name,
        slug=name.lower().replace(" ", "-"),
        token_digest=digest_of(token),
        max_leverage=20,
    )


def _accounts(followers: Sequence[Follower], people: Sequence[User]) -> list[ExchangeAccount]:
    names = dict(Venue.objects.values_list("code", "name"))
    rows: list[ExchangeAccount] = []
    keys: dict[str, list[object]] = defaultdict(list)
    for each, user in zip(followers, people, strict=True):
        row = ExchangeAccount(
            user=user,
            venue_id=each.venue,
            kind="live" if each.on_wire else "paper",
            route=each.venue if each.on_wire else "paper",
            label=names[each.venue] if each.on_wire else "Paper",
            paper_deposit=Decimal(0) if each.on_wire else each.deposit,
            state=each.state,
        )
        if each.on_wire:
            found = Credentials(token_hex(32), token_hex(32), token_hex(8))
            row.sealed_keys = seal(pack(found), context=key_context(row.public_id))
            keys[each.venue].append(_venue_account(each, found))
        rows.append(row)
    made = ExchangeAccount.objects.bulk_create(rows)
    AccountBudget.objects.bulk_create(AccountBudget(account=row) for row in made)
    for venue, accounts in keys.items():
        ask_simulator(venue, "POST", "/_sim/accounts", accounts)
    return made


def _venue_account(each: Follower, keys: Credentials) -> dict[str, object]:
    return {
        "api_key": keys.api_key,
        "secret": keys.secret,
        "passphrase": keys.passphrase,
        "name": each.email,
        "balance": str(each.deposit),
        "may_trade": each.may_trade,
        "leverage": each.max_leverage,
    }


def _subscriptions(
    followers: Sequence[Follower],
    people: Sequence[User],
    accounts: Sequence[ExchangeAccount],
    strategy: Strategy,
) -> None:
    chosen = CopySettings.objects.bulk_create(
        CopySettings(
            sizing_mode=each.sizing_mode,
            sizing_value=each.sizing_value,
            max_leverage=each.max_leverage,
        )
        for each in followers
    )
    CopySubscription.objects.bulk_create(
        CopySubscription(
            user=user, strategy=strategy, account=account, settings=picked, mode=each.mode
        )
        for each, user, account, picked in zip(followers, people, accounts, chosen, strict=True)
    )
