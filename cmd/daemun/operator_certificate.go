package main

import (
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/gateway/keyring"
)

func certificateCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "certificate", Short: "issue, list and revoke operators' certificates"}
	cmd.AddCommand(issueCommand(), certificatesCommand(), revokeCommand())
	return cmd
}

const longestDays = 366

func issueCommand() *cobra.Command {
	var data folder
	var name, role, clinicOf, out string
	var days int
	cmd := &cobra.Command{
		Use: "issue --name NAME --role ROLE --out FILE", Short: "give somebody a certificate", Args: cobra.NoArgs,
		Long: `issue writes a certificate with its key into one PEM file (mode 0600), signed by the site's authority (keys/ca.key), and
writes down that it did (keys/issued.ndjson). Hand the file over by a way that nobody else reads.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if strings.TrimSpace(name) == "" || !slices.Contains(keyring.Roles, role) || days < 1 || days > longestDays || (clinicOf != "") != (role == keyring.RoleClinic) {
				return fmt.Errorf("want --name, --role (%s), with the role clinic --clinic ID, and --days from 1 to %d", strings.Join(keyring.Roles, ", "), longestDays)
			}
			if _, err := os.Lstat(out); err == nil {
				return fmt.Errorf("%s is there already: name another file with --out", out)
			}
			ring, err := openRing(data)
			if err != nil {
				return err
			}
			now := time.Now()
			authority, err := ring.Authority(now)
			if err != nil {
				return err
			}
			text, err := issue(authority, keyring.LanePerson{Name: name, Role: role, Clinic: clinicOf}, now, time.Duration(days)*24*time.Hour)
			if err != nil {
				return err
			}
			if err := writeWhole(out, text, 0o600); err != nil {
				return err
			}
			cmd.Printf("%s에 인증서를 적었습니다(%s까지). / The certificate is in %s, good until %s.\n", out, until(now, days), out, until(now, days))
			return nil
		},
	}
	cmd.SetOut(stdout)
	dataFlag(cmd, &data)
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "`name` of the person; it stands in ledger and log of accesses")
	f.StringVar(&role, "role", keyring.RoleViewer, "what they may do: `"+strings.Join(keyring.Roles, ", ")+"`")
	f.StringVar(&clinicOf, "clinic", "", "`id` of the clinic, for the role clinic alone")
	f.StringVar(&out, "out", "", "`file` to write; it must not be there yet")
	f.IntVar(&days, "days", int(keyring.OperatorLife/(24*time.Hour)), "for how many `days` it is good")
	_, _ = cmd.MarkFlagRequired("name"), cmd.MarkFlagRequired("out")
	return cmd
}

// issue makes a certificate for the control room or for one of the reserved lanes.
func issue(authority *keyring.Authority, p keyring.LanePerson, now time.Time, good time.Duration) ([]byte, error) {
	if p.Role == keyring.RoleCallCentre || p.Role == keyring.RoleClinic {
		who, err := p.Subject()
		if err != nil {
			return nil, err
		}
		return authority.Issue(who, now, good)
	}
	return authority.Issue(pkix.Name{CommonName: p.Name, OrganizationalUnit: []string{p.Role}}, now, good)
}

func until(now time.Time, days int) string {
	return now.AddDate(0, 0, days).In(korea).Format(time.DateOnly)
}

func certificatesCommand() *cobra.Command {
	var data folder
	cmd := &cobra.Command{
		Use: "list", Short: "show which certificates were given out", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ring, err := openRing(data)
			if err != nil {
				return err
			}
			issued, err := ring.Issued()
			if err != nil {
				return err
			}
			revoked, err := ring.Revoked()
			if err != nil {
				return err
			}
			for _, c := range issued {
				cmd.Printf("%-30s  %-11s  %s  %-20s  %s\n", c.Serial, c.Role, c.Expires.In(korea).Format(time.DateOnly), stateOf(c, revoked, time.Now()), c.Name)
			}
			return nil
		},
	}
	cmd.SetOut(stdout)
	dataFlag(cmd, &data)
	return cmd
}

const isGood = "유효 good"

func stateOf(c keyring.Issued, revoked []keyring.Revocation, now time.Time) string {
	switch {
	case slices.ContainsFunc(revoked, func(v keyring.Revocation) bool { return v.Serial == c.Serial }):
		return "폐기됨 revoked"
	case now.After(c.Expires):
		return "만료됨 expired"
	}
	return isGood
}

func revokeCommand() *cobra.Command {
	var data folder
	var serial, name, reason string
	cmd := &cobra.Command{
		Use: "revoke --serial SERIAL | --name NAME", Short: "take certificates back, at once", Args: cobra.NoArgs,
		Long: `revoke puts certificates onto the site's list (keys/revoked.ndjson). Gateways and the backend on this folder read it again when
it changes: from then on they refuse the certificate, also on connections that there are. On other machines copy the list.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (serial == "") == (name == "") || strings.TrimSpace(reason) == "" {
				return errors.New("want --serial or --name, and --reason")
			}
			ring, err := openRing(data)
			if err != nil {
				return err
			}
			return revoke(cmd, ring, serial, name, reason)
		},
	}
	cmd.SetOut(stdout)
	dataFlag(cmd, &data)
	f := cmd.Flags()
	f.StringVar(&serial, "serial", "", "`number` of the certificate, as list shows it")
	f.StringVar(&name, "name", "", "`name` whose certificates are all taken back")
	f.StringVar(&reason, "reason", "", "`why`")
	return cmd
}

func revoke(cmd *cobra.Command, ring *keyring.Ring, serial, name, reason string) error {
	issued, err := ring.Issued()
	if err != nil {
		return err
	}
	revoked, err := ring.Revoked()
	if err != nil {
		return err
	}
	n := 0
	for _, c := range issued {
		if c.Serial != serial && c.Name != name || stateOf(c, revoked, time.Now()) != isGood {
			continue
		}
		if err := ring.Revoke(keyring.Revocation{Serial: c.Serial, At: time.Now().UTC(), Reason: reason}); err != nil {
			return err
		}
		n++
		cmd.Printf("%s (%s, %s): 폐기했습니다. / Revoked.\n", c.Serial, c.Role, c.Name)
	}
	if n == 0 && serial != "" { // given out before there was a list
		n++
		if err := ring.Revoke(keyring.Revocation{Serial: strings.ToLower(serial), At: time.Now().UTC(), Reason: reason}); err != nil {
			return err
		}
		cmd.Printf("%s: 목록에 없지만 폐기했습니다. / Not in the list of those given out; revoked all the same.\n", serial)
	}
	if n == 0 {
		return fmt.Errorf("nobody named %q has a certificate that is good; see daemun operator certificate list", name)
	}
	return nil
}
