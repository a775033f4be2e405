package main

import (
	"bytes"
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/audit"
	"gatehouse/storage"
)

// What commands tell the operator.

// printed is what a command writes to stdout, whatever its exit code.
func (s *testServer) printed(dsn, stdin string, args ...string) string {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	c := &cli{in: strings.NewReader(stdin), out: &stdout, err: &stderr, environ: append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret)}
	c.run(s.t.Context(), args)
	return stdout.String()
}

func TestTheDoctorSeesThatTheAuditLogWasTamperedWith(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	s := newTestServer(t, dsn)
	require.NoError(t, s.store.SaveCompany(storage.Audited(t.Context(), storage.AuditEvent{Action: "company.save", Target: storage.Target{Kind: "company", ID: "acme"}}), storage.Company{ID: "acme", Name: "Acme"}))
	root, err := testConfig("", "").Root()
	require.NoError(t, err)
	require.NoError(t, audit.New(s.store, root).Seal(t.Context()))
	require.Regexp(t, `OK +audit log`, s.printed(dsn, "", "doctor"))
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(dsn, "sqlite:")+"?_busy_timeout=10000")
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range []string{"DROP TRIGGER IF EXISTS audit_events_sealed_once", "UPDATE audit_events SET action = 'company.read' WHERE sequence = 1"} {
		_, err = db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	require.Regexp(t, `FAIL +audit log +it is not whole: event 1 `, s.printed(dsn, "", "doctor"))
}

func TestAnImportAsksOnlyAboutWhatItTakesAndNamesWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	s := newTestServer(t, dsn)
	said := s.printed(dsn, `{"clients": [{"clientId": "account"}, {"clientId": "broker"},
		{"clientId": "saml", "protocol": "saml"}, {"clientId": "key", "clientAuthenticatorType": "client-jwt", "redirectUris": ["https://key.example/*"]},
		{"clientId": "prints", "name": "Prints", "redirectUris": ["https://prints.example/cb", "https://prints.example/*"], "consentRequired": false}]}`, "import", "keycloak", "-", "--dry-run")
	require.Contains(t, said, "+ client prints\n")
	require.Contains(t, said, "own clients were left out: account, broker\n")
	require.Contains(t, said, "? client prints, redirectUris:")
	require.Contains(t, said, "- client key:")
	require.NotContains(t, said, "? client key")
	require.NotContains(t, said, "consentRequired")
}

func TestPeopleAreFoundByPhoneNumberAndID(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	made := s.api(admin, "POST", "/users", map[string]any{"email": "found@example.com", "phone": "+59899000111", "company": "acme"}).require(t, 201).json(t)
	for _, search := range []string{"found@", "%2B59899000111", "%2B598%2099%20000%20111", made["id"].(string)} {
		items := s.api(admin, "GET", "/users?q="+search, nil).require(t, 200).json(t)["items"].([]any)
		require.Len(t, items, 1, search)
		require.Equal(t, made["id"], items[0].(map[string]any)["id"])
	}
	require.Empty(t, s.api(admin, "GET", "/users?q=%2B59899000112", nil).require(t, 200).json(t)["items"])
	require.Empty(t, s.api(admin, "GET", "/users?company=globex&q="+made["id"].(string), nil).require(t, 200).json(t)["items"])
}

func TestNobodyIsAskedToTypeWhereThereIsNoTerminal(t *testing.T) {
	t.Parallel()
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	require.False(t, isTerminal(null))
}
