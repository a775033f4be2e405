package registry

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func TestHintsFindNamesThatLookAlike(t *testing.T) {
	known := NewKnownNames([]storage.ClientNames{
		{ID: "photoprint", Name: "PhotoPrint", PublisherID: "printco", Names: map[string]string{"es": "FotoImpresión"}},
	})
	for name, like := range map[string]HintKind{
		"PhotoPrint": HintLikeApp, "photo print": HintLikeApp, "PHOTO-PRINT!": HintLikeApp, "Ｐｈｏｔｏｐｒｉｎｔ": HintLikeApp,
		"Phótoprínt": HintLikeApp, "Ph0t0Pr1nt": HintLikeApp, "РhоtоРrіnt": HintLikeApp, "ΡhοtοΡrint": HintLikeApp, "PhotoPrlnt": HintLikeApp,
		"PhotoPrints": HintLikeApp, "PhotPrint": HintLikeApp, "PhotoPirnt": HintLikeApp, "Fotoimpresion": HintLikeApp, "𝐏𝐡𝐨𝐭𝐨𝐏𝐫𝐢𝐧𝐭": HintLikeApp,
		"Nimbus": HintLikeHost, "Nirnbus": HintLikeHost, "Nimbus Official": HintLikeHost, "Νimbus pay": HintLikeHost,
		"Photo Album": "", "Print": "", "Secret plans": "", "照片": "", "!!!": "",
	} {
		t.Run(name, func(t *testing.T) {
			hints := Hints(storage.Client{ID: "new", Name: name}, Surroundings{Known: known, Host: "Nimbus", Scopes: NewCatalogue(nil)})
			if like == "" {
				require.Empty(t, hints)
				return
			}
			require.Len(t, hints, 1)
			require.Equal(t, like, hints[0].Kind)
			require.Equal(t, name, hints[0].Value)
		})
	}
	t.Run("its own and its publisher's do not count", func(t *testing.T) {
		own := storage.Client{ID: "photoprint", Name: "PhotoPrint"}
		second := storage.Client{ID: "second", Name: "PhotoPrint 2", PublisherID: "printco"}
		for _, c := range []storage.Client{own, second} {
			require.Empty(t, Hints(c, Surroundings{Known: known, Scopes: NewCatalogue(nil)}))
		}
	})
	t.Run("the host's own app may bear its name", func(t *testing.T) {
		require.Empty(t, Hints(storage.Client{Name: "Nimbus", FirstParty: true}, Surroundings{Host: "Nimbus", Scopes: NewCatalogue(nil)}))
	})
	t.Run("an empty name of the host is like nothing", func(t *testing.T) {
		require.Empty(t, Hints(storage.Client{Name: "Any"}, Surroundings{Host: "…", Scopes: NewCatalogue(nil)}))
	})
}

func TestHintsAboutHosts(t *testing.T) {
	client := func(home string, redirects ...string) storage.Client {
		return storage.Client{ID: "x", ClientURI: home, RedirectURIs: redirects}
	}
	before := client("https://a.example", "https://a.example/cb", "https://b.co.uk/cb")
	for name, c := range map[string]struct {
		now      storage.Client
		approved *storage.Client
		want     []Hint
	}{
		"the same host":                {now: client("https://a.example", "https://a.example/cb")},
		"a host of the same domain":    {now: client("https://www.a.co.uk", "https://login.a.co.uk/cb")},
		"one public suffix is no home": {now: client("https://a.co.uk", "https://b.co.uk/cb"), want: []Hint{{HintRedirectHost, "b.co.uk", "a.co.uk"}}},
		"somebody's pages on one host": {now: client("https://a.github.io", "https://b.github.io/cb"), want: []Hint{{HintRedirectHost, "b.github.io", "a.github.io"}}},
		"no home page":                 {now: client("", "https://a.example/cb"), want: []Hint{{HintRedirectHost, "a.example", ""}}},
		"this computer, and an app":    {now: client("https://a.example", "http://127.0.0.1:1/cb", "http://localhost:2/cb", "com.example.app:/cb")},
		"an address":                   {now: client("https://a.example", "https://192.0.2.1/cb"), want: []Hint{{HintRedirectHost, "192.0.2.1", "a.example"}}},
		"case and a final dot":         {now: client("https://a.example", "https://A.Example./cb")},
		"nothing new":                  {now: before, approved: &before, want: []Hint{{HintRedirectHost, "b.co.uk", "a.example"}}},
		"a new host of a known domain": {now: client("https://a.example", "https://new.a.example/cb"), approved: &before},
		"a new domain, said once": {now: client("https://c.example", "https://c.example/1", "https://x.c.example/2"), approved: &before,
			want: []Hint{{HintNewDomain, "c.example", ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, Hints(c.now, Surroundings{Approved: c.approved, Scopes: NewCatalogue(nil)}))
		})
	}
}

func TestHintsNameSensitiveScopesThatAreNew(t *testing.T) {
	scopes := NewCatalogue([]storage.Scope{{Name: "salary", Sensitive: true}, {Name: "points"}})
	c := storage.Client{Scopes: []storage.ClientScope{{Name: "salary"}, {Name: "points"}, {Name: "unknown"}}}
	require.Equal(t, []Hint{{HintSensitive, "salary", ""}}, Hints(c, Surroundings{Scopes: scopes}))
	require.Empty(t, Hints(c, Surroundings{Scopes: scopes, Approved: &c}))
}

func FuzzLookOf(f *testing.F) {
	f.Add("PhotoPrint")
	f.Add("РhоtоРrіnt")
	f.Fuzz(func(t *testing.T, name string) {
		if l := lookOf(name); l.joined != "" && !l.like(l) {
			t.Fatalf("%q is not like itself", name)
		}
	})
}
