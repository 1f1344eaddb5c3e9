// Package clinic names the places and the half hours in which people are vaccinated. It holds no stock: how many doses
// of a slot are left is the store's to know.
package clinic

import (
	"fmt"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Clinic is a contracted clinic (위탁의료기관).
type Clinic struct {
	ID      string // short and safe in a URL: c0001
	Name    string
	Region  string // one of Regions
	Address string
	Vaccine string
}

// Slot is a clinic's half hour (접종일시) with the doses that it can give in it.
type Slot struct {
	ID       string // see SlotID
	Clinic   string // the clinic's ID
	At       time.Time
	Vaccine  string
	Capacity int // doses, at least 1
	Dose     int // which dose people get in it, 1 or 2; 0 is 1
}

// DoseOrFirst is the slot's dose, the first where nothing is said.
func (s *Slot) DoseOrFirst() int { return max(1, s.Dose) }

// SlotID names the slot of a clinic that begins at the given time: "c0001-0726-0930" (clinic, month and day, Korea time).
func SlotID(clinicID string, at time.Time) string {
	t := at.In(subject.Seoul)
	return fmt.Sprintf("%s-%02d%02d-%02d%02d", clinicID, int(t.Month()), t.Day(), t.Hour(), t.Minute())
}

// SecondSlotID names a slot of second doses, which may begin at the same time: "c0001-0906-0930-2".
func SecondSlotID(clinicID string, at time.Time) string { return SlotID(clinicID, at) + "-2" }

// Regions are the 17 provinces by their short names, in the order in which official tables list them.
var Regions = []string{
	"서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기",
	"강원", "충북", "충남", "전북", "전남", "경북", "경남", "제주",
}

var regionsEn = []string{
	"Seoul", "Busan", "Daegu", "Incheon", "Gwangju", "Daejeon", "Ulsan", "Sejong", "Gyeonggi",
	"Gangwon", "Chungbuk", "Chungnam", "Jeonbuk", "Jeonnam", "Gyeongbuk", "Gyeongnam", "Jeju",
}

// ValidRegion reports whether name is one of Regions.
func ValidRegion(name string) bool { return slices.Contains(Regions, name) }

// RegionEn returns the English name of a region, or the name itself when it is none of Regions.
func RegionEn(name string) string {
	if i := slices.Index(Regions, name); i >= 0 {
		return regionsEn[i]
	}
	return name
}
