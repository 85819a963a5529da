# Each target does its own set-up: a clone and python3 (3.11 or newer) are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run quick test test-all coverage manual bench lock clean

run: $(INSTALLED)
	$(BIN)/zhuanxing run -m scenario=baseline,plan calibration=default
	$(BIN)/zhuanxing chart

# What needs no run of the whole model: while editing.
quick: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses=2 -m quick

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder -m "not slow" $(COUNTED)

# The same with the share of lines that the tests reach; pyproject.toml has the floor.
coverage: COUNTED = --cov --cov-report=term:skip-covered
coverage: test

# The tests of whole fits, sweeps and checks too, which reach more.
test-all: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --cov --cov-fail-under=85

# The manual in site/, built strictly: a dead link fails.
manual: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# A table, benchmarks/results.json and docs/performance.md; `sde` on the PATH joins in.
bench: $(INSTALLED)
	$(BIN)/python benchmarks/run.py

# The packages are pinned to names and exact versions, so that two installs are the same.
$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python 3.11 or newer is needed; name it with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

# Newest allowed versions of the declared dependencies, from an environment of their own.
lock:
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check --quiet install hatchling
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check --quiet install --editable '.[dev,docs]'
	$(VENV)-lock/bin/python -m pip freeze --exclude-editable > requirements.lock
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) site outputs/*/
