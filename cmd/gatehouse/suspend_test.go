package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

func TestASuspensionEndsCodesAndTokensForEver(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		tokens := s.tokens("ana@example.com", "photoprint")
		code := s.allow("ana@example.com", request("photoprint"))
		take := func(action registry.Action) *testServer {
			t.Helper()
			_, err := s.reg.Take(t.Context(), registry.Step{Action: action, ClientID: "photoprint", By: storage.Actor{Kind: storage.ActorCommand}, Comment: "because"})
			require.NoError(t, err)
			return s.beside() // which has nothing cached
		}
		dead := func(at *testServer) {
			t.Helper()
			require.Equal(t, http.StatusUnauthorized, at.userinfo(tokens["access_token"]).StatusCode)
			require.NotEqual(t, http.StatusOK, at.post("/oauth2/token", "photoprint", exchangeForm(code)).StatusCode)
			require.NotEqual(t, http.StatusOK, at.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).StatusCode)
			require.False(t, at.active("resource", tokens["access_token"]))
		}
		dead(take(registry.Suspend))
		again := take(registry.Reinstate)
		dead(again)
		fresh := again.tokens("ana@example.com", "photoprint")
		require.True(t, again.active("photoprint", fresh["access_token"]))
	})
}

// took takes steps of a mini app's life, one after the other.
func (s *testServer) took(clientID string, actions ...registry.Action) {
	s.t.Helper()
	for _, action := range actions {
		_, err := s.reg.Take(s.t.Context(), registry.Step{Action: action, ClientID: clientID, By: storage.Actor{Kind: storage.ActorCommand}, Comment: "because"})
		require.NoError(s.t, err)
	}
}

func TestWhatASuspensionEndedStaysDeadWhenAFileIsApplied(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		access := s.tokens("ana@example.com", "photoprint")["access_token"]
		s.took("photoprint", registry.Suspend, registry.Reinstate)
		f := filepath.Join(t.TempDir(), "s.yaml")
		apply := func(status string) {
			text := "clients:\n  - {client_id: photoprint, name: Renamed " + status + ", status: " + status +
				", redirect_uris: [\"https://photoprint.example/cb\"], scopes: [{name: openid}, {name: email}]}\n"
			require.NoError(t, os.WriteFile(f, []byte(text), 0o600))
			said, code := s.command(dsn, "", "seed", "apply", f)
			require.Zero(t, code, said)
		}
		apply("approved")
		require.False(t, s.beside().active("resource", access))
		fresh := s.beside().tokens("ana@example.com", "photoprint")["access_token"]
		require.True(t, s.beside().active("resource", fresh))
		apply("suspended")
		apply("approved")
		require.False(t, s.beside().active("resource", fresh), "a file suspends like a person")
		for _, status := range []string{"rejected", "draft", "submitted", "changes_requested"} {
			at := s.beside()
			fresh, code := at.tokens("ana@example.com", "photoprint")["access_token"], at.allow("ana@example.com", request("photoprint"))
			apply(status)
			apply("approved")
			at = s.beside()
			require.False(t, at.active("resource", fresh), status)
			require.NotEqual(t, http.StatusOK, at.post("/oauth2/token", "photoprint", exchangeForm(code)).StatusCode, status)
		}
	})
}

// Nothing compares the clocks of two machines.
func TestASuspensionEndsTheTokensOfMachinesWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		access := s.besideAt(30*time.Second).tokens("ana@example.com", "photoprint")["access_token"]
		s.took("photoprint", registry.Suspend, registry.Reinstate)
		require.False(t, s.beside().active("resource", access))
		late := s.besideAt(-30*time.Second).tokens("ana@example.com", "photoprint")["access_token"]
		require.True(t, s.beside().active("resource", late), "and none that is issued afterwards, by a machine whose clock is behind")
	})
}

func TestWhomAHostSignedInIsSignedOutForEverWhenItIsSuspended(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		host.knows(hana)
		b, link := s.newBrowser(), host.handsOver("u-1", "/account")
		b.get(host.handsOver("u-1", "/account"))
		require.True(t, s.signedIn(b))
		s.took("host", registry.Suspend)
		require.False(t, s.signedIn(b))
		s.took("host", registry.Reinstate)
		require.False(t, s.signedIn(b))
		b.get(link)
		require.False(t, s.signedIn(b), "nor by a link from before")
	})
}

func TestTheNextHostOfADeletedOnesIDKnowsNobodyOfIts(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		person := host.knows(hana)
		b := s.newBrowser()
		b.get(host.handsOver("u-1", "/account"))
		require.True(t, s.signedIn(b))
		old, err := s.store.Client(t.Context(), "host")
		require.NoError(t, err)
		require.NoError(t, s.store.DeleteClient(t.Context(), "host"))
		require.False(t, s.signedIn(b))
		require.NoError(t, s.reg.Create(t.Context(), old))
		require.False(t, s.signedIn(b))
		require.NotEqual(t, person.ID, s.backend("host").knows(`{"external_id":"u-1"}`).ID)
	})
}
