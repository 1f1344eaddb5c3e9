package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/operator"
	"github.com/daemun/daemun/backend/subject"
)

var korea = subject.Seoul

func accessesCommand() *cobra.Command {
	var o officer
	var who, whose, out string
	var from, to whenFlag
	cmd := &cobra.Command{
		Use: "accesses --reason WHY", Short: "show who looked at whose personal data", Args: cobra.NoArgs,
		Long: `accesses writes the log of accesses to personal data as JSON lines: who, when, from where, whose (a pseudonym), what task,
and why. With --whose it is all that was done with the data of the person who has that booking. Looking at the log stands in
the log itself.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			request := operator.AccessesRequest{Whose: whose, Who: who, From: from.Time, To: to.Time, Reason: o.reason}
			show := func(w io.Writer) error {
				return o.each(cmd.Context(), "accesses", request, func(line []byte) error {
					_, err := fmt.Fprintf(w, "%s\n", line)
					return err
				})
			}
			if out == "" {
				return show(cmd.OutOrStdout())
			}
			return writeFile(out, 0o600, show)
		},
	}
	cmd.SetOut(stdout)
	o.flags(cmd, true)
	f := cmd.Flags()
	f.StringVar(&whose, "whose", "", "`number` of a booking: only what is about its person")
	f.StringVar(&who, "who", "", "`name` in a certificate (or pass, proof, number: people themselves)")
	f.Var(&from, "from", "from this `day` or instant on")
	f.Var(&to, "to", "before this `day` or instant")
	f.StringVar(&out, "out", "", "`file` to write to (mode 0600), instead of the terminal")
	cmd.AddCommand(verifyAccessesCommand())
	return cmd
}

func verifyAccessesCommand() *cobra.Command {
	var o officer
	cmd := &cobra.Command{
		Use: "verify", Short: "check that nothing in the log of accesses was changed or removed", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var v struct {
				Records uint64 `json:"records"`
				Anchors int    `json:"anchors"`
			}
			if err := o.one(cmd.Context(), http.MethodPost, "accesses/verify", struct{}{}, &v); err != nil {
				return err
			}
			cmd.Printf("접속기록 %d건이 이어져 있고, 원장이 %d곳에서 확인합니다. / %d records follow from each other; the ledger confirms them at %d places.\n",
				v.Records, v.Anchors, v.Records, v.Anchors)
			return nil
		},
	}
	cmd.SetOut(stdout)
	o.flags(cmd, false)
	return cmd
}

func exportBookingsCommand() *cobra.Command {
	var o officer
	var opening, out string
	cmd := &cobra.Command{
		Use: "export --opening ID --reason WHY --out FILE", Short: "write the bookings of an opening with names, numbers and phones", Args: cobra.NoArgs,
		Long: `export writes the bookings of an opening as CSV, personal data in the clear, for the authority. The file is readable by its
owner only (mode 0600) and appears when it is whole; started again it begins anew. Every person in it is in the log of
accesses, with the reason. Encrypt it before it leaves the machine, and remove it when it has done its work.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if _, err := os.Lstat(out); err == nil {
				return fmt.Errorf("%s is there already: name another file with --out, or move it away", out)
			}
			var n int
			err := writeFile(out, 0o600, func(w io.Writer) error {
				answer, err := o.ask(cmd.Context(), http.MethodPost, "export", operator.ExportRequest{Opening: opening, Reason: o.reason})
				if err != nil {
					return err
				}
				defer answer.Close()
				n, err = copyRows(w, answer, func(n int) { cmd.PrintErrf("\r%d", n) })
				return err
			})
			if err != nil {
				return err
			}
			cmd.PrintErr("\r")
			cmd.Printf("예약 %d건을 %s에 적었습니다. / %d bookings are in %s.\n", n, out, n, out)
			return nil
		},
	}
	cmd.SetOut(stdout)
	o.flags(cmd, true)
	cmd.Flags().StringVar(&opening, "opening", "", "`id` of the opening")
	cmd.Flags().StringVar(&out, "out", "", "`file` to write; it must not be there yet")
	_, _ = cmd.MarkFlagRequired("opening"), cmd.MarkFlagRequired("out")
	return cmd
}

const rowsTold = 10_000 // rows

// copyRows copies CSV row by row, so that half a row is an error, and counts what is below the header.
func copyRows(w io.Writer, r io.Reader, tell func(int)) (int, error) {
	in, out := csv.NewReader(r), csv.NewWriter(w)
	in.ReuseRecord = true
	in.FieldsPerRecord = len(operator.ExportHeader)
	for n := -1; ; n++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			out.Flush()
			return n, out.Error()
		}
		if err != nil {
			return n, fmt.Errorf("the export ended in the middle: %w", err)
		}
		if err := out.Write(row); err != nil {
			return n, err
		}
		if n > 0 && n%rowsTold == 0 {
			tell(n)
		}
	}
}

func retentionCommand() *cobra.Command {
	var o officer
	var older string
	var dry bool
	cmd := &cobra.Command{
		Use: "retention --older-than DAYSd --reason WHY", Short: "erase the personal data of bookings that are over", Args: cobra.NoArgs,
		Long: `retention erases registration number, name and phone of bookings whose dose was due, or which were cancelled, longer ago than
--older-than, and of wishes for leftover doses of openings that are over. Bookings, ledger and log of accesses stay, with
pseudonyms. What is erased cannot be brought back, but from backups.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			days, err := parseDays(older)
			if err != nil {
				return err
			}
			var last operator.RetentionLine
			err = o.each(cmd.Context(), "retention", operator.RetentionRequest{OlderThanDays: days, DryRun: dry, Reason: o.reason}, func(line []byte) error {
				if err := json.Unmarshal(line, &last); err != nil {
					return err
				}
				cmd.PrintErrf("\r%d / %d", last.Erased, last.Due)
				return nil
			})
			cmd.PrintErr("\r")
			if err == nil && !last.Done {
				err = errors.New("the backend's answer ended in the middle; what was erased is erased: run it again")
			}
			if err != nil {
				return err
			}
			tellErased(cmd, &last)
			return nil
		},
	}
	cmd.SetOut(stdout)
	o.flags(cmd, true)
	cmd.Flags().StringVar(&older, "older-than", "90d", "`period` in days, such as 90d")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only count what would be erased")
	return cmd
}

func tellErased(cmd *cobra.Command, l *operator.RetentionLine) {
	day := l.Before.Format("2006-01-02 15:04")
	if l.DryRun {
		cmd.Printf("%s 이전에 끝난 %d건의 개인정보가 파기 대상입니다(전체 %d건). / The personal data of %d of %d rows, over before %s, would be erased.\n",
			day, l.Due, l.Looked, l.Due, l.Looked, day)
		return
	}
	cmd.Printf("%s 이전에 끝난 %d건의 개인정보를 파기했습니다(전체 %d건). / The personal data of %d of %d rows, over before %s, was erased.\n",
		day, l.Erased, l.Looked, l.Erased, l.Looked, day)
}

func parseDays(text string) (int, error) {
	digits, ok := strings.CutSuffix(text, "d")
	days, err := strconv.Atoi(digits)
	if !ok || err != nil || days < operator.LeastDays {
		return 0, fmt.Errorf("--older-than %s: want days, such as 90d, and at least %dd", text, operator.LeastDays)
	}
	return days, nil
}
