# The verbs of this project. `make` lists them; CI runs the same ones.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
SETUP := build/.setup
# What decides whether `make setup` has to run again.
SETUP_INPUTS := tools/setup tools/packages.txt pyproject.toml
EVENTS ?=
FUZZ_SECONDS ?= 60
ONLY ?=
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup build test test-cpp test-python sanitize fuzz demo bench faults soak faults-guards coverage lint fmt layers docs sklearn-versions pyspark-versions wheel nightly clean

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP)  ## install what is needed, make .venv with foretell in it

$(SETUP): $(SETUP_INPUTS)
	tools/setup $(PYTHON)
	@mkdir -p $(@D) && touch $@

build: $(SETUP)  ## compile the module and the C++ tests
	@cmake --build build/dev

test: build  ## all tests; then the figures of the last `make coverage`
	ctest --test-dir build/dev --output-on-failure --no-tests=error
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"
	@tools/coverage --last

test-cpp: build  ## the C++ tests alone
	ctest --test-dir build/dev --output-on-failure --no-tests=error

test-python: build  ## the Python tests alone
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

sanitize: $(SETUP)  ## the C++ tests under ASan + UBSan and TSan
	cmake --preset asan > /dev/null && cmake --build --preset asan && ctest --preset asan
	cmake --preset tsan > /dev/null && cmake --build --preset tsan && ctest --preset tsan

fuzz: $(SETUP)  ## each fuzzer for its share of FUZZ_SECONDS (60)
	cmake --preset fuzz > /dev/null && cmake --build --preset fuzz
	tools/fuzz $(FUZZ_SECONDS)

demo: build  ## the main job on made-up events, or on EVENTS=PATH
	$(BIN)/python examples/event_topics/demo.py $(if $(EVENTS),--events "$(EVENTS)")

bench: build  ## every comparison below bench/, with its peer in the same run
	tools/bench

faults: build  ## the fault table with its figures; ONLY="kills errors" for some of it
	$(BIN)/python tests/faults $(ONLY)

soak: build  ## drivers of streams killed 200 times, by Spark; an hour and more
	$(BIN)/python tests/faults $(or $(ONLY),stream_kills)

faults-guards: build  ## each guard taken out of a copy: its fault test has to fail
	$(BIN)/python tests/faults/guards.py $(ONLY)

coverage: $(SETUP)  ## lines and branches of the store and of runs that the C++ tests reach
	cmake --preset coverage > /dev/null
	cmake --build build/coverage --target store_test run_test cache_test
	tools/coverage

lint: build layers  ## ruff, mypy, clang-format, clang-tidy on changed files
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	tools/lint_cpp

fmt: $(SETUP)  ## format Python and C++
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	git ls-files '*.h' '*.cc' | xargs $(BIN)/clang-format -i

layers:  ## each C++ layer includes only what it may
	$(PYTHON) tools/check_layers.py

docs: build  ## build/docs/html: every page and the reference, links checked
	$(BIN)/python tools/docs.py

sklearn-versions: build  ## native models against scikit-learn 1.4, 1.6 and the newest; ONLY="1.5" for another
	tools/sklearn_versions $(ONLY)

pyspark-versions: build  ## the Spark tests against PySpark 4.1 and the newest; ONLY="4.2" for another
	tools/pyspark_versions $(ONLY)

wheel: $(SETUP)  ## build a wheel, and import it in a clean environment
	tools/wheel

nightly: build  ## everything, the long forms too
	ctest --test-dir build/dev --output-on-failure --no-tests=error
	$(BIN)/python -m pytest -n 2
	$(MAKE) sklearn-versions
	$(MAKE) pyspark-versions
	$(MAKE) faults
	$(MAKE) soak
	$(MAKE) sanitize
	$(MAKE) fuzz FUZZ_SECONDS=1800

clean:  ## remove what was built; .venv stays
	rm -rf build dist demo-output python/foretell/_core.pyi
