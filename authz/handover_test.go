package authz

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
)

func FuzzContinuation(f *testing.F) {
	for _, seed := range []string{"/account?a=b", "//evil.example", "/\\evil.example", "/account/apps#x", "https://evil.example/account", "/account;x?%zz", "/account/%2e%2e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		to, err := new(Server).continuation(t.Context(), raw)
		if err != nil {
			return
		}
		u, err := url.Parse(to)
		if err != nil || u.Host != "" || u.Scheme != "" || u.Path != "/account" && u.Path != "/account/apps" || strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
			t.Fatalf("%q leads to %q", raw, to)
		}
	})
}

func FuzzAssertion(f *testing.F) {
	key := `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`
	s := &Server{issuer: "https://id.example", now: time.Now}
	f.Add("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", key)
	f.Add("eyJhbGciOiJub25lIn0.e30.", key)
	f.Add("..", `{"keys":[]}`)
	f.Add("{}", "null")
	f.Fuzz(func(t *testing.T, compact, keys string) {
		if !json.Valid([]byte(keys)) {
			return
		}
		if a, err := s.openAssertion(&storage.Client{ID: "host", JWKS: json.RawMessage(keys)}, compact); err == nil {
			t.Fatalf("%q is taken: %v", compact, a)
		}
	})
}
