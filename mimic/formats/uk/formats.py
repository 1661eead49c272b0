from mimic.formats.common import *  # noqa: F403 (Django reads the names)
