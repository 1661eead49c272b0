"""Routes of the pages about exchange accounts."""

from django.urls import path

from mimic.dashboard import accounts_changes, accounts_views

urlpatterns = [
    path("exchange-accounts", accounts_views.accounts, name="exchange-accounts"),
    path("exchange-accounts/connect", accounts_views.choose_venue, name="exchange-account-venues"),
    path(
        "exchange-accounts/connect/<slug:code>",
        accounts_views.connect,
        name="exchange-account-connect",
    ),
    path("exchange-accounts/<uuid:public_id>", accounts_views.account, name="exchange-account"),
    path(
        "exchange-accounts/<uuid:public_id>/state",
        accounts_views.account_state,
        name="exchange-account-state",
    ),
    path(
        "exchange-accounts/<uuid:public_id>/test",
        accounts_changes.test_again,
        name="exchange-account-test",
    ),
    path(
        "exchange-accounts/<uuid:public_id>/name",
        accounts_changes.rename,
        name="exchange-account-rename",
    ),
    path(
        "exchange-accounts/<uuid:public_id>/keys",
        accounts_changes.replace_keys,
        name="exchange-account-keys",
    ),
    path(
        "exchange-accounts/<uuid:public_id>/remove",
        accounts_changes.remove,
        name="exchange-account-remove",
    ),
]
