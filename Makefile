# `make serve` and `make test` do all their set-up themselves.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: serve test
serve: .venv/serve.done
	$(BIN)/lighttrace serve

test: .venv/test.done tests/node_modules/.done
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadgroup

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "LightTrace needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python cannot make a virtual environment: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/serve.done: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check -e .
	@touch $@

.venv/test.done: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check -e '.[test]'
	@touch $@ .venv/serve.done

# The real clients and the accessibility checks. Without Node their tests are skipped, and say so.
tests/node_modules/.done: tests/package.json tests/package-lock.json
	@if command -v npm >/dev/null; then \
	  cd tests && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.done; \
	else echo "npm is not installed: tests with Node are skipped"; fi
