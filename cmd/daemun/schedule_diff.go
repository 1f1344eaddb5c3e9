package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/cohort"
)

// difference is what diff found, and its shape as JSON.
type difference struct {
	Impacts     []cohort.Impact  `json:"impacts"`
	Changes     []cohort.Change  `json:"changes"`
	Findings    []cohort.Finding `json:"findings"`
	Acknowledge string           `json:"acknowledge"` // the code to give; empty where nobody loses anything
}

type diffOptions struct {
	at, acknowledge, lang string
	fields, asJSON        bool
}

func scheduleDiffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use: "diff OLD NEW", Short: "say who gains and who loses by a new schedule", Args: cobra.ExactArgs(2),
		Long: `diff says in sentences what changes for whom when NEW takes the place of OLD. Where people lose a window, or a part of
one, it prints a code that stands for exactly these losses, and fails until the code is given back with --acknowledge:
so nobody loses anything that was not read. Windows are compared by what they allow, not by their ids.`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0], args[1]) },
	}
	cmd.SetOut(stdout)
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "count only windows that are not over at that `time` (2021-07-19 20:00 in Korea time, RFC 3339, or now)")
	f.StringVar(&o.acknowledge, "acknowledge", "", "the `code` that shows that the losses were read")
	f.StringVar(&o.lang, "lang", "ko", "language of the sentences: `ko|en`")
	f.BoolVar(&o.fields, "fields", false, "also list what differs in the files, value by value")
	f.BoolVar(&o.asJSON, "json", false, "answer as JSON: impacts, changes, findings, acknowledge")
	return cmd
}

func (o *diffOptions) run(cmd *cobra.Command, older, newer string) error {
	if err := knownLanguage(o.lang); err != nil {
		return err
	}
	at, err := parseAt(o.at, time.Now())
	if err != nil {
		return err
	}
	before, err := readSchedule(older)
	if err != nil {
		return err
	}
	after, err := readSchedule(newer)
	if err != nil {
		return err
	}
	d := difference{Impacts: cohort.Impacts(before, after, at), Changes: cohort.Diff(before, after), Findings: cohort.LintChange(before, after)}
	d.Changes = append([]cohort.Change{}, d.Changes...) // an empty list in JSON, not null
	d.Acknowledge = cohort.Acknowledgement(d.Impacts)
	if o.asJSON {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(d); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
	} else {
		o.tell(cmd, d)
	}
	if d.Acknowledge != "" && o.acknowledge != d.Acknowledge {
		return fmt.Errorf("%s: 예약 기간을 잃는 사람이 있습니다. 위 내용을 확인한 뒤 --acknowledge %s 를 붙여 다시 실행해 주세요. / people lose time in which they could have booked: read who, then run again with --acknowledge %s",
			newer, d.Acknowledge, d.Acknowledge)
	}
	return nil
}

// parseAt reads an instant; empty is the zero time.
func parseAt(text string, now time.Time) (time.Time, error) {
	switch text {
	case "":
		return time.Time{}, nil
	case "now":
		return now, nil
	}
	at, ok := cohort.ParseTime(text)
	if !ok {
		return at, fmt.Errorf("--at %s: write a time like 2021-07-19 20:00 (Korea time) or 2021-07-19T20:00:00+09:00, or now", text)
	}
	return at, nil
}

func (o *diffOptions) tell(cmd *cobra.Command, d difference) {
	heads := [...]string{"없어지거나 줄어드는 예약", "그 밖에 달라지는 것", "대상자에게 달라지는 것이 없습니다.", "파일에서 달라진 값"}
	if o.lang == "en" {
		heads = [...]string{"Taken away", "What else changes", "Nothing changes for anybody.", "Values that differ in the files"}
	}
	said := func(head string, loses bool) {
		for _, i := range d.Impacts {
			if i.Loses != loses {
				continue
			}
			if head != "" {
				cmd.Println(head)
				head = ""
			}
			cmd.Println("  " + pick(o.lang, i.Ko, i.En))
		}
	}
	said(heads[0], true)
	said(heads[1], false)
	if len(d.Impacts) == 0 {
		cmd.Println(heads[2])
	}
	for _, f := range d.Findings {
		cmd.Println(pick(o.lang, "주의: "+f.Ko, "note: "+f.En))
	}
	if o.fields {
		cmd.Println(heads[3])
		for _, c := range d.Changes {
			cmd.Println("  " + c.String())
		}
	}
}

func pick(lang, ko, en string) string {
	if lang == "en" {
		return en
	}
	return ko
}
