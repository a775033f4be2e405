package storage

import "errors"

var (
	// ErrNotFound says that no record has this key.
	ErrNotFound = errors.New("not found")
	// ErrExists says that another record holds this key, or a value that must be unique.
	ErrExists = errors.New("already exists")
	// ErrConflict says that a condition of a unit of work did not hold: a token was spent already, a grant has ended
	// or moved on. Nothing of the unit happened.
	ErrConflict = errors.New("conflict")
	// ErrUnavailable says that the database could not be asked or did not answer. Whether a write happened is unknown.
	ErrUnavailable = errors.New("storage unavailable")
)
