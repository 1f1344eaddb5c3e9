//go:build window

package windowtest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/gateway/api"
)

// site is a running demo.
type site struct {
	t       *testing.T
	data    string
	public  string
	control string
	server  *process
	client  *http.Client
}

// newSite starts the demo and waits until it takes people in.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, data: t.TempDir(), public: freeAddress(t), control: freeAddress(t), client: &http.Client{Timeout: 30 * time.Second}}
	s.server = start(t, exec.Command(built(t, "daemun"), "up", "--demo", "--data", s.data, "--opens-in", "3s", "--listen", s.public, "--control", s.control, "--lanes", "127.0.0.1:0"))
	eventually(t, "the demo is ready", func() bool {
		resp, err := s.client.Get("http://" + s.public + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, s.server)
	return s
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *site) operator(name string) string {
	return filepath.Join(s.data, "demo", "operators", name+".pem")
}

// join gives some people of the roster a place and returns their tickets.
func (s *site) join(n int) []string {
	s.t.Helper()
	f, err := os.Open(filepath.Join(s.data, "demo", demo.CitizensFile))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	all, err := demo.ReadCitizens(f)
	if err != nil {
		s.t.Fatal(err)
	}
	var tickets []string
	early := 0
	for _, c := range all {
		if !c.OnRoster {
			continue
		}
		var p api.Place
		s.call(s.client, "POST", "http://"+s.public+"/v1/queue/join", "", api.JoinRequest{RRN: c.Number.Digits()}, &p)
		if p.State == api.PlaceLobby {
			early++
		}
		if tickets = append(tickets, p.Ticket); len(tickets) == n {
			s.t.Logf("%d people queue, %d of them came before the opening", n, early)
			return tickets
		}
	}
	s.t.Fatalf("only %d people on the roster", len(tickets))
	return nil
}

func (s *site) place(ticket string) (p api.Place) {
	s.t.Helper()
	s.call(s.client, "GET", "http://"+s.public+"/v1/queue/place", "Ticket "+ticket, nil, &p)
	return p
}

// order gives an operator's order over the control API, with that operator's certificate.
func (s *site) order(operator, method, path string, body, into any) {
	s.t.Helper()
	s.call(s.room(operator), method, "https://"+s.control+"/control/v1/"+path, "", body, into)
}

func (s *site) room(operator string) *http.Client {
	s.t.Helper()
	ca, err := os.ReadFile(s.operator("ca"))
	if err != nil {
		s.t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(s.operator(operator), s.operator(operator))
	if err != nil {
		s.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}, DisableKeepAlives: true},
		Timeout:   30 * time.Second,
	}
}

// opening is the demo's only opening as the control room sees it.
func (s *site) opening() api.OpeningStatus {
	s.t.Helper()
	var snapshot api.Snapshot
	s.order("viewer", "GET", "snapshot", nil, &snapshot)
	if len(snapshot.Openings) != 1 {
		s.t.Fatalf("%d openings", len(snapshot.Openings))
	}
	return snapshot.Openings[0]
}

func (s *site) call(client *http.Client, method, url, authorization string, body, into any) {
	s.t.Helper()
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			s.t.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, url, &sent)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	if err == nil {
		err = json.Unmarshal(answer, into)
	}
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, url, err)
	}
}
