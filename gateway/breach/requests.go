package breach

import "strings"

// flags switch off whatever a page might have for an agent.
func flags() []Variant {
	signs := [][]string{
		{"Cookie: TS_BYPASS=true; NF_BYPASS=1; bypass=1; admitted=1; queue=done"}, {"X-TS-Bypass: true", "X-Bypass: 1"},
		{"X-Queue-State: turn", "X-Queue-Ahead: 0"}, {"X-Requested-With: daemun-agent", "X-Admitted: yes"},
	}
	return []Variant{
		refused(ClientFlag, "enter by header", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", append([]string{ticket(l.Me.Ticket)}, pick(l, signs)...)...)
		}),
		refused(ClientFlag, "enter by body", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", `{"bypass":true,"state":"turn","ahead":0}`, ticket(l.Me.Ticket))
		}),
		refused(ClientFlag, "lists by query", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET /v1/clinics?TS_BYPASS=true", "", pick(l, signs)...)
		}),
		refused(ClientFlag, "booking by header", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Me), append([]string{l.key()}, pick(l, signs)...)...)
		}),
		refused(ClientFlag, "booking by body", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", strings.Replace(l.booking(&l.Me), "{", `{"admitted":true,`, 1), l.key(), pass(""))
		}),
	}
}

// offline leaves the queue out altogether.
func offline() []Variant {
	nothing := []string{"", "null", "undefined", "offline", "none", "0"}
	return []Variant{
		refused(Airplane, "lists without a pass", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET /v1/clinics", "")
		}),
		refused(Airplane, "times without a pass", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET /v1/clinics/"+strings.SplitN(l.Slot, "-", 2)[0]+"/slots", "", pass(pick(l, nothing)))
		}),
		refused(Airplane, "booking without a pass", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Me), l.key())
		}),
		refused(Airplane, "booking with an empty pass", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Me), l.key(), pass(pick(l, nothing)))
		}),
		refused(Airplane, "entering without a ticket", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", ticket(pick(l, nothing)))
		}),
		refused(Airplane, "an answer kept from yesterday", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET /v1/clinics", "", `If-None-Match: "x"`, "Cache-Control: only-if-cached", "If-Modified-Since: Mon, 19 Jul 2021 11:00:00 GMT")
		}),
	}
}

// clocks bring a time along.
func clocks() []Variant {
	times := [][]string{
		{"Date: Mon, 19 Jul 2021 11:00:00 GMT"}, {"Date: Fri, 31 Dec 2099 23:59:59 GMT", "X-Client-Time: 4102444799"},
		{"X-Date: 2099-01-01T00:00:00Z", "X-Timestamp: 0"}, {"X-Time-Zone: Pacific/Kiritimati", "X-Client-Time: -1"},
	}
	return []Variant{
		refused(ClientClock, "enter with a date", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", append([]string{ticket(l.Me.Ticket)}, pick(l, times)...)...)
		}),
		refused(ClientClock, "enter with a time in the query", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter?now=2099-01-01T00:00:00Z&ts=4102444800", "", ticket(l.Me.Ticket))
		}),
		refused(ClientClock, "enter with a time in the body", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", `{"now":"2099-01-01T00:00:00Z"}`, ticket(l.Me.Ticket))
		}),
		refused(ClientClock, "a ticket dated back", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", ticket(l.bend(l.Me.Ticket)))
		}),
		refused(ClientClock, "a pass dated on", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Inside), l.key(), pass(bendByte(l.Inside.Pass, expiresAt)))
		}),
		refused(ClientClock, "booking with a date", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Me), append([]string{l.key()}, pick(l, times)...)...)
		}),
	}
}

// shared uses what belongs to somebody else.
func shared() []Variant {
	return []Variant{
		refused(Shared, "booking for oneself with a bought pass", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Me), l.key(), pass(l.Inside.Pass))
		}),
		refused(Shared, "booking for oneself as a proxy", func(out []byte, l *Loot) []byte {
			proxy := `{"proxy":{"name":"` + l.Inside.Name + `","phone":"` + l.Inside.Phone + `","relation":"자녀"},`
			return l.request(out, "POST /v1/bookings", strings.Replace(l.booking(&l.Me), "{", proxy, 1), l.key(), pass(l.Inside.Pass))
		}),
		refused(Shared, "reading a stranger's booking", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET /v1/bookings/"+l.Booked.No, "", pass(l.Inside.Pass))
		}),
		refused(Shared, "cancelling a stranger's booking", func(out []byte, l *Loot) []byte {
			return l.request(out, "DELETE /v1/bookings/"+l.Booked.No, "", pass(l.Inside.Pass))
		}),
		refused(Shared, "moving a stranger's booking", func(out []byte, l *Loot) []byte {
			return l.request(out, "PATCH /v1/bookings/"+l.Booked.No, `{"slot":"`+l.Slot+`"}`, pass(l.Inside.Pass))
		}),
		refused(Shared, "a proof of another booking", func(out []byte, l *Loot) []byte {
			no := []byte(l.Booked.No)
			no[0] = map[bool]byte{true: 'B', false: 'A'}[no[0] == 'A']
			return l.request(out, "DELETE /v1/bookings/"+string(no), "", "Authorization: Proof "+l.Booked.Proof)
		}),
	}
}

// dropping joins as if for the first time.
func dropping() []Variant {
	join := func(name string, headers func(l *Loot) []string) Variant {
		return Variant{Attack: CookieDropping, Name: name, Place: true, append: func(out []byte, l *Loot) ([]byte, string) {
			return l.request(out, "POST /v1/queue/join", `{"rrn":"`+l.Me.RRN+`"}`, headers(l)...), ""
		}}
	}
	return []Variant{
		join("no cookie", func(*Loot) []string { return nil }),
		join("a device nobody knows", func(l *Loot) []string {
			return []string{"User-Agent: device-" + l.random(6), "X-Forwarded-For: 203.0.113." + pick(l, []string{"1", "7", "99", "254"})}
		}),
		join("a cookie of chance", func(l *Loot) []string { return []string{"Cookie: daemun_ticket=" + l.random(54)} }),
		join("the ticket of somebody inside", func(l *Loot) []string { return []string{ticket(l.Inside.Ticket)} }),
	}
}

// exempt claims to be somebody for whom the rule was never meant.
func exempt() []Variant {
	claims := [][]string{
		{"User-Agent: Mozilla/5.0 (compatible; Yeti/1.1; +https://naver.me/spd)"}, {"User-Agent: Googlebot/2.1"},
		{"User-Agent: daemun-probe", "X-Probe: 1"}, {"User-Agent: kube-probe/1.30"}, {"User-Agent: vegeta"},
		{"Referer: https://daemun.internal/control"}, {"Referer: https://ncvr.kdca.go.kr/", "Origin: null"},
		{"X-Forwarded-For: 127.0.0.1", "X-Real-IP: ::1", "X-Client-IP: 10.0.0.1"}, {"Forwarded: for=127.0.0.1;proto=https;by=gateway"},
		{"X-Lane: 1339", "X-Clinic: c0001"}, {"X-Internal: true", "X-Role: supervisor"}, {"Via: 1.1 daemun", "X-Forwarded-Host: localhost"},
		{"X-SSL-Client-Verify: SUCCESS", "X-SSL-Client-S-DN: OU=supervisor,CN=root"},
	}
	return []Variant{
		refused(Exemption, "lists", func(out []byte, l *Loot) []byte { return l.request(out, "GET /v1/clinics", "", pick(l, claims)...) }),
		refused(Exemption, "enter", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", append([]string{ticket(l.Me.Ticket)}, pick(l, claims)...)...)
		}),
		refused(Exemption, "booking", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Me), append([]string{l.key()}, pick(l, claims)...)...)
		}),
		refused(Exemption, "a scheme of one's own", func(out []byte, l *Loot) []byte {
			schemes := []string{"Lane 1339", "Clinic c0001", "Bearer " + l.Inside.Pass, "pass " + l.Inside.Pass, "PASS " + l.Inside.Pass, "Basic MTMzOToxMzM5", "Negotiate x"}
			return l.request(out, "POST /v1/bookings", l.booking(&l.Inside), l.key(), "Authorization: "+pick(l, schemes))
		}),
	}
}

// limits send more than is taken, or all at once.
func limits() []Variant {
	return []Variant{
		refused(LimitOverflow, "a body too large", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", strings.Replace(l.booking(&l.Inside), l.Inside.Name, strings.Repeat("가", 6000), 1), l.key(), pass(l.Inside.Pass))
		}),
		refused(LimitOverflow, "two hundred cookies", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", ticket(l.Me.Ticket), "Cookie: "+strings.Repeat("daemun_pass=x; ", 200)+"z=1")
		}),
		refused(LimitOverflow, "a long query", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET /v1/clinics?region="+strings.Repeat("A", 3000), "", pass(l.Inside.Pass))
		}),
		refused(LimitOverflow, "a long key", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Inside), "Idempotency-Key: "+strings.Repeat("k", 300), pass(l.Inside.Pass))
		}),
		refused(LimitOverflow, "a pass with a tail", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Inside), l.key(), pass(l.Inside.Pass+strings.Repeat("A", 400)))
		}),
		refused(LimitOverflow, "entering before the turn", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", ticket(l.Me.Ticket), "X-Retry-Count: 99999")
		}),
		refused(LimitOverflow, "numbers beyond any", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", `{"slot":1e400,"name":99999999999999999999,"rrn":-1,"phone":""}`, l.key(), pass(l.Inside.Pass))
		}),
	}
}

// abandoned holds more than one's own place: whatever is asked for again is what one has already.
func abandoned() []Variant {
	return []Variant{
		{Attack: AbandonedPlaces, Name: "entering again", append: func(out []byte, l *Loot) ([]byte, string) {
			return l.request(out, "POST /v1/queue/enter", "", ticket(l.Inside.Ticket)), l.Inside.Pass
		}},
		{Attack: AbandonedPlaces, Name: "entering after booking", append: func(out []byte, l *Loot) ([]byte, string) {
			return l.request(out, "POST /v1/queue/enter", "", ticket(l.Booked.Ticket)), l.Booked.Pass
		}},
		refused(AbandonedPlaces, "a second dose for one pass", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Booked), l.key(), pass(l.Booked.Pass))
		}),
		refused(AbandonedPlaces, "holding a time", func(out []byte, l *Loot) []byte {
			return l.request(out, pick(l, []string{"POST /v1/holds", "PUT /v1/holds/" + l.Slot, "POST /v1/bookings/hold"}), l.booking(&l.Inside), l.key(), pass(l.Inside.Pass))
		}),
		refused(AbandonedPlaces, "somebody's place taken over", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", `{"rrn":"`+l.Me.RRN+`"}`, ticket(l.bend(l.Inside.Ticket)))
		}),
	}
}

// again sends what was sent before.
func again() []Variant {
	return []Variant{
		{Attack: Redelivery, Name: "joining with the ticket at hand", append: func(out []byte, l *Loot) ([]byte, string) {
			return l.request(out, "POST /v1/queue/join", `{"rrn":"`+l.Me.RRN+`"}`, ticket(l.Me.Ticket)), l.Me.Ticket
		}},
		{Attack: Redelivery, Name: "joining with the cookie at hand", append: func(out []byte, l *Loot) ([]byte, string) {
			return l.request(out, "POST /v1/queue/join", `{"rrn":"`+l.Me.RRN+`"}`, "Cookie: daemun_ticket="+l.Me.Ticket), l.Me.Ticket
		}},
		{Attack: Redelivery, Name: "the same booking", append: func(out []byte, l *Loot) ([]byte, string) {
			body := strings.Replace(l.booking(&l.Booked), l.Slot, l.Booked.Slot, 1)
			return l.request(out, "POST /v1/bookings", body, "Idempotency-Key: "+l.Booked.Key, pass(l.Booked.Pass)), l.Booked.No
		}},
		refused(Redelivery, "the same key for another booking", func(out []byte, l *Loot) []byte {
			other := "010-0000-0001"
			if l.Booked.Phone == other {
				other = "010-0000-0002"
			}
			body := strings.Replace(l.booking(&l.Booked), l.Booked.Phone, other, 1)
			return l.request(out, "POST /v1/bookings", body, "Idempotency-Key: "+l.Booked.Key, pass(l.Booked.Pass))
		}),
		refused(Redelivery, "two keys for one booking", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Booked), l.key(), l.key(), pass(l.Booked.Pass))
		}),
		refused(Redelivery, "entering twice over one ticket", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", ticket(l.Me.Ticket), ticket(l.Inside.Ticket))
		}),
	}
}
