"""A passkey in software: what an authenticator answers, byte for byte (WebAuthn Level 2, 6)."""

from __future__ import annotations

import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

JSON = "application/json"
SITE = "http://localhost:8000"


class SoftPasskey:
    """ES256, user verified; bound to the host of ``SITE``."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)

    def made(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to creation options."""
        flags = AuthenticatorData.FLAG
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        data = AuthenticatorData.create(
            sha256(options["rp"]["id"].encode()),
            flags.UP | flags.UV | flags.AT,
            0,
            AttestedCredentialData.create(Aaguid.NONE, self.id, public),
        )
        told = self._told("webauthn.create", options["challenge"])
        attested = AttestationObject.create("none", data, {})
        return self._answer(told, attestationObject=bytes(attested))

    def shown(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to request options."""
        flags = AuthenticatorData.FLAG
        rp = sha256(options["rpId"].encode())
        data = AuthenticatorData.create(rp, flags.UP | flags.UV, 0)
        told = self._told("webauthn.get", options["challenge"])
        signature = self.key.sign(bytes(data) + told.hash, ec.ECDSA(hashes.SHA256()))
        return self._answer(told, authenticatorData=bytes(data), signature=signature)

    def add_to(self, browser: Client) -> Any:
        """Through the page; the session has to have proved itself a moment ago."""
        page = browser.get(reverse("mfa_add_webauthn"))
        options = page.context["js_data"]["creation_options"]["publicKey"]
        given = {"name": "Key", "credential": json.dumps(self.made(options))}
        return browser.post(reverse("mfa_add_webauthn"), given)

    def proof(self, browser: Client) -> str:
        """What stands for a code."""
        address = reverse("passkey-proof")
        asked = browser.post(address, {}, content_type=JSON).json()
        told = browser.post(address, self.shown(asked["publicKey"]), content_type=JSON)
        return str(told.json()["proof"])

    def _told(self, kind: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(type=kind, challenge=challenge, origin=SITE)

    def _answer(self, told: CollectedClientData, **response: bytes) -> dict[str, Any]:
        coded = {name: websafe_encode(value) for name, value in response.items()}
        return {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "response": {"clientDataJSON": websafe_encode(bytes(told)), **coded},
            "clientExtensionResults": {},
        }
