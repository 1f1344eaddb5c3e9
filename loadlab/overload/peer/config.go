// Package peer is what our gateway is measured against: configurations of other gateways, with nothing changed in them but
// addresses and the limit, and a proxy whose limiter is a library's.
package peer

import (
	_ "embed" // the configurations
	"fmt"
	"net"
	"strconv"
	"strings"
)

//go:embed haproxy.cfg
var haproxy string

//go:embed nginx.conf
var nginx string

//go:embed Caddyfile
var caddy string

// Config says where a peer listens, what is behind it (host:port), and how many requests it may have under way there.
type Config struct {
	Listen, Backend string
	Limit           int
}

// What stands in the files; each is replaced where it stands, and must be there.
const (
	fileBackend = "127.0.0.1:9000"
	fileLimit   = 64
	fileLow     = 48 // of the limit, what reads may take
)

// HAProxy is the configuration of HAProxy: a queue with priorities before a server with a limit.
func HAProxy(c Config) (string, error) {
	return c.render(haproxy, "127.0.0.1:8180", [2]string{fmt.Sprintf(" maxconn %d\n", fileLimit), fmt.Sprintf(" maxconn %d\n", c.Limit)})
}

// Nginx is the configuration of nginx: limits on connections, a lower one for reads.
func Nginx(c Config) (string, error) {
	low := max(1, c.Limit*fileLow/fileLimit)
	return c.render(nginx, "127.0.0.1:8181",
		[2]string{fmt.Sprintf("limit_conn low %d;", fileLow), fmt.Sprintf("limit_conn low %d;", low)},
		[2]string{fmt.Sprintf("limit_conn all %d;", fileLimit), fmt.Sprintf("limit_conn all %d;", c.Limit)})
}

// Caddy is the configuration of Caddy: a reverse proxy without a limit.
func Caddy(c Config) (string, error) { return c.render(caddy, "127.0.0.1:8183") }

// render puts addresses, and what else is to be replaced, into a file.
func (c Config) render(text, listen string, others ...[2]string) (string, error) {
	for _, address := range []string{c.Listen, c.Backend} {
		if err := checkAddress(address); err != nil {
			return "", err
		}
	}
	if c.Limit < 1 || c.Limit > 1<<16 {
		return "", fmt.Errorf("limit %d: want 1 to %d", c.Limit, 1<<16)
	}
	comments, rest := split(text)
	for _, r := range append([][2]string{{fileBackend, c.Backend}, {listen, c.Listen}}, others...) {
		if !strings.Contains(rest, r[0]) {
			return "", fmt.Errorf("the peer's configuration holds no %q any more", r[0])
		}
		rest = strings.ReplaceAll(rest, r[0], r[1])
	}
	return comments + rest, nil
}

// split tells the comments at the head of a file, which stay as they are, from what follows.
func split(text string) (comments, rest string) {
	rest = text
	for strings.HasPrefix(rest, "#") {
		line, after, _ := strings.Cut(rest, "\n")
		comments, rest = comments+line+"\n", after
	}
	return comments, rest
}

// checkAddress lets nothing into a configuration but an address of this machine.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	ip := net.ParseIP(host)
	n, err := strconv.Atoi(port)
	if ip == nil || !ip.IsLoopback() || ip.To4() == nil || err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port {
		return fmt.Errorf("address %q: want 127.0.0.1:PORT", address)
	}
	return nil
}
