package demo

import "math/rand/v2"

// weighted draws words by their weight.
type weighted []struct {
	word   string
	weight int
}

func (w weighted) total() int {
	sum := 0
	for _, e := range w {
		sum += e.weight
	}
	return sum
}

func (w weighted) pick(r *rand.Rand, total int) string {
	n := r.IntN(total)
	for _, e := range w {
		if n -= e.weight; n < 0 {
			return e.word
		}
	}
	return w[len(w)-1].word
}

// surnames by their share of the people in the census of 2015, in thousandths.
var surnames = weighted{
	{"김", 215}, {"이", 147}, {"박", 84}, {"최", 47}, {"정", 43}, {"강", 24}, {"조", 21}, {"윤", 21}, {"장", 20},
	{"임", 17}, {"한", 16}, {"오", 15}, {"서", 15}, {"신", 15}, {"권", 14}, {"황", 14}, {"안", 14}, {"송", 14},
	{"전", 11}, {"홍", 11}, {"유", 13}, {"고", 9}, {"문", 9}, {"양", 9}, {"손", 9}, {"배", 8}, {"백", 8}, {"허", 7},
	{"남", 6}, {"심", 5}, {"노", 5}, {"하", 5}, {"곽", 4}, {"성", 4}, {"차", 4}, {"주", 4}, {"우", 4}, {"구", 4},
	{"나", 3}, {"민", 3}, {"진", 3}, {"지", 3}, {"엄", 3}, {"채", 3}, {"원", 3}, {"천", 2}, {"방", 2}, {"공", 2},
	{"남궁", 1}, {"황보", 1}, {"제갈", 1}, {"선우", 1},
}

var surnameTotal = surnames.total()

// givenNames of men and women who were born up to 1959, up to 1979, and later.
var givenNames = [3][2][]string{
	{
		{"영수", "영호", "영식", "정웅", "영길", "종수", "광수", "상철", "병철", "재호", "동식", "창수", "만수", "기태", "인수", "용식"},
		{"영자", "정자", "순자", "영숙", "정숙", "명자", "춘자", "옥순", "복순", "말순", "경자", "정희", "순옥", "금자", "영순", "화자"},
	},
	{
		{"영수", "성호", "영철", "정호", "영진", "상훈", "동현", "성민", "준호", "병훈", "재영", "승호", "진우", "경수", "태영", "종현",
			"기영", "광호", "용환", "상민", "성진", "창호", "현수", "민수"},
		{"미경", "미숙", "경희", "경숙", "영숙", "은주", "현숙", "은경", "은희", "정희", "혜경", "선희", "명숙", "수진", "지영", "영미",
			"정숙", "미영", "연희", "순희", "성희", "은영", "현주", "윤정"},
	},
	{
		{"지훈", "동현", "현우", "성민", "민수", "준호", "민재", "준영", "승현", "도현", "건우", "우진", "태현", "재원", "시우", "진호"},
		{"지영", "유진", "민지", "수진", "지혜", "은지", "서연", "지은", "혜진", "예은", "수빈", "지원", "다은", "하은", "민서", "유나"},
	},
}

func koreanName(r *rand.Rand, year int, woman bool) string {
	era, sex := 1, 0
	switch {
	case year < 1960:
		era = 0
	case year >= 1980:
		era = 2
	}
	if woman {
		sex = 1
	}
	names := givenNames[era][sex]
	return surnames.pick(r, surnameTotal) + names[r.IntN(len(names))]
}

// foreignNames as they stand on residence cards, of men and women.
var foreignNames = [2][2][]string{
	{{"LI", "WANG", "ZHANG", "JIN", "PIAO", "NGUYEN VAN", "TRAN VAN", "LE VAN", "KIM", "SMITH", "IVANOV", "SANTOS"},
		{"WEI", "JUN", "HAO", "MINH", "TUAN", "DUC", "ALEKSANDR", "JAMES", "MARCO", "BATBAYAR", "SERGEI", "DAVID"}},
	{{"LI", "WANG", "ZHANG", "JIN", "PIAO", "NGUYEN THI", "TRAN THI", "LE THI", "KIM", "SMITH", "IVANOVA", "SANTOS"},
		{"MEIHUA", "LING", "XIUYING", "LAN", "HOA", "THU", "ELENA", "MARY", "MARIA", "OYUNA", "ANNA", "ROSE"}},
}

func foreignName(r *rand.Rand, woman bool) string {
	names := foreignNames[0]
	if woman {
		names = foreignNames[1]
	}
	return names[0][r.IntN(len(names[0]))] + " " + names[1][r.IntN(len(names[1]))]
}
