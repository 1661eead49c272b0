from mimic.formats.stamps import *  # noqa: F403 (Django reads the names)
