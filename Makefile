# check: everything CI checks · fix: what can be mended by itself · docs: rewrite generated pages
# base, model: learn again (base needs ../shared, model does not) · bench: speeds
PYTHON ?= python

.PHONY: check fix docs base model bench

check:
	$(PYTHON) -m ruff format --check quality scripts tests
	$(PYTHON) -m ruff check quality scripts tests
	$(PYTHON) -m mypy
	$(PYTHON) scripts/build_docs.py --check
	$(PYTHON) -m pytest

fix:
	$(PYTHON) -m ruff format quality scripts tests
	$(PYTHON) -m ruff check --fix quality scripts tests

docs:
	$(PYTHON) scripts/build_docs.py

base:
	$(PYTHON) scripts/build_base.py ../shared/corpora labelled/base

model:
	$(PYTHON) scripts/build_model.py labelled/base models/default

bench:
	$(PYTHON) scripts/bench.py
