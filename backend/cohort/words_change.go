package cohort

import "fmt"

// changeKo tells one change of a window that people keep, or of all that they keep. named is the window that the
// sentence before was about.
func (w words) changeKo(c change, named *Opening) string {
	where := ""
	switch {
	case c.after != nil && c.after == named:
		where = "이 예약에서 "
	case c.after != nil:
		where = w.rangeKo(c.after) + " 예약에서 "
	}
	switch c.what {
	case windowMoved:
		return w.movedKo(c.before, c.after)
	case nothingLeft:
		return "이후 예약할 수 있는 기간이 남지 않습니다."
	case lobbyMoved:
		return fmt.Sprintf("%s 예약의 대기실 여는 시각이 %s에서 %s 바뀝니다.", w.rangeKo(c.after), w.timeKo(c.before.LobbyAt), w.thenKo(c.after.LobbyAt))
	case orderChanged:
		return fmt.Sprintf("%s대기실 순서를 정하는 방법이 %s에서 %s 바뀝니다.", where, orderKo(c.from), towardsKo(orderKo(c.to)))
	case proxyChanged:
		if isTrue(c.to) {
			return where + "대리예약을 할 수 있게 됩니다."
		}
		return where + "대리예약을 할 수 없게 됩니다."
	case vaccineChanged:
		return fmt.Sprintf("%s백신이 %s에서 %s 바뀝니다.", where, c.from, towardsKo(c.to))
	case intervalChanged:
		return where + intervalKo(c.from, c.to)
	case holdChanged:
		return where + holdKo(c.from, c.to)
	case identityChanged:
		return where + identityKo(c.from, c.to)
	}
	return stockKo(c.before, c.after)
}

func (w words) movedKo(b, a *Opening) string {
	opens, closes := a.OpensAt.Compare(b.OpensAt), a.ClosesAt.Compare(b.ClosesAt)
	verb := map[int]string{1: "늦춰집니다", -1: "앞당겨집니다"}
	text := ""
	switch {
	case opens == closes:
		text = fmt.Sprintf("%s 예약이 %s~%s %s", w.rangeKo(b), w.timeKo(a.OpensAt), w.thenKo(a.ClosesAt), verb[opens])
	case closes == 0:
		text = fmt.Sprintf("%s 예약의 시작이 %s %s", w.rangeKo(b), w.thenKo(a.OpensAt), verb[opens])
	case opens == 0:
		text = fmt.Sprintf("%s 예약의 마감이 %s %s", w.rangeKo(b), w.thenKo(a.ClosesAt), verb[closes])
	case opens > 0:
		text = fmt.Sprintf("%s 예약이 %s~%s 짧아집니다", w.rangeKo(b), w.timeKo(a.OpensAt), w.thenKo(a.ClosesAt))
	default:
		text = fmt.Sprintf("%s 예약이 %s~%s 길어집니다", w.rangeKo(b), w.timeKo(a.OpensAt), w.thenKo(a.ClosesAt))
	}
	if !b.LobbyAt.Equal(a.LobbyAt) {
		text += fmt.Sprintf("(대기실은 %s부터)", w.timeKo(a.LobbyAt))
	}
	return text + "."
}

func intervalKo(from, to string) string {
	switch {
	case from == "0":
		return fmt.Sprintf("2차 접종이 생깁니다(1차 접종 %s일 뒤).", to)
	case to == "0":
		return "2차 접종이 없어집니다."
	}
	return fmt.Sprintf("1차와 2차 접종의 간격이 %s일에서 %s일로 바뀝니다.", from, to)
}

func stockKo(b, a *Opening) string {
	verb := "늘어납니다"
	if a.Stock < b.Stock {
		verb = "줄어듭니다"
	}
	return fmt.Sprintf("‘%s’ 물량이 %s회분에서 %s회분으로 %s.", a.Name, thousands(b.Stock), thousands(a.Stock), verb)
}

// changeEn is changeKo in English.
func (w words) changeEn(c change, named *Opening) string {
	where := ""
	switch {
	case c.after != nil && c.after == named:
		where = " there"
	case c.after != nil:
		where = ", for booking " + w.rangeEn(c.after)
	}
	switch c.what {
	case windowMoved:
		return w.movedEn(c.before, c.after)
	case nothingLeft:
		return "no window is left in which they can book."
	case lobbyMoved:
		return fmt.Sprintf("the lobby for booking %s opens on %s instead of %s.", w.rangeEn(c.after), w.timeEn(c.after.LobbyAt), w.timeEn(c.before.LobbyAt))
	case orderChanged:
		return fmt.Sprintf("the lobby is put in order by %s instead of %s%s.", orderEn(c.to), orderEn(c.from), where)
	case proxyChanged:
		if isTrue(c.to) {
			return "somebody else can now book for them" + where + "."
		}
		return "nobody else can book for them any more" + where + "."
	case vaccineChanged:
		return fmt.Sprintf("the vaccine changes from %s to %s%s.", c.from, c.to, where)
	case intervalChanged:
		return intervalEn(c.from, c.to, where)
	case holdChanged:
		return holdEn(c.from, c.to, where)
	case identityChanged:
		return identityEn(c.from, c.to, where)
	}
	return stockEn(c.before, c.after)
}

func (w words) movedEn(b, a *Opening) string {
	opens, closes := a.OpensAt.Compare(b.OpensAt), a.ClosesAt.Compare(b.ClosesAt)
	verb := map[int]string{1: "later", -1: "earlier"}
	text := "booking " + w.rangeEn(b)
	switch {
	case opens == closes:
		text += fmt.Sprintf(" moves to a %s time, %s", verb[opens], w.rangeEn(a))
	case closes == 0:
		text += fmt.Sprintf(" opens %s, on %s", verb[opens], w.timeEn(a.OpensAt))
	case opens == 0:
		text += fmt.Sprintf(" closes %s, on %s", verb[closes], w.timeEn(a.ClosesAt))
	case opens > 0:
		text += " becomes shorter, " + w.rangeEn(a)
	default:
		text += " becomes longer, " + w.rangeEn(a)
	}
	if !b.LobbyAt.Equal(a.LobbyAt) {
		text += " (lobby from " + w.timeEn(a.LobbyAt) + ")"
	}
	return text + "."
}

func intervalEn(from, to, where string) string {
	switch {
	case from == "0":
		return fmt.Sprintf("a second dose is added, %s days after the first%s.", to, where)
	case to == "0":
		return fmt.Sprintf("the second dose is dropped%s.", where)
	}
	return fmt.Sprintf("the second dose comes %s days after the first instead of %s%s.", to, from, where)
}

func stockEn(b, a *Opening) string {
	verb := "rises"
	if a.Stock < b.Stock {
		verb = "falls"
	}
	return fmt.Sprintf("the stock of “%s” %s from %s to %s doses.", either(a.NameEn, a.Name), verb, thousands(b.Stock), thousands(a.Stock))
}
