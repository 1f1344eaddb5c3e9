package hostile

import (
	"context"
	"os/exec"
	"strconv"
	"time"
)

// Tool is a program of others that attacks.
type Tool struct {
	Name string
	args func(t *Target, seconds, connections int) []string
}

// Tools are what is used where it is installed: slowhttptest, and h2load of nghttp2.
func Tools() []Tool {
	slow := func(mode ...string) func(*Target, int, int) []string {
		return func(t *Target, seconds, connections int) []string {
			return append(mode, "-c", strconv.Itoa(min(connections, 1000)), "-r", "500", "-i", "1", "-l", strconv.Itoa(seconds), "-u", "http://"+t.Public+t.Big)
		}
	}
	return []Tool{
		{"slowhttptest-header", slow("slowhttptest", "-H")},
		{"slowhttptest-body", slow("slowhttptest", "-B", "-s", "4000")},
		{"slowhttptest-read", slow("slowhttptest", "-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3")},
		{"h2load-h2c", func(t *Target, seconds, _ int) []string {
			return []string{"h2load", "-c", "64", "-m", "100", "-D", strconv.Itoa(seconds), "http://" + t.Public + "/"}
		}},
		{"h2load-stranger", func(t *Target, seconds, _ int) []string {
			return []string{"h2load", "-c", "64", "-m", "100", "-D", strconv.Itoa(seconds), "https://" + t.Lanes + "/"}
		}},
	}
}

// Installed tells whether the tool is there.
func (u Tool) Installed() bool {
	_, err := exec.LookPath(u.args(&Target{}, 1, 1)[0])
	return err == nil
}

// Run runs the tool until ctx ends. How such a program ends says nothing.
func (u Tool) Run(ctx context.Context, t *Target, d time.Duration, connections int, n *Tally) {
	args := u.args(t, max(int(d.Seconds()), 1), connections)
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.WaitDelay = time.Second
	if err := c.Start(); err != nil {
		return
	}
	n.Opened.Add(1)
	_ = c.Wait()
}
