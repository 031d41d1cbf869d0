# Every habit by name; `make help` lists them. Settings are given as NAME=value, see README.md.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.SUFFIXES:

# The first Python from 3.11 on; everything else is made from it.
SYSTEM_PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
SETUP = @test -n "$(SYSTEM_PYTHON)" || { echo "setup: missing: python >= 3.11; on Debian and Ubuntu: sudo apt-get install -y python3" >&2; exit 1; }; \
	$(SYSTEM_PYTHON) -m deploy.local.setup
PYTHON := .venv/bin/python
STATE := $(or $(POLYCENTRE_STATE),.polycentre)
# Tests of a whole system under load come first; what they leave of the machine, the others take.
SYSTEM := tests/e2e tests/fault
BESIDE := $(addprefix tests/,unit contract architecture component integration)
# What routers and brokers are put through, again and again: all of it under load, then claims and writes that race.
SCENARIOS := tests/fault $(addprefix tests/integration/test_,router_claims.py router_kafka.py kafka_broken_broker.py)
BESIDE_SAID := $(STATE)/tests-beside.txt
REPEAT ?= 1

.PHONY: help
help: ## what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install and build what `make run` needs, if it is not there yet
	$(SETUP) run

.PHONY: packages
packages:
	$(SETUP) packages

.PHONY: run
run: setup ## start everything; SCALE=60, FRESH=1, CALLS=FILE DAY=YYYY-MM-DD, SIM=0
	@exec $(PYTHON) -m deploy.local

.PHONY: stop
stop: packages ## end what `make run` started, in order
	@$(PYTHON) -m deploy.local.control stop

.PHONY: kill
kill: packages ## kill one process, to watch it come back: SERVICE=router
	@$(PYTHON) -m deploy.local.control kill "$(SERVICE)"

.PHONY: token
token: packages ## print a token: ROLE=supervisor|agent|partner|integrator|client [CLIENT=] [AGENT=] [HOURS=]
	@$(PYTHON) -m contact_runtime.issuer token --state "$(STATE)/keys" --role "$(or $(ROLE),supervisor)" \
		$(if $(CLIENT),--client "$(CLIENT)") $(if $(AGENT),--agent "$(AGENT)") $(if $(HOURS),--hours "$(HOURS)")

.PHONY: tail
tail: packages ## print a topic as it grows, one line an event: TOPIC=routed
	@exec $(PYTHON) -m deploy.local.control tail "$(or $(TOPIC),routed)"

.PHONY: audit
audit: packages ## read the whole log and prove that nothing in it is broken
	@exec $(PYTHON) -m deploy.local.control audit $(if $(AT_REST),--at-rest)

.PHONY: rebuild
rebuild: packages ## fold the whole log into new tables of reporting beside the live ones, then swap
	@exec $(PYTHON) -m deploy.local.control rebuild

.PHONY: replay
replay: packages ## decide the past of the pool again and prove it the same: FROM=0 TO=end POOL=main
	@exec $(PYTHON) -m deploy.local.control replay "$(or $(FROM),0)" "$(or $(TO),end)"

.PHONY: recorded
recorded: packages ## fold a real call centre's file and print its figures: FILE=.. [DATABASE_URL=] [KAFKA=]
	@$(PYTHON) -m deploy.local.recorded "$(FILE)" $(if $(DATABASE_URL),--database-url "$(DATABASE_URL)") \
		$(if $(KAFKA),--kafka "$(KAFKA)")

.PHONY: bench
bench: setup ## measure; NAME=chain for one benchmark
	@$(PYTHON) -m bench $(NAME)

.PHONY: soak
soak: setup ## faults again and again: REPEAT=10; or at random, MINUTES=30 SEED=1, audited at the end
ifdef MINUTES
	@SOAK_MINUTES=$(MINUTES) SOAK_SEED=$(or $(SEED),1) $(PYTHON) -m pytest -q -s tests/soak
else
	@for i in $$(seq $(REPEAT)); do echo "round $$i of $(REPEAT)"; \
		PROTOCOL_HISTORIES=$(or $(PROTOCOL_HISTORIES),3000) PROTOCOL_SEED=$${i}000000 \
			$(PYTHON) -m pytest -q tests/unit/protocol/test_protocol_histories.py || exit 1; \
		FUZZ_EFFORT=10 FUZZ_SEED=$$i $(PYTHON) -m pytest -q --timeout=3600 \
			tests/component/test_agent_state_fuzzed.py || exit 1; \
		$(PYTHON) -m pytest -q $(SCENARIOS) || exit 1; done
endif

.PHONY: fmt
fmt: packages ## bring everything into its one format
	@$(PYTHON) -m ruff check --quiet --fix-only .
	@$(PYTHON) -m ruff format --quiet .
	@if [ -d console/node_modules ]; then npm --prefix console run --silent format; fi

.PHONY: docs
docs: packages ## write again what is generated: schemas, AsyncAPI, the pages of errors and metrics
	@$(PYTHON) -m deploy.local.drift --write

.PHONY: check
check: ## format, lint, types, arrows, drift, manifests
	$(SETUP) test
	@$(PYTHON) -m deploy.local.check

.PHONY: test
test: check ## everything that must hold: `make check` and all tests; TESTS=tests/unit for some
ifdef TESTS
	@$(PYTHON) -m pytest -q $(TESTS)
else
	@$(MAKE) -j2 tests-of-the-system tests-beside
	@npm --prefix console run --silent test && npm --prefix console run --silent e2e
endif

.PHONY: tests-of-the-system
tests-of-the-system:
	@$(PYTHON) -m pytest -q $(SYSTEM)

.PHONY: tests-beside
tests-beside:
	@mkdir -p "$(STATE)" && echo "the other tests run beside these; what they say is in $(BESIDE_SAID)"
	@nice -n 19 $(PYTHON) -m pytest -q --numprocesses=2 --dist=loadfile $(BESIDE) >"$(BESIDE_SAID)" 2>&1; \
		failed=$$?; cat "$(BESIDE_SAID)"; exit $$failed
