package route

import (
	"bufio"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// raw reads a request as the two sides do: from bytes, and from what net/http made of them.
func raw(request string) (shown string, fromBytes, fromRequest error, parsed bool) {
	line, header, _ := strings.Cut(request, "\r\n")
	words := strings.SplitN(line, " ", 3)
	if len(words) < 2 {
		return "", nil, nil, false
	}
	value, fromBytes := CheckRaw([]byte(words[1]), []byte(header))
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		return string(value), fromBytes, nil, false
	}
	return string(value), fromBytes, Check(r), true
}

func TestTargets(t *testing.T) {
	good := []string{"/", "/v1/bookings", "/v1/bookings/ABCDE-23456", "/v1/clinics?region=%EC%84%9C%EC%9A%B8&vaccine=x", "/static/daemun.css", "/a/.well-known/x", "/?lang=en", "/a?", "/~x_y"}
	wrong := map[string]error{
		"": ErrPath, "*": ErrPath, "v1/clinics": ErrPath, "//": ErrPath, "//v1/clinics": ErrPath, "/v1//clinics": ErrPath, "/v1/clinics/": ErrPath, "/v1/./clinics": ErrPath,
		"/v1/..": ErrPath, "/../v1": ErrPath, "/v1/...": ErrPath, "/v1/%63linics": ErrPath, "/v1%2fclinics": ErrPath, "/v1/clinics;x": ErrPath, "/v1\\clinics": ErrPath,
		"/v1/clinics%00": ErrPath, "/v1/clinics\x00": ErrPath, "/v1/clinics#x": ErrPath, "/v1/clín": ErrPath, "http://h/v1/clinics": ErrPath, "h:443": ErrPath, "/v1/a:b": ErrPath,
		"/a?x=1&x=2": ErrQuery, "/a?x=1;y=2": ErrQuery, "/a?x=%zz": ErrQuery, "/a?x=%00": ErrQuery, "/a?%78=1&x=2": ErrQuery, "/a?x=1#y": ErrQuery, "/a?x=%0d%0aX": ErrQuery,
		"/" + strings.Repeat("a", longestTarget): ErrPath,
	}
	for _, g := range good {
		if err := target(g); err != nil {
			t.Errorf("%q: %v", g, err)
		}
		if err := target([]byte(g)); err != nil {
			t.Errorf("%q as bytes: %v", g, err)
		}
	}
	for w, want := range wrong {
		if err := target(w); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", w, err, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	const line = "POST /v1/bookings HTTP/1.1\r\n"
	const host = "Host: h\r\n"
	for name, c := range map[string]struct {
		header string
		want   error
	}{
		"plain":                    {host, nil},
		"with authorization":       {host + "authorization:  Pass x \r\n", nil},
		"two of what may be twice": {host + "Accept: a\r\nAccept: b\r\nX-Forwarded-For: a\r\nX-Forwarded-For: b\r\n", nil},
		"two authorizations":       {host + "Authorization: Pass a\r\naUTHORIZATION: Pass b\r\n", ErrHeader},
		"two keys":                 {host + "Idempotency-Key: a\r\nIdempotency-Key: a\r\n", ErrHeader},
		"two lengths":              {host + "Content-Length: 0\r\nContent-Length: 0\r\n", ErrHeader},
		"two types":                {host + "Content-Type: a\r\nContent-Type: b\r\n", ErrHeader},
		"two cookies":              {host + "Cookie: a=1\r\nCookie: a=2\r\n", ErrHeader},
		"two hosts":                {host + host, ErrHeader},
		"two tokens":               {host + "X-Daemun-Gateway: a\r\nX-Daemun-Gateway: b\r\n", ErrHeader},
		"length and chunks":        {host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", ErrHeader},
		"folded":                   {host + "Authorization: Pass a\r\n b\r\n", ErrHeader},
		"space before the colon":   {host + "Authorization : Pass a\r\n", ErrHeader},
		"bare line feed":           {host + "X: y\nAuthorization: Pass a\r\n", ErrHeader},
		"NUL":                      {host + "Authorization: Pass \x00a\r\n", ErrHeader},
		"a carriage return within": {host + "X: a\rAuthorization: Pass a\r\n", ErrHeader},
		"no colon":                 {host + "Authorization\r\n", ErrHeader},
		"no host":                  {"Accept: a\r\n", ErrHost},
		"nothing":                  {"", ErrHost},
	} {
		t.Run(name, func(t *testing.T) {
			shown, fromBytes, fromRequest, parsed := raw(line + c.header + "\r\n")
			if !errors.Is(fromBytes, c.want) {
				t.Errorf("from bytes: %v, want %v", fromBytes, c.want)
			}
			if name == "with authorization" && shown != "Pass x" {
				t.Errorf("shown %q", shown)
			}
			if parsed && c.want == nil && fromRequest != nil {
				t.Errorf("net/http's reading: %v", fromRequest)
			}
			if name[:3] == "two" && name != "two lengths" && parsed && !errors.Is(fromRequest, c.want) { // equal lengths net/http makes one of
				t.Errorf("net/http's reading: %v, want %v", fromRequest, c.want)
			}
		})
	}
}

// FuzzSpelling holds the reading of bytes against net/http's: what passes means the same to both.
func FuzzSpelling(f *testing.F) {
	f.Add("/v1/clinics?region=x", "Authorization: Pass a\r\n")
	f.Add("/v1/%2e%2e", "Authorization: a\r\nAuthorization: b\r\n")
	f.Add("//x", "X : y\r\n z\r\n")
	f.Fuzz(func(t *testing.T, target, header string) {
		request := "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + header + "\r\n\r\n"
		if strings.ContainsAny(target, " \r\n") {
			return
		}
		end := strings.Index(request, "\r\n\r\n")
		request = request[:end+4] // what follows is a body
		shown, fromBytes, fromRequest, parsed := raw(request)
		if fromBytes != nil || !parsed {
			return
		}
		if fromRequest != nil {
			t.Fatalf("passes as bytes and not as a request: %v", fromRequest)
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
		if err != nil {
			t.Fatal(err)
		}
		path, _, _ := strings.Cut(target, "?")
		if r.URL.Path != path || r.URL.Host != "" || r.Header.Get("Authorization") != shown {
			t.Fatalf("path %q read as %q, shown %q as %q", path, r.URL.Path, shown, r.Header.Get("Authorization"))
		}
	})
}

func BenchmarkCheckRaw(b *testing.B) {
	target := []byte("/v1/queue/place")
	header := []byte("Host: daemun.test\r\nUser-Agent: Mozilla/5.0 (Linux; Android 10)\r\nAccept: */*\r\nAuthorization: Ticket " + strings.Repeat("A", 72) + "\r\nAccept-Language: ko\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := CheckRaw(target, header); err != nil {
			b.Fatal(err)
		}
	}
}
