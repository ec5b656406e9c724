# Every target does its own set-up; a fresh machine needs Python 3.11 or newer, make, and a package registry.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check unit flows docs pictures bench lock clean

demo: $(READY) ## a synthetic programme in demo/, through the real flows
	$(BIN)/cfc-pipeline demo demo --fresh

test: $(READY) lint ## everything
	$(BIN)/python -m pytest

check: $(READY) lint ## what to run while coding: under a minute
	$(BIN)/python -m pytest tests/unit tests/property tests/golden -q

.PHONY: lint
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY) ## the generated parts of docs/, and the JSON Schema of programme.yaml
	$(BIN)/python docs/make_reference.py

CHROMIUM ?= chromium
SHOT = $(CHROMIUM) --headless --no-sandbox --disable-gpu --hide-scrollbars
RELEASE = file://$(CURDIR)/demo/releases/latest
pictures: ## docs/images of the demo's release, with Chromium; run `make demo` first
	$(SHOT) --window-size=1020,1130 --screenshot=docs/images/overview.png $(RELEASE)/index.html
	$(SHOT) --window-size=1160,880 --screenshot=docs/images/cohort-outcomes.png $(RELEASE)/tables/cohort_outcomes.html

bench: $(READY) ## benchmarks, side by side
	$(BIN)/python benchmarks/run.py

lock: ## new versions into requirements/locked.txt: hashes, no addresses
	uv pip compile pyproject.toml --extra dev --constraint requirements/held-back.txt --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header -o requirements/locked.txt --upgrade

$(READY): pyproject.toml requirements/locked.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/locked.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

clean: ## everything that make made
	rm -rf .venv demo dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
