"""Django settings, made from :mod:`mimic.settings.environment` and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from mimic.api.configuration import requests_a_minute, rest_framework, spectacular
from mimic.core.logging import logging_config
from mimic.core.task_log import STRUCTLOG_SETTINGS
from mimic.settings import environment, secrets
from mimic.settings.celery import *  # noqa: F403
from mimic.settings.console import UNFOLD  # noqa: F401
from mimic.settings.identity import *  # noqa: F403
from mimic.settings.stores import caches, channel_layers, databases

BASE_DIR = Path(__file__).resolve().parents[2]
ENV = environment.read(secrets.resolved(os.environ), BASE_DIR)

APP_ENV = ENV.app_env
DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.secret_key_fallbacks
ALLOWED_HOSTS = ENV.allowed_hosts
SITE_URL = ENV.site_url
APP_VERSION = ENV.version
GIT_SHA = ENV.git_sha
TRUSTED_PROXIES = ENV.trusted_proxies
METRICS_NETWORKS = ENV.metrics_networks
METRICS_TOKEN = ENV.metrics_token
WORKER_METRICS_PORT = ENV.worker_metrics_port
VENUE_URLS = ENV.venue_urls
FAST_ORDERS = ENV.fast_orders  # false: every order goes the way that any ccxt venue's does
MAINTENANCE = ENV.maintenance  # see mimic.core.maintenance
MIMIC_INSTANCE = ENV.instance
MIMIC_EGRESS = ENV.egress
BUDGET_RESERVE_PCT = ENV.budget_reserve_pct
SIMULATED_ADDRESSES = ENV.simulated_addresses  # counts for venues of VENUE_URLS alone
MASTER_KEYS = ENV.master_keys
SIGNER_PUBLIC_KEY = ENV.signer_public_key
TOKEN_PEPPER = ENV.token_pepper
TELEGRAM_BOT_TOKEN = ENV.telegram_token
TELEGRAM_OAUTH_URL = "https://oauth.telegram.org"
CAPTCHA_KIND = ENV.captcha_kind
CAPTCHA_SITE_KEY = ENV.captcha_site_key
CAPTCHA_SECRET = ENV.captcha_secret
WEBHOOK_PASSPHRASE = ENV.platform_passphrase
WEBHOOK_ALERTS = ENV.webhook_alerts  # of a strategy, in three minutes
LEASE_SECONDS = ENV.lease_seconds  # of orders and fan-outs
WEBHOOK_NETWORKS = ENV.webhook_networks
EGRESS_NETWORKS = ENV.egress_networks
SIGNAL_MAX_BYTES = 32_768
BODY_MAX_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

INSTALLED_APPS = [
    "mimic.console.apps.ConsoleConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "import_export",
    "mimic.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_cotton",
    "django_prometheus",
    "django_structlog",
    "django_celery_beat",
    "django_celery_results",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_otp",
    "mimic.core.apps.CoreConfig",
    "mimic.jobs.apps.JobsConfig",
    "mimic.ops.apps.OpsConfig",
    "mimic.audit.apps.AuditConfig",
    "mimic.web.apps.WebConfig",
    "mimic.api.apps.ApiConfig",
    "accounts.apps.AccountsConfig",
    "billing.apps.BillingConfig",
    "signals.apps.SignalsConfig",
    "trading.apps.TradingConfig",
    "mimic.dashboard.apps.DashboardConfig",
    "mimic.probes.apps.ProbesConfig",
]

MIDDLEWARE = [
    "mimic.core.request_log.RequestLogMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads at random against BREACH; tokens are masked
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mimic.api.limits.LimitHeadersMiddleware",
    "mimic.core.problem_middleware.ProblemMiddleware",
    "mimic.core.body_limit.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mimic.core.maintenance.MaintenanceMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SessionGuardMiddleware",  # of who signed in, not of whom they look as
    "accounts.impersonation_middleware.ImpersonationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.PreferencesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "mimic.urls"
ASGI_APPLICATION = "mimic.asgi.application"
WSGI_APPLICATION = "mimic.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = databases(ENV.database_url, pooled=ENV.database_pool)
CACHES = caches(ENV.redis_url)
CHANNEL_LAYERS = channel_layers(ENV.redis_url)
REDIS_URL = ENV.redis_url
CELERY_BROKER_URL = ENV.redis_url

USE_TZ = True
FORMAT_MODULE_PATH = ["mimic.formats"]
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("uk", "Українська"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "mimic" / "locale"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "var" / "static"
WHITENOISE_USE_FINDERS = not ENV.production
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if ENV.production
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
EMAIL_BACKEND = (
    "django.core.mail.backends.console.EmailBackend"
    if not ENV.production
    else ("django.core.mail.backends.smtp.EmailBackend")
)

EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = f"MIMIC <no-reply@{urlsplit(SITE_URL).hostname}>"
if ENV.smtp is not None:  # else the machine's own server, or the console in development
    globals().update(ENV.smtp.as_settings())

SECURE_SSL_REDIRECT = False  # TLS ends at the proxy; the app sees its X-Forwarded-Proto
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxies else None
SECURE_HSTS_SECONDS = 31_536_000 if ENV.production else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV.production
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.production
SESSION_COOKIE_NAME = "__Host-session" if ENV.production else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if ENV.production else "csrf"
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "mimic.core.messages.MessageStorage"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
# Nothing here needs a sensor, a camera or a payment; whoever embeds a script of ours gets none.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in (
        "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen",
        "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "usb",
    )
}  # fmt: skip
CSRF_FAILURE_VIEW = "mimic.core.error_views.csrf_failure"
PROMETHEUS_EXPORT_MIGRATIONS = False
LOGGING = logging_config(ENV.log_level)
REST_FRAMEWORK = rest_framework()
API_REQUESTS_A_MINUTE = requests_a_minute()
SPECTACULAR_SETTINGS = spectacular(APP_VERSION)
globals().update(STRUCTLOG_SETTINGS)
