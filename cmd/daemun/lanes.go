package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/backend/sheet"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/lane"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/shed"
)

// laneOptions are the flags of the reserved lanes.
type laneOptions struct {
	listen string
	share  float64
}

func (o *laneOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.listen, "lanes", "127.0.0.1:8444", "`address` for the call centre and the clinics (mutual TLS); empty: no lanes")
	f.Float64Var(&o.share, "lane-share", shed.Default().LaneShare, "`part` of the backend's permits and of the entries that is reserved for them, 0 to 0.5")
}

func (o *laneOptions) check() error {
	if o.share < 0 || o.share > 0.5 || o.share != o.share {
		return fmt.Errorf("--lane-share %g: want 0 to 0.5, such as 0.02 for one in fifty", o.share)
	}
	return nil
}

// args are the same flags for a process of its own.
func (o *laneOptions) args() []string {
	return []string{"--lanes", o.listen, "--lane-share", fmt.Sprint(o.share)}
}

// gate is the configuration of the gateway's permits.
func (o *laneOptions) gate() shed.Config {
	cfg := shed.Default()
	cfg.LaneShare = o.share
	return cfg
}

// openLanes opens their listener, where there is one.
func (g *gatewayProgram) openLanes(o *laneOptions) (err error) {
	if o.listen != "" {
		g.laneRoom, err = listen("--lanes", o.listen)
	}
	return err
}

// assembleLanes makes the lanes' handler.
func (g *gatewayProgram) assembleLanes(o *laneOptions, ring *keyring.Ring, counts *meter.Meter) error {
	sealer, err := ring.Sealer()
	if err != nil {
		return err
	}
	key, id := ring.PassSigner()
	g.lanes, err = lane.New(lane.Options{
		Node: g.node, Backend: g.backend, Passes: ring.PassVerifier(), Sign: key, SignID: id, Sealer: sealer, Meter: counts, Share: o.share, Log: g.log,
		Revoked: ring.Revocations().Has,
	})
	return err
}

// serveLanes serves them until ctx ends.
func (g *gatewayProgram) serveLanes(ctx context.Context) error {
	if g.laneRoom == nil {
		return nil
	}
	return together(ctx,
		func(ctx context.Context) error { g.lanes.Run(ctx); return nil },
		func(ctx context.Context) error {
			return serve(ctx, g.porches.lanes, g.laneRoom, g.lanes, g.secured, g.drain, g.log)
		},
	)
}

// lanesAddress is where the lanes are, for people to read.
func lanesAddress(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// laneCertificates issues the demo's certificates for an agent of the call centre and for its first clinic, unless they are
// good for another day.
func (f folder) laneCertificates(authority *keyring.Authority, now time.Time) error {
	people := []keyring.LanePerson{{Name: "demo-agent", Role: keyring.RoleCallCentre}}
	if f.exists("demo", demo.ClinicsFile) {
		id, err := firstClinic(f.path("demo", demo.ClinicsFile))
		if err != nil {
			return err
		}
		people = append(people, keyring.LanePerson{Name: "demo-clinic", Role: keyring.RoleClinic, Clinic: id})
	}
	for _, p := range people {
		path := filepath.Join(f.path("demo", "operators"), p.Role+".pem")
		if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) < keyring.OperatorLife-24*time.Hour {
			continue
		}
		text, err := authority.Lane(p, now)
		if err != nil {
			return err
		}
		if err := writeWhole(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

var errEnough = errors.New("enough was read")

// firstClinic is the id of the first clinic of a table.
func firstClinic(path string) (id string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the demo's clinics: %w", err)
	}
	defer file.Close()
	err = clinic.ReadClinics(file, sheet.UTF8, func(c clinic.Clinic) error {
		id = c.ID
		return errEnough
	}, func(sheet.Rejection) {})
	switch {
	case errors.Is(err, errEnough):
		return id, nil
	case err == nil:
		err = errors.New("there is none")
	}
	return "", fmt.Errorf("read the first clinic of %s: %w", path, err)
}
