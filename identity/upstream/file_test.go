package upstream

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const good = `{id: acme, name: Acme, issuer: "https://id.acme.example", client_id: c, client_secret: hunter2}`

func read(t testing.TB, content string) ([]Settings, error) {
	file := filepath.Join(t.TempDir(), "upstreams.yaml")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return ReadFile(file, "https://own.example", false)
}

func TestReadFileFillsInDefaults(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(" from-a-file\n"), 0o600))
	list, err := read(t, "upstreams:\n- "+good+`
- {id: two, name: Two, names: {ja: ツー}, issuer: "https://two.example/", client_id: d, client_secret_file: "`+secret+`", scopes: [openid], link_verified_email: true, sign_up: false}`)
	require.NoError(t, err)
	no := false
	require.Equal(t, []Settings{
		{ID: "acme", Name: "Acme", Issuer: "https://id.acme.example", ClientID: "c", ClientSecret: "hunter2", Scopes: []string{"openid", "email", "profile"}},
		{ID: "two", Name: "Two", Names: map[string]string{"ja": "ツー"}, Issuer: "https://two.example/", ClientID: "d", ClientSecret: "from-a-file",
			ClientSecretFile: secret, Scopes: []string{"openid"}, LinkVerifiedEmail: true, SignUp: &no},
	}, list)
	list, err = ReadFile("", "", false)
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestReadFileSaysWhatIsWrongAndTheFix(t *testing.T) {
	with := func(old, changed string) string { return "upstreams: [" + strings.Replace(good, old, changed, 1) + "]" }
	for content, says := range map[string]string{
		"":                                 "write upstreams:",
		"upstreams: [":                     "a mistake at line",
		"providers: []":                    "unknown key \"providers\"; use upstreams",
		"upstreams: 1":                     "must be a list",
		"upstreams: [1]":                   "must be a map with the keys id, name",
		"upstreams: []\n---\nupstreams: 1": "more than one document",
		with("name: Acme", "nam: Acme"):    "did you mean name?",
		with("name: Acme", "id: b"):        "stands there twice",
		with("id: acme", "id: A/B"):        "id must be",
		with("name: Acme", "name: ''"):     "name is missing",
		with("name: Acme", "name: "+strings.Repeat("x", 41)):               "write a shorter one",
		with("name: Acme", "name: Acme, names: {x_: y}"):                   "names must map",
		with("https://id.acme.example", ""):                                "issuer is missing",
		with("https://id.acme.example", "https://own.example/"):            "this server's own",
		with("https://id.acme.example", "http://id.acme.example"):          "it is not https",
		with("https://id.acme.example", "https://127.0.0.1"):               "GATEHOUSE_ALLOW_PRIVATE_NETWORK",
		with("https://id.acme.example", "https://id.acme.example/?a=b"):    "leave out the ?",
		with("client_id: c", "client_id: ''"):                              "client_id is missing",
		with(", client_secret: hunter2", ""):                               "either client_secret or client_secret_file",
		with("client_secret: hunter2", "client_secret_file: /nowhere/at"):  "name a file that can be read",
		with("client_secret: hunter2", "client_secret_file: /dev/null"):    "it is empty",
		with("client_id: c", "client_id: c, scopes: [email]"):              "must hold openid",
		with("client_id: c", "client_id: c, link_verified_email: perhaps"): "a value is of the wrong kind",
		"upstreams: [" + good + "," + good + "]":                           "is taken; give each its own",
	} {
		_, err := read(t, content)
		require.Error(t, err, content)
		require.ErrorContains(t, err, strings.Replace(says, "it is empty", "is empty", 1), content)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := ReadFile("/nowhere/at/all", "", false)
	require.ErrorContains(t, err, "name a file that can be read")
}

func FuzzReadingAFileNeverPanics(f *testing.F) {
	f.Add("upstreams: [" + good + "]")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, content string) {
		list, err := parse([]byte(content))
		if err == nil {
			for n := range list {
				list[n].checkNames()
				list[n].checkIssuer("https://own.example", false)
			}
		}
	})
}
