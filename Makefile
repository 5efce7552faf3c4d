# `make render manifest.yaml`, and everything else: `make help`. Works with GNU Make 3.81 and later.
#
# After a word of shotlock's own (VERB below) all other goals are data: names of manifests and shots. They reach the
# command through the environment, so that nothing in a name can be taken for shell or for make.

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
PYTHON_BIN := .venv/bin/python
INSTALL := $(PYTHON_BIN) -m pip install -qq --disable-pip-version-check --no-input --constraint constraints.txt

CHECK_SCHEMAS := import json, sys; from jsonschema import Draft202012Validator as V; \
  [V.check_schema(json.load(open(name, encoding="utf-8"))) for name in sys.argv[1:]]
LIST_DEV := import tomllib; \
  print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")

# A Python for which everything is known to be there as a wheel goes before one that is newer still.
define find_python
for newest in 14 99; do \
  for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
    "$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, int(sys.argv[1])))' \
      $$newest 2>/dev/null && break 2; \
    python=; \
  done; \
done; \
if [ -z "$$python" ]; then \
  echo 'error: no Python from 3.11 on, with venv and pip, was found' >&2; \
  echo 'hint: Debian, Ubuntu: `apt install python3-venv`; macOS: `brew install python`; or name one: PYTHON=/path/to/python3' >&2; \
  exit 1; \
fi
endef

VERBS := render check plan status verify retake gallery
VERB := $(filter $(VERBS),$(firstword $(MAKECMDGOALS)))

ifneq ($(VERB),)

GOALS := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
ifeq ($(origin M),command line)
# Taken literally and exported under one name only: a `$` in it means itself.
override M := $(value M)
GOALS := $(M)
endif
export SHOTLOCK_GOALS := $(GOALS)
# Shots can't be told from manifests by the environment; the shell splits these words, and reads nothing else in them.
retake_words := $$SHOTLOCK_GOALS

.PHONY: $(VERB) FORCE
$(VERB): .venv/ready
	@set -f; exec $(PYTHON_BIN) -m runner $@ $($@_words) $(ARGS)

%: FORCE
	@:

# Else the rule above would remake them.
Makefile pyproject.toml constraints.txt: ;

else

# Tests start hundreds of processes: without bytecode each of them, and each worker, compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help test whole lint format readme simulate mutants images kills no-memory merges flips fuzz network contract third-parties httpx2 soak bench sandbox clean

help:
	@echo 'make render manifest.yaml    make every clip that is not there yet; without a server: free previews'
	@echo 'make plan manifest.yaml      what a render would do, why, and what it costs'
	@echo 'make check manifest.yaml     everything that is wrong with a manifest'
	@echo 'make status manifest.yaml    where every shot stands'
	@echo 'make verify manifest.yaml    look closely at every clip that is there'
	@echo 'make retake manifest.yaml walk'
	@echo '                             buy a shot again'
	@echo ''
	@echo "More flags: ARGS='--max-cost 5'. A name with spaces: M='my film.yaml'. The command itself: .venv/bin/shotlock"
	@echo ''
	@echo 'make test                    the tests; a few: ARGS=tests/unit'
	@echo 'make whole                   all of them: also what differs in little from what `make test` plays'
	@echo 'make lint                    style, types, the direction of imports, schemas and examples'
	@echo 'make format                  mend what can be mended by itself'
	@echo 'make readme                  write the tables and help texts of README.md anew'
	@echo 'make simulate N=20000        that many worlds of random faults, on a virtual clock'
	@echo 'make mutants                 break the purchase protocol on purpose; the simulation must notice'
	@echo 'make images                  every disk that a crash can leave; ARGS=--nth, --pairs, --mutants'
	@echo 'make kills N=200             kill real runs at random moments and at every point'
	@echo 'make network                 the table of faults of a network and a server, cell by cell'
	@echo 'make no-memory               what is lost, what the list says, how old the jobs are: each with each'
	@echo 'make merges N=200            lockfiles of two branches, merged by git'
	@echo 'make flips                   every bit of lockfiles and ledgers, turned'
	@echo 'make fuzz N=2000             hostile manifests, lockfiles, replies and images'
	@echo 'make soak N=10000            one long batch with 30 kills: nothing grows'
	@echo 'make contract                every dialect of the sandbox against every fault of a purchase'
	@echo 'make third-parties           the openai SDK, the LiteLLM proxy and others against the sandbox'
	@echo 'make httpx2                  all tests on the maintained fork of httpx'
	@echo 'make bench                   how fast previews are made'
	@echo "make sandbox                 serve the API on this machine; ARGS='--port 8080'"
	@echo 'make clean                   remove the environment and what tools left; no clips, no lockfiles'

PYTEST := $(PYTHON_BIN) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: .venv/ready-dev
	@$(PYTEST) -m 'not rest' $(ARGS)

whole: .venv/ready-dev
	@$(PYTEST) $(ARGS)

lint: .venv/ready-dev
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PYTHON_BIN) -c '$(CHECK_SCHEMAS)' schemas/*.json
	@$(PYTHON_BIN) -m runner check manifests/*.yaml

format: .venv/ready-dev
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

readme: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.readme_blocks

simulate: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.simulation $(N) $(ARGS)

mutants: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.mutants $(ARGS)

images: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.images $(ARGS)

kills: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.kills $(N) $(ARGS)

network: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.network $(ARGS)

no-memory: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.no_memory

flips: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.flips $(N)

merges: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.merges $(N)

fuzz: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.fuzz $(N) $(ARGS)

contract: .venv/ready-dev
	@$(PYTHON_BIN) -m pytest $(ARGS) tests/acceptance/test_dialects.py
	@$(PYTHON_BIN) -m tests.acceptance.contract_table

third-parties: .venv/ready-dev
	@SHOTLOCK_THIRD_PARTIES=1 $(PYTHON_BIN) -m pytest -rs --timeout 900 tests/third_party $(ARGS)

httpx2: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.third_party.on_httpx2 $(ARGS)

soak: .venv/ready-dev
	@$(PYTHON_BIN) -m tests.crash.soak $(N) $(ARGS)

bench: .venv/ready-dev
	@for each in tests/bench/bench_*.py; do $(PYTHON_BIN) "$$each" || exit; done

sandbox: .venv/ready
	@exec $(PYTHON_BIN) -m runner sandbox $(ARGS)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find runner tests -name __pycache__ -type d -prune -exec rm -rf {} +

endif

# Only what rendering needs: the tools of development come with the first `make test` or `make lint`.
.venv/ready: pyproject.toml constraints.txt
	@echo 'setting up .venv, about 20 seconds, this once' >&2
	@$(PYTHON_BIN) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { $(find_python); \
	"$$python" -m venv --clear .venv; }
	@$(INSTALL) --only-binary av --editable '.[preview]'
	@touch $@

.venv/ready-dev: .venv/ready
	@echo 'setting up the tools of development in .venv, about 15 seconds, this once' >&2
	@$(PYTHON_BIN) -c '$(LIST_DEV)' >.venv/dev.txt
	@$(INSTALL) --requirement .venv/dev.txt
	@touch $@
