# Every target sets up what it needs; on a bare machine `make test` is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup models test check format bench lock clean

setup: $(READY)

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Parley needs Python 3.11 or newer; name one with PYTHON=..." if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $(READY)

models: setup
	$(BIN)/parley models pull

test: setup models
	$(BIN)/python -m pytest -n auto --dist loadfile

check: setup models
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	for room in core audio text; do \
	  COVERAGE_FILE=.coverage.$$room $(BIN)/python -m coverage run --branch --source=src/parley/$$room -m pytest tests/$$room && \
	  COVERAGE_FILE=.coverage.$$room $(BIN)/python -m coverage report --fail-under=100 --skip-covered || exit 1; \
	done

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup models
	$(BIN)/python bench/run.py

lock: setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-emit-index-url --no-header pyproject.toml -o requirements.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .coverage* .hypothesis
