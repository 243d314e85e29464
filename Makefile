# everytap: each target sets itself up from a bare checkout with nothing but Python >= 3.11, pip and make.
# pip asks wherever the user's own configuration sends it; the lock's hashes decide what is let in.
.DEFAULT_GOAL := help
.PHONY: help installs demo run test check media bench replay chaos simulate mutants mutate faults promises recipes soak lock venv \
	new-venv

ARGS =
VENV = .venv
LOCK = requirements.lock
IN_VENV = $(VENV)/bin/python
# The lock names every package, so pip looks for no other. Before 24.0 it would take the extra that a package asks for
# (coverage[toml]) for a second, unpinned package as soon as the locked release is not the newest.
PIP_INSTALL = install -qq --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r $(LOCK)

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1	\2/p' Makefile

demo: venv ## run the demo; ARGS=--headless lets simulated people tap and prints a table
	@$(IN_VENV) main.py demo $(ARGS)

run: venv ## run the worker on the settings of the environment
	@$(IN_VENV) main.py run $(ARGS)

test: venv ## run the tests; ARGS="-k name" picks some
	@$(IN_VENV) -m pytest -n 4 --dist worksteal $(if $(ARGS),$(ARGS),--ignore=tests/page)
# anyio's plugin for pytest has one event loop at a time. While a session's browser holds asyncio's, a test for trio would be
# run on it, without its virtual clock, and wait for hours: processes of its own.
	@$(if $(ARGS),true,$(IN_VENV) -m pytest -n 2 tests/page)

check: venv ## check format, lint and types
	@$(IN_VENV) -m ruff format --check .
	@$(IN_VENV) -m ruff check .
	@$(IN_VENV) -m mypy

media: venv ## add each kind of picture and film, and write the table of docs/media.md
	@$(IN_VENV) -m tests.media $(ARGS)

bench: venv ## measure the budgets beside an ideal; QUICK=1: under a minute, coarser
	@$(IN_VENV) -m tests.bench $(if $(filter-out 0,$(QUICK)),--quick) $(ARGS)

chaos: venv ## kill real workers while they publish; ARGS="--seed 2 --workers 3" for another run
	@$(IN_VENV) -m tests.chaos $(ARGS)

SEEDS =
SEED =
simulate: venv ## play seeded worlds in virtual time; SEEDS=2000 for more, SEED=n replays one, ARGS="--profile aimed"
	@$(IN_VENV) -m tests.simulation $(if $(SEED),--seed $(SEED),$(if $(SEEDS),--seeds $(SEEDS))) $(ARGS)

mutants: venv ## put each known mistake into a copy of the source: the simulation must find it
	@$(IN_VENV) -m tests.mutants $(ARGS)

mutate: venv ## put random mistakes into a copy of the source: its tests must find them; ARGS="infra/telegram --mutants 30"
	@$(IN_VENV) -m tests.mutate $(ARGS)

faults: venv ## break the real database, its network and the worker; QUICK=1: a slice of it
	@$(IN_VENV) -m tests.faults $(if $(filter-out 0,$(QUICK)),--quick) $(ARGS)

promises: venv ## break each promise of docs/guarantees.md in a copy: its own command must notice; ARGS="--only links" picks
	@$(IN_VENV) -m tests.promises $(ARGS)

recipes: venv ## play the recipes of CONTRIBUTING.md in a copy of the tree; ARGS=verb plays one
	@$(IN_VENV) -m tests.recipes $(ARGS)

soak: venv ## a million taps while something breaks every few seconds; ARGS="--taps 20000" for fewer
	@$(IN_VENV) -m tests.soak $(ARGS)

replay: venv ## replay the incident of 2026-02-25: what happened then, what happens now
	@$(IN_VENV) -m tests.replay $(ARGS)

installs: venv ## install with pips of 22.3 to the newest, from a lock that is out of date on purpose
	@$(IN_VENV) -m tests.install.pips

# Three sections, because a worker's image takes the first one only, and the demo's the first two; every package stands in
# one of them.
UV_COMPILE = uv pip compile -q --no-config --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links
NAMED = sed -nE 's/^([a-z0-9-]+)==.*/--no-emit-package \1/p'
lock: ## write requirements.lock afresh from pyproject.toml (needs uv), and ask where it installs
	@set -e; new=$$(mktemp -d); trap 'rm -rf "$$new"' EXIT; \
	$(UV_COMPILE) -o $$new/run pyproject.toml; \
	$(UV_COMPILE) -o $$new/demo --group demo --constraint $$new/run $$($(NAMED) $$new/run) pyproject.toml; \
	cat $$new/run $$new/demo > $$new/both; \
	$(UV_COMPILE) -o $$new/dev --group demo --group dev --constraint $$new/both $$($(NAMED) $$new/both) pyproject.toml; \
	{ echo "# Written by make lock."; cat $$new/run; echo "# The demo only"; cat $$new/demo; \
		echo "# Development only"; cat $$new/dev; } > requirements.lock
	python3 -m tests.install.machines

# A name to type once .venv is active, which a shell can complete; it finds the checkout wherever that is moved to.
EVERYTAP = \#!/bin/sh\nhere=$$(dirname "$$(readlink -f "$$0")")\nexec "$$here/python" "$$here/../../main.py" "$$@"\n

# .venv is ready when .venv/.ready equals the lock: that copy is the last step, so an interrupted start is done again.
venv:
	@cmp -s $(LOCK) $(VENV)/.ready && $(IN_VENV) -c '' 2>/dev/null || $(MAKE) --no-print-directory new-venv
	@test -x $(VENV)/bin/everytap || { printf '$(EVERYTAP)' > $(VENV)/bin/everytap; chmod +x $(VENV)/bin/everytap; }

# fd 9 carries a lock that lives as long as this shell: a second make waits for the first, then finds .venv ready.
# venv --clear would empty what a link leads to before it refuses the link.
# A Python without ensurepip (Debian's) lends its own pip to the new environment.
new-venv:
	@for python in python3 python3.13 python3.12 python3.11 python3.14 python none; do \
		$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	test $$python != none || { echo "everytap needs Python 3.11 or newer; none was found on PATH" >&2; exit 1; }; \
	set -e; \
	exec 9<$(LOCK); \
	$$python -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'; \
	if cmp -s $(LOCK) $(VENV)/.ready && $(IN_VENV) -c '' 2>/dev/null; then exit 0; fi; \
	test ! -L $(VENV) || { echo "$(VENV) is a link to something made from another lock: remove the link first" >&2; exit 1; }; \
	echo "making $(VENV) from $(LOCK) (once, about half a minute)"; \
	rm -f $(VENV)/.ready; \
	if $$python -m pip --version >/dev/null 2>&1; then \
		$$python -m venv --clear --without-pip $(VENV); \
		$$python -m pip --python $(IN_VENV) $(PIP_INSTALL); \
	else \
		$$python -m venv --clear $(VENV); \
		$(IN_VENV) -m pip $(PIP_INSTALL); \
	fi; \
	cp $(LOCK) $(VENV)/.ready
