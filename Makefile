PYTHON ?= python3
BIN := .venv/bin
# Bytecode is compiled when a module is first imported, and kept even where the environment says otherwise: without it each command
# that a test starts compiles the package anew. To compile all that is installed takes a minute.
TESTS := env PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --doctest-modules tests src

.PHONY: demo docs test fuzz lint rules clean

demo: .venv/installed
	env PYTHONDONTWRITEBYTECODE= $(BIN)/einthoven demo --out demo

# mypy checks the types while the tests run; what it found stands below their result.
test: rules
	@$(BIN)/mypy src >.venv/types 2>&1 & types=$$!; \
	echo "$(TESTS)"; $(TESTS); tests=$$?; \
	wait $$types; types=$$?; \
	echo "$(BIN)/mypy src"; cat .venv/types; \
	test $$tests = 0 && test $$types = 0

# Changed files against every reader, until Ctrl-C; what fails stands in fuzz-report.jsonl.
fuzz: .venv/installed
	nice $(BIN)/python -m tests.fuzz

# The documentation site, without network: build/site/html/index.html.
docs: .venv/installed
	$(BIN)/python docs/site/build.py

lint: rules
	$(BIN)/mypy src

rules: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python docs/prose.py

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv demo build
