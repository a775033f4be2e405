package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

func TestSecretsAreToldApartByIDAndTimeWhereverAMiniAppIsShown(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	s := newTestServer(t, dsn)
	s.register(storage.Client{ID: "kiosk", Name: "Kiosk", PublisherID: "acme", Status: storage.StatusApproved, RedirectURIs: []string{"https://kiosk.example/cb"},
		Secrets: []storage.ClientSecret{
			{ID: "0f3a", Hash: registry.HashSecret(testSecret), CreatedAt: s.now(), ExpiresAt: s.now().Add(time.Hour)},
			{ID: "91bc", Hash: registry.HashSecret(registry.GenerateSecret()), CreatedAt: s.now()},
		}})
	c, err := s.store.Client(t.Context(), "kiosk")
	require.NoError(t, err)
	require.Len(t, c.Secrets, 2)

	printed := func(format string) string {
		var out, wrong bytes.Buffer
		c := &cli{in: strings.NewReader(""), out: &out, err: &wrong, environ: append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret)}
		require.Zero(t, c.run(t.Context(), []string{"client", "get", "kiosk", "-o", format}), wrong.String())
		return out.String()
	}
	asYAML, asJSON := printed("yaml"), printed("json")
	require.Contains(t, asJSON, `"expires_at"`)
	require.Contains(t, asYAML, "expires at")
	operator, _ := s.inConsole("/admin", storage.RoleAdmin)
	shown := []string{asYAML, asJSON, operator.get("/admin/apps/kiosk").body, s.aDeveloper("ana@example.com", "acme").get("/developer/apps/kiosk").body}
	for _, where := range shown {
		for _, secret := range c.Secrets {
			require.Contains(t, where, secret.ID)
			require.NotContains(t, where, secret.Hash)
		}
	}
	said, code := s.command(dsn, asYAML, "client", "update", "kiosk", "--file", "-")
	require.Zero(t, code, "what was printed is taken back: "+said)
}
