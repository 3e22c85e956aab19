# One target for each thing one does with Heddle. They need Node 20 or newer with npm, and make;
# the engine itself runs under the Node 24 that `npm ci` brings along.
SHELL := /bin/bash
INSTALLED := node_modules/.package-lock.json

.PHONY: chaos coverage repartition-kills build test demo demo-yarn bench clean lint format cluster-up cluster-down cluster-status test-docker test-matrix

## Installs what the lock file says and builds everything.
build: $(INSTALLED)
	npm run --silent build

$(INSTALLED): package-lock.json
	npm ci
	@touch $@

## Installs, builds, checks style and types, runs all tests; the last line is `N passed, N failed`.
test: build
	npm run --silent test

## Installs, builds and counts the words of every Markdown file below node_modules.
demo: build
	npm run --silent demo

## Starts a Hadoop cluster, counts the words of a real text on it in both deploy modes, takes it down.
demo-yarn: build
	PATH="$(CURDIR)/node_modules/.bin:$$PATH" node integration-tests/dist/src/demo/main.js

## Measures; see docs/performance.md.
bench: build
	npm run --silent bench

# Hadoop on this machine; see docs/hadoop.md. WAY=docker runs it in containers; PROFILE is default, ha,
# tls, hadoop-3.5, integrity or privacy; DIR is the folder of everything, by default below integration-tests/cluster/work.
WAY := processes
PROFILE := default
CLUSTER = PATH="$(CURDIR)/node_modules/.bin:$$PATH" node integration-tests/dist/src/cluster/main.js
CLUSTER_FLAGS = --profile "$(PROFILE)" $(if $(DIR),--directory "$(DIR)")

integration-tests/dist/src/cluster/main.js: $(INSTALLED) $(wildcard integration-tests/src/cluster/*.ts)
	node_modules/.bin/tsc -b integration-tests/src/cluster
	@touch $@

## Starts a Hadoop cluster of real daemons and prints its HADOOP_CONF_DIR.
cluster-up: integration-tests/dist/src/cluster/main.js
	$(CLUSTER) up $(CLUSTER_FLAGS) --way "$(WAY)"

## Stops it and removes everything of it.
cluster-down: integration-tests/dist/src/cluster/main.js
	$(CLUSTER) down $(CLUSTER_FLAGS)

## Says how its daemons are.
cluster-status: integration-tests/dist/src/cluster/main.js
	$(CLUSTER) status $(CLUSTER_FLAGS)

## Random programs under random faults: make chaos N=100 SEED=1.
chaos: build
	node_modules/.bin/node integration-tests/dist/src/chaos/main.js --runs $(or $(N),100) --seed $(or $(SEED),1)

## A million rows through repartitions, an executor killed in each phase in turn: N=50.
repartition-kills: build
	node_modules/.bin/node integration-tests/dist/src/chaos/repartition-main.js --runs $(or $(N),50)

## Runs the Hadoop tests on a cluster in containers; needs Docker, or the right to start it.
test-docker: build
	PATH="$(CURDIR)/node_modules/.bin:$$PATH" node integration-tests/cluster/run-matrix.js docker

## Runs the Hadoop tests on every kind of cluster, or on some (PROFILES="tls ha"); docs/hadoop.md has the last result.
test-matrix: build
	PATH="$(CURDIR)/node_modules/.bin:$$PATH" node integration-tests/cluster/run-matrix.js $(PROFILES)

## Line coverage of core by its own tests and the suites of programs; fails below 95 %.
coverage: build
	PATH="$(CURDIR)/node_modules/.bin:$$PATH" npm run --silent coverage

lint: $(INSTALLED)
	npm run --silent lint

format: $(INSTALLED)
	npm run --silent format

clean:
	npm run --silent clean
