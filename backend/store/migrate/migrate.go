// Package migrate brings the tables of a store up to date.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Table is where a database says which files it has seen.
const Table = "migrations"

// Up runs the files of dir in fsys that the database has not seen, in the order of the numbers that their names begin
// with, each in a transaction of its own. Nobody else may do so at the same time. Data that a newer program made is
// refused.
func Up(ctx context.Context, dialect database.Dialect, db *sql.DB, fsys fs.FS, dir string) error {
	files, err := fs.Sub(fsys, dir)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, files,
		goose.WithTableName(Table), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the version of the tables: %w", err)
	}
	if has > knows {
		return fmt.Errorf("the tables have version %d, this program knows %d: it is older than the data; start the newer program", has, knows)
	}
	if _, err := p.Up(ctx); err != nil {
		var partial *goose.PartialError
		if errors.As(err, &partial) && partial.Failed != nil {
			return fmt.Errorf("bringing the tables up to date with %s: %w", partial.Failed.Source.Path, partial.Err)
		}
		return fmt.Errorf("bringing the tables up to date: %w", err)
	}
	return nil
}

// Adopt notes that a database saw the first files, up to version, before it kept account of them here.
func Adopt(ctx context.Context, dialect database.Dialect, db database.DBTxConn, version int64) error {
	store, err := database.NewStore(dialect, Table)
	if err != nil {
		return err
	}
	if err := store.CreateVersionTable(ctx, db); err != nil {
		return err
	}
	for v := range version + 1 { // 0 stands for the table itself
		if err := store.Insert(ctx, db, database.InsertRequest{Version: v}); err != nil {
			return err
		}
	}
	return nil
}
