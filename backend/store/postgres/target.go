package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// What the store does without.
const (
	minVersion = 15 // of PostgreSQL, major

	connectTimeout   = 5 * time.Second
	statementTimeout = 10 * time.Second
	bulkTimeout      = 15 * time.Minute // of an import, and of reading everything
)

// target is where the data is and how it is reached.
type target struct {
	conn   *pgx.ConnConfig
	schema string
}

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

const wanted = "want postgres://user@host:5432/database, the password in PGPASSWORD or in the file that PGPASSFILE names"

// parse reads a URL. Its error never holds a password.
func parse(address string) (*target, error) {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil, errors.New("not the address of a PostgreSQL database: " + wanted)
	}
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, unreadable(address)
	}
	t := &target{conn: cfg, schema: "daemun"}
	if path := cfg.RuntimeParams["search_path"]; path != "" {
		t.schema = path
	}
	if !plainName.MatchString(t.schema) {
		return nil, fmt.Errorf("search_path %q in the address of the database: want one schema, in lower-case letters, digits and _", t.schema)
	}
	delete(cfg.RuntimeParams, "search_path") // set by prepare, so that poolers that know no such parameter let us in
	cfg.ConnectTimeout = min(cfg.ConnectTimeout, connectTimeout)
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	// A peer that is gone without a word is noticed within half a minute.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
	cfg.DialFunc = dialer.DialContext
	return t, nil
}

// unreadable says what is wrong with an address as far as that can be said without its password.
func unreadable(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("the address of the PostgreSQL database cannot be read; write special characters in it as %XX: " + wanted)
	}
	bare := *u
	if u.User != nil {
		bare.User = url.User(u.User.Username())
	}
	q := u.Query()
	q.Del("password")
	bare.RawQuery = q.Encode()
	if _, err := pgx.ParseConfig(bare.String()); err != nil {
		return fmt.Errorf("the address of the PostgreSQL database cannot be used: %w", err)
	}
	return errors.New("the password in the address of the PostgreSQL database cannot be read: " + wanted)
}

// String names the database without anything secret.
func (t *target) String() string {
	return fmt.Sprintf("PostgreSQL %s@%s:%d/%s, schema %s", t.conn.User, t.conn.Host, t.conn.Port, t.conn.Database, t.schema)
}

// connect opens a connection and prepares it.
func (t *target) connect(ctx context.Context, name string) (*pgx.Conn, error) {
	cfg := t.conn.Copy()
	if name != "" {
		cfg.RuntimeParams["application_name"] = name
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := t.prepare(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// settings of a session. The server notices within half a minute, too, that a client is gone, and ends what it did.
func (t *target) settings() map[string]string {
	ms := strconv.FormatInt(statementTimeout.Milliseconds(), 10)
	return map[string]string{
		"search_path": t.schema, "statement_timeout": ms, "lock_timeout": ms, "idle_in_transaction_session_timeout": ms,
		"client_connection_check_interval": "1000", "timezone": "UTC",
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "tcp_user_timeout": "25000",
	}
}

func (t *target) prepare(ctx context.Context, conn *pgx.Conn) error {
	var names, values []string
	for name, value := range t.settings() {
		names, values = append(names, name), append(values, value)
	}
	_, err := conn.Exec(ctx, "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s (name, value)", names, values)
	return err
}

// check refuses servers that would not keep what they acknowledge, or that cannot keep it at all.
func check(ctx context.Context, conn *pgx.Conn) error {
	const query = `SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
		pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
		current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on', current_setting('synchronous_commit')`
	var version int
	var encoding, commit string
	var standby, readOnly, fsync, wholePages bool
	if err := conn.QueryRow(ctx, query).Scan(&version, &encoding, &standby, &readOnly, &fsync, &wholePages, &commit); err != nil {
		return err
	}
	switch {
	case version < minVersion:
		return fmt.Errorf("the server is PostgreSQL %d: want %d or later", version, minVersion)
	case encoding != "UTF8":
		return fmt.Errorf("the database is encoded in %s: want one made with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", encoding)
	case standby:
		return errors.New("the server is a standby, which cannot be written to: give the primary's address, or several with ?target_session_attrs=read-write")
	case readOnly:
		return errors.New("transactions are read-only here: check default_transaction_read_only of the server, the database and the role")
	case !fsync || !wholePages:
		return errors.New("the server may lose what it acknowledges: turn fsync and full_page_writes on in postgresql.conf")
	}
	if commit == "remote_apply" { // does all that on does, and more
		return nil
	}
	_, err := conn.Exec(ctx, "SET synchronous_commit = on")
	return err
}
