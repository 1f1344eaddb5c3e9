package clinic

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/daemun/daemun/backend/sheet"
	"github.com/daemun/daemun/backend/subject"
)

var clinicColumns = []sheet.Column{
	{Name: "id", Ko: "기관번호", Also: []string{"기관번호", "기관id"}},
	{Name: "name", Ko: "기관명", Also: []string{"기관명", "의료기관명"}},
	{Name: "region", Ko: "시도", Also: []string{"시도", "지역"}},
	{Name: "address", Ko: "주소", Also: []string{"주소"}},
	{Name: "vaccine", Ko: "백신", Also: []string{"백신", "백신종류"}},
}

// The form of IDs: they stand in URLs, and the slot of a clinic is named after it.
var (
	clinicID = regexp.MustCompile(`^[A-Za-z0-9_]{1,32}$`)
	slotID   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// ReadClinics reads a table of clinics. Errors are those of sheet.Read.
func ReadClinics(r io.Reader, encoding sheet.Encoding, accept func(Clinic) error, reject func(sheet.Rejection)) error {
	return sheet.Read(r, encoding, clinicColumns, func(row sheet.Row) error {
		c := Clinic{ID: row.Value(0), Name: row.Value(1), Region: regionOf(row.Value(2)), Address: row.Value(3), Vaccine: row.Value(4)}
		if err := c.check(); err != nil {
			return err
		}
		return accept(c.clone())
	}, reject)
}

// clone lets go of the row that the texts were cut from.
func (c Clinic) clone() Clinic {
	return Clinic{ID: strings.Clone(c.ID), Name: strings.Clone(c.Name), Region: strings.Clone(c.Region), Address: strings.Clone(c.Address), Vaccine: strings.Clone(c.Vaccine)}
}

func (c *Clinic) check() error {
	if !clinicID.MatchString(c.ID) {
		return rejected("id", "clinic_id", "영문자, 숫자, 밑줄(_)로 32자까지 적어 주세요.", "write up to 32 letters, digits and underscores")
	}
	if !ValidRegion(c.Region) {
		return rejected("region", "region", "17개 시도 이름이 아닙니다 (서울, 경기, …).", "none of the 17 regions (서울, 경기, …)")
	}
	for _, f := range []struct{ name, value string }{{"name", c.Name}, {"address", c.Address}, {"vaccine", c.Vaccine}} {
		if err := checkText(f.name, f.value); err != nil {
			return err
		}
	}
	return nil
}

// longestText is how many characters a name, an address or a vaccine may have.
const longestText = 200

func checkText(field, value string) error {
	switch {
	case value == "":
		return rejected(field, "empty", "비어 있습니다.", "empty")
	case utf8.RuneCountInString(value) > longestText:
		return rejected(field, "too_long", fmt.Sprintf("%d자를 넘습니다.", longestText), fmt.Sprintf("more than %d characters", longestText))
	case strings.ContainsFunc(value, unicode.IsControl):
		return rejected(field, "control", "쓸 수 없는 글자(제어 문자)가 있습니다.", "there is a control character in it")
	}
	return nil
}

func rejected(field, code, ko, en string) error {
	return &sheet.Rejected{Field: field, Code: code, Ko: ko, En: en}
}

var slotColumns = []sheet.Column{
	{Name: "clinic", Ko: "기관번호", Also: []string{"기관번호", "기관id"}},
	{Name: "at", Ko: "접종일시", Also: []string{"접종일시", "예약일시"}},
	{Name: "capacity", Ko: "수량(회분)", Also: []string{"수량", "정원"}},
	{Name: "vaccine", Ko: "백신", Also: []string{"백신", "백신종류"}, Missing: true},
	{Name: "id", Ko: "접종일시번호", Missing: true},
	{Name: "dose", Ko: "차수", Also: []string{"차수", "접종차수"}, Missing: true},
}

// MaxCapacity is how many doses a half hour may have in a table: more is a slip of the hand.
const MaxCapacity = 10_000

// ReadSlots reads a table of slots. clinicOf knows the clinics: what a clinic gives is what its slots give where the table
// does not say, its slots are of first doses where it does not say, and a slot without an ID is named by SlotID or
// SecondSlotID. Errors are those of sheet.Read.
func ReadSlots(r io.Reader, encoding sheet.Encoding, clinicOf func(id string) (Clinic, bool), accept func(line int, s Slot) error, reject func(sheet.Rejection)) error {
	return sheet.Read(r, encoding, slotColumns, func(row sheet.Row) error {
		place, known := clinicOf(row.Value(0))
		if !known {
			return rejected("clinic", "unknown_clinic", "들여온 의료기관 가운데 이 기관번호가 없습니다.", "no clinic of this id was imported")
		}
		s := Slot{Clinic: place.ID, Vaccine: place.Vaccine}
		var err error
		if s.At, err = readTime(row.Value(1)); err != nil {
			return err
		}
		if s.Capacity, err = readCapacity(row.Value(2)); err != nil {
			return err
		}
		if text := row.Value(3); text != "" && text != s.Vaccine {
			s.Vaccine = strings.Clone(text)
			if err := checkText("vaccine", text); err != nil {
				return err
			}
		}
		if s.Dose, err = readDose(row.Value(5)); err != nil {
			return err
		}
		if s.ID, err = readSlotID(row.Value(4), &s); err != nil {
			return err
		}
		return accept(row.Line, s)
	}, reject)
}

// readSlotID keeps a slot with its clinic for ever: its ID begins with the clinic's.
func readSlotID(text string, s *Slot) (string, error) {
	if text == "" && s.Dose == 2 {
		return SecondSlotID(s.Clinic, s.At), nil
	}
	if text == "" {
		return SlotID(s.Clinic, s.At), nil
	}
	if !strings.HasPrefix(text, s.Clinic+"-") || !slotID.MatchString(text) {
		return "", rejected("id", "slot_id", "기관번호와 붙임표(-)로 시작하고 영문자, 숫자, _, -로 64자까지여야 합니다. 비워 두면 자동으로 만듭니다.",
			"must begin with the clinic's id and a hyphen, in up to 64 letters, digits, _ and -; leave it empty to have one made")
	}
	return strings.Clone(text), nil
}

// readDose reads which dose is given: 1 where nothing is said.
func readDose(text string) (int, error) {
	switch strings.TrimSuffix(text, "차") {
	case "", "1":
		return 1, nil
	case "2":
		return 2, nil
	}
	return 0, rejected("dose", "dose", "1차는 1, 2차는 2로 적어 주세요.", "write 1 for the first dose, 2 for the second")
}

// timeForms are how a time may be written; without a zone it is Korea's.
var timeForms = []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05"}

func readTime(text string) (time.Time, error) {
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, text, subject.Seoul); err == nil {
			if t.Year() < 2000 || t.Year() > 2199 {
				break
			}
			return t.In(subject.Seoul), nil
		}
	}
	return time.Time{}, rejected("at", "time", "2021-07-26 09:30처럼 적어 주세요 (한국 시각).", "write it like 2021-07-26 09:30 (Korea time)")
}

func readCapacity(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > MaxCapacity {
		return 0, rejected("capacity", "capacity", fmt.Sprintf("0부터 %d까지의 정수로 적어 주세요.", MaxCapacity), fmt.Sprintf("write a whole number from 0 to %d", MaxCapacity))
	}
	return n, nil
}

// regionOf reads a province's name, long or short; what it does not know it gives back.
func regionOf(text string) string {
	if short := longRegions[text]; short != "" {
		return short
	}
	return text
}

var longRegions = map[string]string{
	"서울특별시": "서울", "서울시": "서울", "부산광역시": "부산", "부산시": "부산", "대구광역시": "대구", "대구시": "대구", "인천광역시": "인천", "인천시": "인천",
	"광주광역시": "광주", "대전광역시": "대전", "대전시": "대전", "울산광역시": "울산", "울산시": "울산", "세종특별자치시": "세종", "세종시": "세종",
	"경기도": "경기", "강원도": "강원", "강원특별자치도": "강원", "충청북도": "충북", "충청남도": "충남", "전라북도": "전북", "전북특별자치도": "전북",
	"전라남도": "전남", "경상북도": "경북", "경상남도": "경남", "제주특별자치도": "제주", "제주도": "제주",
}
