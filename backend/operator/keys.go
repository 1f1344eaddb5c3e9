package operator

import (
	"fmt"
	"net/http"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
)

// KeysAnswer says which keys of personal data there are, how many rows are under each, and how far encrypting anew is.
type KeysAnswer struct {
	Keys      []KeyInUse `json:"keys"`
	Resealing Progress   `json:"resealing"`
}

// KeyInUse is a key with the rows under it.
type KeyInUse struct {
	Key
	Rows int64 `json:"rows"`
}

func (s *server) keys(w http.ResponseWriter, r *http.Request, _ booking.Officer) error {
	all, err := s.Keys.List()
	if err != nil {
		return err
	}
	used, err := s.Service.KeysInUse(r.Context())
	if err != nil {
		return err
	}
	out := KeysAnswer{Keys: []KeyInUse{}, Resealing: s.Resealer.Progress()}
	for _, k := range all {
		out.Keys = append(out.Keys, KeyInUse{k, used[k.Number]})
		delete(used, k.Number)
	}
	for number, rows := range used { // whose file is gone
		out.Keys = append(out.Keys, KeyInUse{Key{Number: number}, rows})
	}
	return reply(w, out)
}

// RotateRequest asks for a new key of personal data.
type RotateRequest struct {
	Reason string `json:"reason"`
}

// RotateAnswer says its number.
type RotateAnswer struct {
	Number byte `json:"number"`
}

// rotate makes the next key and has everything encrypted anew with it.
func (s *server) rotate(w http.ResponseWriter, r *http.Request, o booking.Officer) error {
	var in RotateRequest
	if err := read(r, &in); err != nil {
		return err
	}
	if err := because(&o, in.Reason); err != nil {
		return err
	}
	if err := s.Service.Trace(r.Context(), o, access.TaskReseal, s.Clock()); err != nil {
		return err
	}
	number, err := s.Keys.Rotate()
	if err != nil {
		return err
	}
	s.Resealer.Start()
	return reply(w, RotateAnswer{number})
}

// RetireRequest asks to take a key out of use.
type RetireRequest struct {
	Number byte   `json:"number"`
	Reason string `json:"reason"`
}

// RetireAnswer says where its file is now.
type RetireAnswer struct {
	MovedTo string `json:"moved_to"`
}

// settled is how old the newest key must be for an older one to be retired: what was under way when it came has ended.
const settled = time.Minute

func (s *server) retire(w http.ResponseWriter, r *http.Request, o booking.Officer) error {
	var in RetireRequest
	if err := read(r, &in); err != nil {
		return err
	}
	if err := because(&o, in.Reason); err != nil {
		return err
	}
	if err := s.mayRetire(r, in.Number); err != nil {
		return err
	}
	if err := s.Service.Trace(r.Context(), o, access.TaskRetire, s.Clock()); err != nil {
		return err
	}
	moved, err := s.Keys.Retire(in.Number)
	if err != nil {
		return problem(http.StatusConflict, "not_retired", "키를 폐기할 수 없습니다: "+err.Error(), err.Error())
	}
	return reply(w, RetireAnswer{moved})
}

// mayRetire refuses to take a key away that anything still needs.
func (s *server) mayRetire(r *http.Request, number byte) error {
	all, err := s.Keys.List()
	if err != nil {
		return err
	}
	for _, k := range all {
		switch {
		case k.Current && k.Number == number:
			return problem(http.StatusConflict, "key_in_use", "지금 쓰고 있는 키입니다. 먼저 새 키로 바꾸세요(keys rotate personal).",
				"This key is the one in use: rotate first.")
		case k.Current && s.Clock().Sub(k.Made) < settled:
			return problem(http.StatusConflict, "too_soon", "새 키를 만든 지 1분이 지나야 합니다.", "The newest key is less than a minute old: wait until what was under way has ended.")
		}
	}
	used, err := s.Service.KeysInUse(r.Context())
	if err != nil {
		return err
	}
	if n := used[number]; n > 0 {
		return problem(http.StatusConflict, "key_in_use", fmt.Sprintf("아직 %d건이 이 키로 암호화되어 있습니다. 다시 암호화가 끝난 뒤에 폐기하세요(keys list).", n),
			fmt.Sprintf("%d rows are still under this key: wait until encrypting anew is done (keys list).", n))
	}
	return nil
}
