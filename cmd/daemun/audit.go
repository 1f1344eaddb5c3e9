package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/gateway/audit"
	"github.com/daemun/daemun/gateway/queue"
)

// auditOptions are the flags of audit's commands.
type auditOptions struct {
	bundle, data              string
	control, cert, ca, public string
	keys, ticket              string
	store                     storeName
	tolerance                 time.Duration
	json                      bool
}

// audited is an audit that did not find everything as it should be. It has been told; the program ends with its code.
type audited struct{ code int }

func (a *audited) Error() string { return fmt.Sprintf("the audit ended with %d", a.code) }

// ExitCode is 1 where something does not hold, 2 where it could not be told.
func (a *audited) ExitCode() int { return a.code }

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "audit", Short: "check ledger, draw and bookings against each other, and export the evidence",
		Long: `audit answers three questions about an opening, from the evidence alone:

  verify      is the ledger what was written, whole and in order? (장부가 그대로인가)
  draw        does the order follow from the seeds and the people, and was it kept to? (추첨이 맞는가)
  reconcile   did every booking come in by a lawful way? (모든 예약이 정당한가)

The evidence comes from exactly one of: a bundle that export made (--bundle), a data folder whose servers are stopped
(--data), or running servers (--control with an operator's certificate, and --public for seals and sketches).

Exit codes: 0 everything holds, 1 something does not, 2 something could not be checked. What is missing never counts as
proven.`,
	}
	cmd.SetFlagErrorFunc(told)
	cmd.AddCommand(exportCommand(),
		auditPart("verify", "check that the ledger is what was written, whole and in order", func(o *auditOptions, e *audit.Evidence, how audit.Options) (*audit.Report, error) {
			return audit.Verify(e, how)
		}),
		drawCommand(),
		auditPart("reconcile", "check that every booking came in by a lawful way", func(o *auditOptions, e *audit.Evidence, how audit.Options) (*audit.Report, error) {
			return audit.Reconcile(e, how)
		}),
	)
	return cmd
}

func drawCommand() *cobra.Command {
	cmd := auditPart("draw", "recompute the draw and hold every admission against it", func(o *auditOptions, e *audit.Evidence, how audit.Options) (*audit.Report, error) {
		t, err := o.readTicket()
		if err != nil {
			return nil, err
		}
		return audit.Draw(e, how, t)
	})
	return cmd
}

// auditPart is a command that looks at evidence and tells what it found.
func auditPart(name, short string, look func(*auditOptions, *audit.Evidence, audit.Options) (*audit.Report, error)) *cobra.Command {
	o := &auditOptions{}
	cmd := &cobra.Command{Use: name, Short: short, Args: cobra.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return told(cmd, o.run(cmd, look))
	}
	cmd.SetOut(stdout)
	o.sources(cmd)
	f := cmd.Flags()
	f.StringVar(&o.bundle, "bundle", "", "evidence `folder` that audit export made")
	f.StringVar(&o.keys, "keys", "", "`folder` with public keys (ledger-NNN.pub, pass-NNN.pub) to trust instead of those that come with the evidence")
	f.BoolVar(&o.json, "json", false, "tell the outcome as JSON")
	if name != "verify" {
		f.DurationVar(&o.tolerance, "tolerance", 0, "by how much clocks may differ where gateways and backend are several machines (`duration`)")
	}
	if name == "draw" {
		f.StringVar(&o.ticket, "ticket", "", "look up the place of the ticket in this `file` too (- reads it from standard input)")
	}
	return cmd
}

// sources are the flags that say where evidence is.
func (o *auditOptions) sources(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "data `folder` whose servers are stopped")
	storeFlag(f, &o.store)
	f.StringVar(&o.control, "control", "", "`URL` of running servers' control room, https://HOST:PORT")
	f.StringVar(&o.cert, "cert", "", "`PEM` file with an operator's certificate and key, for --control")
	f.StringVar(&o.ca, "ca", "", "`PEM` file with the control room's authority, for --control")
	f.StringVar(&o.public, "public", "", "`URL` of the citizens' side, for --control: seals and sketches are published there")
}

// told makes an audit's error one that ends the program with the right code, and says it where that has not been done.
func told(cmd *cobra.Command, err error) error {
	var done *audited
	if err == nil || errors.As(err, &done) {
		return err
	}
	cmd.PrintErrln("daemun: 감사를 할 수 없습니다. The audit could not be made:", err)
	return &audited{audit.CannotBeTold}
}

func (o *auditOptions) oneSource() error {
	given := 0
	for _, s := range []string{o.bundle, o.data, o.control} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		return errors.New("give exactly one of --bundle DIR, --data DIR and --control URL")
	}
	if o.control == "" && (o.cert != "" || o.ca != "" || o.public != "") {
		return errors.New("--cert, --ca and --public belong to --control")
	}
	return nil
}

// export fills a folder with evidence from the servers or their data folder. Where nobody else gets to see it, whole says,
// the passes that are still good come along.
func (o *auditOptions) export(ctx context.Context, out bundle, whole bool) error {
	if o.data != "" {
		if err := o.store.check(); err != nil {
			return err
		}
		return exportFolder(ctx, folder(o.data), o.store, out, time.Now(), whole)
	}
	r, err := remoteOf(o.control, o.cert, o.ca, o.public)
	if err != nil {
		return err
	}
	return r.export(ctx, out, time.Now())
}

func (o *auditOptions) run(cmd *cobra.Command, look func(*auditOptions, *audit.Evidence, audit.Options) (*audit.Report, error)) error {
	if err := o.oneSource(); err != nil {
		return err
	}
	b := bundle(o.bundle)
	if o.bundle == "" {
		dir, err := os.MkdirTemp("", "daemun-evidence-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		b = bundle(dir)
		if err := o.export(cmd.Context(), b, true); err != nil {
			return err
		}
	}
	m, altered, err := b.altered()
	if err != nil {
		return err
	}
	e, err := b.evidence(o.keys)
	if err != nil {
		return err
	}
	r, err := look(o, e, audit.Options{Tolerance: o.tolerance, Until: m.Until, Progress: progress(cmd.ErrOrStderr())})
	if err != nil {
		return err
	}
	r.AddFiles(altered, len(m.Files))
	if m.Until > 0 {
		r.Notes = append(r.Notes, audit.Note{
			Ko: fmt.Sprintf("서비스 중에 만든 증거입니다. 기록 %d까지의 입장과 예약을 판정합니다.", m.Until),
			En: fmt.Sprintf("The evidence was made while the servers ran: admissions and bookings up to record %d are judged.", m.Until),
		})
	}
	for _, lack := range m.Lacks {
		r.Notes = append(r.Notes, audit.Note{Ko: "증거에 없음: " + lack, En: "Not in the evidence: " + lack})
	}
	if o.json {
		err = tellJSON(cmd.OutOrStdout(), r)
	} else {
		tell(cmd.OutOrStdout(), r)
	}
	if err == nil && r.Outcome() != audit.Holds {
		err = &audited{r.Outcome()}
	}
	return err
}

// progress says on long work how far it is.
func progress(w io.Writer) func(uint64) {
	last := time.Now()
	return func(records uint64) {
		if time.Since(last) > time.Second {
			last = time.Now()
			fmt.Fprintf(w, "daemun: 기록 %d건을 읽었습니다. %d records read.\n", records, records)
		}
	}
}

// readTicket reads a ticket from a file or standard input: as an argument it would stand in the list of processes.
func (o *auditOptions) readTicket() (*queue.Ticket, error) {
	if o.ticket == "" {
		return nil, nil
	}
	var text []byte
	var err error
	if o.ticket == "-" {
		text, err = io.ReadAll(io.LimitReader(os.Stdin, 4096))
	} else {
		text, err = os.ReadFile(o.ticket)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("--ticket names a file that is not there; put the ticket's text into a file, or pass it with --ticket - (never as an argument)")
	}
	if err != nil {
		return nil, fmt.Errorf("--ticket: %w", err)
	}
	t, err := queue.ReadUnchecked([]byte(strings.TrimSpace(string(text))))
	if err != nil {
		return nil, errors.New("--ticket: this is not the text of a ticket (72 characters, as the gateway gave it)")
	}
	return &t, nil
}

func exportCommand() *cobra.Command {
	o := &auditOptions{}
	var out string
	cmd := &cobra.Command{
		Use: "export", Short: "put all evidence of an opening into a folder", Args: cobra.NoArgs,
		Long: `export writes ledger.ndjson, checkpoints.ndjson, openings.json, seals-ID.ndjson, sketches-ID.ndjson, passes.ndjson
(expired passes only), keys/*.pub and manifest.json with the SHA-256 of each file. The folder holds no personal data: people
appear as pseudonyms.`,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return told(cmd, o.exportTo(cmd, out))
	}
	cmd.SetOut(stdout)
	o.sources(cmd)
	cmd.Flags().StringVar(&out, "out", "", "`folder` to write, new or empty")
	return cmd
}

func (o *auditOptions) exportTo(cmd *cobra.Command, out string) error {
	if err := o.oneSource(); err != nil {
		return errors.New("give --out DIR and exactly one of --data DIR and --control URL")
	}
	o.store.warn(cmd)
	if out == "" {
		return errors.New("give the folder to write with --out DIR")
	}
	if there, err := os.ReadDir(out); err == nil && len(there) > 0 {
		return fmt.Errorf("--out %s is not empty; evidence is never mixed: name a new folder", out)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := o.export(cmd.Context(), bundle(out), false); err != nil {
		return err
	}
	cmd.Printf("daemun: 증거를 %s에 담았습니다. The evidence is in %s.\n", out, out)
	return nil
}
