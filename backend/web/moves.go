package web

import "net/http"

// moves answers GET /v1/bookings/{no}/slots: where a booking may move to, at its own clinic or another one.
func (s *server) moves(w http.ResponseWriter, r *http.Request) error {
	no, c, err := s.own(r)
	if err != nil {
		return err
	}
	now := s.clock()
	s.store.Expire(now)
	query := r.URL.Query()
	m, err := s.service.Moves(r.Context(), no, query.Get("clinic"), c, now)
	if err != nil {
		return err
	}
	day, err := chosenDay(m.Days, query.Get("day"))
	if err != nil {
		return err
	}
	left := int64(0)
	for i := range m.Days {
		left += int64(m.Days[i].Left())
	}
	writeJSON(w, http.StatusOK, appendSlots(nil, m.Clinic, left, m.Days, day, now))
	return nil
}
