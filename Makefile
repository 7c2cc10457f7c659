# Every developer command. `make` lists them; options go through ARGS=...
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
HOST ?= 127.0.0.1
ARGS ?=
UNIT := not e2e and not browser and not service and not load
NETWORKED = tests/e2e tests/browser $(shell grep -rlE 'mark\.(e2e|service|browser)' tests \
	--include='test_*.py' --exclude-dir=e2e --exclude-dir=browser)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help setup run demo test e2e browser newer check services lint types contracts fix bench \
	conformance load docs screenshots messages snapshot vendor lock clean audit secrets \
	unpublished

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9_-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/stamp: 
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/stamp-%: requirements/%.txt | $(VENV)/stamp
	$(INSTALL) -r $<
	touch $@

setup: $(VENV)/stamp-dev ## Make .venv with everything a developer needs

run: $(VENV)/stamp-base ## Run the gateway on 127.0.0.1:8000 (PORT=..., HOST=...)
	$(BIN)/python manage.py migrate -v0
	exec $(BIN)/python manage.py serve --server daphne --host $(HOST) --port $(PORT) $(ARGS)

demo: $(VENV)/stamp-demo ## Try it with a stand-in upstream and sample accounts (ARGS=--once)
	exec $(BIN)/python manage.py demo $(ARGS)

test: $(VENV)/stamp-dev ## Unit and app tests
	$(BIN)/pytest -q -n 2 --ignore=tests/e2e --ignore=tests/browser -m "$(UNIT)" $(ARGS)

browser: $(VENV)/stamp-dev ## The console in headless Chromium
	$(BIN)/pytest -q -m browser tests/browser $(ARGS)

screenshots: $(VENV)/stamp-dev ## Draw docs/images anew (needs Chromium)
	$(BIN)/python -m tests.browser.screenshots docs/images

e2e: $(VENV)/stamp-dev ## Tests that start processes and talk over loopback
	$(BIN)/pytest -q -n 4 --dist loadscope -m "e2e and not load" $(NETWORKED) $(ARGS)

NEWER := $(addprefix tests/e2e/test_,openai_sdk.py openai_responses.py responses_tools.py \
	anthropic_sdk.py attachments.py front_ends.py claude_code.py langchain_anthropic.py \
	langchain_openai.py images_sdk.py videos_sdk.py files.py documented_calls.py image_wall.py \
	answers.py faults.py video_crashes.py web_chat.py forms_change.py chat_dialects.py imagine_upstream.py media_upstream.py)

newer: $(VENV)/stamp-dev ## The clients' tests over the newer forms of upstream
	UPSTREAM_FORMS=new $(BIN)/pytest -q -n 2 --dist loadfile $(NEWER) $(ARGS)

audit: $(VENV)/stamp-dev ## Ask about known holes of pinned packages (needs an index that tells)
	$(BIN)/python -m tests.audit $(ARGS)

secrets: $(VENV)/stamp-dev ## Look for live credentials in tracked files
	$(BIN)/python -m tests.secret_scan

check: $(VENV)/stamp-dev ## What must pass before a change is done
	$(MAKE) --no-print-directory -j 2 --output-sync=target types lint secrets unpublished
	$(BIN)/pytest -q -n 2 --ignore=tests/e2e --ignore=tests/browser -m "$(UNIT)" $(ARGS)
	$(BIN)/pytest -q -n 4 --dist loadscope -m "(e2e or service or browser) and not load" $(NETWORKED) $(ARGS)

unpublished: $(VENV)/stamp-dev
	$(BIN)/python -m tests.audit --if-reachable --no-npm impersonate
	$(BIN)/python manage.py check --deploy
	$(BIN)/python manage.py makemigrations --check --dry-run

POSTGRES_URL ?= postgres://postgres@127.0.0.1:5432/test
MYSQL_URL ?= mysql://root@127.0.0.1:3306/test
STORED := tests/accounts tests/grokgateway/config tests/media tests/gateway/test_catalog.py \
	tests/gateway/test_recorder.py tests/gateway/test_videos.py tests/gateway/test_studio.py \
	tests/grokgateway/test_rotation.py tests/grokgateway/test_turnstile.py

services: $(VENV)/stamp-dev ## What is stored, tested on PostgreSQL and MariaDB too
	TEST_DATABASE_URL=$(POSTGRES_URL) $(BIN)/pytest -q -n 2 --create-db --reuse-db -m "not load" $(STORED)
	TEST_DATABASE_URL=$(MYSQL_URL) $(BIN)/pytest -q -n 2 --create-db --reuse-db -m "not load" $(STORED)

lint: contracts $(VENV)/stamp-dev ## Format, style and import rules; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	test -z "$$(find templates -name '*.html')" || $(BIN)/djlint --quiet --lint templates

contracts: $(VENV)/stamp-dev ## Who may import whom
	$(BIN)/lint-imports

types: $(VENV)/stamp-dev ## Static types
	$(BIN)/mypy .

fix: $(VENV)/stamp-dev ## Format, and repair what the linters can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/stamp-base ## Measure speed against the sandbox (ARGS="--quick --server all")
	$(BIN)/python manage.py bench $(ARGS)

conformance: $(VENV)/stamp-dev ## Try every client over a sandbox and write docs/conformance.md
	$(BIN)/python -m tests.conformance $(ARGS)

load: $(VENV)/stamp-dev ## Long tests: soak and large imports
	$(BIN)/pytest -q -m load $(ARGS)

DOCS := .venv-docs

$(DOCS)/stamp: requirements/docs.txt
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

docs: $(DOCS)/stamp ## Build the documentation strictly, and read it on port 8001 (ARGS=--once)
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict
	test "$(ARGS)" = --once || $(DOCS)/bin/python -m http.server 8001 --bind 127.0.0.1 --directory build/site

messages: $(VENV)/stamp-dev ## Collect texts to translate, and compile locale/
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.catalogues

snapshot: $(VENV)/stamp-dev ## Rewrite the committed files that code generates
	$(BIN)/python manage.py config export --defaults > config.defaults.tmp
	mv config.defaults.tmp config.defaults.toml
	$(BIN)/python manage.py openapi --write docs/openapi
	$(BIN)/python manage.py reference --write docs/reference
	$(BIN)/python -m tests.faults

vendor: $(VENV)/stamp-dev ## Fetch the libraries of static/vendor/manifest.json anew (needs npm)
	$(BIN)/python -m tests.vendored

lock: $(VENV)/stamp-dev ## Pin and hash requirements/*.in anew
	cd requirements && for name in *.in; do \
		$(abspath $(BIN))/uv pip compile -q --generate-hashes --no-header --no-annotate --no-strip-extras \
			--python-version 3.11 $$name -o $${name%.in}.txt || exit 1; \
	done

clean: ## Remove caches and the virtual environment; data stays
	rm -rf $(VENV) $(DOCS) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
