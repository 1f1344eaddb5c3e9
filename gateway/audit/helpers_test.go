package audit

import "encoding/hex"

func hashHex(text string) string {
	h := hashText(text)
	return hex.EncodeToString(h[:])
}

// What an epoch's seal says in the ledger, which nobody has touched.
func (s *site) recorded(epoch uint32) sealed {
	h, err := read(&Evidence{Records: each(s.records)}, &Options{})
	if err != nil {
		panic(err)
	}
	return h.openings[theOpening].seals[epoch]
}

func (s *site) tallyOf(epoch uint32) string {
	r := s.recorded(epoch)
	return hex.EncodeToString(r.Tally[:])
}

func (s *site) seedOf(epoch uint32) string {
	r := s.recorded(epoch)
	return hex.EncodeToString(r.Seed[:])
}

func (s *site) countOf(epoch uint32) uint64 { return s.recorded(epoch).Count }
