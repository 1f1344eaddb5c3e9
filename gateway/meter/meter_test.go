package meter

import (
	"testing"
	"time"
)

func TestStatus(t *testing.T) {
	var m Meter
	now := time.Unix(100, 0)
	m.Status(now)
	for i := range 100 {
		took := time.Millisecond
		if i >= 98 {
			took = time.Second
		}
		m.Count(0, took, i == 0, uint32(i))
	}
	m.Problem("busy")
	m.Problem("busy")
	got := m.Status(now.Add(2 * time.Second))[0]
	if got.Class != "P0" || got.Offered != 100 || got.Answered != 99 || got.Shed != 1 || got.PerS != 50 {
		t.Errorf("%+v", got)
	}
	if got.P50MS < 1 || got.P50MS > 2.1 || got.P99MS < 1000 || got.P99MS > 2100 {
		t.Errorf("percentiles %v and %v", got.P50MS, got.P99MS)
	}
	if m.Problems()["busy"] != 2 || m.Shed(0) != 1 {
		t.Errorf("problems %v, shed %d", m.Problems(), m.Shed(0))
	}
	if again := m.Status(now.Add(2500 * time.Millisecond))[0]; again != got {
		t.Errorf("renewed within a second: %+v", again)
	}
	if later := m.Status(now.Add(4 * time.Second))[0]; later.PerS != 0 || later.P99MS != 0 || later.Offered != 100 {
		t.Errorf("a quiet second: %+v", later)
	}
}

func BenchmarkCount(b *testing.B) {
	var m Meter
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := uint32(0); pb.Next(); i++ {
			m.Count(W, time.Millisecond, false, i)
		}
	})
}
