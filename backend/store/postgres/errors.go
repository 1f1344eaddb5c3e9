package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrInUse says that another backend works on the same data.
var ErrInUse = errors.New("in use by another backend")

// errReplaced says that another backend took over in the middle of our work.
var errReplaced = fmt.Errorf("%w, which took over", ErrInUse)

// remedies say what to do, by SQLSTATE.
var remedies = map[string]string{
	"28P01": "check the user and the password (PGPASSWORD, or a line in ~/.pgpass)",
	"28000": "this user may not connect from here: check pg_hba.conf",
	"3D000": "make it: CREATE DATABASE … OWNER … ENCODING 'UTF8' TEMPLATE template0",
	"42P01": "is this the right database and schema? No backend has made its tables here, or somebody removed them",
	"42501": "the user needs the right to make a schema (GRANT CREATE ON DATABASE … TO …), or must own the schema that there is",
	"53100": "the server's disk is full: make room; nothing that was acknowledged is lost",
	"53300": "the server has no connection left: raise max_connections, or end what holds them; this backend needs five",
	"25006": "the server became read-only: is it a standby?",
	"57014": "the server took too long",
	"57P03": "the server is starting or stopping: it will answer soon",
}

// explain adds what to do to an error of the server.
func explain(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	if pg.Code == "DM001" {
		return errReplaced
	}
	if remedy := remedies[pg.Code]; remedy != "" {
		return fmt.Errorf("%w; %s", err, remedy)
	}
	return err
}
