package admin

import (
	"errors"
	"slices"
	"strings"
)

// ErrCursor says that a cursor is none of the list that it was sent to.
var ErrCursor = errors.New("this is not where a part of this list begins; begin again at its first page")

// Page says which part of a list is wanted.
type Page struct {
	After string // the cursor; empty for the first page
	Limit int    // at most MaxPage; 0: DefaultPage
}

// How many items a page of a list has: where nothing is said, and at most.
const (
	DefaultPage = 50
	MaxPage     = 200
)

func (p Page) limit() int {
	switch {
	case p.Limit <= 0:
		return DefaultPage
	case p.Limit > MaxPage:
		return MaxPage
	}
	return p.Limit
}

// part returns one page of a list that is there as a whole, in the order of its IDs.
func part[T any](p Page, all []T, id func(T) string) List[T] {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(id(a), id(b)) })
	rest := slices.DeleteFunc(all, func(item T) bool { return id(item) <= p.After })
	if len(rest) <= p.limit() {
		return List[T]{Items: rest}
	}
	rest = rest[:p.limit()]
	return List[T]{Items: rest, Next: id(rest[len(rest)-1])}
}

// List is one page of a list.
type List[T any] struct {
	Items []T
	Next  string // the cursor of the next page; empty after the last
}

// paged returns one page: read gets one more than is wanted, to know whether there is a next one.
func paged[T any](p Page, read func(after string, limit int) ([]T, error), id func(T) string) (List[T], error) {
	items, err := read(p.After, p.limit()+1)
	if err != nil || len(items) <= p.limit() {
		return List[T]{Items: items}, err
	}
	items = items[:p.limit()]
	return List[T]{Items: items, Next: id(items[len(items)-1])}, nil
}
