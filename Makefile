# make setup | demo | test | check | coverage | lint | format | bench | chaos | rehearse.  PYTHON names the interpreter that makes .venv (3.11 or later).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec

.PHONY: setup demo test check coverage lint format bench chaos rehearse
.DEFAULT_GOAL := setup

setup: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed, and $(PYTHON) is not: make PYTHON=python3.12 setup" >&2; exit 1; }
	@echo "1/3 Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@echo "2/3 Installing $$(grep -c '==' requirements.txt) pinned packages (a minute or two) …"
	@( while sleep 10; do echo "    still installing …"; done ) & ticker=$$!; trap "kill $$ticker 2>/dev/null" EXIT; \
	$(BIN)/pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements.txt | \
		awk '/^Collecting / { printf "    %d: %s\n", ++n, $$2; fflush() } /^Installing / { print "    unpacking …"; fflush() }'
	@echo "3/3 Installing this project …"
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@
	@echo "Ready: source $(BIN)/activate, then ops --help"

demo: setup
	@exec $(BIN)/ops twin demo

# First what needs no twin and no browser, in about three minutes: tests wait for much, so that four processes keep two cores
# busy. Then parts of the twin and what takes long, and the browser on hand-made reports, each in two processes; then what needs
# all of the twin, one after the other.
test: setup
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not servers and not twin and not browser and not slow"
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "(servers or slow) and not twin and not browser"
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "browser and not twin"
	$(BIN)/python -m pytest -m twin

# Before a commit: lint and the fast tests.
check: lint
	$(BIN)/python -m pytest -n 4 --dist worksteal -q -m "not servers and not twin and not browser and not slow"

# The fast tests, once more with their coverage, which takes them two thirds longer. Raise the floor with it (2026-11: 86.3%).
coverage: setup
	$(BIN)/python -m pytest -n 4 --dist worksteal -q -m "not servers and not twin and not browser and not slow" \
		--cov=ops --cov=dashboard --cov=handler --cov-report= --cov-fail-under=85

format: setup
	$(BIN)/ruff check --fix --exit-zero -q .
	$(BIN)/ruff format .

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/cfn-lint template.yaml
	$(BIN)/codespell

bench: setup
	@for name in $$(ls tests/bench/*.py | xargs -n1 basename -s .py | grep -v '^_'); do \
		echo "== $$name"; $(BIN)/python -m tests.bench.$$name $$([ $$name != rehearsals ] || echo --short) || exit 1; done

# Kills a redrive at 200 seeded moments and resumes it; about a quarter of an hour.
chaos: setup
	$(BIN)/python -m tests.bench.chaos

# Brings each rehearsal's incident about on a twin of its own and runs its runbook, two at a time; three quarters of an hour, and memory for two
# twins. `make bench` does the short ones. All figures: their last line.
rehearse: setup
	$(BIN)/python -m tests.bench.rehearsals --jobs 2
