# The commands that work from any clone. All they need is make, git and Python 3.11 or newer.
#
#   make demo    run the main job on the sample repository in examples/
#   make test    run the tests                       (PYTEST_ARGS="-k journal" narrows them)
#   make lint    ruff, mypy, and holdline on itself
#   make corpus  migrate real projects and compare their tests (SUITES="invoke platformdirs" narrows it)
#   make bench   time the runtime, check, scan and migrate --dry-run beside their peers (BENCH_ARGS="--rounds 5" is quicker)
#                (REPOSITORY=/any/large/one for the latter two; the standard library, three times, where there is none)
#   make fuzz    ten minutes of random rewrites   (FUZZ_ARGS="--minutes 60")
#   make clean   remove what these made
#
# PYTHON=/path/to/python chooses the interpreter, VENV=folder where its environment is kept.

VENV ?= .venv
PYTHON ?=
PYTEST_ARGS ?=
SUITES ?=
BENCH_ARGS ?=
REPOSITORY ?=
FUZZ_ARGS ?=

BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint corpus bench fuzz clean
.DELETE_ON_ERROR:

demo: $(READY)
	@PYTHON="$(abspath $(BIN))/python" sh examples/demo.sh

test: $(READY)
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/holdline scan --fail-on-violations

corpus: $(READY)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python corpus/check_suite.py $(SUITES)

bench: $(READY)
	$(BIN)/python benchmarks/runtime.py
	$(BIN)/python benchmarks/check.py $(BENCH_ARGS)
	$(BIN)/python benchmarks/scan.py $(BENCH_ARGS) $(REPOSITORY)
	$(BIN)/python benchmarks/rewrite.py $(REPOSITORY)

fuzz: $(READY)
	$(BIN)/python benchmarks/fuzz.py $(FUZZ_ARGS)

clean:
	rm -rf .venv .venv-3.* build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Made anew only when the dependencies may have changed. Dependency groups need pip 25.1.
$(READY): pyproject.toml
	@python=$$(PYTHON='$(PYTHON)'; if [ -n "$$PYTHON" ]; then echo "$$PYTHON"; else sh scripts/find_python.sh; fi) \
		&& echo "setting up $(VENV) with $$("$$python" --version)" \
		&& "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable '.[toolkit]' --group dev
	@touch $@
