"""What was done, by whom and to what: written once, then sealed in order.

The database itself refuses UPDATE, DELETE and TRUNCATE of entries and seals (the migration's
triggers). No foreign keys: an entry outlives whoever and whatever it is about.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import HotModel
from mimic.core.ids import moment_of


class Entry(HotModel):
    """One deed. Its id tells when, to the millisecond.

    ``actor_id`` is the person who did it, empty for the platform itself; ``on_behalf_of`` whom
    they were impersonating. ``facts`` are plain and never personal. ``sealed`` holds what is
    (address, browser, reasons, values before and after), encrypted with the key ``key_id`` of the
    person ``subject_id``; the digests are HMACs under the same key, so that erasing it leaves
    nothing to guess at.
    """

    action = models.CharField(_("action"), max_length=60)
    actor_id = models.BigIntegerField(_("by"), null=True)
    actor_role = models.CharField(_("role"), max_length=16, blank=True)
    on_behalf_of = models.BigIntegerField(_("on behalf of"), null=True)
    subject_id = models.BigIntegerField(_("whose data"))
    key_id = models.BigIntegerField(null=True)
    object_kind = models.CharField(_("kind of object"), max_length=60, blank=True)
    object_id = models.CharField(_("object"), max_length=64, blank=True)
    facts = models.JSONField(_("facts"), default=dict)
    before_digest = models.BinaryField(null=True)
    after_digest = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)
    request_id = models.CharField(_("request"), max_length=128, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["action", "id"], name="audit_action"),
            models.Index(fields=["actor_id", "id"], name="audit_actor"),
            models.Index(fields=["object_kind", "object_id", "id"], name="audit_object"),
            models.Index(fields=["request_id"], name="audit_request"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.action}"

    @property
    def at(self) -> datetime:
        return moment_of(self.pk)


class Seal(models.Model):
    """A link of the chain: all entries after the seal before it, up to the id ``up_to``.

    ``leaves`` are the id (8 bytes) and the SHA-256 of each, in their order; ``digest`` covers them
    and the digest of the seal before.
    """

    number = models.BigIntegerField(_("number"), primary_key=True)
    up_to = models.BigIntegerField(_("up to"))
    leaves = models.BinaryField()
    previous = models.BinaryField()
    digest = models.BinaryField()
    sealed_at = models.DateTimeField(_("sealed"))

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"{self.number}: {bytes(self.digest).hex()[:16]}"


class PersonKey(models.Model):
    """A key of one person's parts of entries, itself sealed under SECRET_KEY.

    Empty once erased: what it encrypted is gone, and nothing personal is kept of them any more.
    Not unique: two transactions that are the first for a person make one each, and neither waits.
    """

    person_id = models.BigIntegerField(db_index=True)
    key = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("key of a person")
        verbose_name_plural = _("keys of people")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(erased_at=None) ^ models.Q(key=""), name="audit_key_or_erased"
            ),
        ]

    def __str__(self) -> str:
        return str(self.person_id)
