package cohort

// kind is a way in which a person may be on lists, as far as anybody asked.
type kind struct{ answers []listAnswer }

type listAnswer struct {
	list string
	on   bool
}

// everyKind calls visit once for every way in which a person may be on the lists that visit asks for. visit must ask
// the same of the same answers. Lists that nobody asks for make no difference and no further call.
func everyKind(visit func(k *kind)) {
	k := &kind{}
	for {
		visit(k)
		for len(k.answers) > 0 && !k.answers[len(k.answers)-1].on {
			k.answers = k.answers[:len(k.answers)-1]
		}
		if len(k.answers) == 0 {
			return
		}
		k.answers[len(k.answers)-1].on = false
	}
}

// on is a Lists.
func (k *kind) on(list string) bool {
	for _, a := range k.answers {
		if a.list == list {
			return a.on
		}
	}
	k.answers = append(k.answers, listAnswer{list, true})
	return true
}
