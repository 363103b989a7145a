# Everything a user or developer runs; `make` alone lists it. Needs git, make and Python 3.10-3.13, nothing else.
#   make chat               answer in the browser          make ask Q="…"   answer in the terminal
# Another interpreter: make PYTHON=/path/to/python3.12 …

.DEFAULT_GOAL := help
.PHONY: help chat ask index test test-hub test-slow lint lock wheel eval eval-public clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
HUB := .venv-hub
PIP := -m pip --disable-pip-version-check --no-input
PYTEST_ARGS ?=
SETS ?= core second dev
LIMIT ?= 500
export PYTHONUTF8 := 1

# What the index is made from: the documents and the code that reads, repairs, splits and embeds them.
INDEXED := $(shell find corpus src/libqa/text src/libqa/reading src/libqa/index src/libqa/models -type f ! -name '*.pyc')

# Tests of the page need a browser; .ci/run installs one, elsewhere they are left out aloud.
BROWSER := $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
MARKS := not slow and not hub$(if $(BROWSER),, and not browser)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

chat: index ## install, build the index, serve the chat and print its address
	$(BIN)/libqa serve

ask: override export Q := $(value Q)
ask: ## answer one question: make ask Q="论坛在哪里举行？"
	@if [ -z "$$Q" ]; then echo 'usage: make ask Q="论坛在哪里举行？"' >&2; exit 2; fi
	@$(MAKE) -s --no-print-directory index
	@printf '%s' "$$Q" | $(BIN)/libqa ask -

index: index/.stamp ## build the index from corpus/ if something changed
index/.stamp: $(VENV)/.stamp $(INDEXED)
	$(BIN)/libqa build corpus --index index
	@touch $@

# $(call environment,DIR,LOCK): a virtual environment with the exact versions of LOCK and this checkout.
define environment
	@set -e; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10 python; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	  echo "libqa needs Python 3.10, 3.11, 3.12 or 3.13, and none is on the PATH; install one, or name it: make PYTHON=/path/to/python3.12 …" >&2; exit 1; \
	fi; \
	echo "Making $(1) with $$("$$found" --version)"; rm -rf $(1); \
	if ! "$$found" -m venv $(1) 2>/dev/null; then \
	  rm -rf $(1); "$$found" -m venv --without-pip $(1) && "$$found" -m pip --python $(1)/bin/python install -q pip || { \
	    echo "$$found has neither venv with ensurepip nor pip; install them (Debian, Ubuntu: apt-get install python3-venv) and try again" >&2; exit 1; }; \
	fi
	@echo "Installing the packages of $(2) (a minute or two, once)"
	@$(1)/bin/python $(PIP) install -q --upgrade pip
	@$(1)/bin/python $(PIP) install -q -r $(2)
	@$(1)/bin/python $(PIP) install -q --no-deps -e .
	@touch $(1)/.stamp
endef

$(VENV)/.stamp: requirements.txt pyproject.toml
	$(call environment,$(VENV),requirements.txt)
$(VENV)/.stamp-dev: requirements-dev.txt $(VENV)/.stamp
	@echo "Installing the packages of requirements-dev.txt"
	@$(BIN)/python $(PIP) install -q -r requirements-dev.txt
	@touch $@
$(HUB)/.stamp: requirements-hub.txt pyproject.toml
	$(call environment,$(HUB),requirements-hub.txt)

test: $(VENV)/.stamp-dev ## all quick tests, without torch
	@$(if $(BROWSER),,echo "No Chromium on the PATH: the tests of the page are left out (Debian: apt-get install chromium fonts-noto-cjk)")
	$(BIN)/python -m pytest -m "$(MARKS)" $(PYTEST_ARGS)

test-hub: $(HUB)/.stamp ## tests of the extra `hub` (torch, sentence-transformers), in an environment of their own
	$(HUB)/bin/python -m pytest -m hub $(PYTEST_ARGS)

test-slow: $(VENV)/.stamp-dev ## crash, fuzz and benchmark tests
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

lint: $(VENV)/.stamp-dev ## style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

eval: index $(VENV)/.stamp-dev ## ask the question sets, print the table, write eval/reports/ (SETS="core second dev")
	$(BIN)/libqa eval $(SETS) --index index --report eval/reports --baselines

eval-public: $(VENV)/.stamp-dev ## the same on public sets of LIBQA_DATA, LIMIT=500 questions each, into eval/reports/public/
	$(BIN)/libqa eval cmrc2018/trial drcd/dev --pool crud_news/text:20000 --limit $(LIMIT) --without-gold --baselines --report eval/reports/public
	$(BIN)/libqa eval --reading cmrc2018/trial drcd/dev --report eval/reports/public
	$(BIN)/libqa eval ntrex/train tatoeba_zh_en/train --limit $(LIMIT) --baselines --report eval/reports/public

wheel: $(VENV)/.stamp ## dist/libqa-*.whl with corpus, chat and weights inside
	$(BIN)/python $(PIP) wheel -q --no-deps -w dist .

# Newest versions within the ranges of pyproject.toml, for every Python at once, without addresses. What torch needs of
# CUDA is left to torch's own metadata, which pins it: a CPU build of torch 2.13.0 then installs nothing of it.
LOCK := .venv-lock/bin/uv pip compile -q --upgrade --universal --python-version 3.10 --no-annotate --no-emit-index-url \
	--custom-compile-command "make lock" pyproject.toml
lock: $(VENV)/.stamp ## make requirements*.txt anew
	$(BIN)/python -m venv .venv-lock && .venv-lock/bin/python $(PIP) install -q uv
	$(LOCK) --extra files -o requirements.txt
	$(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt
	$(LOCK) --extra dev --extra hub --group hub-test -c requirements-dev.txt -o requirements-hub.txt
	sed -i -E '/^(nvidia-|cuda-|triton==)/d' requirements-hub.txt

clean: ## remove environments, index, reports and build products
	rm -rf .venv .venv-hub .venv-lock dist eval/reports .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find index -mindepth 1 ! -name README.md -delete
