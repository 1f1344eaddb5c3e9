// Package versus holds the booking store on PostgreSQL against the ways one would write it by hand, on the same server in
// the same run: one statement for each booking, or one transaction of three, from a pool of 64 connections. It has tests
// and benchmarks only.
//
//	go test -run '^$' -bench . -benchtime 1x ./backend/store/versus -rows build/bench-store.json
package versus
