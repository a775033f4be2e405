package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"gatehouse/admin"
)

var paging = []string{"limit", "cursor"}

// with adds a list's own parameters.
func with(names ...string) []string { return append(names, paging...) }

// cursorPrefix is what every cursor of this list, cut down as it is, begins with: so that what is no cursor is refused, and one
// of another list, which may have another order.
func (q *request) cursorPrefix() string {
	path, _, _ := strings.Cut(q.target, "?")
	filters := maps.Clone(q.query)
	for _, name := range paging {
		delete(filters, name)
	}
	sum := sha256.Sum256([]byte(path + "?" + filters.Encode()))
	return fmt.Sprintf("%x after ", sum[:4])
}

const badCursor = "The parameter cursor has to be the member next of the page before. Begin again without it."

// page is the part of a list that is asked for.
func (q *request) page() (admin.Page, error) {
	p := admin.Page{}
	if sent := q.query.Get("limit"); sent != "" {
		n, err := strconv.Atoi(sent)
		if err != nil || n < 1 || n > admin.MaxPage {
			return p, bad(fmt.Sprintf("The parameter limit has to be a number from 1 to %d.", admin.MaxPage))
		}
		p.Limit = n
	}
	if sent := q.query.Get("cursor"); sent != "" {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(sent)
		after, ours := strings.CutPrefix(string(raw), q.cursorPrefix())
		if err != nil || !ours || after == "" {
			return p, bad(badCursor)
		}
		p.After = after
	}
	return p, nil
}

// withNext gives an answer with a list's next page the cursor of that.
func (q *request) withNext(answer *response, err error) (*response, error) {
	if err == nil && answer.next != "" {
		answer.body.(map[string]any)["next"] = base64.RawURLEncoding.EncodeToString([]byte(q.cursorPrefix() + answer.next))
	}
	return answer, err
}

// timeOf reads a parameter that is a time (RFC 3339); zero where it is not there.
func (q *request) timeOf(name string) (time.Time, error) {
	sent := q.query.Get(name)
	if sent == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, sent)
	if err != nil {
		return t, bad("The parameter " + name + " has to be a time such as 2026-01-31T12:00:00Z.")
	}
	return t, nil
}
