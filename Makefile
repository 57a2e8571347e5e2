PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint lint-strict clean

demo: .venv/installed
	$(BIN)/einthoven demo --out demo

test: .venv/installed lint
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --doctest-modules tests src

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# What lint will ask for as well, once the whole of src passes it.
lint-strict: .venv/installed
	$(BIN)/ruff check --select D --ignore D104,D105,D107 --config 'lint.pydocstyle.convention = "numpy"' src
	$(BIN)/ruff check --select C901 --config 'lint.mccabe.max-complexity = 14' src
	$(BIN)/mypy --strict src
	LINT_STRICT=1 $(BIN)/pytest tests/contracts/test_docstrings.py

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv demo
