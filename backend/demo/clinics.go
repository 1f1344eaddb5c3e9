package demo

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/subject"
)

// Vaccine is what the demo's clinics give.
const Vaccine = "모더나"

// region is a province with its people in ten thousands (2021) and some of its cities and districts.
type region struct {
	name      string
	people    int
	districts []string
}

var regions = []region{
	{"서울", 951, []string{"강남구", "송파구", "강서구", "노원구", "관악구", "은평구", "마포구", "성동구", "종로구", "구로구"}},
	{"부산", 335, []string{"해운대구", "부산진구", "사하구", "동래구", "남구", "북구"}},
	{"대구", 239, []string{"달서구", "수성구", "북구", "동구"}},
	{"인천", 295, []string{"부평구", "서구", "남동구", "연수구", "미추홀구"}},
	{"광주", 144, []string{"북구", "광산구", "서구", "남구"}},
	{"대전", 145, []string{"서구", "유성구", "중구", "대덕구"}},
	{"울산", 112, []string{"남구", "울주군", "중구", "북구"}},
	{"세종", 37, []string{"조치원읍", "한솔동", "아름동", "보람동"}},
	{"경기", 1357, []string{"수원시", "고양시", "용인시", "성남시", "화성시", "부천시", "남양주시", "안산시", "안양시", "평택시", "의정부시", "파주시"}},
	{"강원", 154, []string{"원주시", "춘천시", "강릉시", "동해시", "홍천군"}},
	{"충북", 160, []string{"청주시", "충주시", "제천시", "음성군"}},
	{"충남", 212, []string{"천안시", "아산시", "서산시", "당진시", "논산시"}},
	{"전북", 179, []string{"전주시", "익산시", "군산시", "정읍시"}},
	{"전남", 183, []string{"여수시", "순천시", "목포시", "광양시", "나주시"}},
	{"경북", 263, []string{"포항시", "구미시", "경산시", "경주시", "안동시"}},
	{"경남", 331, []string{"창원시", "김해시", "양산시", "진주시", "거제시"}},
	{"제주", 68, []string{"제주시", "서귀포시"}},
}

var (
	clinicNames = []string{"바른", "연세", "우리", "미소", "한마음", "밝은", "온누리", "푸른", "새봄", "하나", "중앙", "제일", "참편한", "늘푸른",
		"사랑", "튼튼", "행복한", "믿음", "소망", "해맑은", "큰나무", "아침", "다정한", "건강한", "열린", "햇살", "누리", "가온", "다온", "예담"}
	clinicKinds = weighted{{"내과의원", 40}, {"가정의학과의원", 18}, {"의원", 16}, {"이비인후과의원", 12}, {"소아청소년과의원", 8},
		{"정형외과의원", 4}, {"병원", 2}}
	streets = []string{"중앙로", "시청로", "역전로", "대학로", "공원로", "시장길", "문화로", "평화로", "충효로", "은행나무길", "벚꽃길", "한빛로"}
)

// Clinics makes the clinics, spread over the 17 provinces by their people; names repeat in no district.
func Clinics(o Options) []clinic.Clinic {
	o = o.filled()
	r := o.random(streamClinics)
	kinds := clinicKinds.total()
	used := map[string]bool{}
	var out []clinic.Clinic
	for i, n := range shares(o.Clinics) {
		for range n {
			place := regions[i].name + " " + regions[i].districts[r.IntN(len(regions[i].districts))]
			out = append(out, clinic.Clinic{
				ID:      fmt.Sprintf("c%04d", len(out)+1),
				Name:    clinicName(r, place, kinds, used),
				Region:  regions[i].name,
				Address: fmt.Sprintf("%s %s %d", place, streets[r.IntN(len(streets))], 1+r.IntN(240)),
				Vaccine: Vaccine,
			})
		}
	}
	return out
}

// clinicName puts a number behind the name once a district has run out of different ones.
func clinicName(r *rand.Rand, place string, kinds int, used map[string]bool) string {
	for try := 0; ; try++ {
		name := clinicNames[r.IntN(len(clinicNames))]
		if try >= 20 {
			name += fmt.Sprint(try - 18)
		}
		name += clinicKinds.pick(r, kinds)
		if !used[place+name] {
			used[place+name] = true
			return name
		}
	}
}

// shares divides n clinics by people; what rounding leaves over goes to the largest remainders.
func shares(n int) []int {
	people := 0
	for _, g := range regions {
		people += g.people
	}
	out, order, left := make([]int, len(regions)), make([]int, len(regions)), n
	for i, g := range regions {
		out[i], order[i] = n*g.people/people, i
		left -= out[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return n*regions[b].people%people - n*regions[a].people%people
	})
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}

// Slots makes the half hours of the clinics, one after another: 6 to 12 of them in a row on each open day, from 09:00 to
// 17:00 without lunch at 12:30 to 13:30, on Saturdays those before lunch, on Sundays none. Each holds 2 to 6 doses, and as many second ones at the same time after
// the interval.
func Slots(o Options, clinics []clinic.Clinic) iter.Seq[clinic.Slot] {
	o = o.filled()
	return func(yield func(clinic.Slot) bool) {
		r, days := o.random(streamSlots), o.openDays()
		for _, c := range clinics {
			count := 6 + r.IntN(7)
			first := r.IntN(min(len(halfHours)-count, lastMorning) + 1) // every clinic is open on every open day
			for _, day := range days {
				for _, minute := range halfHours[first : first+count] {
					at := day.At(minute/60, minute%60)
					if at.Weekday() == time.Saturday && minute >= afternoon {
						continue
					}
					s := clinic.Slot{ID: clinic.SlotID(c.ID, at), Clinic: c.ID, At: at, Vaccine: c.Vaccine, Capacity: 2 + r.IntN(5), Dose: 1}
					if !yield(s) {
						return
					}
					s.Dose, s.At = 2, day.AddDays(o.Interval).At(minute/60, minute%60)
					s.ID = clinic.SecondSlotID(c.ID, s.At)
					if !yield(s) {
						return
					}
				}
			}
		}
	}
}

const (
	afternoon   = 13*60 + 30 // minutes after midnight
	lastMorning = 6          // the last half hour before it, in halfHours
)

// halfHours are those in which clinics vaccinate, in minutes after midnight.
var halfHours = []int{540, 570, 600, 630, 660, 690, 720, afternoon, 840, 870, 900, 930, 960, 990}

func (o Options) openDays() []subject.Date {
	var out []subject.Date
	for day := o.Start; len(out) < o.Days; day = day.AddDays(1) {
		if day.At(0, 0).Weekday() != time.Sunday {
			out = append(out, day)
		}
	}
	return out
}
