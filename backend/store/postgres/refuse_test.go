package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/storetest"
)

const secret = "hu/nter 2%@"

// wantRefusal opens a store that cannot be opened and looks for what the person should read.
func wantRefusal(t *testing.T, address string, words ...string) {
	t.Helper()
	s, err := postgres.Open(t.Context(), address, storetest.Now)
	if err == nil {
		s.Close()
		t.Fatalf("opened; want %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	for _, part := range []string{secret, "hu%2Fnter", "hunter2"} {
		if strings.Contains(err.Error(), part) {
			t.Errorf("%q holds the password", err)
		}
	}
}

func TestAddressesThatCannotBeRead(t *testing.T) {
	const escaped = "hu%2Fnter%202%25%40"
	for _, c := range []struct{ address, word string }{
		{"mysql://daemun@db/daemun", "postgres://user@host"},
		{"", "postgres://user@host"},
		{"postgres://daemun:" + secret + "@db/daemun", "%XX"},
		{"postgres://daemun:" + escaped + "@db:port/daemun", "%XX"},
		{"postgres://daemun:" + escaped + "@db:99999/daemun", "port"},
		{"postgres://daemun:" + escaped + "@db/daemun?sslmode=perhaps", "sslmode"},
		{"postgres://daemun@db/daemun?password=hunter2&sslmode=perhaps", "sslmode"},
		{"postgres://daemun@db/daemun?search_path=a,b", "search_path"},
		{"postgres://daemun@db/daemun?search_path=%22x%22%3B", "search_path"},
	} {
		wantRefusal(t, c.address, c.word)
	}
}

func TestServersThatCannotBeUsed(t *testing.T) {
	pg := server(t)
	execute(t, pg, "postgres",
		"CREATE ROLE poor LOGIN", "CREATE ROLE barred LOGIN", "ALTER ROLE barred SET default_transaction_read_only = on",
		"CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", "GRANT CREATE ON DATABASE postgres TO barred")
	wantRefusal(t, pg.URL("nowhere"), "CREATE DATABASE")
	wantRefusal(t, pg.URLFor("nobody-known", "postgres"), "nobody-known", "does not exist")
	wantRefusal(t, pg.URLFor("poor", "postgres")+"&search_path=poor", "GRANT CREATE ON DATABASE")
	wantRefusal(t, pg.URLFor("barred", "postgres")+"&search_path=barred", "default_transaction_read_only")
	wantRefusal(t, pg.URL("latin"), "LATIN1", "UTF8")
	wantRefusal(t, "postgres://daemun:hunter2@127.0.0.1:1/daemun", "refused")
	wantRefusal(t, "postgres://daemun:hunter2@/daemun?host="+t.TempDir(), "no such file")
}

// TestOwnSchemaIsEnough opens a store as a user who may do nothing but use the schema that was made for them.
func TestOwnSchemaIsEnough(t *testing.T) {
	pg := server(t)
	execute(t, pg, "postgres", "CREATE ROLE modest LOGIN", "CREATE SCHEMA modest AUTHORIZATION modest")
	s := open(t, pg.URLFor("modest", "postgres")+"&search_path=modest")
	if err := s.Import(t.Context(), storetest.Slots(1, 1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestWrongPassword asks a server that wants one.
func TestWrongPassword(t *testing.T) {
	pg, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pg.Close() })
	execute(t, pg, "postgres", "CREATE ROLE daemun LOGIN PASSWORD 'right'", "CREATE SCHEMA daemun AUTHORIZATION daemun")
	hba := filepath.Join(pg.Data(), "pg_hba.conf")
	if err := os.WriteFile(hba, []byte("local all postgres trust\nlocal all all scram-sha-256\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	execute(t, pg, "postgres", "SELECT pg_reload_conf()")
	wrong := strings.Replace(pg.URLFor("daemun", "postgres"), "daemun@", "daemun:hunter2@", 1)
	wantRefusal(t, wrong, "password authentication failed", "PGPASSWORD")

	file := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(file, []byte("*:*:*:daemun:right\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", file)
	if err := open(t, pg.URLFor("daemun", "postgres")).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestServerThatMayForget refuses a server that acknowledges what it has not written.
func TestServerThatMayForget(t *testing.T) {
	pg, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pg.Close() })
	execute(t, pg, "postgres", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()", "SELECT pg_sleep(0.2)")
	wantRefusal(t, pg.URL("postgres"), "full_page_writes")
}

// TestCommitsAreSynchronous holds against a database whose sessions are not, unless told otherwise.
func TestCommitsAreSynchronous(t *testing.T) {
	pg := server(t)
	execute(t, pg, "postgres", "CREATE DATABASE hasty")
	execute(t, pg, "hasty", "ALTER DATABASE hasty SET synchronous_commit = off",
		"CREATE TABLE seen (setting text)",
		"CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen VALUES (current_setting(''synchronous_commit'')); RETURN NEW; END'")
	s := open(t, pg.URL("hasty"))
	defer s.Close()
	execute(t, pg, "hasty", "CREATE TRIGGER look BEFORE INSERT ON daemun.ledger FOR EACH ROW EXECUTE FUNCTION look()")
	if err := s.Import(t.Context(), storetest.Slots(1, 1, 1)); err != nil {
		t.Fatal(err)
	}
	execute(t, pg, "hasty", "DO $$ BEGIN ASSERT (SELECT array_agg(DISTINCT setting) = '{on}' FROM public.seen); END $$")
}

func TestNewerDataIsRefused(t *testing.T) {
	pg := server(t)
	at := address(pg, t.TempDir())
	if err := open(t, at).Close(); err != nil {
		t.Fatal(err)
	}
	schema := at[strings.LastIndex(at, "=")+1:]
	execute(t, pg, "postgres", "INSERT INTO "+schema+".migrations (version_id, is_applied) VALUES (999, true)")
	wantRefusal(t, at, "999", "older than the data")
}

// TestTableIsGone takes away a table that the writer needs: it refuses, and goes on when the table is back.
func TestTableIsGone(t *testing.T) {
	pg := server(t)
	at := address(pg, t.TempDir())
	s := open(t, at)
	defer s.Close()
	if err := s.Import(t.Context(), storetest.Slots(1, 1, 1)); err != nil {
		t.Fatal(err)
	}
	schema := at[strings.LastIndex(at, "=")+1:]
	execute(t, pg, "postgres", "ALTER TABLE "+schema+".ledger RENAME TO elsewhere")
	_, err := s.Admit(t.Context(), storetest.AdmissionOf(0, 0, storetest.Now))
	if booking.KindOf(err) != booking.Unavailable || errors.Is(err, postgres.ErrInUse) {
		t.Fatal(err)
	}
	execute(t, pg, "postgres", "ALTER TABLE "+schema+".elsewhere RENAME TO ledger")
	for booking.KindOf(err) == booking.Unavailable {
		_, err = s.Admit(t.Context(), storetest.AdmissionOf(0, 0, storetest.Now))
	}
	if err != nil {
		t.Fatal(err)
	}
}
