from accounts.services.people import LastOwner, NewPerson, change_role, register_many
from accounts.services.recovery_codes import make_recovery_codes
from accounts.services.refusals import SecondFactorMissing, SecondFactorRefused
from accounts.services.second_factor import (
    LastFactor,
    accept_login_code,
    attach_device,
    enrol_totp,
    issue_proof,
    note_passkey_refused,
    remove_factor,
    remove_second_factor,
    spend_activation_code,
    spend_challenge,
    verify_second_factor,
)

__all__ = [
    "LastFactor",
    "LastOwner",
    "NewPerson",
    "SecondFactorMissing",
    "SecondFactorRefused",
    "accept_login_code",
    "attach_device",
    "change_role",
    "enrol_totp",
    "issue_proof",
    "make_recovery_codes",
    "note_passkey_refused",
    "register_many",
    "remove_factor",
    "remove_second_factor",
    "spend_activation_code",
    "spend_challenge",
    "verify_second_factor",
]
