# make run, make test: the two that matter. The others: console, surge, attacks, overload, bench, kills, country, lint.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

DATA     ?= build/run
OPENS_IN ?= 20s
LISTEN   ?= 127.0.0.1:8080
CONTROL  ?= 127.0.0.1:8443
LANES    ?= 127.0.0.1:8444
UP       ?= # more flags of up, such as UP=--demo-identity
REQUESTS ?= 10000000
LENGTH   ?= # of the replay in seconds; empty: as its size and this machine want it
TRIES    ?= 100000
KILLS    ?= 100
CITIZENS ?= 3524000
CLINICS  ?= 12000
FUZZRUNS ?= 20000

console_tags := migrated_fynedo,no_emoji

.PHONY: run test lint console surge attacks overload bench kills country build test-unit test-browser test-window fuzz

run: build/daemun
	exec build/daemun up --demo --data $(DATA) --opens-in $(OPENS_IN) --listen $(LISTEN) --control $(CONTROL) --lanes $(LANES) $(UP)

# Go alone builds the server: no C compiler, no library of this machine.
.PHONY: build/daemun
build/daemun:
	CGO_ENABLED=0 go build -trimpath -o $@ ./cmd/daemun

.PHONY: build/daemun-console
build/daemun-console:
	CGO_ENABLED=1 CC=$$(command -v clang || command -v gcc) go build -trimpath -tags $(console_tags) -ldflags '-s -w' -o $@ ./cmd/daemun-console

test:
	.ci/setup
	$(MAKE) test-unit test-browser test-window fuzz

# The race detector needs cgo; where there is none the tests run without it and say so.
test-unit:
	if [ "$$(go env CGO_ENABLED)" = 1 ] && command -v gcc >/dev/null; then \
		CC=clang go test -race -timeout 30m -tags $(console_tags) ./...; \
	else \
		echo "no cgo here: testing without -race, and without the console's window"; \
		CGO_ENABLED=0 go test -timeout 30m $$(CGO_ENABLED=0 go list ./... | grep -v cmd/daemun-console); \
	fi

# A real browser against a real server.
test-browser: build/daemun
	go test -tags browser -timeout 30m -count 1 -p 1 ./gateway/pages/tab ./gateway/pages ./gateway/pages/browsertest

# The console's real window, on a screen that nobody sees, against a real server.
test-window: build/daemun build/daemun-console
	go test -tags window -timeout 30m -count 1 ./cmd/daemun-console/windowtest

# Everything that reads what a stranger sends, for a bounded number of inputs each. A bound in seconds would let the tool's
# own deadline fail a target that found nothing, on a busy machine (golang/go#75804).
fuzz:
	mkdir -p build
	for package in $$(go list ./admin/... ./backend/... ./gateway/... ./loadlab/...); do \
		dir=$${package#github.com/daemun/daemun/}; \
		for target in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' $$dir/*_test.go 2>/dev/null | sed 's/func //'); do \
			echo "fuzz $$dir $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZRUNS)x -fuzzminimizetime 10x ./$$dir >build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }; \
		done; \
	done

lint:
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	go vet ./admin/... ./backend/... ./gateway/... ./loadlab/... ./cmd/daemun
	go vet -tags browser ./gateway/pages/...
	go vet -tags window ./cmd/daemun-console/windowtest
	go tool staticcheck ./admin/... ./backend/... ./gateway/... ./loadlab/... ./cmd/daemun
	go test ./gateway

console:
	.ci/setup console
	$(MAKE) build/daemun-console
	test -f $(DATA)/demo/operators/supervisor.pem || { echo "no demo at $(DATA): start it with make run first"; exit 1; }
	LANG=ko_KR.UTF-8 build/daemun-console --control https://$(CONTROL) --cert $(DATA)/demo/operators/supervisor.pem --ca $(DATA)/demo/operators/ca.pem

surge: build/daemun
	build/daemun loadlab run --scenario surge --requests $(REQUESTS) --out build/surge $(if $(LENGTH),--seconds $(LENGTH))

# Every known way in, tried at the gateway and at the backend reached directly.
attacks: build/daemun
	build/daemun loadlab run --scenario attacks --tries $(TRIES) --out build/attacks

# More than the backend can do, through our gateway and through others in turns: three repeats, about two hours. SHORT=1: one
# repeat of less, in some ten minutes.
overload: build/daemun
	.ci/setup bench
	build/daemun loadlab experiment all --out build/overload $(if $(SHORT),--short --repeats 1 --seconds 3)

# Side by side with peers, in one run on this machine. Each benchmark puts its rows into the same file.
bench: build/daemun
	.ci/setup bench
	go test -run '^$$' -bench Bookings -benchtime 1x -timeout 30m ./backend/store/versus -args -rows $(CURDIR)/build/bench.json
	build/daemun loadlab experiment curve proxy --out build/overload-bench --points 2,10 --repeats 3 --seconds 3 --rows build/bench.json || [ $$? -ne 1 ]

# Backend and PostgreSQL killed by SIGKILL under load, on both stores; then every acknowledgement held against what is left.
kills:
	DAEMUN_KILLS=$(KILLS) go test -v -count 1 -timeout 60m -run '^TestKills$$' ./cmd/daemun

# Everybody of a cohort imported, asked for and some of them booked, on both stores, with what it takes in time and memory.
country:
	DAEMUN_COUNTRY_CITIZENS=$(CITIZENS) DAEMUN_COUNTRY_CLINICS=$(CLINICS) DAEMUN_COUNTRY_BOOKINGS=3000 go test -v -count 1 -timeout 60m -run '^TestWholeCountry$$' ./cmd/daemun
