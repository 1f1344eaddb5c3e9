package cohort

import "fmt"

func holdKo(from, to string) string {
	return fmt.Sprintf("고른 일시를 맡아 두는 시간이 %s분에서 %s분으로 바뀝니다.", from, to)
}

func holdEn(from, to, where string) string {
	return fmt.Sprintf("a chosen appointment is kept for %s minutes instead of %s%s.", to, from, where)
}

func identityKo(from, to string) string {
	switch {
	case from == "":
		return fmt.Sprintf("예약하려면 본인인증을 해야 합니다(%s).", to)
	case to == "":
		return "본인인증 없이 예약할 수 있게 됩니다."
	}
	return fmt.Sprintf("본인인증 방법이 바뀝니다(%s → %s).", from, to)
}

func identityEn(from, to, where string) string {
	switch {
	case from == "":
		return fmt.Sprintf("people must show who they are before they book (%s)%s.", to, where)
	case to == "":
		return fmt.Sprintf("people need not show who they are any more%s.", where)
	}
	return fmt.Sprintf("the ways to show who one is change from %s to %s%s.", from, to, where)
}
