# `make demo` and `make test` set up everything that they need: Node.js if the installed version is too old, the npm
# packages, and the servers that they run.

run := scripts/with-node

.PHONY: help demo demo-once test test-unit test-integration test-e2e mutate build lint format setup clean
.PHONY: bench bench-reads bench-autoscalers bench-discovery bench-cold-start bench-soak bench-object-index bench-docs

help:
	@echo 'make demo       show the request of an HPA with a real Prometheus; Ctrl-C stops it'
	@echo 'make demo-once  the same, for scripts: exits when it is done'
	@echo 'make test       types, lint and all tests; or a part of them:'
	@echo '                test-unit (under a minute), test-integration (with Prometheus and'
	@echo '                VictoriaMetrics; and the demo), test-e2e (with a Kubernetes control plane)'
	@echo 'make build      the production bundle in dist/'
	@echo 'make bench      all benchmarks (docs/performance.md); or one of them:'
	@echo '                bench-reads bench-autoscalers bench-discovery bench-cold-start bench-soak'
	@echo '                bench-object-index; BENCH=--help lists their flags'
	@echo 'make bench-docs write the last results into docs/performance.md'
	@echo 'make mutate     run mutation tests of the core rooms and list the surviving mutants;'
	@echo '                ROOMS="promql rules" selects rooms (about 10 minutes each)'
	@echo 'make format     fix what the linter can fix'
	@echo 'make clean      remove build output and installed packages'

# The packages are installed again whenever the lock file is newer than the last install.
node_modules/.installed: package-lock.json
	@echo '--- installing npm packages'
	$(run) node scripts/install.ts
	@touch $@

setup: node_modules/.installed

build: setup
	@echo '--- building dist/'
	$(run) node scripts/build.ts

demo: build
	$(run) node scripts/demo.ts

demo-once: build
	$(run) node scripts/demo.ts --once

lint: setup
	@echo '--- types'
	$(run) npx tsc
	@echo '--- lint'
	$(run) npx biome check --error-on-warnings .
	@echo '--- prose'
	$(run) npx vitest run --project unit test/prose.test.ts

format: setup
	$(run) npx biome check --write .

test: lint build
	@echo '--- tests'
	$(run) npx vitest run

test-unit: setup
	$(run) npx vitest run --project unit

test-integration: build
	$(run) npx vitest run --project integration --project alone --project attacks

test-e2e: build
	$(run) npx vitest run --project e2e --project e2e-alone

# One run per room, since each has to reach the threshold in stryker.config.json.
ROOMS := metrics promql gotemplate rules catalog apiserver/authentication apiserver/authorization kubernetes

mutate: setup
	@failed=; for room in $(ROOMS); do \
	  echo "--- mutants of src/$$room"; \
	  MUTATED_ROOM=$$room $(run) npx stryker run test/mutation/stryker.config.json \
	    --mutate "src/$$room/**/*.ts,!src/**/*.test.ts" || failed="$$failed $$room"; \
	done; [ -z "$$failed" ] || { echo "below the threshold:$$failed"; exit 1; }

# Flags go into BENCH, e.g. make bench-reads BENCH='--concurrency=16 --markdown'.
bench-reads bench-autoscalers bench-discovery bench-cold-start bench-soak: bench-%: build
	$(run) node test/bench/$*.ts $(BENCH)

bench-object-index: setup
	$(run) node --expose-gc test/bench/object-index.ts $(BENCH)

bench: bench-reads bench-autoscalers bench-discovery bench-cold-start bench-soak bench-object-index

bench-docs: setup
	$(run) node test/bench/write-docs.ts

clean:
	rm -rf dist node_modules .tools
