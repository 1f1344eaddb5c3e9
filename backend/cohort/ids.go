package cohort

import (
	"fmt"
	"reflect"
)

// ids refuses identifiers that are malformed, are used twice, or whose numbers collide.
type ids struct {
	ko, en string            // the word for what they identify
	byNum  map[uint32]string // over the schedule
	rules  map[string]cohortFile
}

func newIDs(ko, en string) *ids {
	return &ids{ko: ko, en: en, byNum: map[uint32]string{}, rules: map[string]cohortFile{}}
}

// add reports whether the id was known before.
func (r *reader) add(known *ids, at, id string) bool {
	path, n := at+".id", number(id)
	other, taken := known.byNum[n]
	switch {
	case len(id) > maxID || !idPattern.MatchString(id):
		r.fail(path, fmt.Sprintf("%s의 id는 영문 소문자와 숫자, 붙임표로 64자까지 적어 주세요. 예: 2021-07-19", known.ko),
			fmt.Sprintf("write the id of the %s in lower-case letters, digits and single hyphens, at most 64, such as 2021-07-19", known.en))
	case taken && other != id:
		r.fail(path, fmt.Sprintf("두 id(%q, %q)의 내부 번호가 같습니다. 둘 중 하나를 바꿔 주세요.", id, other),
			fmt.Sprintf("the ids %q and %q share an internal number: change one of them", id, other))
	}
	known.byNum[n] = id
	return taken && other == id
}

func (r *reader) failTwice(known *ids, at, id string) {
	r.fail(at+".id", fmt.Sprintf("%s의 id가 두 번 쓰였습니다(%q). 서로 다른 id를 적어 주세요.", known.ko, id),
		fmt.Sprintf("the id %q is used for two %ss: give each its own", id, known.en))
}

// addCohort lets a cohort come back in a later opening, as long as its id goes on meaning the same people.
func (r *reader) addCohort(known *ids, here map[string]bool, at string, f cohortFile) {
	before := r.add(known, at, f.ID)
	if here[f.ID] {
		r.failTwice(known, at, f.ID)
	}
	here[f.ID] = true
	if before && !reflect.DeepEqual(known.rules[f.ID], f) {
		r.fail(at+".id", fmt.Sprintf("대상군 %q: 앞의 개통과 다르게 적혀 있습니다. 같은 대상이면 똑같이 적고, 다른 대상이면 id를 바꿔 주세요.", f.ID),
			fmt.Sprintf("the cohort %q differs from an earlier opening: write it the same way, or give it another id", f.ID))
	}
	known.rules[f.ID] = f
}
