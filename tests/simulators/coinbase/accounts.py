"""An account as Coinbase knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.simulators.swaps.accounts import Account as SwapAccount

PublicKey = EllipticCurvePublicKey | Ed25519PublicKey


@dataclass(slots=True, eq=False)
class Account(SwapAccount):
    """The venue holds the public half alone: ``secret`` is that half as PEM. ``futures``: the
    person has a futures account. All are one-way.
    """

    FLAGS: ClassVar[tuple[str, ...]] = ("withdrawals", "may_trade", "revoked", "futures")
    TEXTS: ClassVar[tuple[str, ...]] = ()

    futures: bool = True
    public: PublicKey | None = None

    def change(self, settings: Mapping[str, object]) -> None:
        SwapAccount.change(self, settings)
        if "secret" in settings:
            public = load_pem_public_key(self.secret)
            if not isinstance(public, EllipticCurvePublicKey | Ed25519PublicKey):
                raise ValueError("neither an elliptic nor an Ed25519 key")
            self.public = public
