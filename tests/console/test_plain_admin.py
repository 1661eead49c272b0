"""Without Unfold the console still works: the base is ours, the clothes are Django's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import django
from django.conf import settings
settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if not app.startswith("unfold")]
django.setup()
from django.contrib import admin
from django.core.management import call_command
from django.template.loader import get_template
from mimic.console import skin
from mimic.console.base import BaseAdmin
call_command("check")
assert not skin.UNFOLD
assert not [name for name in sys.modules if name.startswith("unfold")]
assert all(isinstance(each, BaseAdmin) for each in admin.site._registry.values())
get_template("admin/index.html")
"""


@pytest.mark.slow
def test_the_console_stands_on_the_plain_admin() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
