from accounts.services.people import LastOwner, NewPerson, change_role, register_many
from accounts.services.second_factor import (
    SecondFactorMissing,
    SecondFactorRefused,
    accept_login_code,
    attach_device,
    enrol_totp,
    remove_second_factor,
    spend_activation_code,
    verify_second_factor,
)

__all__ = [
    "LastOwner",
    "NewPerson",
    "SecondFactorMissing",
    "SecondFactorRefused",
    "accept_login_code",
    "attach_device",
    "change_role",
    "enrol_totp",
    "register_many",
    "remove_second_factor",
    "spend_activation_code",
    "verify_second_factor",
]
