package superapp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/authz"
)

// What anybody may send as a decision is a refusal with a code, or an allow or deny whose parameters mean what was sent.
func FuzzDecision(f *testing.F) {
	for _, body := range []string{
		`{"decision":"deny"}`, `{"decision":"allow","scopes":["openid","email"],"expires_in":60}`, `{"decision":"allow","scopes":[]}`,
		`{"decision":"allow","scopes":["a b"]}`, `{"decision":"allow","scopes":[null]}`, `{"decision":"allow","expires_in":1e3}`, `decision=deny`, `{`, ``,
	} {
		f.Add(body, "Bearer t")
	}
	f.Fuzz(func(t *testing.T, body, authorization string) {
		r := httptest.NewRequest(http.MethodPut, "/superapp/v1/apps/x/sharing", strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		req, err := decodeDecision(r)
		if err != nil {
			if refusal := (*authz.Error)(nil); !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest && refusal.Status != http.StatusRequestEntityTooLarge {
				t.Fatalf("%q is refused with %v", body, err)
			}
			return
		}
		var sent struct {
			Scopes []string `json:"scopes"`
		}
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatalf("%q is no JSON object and was taken: %v", body, err)
		}
		checkDecision(t, req.Params, sent.Scopes)
	})
}

func checkDecision(t *testing.T, params authz.Params, sent []string) {
	for name, value := range params {
		if !utf8.ValidString(value) && name != "access_token" {
			t.Fatalf("%s is no text: %q", name, value)
		}
	}
	scope, allows := params["scope"]
	if word := params["decision"]; word != "allow" && word != "deny" || allows != (word == "allow") {
		t.Fatalf("no decision: %q", params)
	}
	if strings.Join(strings.Fields(scope), " ") != strings.Join(sent, " ") || len(strings.Fields(scope)) != len(sent) {
		t.Fatalf("%q became %q", sent, scope)
	}
	if given, ok := params["expires_in"]; ok {
		if seconds, err := strconv.Atoi(given); err != nil || seconds < 1 || seconds > maxExpiry {
			t.Fatalf("an end in %q seconds", given)
		}
	}
}

// checkKept requires that no text in a JSON document has a NUL.
func checkKept(t *testing.T, document []byte) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return
		}
		if text, is := token.(string); err != nil || is && strings.ContainsRune(text, 0) {
			t.Fatalf("%s: %q, %v", document, token, err)
		}
	}
}

func FuzzPerson(f *testing.F) {
	for _, seed := range []string{
		`{"external_id":"u-1","email":"a@b.example","email_verified":true,"attributes":{"points":7}}`, `{"external_id":"","phone":""}`,
		`{"email_verified":1}`, `{"attributes":{"x":"\u0000"}}`, `{"attributes":{"x":"C:\\u0000"}}`, `{"attributes":{"x":1e999}}`, `[]`, ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		req, err := decodePerson(httptest.NewRequest(http.MethodPost, "/superapp/v1/people", strings.NewReader(body)))
		if err != nil {
			if refusal := (*authz.Error)(nil); !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest && refusal.Status != http.StatusRequestEntityTooLarge {
				t.Fatalf("%q is refused with %v", body, err)
			}
			return
		}
		said, err := profileOf(req.Params)
		if err != nil {
			t.Fatalf("%q was taken and is refused: %v", body, err)
		}
		var sent map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatalf("%q is no JSON object and was taken: %v", body, err)
		}
		if _, there := sent["email"]; there != (said.Email != nil) {
			t.Fatalf("email of %q became %v", body, said.Email)
		}
		values, err := json.Marshal(said.Attributes)
		if err != nil {
			t.Fatalf("attributes of %q: %v", body, err)
		}
		checkKept(t, values)
	})
}
