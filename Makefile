# The two commands of the README are `make demo` and `make test`. Each does all its own set-up:
# Node.js (where the system's is too old), the npm packages, and the real parts that it runs with.

run := scripts/with-node

.PHONY: help demo demo-once test test-unit test-integration test-e2e mutate build lint format setup clean
.PHONY: bench bench-reads bench-autoscalers bench-discovery bench-cold-start bench-soak bench-object-index bench-docs

help:
	@echo 'make demo       see an autoscaler'\''s request answered from a real Prometheus; Ctrl-C stops it'
	@echo 'make demo-once  the same, for scripts: ends after its last step'
	@echo 'make test       types, lint, all tests and the demo; or a part of it:'
	@echo '                test-unit (under a minute), test-integration (with Prometheus and'
	@echo '                VictoriaMetrics), test-e2e (with a Kubernetes control plane; and the demo)'
	@echo 'make build      the production bundle in dist/'
	@echo 'make bench      all benches, one after the other (docs/performance.md); or one of them:'
	@echo '                bench-reads bench-autoscalers bench-discovery bench-cold-start bench-soak'
	@echo '                bench-object-index; BENCH=--help tells its flags'
	@echo 'make bench-docs their last results into docs/performance.md'
	@echo 'make mutate     run mutation tests of the core rooms and list the surviving mutants;'
	@echo '                ROOMS="promql rules" selects rooms (about 10 minutes each)'
	@echo 'make format     mend what the linter can mend'
	@echo 'make clean      remove what was built and installed'

# The packages are installed anew whenever the lock file is newer than the last install.
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

format: setup
	$(run) npx biome check --write .

test: lint build
	@echo '--- tests'
	$(run) npx vitest run
	@echo '--- demo'
	$(run) node scripts/demo.ts --once

test-unit: setup
	$(run) npx vitest run --project unit

test-integration: build
	$(run) npx vitest run --project integration --project alone --project attacks

test-e2e: build
	$(run) npx vitest run --project e2e
	$(run) node scripts/demo.ts --once

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
