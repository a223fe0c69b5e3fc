# Every target sets up what it needs; on a bare machine `make run` or `make test` is enough.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Acquire::Retries=0 -o Acquire::http::Timeout=20

.PHONY: run setup voice browser models test check format bench lock clean

# The demo, on http://localhost:8000; PORT=... chooses another port, ASSISTANT=... your own file.
run: models voice
	@exec $(BIN)/parley serve --port $(PORT) $(ASSISTANT)

# Everything, with the tools of the tests.
setup: $(READY)

$(READY): $(INSTALLED)
	@echo "Installing the tools of the tests into $(VENV), once."
	@$(PIP) -r requirements.txt || { $(UNREACHED); }
	@touch $@

# What runs Parley, in the versions of the lock.
$(INSTALLED): requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer, or name one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit("Parley needs Python 3.11 or newer; name one with PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/pip || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make environments: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing Parley into $(VENV); this takes a minute or two, once."
	@$(PIP) -c requirements.txt -e '.[openai,echo]' || { $(UNREACHED); }
	@touch $@

UNREACHED := echo "The packages could not be installed: check the network and pip's configuration ($(BIN)/pip config list), then try again."; exit 1

# $(call offer,package,what it is,test): installs a package of the system where root runs this; elsewhere,
# or where that fails (once), says how to, and goes on without it.
offer = @{ $(3); } >/dev/null 2>&1 || \
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && test ! -e $(VENV)/.without-$(1) && \
	  echo "Installing $(1), $(2)." && \
	  { $(APT) install $(1) || { $(APT) update && $(APT) install $(1); }; } >/dev/null 2>&1; } || \
	{ echo "Not installed: $(1), $(2). To have it: apt-get install $(1)"; touch $(VENV)/.without-$(1); }

voice: $(INSTALLED)
	$(call offer,libflite1,a natural voice,$(BIN)/python -c 'from parley.providers.tts.flite import available as a; exit(not a())')

browser: $(INSTALLED)
	$(call offer,chromium,the browser of the tests,command -v chromium)

models: $(INSTALLED)
	@$(BIN)/parley models pull

test: setup models voice browser
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
