package gormstore

import "strconv"

// Pages is how many pages a SQLite file has, and LimitPages how many it may have: a disk that is full, without one. The writer must
// have nothing to do.
func (s *Store) Pages() (n int, err error) {
	err = s.writer.(*sqliteWriter).conn.QueryRowContext(s.db.Statement.Context, "PRAGMA page_count").Scan(&n)
	return n, err
}

// LimitPages sets the limit; see Pages.
func (s *Store) LimitPages(n int) error {
	return s.writer.(*sqliteWriter).exec("PRAGMA max_page_count = " + strconv.Itoa(n))
}
