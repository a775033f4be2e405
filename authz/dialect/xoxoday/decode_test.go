package xoxoday

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
)

func post(target, contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if u, err := url.Parse(target); err == nil {
		r.URL = u
		_, kind, _ := strings.Cut(u.Path, "/token/")
		r.SetPathValue("token_type", kind)
	}
	return r
}

func TestARefreshIsReadWithoutWhatItsTableWrongfullyWants(t *testing.T) {
	req, err := decodeToken(post("/v1/oauth/token/user", "", `{"grant_type":"refresh_token","refresh_token":"r","code":null,"redirect_uri":["x"],"scope":"a,b+c"}`))
	require.NoError(t, err)
	require.Equal(t, authz.Params{"grant_type": "refresh_token", "refresh_token": "r", "scope": "a b c"}, req.Params)
	require.Equal(t, "user", req.Kind)
}

func TestABearerTokenIsFoundWhateverTheSchemesCase(t *testing.T) {
	for header, token := range map[string]string{
		"Bearer t": "t", "bearer t": "t", "BEARER   t ": "t", // a folded line is one space by the time it gets here
		"Bearer": "", "": "", "t": "", "Basic t": "", "Bearer t t": "", "Bearert": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/v1/oauth/token", nil)
		r.Header.Set("Authorization", header)
		req, err := decodeBearer(r)
		require.NoError(t, err)
		require.Equal(t, token, req.Params["access_token"], header)
	}
}

func TestThirdPartyDataIsAnObject(t *testing.T) {
	for sent, want := range map[string]string{
		`{"a": {"b": "//no comment"}, // one` + "\n" + `"c": [1]}`: `{"a":{"b":"//no comment"},"c":[1]}`,
		`{}`: `{}`, `null`: "", `[]`: "", `"{}"`: "", `1`: "",
	} {
		req, err := decodeSSO(post("/v1/oauth/sso/stores/company", "", `{"user_input":" ana@example.com ","tpd":`+sent+`}`))
		require.Equal(t, want == "", err != nil, sent)
		require.Equal(t, want, req.Params["tpd"])
		require.Equal(t, "ana@example.com", req.Params["login_hint"])
	}
	_, err := decodeSSO(post("/v1/oauth/sso/stores/company", "", "user_input=ana@example.com&tpd={}"))
	require.Error(t, err, "a form's parameter is no object")
}

func TestAnAuthorizationResponseIsTheVendors(t *testing.T) {
	got := redirect(url.Values{"error": {"access_denied"}, "error_description": {"This person cannot allow this."}, "state": {"a b"}, "iss": {"x"}})
	require.Equal(t, "error=access_denied&error_description=The+user+denied+the+request&state=a+b", got.Encode())
	got = redirect(url.Values{"error": {"invalid_scope"}, "error_description": {"No."}, "iss": {"x"}})
	require.Equal(t, "error=invalid_scope&error_description=No.", got.Encode())
	require.Equal(t, "code=c", redirect(url.Values{"code": {"c"}, "iss": {"x"}}).Encode())
}

var rfcNames = []string{"grant_type", "code", "redirect_uri", "refresh_token", "scope", "client_id", "client_secret", "code_verifier", "login_hint", "tpd"}

// requireParams wants text under RFC names, or a refusal that the format can tell.
func requireParams(t *testing.T, req *authz.Request, err error) {
	t.Helper()
	if err != nil {
		var refusal *authz.Error
		require.ErrorAs(t, err, &refusal)
		require.Less(t, refusal.Status, 500)
		return
	}
	for name, value := range req.Params {
		require.True(t, slices.Contains(rfcNames, name), name)
		require.True(t, value != "" && utf8.ValidString(value), "%s: %q", name, value)
		require.True(t, name == "tpd" || !strings.ContainsRune(value, 0), "%s: %q", name, value)
	}
}

func FuzzDecodeToken(f *testing.F) {
	f.Add("/v1/oauth/token/user", "", `{"grant_type":"authorization_code","code":"c","redirect_uri":"https://a.example/","client_id":"x","client_secret":"s"}`)
	f.Add("/v1/oauth/token/company", "application/x-www-form-urlencoded", "grant_type=refresh_token&refresh_token=r&scope=a%2Cb")
	f.Add("/v1/oauth/token/admin?x", "application/json", `[`)
	f.Add("/v1/oauth/token/user", "application/json", `{"grant_type":"refresh_token","scope":","}`)
	f.Add("/v1/oauth/token/user", "application/json", `{"grant_type":"refresh_token","client_id":"\u0000"}`)
	f.Fuzz(func(t *testing.T, target, contentType, body string) {
		req, err := decodeToken(post(target, contentType, body))
		require.NotNil(t, req)
		requireParams(t, req, err)
	})
}

func FuzzDecodeSSO(f *testing.F) {
	f.Add("", `{"user_input":"email@example.com","tpd":{//this is third party session data`+"\n"+`"auth_header":"Bearer x","Uid":"T"}}`)
	f.Add("application/json", `{"user_input":null,"tpd":[]}`)
	f.Add("", "user_input=a%40b.example&tpd=x")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		req, err := decodeSSO(post("/", contentType, body))
		require.NotNil(t, req)
		requireParams(t, req, err)
	})
}

func FuzzDecodeAuthorize(f *testing.F) {
	f.Add("client_id=x&response_type=code&redirect_uri=https://a.example/&scope=a,b+c&state=s")
	f.Add("scope=%2B&scope=,&x=%00")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/v1/oauth/authorize", nil)
		r.URL.RawQuery = query
		req, err := decodeAuthorize(r)
		if err != nil {
			require.ErrorContains(t, err, authz.CodeInvalidRequest)
			return
		}
		for name, value := range req.Params {
			require.True(t, utf8.ValidString(name+value) && !strings.ContainsRune(name+value, 0))
		}
		require.NotContains(t, req.Params["scope"], ",")
	})
}

func FuzzDecodeBearer(f *testing.F) {
	f.Add("Bearer t")
	f.Add(" bearer\tt\u00a0")
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/v1/oauth/token", nil)
		r.Header.Set("Authorization", header)
		req, err := decodeBearer(r)
		require.NoError(t, err)
		require.NotContains(t, req.Params["access_token"], " ")
	})
}
