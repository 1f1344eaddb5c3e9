package subject

// NumberErrorKind says what is wrong with a number.
type NumberErrorKind string

// The kinds of NumberError.
const (
	NumberEmpty   NumberErrorKind = "empty"   // nothing was entered
	NumberLength  NumberErrorKind = "length"  // not 13 digits
	NumberDigits  NumberErrorKind = "digits"  // something else than digits
	NumberCentury NumberErrorKind = "century" // the birth date does not exist in the century that the 7th digit names
	NumberDate    NumberErrorKind = "date"    // the birth date exists in no century
)

// NumberError refuses a registration number. It never holds the input.
type NumberError struct {
	Kind NumberErrorKind
	Ko   string // a sentence for the person
	En   string // the same in English
}

func (e *NumberError) Error() string { return "registration number: " + e.En }

var numberErrors = map[NumberErrorKind]*NumberError{
	NumberEmpty: {NumberEmpty, "주민등록번호 또는 외국인등록번호 13자리를 입력해 주세요.",
		"Enter the 13 digits of the resident or foreigner registration number."},
	NumberLength: {NumberLength, "등록번호는 숫자 13자리입니다. 빠지거나 더 들어간 숫자가 없는지 확인해 주세요.",
		"The registration number has 13 digits; check for a missing or an extra one."},
	NumberDigits: {NumberDigits, "등록번호에는 숫자만 입력해 주세요.",
		"The registration number consists of digits only."},
	NumberCentury: {NumberCentury, "생년월일과 뒤 첫 번째 숫자가 서로 맞지 않습니다. 뒤 첫 번째 숫자를 확인해 주세요.",
		"The birth date does not fit the first digit after the dash; check that digit."},
	NumberDate: {NumberDate, "앞 6자리가 실제로 있는 날짜가 아닙니다. 생년월일을 확인해 주세요.",
		"The first six digits are no date of the calendar; check the birth date."},
}

func refuse(kind NumberErrorKind) *NumberError { return numberErrors[kind] }
