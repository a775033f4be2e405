package gormstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"gatehouse/storage"
)

// openError is why a database cannot be opened and what to do, in one sentence. The cause, which drivers write over
// several lines, is for errors.Is and errors.As only.
type openError struct {
	sentence string
	cause    error
}

func (e *openError) Error() string   { return e.sentence }
func (e *openError) Unwrap() []error { return []error{storage.ErrUnavailable, e.cause} }

const sqlitePrefix = "sqlite:"

// sqliteFixes has what to do about the errors that opening a file ends with.
var sqliteFixes = map[sqlite3.ErrNo]string{
	sqlite3.ErrReadonly: "make the file and its folder writable for the user that gatehouse runs as",
	sqlite3.ErrCantOpen: "make the file and its folder readable and writable for the user that gatehouse runs as",
	sqlite3.ErrPerm:     "make the file and its folder readable and writable for the user that gatehouse runs as",
	sqlite3.ErrNotADB:   "name another file in GATEHOUSE_DATABASE, or restore this one",
	sqlite3.ErrCorrupt:  "restore it from a backup",
	sqlite3.ErrFull:     "free some space on its disk",
	sqlite3.ErrBusy:     "stop the program that holds it",
	sqlite3.ErrLocked:   "stop the program that holds it",
}

func explainSQLite(dsn string, err error) error {
	path := strings.TrimPrefix(dsn, sqlitePrefix)
	var e sqlite3.Error
	switch {
	case errors.As(err, &e):
		fix, known := sqliteFixes[e.Code]
		if !known {
			fix = "check that it is a SQLite database on a disk that works"
		}
		return &openError{fmt.Sprintf("%s: %s; %s", path, e.Code.Error(), fix), err}
	case errors.Is(err, fs.ErrNotExist):
		return &openError{fmt.Sprintf("the folder of %s does not exist; create the folder, or correct GATEHOUSE_DATABASE", path), err}
	case errors.Is(err, fs.ErrPermission):
		return &openError{fmt.Sprintf("%s cannot be made: permission denied; make its folder writable for the user that gatehouse runs as", path), err}
	}
	return err
}

// postgresFixes has what to do about the SQLSTATE codes that opening a database ends with.
var postgresFixes = map[string]string{
	"28000": "correct user and password in GATEHOUSE_DATABASE", // invalid_authorization_specification
	"28P01": "correct user and password in GATEHOUSE_DATABASE", // invalid_password
	"3D000": "create the database, or correct its name in GATEHOUSE_DATABASE",
	"42501": "let this user create tables there (GRANT CREATE ON SCHEMA public), or name another user in GATEHOUSE_DATABASE",
	"53300": "raise max_connections of PostgreSQL, or stop what holds its connections",
	"57P03": "try again when PostgreSQL has started",
}

func explainPostgres(_ string, err error) error {
	var refused *pgconn.PgError
	var unreachable *pgconn.ConnectError
	if errors.As(err, &refused) {
		fix, known := postgresFixes[refused.Code]
		if !known {
			fix = "the log of PostgreSQL says more"
		}
		return &openError{fmt.Sprintf("PostgreSQL says: %s; %s", refused.Message, fix), err}
	}
	if !errors.As(err, &unreachable) || errors.Is(err, context.Canceled) {
		return err
	}
	server := net.JoinHostPort(unreachable.Config.Host, fmt.Sprint(unreachable.Config.Port))
	return &openError{fmt.Sprintf("PostgreSQL at %s cannot be reached (%s); is it running there? Start it, or correct host, port, "+
		"user, password and database name in GATEHOUSE_DATABASE", server, reason(unreachable)), err}
}

// reason is why no connection came about, on one line.
func reason(err *pgconn.ConnectError) string {
	var system syscall.Errno
	switch {
	case errors.As(err, &system):
		return system.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	first, _, _ := strings.Cut(err.Unwrap().Error(), "\n")
	return first
}
