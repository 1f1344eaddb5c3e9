package pressure

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

// Bound is how many bytes this process may use: the least of what it was told, of GOMEMLIMIT, of its control groups, and of
// what the machine has.
func Bound(told int64) int64 {
	return least(told, debug.SetMemoryLimit(-1), groups("/proc/self/cgroup", "/sys/fs/cgroup"), machine("/proc/meminfo"))
}

// least is the smallest bound that was set.
func least(all ...int64) int64 {
	out := int64(math.MaxInt64)
	for _, v := range all {
		if v > 0 {
			out = min(out, v)
		}
	}
	return out
}

// groups is the least bound of the control groups that the process is in, version 2 or 1; 0: none.
func groups(self, root string) int64 {
	text, err := os.ReadFile(self)
	if err != nil {
		return 0
	}
	var all []int64
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(parts) != 3:
		case parts[1] == "":
			all = append(all, upwards(root, parts[2], "memory.max"))
		case strings.Contains(","+parts[1]+",", ",memory,"):
			all = append(all, upwards(filepath.Join(root, "memory"), parts[2], "memory.limit_in_bytes"))
		}
	}
	if b := least(all...); b != math.MaxInt64 {
		return b
	}
	return 0
}

// upwards is the least number in a file of a folder and of those above it, up to root. In a container the path may be that of
// the machine outside; then only root has the file.
func upwards(root, group, file string) int64 {
	var all []int64
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		if text, err := os.ReadFile(filepath.Join(root, at, file)); err == nil {
			if v, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil { // "max" is none
				all = append(all, v)
			}
		}
		if at == "/" {
			break
		}
	}
	return least(all...)
}

// machine is how much memory there is; 0: unknown.
func machine(meminfo string) int64 {
	text, err := os.ReadFile(meminfo)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			if err == nil {
				return kb << 10
			}
		}
	}
	return 0
}
