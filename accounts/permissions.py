"""What staff may do in the console, by role. An owner is Django's superuser and may do all."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

from accounts.models import Role, User


class RolePermissions(BaseBackend):
    """Admins may do everything but delete people; support looks and changes nothing."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        if user_obj.role == Role.ADMIN:
            return perm != "accounts.delete_user"
        return user_obj.role == Role.SUPPORT and perm.partition(".")[2].startswith("view_")

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return isinstance(user_obj, User) and user_obj.is_active and user_obj.is_staff
