package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// memorySize is a number of bytes on the command line, such as 512MiB; 0: what the system grants.
type memorySize int64

func memoryFlag(f *pflag.FlagSet, into *memorySize) {
	f.Var(into, "memory-max", "how much memory this process may use, as `SIZE` such as 512MiB or 2GiB; 0: what GOMEMLIMIT, the control group and the machine allow")
}

// String implements pflag.Value.
func (m *memorySize) String() string { return strconv.FormatInt(int64(*m)>>20, 10) + "MiB" }

// Type implements pflag.Value.
func (m *memorySize) Type() string { return "size" }

// leastMemory is too little for a server to run in.
const leastMemory = 64 << 20

// Set implements pflag.Value.
func (m *memorySize) Set(text string) error {
	unit, number := int64(1), strings.TrimSpace(text)
	for suffix, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if n, ok := strings.CutSuffix(number, suffix); ok {
			unit, number = size, strings.TrimSpace(n)
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 40)
	if err != nil || n < 0 || n > 0 && n*unit < leastMemory {
		return fmt.Errorf("memory %q: want 64MiB or more, such as 512MiB or 2GiB, or 0", text)
	}
	*m = memorySize(n * unit)
	return nil
}
