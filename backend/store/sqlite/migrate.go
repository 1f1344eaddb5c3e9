package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"

	"github.com/pressly/goose/v3/database"

	"github.com/daemun/daemun/backend/store/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

func migrateUp(ctx context.Context, db *sql.DB) error {
	if err := adopt(ctx, db); err != nil {
		return fmt.Errorf("reading the version of the tables: %w", err)
	}
	return migrate.Up(ctx, database.DialectSQLite3, db, migrations, "migrations")
}

// adopt takes over files whose version stands in user_version, as it did first.
func adopt(ctx context.Context, db *sql.DB) error {
	var version int64
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil || version == 0 {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := migrate.Adopt(ctx, database.DialectSQLite3, tx, version); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version = 0"); err != nil {
		return err
	}
	return tx.Commit()
}
