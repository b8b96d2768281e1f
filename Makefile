# Everything here sets up what it needs by itself; see `make help`.
#
# Paths are relative and programs are run as modules, so that a checkout may lie in a folder
# whose name has spaces. Written for GNU Make 3.81, which is what macOS carries.

SHELL = /bin/sh
export PYTHON

SAMPLE ?= tests/pictures/bistro_table.png
PICTURES ?= $(SAMPLE)
OUTPUT ?= runs/demo-$(shell date +%Y%m%d-%H%M%S)

# Blender 5 left Intel Macs, so there all is done with Blender 4.5.
ifeq ($(shell uname -sm),Darwin x86_64)
LOCKS = locks/py311-blender45.txt
else
LOCKS = locks/py311.txt locks/py313.txt
endif

# Two at a time: each may have a Blender of its own at work. A file's tests share theirs, so they stay together.
# One that crashes ends the run: with another in its place it may wait for ever.
PYTEST = -m pytest --numprocesses=2 --dist=loadfile --max-worker-restart=0

help:  ## list what can be made
	@sed -n 's/^\([a-z0-9.-]*\):[^#]*##  *\(.*\)/make \1@\2/p' Makefile | awk -F@ '{ printf "%-14s %s\n", $$1, $$2 }'
	@echo
	@echo "SAMPLE=picture.jpg and OUTPUT=folder change the demo; PICTURES=folder what is evaluated; PYTHON=/path/to/python the Python."

demo: .venv/ready  ## reconstruct a sample picture, without key and without a model
	.venv/bin/python -m seig_addon reconstruct "$(SAMPLE)" --model offline --output "$(OUTPUT)"

test: .venv/ready  ## run all tests
	.venv/bin/python $(PYTEST)

test-4.5: .venv-4.5/ready  ## run the quick tests that depend on it on Blender 4.5 (needs Python 3.11)
	.venv-4.5/bin/python $(PYTEST) -m "blender and not slow"

test-5.2: .venv-5.2/ready  ## run the quick tests that depend on it on Blender 5.2 (needs Python 3.13)
	.venv-5.2/bin/python $(PYTEST) -m "blender and not slow"

test-gui: .venv/ready  ## test in a window of BLENDER=/path/to/blender; screenshots in runs/test-gui
	.venv/bin/python tests/gui/run.py

evaluate: .venv-evaluate/ready  ## compare variants over PICTURES=folder without a model, in runs/evaluation
	.venv-evaluate/bin/python -m tools.evaluate "$(PICTURES)"

lint: .venv/ready  ## check style, format and types
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy

extension: .venv/ready  ## build the add-on in dist/, as a zip that Blender installs
	.venv/bin/python tools/extension

setup: .venv/ready  ## only set up the environment in .venv

clean:  ## remove the environments, caches and dist/, but no run
	rm -rf .venv .venv-4.5 .venv-5.2 .venv-evaluate .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

.venv/ready: tools/setup tools/python $(LOCKS)
	@sh tools/setup .venv $(LOCKS)

.venv-4.5/ready: tools/setup tools/python locks/py311-blender45.txt
	@sh tools/setup .venv-4.5 locks/py311-blender45.txt

.venv-5.2/ready: tools/setup tools/python locks/py313.txt
	@sh tools/setup .venv-5.2 locks/py313.txt

.venv-evaluate/ready: tools/setup tools/python $(LOCKS:.txt=-evaluate.txt)
	@sh tools/setup .venv-evaluate $(LOCKS:.txt=-evaluate.txt)

.PHONY: help demo test test-4.5 test-5.2 test-gui evaluate lint extension setup clean
