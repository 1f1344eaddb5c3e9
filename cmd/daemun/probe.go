package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/probe"
)

// outside is where a gateway finds its own doors, as others reach them.
func (g *gatewayProgram) outside(o *gatewayOptions, ring *keyring.Ring) probe.Target {
	t := probe.Target{
		Public: "http://" + reachable(g.public), Control: "https://" + reachable(g.controlRoom), Backend: o.backends, Token: hex.EncodeToString(ring.GatewayToken()),
	}
	if g.laneRoom != nil {
		t.Lanes = "https://" + reachable(g.laneRoom)
	}
	if o.nats == "embedded" {
		host, _, err := net.SplitHostPort(reachable(g.public))
		if err == nil {
			t.State = probe.StatePorts(host)
		}
	}
	return t
}

// reachable is a listener's address with a host that can be dialled.
func reachable(l net.Listener) string {
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok || !address.IP.IsUnspecified() {
		return l.Addr().String()
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(address.Port))
}

// Exit codes of probe.
const (
	doorOpen    = 1
	doorUntried = 2
)

// exit ends the program with a code; what there is to say has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }
func (e exit) ExitCode() int { return int(e) }

func probeCommand() *cobra.Command {
	var t probe.Target
	var verbose bool
	cmd := &cobra.Command{
		Use: "probe", Short: "try the doors that must be shut, from where you are", Args: cobra.NoArgs,
		Long: `probe tries every door that must be shut: inner paths and other spellings at the citizens' address, forged tickets and
passes, the control room and the lanes without a certificate, the backend without a token. Run it from another machine, two hours before
an opening. Nothing that it sends could be taken: no place and no booking comes of it.

Exit codes: 0 every door refused, 1 a door is open, 2 a door could not be tried, which is not the same as shut.
docs/doors.md says what to do about each.`,
		Example: "  daemun probe --public https://booking.example --control https://booking.example:8443 --backend http://10.0.0.5:9090",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if t.Public == "" && t.Control == "" && t.Lanes == "" && len(t.Backend) == 0 {
				return errors.New("nothing to try: name at least one of --public, --control, --lanes and --backend")
			}
			return report(cmd, probe.Round(cmd.Context(), t), verbose)
		},
	}
	cmd.SetOut(stdout)
	f := cmd.Flags()
	f.StringVar(&t.Public, "public", "", "`URL` of the citizens' address")
	f.StringVar(&t.Control, "control", "", "`URL` of the control room")
	f.StringVar(&t.Lanes, "lanes", "", "`URL` of the call centre's and the clinics' address")
	f.StringSliceVar(&t.Backend, "backend", nil, "`URL` of the backend, given again for each instance; leave it out where a firewall keeps this machine away from it")
	f.BoolVar(&verbose, "verbose", false, "print every door, not only those that did not refuse")
	return cmd
}

func report(cmd *cobra.Command, results []probe.Result, verbose bool) error {
	counts := map[probe.State]int{}
	for i, r := range results {
		counts[r.State]++
		word := map[probe.State]string{probe.Shut: "shut   닫힘", probe.Open: "OPEN   열림", probe.Untried: "?      확인 못 함"}[r.State]
		alike := r.Nobody && i > 0 && results[i-1].Nobody // where nobody listens one line says it
		if verbose || r.State != probe.Shut && !alike {
			cmd.Printf("%s  %s: %s / %s\n", word, r.Name, r.Ko, r.En)
		}
	}
	cmd.Printf("%s: %d shut 닫힘, %d open 열림, %d could not be tried 확인 못 함\n", time.Now().Format(time.RFC3339), counts[probe.Shut], counts[probe.Open], counts[probe.Untried])
	switch {
	case counts[probe.Open] > 0:
		return exit(doorOpen)
	case counts[probe.Untried] > 0:
		return exit(doorUntried)
	}
	return nil
}
