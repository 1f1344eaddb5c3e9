// Command daemun is the front gate: the gateway with its waiting room, the booking backend, and the tools around them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/loadlab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who asks twice to stop is not made to wait
	err := root().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) { // a verdict has said what there is to say; why there is none has not been said
		if why := errors.Unwrap(coded.(error)); why != nil {
			fmt.Fprintln(os.Stderr, "daemun:", why)
		}
		os.Exit(coded.ExitCode())
	}
	fmt.Fprintln(os.Stderr, "daemun:", err)
	if hint := remedy(err); hint != "" && !strings.Contains(err.Error(), "--data") {
		fmt.Fprintln(os.Stderr, "        "+hint)
	}
	os.Exit(1)
}

// remedy says what to do about errors of the system that can strike anywhere.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk is full: make room, or choose a data folder elsewhere with --data; nothing that was acknowledged is lost"
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "this user may not write there: change the folder's rights, or choose another with --data"
	}
	return ""
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "daemun",
		Short: "대문: a front gate for booking openings that everybody wants at once",
		Long: `대문 (Daemun) keeps a booking site standing when everybody comes at once: a gateway with a virtual waiting room,
a booking backend behind it, and tools to rehearse and audit an opening.

Every flag can also be set in the environment (--opens-in as DAEMUN_OPENS_IN) or in a YAML file given with --config
("opens-in: 30s"). What is given on the command line wins over the environment, and that over the file.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return settle(cmd.Flags(), os.LookupEnv) },
	}
	cmd.PersistentFlags().String("config", "", "YAML `file` with flags by name")
	cmd.AddCommand(upCommand(), gatewayCommand(), backendCommand(), seedCommand(), scheduleCommand(), rosterCommand(), clinicCommand(), slotCommand(), auditCommand(), probeCommand(), operatorCommand(), loadlab.Command())
	return cmd
}
