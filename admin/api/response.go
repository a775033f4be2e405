package api

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gatehouse/admin"
	"gatehouse/internal/audit"
	"gatehouse/internal/httpx"
)

// response is an answer.
type response struct {
	status      int    // zero: 200
	body        any    // nil: none
	next        string // of a list, whose body is a map: after which item the next page begins; empty after the last
	etag        string
	location    string
	raw         []byte                        // in place of body
	contentType string                        // zero: application/json
	lines       iter.Seq2[audit.Entry, error] // in place of everything: as lines of JSON
}

func (a *response) encode() error {
	if a.body == nil || a.raw != nil {
		return nil
	}
	var err error
	a.raw, err = json.Marshal(a.body)
	return err
}

func (a *response) write(w http.ResponseWriter, r *http.Request) {
	if a.lines != nil {
		httpx.JSONLines(w, r, a.lines)
		return
	}
	if err := a.encode(); err != nil {
		panic(fmt.Errorf("admin/api: %w", err)) // records can always be marshalled
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.etag != "" {
		h.Set("ETag", strconv.Quote(a.etag))
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.raw != nil {
		if a.contentType == "" {
			a.contentType = "application/json"
		}
		h.Set("Content-Type", a.contentType)
	}
	if a.status != http.StatusNoContent { // RFC 9110 §8.6
		h.Set("Content-Length", strconv.Itoa(len(a.raw)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.raw)
}

// created is the answer that makes a record, at the path of its kind.
func created(kind, id string, answer *response) *response {
	answer.status, answer.location = http.StatusCreated, Prefix+"/"+kind+"/"+url.PathEscape(id)
	return answer
}

// gone is the answer to a removal.
func gone(q *request, err error) (*response, error) {
	if err != nil {
		return nil, q.moved(err)
	}
	return &response{status: http.StatusNoContent}, nil
}

// texts is a list that is there also when it is empty.
func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// listOf is the answer of a list.
func listOf[T any](list admin.List[T], err error, show func(T) any) (*response, error) {
	if err != nil {
		return nil, err
	}
	items := make([]any, len(list.Items))
	for i, item := range list.Items {
		items[i] = show(item)
	}
	return &response{body: map[string]any{"items": items}, next: list.Next}, nil
}

// withTimes adds times to an object, but for those that there are not. pairs are a name and a time each.
func withTimes(o object, pairs ...any) object {
	for i := 0; i+1 < len(pairs); i += 2 {
		if t := pairs[i+1].(time.Time); !t.IsZero() {
			o[pairs[i].(string)] = t.UTC()
		}
	}
	return o
}
