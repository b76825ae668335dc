# Two commands: `make run` talks, `make test` tests. Both set up what they need; `make install` only sets up.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE :=  # a hundred processes start in the tests, and would each compile all of it again

.PHONY: run test test-unit test-core test-spoken test-live check install dialogues pictures soak lock clean

run: install
	@$(BIN)/baton up

install:
	@$(PYTHON) bootstrap.py run

test:
	@$(PYTHON) bootstrap.py test
	@$(BIN)/python -m pytest -q tests -m "not system" -n 2 --dist worksteal
	@cd web-demo && $(CURDIR)/$(BIN)/python $(CURDIR)/bootstrap.py npm test
	@$(MAKE) --no-print-directory test-core
	@$(MAKE) --no-print-directory test-spoken

test-unit:  # what is pure, or needs nothing but virtual time: a minute
	@$(BIN)/python -m pytest -q tests -m "not system and not parts" -n 2 --dist worksteal

SPEAKING := $(filter-out %/test_up.py %/test_postgres.py,$(wildcard tests/system/test_*.py))

test-core:
	@$(BIN)/python -m pytest -q -m system -n 2 --dist loadfile tests $(SPEAKING:%=--ignore=%) --ignore=tests/dialogues

test-spoken:  # people's speech, heard and answered by the embedded model: more than one such call fills a small machine
	@$(BIN)/python -m pytest -q -s -m system $(SPEAKING)
	@$(BIN)/python -m pytest -q -s tests/dialogues

test-live:  # a short call with each real provider whose key is set; it costs money, and says first how much
	@$(PYTHON) bootstrap.py test
	@$(BIN)/python -m pytest -q -s tests/live/calls.py

check:
	@$(PYTHON) bootstrap.py test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy worker agents tools tests bench bootstrap.py
	$(BIN)/vulture
	cd web-demo && $(CURDIR)/$(BIN)/python $(CURDIR)/bootstrap.py npm run check

dialogues:  # all spoken dialogues; some seven minutes
	@$(PYTHON) bootstrap.py test
	@BATON_DIALOGUES=all $(BIN)/python -m pytest -q -s tests/dialogues

pictures:  # how the page looks now is how it is to look: tests/core/pictures
	@$(PYTHON) bootstrap.py test
	@BATON_PICTURES=renew $(BIN)/python -m pytest -q tests/core/test_page_scenes.py

soak:  # the random tests, and random calls, many times as many, and spoken ones; about half an hour
	@$(PYTHON) bootstrap.py test
	@BATON_SOAK=1 $(BIN)/python -m pytest -q tests -m "not system" -n 2 --dist worksteal --timeout=3600
	@BATON_SOAK=1 $(BIN)/python -m pytest -q -s tests/core tests/test_tutorial.py --timeout=3600
	@BATON_SOAK=1 $(BIN)/python -m pytest -q -s -m soak tests/system

lock:  # what the versions in pyproject.toml mean today
	@$(PYTHON) bootstrap.py lock

clean:
	rm -rf .venv .cache web-demo/node_modules web-demo/dist
