package partner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/outbound"
)

const (
	mediaForm = "application/x-www-form-urlencoded"
	mediaJSON = "application/json"
)

// call is a request to another server. body may be empty.
type call struct {
	method, url, contentType, body string
	header                         map[string]string
}

// send makes a call and returns the answer, whatever its status. An error is one of internal/outbound.
func (p *Partner) send(ctx context.Context, c call) (*outbound.Response, error) {
	r, err := http.NewRequestWithContext(ctx, c.method, c.url, strings.NewReader(c.body))
	if err != nil {
		return nil, errors.New("the registered address is no URL") // err repeats it
	}
	r.Header.Set("Content-Type", c.contentType) // of a GET, too: both vendors' examples have it
	r.Header.Set("Accept", mediaJSON)
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	answer, err := p.calls.Do(r)
	if err != nil {
		return nil, err
	}
	answer.Body = bytes.TrimPrefix(answer.Body, []byte("\xef\xbb\xbf")) // a byte order mark, which .NET likes to write
	return answer, nil
}

// members are those of a JSON object that somebody else wrote.
type members map[string]json.RawMessage

// readMembers decodes a JSON object; nil for anything else. Its Content-Type is not looked at.
func readMembers(raw []byte) members {
	var m members
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

var errNoText = errors.New("a member that has to be a string is none")

// text returns a string, empty for one that is not there or null. errNoText for any other type, and for a string that no
// database takes.
func (m members) text(name string) (string, error) {
	var text string
	if raw, there := m[name]; there && json.Unmarshal(raw, &text) != nil {
		return "", errNoText
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", errNoText
	}
	return text, nil
}

// isHeaderText reports whether a token can stand in a header: visible ASCII (RFC 6749 appendix A.12).
func isHeaderText(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// unexpected says that an answer has a status that it should not have.
func unexpected(answer *outbound.Response) error {
	return fmt.Errorf("the answer has status %d", answer.Status)
}
