package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
)

// liveOptions say whether what was taken in counts at once on a site that runs.
type liveOptions struct{ activation }

func (l *liveOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.control, "control", "", "`URL` of the control room of a site that runs, to let it count there at once (needs --cert, --ca and --reason)")
	f.StringVar(&l.cert, "cert", "", "`PEM` file with a supervisor's certificate and key")
	f.StringVar(&l.ca, "ca", "", "`PEM` file with the authority that the gateway's certificate is of")
	f.StringVar(&l.reason, "reason", "", "`why`, for the ledger")
}

func (l *liveOptions) wanted() bool { return l.control != "" }

func (l *liveOptions) check(dryRun bool) error {
	switch {
	case !l.wanted() && (l.cert != "" || l.ca != "" || l.reason != ""):
		return errors.New("--cert, --ca and --reason go with --control URL")
	case l.wanted() && (l.cert == "" || l.ca == "" || l.reason == ""):
		return errors.New("--control needs --cert PEM (a supervisor's certificate and key), --ca PEM (the control room's authority) and --reason")
	case l.wanted() && dryRun:
		return errors.New("--dry-run changes nothing, so it goes without --control")
	}
	return nil
}

var versionLine = regexp.MustCompile(`(?m)^version:[ \t]*(\d+)`)

// renew puts the schedule in force into force once more under the next version: every gateway and the backend read what was
// taken in, and all count by it from the same instant on. The ledger has who asked for it and why.
func (l *liveOptions) renew(cmd *cobra.Command) error {
	client, err := controlClient(l.cert, l.ca)
	if err != nil {
		return err
	}
	client.Timeout = 60 * time.Second
	r := &remote{inside: client}
	resp, err := r.get(cmd.Context(), client, l.control+"/control/v1/schedule")
	if err != nil {
		return fmt.Errorf("read the schedule in force: %w", err)
	}
	defer resp.Body.Close()
	var current api.ScheduleDocument
	if err := json.NewDecoder(resp.Body).Decode(&current); err != nil {
		return fmt.Errorf("read the schedule in force: %w", err)
	}
	text, err := nextVersion(current.Text)
	if err != nil {
		return err
	}
	return l.run(cmd, text)
}

// nextVersion is the text of a schedule with a version one higher.
func nextVersion(text string) (string, error) {
	before, err := cohort.Parse([]byte(text))
	if err != nil {
		return "", fmt.Errorf("the schedule in force: %w", err)
	}
	next := versionLine.ReplaceAllString(text, fmt.Sprintf("version: %d", before.Version+1))
	after, err := cohort.Parse([]byte(next))
	if err != nil || after.Version != before.Version+1 {
		return "", fmt.Errorf("the schedule in force has no line \"version: %d\" by itself; put version %d of it in force with daemun schedule activate", before.Version, before.Version+1)
	}
	return next, nil
}

// after tells from when on it counts, and sees to it where that is now.
func (l *liveOptions) after(cmd *cobra.Command) error {
	if l.wanted() {
		return l.renew(cmd)
	}
	cmd.Println("다음에 시작하거나 일정을 적용할 때부터 쓰입니다. 지금 바로 쓰려면 --control을 더해 주세요.")
	cmd.Println("used from the next start, or the next schedule that comes into force; with --control, at once")
	return nil
}
