package partner

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
	"gatehouse/authz/dialect/boxo"
	"gatehouse/internal/outbound"
)

// Bytes of others: what they ask, and what they answer.

func TestTheSignInFormHasOAuthFirstAndEscapesTheRest(t *testing.T) {
	form := signInForm("a&b=c", "s +%&=é\x01", "c&oauth=auth")
	require.True(t, strings.HasPrefix(form, "oauth=miniapp&client_id="))
	values, err := url.ParseQuery(form)
	require.NoError(t, err)
	require.Equal(t, url.Values{"oauth": {"miniapp"}, "client_id": {"a&b=c"}, "client_secret": {"s +%&=é\x01"}, "code": {"c&oauth=auth"}}, values)
}

func TestCanonicalIsOneSpellingOfASuperAppsURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://Super.Example":           "https://super.example",
		"https://super.example/":          "https://super.example",
		"https://super.example:443//":     "https://super.example",
		"https://super.example:8443/Dir/": "https://super.example:8443/Dir",
		"http://127.0.0.1:80/a%2Fb/":      "http://127.0.0.1/a%2Fb",
		"http://[::1]:443":                "http://[::1]:443",
	} {
		got, err := canonical(raw)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestAPersonHasTheAttributesThatASuperAppWrites(t *testing.T) {
	for raw, want := range map[string]map[string]any{
		`{}`:                                      {},
		`{"custominfo":"{\"n\":1.50}"}`:           {"custominfo": map[string]any{"n": json.Number("1.50")}},
		`{"CustomInfo":"plain"}`:                  {},
		`{"custominfo":"[1]"}`:                    {"custominfo": "[1]"},
		`{"custominfo":{"City":"x"}}`:             {},
		`{"attributes":[{"Id":"a","Value":"1"}]}`: {"a": "1"},
		`{"attributes":[{"Id":"","Value":"1"},{"Id":"b"},{"Id":7,"Value":"1"},"c",null,{"Id":"d","Value":"2"}]}`: {"d": "2"},
		`{"attributes":{"Id":"a"}}`: {},
		`{"attributes":[{"Id":"a","IsMultiValue":true,"MultiValues":[{"Id":"1","Value":"x"},{"Id":"2","Value":"y"}]}]}`:                  {"a": []any{"x", "y"}},
		`{"attributes":[{"Id":"a","IsMultiValue":true,"Value":"","MultiValues":[{"Id":"home","Value":"x"},{"Id":"work","Value":"y"}]}]}`: {"a": map[string]any{"home": "x", "work": "y"}},
	} {
		info, err := readPerson([]byte(strings.Replace(strings.Replace(raw, "{", `{"guid":"g",`, 1), ",}", "}", 1)))
		require.NoError(t, err, raw)
		require.Equal(t, want, info.attributes, raw)
	}
}

func TestOnlyTrueIsAProofOfAnEMailAddress(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false, `"true"`: false, "1": false, "null": false, "{}": false} {
		info, err := readPerson([]byte(`{"guid":"g","email":"a@example.com","verified_email":` + value + `}`))
		require.NoError(t, err)
		require.Equal(t, want, info.verified, value)
	}
}

func FuzzReadPerson(f *testing.F) {
	f.Add([]byte(`{"guid":"","email":"testuser@genexus.com","verified_email":true,"external_id":"8dfeee37","custominfo":"{\"City\":\"Canelones\"}","attributes":[{"Id":"EmployeeID","IsMultiValue":false,"Value":"123100"}]}`))
	f.Add([]byte(`{"guid":"g","attributes":[{"Id":"a","MultiValues":[{"Id":"1","Value":"x"}]}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		info, err := readPerson(raw)
		if err != nil {
			require.NotContains(t, err.Error(), "\x00")
			return
		}
		issuer, subject := info.identify("https://super.example")
		require.NotEmpty(t, subject)
		require.Equal(t, info.externalID == "", strings.HasSuffix(issuer, "#guid"))
		for _, text := range []string{info.guid, info.externalID, info.email, info.firstName, info.lastName} {
			requireText(t, text)
		}
		_, err = json.Marshal(info.attributes)
		require.NoError(t, err)
	})
}

func FuzzReadSuperAppToken(f *testing.F) {
	f.Add(200, []byte(`{"access_token":"ae47229f!65nKKC","expires_in":0,"refresh_token":"","scope":"user_email+user_first_name","token_type":"Bearer"}`))
	f.Add(401, []byte(`{"error":{"code":"103","message":"Token expired, log in again."}}`))
	f.Fuzz(func(t *testing.T, status int, raw []byte) {
		token, err := readSuperAppToken(&outbound.Response{Status: status, Body: raw})
		if err != nil {
			require.Nil(t, token)
			requireOwnWords(t, err)
			return
		}
		require.Equal(t, http.StatusOK, status)
		require.True(t, isHeaderText(token.access))
		for _, scope := range token.scope {
			require.NotContains(t, scope, " ")
			require.NotContains(t, scope, "+")
		}
	})
}

func FuzzReadSignIn(f *testing.F) {
	f.Add(200, []byte(`{"access_token":"7032f1fd!3964","token_type":"Bearer","expires_in":1800,"refresh_token":"","scope":"user_email","user_guid":"139f4332"}`))
	f.Add(200, []byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, status int, raw []byte) {
		body, err := readSignIn(&outbound.Response{Status: status, Body: raw})
		if err != nil {
			return
		}
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, string(raw), string(body))
		require.True(t, json.Valid(body))
	})
}

func FuzzReadBoxoAnswer(f *testing.F) {
	f.Add(200, []byte(`{"access_token":"t","refresh_token":"r"}`))
	f.Add(200, []byte(`{"error_code":"INVALID_AUTH_CODE"}`))
	f.Add(401, []byte(`{"error_code":1}`))
	f.Fuzz(func(t *testing.T, status int, raw []byte) {
		m, err := hostApp.read(&outbound.Response{Status: status, Body: raw})
		if err == nil {
			require.Equal(t, http.StatusOK, status)
			_, err = m.need("access_token", hostApp)
		}
		if err != nil {
			requireOwnWords(t, err)
			require.Contains(t, partnersCodes, err.(*authz.Error).Vendor)
		}
	})
}

func FuzzReadUserData(f *testing.F) {
	f.Add([]byte(`{"reference":"ref-1","email":"u@example.com","phone":"+59899123456","first_name":"U","last_name":"Ser","custom_attributes":{"n":1.50}}`))
	f.Add([]byte(`{"reference":1}`))
	f.Add([]byte(`{"reference":"r","custom_attributes":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		data, err := readUserData(raw)
		if err != nil {
			require.Equal(t, boxo.InvalidUserData, err.(*authz.Error).Vendor)
			return
		}
		requireText(t, data.Reference)
		require.LessOrEqual(t, utf8.RuneCountInString(data.Reference), maxReference)
		body, err := json.Marshal(data)
		require.NoError(t, err)
		same, err := readUserData(body)
		require.NoError(t, err)
		again, err := json.Marshal(same)
		require.NoError(t, err)
		require.Equal(t, string(body), string(again))
	})
}

func FuzzDecodeConnect(f *testing.F) {
	f.Add("Token Ym94bzpzZWNyZXQ=", []byte(`{"client_id":"c","app_id":"a","auth_code":"x"}`))
	f.Add("", []byte(`{"client_id":"c","app_id":"a","user_data":{"reference":"r"}}`))
	f.Add("Token", []byte(`client_id=c`))
	f.Fuzz(func(t *testing.T, authorization string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/connect", strings.NewReader(string(body)))
		r.Header.Set("Authorization", authorization)
		req, err := decodeConnect(r)
		requireDecoded(t, req, err, "code", "user_data")
		if err == nil {
			require.Len(t, req.Params, 1)
			require.NotEmpty(t, req.Header.Get(boxo.HeaderHostApp))
			require.NotEmpty(t, req.Header.Get(boxo.HeaderApp))
		}
		require.Empty(t, r.Header.Get(boxo.HeaderApp), "the request itself stays as it is")
	})
}

func FuzzDecodeConsent(f *testing.F) {
	f.Add("Token Ym94bzpzZWNyZXQ=", "client_id=c&app_id=a&user_reference=r")
	f.Add("", "user_reference=%00")
	f.Fuzz(func(t *testing.T, authorization, query string) {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/accounts/consent/get_consent", nil)
		r.Header.Set("Authorization", authorization)
		r.URL.RawQuery = query
		req, err := decodeConsent(r)
		requireDecoded(t, req, err, "user_reference")
	})
}

func FuzzDecodeSignIn(f *testing.F) {
	f.Add([]byte("oauth=miniapp&client_id=c&client_secret=s&code=x"))
	f.Add([]byte(`{"OAuth":"miniapp","client_id":"c"}`))
	f.Add([]byte("code=x&oauth=auth"))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := decodeSignIn(httptest.NewRequest(http.MethodPost, "/oauth/gam/signin", strings.NewReader(string(body))))
		requireDecoded(t, req, err, "oauth", "client_id", "client_secret", "code")
		if err == nil {
			require.Equal(t, "miniapp", req.Params["oauth"])
		}
	})
}

// requireDecoded wants a request whose parameters are texts of these names, or a refusal.
func requireDecoded(t *testing.T, req *authz.Request, err error, names ...string) {
	t.Helper()
	require.NotNil(t, req)
	if err != nil {
		requireOwnWords(t, err)
		return
	}
	for name, value := range req.Params {
		require.Contains(t, names, name)
		requireText(t, value)
	}
}

// requireOwnWords wants a refusal whose description is one of our texts.
func requireOwnWords(t *testing.T, err error) {
	t.Helper()
	refusal, ok := err.(*authz.Error)
	require.True(t, ok)
	require.NotEmpty(t, refusal.Description)
	require.NotContains(t, refusal.Description, "\x00")
}

func requireText(t *testing.T, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	require.NotContains(t, text, "\x00")
}
