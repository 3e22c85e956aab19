# One target for each thing one does with Heddle. They need Node 20 or newer with npm, and make;
# the engine itself runs under the Node 24 that `npm install` brings along.
SHELL := /bin/bash
INSTALLED := node_modules/.package-lock.json

.PHONY: build test demo bench clean lint format

## Installs what the lock file says and builds everything.
build: $(INSTALLED)
	npm run --silent build

# Not `npm ci`: it refuses a lock file without the bindings of other platforms that npm itself leaves
# out of it (unrs-resolver); versions come from the lock file all the same.
$(INSTALLED): package-lock.json
	npm install
	@touch $@

## Installs, builds, checks style and types, runs all tests; the last line is `N passed, N failed`.
test: build
	npm run --silent test

## Installs, builds and counts the words of every Markdown file below node_modules.
demo: build
	npm run --silent demo

## Measures; see docs/performance.md.
bench: build
	npm run --silent bench

lint: $(INSTALLED)
	npm run --silent lint

format: $(INSTALLED)
	npm run --silent format

clean:
	npm run --silent clean
