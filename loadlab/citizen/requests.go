package citizen

import (
	"math/rand/v2"
	"net/url"
	"strconv"
)

// region is one of the 17 provinces with its share of the people, in tenths of a per cent.
type region struct {
	name, encoded string
	weight        int
}

var regions, regionSum = makeRegions()

func makeRegions() ([]region, int) {
	list := []region{{name: "서울", weight: 182}, {name: "부산", weight: 64}, {name: "대구", weight: 46},
		{name: "인천", weight: 58}, {name: "광주", weight: 28}, {name: "대전", weight: 28}, {name: "울산", weight: 22},
		{name: "세종", weight: 7}, {name: "경기", weight: 263}, {name: "강원", weight: 30}, {name: "충북", weight: 31},
		{name: "충남", weight: 42}, {name: "전북", weight: 35}, {name: "전남", weight: 35}, {name: "경북", weight: 51},
		{name: "경남", weight: 64}, {name: "제주", weight: 14}}
	sum := 0
	for i := range list {
		list[i].encoded = url.QueryEscape(list[i].name)
		sum += list[i].weight
	}
	return list, sum
}

func pickRegion(r *rand.Rand) int {
	x := r.IntN(regionSum)
	for i := range regions {
		if x -= regions[i].weight; x < 0 {
			return i
		}
	}
	return 0
}

// ticketRequest is a request without a body that shows a ticket; line is method and path.
func (c *Crowd) ticketRequest(out []byte, line, ticket string) []byte {
	out = append(append(out, line...), c.host...)
	out = append(append(append(out, "Authorization: Ticket "...), ticket...), "\r\n"...)
	if line[0] == 'P' {
		out = append(out, "Content-Length: 0\r\n"...)
	}
	return append(out, "\r\n"...)
}

func (c *Crowd) cursorRequest(out []byte) []byte {
	out = append(append(append(out, "GET /v1/openings/"...), c.o.Opening...), "/cursor"...)
	return append(append(out, c.host...), "\r\n"...)
}

func (c *Crowd) passGet(out []byte, path, pass string) []byte {
	out = append(append(append(out, "GET "...), path...), c.host...)
	return append(append(append(out, "Authorization: Pass "...), pass...), "\r\n\r\n"...)
}

func (c *Crowd) slotsPath(p *person) string {
	path := "/v1/clinics/" + p.target + "/slots"
	if n := len(c.days); n > 0 {
		path += "?day=" + c.days[c.zipf.Rank(c.rng, n)]
	}
	return path
}

// joinRequest shows a ticket when there is one.
func (c *Crowd) joinRequest(out []byte, p *person, ticket string) []byte {
	rrn, _, _ := c.people.fields(p.row)
	out = append(append(out, "POST /v1/queue/join"...), c.host...)
	if ticket != "" {
		out = append(append(append(out, "Authorization: Ticket "...), ticket...), "\r\n"...)
	}
	n := len(`{"rrn":"","opening":""}`) + len(rrn) + len(c.o.Opening)
	out = body(out, n)
	out = append(append(out, `{"rrn":"`...), rrn...)
	return append(append(append(out, `","opening":"`...), c.o.Opening...), `"}`...)
}

// bookRequest books slot for p; an empty pass is left out.
func (c *Crowd) bookRequest(out []byte, p *person, pass, slot, key string) []byte {
	return c.bookAt(out, "POST /v1/bookings", p, pass, slot, key)
}

func (c *Crowd) bookAt(out []byte, line string, p *person, pass, slot, key string) []byte {
	rrn, name, phone := c.people.fields(p.row)
	out = append(append(out, line...), c.host...)
	if pass != "" {
		out = append(append(append(out, "Authorization: Pass "...), pass...), "\r\n"...)
	}
	out = append(append(append(out, "Idempotency-Key: "...), key...), "\r\n"...)
	out = body(out, len(`{"slot":"","name":"","rrn":"","phone":""}`)+len(slot)+len(name)+len(rrn)+len(phone))
	out = append(append(out, `{"slot":"`...), slot...)
	out = append(append(out, `","name":"`...), name...)
	out = append(append(out, `","rrn":"`...), rrn...)
	return append(append(append(out, `","phone":"`...), phone...), `"}`...)
}

// body ends the head of a request with a JSON body of n bytes.
func body(out []byte, n int) []byte {
	out = append(out, "Content-Type: application/json\r\nContent-Length: "...)
	return append(strconv.AppendInt(out, int64(n), 10), "\r\n\r\n"...)
}
