# What a developer runs. Everything lives in .venv and .cache; `make clean` takes both away.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.DEFAULT_GOAL := help
.PHONY: help demo test check corpus replay bench documents completions clean

help:
	@echo "make demo         deploy a model on this machine and score it"
	@echo "make test         run the tests; what is left out for want of a part is listed"
	@echo "make check        format, lint, types"
	@echo "make corpus       what becomes of real files: the tables (ACIDEPLOY_CORPUS names the files)"
	@echo "make replay       how the emulator differs from recorded Azure (ACIDEPLOY_RECORDINGS names the files)"
	@echo "make bench        speed and memory, as ratios against named baselines"
	@echo "make documents    write the generated parts of README.md and completions/ again"
	@echo "make clean        remove environments and caches"

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8,<1'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[test]'
	@touch $@

demo: $(READY)
	@ACIDEPLOY=$(abspath $(BIN)/acideploy) sh tests/demo.sh .cache/demo

test: $(READY)
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

corpus: $(READY)
	@$(BIN)/python -m tests.corpus_tables

replay: $(READY)
	@$(BIN)/python -m tests.replay

bench: $(READY)
	@$(BIN)/python -m tests.bench

documents: $(READY)
	@$(BIN)/python -m tests.documents --write

clean:
	rm -rf $(VENV) .cache
