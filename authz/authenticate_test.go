package authz

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func basicHeader(raw string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(raw)) }

func TestBasicCredentialsAreReadEncodedAndPlain(t *testing.T) {
	for raw, want := range map[string]credentials{
		"app:secret":            {id: "app", secrets: []string{"secret"}},
		"app:a:b":               {id: "app", secrets: []string{"a:b"}},
		"my%20app:s":            {id: "my app", secrets: []string{"s"}},
		"app:a%2Bb":             {id: "app", secrets: []string{"a+b", "a%2Bb"}},
		"app:a+b":               {id: "app", secrets: []string{"a b", "a+b"}},
		"app:100%":              {id: "app", secrets: []string{"100%"}},
		"https%3A%2F%2Fa:s%3A1": {id: "https://a", secrets: []string{"s:1", "s%3A1"}},
	} {
		got, ok := basicCredentials(basicHeader(raw))
		require.True(t, ok, raw)
		want.method = methodBasic
		require.Equal(t, want, got, raw)
	}
	for _, header := range []string{"", "Basic", "Basic ", "Basic !", basicHeader(""), basicHeader(":"), basicHeader("app"), basicHeader("app:"),
		basicHeader(":secret"), "Bearer " + basicHeader("app:secret")[6:], basicHeader("app:secret")[6:]} {
		_, ok := basicCredentials(header)
		require.False(t, ok, header)
	}
}

func FuzzBasicCredentials(f *testing.F) {
	f.Add(basicHeader("app:secret"))
	f.Add("basic  " + basicHeader("a%20b:c%2b")[6:] + " ")
	f.Add("Basic ====")
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := basicCredentials(header)
		if !ok {
			return
		}
		require.NotEmpty(t, c.id)
		require.Contains(t, []int{1, 2}, len(c.secrets), "a bounded number of comparisons")
		again, ok := basicCredentials(basicHeader(url.QueryEscape(c.id) + ":" + url.QueryEscape(c.secrets[0])))
		require.True(t, ok)
		require.Equal(t, c.id, again.id)
		require.Equal(t, c.secrets[0], again.secrets[0])
	})
}

func TestParseCredentialsTakesOneMethod(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		params Params
		method string
		code   string
	}{
		"header":                  {basicHeader("a:s"), Params{}, methodBasic, ""},
		"header and the same id":  {basicHeader("a:s"), Params{"client_id": "a"}, methodBasic, ""},
		"header and another id":   {basicHeader("a:s"), Params{"client_id": "b"}, "", CodeInvalidClient},
		"header and same secret":  {basicHeader("a:s"), Params{"client_secret": "s"}, "", CodeInvalidRequest},
		"header and other secret": {basicHeader("a:s"), Params{"client_secret": "t"}, "", CodeInvalidClient},
		"body":                    {"", Params{"client_id": "a", "client_secret": "s"}, methodPost, ""},
		"no secret":               {"", Params{"client_id": "a"}, methodNone, ""},
		"a secret of nobody":      {"", Params{"client_secret": "s"}, "", CodeInvalidClient},
		"assertion":               {"", Params{"client_id": "a", "client_assertion": "x"}, "", CodeInvalidClient},
		"assertion and header":    {basicHeader("a:s"), Params{"client_assertion_type": "x"}, "", CodeInvalidClient},
		"another scheme":          {"Negotiate x", Params{"client_id": "a", "client_secret": "s"}, "", CodeInvalidClient},
	} {
		got, err := parseCredentials(c.header, c.params)
		if c.code != "" {
			require.Equal(t, c.code, asError(err).Code, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.method, got.method, name)
		require.Equal(t, "a", got.id, name)
	}
	require.Equal(t, 401, errClient.Status)
	require.False(t, strings.Contains(errClient.Description, "unknown"), "one text for all")
}
