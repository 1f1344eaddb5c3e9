package fault

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// FamilyCPU is the processor time that the process and the processes that it started have used so far. 0 where the system does
// not tell.
func (p *Process) FamilyCPU() time.Duration {
	p.mu.Lock()
	pid := p.cmd.Process.Pid
	p.mu.Unlock()
	return familyCPU(pid)
}

func familyCPU(pid int) time.Duration {
	used := cpuTime(pid)
	tasks, err := filepath.Glob(procFile(pid, "task/*/children"))
	if err != nil {
		return used
	}
	for _, name := range tasks {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for _, child := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(child); err == nil {
				used += familyCPU(n)
			}
		}
	}
	return used
}
