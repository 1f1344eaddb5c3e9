package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/gateway/api"
)

// activation is what daemun schedule activate asks a gateway for.
type activation struct {
	control, cert, ca   string
	reason, acknowledge string
}

func scheduleActivateCommand() *cobra.Command {
	var a activation
	cmd := &cobra.Command{
		Use: "activate FILE", Short: "put a schedule in force at every gateway at one instant", Args: cobra.ExactArgs(1),
		Long: `activate shows what the schedule would change for whom, and puts it in force at every gateway at one instant, about a
second later. It needs the certificate of a supervisor. Where somebody loses a window, the code that is shown must be
given with --acknowledge. If any gateway cannot switch, nothing changes.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read the schedule: %w", err)
			}
			return a.run(cmd, string(text))
		},
	}
	cmd.SetOut(stdout)
	f := cmd.Flags()
	f.StringVar(&a.control, "control", "https://127.0.0.1:8443", "`URL` of a gateway's control room")
	f.StringVar(&a.cert, "cert", "", "`PEM` file with a supervisor's certificate and key")
	f.StringVar(&a.ca, "ca", "", "`PEM` file with the authority that the gateway's certificate is of")
	f.StringVar(&a.reason, "reason", "", "`why`, for the ledger")
	f.StringVar(&a.acknowledge, "acknowledge", "", "`code` that goes with the list of those who lose a window")
	for _, required := range []string{"cert", "ca", "reason"} {
		_ = cmd.MarkFlagRequired(required)
	}
	return cmd
}

func (a *activation) run(cmd *cobra.Command, text string) error {
	client, err := controlClient(a.cert, a.ca)
	if err != nil {
		return err
	}
	client.Timeout = 30 * time.Second
	request := api.ScheduleRequest{Text: text}
	var check api.ScheduleCheck
	if err := a.post(cmd.Context(), client, "check", request, &check); err != nil {
		return err
	}
	a.show(cmd, &check)
	request.Reason, request.Acknowledge = a.reason, a.acknowledge
	var status api.ScheduleStatus
	if err := a.post(cmd.Context(), client, "activate", request, &status); err != nil {
		return err
	}
	cmd.Printf("버전 %d을(를) %s부터 시행합니다. / Version %d is in force from %s on (sha256 %s).\n", status.Version,
		status.ActivatedAt.Format(time.RFC3339), status.Version, status.ActivatedAt.Format(time.RFC3339), status.SHA256)
	return nil
}

func (a *activation) show(cmd *cobra.Command, check *api.ScheduleCheck) {
	for _, f := range check.Findings {
		mark := "주의 note   "
		if f.Serious {
			mark = "오류 mistake"
		}
		cmd.Printf("%s  %s\n              %s\n", mark, f.Ko, f.En)
	}
	for _, i := range check.Impacts {
		mark := "변경 change "
		if i.Loses {
			mark = "축소 loss   "
		}
		cmd.Printf("%s  %s\n              %s\n", mark, i.Ko, i.En)
	}
	if check.Acknowledge != "" {
		cmd.Printf("확인 코드 / code for --acknowledge: %s\n", check.Acknowledge)
	}
}

func (a *activation) post(ctx context.Context, client *http.Client, action string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	url := strings.TrimSuffix(a.control, "/") + "/control/v1/schedule/" + action
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("--control %s: %w", a.control, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("reach --control %s: %w", a.control, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("read the gateway's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		var p api.Problem
		if json.Unmarshal(answer, &p) != nil || p.Code == "" {
			return fmt.Errorf("the gateway answered %s", resp.Status)
		}
		return fmt.Errorf("%s: %s / %s", p.Code, p.Detail, p.DetailEn)
	}
	return json.Unmarshal(answer, into)
}
