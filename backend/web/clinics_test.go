package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
)

// TestPagesOfClinicsAreTheWholeList draws clinics and what somebody asks for: the pages put together are all that fit and
// nothing else, those with anything left first, and no page is longer than it may be.
func TestPagesOfClinicsAreTheWholeList(t *testing.T) {
	now := time.Date(2021, 7, 19, 11, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		supply := drawSupply(t, now)
		asked := search{region: rapid.SampledFrom([]string{"", "서울", "경기"}).Draw(t, "region"),
			vaccine: rapid.SampledFrom([]string{"", "모더나", "화이자"}).Draw(t, "vaccine"), words: rapid.SliceOfN(rapid.SampledFrom([]string{"바른", "2", "어디", "없음"}), 0, 2).Draw(t, "words")}
		if asked.region != "" {
			asked.district = rapid.SampledFrom([]string{"", "강남구", "마포구"}).Draw(t, "district")
		}
		want := map[string]bool{}
		for _, c := range supply.Clinics {
			want[c.ID] = (asked.region == "" || c.Region == asked.region) && (asked.vaccine == "" || c.Vaccine == asked.vaccine) &&
				(asked.district == "" || strings.Contains(c.Address, asked.district)) &&
				!slices.ContainsFunc(asked.words, func(w string) bool { return !strings.Contains(c.Name+" "+c.Address, w) })
		}
		var got []api.Clinic
		for asked.page = 1; ; asked.page++ {
			var list api.ClinicList
			if err := json.Unmarshal(appendClinics(nil, supply, asked, now), &list); err != nil {
				t.Fatal(err)
			}
			if len(list.Clinics) > api.ClinicsPerPage || list.Page != asked.page {
				t.Fatalf("page %d is told as %d with %d clinics", asked.page, list.Page, len(list.Clinics))
			}
			if got = append(got, list.Clinics...); asked.page == list.Pages {
				if list.Total != len(got) {
					t.Fatalf("%d clinics in all, %d were told", list.Total, len(got))
				}
				break
			}
		}
		full := false
		for _, c := range got {
			if !want[c.ID] || full && c.Left > 0 {
				t.Fatalf("%+v was told", c)
			}
			want[c.ID], full = false, full || c.Left == 0
		}
		for id, missing := range want {
			if missing {
				t.Fatalf("%s is missing", id)
			}
		}
	})
}

func drawSupply(t *rapid.T, now time.Time) *booking.Supply {
	in := booking.Import{Opening: "o", Vaccine: "모더나", Stock: 1000, At: now}
	for i := range rapid.IntRange(0, 100).Draw(t, "clinics") {
		c := clinic.Clinic{ID: fmt.Sprintf("c%04d", i), Name: rapid.SampledFrom([]string{"바른의원", "연세의원"}).Draw(t, "name"), Address: fmt.Sprint("어디 ", rapid.SampledFrom([]string{"강남구", "마포구"}).Draw(t, "district"), " ", i),
			Region: rapid.SampledFrom([]string{"서울", "경기"}).Draw(t, "region"), Vaccine: rapid.SampledFrom([]string{"모더나", "화이자"}).Draw(t, "vaccine")}
		in.Clinics = append(in.Clinics, c)
		in.Slots = append(in.Slots, clinic.Slot{ID: c.ID + "-1", Clinic: c.ID, At: now.AddDate(0, 0, 7), Vaccine: c.Vaccine, Capacity: rapid.IntRange(0, 2).Draw(t, "capacity")})
	}
	state := booking.NewState(ledger.Head{})
	prepared, err := state.PrepareImport(in)
	if err != nil {
		t.Fatal(err)
	}
	state.Install(prepared)
	return state.Catalog().Opening("o")
}

// A district counts within its region only: one that was chosen before another region was is as none.
func TestDistricts(t *testing.T) {
	supply := &booking.Supply{}
	for _, c := range []clinic.Clinic{{Region: "서울", Address: "서울특별시 마포구 월드컵북로 22"}, {Region: "서울", Address: "서울 강남구 3"}, {Region: "부산", Address: "부산 남구 1"}, {Region: "서울", Address: "서울"}} {
		supply.Clinics = append(supply.Clinics, &booking.ClinicSupply{Clinic: c})
	}
	if got := districts(supply, "서울"); !slices.Equal(got, []string{"강남구", "마포구"}) || districts(supply, "") != nil {
		t.Errorf("%q", got)
	}
	for query, want := range map[string]string{"region=서울&district=마포구": "마포구", "region=부산&district=마포구": "", "district=마포구": "", "region=서울&district=": ""} {
		values, _ := url.ParseQuery(query)
		r, _ := http.NewRequest("GET", "/v1/clinics?"+values.Encode(), nil)
		if asked, err := readSearch(r, supply); err != nil || asked.district != want {
			t.Errorf("%s: %q, %v", query, asked.district, err)
		}
	}
}

func TestReadSearchRefuses(t *testing.T) {
	supply := &booking.Supply{}
	for query, code := range map[string]bool{"": true, "page=2": true, "q=" + url.QueryEscape("강남구"): true, "page=0": false, "page=x": false, "region=x": false, "vaccine=x": false, "q=" + strings.Repeat("x", 51): false} {
		r, _ := http.NewRequest("GET", "/v1/clinics?"+query, nil)
		if _, err := readSearch(r, supply); (err == nil) != code {
			t.Errorf("%s: %v", query, err)
		}
	}
	if got := districts(supply, "서울"); len(got) != 0 {
		t.Errorf("districts of nowhere: %q", got)
	}
	if !slices.Equal(vaccines(supply), nil) {
		t.Error("nothing is given by nobody")
	}
}

// BenchmarkClinics makes the first page of a province of a country with 12,000 clinics, by region and by words.
func BenchmarkClinics(b *testing.B) {
	now := time.Now()
	in := booking.Import{Opening: "o", Vaccine: "모더나", Stock: 1, At: now}
	for i := range 12_000 {
		in.Clinics = append(in.Clinics, clinic.Clinic{ID: fmt.Sprintf("c%05d", i), Name: "바른내과의원", Region: clinic.Regions[i%17], Address: fmt.Sprint("서울 강남구 중앙로 ", i), Vaccine: "모더나"})
	}
	state := booking.NewState(ledger.Head{})
	prepared, err := state.PrepareImport(in)
	if err != nil {
		b.Fatal(err)
	}
	state.Install(prepared)
	supply := state.Catalog().Opening("o")
	for name, asked := range map[string]search{"region": {region: "경기", page: 1}, "words": {region: "경기", words: []string{"강남구"}, page: 1}, "words anywhere": {words: []string{"강남구"}, page: 1}} {
		b.Run(name, func(b *testing.B) {
			var out []byte
			for b.Loop() {
				out = appendClinics(out[:0], supply, asked, now)
			}
			b.ReportMetric(float64(len(out)), "B/answer")
		})
	}
}
