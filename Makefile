# Everything that this project does, one word each. `make help` lists them.
PYTHON ?= python3
PY := .venv/bin/python
DONE := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install train test lint types imports unit docs bench faults fuzz matrix clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(DONE)  ## make .venv and install everything that train and test need

$(DONE): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Tremor needs Python 3.11 to 3.13: make PYTHON=python3.12")'
	test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "installing torch and the rest into .venv: some minutes, 6 GB"
	$(PY) -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,tensorboard,wandb]'
	@touch $(DONE)

train: install  ## train, judge and report a first run on synthetic data
	$(PY) simple_train.py
	@echo "first, in every new shell: source .venv/bin/activate"

test: lint types imports unit  ## everything that must hold: ruff, mypy, import rules, pytest

lint: install  ## ruff: style and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: install  ## mypy
	$(PY) -m mypy

imports: install  ## import rules between the rooms
	.venv/bin/lint-imports

unit: install  ## pytest, in two processes
	$(PY) -m pytest -n 2 --dist worksteal

docs: install  ## write docs/config.md anew from the config tree
	$(PY) scripts/config_table.py

bench: install  ## side-by-side measurements; results go to benchmarks/results
	for f in benchmarks/bench_*.py; do $(PY) $$f || exit 1; done
	$(PY) benchmarks/write_table.py

faults: install  ## doors killed, disks full, files damaged (about half an hour; docs/reliability.md)
	$(PY) tests/faults --kills 200

fuzz: install  ## a million bad inputs for every reader (docs/reliability.md)
	PYTHONPATH=tests $(PY) -m fuzz --cases 1000000

matrix: install  ## a quick part of the tests with other Hydra and torch, in throw-away environments
	$(PY) scripts/matrix.py

clean:  ## remove .venv and caches (not outputs/)
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis build
