"""A person. They sign in with an e-mail address; there is no user name."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import PublicModel


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    SUPPORT = "support", _("Support")
    PROVIDER = "provider", _("Provider")
    TRADER = "trader", _("Trader")
    AFFILIATE = "affiliate", _("Affiliate")


STAFF_ROLES = frozenset({Role.OWNER, Role.ADMIN, Role.SUPPORT})


class Theme(models.TextChoices):
    DARK_TRADER = "dark-trader", _("Dark Trader")
    PROFESSIONAL = "professional", _("Professional")
    GOLD_MINIMAL = "gold-minimal", _("Gold Minimal")


class Locale(models.TextChoices):
    ENGLISH = "en", "English"
    UKRAINIAN = "uk", "Українська"
    SPANISH = "es", "Español"


def validate_time_zone(value: str) -> None:
    """Refuse what the IANA database does not know."""
    if value not in available_timezones():
        raise ValidationError(_("%(value)s is not a time zone."), params={"value": value})


class LowerEmailField(models.EmailField):  # type: ignore[type-arg]
    """Stored and looked up in lower case, so that one plain index keeps addresses unique."""

    def to_python(self, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(self.to_python(value))


class UserManager(BaseUserManager["User"]):
    """Makes people with a hashed password; the role decides whether they are staff."""

    def create_user(
        self, email: str, password: str | None = None, *, role: str = Role.TRADER, **extra: Any
    ) -> User:
        if not email:
            raise ValueError("an e-mail address is needed")
        extra |= {"is_staff": role in STAFF_ROLES, "is_superuser": role == Role.OWNER}
        person = self.model(email=email.strip().lower(), role=role, **extra)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Django's ``createsuperuser``: an owner."""
        for decided_by_role in ("role", "is_staff", "is_superuser"):
            extra.pop(decided_by_role, None)
        return self.create_user(email, password, role=Role.OWNER, **extra)


class User(PublicModel, AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """``is_staff`` and ``is_superuser`` repeat the role for Django; the database sees to it."""

    email = LowerEmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(_("display name"), max_length=80, blank=True)
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.TRADER)
    locale = models.CharField(_("language"), max_length=8, choices=Locale, default=Locale.ENGLISH)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    base_currency = models.CharField(
        _("base currency"),
        max_length=10,
        default="USDT",
        validators=[RegexValidator(r"^[A-Z0-9]{2,10}$")],
    )
    theme = models.CharField(_("theme"), max_length=16, choices=Theme, default=Theme.DARK_TRADER)
    colour_blind = models.BooleanField(_("colours for the colour-blind"), default=False)
    red_is_up = models.BooleanField(_("red is up"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False, editable=False)
    date_joined = models.DateTimeField(_("joined"), db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = (
            models.CheckConstraint(
                condition=Q(is_staff=True, role__in=sorted(STAFF_ROLES))
                | Q(
                    is_staff=False,
                    role__in=[role.value for role in Role if role not in STAFF_ROLES],
                ),
                name="user_staff_follows_role",
            ),
            models.CheckConstraint(
                condition=Q(is_superuser=False) | Q(role=Role.OWNER.value),
                name="user_superuser_is_owner",
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_is_lower"),
            models.CheckConstraint(condition=Q(theme__in=Theme.values), name="user_theme_is_known"),
            models.CheckConstraint(
                condition=Q(locale__in=Locale.values), name="user_locale_is_known"
            ),
        )

    def __str__(self) -> str:
        return self.display_name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)
