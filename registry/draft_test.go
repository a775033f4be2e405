package registry_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

func TestOnlyADraftMayLackItsRedirectURI(t *testing.T) {
	c := registry.Defaults(storage.Client{ID: "kiosk", Name: "Kiosk", Secrets: []storage.ClientSecret{registry.NewSecret(registry.HashSecret(registry.GenerateSecret()), time.Now())}})
	for _, status := range []string{storage.StatusSubmitted, storage.StatusChangesRequested, storage.StatusApproved} {
		c.Status = status
		require.Contains(t, registry.CheckClient(c, registry.NewCatalogue(nil)).Error(), "redirect_uris: ", status)
	}
	c.Status = storage.StatusDraft
	require.Empty(t, registry.CheckClient(c, registry.NewCatalogue(nil)))
}
