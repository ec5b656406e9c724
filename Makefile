# Every target does its own set-up; a fresh machine needs Python 3.11 or newer, make, and a package registry.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Some machines switch compiled modules off; then every process that a test starts would compile all of them again.
export PYTHONDONTWRITEBYTECODE =

# A file's tests share what they set up, so they stay together; long files come first, so that short ones end the run.
TWO = -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-lowest check lint docs pictures bench lock clean

demo: $(READY) ## a synthetic programme in demo/, through the real flows
	$(BIN)/cfc-pipeline demo demo --fresh

test: $(READY) lint ## everything
	$(BIN)/python -m pytest $(TWO)

check: $(READY) lint ## what to run while coding: under a minute
	$(BIN)/python -m pytest tests/unit -q $(TWO)

test-lowest: .venv-lowest/.ready ## unit tests, whole runs and property tests with the oldest versions that pyproject.toml allows
	.venv-lowest/bin/python -m pytest tests/runs tests/property tests/unit -q $(TWO)

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
	$(SHOT) --window-size=1200,880 --screenshot=docs/images/cohort-outcomes.png $(RELEASE)/tables/cohort_outcomes.html

bench: $(READY) ## benchmarks, side by side
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/linking.py 2000
	$(BIN)/python benchmarks/redaction.py
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/outcomes.py
	$(BIN)/python benchmarks/connectors.py
	$(BIN)/python benchmarks/formats.py

COMPILE = uv pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header --upgrade
lock: ## new versions into requirements/: hashes, no addresses
	$(COMPILE) --universal --constraint requirements/held-back.txt -o requirements/locked.txt
	$(COMPILE) --resolution lowest-direct -o requirements/lowest.txt

%/.ready: pyproject.toml requirements/locked.txt requirements/lowest.txt
	$(PYTHON) -m venv $*
	# --no-deps: the lock is complete, and pip's resolver refuses hashes for sqlalchemy[asyncio].
	$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements/$(if $(findstring lowest,$*),lowest,locked).txt
	$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean: ## everything that make made
	rm -rf .venv .venv-lowest demo dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
