// Package gormstore keeps Gatehouse's records with gorm on SQLite or PostgreSQL. It implements storage.Store, owns the
// row structs, and is the only package that knows gorm.
//
// A few statements run for every request: the reads of a token, a session and a grant, and the operations of a unit of
// work. They are prepared SQL, one text for both databases, through gorm's connection pool; everything else is plain
// gorm. Parameters are numbered ($1, $2, …) and must first appear in the order of their numbers: that is how SQLite
// numbers them.
//
// SQLite is written by one goroutine that commits waiting writes together, see sqliteWriter. On PostgreSQL a unit of
// work is one pipelined batch and a COMMIT, see postgresWriter.
//
// In every table a time is a BIGINT of microseconds since 1970 in UTC, 0 for none, and a list or a map is JSON text.
package gormstore
