# Every target works in a fresh clone on a machine with Python 3.11, make and git.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help env demo dev test test-fast e2e api-fuzz chaos security mutants known-mutants texts bench bench-attack bench-sockets bench-truth bench-console bench-lists lint format lock

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# The environment is as old as the lock it was made from, whatever git does to file times.
STAMP := $(VENV)/made-from-$(shell cksum < requirements-dev.txt | tr ' ' '-')
GATES := tests/e2e/gates/node_modules/.package-lock.json
export UV_SYSTEM_CERTS := 1

help:
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 12

env: $(STAMP) ## make .venv from the hashed lock

$(STAMP): | requirements-dev.txt
	@deploy/environment $(VENV) "$(PYTHON)"
	@rm -f $(VENV)/made-from-*
	@touch $@

# What judges pages: axe-core, html-validate, Lighthouse. Without npm their tests are skipped.
$(GATES): tests/e2e/gates/package-lock.json
	@deploy/gates

demo: $(STAMP) ## everything from nothing: servers, a world, one alert (ONCE=1 checks and leaves)
	$(BIN)/python manage.py demo $(if $(ONCE),--once)

dev: $(STAMP) ## all processes, with reload
	$(BIN)/python manage.py dev

test: $(STAMP) $(GATES) ## every test but the measurements (ARGS="-k name" narrows)
	$(PYTEST) -m "not (bench or fuzz or lighthouse)" $(ARGS)

test-fast: $(STAMP) ## without the slow, browser and chaos tests
	$(PYTEST) -m "not (bench or fuzz or lighthouse or slow or e2e or chaos)" $(ARGS)

e2e: $(STAMP) $(GATES) ## the browser tests with every gate; pictures in var/shots/index.html
	rm -rf var/shots
	GATES=all $(PYTEST) -m "e2e or lighthouse" $(ARGS) && failed=0 || failed=$$?; \
		$(BIN)/python -m tests.e2e.contact_sheet; exit $$failed

api-fuzz: $(STAMP) ## requests that the API's schema allows (API_FUZZ_EXAMPLES=200 for more)
	$(PYTEST) tests/api/test_fuzz.py -n 0 -m fuzz $(ARGS)

chaos: $(STAMP) ## break everything that can break (FAULTS=1,2 MODES=strict; MISSING=1 goes on; SEEDS=10000 random schedules, FROM=2000 on)
	$(BIN)/python -m tests.chaos $(if $(FAULTS),--faults $(FAULTS)) $(if $(MODES),--modes $(MODES)) \
		$(if $(MISSING),--missing) $(if $(SEEDS),--seeds $(SEEDS) $(if $(FROM),--first $(FROM)))

known-mutants: $(STAMP) ## take one safeguard away at a time: a named test must notice (SCHEDULES=1 the random schedules)
	$(BIN)/python -m tests.mutants $(if $(SCHEDULES),--schedules) $(ARGS)

security: $(STAMP) ## the checks of the security checklist; var/security/report.json
	$(BIN)/python deploy/security_report.py $(ARGS)

mutants: $(STAMP) ## small faults put into the rules of copying: the tests must find 90 % of them
	$(BIN)/python -m deploy.mutation $(PORTIONS)

texts: $(STAMP) ## compile the translations
	$(BIN)/python deploy/compile_texts.py

bench: $(STAMP) ## figures of the fan-out
	$(BIN)/python manage.py bench $(if $(FOLLOWERS),--followers $(FOLLOWERS))

bench-sockets: $(STAMP) ## from a commit to the browser, with 1,000 and 5,000 sockets
	$(BIN)/python manage.py bench-sockets $(if $(SOCKETS),--sockets $(SOCKETS))

bench-attack: $(STAMP) ## 200 sign-ins a second by guessers: who is served, and what orders feel of it
	$(BIN)/python manage.py bench-attack

bench-truth: $(STAMP) ## accounts reconciled a second, and from a venue's fill to the browser
	$(BIN)/python manage.py bench-truth

bench-console: $(STAMP) ## the console over a year of books, 5 M orders (STEP=seed begins anew)
	$(BIN)/python -m tests.bench.console_volume $(STEP)

bench-lists: $(STAMP) ## a trader's lists over 100,000 trades, every filter
	$(PYTEST) tests/bench/test_long_books.py -m bench -n 0 -s

lint: $(STAMP) ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile pyproject.toml --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" --quiet

lock: $(STAMP) ## resolve pyproject.toml anew (UPGRADE=1 takes newer versions)
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra embedded -o requirements.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra embedded --extra dev \
		--constraint requirements.txt -o requirements-dev.txt
