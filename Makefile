# camtrust's commands. `make help` lists them.
# make setup, demo and test need nothing but Debian, git, make and Python 3.11.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
HOME_DIR ?= var/home
PACKAGES := camtrust enrollment signing ocsp kyc ca hsm core bench

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(INSTALLED) ## Install what is missing: Debian packages, and Python packages into .venv

$(INSTALLED): requirements/runtime.txt requirements/development.txt pyproject.toml deploy/debian-packages.txt deploy/install-debian-packages deploy/install-page-assets core/web/page_assets/package-lock.json core/web/page_assets/page.scss $(wildcard enrollment/key_creation/scripts/*.js) $(wildcard signing/passes/page/scripts/*.js) $(wildcard signing/passes/page/scripts/*/*.js) $(wildcard signing/passes/rules/*.json)
	@deploy/install-debian-packages deploy/debian-packages.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the Python packages that requirements/*.txt pin into $(VENV)."
	@# --no-deps: the files are complete. Left to resolve, pip looks for the newest pydantic[email] and
	@# refuses it for having no hash, from the hour in which a new one is released.
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/runtime.txt -r requirements/development.txt
	@# --require-hashes refuses a local project, so it comes last and by itself.
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python deploy/install-page-assets
	@touch $@

.PHONY: demo
demo: setup ## Walk the main journeys on real parts; leaves its results in var/demo
	@$(BIN)/camtrust demo

.PHONY: serve
serve: setup ## Run the service on http://localhost:8080 (initialised on the first run)
	@test -f $(HOME_DIR)/camtrust.db || $(BIN)/camtrust init --home $(HOME_DIR)
	@$(BIN)/camtrust serve --home $(HOME_DIR) --port 8080

.PHONY: test
test: setup ## Run the whole test suite; what fails under its load is judged once more, alone
	@$(BIN)/pytest -n 2 --dist worksteal -m "not long" tests \
	  || $(BIN)/pytest -m "not long" --last-failed --last-failed-no-failures none tests

.PHONY: test-long
test-long: setup ## Run what takes longer too: all kills, long fuzzing, a minute of concurrency
	@$(BIN)/pytest tests

.PHONY: screenshots
screenshots: setup ## Draw every page, in both languages, on a phone and a desk, into var/screenshots
	@mkdir -p var/screenshots
	@CAMTRUST_SCREENSHOTS=var/screenshots $(BIN)/pytest -q -n 2 tests/browser

.PHONY: check
check: setup ## Format, lint, types, imports, documents
	@$(BIN)/ruff format --check $(PACKAGES) tests
	@$(BIN)/ruff check $(PACKAGES) tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q tests/docs tests/architecture

.PHONY: format
format: setup ## Put the code into its form
	@$(BIN)/ruff format $(PACKAGES) tests
	@$(BIN)/ruff check --fix $(PACKAGES) tests

.PHONY: lock
lock: setup ## Pin the newest versions that pyproject.toml allows, with hashes
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml requirements/runtime.in -o requirements/runtime.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 -c requirements/runtime.txt requirements/s3.in -o requirements/s3.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 -c requirements/runtime.txt -c requirements/s3.txt requirements/development.in -o requirements/development.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 requirements/bench-peers.in -o requirements/bench-peers.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 requirements/bench-acme2certifier.in -o requirements/bench-acme2certifier.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 requirements/bench-passes.in -o requirements/bench-passes.txt

.PHONY: bench
bench: bench-issuance bench-ocsp bench-enrollment bench-timestamps bench-signing bench-passes ## Run every benchmark

.PHONY: bench-issuance
bench-issuance: setup ## Certificates per second, beside the bare HSM and django-ca
	@$(BIN)/camtrust bench issuance

.PHONY: bench-ocsp
bench-ocsp: setup ## Status answers per server-CPU-second, beside nginx's static file and other responders
	@$(BIN)/camtrust bench ocsp

.PHONY: bench-enrollment
bench-enrollment: setup ## ACME orders per server-CPU-second, beside pebble and acme2certifier
	@$(BIN)/camtrust bench enrollment

.PHONY: bench-timestamps
bench-timestamps: setup ## Time-stamp tokens per CPU-second, beside the bare HSM and openssl ts
	@$(BIN)/camtrust bench timestamps

.PHONY: bench-signing
bench-signing: setup ## Signatures on documents, beside the bare HSM and pyHanko's own signers
	@$(BIN)/camtrust bench signing

.PHONY: bench-passes
bench-passes: setup ## Passes issued, verified and drawn, beside the bare HSM and packages for COSE
	@$(BIN)/camtrust bench passes

.PHONY: clean
clean: ## Remove what the commands above left in var/ (not .venv)
	@rm -rf var
