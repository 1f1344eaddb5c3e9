// Package versus holds the booking stores against the ways one would write them by hand, on the same database in the same
// run: bookings from 64 callers at once in 4 slots that everybody wants, and in 100,000. It has tests and benchmarks only.
//
//	make bench
//	go test -run '^$' -bench . -benchtime 1x ./backend/store/versus -args -rows build/bench.json
package versus
