package interaction_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/interaction"
)

func TestFormTargetIsTheOriginOrSchemeOfTheRedirectURI(t *testing.T) {
	for uri, want := range map[string]string{
		"https://photoprint.example/cb?x=1":   "https://photoprint.example",
		"https://photoprint.example:8443/cb":  "https://photoprint.example:8443",
		"http://127.0.0.1:8080/cb":            "http://127.0.0.1:8080",
		"http://[::1]:8080/cb":                "http://[::1]:8080",
		"com.example.app:/oauth":              "com.example.app:",
		"com.example.app://host/oauth":        "com.example.app:",
		"":                                    "",
		"/relative":                           "",
		"https://a;script-src'unsafe-eval'/x": "",
		"https://a,b/":                        "",
	} {
		i := interaction.Interaction{Request: url.Values{"redirect_uri": {uri}}.Encode()}
		require.Equal(t, want, i.FormTarget(), uri)
	}
	require.Empty(t, interaction.Interaction{}.FormTarget())
}

func FuzzFormTarget(f *testing.F) {
	f.Add("https://photoprint.example:8443/cb")
	f.Add("com.example.app:/oauth")
	f.Add("x;script-src *://a,b")
	f.Fuzz(func(t *testing.T, uri string) {
		got := interaction.Interaction{Request: url.Values{"redirect_uri": {uri}}.Encode()}.FormTarget()
		if strings.ContainsAny(got, " ;,'\"*\t\r\n") || strings.HasPrefix(got, "javascript:") && !strings.HasPrefix(uri, "javascript:") {
			t.Fatalf("%q becomes %q in the policy", uri, got)
		}
	})
}
