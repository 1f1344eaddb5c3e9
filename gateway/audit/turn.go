package audit

import (
	"time"
)

// atTheEnd is how close to the end of the ledger a thing may be that has yet to be recorded.
const atTheEnd = 5 * time.Second

// turn looks whether the cursor had passed somebody before they were let in; both are nil where it had.
func (h *history) turn(a *admission, tolerance int64) (why, untold *reason) {
	at, passed := a.opening.track.passedAt(a.place)
	if passed && at <= a.at+tolerance {
		return nil, nil
	}
	if !passed && a.at > h.endsAt.Add(-atTheEnd).UnixMilli() {
		return nil, reasonf("기록 %d: 장부가 곧바로 끝나 차례가 되었는지 알 수 없습니다.", "Record %d: the ledger ends right behind it; whether the turn had come cannot be told.", a.seq)
	}
	if !passed {
		return reasonf("기록 %d: 차례(회차 %d, 순위 %016x)가 온 적이 없습니다.", "Record %d: the turn of epoch %d, rank %016x never came.", a.seq, a.place.Epoch, a.place.Rank), nil
	}
	early := time.Duration(at-a.at) * time.Millisecond
	return reasonf("기록 %d: 차례가 되기 %v 전에 입장했습니다.", "Record %d: let in %v before the turn had come.", a.seq, early), nil
}

func reasonf(ko, en string, args ...any) *reason {
	ko, en = sprintf2(ko, en, args...)
	return &reason{ko, en}
}
