# Two commands matter: `make reproduce` and `make test`. Each sets up its own environment in .venv first.

PYTHON ?= python3
SCALE ?= default
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# One thread for each worker: threads of linear algebra that wait for a core spin (ten to a hundred times the processor time, measured).
# Bytecode is kept, as the checks of types compile every module of the library.
TESTS := env -u PYTHONDONTWRITEBYTECODE NPROC=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 OMP_NUM_THREADS=1 \
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4

.PHONY: reproduce update smoke test test-slow test-huggingface lint report bench accuracy mutants weights docs docs-test slides exercise explore clean help versions
.DELETE_ON_ERROR:

help:
	@echo "make reproduce [SCALE=smoke|default|full]   run the experiments, draw the figures, compare with the committed reference"
	@echo "make update                                 for maintainers: replace the reference by the last run's rows and drawings"
	@echo "make test                                   the test suite without the slow tests"
	@echo "make test-slow                              the slow tests"
	@echo "make smoke                                  make reproduce SCALE=smoke"
	@echo "make test-huggingface                       the tests that load models with transformers (installs torch)"
	@echo "make weights                                train the models of the sequence experiments again"
	@echo "make lint                                   style, types, floors"
	@echo "make versions [NEWEST=python3.13]            the oldest and the newest versions of what the library needs, each in its own environment"
	@echo "make report                                 write paper_repro.md from the committed rows"
	@echo "make bench                                  time everything against what one would use instead (ten minutes)"
	@echo "make accuracy                               the digits of every exact function, as docs/accuracy.md and docs/digits.md"
	@echo "make mutants [SIZE=60]                      wrong versions of single lines: do the tests of their module notice?"
	@echo "make docs                                   build the book into build/docs/html (MathJax comes from the npm registry)"
	@echo "make docs-test                              build the book and open every page of it in headless Chromium"
	@echo "make slides [N=05]                          the lectures as slides in build/slides, or one unit"
	@echo "make exercise N=05.2 [FILE=answer.py]       check an answer to an exercise of the course"
	@echo "make explore [PORT=2718]                    a page in the browser that runs the library on your own table"
	@echo "make clean                                  remove the environment and everything that is not committed output"

reproduce: $(VENV)/.reproduce
	$(BIN)/python -m experiments all --scale $(SCALE)

# A warning is a failure here.
smoke: $(VENV)/.reproduce
	$(BIN)/python -W error -m experiments all --scale smoke

update: $(VENV)/.reproduce
	$(BIN)/python -m experiments update

# The suite is the same at every run: examples are drawn from a fixed seed. Plain pytest explores.
test: $(VENV)/.test
	HYPOTHESIS_PROFILE=ci $(TESTS) -m "not slow"

# Long simulations: here programs are compiled as users compile them.
test-slow: $(VENV)/.test
	JAX_DISABLE_MOST_OPTIMIZATIONS=0 HYPOTHESIS_PROFILE=ci $(TESTS) -m slow

test-huggingface: $(VENV)/.huggingface
	JAX_DISABLE_MOST_OPTIMIZATIONS=0 HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -q tests/logs/test_hf_samples.py

weights: $(VENV)/.reproduce
	$(BIN)/python -m experiments train

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

# The oldest is tried with PYTHON, the newest with NEWEST.
versions:
	PYTHON="$(PYTHON)" NEWEST="$(or $(NEWEST),$(PYTHON))" .ci/versions

report: $(VENV)/.reproduce
	$(BIN)/python -m experiments report

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

accuracy: $(VENV)/.test
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.digits

mutants: $(VENV)/.test
	$(BIN)/python -m tests.mutants --size $(or $(SIZE),60)

# MathJax comes from the npm registry; where npm is missing and can be installed, it is.
docs: $(VENV)/.docs
	@command -v npm >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq npm; }
	$(BIN)/python docs/assets.py
	$(BIN)/python -m sphinx --quiet --keep-going -b html -d build/docs/doctrees docs build/docs/html
	@echo "build/docs/html/index.html"

# From clean pages, as Sphinx keeps some that an earlier build wrote (executed cells stay in their cache). Debian's browser is installed
# where there is none yet; no page may ask anything of the network.
docs-test: $(VENV)/.docs
	rm -rf build/docs/html build/docs/doctrees
	$(MAKE) docs
	command -v chromium >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }
	$(BIN)/python -m pytest -q tests/docs
	$(BIN)/python docs/check_site.py

slides: $(VENV)/.docs
	$(BIN)/python docs/slides.py $(N)

# Without N: the list of exercises.
exercise: $(VENV)/.reproduce
	@$(BIN)/python -m sharpsim.exercises $(if $(N),check $(N) $(if $(FILE),--file $(FILE)),list)

explore: $(VENV)/.explore
	$(BIN)/python -m sharpsim.explore $(if $(PORT),--port $(PORT))

clean:
	rm -rf docs/statements docs/api docs/source docs/_static/mathjax
	rm -rf $(VENV) build dist out .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sharpsim needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.reproduce: pyproject.toml | $(BIN)/python
	$(PIP) -e ".[reproduce,real,train]"
	@touch $@

$(VENV)/.explore: pyproject.toml | $(BIN)/python
	$(PIP) -e ".[explore]"
	@touch $@

# torch is a rival among others: where it cannot be had, the rest is timed without it.
$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(PIP) -e ".[reproduce,real,train]"
	$(PIP) -e ".[bench]" || echo "torch is not to be had here: its columns will say so"
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(PIP) -e ".[reproduce,real,train,samples,cluster,explore,certified,test]"
	@touch $@

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	$(PIP) -e ".[reproduce,real,train,samples,cluster,certified,test,docs]"
	@touch $@

$(VENV)/.huggingface: pyproject.toml $(VENV)/.test
	$(PIP) -e ".[samples,huggingface,test]" "torch==2.13.0"
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) -e ".[reproduce,real,train,samples,cluster,explore,certified,test,dev]"
	@touch $@
