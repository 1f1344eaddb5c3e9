// Package leak looks for people where nobody may be found. It knows a file of synthetic people, and searches bytes of any
// kind (logs, database files, metrics, addresses) for their registration numbers, phones and names: as text with and without
// hyphens, names in UTF-8 and EUC-KR, and all of it as hexadecimal, base64, percent-encoded, or escaped as in JSON.
//
// A hit has to be a leak. Numbers and phones are rare enough as they are; names are not (지원 is a name and a word), so only
// marked ones are searched: four syllables in a row that ordinary Korean does not have, or ten Latin consonants. A hit tells
// the place and never what was found there.
//
// Nothing is searched pattern by pattern. The bytes say where a marker could be (a run of digits, a rare syllable), and one
// look into a set says whether it is one: the cost does not grow with the number of people.
package leak
