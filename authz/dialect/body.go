package dialect

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"

	"gatehouse/authz"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 64 << 10

// Body is what a vendor's client sent: the members of a JSON object or the parameters of a form. Which of the two it is
// tells the first byte and not the Content-Type, which clients leave out or get wrong.
type Body struct {
	members map[string]json.RawMessage // of a JSON object
	form    url.Values
}

// ReadBody reads a body. With comments, JSON may have // comments as the vendor's own example has. An *authz.Error with
// code invalid_request for what is neither, has a member twice, is no UTF-8 text or has NUL in it; with status 413 for
// more than 64 KiB.
func ReadBody(r *http.Request, comments bool) (Body, error) {
	sent, err := authz.ReadBody(r, maxBody)
	switch {
	case err != nil:
		return Body{}, err
	case !isText(sent):
		return Body{}, notText()
	}
	sent = strings.TrimSpace(sent)
	if !strings.HasPrefix(sent, "{") {
		return readForm(r, sent)
	}
	raw := []byte(sent)
	if comments {
		if raw, err = hujson.Standardize(raw); err != nil {
			return Body{}, notJSON()
		}
	}
	members, err := readObject(raw)
	return Body{members: members}, err
}

func notText() error {
	return authz.Refuse(authz.CodeInvalidRequest, "The request body is not valid UTF-8 text.")
}

func notJSON() error {
	return authz.Refuse(authz.CodeInvalidRequest, "The request body is not a JSON object.")
}

func readForm(r *http.Request, raw string) (Body, error) {
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); strings.HasSuffix(t, "json") {
		return Body{}, notJSON()
	}
	form, err := url.ParseQuery(raw)
	if err != nil {
		return Body{}, authz.Refuse(authz.CodeInvalidRequest, "The request body is neither a JSON object nor form-encoded.")
	}
	if !isTextForm(form) {
		return Body{}, notText()
	}
	return Body{form: form}, nil
}

// ReadQuery reads the parameters in a URL, as an authorization request has them. An *authz.Error with code
// invalid_request for what is not form-encoded, is no UTF-8 text or has NUL in it.
func ReadQuery(r *http.Request) (Body, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !isTextForm(query) {
		return Body{}, authz.Refuse(authz.CodeInvalidRequest, "The parameters are not form-encoded UTF-8 text.")
	}
	return Body{form: query}, nil
}

func isTextForm(form url.Values) bool {
	for name, values := range form {
		for _, text := range append(values, name) {
			if !isText(text) {
				return false
			}
		}
	}
	return true
}

// readObject decodes one JSON object whose members are each there once, as parsers differ on which of two counts
// (RFC 8259 §4).
func readObject(raw []byte) (map[string]json.RawMessage, error) {
	members := make(map[string]json.RawMessage)
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.Token() // the brace
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, notJSON()
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, notJSON()
		}
		key := name.(string) // the decoder allows nothing else here
		if _, twice := members[key]; twice {
			return nil, authz.Refuse(authz.CodeInvalidRequest, "A member of the JSON object is there more than once.")
		}
		members[key] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, notJSON()
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, notJSON()
	}
	return members, nil
}

// Has reports whether there is a member or parameter of this name, whatever its value.
func (b Body) Has(name string) bool {
	_, member := b.members[name]
	return member || b.form.Has(name)
}

// IsJSON reports whether the body is a JSON object.
func (b Body) IsJSON() bool { return b.members != nil }

// Names returns the names of all members or parameters.
func (b Body) Names() []string {
	var names []string
	for name := range b.members {
		names = append(names, name)
	}
	for name := range b.form {
		names = append(names, name)
	}
	return names
}

// Text returns a string value, empty where there is none. An *authz.Error with code invalid_request for a member that is
// no string and a parameter that is there twice.
func (b Body) Text(name string) (string, error) {
	if values := b.form[name]; len(values) > 1 {
		return "", authz.Refuse(authz.CodeInvalidRequest, "The parameter "+name+" is there more than once.")
	} else if len(values) == 1 {
		return values[0], nil
	}
	raw, ok := b.members[name]
	if !ok {
		return "", nil
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil || !isText(*text) {
		return "", authz.Refuse(authz.CodeInvalidRequest, "The member "+name+" has to be a string.")
	}
	return *text, nil
}

// Raw returns a member of a JSON object as it was sent, nil where there is none.
func (b Body) Raw(name string) json.RawMessage { return b.members[name] }

// Params returns RFC parameters: names says, for the vendor's name of each, what it is called in the RFCs. What is empty
// or not named is left out. Errors as those of Text.
func (b Body) Params(names map[string]string) (authz.Params, error) {
	params := make(authz.Params, len(names))
	for theirs, ours := range names {
		text, err := b.Text(theirs)
		if err != nil {
			return params, err
		}
		if text != "" {
			params[ours] = text
		}
	}
	return params, nil
}

// Scope returns a scope in the RFCs' spelling, whatever its author separates by: space, comma or plus (RFC 6749 §3.3).
func Scope(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '+' }), " ")
}

// isText reports whether s is UTF-8 without NUL, which an escape can bring in.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
