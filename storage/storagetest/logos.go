package storagetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// logoOf is a logo that is kept for a day.
func logoOf(letter string) storage.Logo {
	return storage.Logo{Hash: strings.Repeat(letter, 64), Images: map[int][]byte{48: []byte("small " + letter), 192: {0, 1, 2, 0xff}}, KeepUntil: moment.Add(24 * time.Hour)}
}

func logos() []contract {
	return []contract{
		{"a logo comes back in each size, and in no other", func(t *testing.T, s storage.Store) {
			l := logoOf("a")
			require.NoError(t, s.SaveLogo(t.Context(), l))
			require.NoError(t, s.SaveLogo(t.Context(), l), "what is there already is no error")
			for side, want := range l.Images {
				got, err := s.LogoImage(t.Context(), l.Hash, side)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			for _, none := range []struct {
				hash string
				side int
			}{{l.Hash, 96}, {strings.Repeat("b", 64), 48}, {"", 48}, {"\x00", 48}, {"\xff", 48}} {
				_, err := s.LogoImage(t.Context(), none.hash, none.side)
				require.ErrorIs(t, err, storage.ErrNotFound, "%q %d", none.hash, none.side)
			}
		}},
		{"a logo that nobody names is collected after its time, one that a client or a version names is not", func(t *testing.T, s storage.Store) {
			named := map[string]bool{"a": true, "b": true, "c": false, "d": false}
			for letter := range named {
				require.NoError(t, s.SaveLogo(t.Context(), logoOf(letter)))
			}
			client := fullClient()
			client.LogoURI = "https://issuer.example/logo/" + strings.Repeat("a", 64) + "-192.png"
			require.NoError(t, s.CreateClient(t.Context(), client))
			v := versionOf(registered(t, s), storage.StatusDraft)
			v.Client.LogoURI = "http://localhost:9096/x/logo/" + strings.Repeat("b", 64) + "-192.png"
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v}))
			other := fullClient()
			other.LogoURI = "https://issuer.example/logo/" + strings.Repeat("c", 64) + "-192.png?"
			require.NoError(t, s.CreateClient(t.Context(), other))

			require.Zero(t, collect(t, s, moment.Add(24*time.Hour-time.Second), 1000))
			again := logoOf("d")
			again.KeepUntil = moment.Add(48 * time.Hour)
			require.NoError(t, s.SaveLogo(t.Context(), again), "who uploads it again has another day")
			require.NoError(t, s.SaveLogo(t.Context(), logoOf("d")))
			require.Equal(t, 2, collect(t, s, moment.Add(24*time.Hour), 1000))
			requireLogos(t, s, map[string]bool{"a": true, "b": true, "c": false, "d": true})

			require.NoError(t, s.DeleteClient(t.Context(), client.ID))
			require.Equal(t, 1, collect(t, s, moment.Add(48*time.Hour), 1), "in small batches")
			require.Equal(t, 3, collect(t, s, moment.Add(48*time.Hour), 1000))
			requireLogos(t, s, map[string]bool{"a": false, "b": true, "c": false, "d": false})
		}},
	}
}

func requireLogos(t *testing.T, s storage.Store, there map[string]bool) {
	t.Helper()
	for letter, want := range there {
		_, err := s.LogoImage(t.Context(), strings.Repeat(letter, 64), 48)
		if want {
			require.NoError(t, err, letter)
		} else {
			require.ErrorIs(t, err, storage.ErrNotFound, letter)
		}
	}
}
