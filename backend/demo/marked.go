package demo

import "math/rand/v2"

const (
	markSyllables  = 4
	markConsonants = 10
)

// marked puts a mark in the place of a given name: four syllables that end in ㄳ, ㄽ, ㄾ or ㄿ, as no two in a row do in
// Korean, or in Latin script ten consonants. A name such as 지원 or 하나 stands in clinics' names and in sentences; whoever
// searches for one of these finds the person or nothing.
func marked(r *rand.Rand, name string) string {
	if name[0] < 0x80 {
		return surnameOf(name) + string(latinMark(r))
	}
	mark := []rune(name)[:1]
	for range markSyllables {
		mark = append(mark, rareSyllable(r))
	}
	return string(mark)
}

// surnameOf is the first word of a Latin name, with the blank behind it.
func surnameOf(name string) string {
	for i := range len(name) {
		if name[i] == ' ' {
			return name[:i+1]
		}
	}
	return name + " "
}

func latinMark(r *rand.Rand) []byte {
	const consonants = "BCDFGHJKLMNPQRSTVWXZ"
	mark := make([]byte, markConsonants)
	for i := range mark {
		mark[i] = consonants[r.IntN(len(consonants))]
	}
	return mark
}

// rareSyllable makes a syllable of any of 19 initial consonants and 21 vowels and one of four finals: Unicode, chapter 3.12.
func rareSyllable(r *rand.Rand) rune {
	finals := [...]rune{3, 12, 13, 14}
	return 0xac00 + rune(r.IntN(19)*21+r.IntN(21))*28 + finals[r.IntN(len(finals))]
}
