package overload

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
)

// Tuning is what an operator wants of parameters and rules. Reset puts parameters back to what the flags say.
type Tuning struct {
	Set   map[string]float64 `json:"set,omitempty"`
	Modes map[string]string  `json:"modes,omitempty"` // api.ModeEnforce or api.ModeDryRun
	Reset []string           `json:"reset,omitempty"`
}

// String names everything in it, in one order whoever wrote it.
func (t *Tuning) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(t.Modes)) {
		parts = append(parts, name+" "+t.Modes[name])
	}
	for _, name := range slices.Sorted(maps.Keys(t.Set)) {
		parts = append(parts, fmt.Sprintf("%s=%g", name, t.Set[name]))
	}
	for _, name := range slices.Sorted(slices.Values(t.Reset)) {
		parts = append(parts, name+" reset")
	}
	return strings.Join(parts, ", ")
}

// Tune carries out a tuning, for gateways whose flags say base, or asks for a second person; the error is an *Error, and
// s is then as it was.
func (s Standing) Tune(t Tuning, base Config, said Said) (next Standing, asked bool, err error) {
	if err := t.check(); err != nil {
		return s, false, err
	}
	next = s.Clone().with(&t, said)
	if _, err := next.Config(base); err != nil {
		return s, false, err
	}
	if lifted := s.lifts(&t); lifted && !s.confirmed(&t, said) {
		s.Pending = &Pending{Tuning: t, Said: said}
		return s, true, nil
	} else if lifted {
		next.Pending = nil
	}
	return next, false, nil
}

// lifts tells whether a tuning takes a rule away that two people must agree on.
func (s *Standing) lifts(t *Tuning) bool {
	for name, mode := range t.Modes {
		if mode == api.ModeDryRun && RuleOf(name).Two && !s.Modes[name].DryRun {
			return true
		}
	}
	return false
}

// confirmed tells whether somebody else asked for the same a short while ago.
func (s *Standing) confirmed(t *Tuning, said Said) bool {
	p := s.Waiting(said.At)
	return p != nil && p.By != said.By && p.Tuning.String() == t.String()
}

// with is what operators have said once they have said this too.
func (s Standing) with(t *Tuning, said Said) Standing {
	if s.Values == nil {
		s.Values = map[string]Value{}
	}
	if s.Modes == nil {
		s.Modes = map[string]Mode{}
	}
	for name, v := range t.Set {
		s.Values[name] = Value{v, said}
	}
	for _, name := range t.Reset {
		delete(s.Values, name)
	}
	for name, mode := range t.Modes {
		s.Modes[name] = Mode{mode == api.ModeDryRun, said}
	}
	return s
}

// check finds every name that there is not and every value out of bounds.
func (t *Tuning) check() error {
	var ko, en []string
	kind := OutOfBounds
	unknown := func(k, e string) { kind, ko, en = Unknown, append(ko, k), append(en, e) }
	for _, name := range slices.Sorted(maps.Keys(t.Set)) {
		p := ParameterOf(name)
		switch {
		case p == nil:
			unknown(fmt.Sprintf("매개변수 %q은(는) 없습니다.", name), fmt.Sprintf("There is no parameter %q.", name))
		case slices.Contains(t.Reset, name):
			unknown(fmt.Sprintf("%s을(를) 정하면서 되돌릴 수 없습니다.", name), fmt.Sprintf("%s cannot be set and reset at once.", name))
		case !p.fits(t.Set[name]):
			ko, en = append(ko, p.boundsKo()), append(en, p.boundsEn())
		}
	}
	for _, name := range t.Reset {
		if ParameterOf(name) == nil {
			unknown(fmt.Sprintf("매개변수 %q은(는) 없습니다.", name), fmt.Sprintf("There is no parameter %q.", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Modes)) {
		if mode := t.Modes[name]; RuleOf(name) == nil || mode != api.ModeEnforce && mode != api.ModeDryRun {
			unknown(fmt.Sprintf("규칙 %q에 %q 모드는 없습니다. 모드는 %s 또는 %s입니다.", name, mode, api.ModeEnforce, api.ModeDryRun),
				fmt.Sprintf("There is no rule %q with a mode %q; modes are %s and %s.", name, mode, api.ModeEnforce, api.ModeDryRun))
		}
	}
	switch {
	case len(ko) > 0:
		return refuse(kind, strings.Join(ko, " "), strings.Join(en, " "))
	case len(t.Set)+len(t.Modes)+len(t.Reset) == 0:
		return refuse(NothingToDo, "바꿀 것이 없습니다. set, modes, reset 가운데 하나를 적어 주세요.", "There is nothing to change: give set, modes or reset.")
	}
	return nil
}

func (p *Parameter) boundsKo() string {
	return strings.TrimRight(fmt.Sprintf("%s은(는) %g부터 %g까지%s입니다. %s", p.Name, p.Min, p.Max, map[bool]string{true: "의 정수"}[p.Whole], p.Unit), " ")
}

func (p *Parameter) boundsEn() string {
	kind := map[bool]string{true: "a whole number from ", false: ""}[p.Whole]
	return strings.TrimSpace(fmt.Sprintf("%s must be %s%g to %g %s", p.Name, kind, p.Min, p.Max, p.Unit)) + "."
}

// HoldStep holds a brownout step, or with nil gives it back to the automatic.
func (s Standing) HoldStep(step *int, said Said) (Standing, error) {
	switch {
	case step == nil && s.Hold == nil:
		return s, refuse(NothingToDo, "고정된 단계가 없습니다.", "No step is held.")
	case step == nil:
		s.Hold = nil
		return s, nil
	case !brownout.Step(*step).Valid():
		return s, refuse(OutOfBounds, "step은 0부터 4까지의 정수이거나 null(자동)입니다.", "step must be 0 to 4, or null for automatic.")
	}
	s.Hold = &Hold{Step: brownout.Step(*step), Said: said}
	return s, nil
}
