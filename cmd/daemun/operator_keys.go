package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/operator"
	"github.com/daemun/daemun/gateway/keyring"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "keys", Short: "list, rotate and retire keys",
		Long: `Keys of tickets, passes, the ledger and personal data have numbers: the highest one is in use, the others verify or decrypt.
The keys of personal data belong to the running backend, which encrypts everything anew when there is a new one. For the
others a gateway or a backend takes over a new key when it is started again. The key that makes pseudonyms (subject.key) and
the roots of the draws (seeds.key) are never rotated: everything that was ever drawn or booked rests on them.`,
	}
	cmd.AddCommand(keysListCommand(), keysRotateCommand(), keysRetireCommand())
	return cmd
}

func keysListCommand() *cobra.Command {
	var o officer
	cmd := &cobra.Command{
		Use: "list", Short: "show which keys there are and what is under them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ring, err := openRing(o.data)
			if err != nil {
				return err
			}
			all, err := ring.List()
			if err != nil {
				return err
			}
			for _, k := range all {
				use := "확인·복호화만 verifies or decrypts"
				if k.Current {
					use = "사용 중 in use"
				}
				cmd.Printf("%-8s %03d  %s  %s\n", k.Family, k.Number, k.Made.In(korea).Format(time.DateTime), use)
			}
			if o.cert == "" {
				cmd.Println("개인정보가 어느 키로 암호화되어 있는지 보려면 --cert를 주세요. / Give --cert to see how much personal data is under which key.")
				return nil
			}
			return o.showInUse(cmd)
		},
	}
	cmd.SetOut(stdout)
	o.flags(cmd, false)
	return cmd
}

func (o *officer) showInUse(cmd *cobra.Command) error {
	var answer operator.KeysAnswer
	if err := o.one(cmd.Context(), http.MethodGet, "keys", nil, &answer); err != nil {
		return err
	}
	for _, k := range answer.Keys {
		gone := ""
		if k.Made.IsZero() {
			gone = "  키 파일 없음: 읽을 수 없습니다 / its file is gone: unreadable"
		}
		cmd.Printf("personal %03d  %d건 rows%s\n", k.Number, k.Rows, gone)
	}
	switch r := answer.Resealing; {
	case r.Failed != "":
		cmd.Printf("다시 암호화 실패 / encrypting anew failed: %s\n", r.Failed)
	case r.Running:
		cmd.Printf("다시 암호화 중 / encrypting anew: %d / %d\n", r.Done, r.Total)
	}
	return nil
}

// openRing opens the keys of a site that there is already: a new folder would get keys of its own.
func openRing(data folder) (*keyring.Ring, error) {
	if _, err := os.Stat(data.path("keys", "subject.key")); err != nil {
		return nil, fmt.Errorf("there is no site in %s: %w; name its folder with --data", data, err)
	}
	return keyring.Open(string(data))
}

func keysRotateCommand() *cobra.Command {
	var o officer
	cmd := &cobra.Command{
		Use: "rotate " + strings.Join(keyring.Families, "|"), Short: "make the next key of a family", Args: cobra.ExactArgs(1),
		ValidArgs: keyring.Families,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(keyring.Families, args[0]) {
				return fmt.Errorf("%w: %q; the families are %s", keyring.ErrNoFamily, args[0], strings.Join(keyring.Families, ", "))
			}
			if args[0] == keyring.Personal {
				return o.rotatePersonal(cmd)
			}
			ring, err := openRing(o.data)
			if err != nil {
				return err
			}
			number, err := ring.Rotate(args[0])
			if err != nil {
				return err
			}
			cmd.Printf("%s-%03d를 만들었습니다. 게이트웨이와 백엔드를 다시 시작하면 쓰입니다. / Made %s-%03d; it is used once gateways and backend are started again.\n", args[0], number, args[0], number)
			return nil
		},
	}
	cmd.SetOut(stdout)
	o.flags(cmd, true)
	return cmd
}

func (o *officer) rotatePersonal(cmd *cobra.Command) error {
	if err := o.check(); err != nil {
		return err
	}
	var answer operator.RotateAnswer
	if err := o.one(cmd.Context(), http.MethodPost, "keys/rotate", operator.RotateRequest{Reason: o.reason}, &answer); err != nil {
		return err
	}
	cmd.Printf("personal-%03d로 다시 암호화하고 있습니다(keys list로 확인). / Everything is being encrypted anew with personal-%03d (see keys list).\n", answer.Number, answer.Number)
	return nil
}

func keysRetireCommand() *cobra.Command {
	var o officer
	cmd := &cobra.Command{
		Use: "retire FAMILY NUMBER", Short: "take an older key out of use", Args: cobra.ExactArgs(2),
		Long: `retire moves a key's file to keys/retired. A key of personal data goes only when nothing is under it any more; one of tickets
only when no opening goes on that began under it. Backups that were made under a key can be read as long as its file is kept:
remove it together with the last of them.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := strconv.ParseUint(args[1], 10, 8)
			if err != nil || number == 0 {
				return fmt.Errorf("key %s: want its number, 1 to 255", args[1])
			}
			moved, err := o.retire(cmd, args[0], byte(number))
			if err != nil {
				return err
			}
			cmd.Printf("%s %03d를 %s(으)로 옮겼습니다. / Moved %s %03d to %s.\n", args[0], number, moved, args[0], number, moved)
			return nil
		},
	}
	cmd.SetOut(stdout)
	o.flags(cmd, true)
	return cmd
}

func (o *officer) retire(cmd *cobra.Command, family string, number byte) (string, error) {
	if family == keyring.Personal {
		if err := o.check(); err != nil {
			return "", err
		}
		var answer operator.RetireAnswer
		err := o.one(cmd.Context(), http.MethodPost, "keys/retire", operator.RetireRequest{Number: number, Reason: o.reason}, &answer)
		return answer.MovedTo, err
	}
	ring, err := openRing(o.data)
	if err != nil {
		return "", err
	}
	if family == keyring.Tickets {
		if err := o.ticketsOut(ring, time.Now()); err != nil {
			return "", err
		}
	}
	return ring.Retire(family, number)
}

// ticketsOut refuses to take a key of tickets away while an opening goes on that people joined before there was another.
func (o *officer) ticketsOut(ring *keyring.Ring, now time.Time) error {
	if !o.data.exists("schedule.yaml") {
		return nil
	}
	schedule, err := o.data.schedule("")
	if err != nil {
		return err
	}
	all, err := ring.List()
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.Family != keyring.Tickets || !k.Current {
			continue
		}
		for _, opening := range schedule.Openings {
			if opening.LobbyAt.Before(k.Made) && now.Before(opening.ClosesAt) {
				return fmt.Errorf("people have tickets of opening %s under older keys: retire them after it closes, %s", opening.ID, opening.ClosesAt.In(korea).Format(time.DateTime))
			}
		}
	}
	return nil
}
