# `make demo` and `make test` set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: demo test test-slow check bench clean webapp site

demo: $(STAMP)
	$(RUN) run.py demo

webapp: $(STAMP)
	$(RUN) run.py webapp

# The page without a server, as files for any host; needs npm. See docs/static.md.
site: $(STAMP)
	$(RUN) run.py webapp --static out/site

test: $(VENV)/.installed-dev
	$(RUN) -m pytest -m "not browser and not sockets"

# What a page shows, in a real Chromium (CHROMIUM names another path), and deadlines on real sockets.
test-slow: $(VENV)/.installed-dev
	$(RUN) -m pytest -m "browser or sockets"

check: $(VENV)/.installed-dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	@if command -v npx >/dev/null; then npx --yes oxlint@1 --deny-warnings webapp/static; \
	else echo "JavaScript not linted: npm is not installed"; fi

bench: $(STAMP)
	$(RUN) benchmark/serving/latency.py

$(STAMP): requirements.txt pyproject.toml
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.installed-dev: $(STAMP) requirements-dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# What else is in out/ (prepared data, benchmarks) took hours: it stays.
clean:
	rm -rf $(VENV) out/demo
