package boxc

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
)

// checkDecoded wants text under the RFCs' names, or a refusal with a code of theirs and a text of ours.
func checkDecoded(t *testing.T, req *authz.Request, err error, names ...string) {
	t.Helper()
	var refusal *authz.Error
	if err != nil {
		require.ErrorAs(t, err, &refusal)
		require.Contains(t, []string{authz.CodeInvalidRequest, authz.CodeInvalidToken}, refusal.Code)
		fail(req, refusal)
	}
	if req == nil {
		require.Error(t, err)
		return
	}
	for name, text := range req.Params {
		require.Contains(t, names, name)
		require.NotEmpty(t, text)
		require.True(t, name == "token" || name == "access_token" || utf8.ValidString(text) && !strings.ContainsRune(text, 0), "%s=%q", name, text)
	}
	for _, name := range req.Repeated {
		require.Contains(t, names, name)
		require.NotContains(t, req.Params, name)
	}
}

func FuzzAuthorize(f *testing.F) {
	for _, query := range []string{
		"application_id=1x98s0ad8fsfs091&return_uri=https://myapp.com/connect/user/150162",
		"application_id=a&return_uri=b&state=c&state=d&nonce=e&scope=f", "application_id=%00&return_uri=%ff", "client_id=a&application_id=b",
		"application_id=a&return_uri=%zz", ";", "",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		req, err := decodeAuthorize(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/v1/oauth/authorize", RawQuery: query}})
		checkDecoded(t, req, err, append([]string{"client_id", "redirect_uri", "response_type"}, authorizeExtras...)...)
		if err == nil {
			require.Equal(t, "code", req.Params["response_type"])
			require.NotEmpty(t, req.Params["client_id"])
			require.NotEmpty(t, req.Params["redirect_uri"])
		}
	})
}

func FuzzAccessToken(f *testing.F) {
	for _, body := range []string{
		`{ "application_id": "1x98s0ad8fsfs091", "application_secret": "a7bb9fe6-7443-4711-9cfb-a6437f882eec", "nonce": "VOxDU1dyY3pSQmV6TQVOxDU1dyY3pSQm" }`,
		"application_id=a&application_secret=b&nonce=c", `{"nonce":null}`, `{"nonce":["a"]}`, `{"nonce":"a","nonce":"b"}`, `{"nonce":"\u0000"}`, "{", "[]", "",
	} {
		f.Add(body, "", "")
		f.Add(body, "application/json", "Basic YTpi")
	}
	f.Fuzz(func(t *testing.T, body, contentType, authorization string) {
		r := httptest.NewRequest(http.MethodPost, "/v1/oauth/access_token", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", authorization)
		req, err := decodeAccessToken(r)
		checkDecoded(t, req, err, "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier")
		if err == nil {
			require.NotEmpty(t, req.Params["code"])
			require.True(t, req.Authorization != "" || req.Params["client_id"] != "" && req.Params["client_secret"] != "")
			require.Equal(t, "authorization_code", req.Params["grant_type"])
		}
	})
}

func FuzzRevoke(f *testing.F) {
	for _, authorization := range []string{"", "Bearer t", "bearer  t", "Bearer ", "Basic YTpi", "Token t", "t", " "} {
		f.Add("t", authorization)
	}
	f.Fuzz(func(t *testing.T, token, authorization string) {
		if token == "" {
			return // the path of another endpoint
		}
		r := httptest.NewRequest(http.MethodDelete, "/v1/oauth/t", nil)
		r.SetPathValue(accessToken, token)
		r.Header.Set("Authorization", authorization)
		req, err := decodeRevoke(r)
		checkDecoded(t, req, err, "token", "access_token")
		named := req.Authorization != "" || req.Params["access_token"] != ""
		require.Equal(t, authorization != "", named || err != nil, "a header is looked at or refused")
	})
}
