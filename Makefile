# Two commands on a fresh machine: `make demo` and `make test`. Both make the environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out
MARKS ?= not slow

# Where it is set, every process of the tests would compile pandas and scipy anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test slow lint types bench wheel-test clean help

help:
	@echo "make demo   build the sample authority: profiles, maps, plans under $(OUT)/"
	@echo "make test   run the tests"
	@echo "make lint   style, types, and who may import whom"
	@echo "make bench  speed beside the tools a user would otherwise pick (minutes to hours)"

# uv installs in seconds; where it cannot be had, pip does the same slowly.
$(VENV)/.installed: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Python 3.11 or newer is needed, this is %d.%d; set PYTHON=" % v[:2])'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet uv 2>/dev/null || echo "uv is not to be had here; pip installs instead, in a few minutes"
	@if [ -x $(BIN)/uv ]; then \
	  $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e . ; \
	else \
	  $(BIN)/python -m pip install --quiet -r requirements.txt && \
	  $(BIN)/python -m pip install --quiet --no-deps -e . ; \
	fi
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/python -m fairplace demo --out "$(OUT)"

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "$(MARKS)" -q

slow: $(VENV)/.installed
	FAIRPLACE_EXAMPLES=search $(BIN)/python -m pytest -m slow -q
	FAIRPLACE_EXAMPLES=search $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" -q

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet $$($(BIN)/python -c 'import tomllib; print(" ".join(tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"]))')
	for one in benchmarks/*.py; do $(BIN)/python $$one || exit 1; done

clean:
	rm -rf $(VENV) dist
