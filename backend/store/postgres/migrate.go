package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/database"

	"github.com/daemun/daemun/backend/store/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// makeSchema makes the schema if it is missing. Asking first spares who may use it the right to make one.
func (t *target) makeSchema(ctx context.Context, conn *pgx.Conn) error {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regnamespace($1) IS NOT NULL", t.schema).Scan(&there); err != nil || there {
		return err
	}
	_, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{t.schema}.Sanitize())
	if err != nil {
		return fmt.Errorf("making the schema: %w", err)
	}
	return nil
}

// migrateUp brings the tables up to date through a connection of its own, while the caller holds the lock.
func (t *target) migrateUp(ctx context.Context) (err error) {
	connector := stdlib.GetConnector(*t.conn, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		if err := t.prepare(ctx, c); err != nil {
			return err
		}
		_, err := c.Exec(ctx, "SET statement_timeout = 0")
		return err
	}))
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	return migrate.Up(ctx, database.DialectPostgres, db, migrations, "migrations")
}
