package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/cohort"
)

func scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "schedule", Short: "check and preview schedules before they go live"}
	cmd.AddCommand(scheduleCheckCommand(), schedulePreviewCommand(), scheduleDiffCommand(), scheduleShowCommand(), scheduleActivateCommand())
	return cmd
}

func scheduleCheckCommand() *cobra.Command {
	var when string
	cmd := &cobra.Command{
		Use: "check FILE", Short: "find mistakes: gaps, overlaps, slips of the pen, cohorts nobody belongs to", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := parseAt(when, time.Now())
			if err != nil {
				return err
			}
			s, err := readSchedule(args[0])
			if err != nil {
				return err
			}
			serious := 0
			for _, f := range cohort.LintAt(s, at) {
				mark := "주의 note   "
				if f.Serious {
					mark = "오류 mistake"
					serious++
				}
				cmd.Printf("%s  %s %s: %s\n              %s\n", mark, f.Opening, f.Cohort, f.Ko, f.En)
			}
			if serious > 0 {
				return fmt.Errorf("%s: %d mistakes; mend them before the schedule goes live", args[0], serious)
			}
			cmd.Printf("%s: 사용할 수 있습니다 (usable), %d openings\n", args[0], len(s.Openings))
			return nil
		},
	}
	cmd.SetOut(stdout)
	cmd.Flags().StringVar(&when, "at", "", "also find what is over at that `time` (2021-07-19 20:00 in Korea time, RFC 3339, or now)")
	return cmd
}

func schedulePreviewCommand() *cobra.Command {
	var cases, lang, picture string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "preview FILE", Short: "show who may book when", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := readSchedule(args[0])
			if err != nil {
				return err
			}
			if err := knownLanguage(lang); err != nil {
				return err
			}
			switch {
			case cases != "":
				return previewCases(cmd, s, cases, asJSON)
			case asJSON:
				return errors.New("--json answers cases: give them with --cases CASES.csv (birth_date,at)")
			case picture != "":
				if err := writeWhole(picture, s.Picture(lang), 0o644); err != nil {
					return err
				}
			}
			cmd.Print(s.Table(lang))
			return nil
		},
	}
	cmd.SetOut(stdout)
	cmd.Flags().StringVar(&cases, "cases", "", "CSV `file` with birth_date,at: answer for each row which openings admit that person at that instant")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer the cases as JSON")
	cmd.Flags().StringVar(&lang, "lang", "ko", "language of table and picture: `ko|en`")
	cmd.Flags().StringVar(&picture, "picture", "", "also draw the schedule as a page for print or screen into this SVG `file`")
	return cmd
}

func previewCases(cmd *cobra.Command, s *cohort.Schedule, path string, asJSON bool) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the cases: %w", err)
	}
	defer file.Close()
	cases, err := cohort.ReadCases(file)
	if err != nil {
		return fmt.Errorf("cases %s: %w", path, err)
	}
	answers := cohort.Preview(s, cases)
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(answers)
	}
	for _, a := range answers {
		cmd.Printf("%s  %s  %v\n", a.Birth, cohort.TimeKo(a.At), a.Openings)
	}
	return nil
}

func scheduleShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "print a schedule that ships with the program", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, name := range cohort.ShippedNames() {
					cmd.Println(name)
				}
				return nil
			}
			text, err := cohort.Shipped(args[0])
			if err != nil {
				return err
			}
			cmd.Print(string(text))
			return nil
		},
	}
	cmd.SetOut(stdout)
	return cmd
}

func readSchedule(path string) (*cohort.Schedule, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the schedule: %w", err)
	}
	s, err := cohort.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", path, err)
	}
	return s, nil
}

func knownLanguage(lang string) error {
	if lang != "ko" && lang != "en" {
		return fmt.Errorf("--lang %s: write ko or en", lang)
	}
	return nil
}
