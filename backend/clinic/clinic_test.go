package clinic

import (
	"testing"
	"time"
)

func TestSlotIDIsInKoreaTime(t *testing.T) {
	at := time.Date(2021, 7, 26, 0, 30, 0, 0, time.UTC)
	if got := SlotID("c0001", at); got != "c0001-0726-0930" {
		t.Errorf("slot %s, want c0001-0726-0930", got)
	}
	if got := SlotID("c0001", time.Date(2021, 7, 25, 15, 0, 0, 0, time.UTC)); got != "c0001-0726-0000" {
		t.Errorf("slot %s: the day is not the one in Korea", got)
	}
}

func TestEveryRegionHasAnEnglishName(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Regions {
		en := RegionEn(r)
		if !ValidRegion(r) || en == r || seen[en] {
			t.Errorf("region %s is %q in English", r, en)
		}
		seen[en] = true
	}
	if len(seen) != 17 {
		t.Errorf("%d regions, want 17", len(seen))
	}
	if ValidRegion("평양") || RegionEn("평양") != "평양" {
		t.Error("a name that is no region is taken for one")
	}
}
