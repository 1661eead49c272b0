"""Routes of the page about consents."""

from django.urls import path

from mimic.dashboard import consents_views

urlpatterns = [
    path("consents", consents_views.consents, name="consents"),
    path("consents/give", consents_views.give, name="consent-give"),
    path("consents/withdraw", consents_views.withdraw, name="consent-withdraw"),
]
