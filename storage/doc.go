// Package storage holds Gatehouse's records and the contracts of the stores that keep them.
//
// It imports the standard library only, and its records carry no tags: how they are laid out in a database is the
// business of storage/gormstore. storage/storagetest proves a store against these contracts.
//
// Every method of a store returns one of the sentinel errors of this package, possibly wrapped, or the context's own
// error. A zero time.Time means "none" or, for an expiry, "never".
package storage
