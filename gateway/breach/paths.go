package breach

import "strings"

// Spellings are other ways to write guarded requests; one stands for each thing that a proxy, a router or a library may put
// right on the way. None of them exists.
var Spellings = []string{
	"POST //v1/bookings", "POST /V1/Bookings", "POST /v1/%62ookings", "POST /v1/./bookings", "POST /v1/x/../bookings",
	"POST /v1/%2e%2e/v1/bookings", "POST /v1/bookings/", "POST /v1/bookings;x=1", "POST /v1/bookings%00", "POST /v1%2fbookings",
	"POST /v1/bookings%20", "POST /v1\\bookings", "POST /v1/bookings/.", "POST /v1/bookings.json", "POST /v1/bookings%3f", "POST /v1/bookings#x",
	"POST /v1/booking%C3%9F", "POST /v1/bookings%0d%0aX-Admitted:%201", "POST /v1/bookings%2500", "POST /%c0%afv1/bookings", "POST /v1/bookings/..;/",
	"POST v1/bookings", "POST ?/v1/bookings", "POST *", "POST http://127.0.0.1/v1/bookings", "POST https://daemun/v1/bookings", "POST //127.0.0.1/v1/bookings",
	"GET /v1/bookings", "PUT /v1/bookings", "post /v1/bookings", "POST /v1/bookings?a=1&a=2", "POST /v1/bookings?x=%zz", "POST /v1/bookings?x=1;y=2",
	"GET //v1/clinics", "GET /v1/Clinics", "GET /v1/clinics/", "GET /v1/openings/../clinics", "GET /v1/clinics/c0001//slots", "GET /v1/clinics/../clinics",
	"TRACE /v1/clinics", "CONNECT /v1/clinics", "OPTIONS /v1/clinics", "HEAD2 /v1/clinics", "PROPFIND /v1/clinics", "GET /v1/../internal/status",
	"PATCH /v1/clinics", "DELETE /v1/queue/enter", "GET /v1/queue/enter", "PURGE /v1/clinics", "QUERY /v1/clinics", "MOVE /v1/bookings",
}

// overrides ask for another method or another path than the request line.
var overrides = [][]string{
	{"X-HTTP-Method-Override: POST"}, {"X-HTTP-Method: GET", "X-Method-Override: GET"}, {"X-Original-URL: /v1/clinics", "X-Rewrite-URL: /v1/clinics"},
	{"X-Forwarded-Prefix: /v1", "X-Forwarded-Path: /v1/clinics"}, {"Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"},
	{"Connection: close, Authorization"}, {"Content-Encoding: gzip"},
}

// links go straight to a guarded address.
func links() []Variant {
	return []Variant{
		refused(DeepLink, "another spelling", func(out []byte, l *Loot) []byte {
			return l.request(out, pick(l, Spellings), l.booking(&l.Me), l.key())
		}),
		refused(DeepLink, "another spelling, with a good pass", func(out []byte, l *Loot) []byte {
			return l.request(out, pick(l, Spellings), l.booking(&l.Inside), l.key(), pass(l.Inside.Pass))
		}),
		refused(DeepLink, "a method in a header", func(out []byte, l *Loot) []byte {
			lines := []string{"GET /v1/clinics", "GET /v1/bookings", "POST /v1/clinics", "GET /v1/nothing"}
			return l.request(out, pick(l, lines), "", pick(l, overrides)...)
		}),
		refused(DeepLink, "two headers", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Inside), l.key(), pass(l.Me.Ticket), pass(l.Inside.Pass))
		}),
		refused(DeepLink, "two lengths", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Inside), l.key(), pass(l.Inside.Pass), "Content-Length: 7")
		}),
		refused(DeepLink, "length and chunks", func(out []byte, l *Loot) []byte {
			body := "0\r\n\r\n"
			return l.request(out, "POST /v1/bookings", body, l.key(), pass(l.Inside.Pass), "Transfer-Encoding: chunked")
		}),
		refused(DeepLink, "no Host", func(out []byte, l *Loot) []byte {
			from := len(out)
			out = l.request(out, "GET /v1/clinics", "", pass(l.Inside.Pass))
			without := strings.Replace(string(out[from:]), "Host: "+l.Host+"\r\n", "", 1)
			return append(out[:from], strings.Replace(without, "HTTP/1.1", pick(l, []string{"HTTP/1.0", "HTTP/1.1"}), 1)...)
		}),
		refused(DeepLink, "before the opening", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", ticket(l.Me.Ticket), "Referer: /clinics")
		}),
	}
}

// Doors are addresses of operators and developers. None of them may exist where citizens are.
var Doors = []string{
	"/control/v1/snapshot", "/control/v1/ledger?after=0&limit=5", "/control/v1/whoami", "/control/v1/events", "/control", "/metrics", "/debug/pprof/", "/debug/pprof/heap",
	"/debug/vars", "/internal/status", "/internal/ledger?after=0&limit=5", "/internal", "/admin", "/admin/login", "/manager/html", "/actuator/env", "/.env",
	"/.git/config", "/server-status", "/phpmyadmin", "/wp-login.php", "/swagger.json", "/openapi.json", "/graphql", "/console", "/backup.zip", "/keys/gateway.token",
}

// admin tries operators' and developers' doors, with passwords that everybody knows.
func admin() []Variant {
	passwords := []string{"YWRtaW46YWRtaW4=", "YWRtaW46", "cm9vdDpyb290", "ZGFlbXVuOmRhZW11bg==", "b3BlcmF0b3I6b3BlcmF0b3I="}
	outside := func(l *Loot, path string) string {
		if l.Token != "" && strings.HasPrefix(path, "/internal/") { // who holds the token may read there: see docs/doors.md
			return "/control" + path
		}
		return path
	}
	return []Variant{
		refused(AdminPath, "looking", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET "+outside(l, pick(l, Doors)), "")
		}),
		refused(AdminPath, "a default password", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET "+outside(l, pick(l, Doors)), "", "Authorization: Basic "+pick(l, passwords))
		}),
		refused(AdminPath, "opening it", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /control/v1/openings/"+l.Opening+"/"+pick(l, []string{"open", "resume", "postpone"}), `{"reason":"x"}`, "X-Role: supervisor")
		}),
		refused(AdminPath, "lifting the cap", func(out []byte, l *Loot) []byte {
			return l.request(out, "PUT /control/v1/openings/"+l.Opening+"/rate", `{"reason":"x","per_s":100000}`)
		}),
		refused(AdminPath, "an admission of one's own", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /internal/admissions", l.random(119), "Authorization: Basic "+pick(l, passwords))
		}),
		refused(AdminPath, "a rehearsal of one's own", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /control/v1/rehearsals", `{"name":"x","opening":"`+l.Opening+`","rrn":"`+l.Me.RRN+`","minutes":60,"reason":"x"}`)
		}),
	}
}
