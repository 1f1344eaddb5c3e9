package porch

import (
	"fmt"
	"syscall"
)

// reserve is how many files a process keeps for what it does itself: the way to the backend, databases, logs, shared state.
const reserve = 512

// Files raises the process's limit of open files as far as it may be raised, and returns how many connections that leaves
// for listeners after the reserve.
func Files() (int, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("read the limit of open files: %w", err)
	}
	if l.Cur < l.Max {
		raised := syscall.Rlimit{Cur: l.Max, Max: l.Max}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			l = raised
		}
	}
	return spare(l.Cur), nil
}

// spare is what a limit leaves: at most a million, and where files are few the process keeps half of them.
func spare(files uint64) int {
	n := int(min(files, 1<<20))
	return max(n-max(min(reserve, n/2), n/16), 1)
}
