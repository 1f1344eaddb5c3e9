package control

import (
	"context"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/overload"
)

func (c *Control) overloadSettings(w http.ResponseWriter, _ *http.Request, _ operator) error {
	return reply(w, c.settings())
}

// settings are the parameters and rules as they hold for this gateway.
func (c *Control) settings() api.OverloadSettings {
	said, holds, flags := c.node.Overload()
	s := api.OverloadSettings{Parameters: []api.OverloadParameter{}, Rules: node.RulesOf(&said), Pending: node.PendingOf(&said, c.clock())}
	for i := range overload.Parameters {
		p := &overload.Parameters[i]
		s.Parameters = append(s.Parameters, api.OverloadParameter{
			OverloadSetting: node.SettingOf(p, &said, &holds, &flags), Min: p.Min, Max: p.Max, Ko: p.Ko, En: p.En,
		})
	}
	return s
}

// tune changes parameters and rules. What takes two people answers 202 to the first of them.
func (c *Control) tune(w http.ResponseWriter, r *http.Request, o operator) error {
	var body api.OverloadCommand
	if err := read(r, &body); err != nil {
		return err
	}
	_, _, flags := c.node.Overload()
	asked := false
	err := c.protect(r.Context(), o, body.Reason, func(s overload.Standing, said overload.Said) (next overload.Standing, action string, err error) {
		next, asked, err = s.Tune(overload.Tuning{Set: body.Set, Modes: body.Modes, Reset: body.Reset}, flags, said)
		if asked {
			return next, ledger.ActionAskOverload, err
		}
		return next, ledger.ActionOverload, err
	})
	if err != nil {
		return err
	}
	if asked {
		w.WriteHeader(http.StatusAccepted)
	}
	return reply(w, c.settings())
}

func (c *Control) holdStep(w http.ResponseWriter, r *http.Request, o operator) error {
	var body api.BrownoutCommand
	if err := read(r, &body); err != nil {
		return err
	}
	err := c.protect(r.Context(), o, body.Reason, func(s overload.Standing, said overload.Said) (overload.Standing, string, error) {
		next, err := s.HoldStep(body.Step, said)
		return next, ledger.ActionBrownout, err
	})
	if err != nil {
		return err
	}
	return reply(w, c.node.Status(c.clock()).Overload.Brownout)
}

func (c *Control) backends(w http.ResponseWriter, _ *http.Request, _ operator) error {
	return reply(w, c.node.Status(c.clock()).Overload.Instances)
}

func (c *Control) addBackend(w http.ResponseWriter, r *http.Request, o operator) error {
	return c.changeBackends(w, r, o, overload.Standing.AddBackend)
}

func (c *Control) drainBackend(w http.ResponseWriter, r *http.Request, o operator) error {
	return c.changeBackends(w, r, o, overload.Standing.DrainBackend)
}

func (c *Control) changeBackends(w http.ResponseWriter, r *http.Request, o operator, change func(overload.Standing, string, []string, overload.Said) (overload.Standing, error)) error {
	var body api.BackendCommand
	if err := read(r, &body); err != nil {
		return err
	}
	err := c.protect(r.Context(), o, body.Reason, func(s overload.Standing, said overload.Said) (overload.Standing, string, error) {
		next, err := change(s, body.URL, c.node.Backends(), said)
		return next, ledger.ActionBackends, err
	})
	if err != nil {
		return err
	}
	return c.backends(w, r, o)
}

// protect carries out an order about protection, together with its event for the ledger, and applies it here at once.
func (c *Control) protect(ctx context.Context, o operator, reason string, decide func(overload.Standing, overload.Said) (overload.Standing, string, error)) error {
	reason, err := readReason(reason)
	if err != nil {
		return err
	}
	said, done := overload.Said{By: o.name, Role: o.role, Reason: reason, At: c.clock()}, ""
	_, err = c.shared.ChangeOverload(ctx, said, func(s overload.Standing) (overload.Standing, string, error) {
		next, action, err := decide(s, said)
		done = action
		return next, action, err
	})
	if err != nil {
		return notProtected(err)
	}
	c.log.Info("operator acted", zap.String("action", done), zap.String("by", o.name), zap.String("role", o.role), zap.String("reason", reason))
	c.node.Renew()
	return nil
}

// notProtected makes a problem of what is refused.
func notProtected(err error) error {
	var refused *overload.Error
	if !errors.As(err, &refused) {
		return err
	}
	status := map[overload.Kind]int{
		overload.Unknown: http.StatusBadRequest, overload.OutOfBounds: http.StatusUnprocessableEntity, overload.UnknownBackend: http.StatusNotFound,
	}[refused.Kind]
	if status == 0 {
		status = http.StatusConflict
	}
	return &api.Problem{Status: status, Code: string(refused.Kind), Detail: refused.Ko, DetailEn: refused.En}
}
