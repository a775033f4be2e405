package main

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// testdata/registration.yaml says what a registration is refused for, and in which words. Every case is sent through every face.

type badRegistration struct {
	Is    string
	With  map[string]any
	Field string
	Says  string
}

func readBadRegistrations(t *testing.T) (all []badRegistration) {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/registration.yaml")
	require.NoError(t, err)
	long := strings.NewReplacer(
		"LONG_URI", "https://mini.example/"+strings.Repeat("a", 2048), "LONG_NAME", strings.Repeat("n", 81), "LONG_MAIL", strings.Repeat("a", 250)+"@mini.example",
		"LONG_ID", strings.Repeat("a", 65), "LONG_PURPOSE", strings.Repeat("to send you ", 12),
	)
	require.NoError(t, yaml.Unmarshal([]byte(long.Replace(string(raw))), &all))
	return all
}

// full is a good registration with the keys of with in place.
func full(with map[string]any) map[string]any {
	all := map[string]any{
		"name": "Mini", "redirect_uris": []any{"https://mini.example/cb"},
		"scopes": []any{map[string]any{"name": "openid"}, map[string]any{"name": "email", "purpose": map[string]any{"en": "to send your order status"}}},
	}
	maps.Copy(all, with)
	return all
}

// registrationMembers is a registration under the names of RFC 7591 §2.
func registrationMembers(with map[string]any) map[string]any {
	all := full(with)
	all["client_name"] = all["name"]
	delete(all, "name")
	if names, is := all["names"].(map[string]any); is {
		for tag, name := range names {
			all["client_name#"+tag] = name
		}
		delete(all, "names")
	}
	return all
}

// face is a way to register a mini app. try sends a registration, and returns what was answered, and whether that was a refusal.
type face struct {
	name  string
	lacks []string                       // keys that it does not have
	can   func(bad badRegistration) bool // whether it has controls for this; nil: it takes everything
	try   func(t *testing.T, bad badRegistration) (said string, refused bool)
	names bool // it names the field
}

func (f face) has(bad badRegistration) bool {
	lacksKey := func(key string) bool { return slices.Contains(f.lacks, key) }
	return !slices.ContainsFunc(slices.Collect(maps.Keys(bad.With)), lacksKey) && (f.can == nil || f.can(bad))
}

// command runs a command on the server's database.
func (s *testServer) command(dsn, stdin string, args ...string) (said string, code int) {
	s.t.Helper()
	var stderr bytes.Buffer
	c := &cli{in: strings.NewReader(stdin), out: io.Discard, err: &stderr, environ: append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret)}
	code = c.run(s.t.Context(), args)
	return stderr.String(), code
}

func TestBadInputIsRefusedInTheSameWordsEverywhere(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	s, admin := registering(t, dsn)
	require.NoError(t, s.store.SaveScope(t.Context(), storage.Scope{
		Name: "points_read", Title: map[string]string{"en": "Your points"}, Description: map[string]string{"en": "See how many points you have"}, Claims: []string{"points"},
	}))
	faces := append(s.programFaces(dsn, admin), s.portalFace(), s.consoleFace())
	for _, f := range faces {
		said, refused := f.try(t, badRegistration{})
		require.False(t, refused, "%s refuses a good registration: %s", f.name, said)
	}
	tried := map[string]int{}
	for _, bad := range readBadRegistrations(t) {
		for _, f := range faces {
			if !f.has(bad) {
				continue
			}
			tried[f.name]++
			said, refused := f.try(t, bad)
			switch {
			case !refused:
				t.Errorf("%s accepts %s: %s", f.name, bad.Is, said)
			case !strings.Contains(said, bad.Says):
				t.Errorf("%s of %s does not say %q, but %s", f.name, bad.Is, bad.Says, said)
			case f.names && !strings.Contains(said, fieldAt(f.name, bad.Field)):
				t.Errorf("%s of %s does not name %s: %s", f.name, bad.Is, bad.Field, said)
			}
		}
	}
	for _, f := range faces {
		require.GreaterOrEqual(t, tried[f.name], 10, f.name)
	}
}

// fieldAt is how a face names a seed key.
func fieldAt(face, field string) string {
	if (face == "API" || face == "RFC 7591") && strings.HasPrefix(field, "name") {
		return "client_" + field
	}
	return field
}

func (s *testServer) programFaces(dsn, admin string) []face {
	token := s.initialToken(admin, nil)
	refusal := func(a answer) (string, bool) {
		var all struct{ Errors registry.Problems }
		_ = json.Unmarshal([]byte(a.body), &all)
		if len(all.Errors) == 0 {
			return a.Status + " " + a.body, a.StatusCode >= 400
		}
		return all.Errors.Error(), a.StatusCode >= 400 && a.StatusCode < 500
	}
	marshal := func(t *testing.T, v any) string {
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		return string(raw)
	}
	return []face{
		{name: "API", names: true, try: func(t *testing.T, bad badRegistration) (string, bool) {
			return refusal(s.api(admin, "POST", "/clients", marshal(t, registrationMembers(bad.With))))
		}},
		{name: "RFC 7591", names: true, lacks: []string{"client_id", "status"}, try: func(t *testing.T, bad badRegistration) (string, bool) {
			return refusal(s.registration(token, "POST", "", marshal(t, registrationMembers(bad.With))))
		}},
		{name: "seed", names: true, try: func(t *testing.T, bad badRegistration) (string, bool) {
			entry := full(bad.With)
			if entry["client_id"] == nil {
				entry["client_id"] = registry.GenerateID()
			}
			entry["client_secret"] = registry.GenerateSecret()
			raw, err := yaml.Marshal(map[string]any{"clients": []any{entry}})
			require.NoError(t, err)
			file := filepath.Join(t.TempDir(), "seed.yaml")
			require.NoError(t, os.WriteFile(file, raw, 0o600))
			said, code := s.command(dsn, "", "seed", "apply", file)
			return said, code == 2
		}},
		{name: "command", names: true, try: func(t *testing.T, bad badRegistration) (string, bool) {
			raw, err := yaml.Marshal(full(bad.With))
			require.NoError(t, err)
			said, code := s.command(dsn, string(raw), "client", "create", "--file", "-")
			return said, code == 2
		}},
	}
}

// portalFace types into the step of a draft that has the field.
func (s *testServer) portalFace() face {
	s.join(identity.NewUser{Email: "typist@example.com"})
	b := s.aDeveloper("typist@example.com", "developers")
	at := b.draft("Mini")
	return face{
		name: "portal",
		lacks: []string{"client_id", "status", "webhook_uri", "grant_types", "token_types", "id_token_signed_response_alg", "pkce", "code_lifetime", "access_token_lifetime", "refresh_token_lifetime",
			"refresh_reuse_grace", "dialects", "logo_uri", "token_endpoint_auth_method", "subject_type"},
		can: func(bad badRegistration) bool { // a control for each scope, and one text for each text
			scopes, _ := bad.With["scopes"].([]any)
			_, list := bad.With["policy_uri"].([]any)
			return len(scopes) < 2 && !list
		},
		try: func(t *testing.T, bad badRegistration) (string, bool) {
			step, values := "identity", url.Values{}
			for key, value := range bad.With {
				step = typeInto(t, values, step, key, value)
			}
			page := b.get(at + "/" + step)
			require.Equal(t, http.StatusOK, page.StatusCode, page.body)
			action, form := typed(t, page, "step")
			maps.Copy(form, values)
			form.Set("then", "stay")
			a := b.submit(action, form)
			return problemsOn(a), a.StatusCode == http.StatusUnprocessableEntity
		},
	}
}

// problemsOn is what a page of a form has to say before the form.
func problemsOn(page answer) string {
	_, main, _ := strings.Cut(page.body, "<main")
	summary, _, _ := strings.Cut(main, "<form")
	return html.UnescapeString(summary)
}

// typeInto puts a seed key into the controls of the portal's form, and returns the step that has them.
func typeInto(t *testing.T, form url.Values, step, key string, value any) string {
	t.Helper()
	switch key {
	case "redirect_uris", "post_logout_redirect_uris", "initiate_login_uri":
		step = "redirects"
	case "scopes":
		step = "data"
	case "jwks", "jwks_uri":
		step = "security"
	}
	if key == "jwks" {
		raw, err := json.Marshal(value)
		require.NoError(t, err)
		form.Set(key, string(raw))
		return step
	}
	switch value := value.(type) {
	case string:
		form.Set(key, value)
	case []any:
		for _, item := range value {
			scope, is := item.(map[string]any)
			if !is {
				form.Add(key, item.(string))
				continue
			}
			name := scope["name"].(string)
			form.Set("use:"+name, "optional")
			purposes, _ := scope["purpose"].(map[string]any)
			for tag, text := range purposes {
				form.Set("purpose:"+name+":"+tag, text.(string))
			}
		}
	case map[string]any: // names
		for tag, name := range value {
			form.Set("name:"+tag, name.(string))
		}
	}
	return step
}

// consoleFace changes what was submitted while it approves it: the name, and purposes in a language that they are in.
func (s *testServer) consoleFace() face {
	b, _ := s.inConsole("/admin/reviews", storage.RoleReviewer)
	return face{
		name:  "console",
		lacks: slices.DeleteFunc(slices.Collect(maps.Keys(seedKeys())), func(key string) bool { return key == "name" || key == "scopes" }),
		can:   func(bad badRegistration) bool { return bad.With["scopes"] == nil || purposeOfEmail(bad) != "" },
		try: func(t *testing.T, bad badRegistration) (string, bool) {
			id := registry.GenerateID()
			s.submitted(id, "Mini")
			page := b.get("/admin/apps/" + id)
			action, form := typed(t, page, "edit")
			form.Set("action", "approve-changed")
			if name, is := bad.With["name"].(string); is {
				form.Set("name", name)
			}
			if text := purposeOfEmail(bad); text != "" {
				form.Set("purpose-1-en", text)
			}
			a := b.submit(action, form)
			return problemsOn(a), a.StatusCode == http.StatusUnprocessableEntity
		},
	}
}

// purposeOfEmail is the English purpose of the scope email, which is what is submitted.
func purposeOfEmail(bad badRegistration) string {
	scopes, _ := bad.With["scopes"].([]any)
	if len(scopes) != 1 || scopes[0].(map[string]any)["name"] != "email" {
		return ""
	}
	purposes, _ := scopes[0].(map[string]any)["purpose"].(map[string]any)
	text, _ := purposes["en"].(string)
	return text
}

// seedKeys are the keys that the table has.
func seedKeys() map[string]bool {
	keys := map[string]bool{}
	for _, key := range strings.Fields(`client_id status redirect_uris post_logout_redirect_uris client_uri policy_uri tos_uri logo_uri initiate_login_uri jwks_uri
		jwks webhook_uri names contacts token_endpoint_auth_method grant_types token_types id_token_signed_response_alg subject_type pkce code_lifetime
		access_token_lifetime refresh_token_lifetime refresh_reuse_grace dialects`) {
		keys[key] = true
	}
	return keys
}

// NUL and bytes that are no UTF-8 do not get as far as the rules where JSON, YAML or a form brings them.
func TestNULAndInvalidUTF8AreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	s, admin := registering(t, dsn)
	before := len(s.clients())
	token := s.initialToken(admin, map[string]any{"status": "approved"})
	for _, body := range []string{
		`{"client_name": "Mi\u0000ni", "redirect_uris": ["https://mini.example/cb"]}`, `{"client_name": "Mini", "redirect_uris": ["https://mini.example/\u0000"]}`,
		"{\"client_name\": \"Mi\xffni\", \"redirect_uris\": [\"https://mini.example/cb\"]}",
	} {
		s.api(admin, "POST", "/clients", body).require(t, 400)
		require.Equal(t, "invalid_client_metadata", s.registration(token, "POST", "", body).require(t, 400).oauthError(t))
	}
	s.join(identity.NewUser{Email: "typist@example.com"})
	b := s.aDeveloper("typist@example.com", "developers")
	for _, name := range []string{"Mi\x00ni", "Mi\xffni"} {
		action, form := typed(t, b.get("/developer/new"), "step")
		form.Set("name", name)
		require.Equal(t, http.StatusBadRequest, b.submit(action, form).StatusCode, "%q", name)
		said, code := s.command(dsn, "", "client", "create", "--name", name, "--redirect-uris", "https://mini.example/cb")
		require.Equal(t, 2, code)
		require.Contains(t, said, "name: ")
	}
	for _, name := range []string{`"Mi\0ni"`, "Mi\xffni"} {
		file := filepath.Join(t.TempDir(), "seed.yaml")
		require.NoError(t, os.WriteFile(file, []byte("clients:\n  - {client_id: a, public: true, redirect_uris: [\"https://mini.example/cb\"], name: "+name+"}\n"), 0o600))
		said, code := s.command(dsn, "", "seed", "apply", file)
		require.Equal(t, 2, code, said)
	}
	require.Len(t, s.clients(), before)
}
