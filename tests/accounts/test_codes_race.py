"""Two requests with one code at one moment: one of them gets in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from django.db import connection

from accounts import services
from accounts.models import OtpUsed, User


@pytest.mark.django_db(transaction=True)
def test_eight_requests_with_the_same_code_at_once_spend_it_once(
    operator: tuple[User, str],
) -> None:
    person, secret = operator
    code = pyotp.TOTP(secret).now()

    def attempt(_number: int) -> bool:
        try:
            services.verify_second_factor(user=person, code=code)
        except services.SecondFactorRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(attempt, range(8)))
    assert accepted.count(True) == 1
    assert OtpUsed.objects.count() == 1
