package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// translate turns a driver's error into one of storage's. ctx is the caller's: when it has ended, its own error is the
// answer.
func translate(ctx context.Context, d dialect, err error) error {
	switch {
	case err == nil, isSentinel(err), errors.Is(err, ErrSchema):
		return err
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, gorm.ErrRecordNotFound):
		return storage.ErrNotFound
	case d.unique(err):
		return fmt.Errorf("%w: %w", storage.ErrExists, err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}

func isSentinel(err error) bool {
	return isCondition(err) || errors.Is(err, storage.ErrUnavailable)
}

// isCondition tells an answer from a failure: the database works, and what was asked cannot be.
func isCondition(err error) bool {
	return errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrExists) || errors.Is(err, storage.ErrConflict)
}

// storable reports whether text can be in a database at all. PostgreSQL refuses NUL bytes and invalid UTF-8, so
// no record has a key with them.
func storable(keys ...string) bool {
	for _, key := range keys {
		if !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
			return false
		}
	}
	return true
}

// clean makes free text from outside storable.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
