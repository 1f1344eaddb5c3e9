package clinic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/sheet"
)

func told(into *[]string) func(sheet.Rejection) {
	return func(r sheet.Rejection) { *into = append(*into, fmt.Sprintf("%d %s %s", r.Line, r.Field, r.Code)) }
}

func TestReadClinics(t *testing.T) {
	const text = `기관번호,기관명,시도,주소,백신
11100079,바른내과의원,서울특별시,서울 강남구 중앙로 1,모더나
11100080,바른내과의원,평양,평양 1,모더나
c-1,바른내과의원,경기,경기 수원시 1,모더나
c1,,경기,경기 수원시 1,모더나
c1,바른내과의원,강원특별자치도,"강원 원주시 1, 2층",화이자
`
	var got []Clinic
	var rejected []string
	err := ReadClinics(strings.NewReader(text), sheet.Auto, func(c Clinic) error { got = append(got, c); return nil }, told(&rejected))
	want := []Clinic{{"11100079", "바른내과의원", "서울", "서울 강남구 중앙로 1", "모더나"}, {"c1", "바른내과의원", "강원", "강원 원주시 1, 2층", "화이자"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	if want := []string{"3 region region", "4 id clinic_id", "5 name empty"}; !slices.Equal(rejected, want) {
		t.Errorf("rejected %q, want %q", rejected, want)
	}
}

func TestReadSlots(t *testing.T) {
	const text = `clinic,at,capacity,vaccine,id,차수
c1,2021-07-26 09:30,3,,,
c1,2021-07-26T10:00:00+09:00,0,화이자,c1-morning,1차
c9,2021-07-26 09:30,3,,,
c1,26 July,3,,,
c1,2021-07-26 09:30,-1,,,
c1,2021-07-26 09:30,3,,c2-0726,
c1,0000-07-26 09:30,3,,,
c1,2021-09-06 09:30,3,,,2
c1,2021-09-06 09:30,3,,,3
`
	var got, rejected []string
	clinicOf := func(id string) (Clinic, bool) { return Clinic{ID: "c1", Vaccine: "모더나"}, id == "c1" }
	err := ReadSlots(strings.NewReader(text), sheet.Auto, clinicOf, func(line int, s Slot) error {
		got = append(got, fmt.Sprint(line, " ", s.ID, " ", s.At.Format("01-02 15:04 -07"), " ", s.Vaccine, " ", s.Capacity, " ", s.Dose))
		return nil
	}, told(&rejected))
	if want := []string{"2 c1-0726-0930 07-26 09:30 +09 모더나 3 1", "3 c1-morning 07-26 10:00 +09 화이자 0 1", "9 c1-0906-0930-2 09-06 09:30 +09 모더나 3 2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
	if want := []string{"4 clinic unknown_clinic", "5 at time", "6 capacity capacity", "7 id slot_id", "8 at time", "10 dose dose"}; !slices.Equal(rejected, want) {
		t.Errorf("rejected %q, want %q", rejected, want)
	}
}
