package boxo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
	"gatehouse/storage"
)

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/api/get_access_token/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

// speaker is a client with these settings for Boxo Connect.
func speaker(settings string) *storage.Client {
	return &storage.Client{ID: "host", Dialects: map[string]json.RawMessage{"boxo": json.RawMessage(settings)}}
}

func vendorCode(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *authz.Error
	require.ErrorAs(t, err, &e)
	return e.Vendor
}

func TestAnAuthCodeIsReadUnderBothOfItsNames(t *testing.T) {
	for body, code := range map[string]string{
		`{"auth_code":"c"}`:                   "c",
		`{"authCode":"c"}`:                    "c",
		`{"auth_code":"c","authCode":"c"}`:    "c",
		`{"auth_code":"","authCode":"c"}`:     "c",
		`{"auth_code":"c","code":"d","x":[]}`: "c",
		`{"code":"c"}`:                        "",
		`{}`:                                  "",
		`auth_code=c`:                         "c",
	} {
		req, err := decodeCode(post("", body))
		require.NoError(t, err, body)
		want := authz.Params{"grant_type": "authorization_code"}
		if code != "" {
			want["code"] = code
		}
		require.Equal(t, want, req.Params, body)
		require.Equal(t, "user", req.Kind)
	}
	_, err := decodeCode(post("", `{"auth_code":"c","authCode":"d"}`))
	require.Equal(t, InvalidAuthCode, vendorCode(t, err))
}

func TestABodyThatIsNoneOfBoxosIsAParsingError(t *testing.T) {
	for _, body := range []string{``, `[]`, `["auth_code"]`, `null`, `not json`, `{"auth_code":`, `{"auth_code":["c"]}`, `{"auth_code":null}`, `{"authCode":7}`, `{"auth_code":"c\u0000"}`, "\x00", `code=c`} {
		req, err := decodeCode(post("", body))
		var e *authz.Error
		require.ErrorAs(t, err, &e, body)
		require.Equal(t, ParsingError, ErrorCode(req, e, InvalidAuthCode, ExpiredAuthCode), body)
	}
}

func TestCredentialsAreReadUnderAnyPrefixAndJudgedByTheClients(t *testing.T) {
	for _, test := range []struct{ settings, header, basic, refused string }{
		{`{}`, "Token aWQ6cw==", "Basic aWQ6cw==", ""},
		{`{}`, "Basic aWQ6cw==", "Basic aWQ6cw==", ""},
		{`{}`, "tOKEN   aWQ6cw== ", "Basic aWQ6cw==", ""},
		{`{}`, "Hostapp aWQ6cw==", "Basic aWQ6cw==", AccessDenied},
		{`{}`, "Bearer aWQ6cw==", "Basic aWQ6cw==", AccessDenied},
		{`{"authorization_prefix":"Hostapp"}`, "HOSTAPP aWQ6cw==", "Basic aWQ6cw==", ""},
		{`{"authorization_prefix":"Hostapp"}`, "Token aWQ6cw==", "Basic aWQ6cw==", ""},
		{`{}`, "aWQ6cw==", "", AccessDenied},
		{`{}`, "", "", AccessDenied},
	} {
		r := post("", "")
		r.Header.Set("Authorization", test.header)
		req := DecodeClient(r)
		require.Equal(t, test.basic, req.Authorization, test.header)
		req.Client = speaker(test.settings)
		require.Equal(t, test.refused, vendorCode(t, CheckClient(nil)(t.Context(), req)), test.header)
	}
}

func TestAnAccessTokenIsReadUnderTheClientsPrefixTokenAndBearer(t *testing.T) {
	for header, refused := range map[string]string{"Token t": "", "bearer t": "", "HOSTAPP t": "", "Basic t": InvalidAccessToken, "OAuth t": InvalidAccessToken} {
		r := httptest.NewRequest(http.MethodGet, "/api/get_user_data/", nil)
		r.Header.Set("Authorization", header)
		req, err := decodeBearer(r)
		require.NoError(t, err)
		require.Equal(t, authz.Params{"access_token": "t"}, req.Params)
		req.Client = speaker(`{"authorization_prefix":"Hostapp"}`)
		require.Equal(t, refused, vendorCode(t, checkBearer(nil)(t.Context(), req)), header)
	}
}

func TestHeadersNameTheClientAndItsMiniApp(t *testing.T) {
	apps := func(_ context.Context, id string) ([]*storage.Client, error) {
		switch id {
		case "other":
			return []*storage.Client{{ID: "another"}}, nil
		case "down":
			return nil, storage.ErrUnavailable
		}
		return nil, nil
	}
	for _, test := range []struct {
		settings    string
		app, host   []string
		refused     string
		unavailable bool
	}{
		{settings: `{}`},
		{settings: `{"app_id":"mini"}`, app: []string{"mini"}, host: []string{"host"}},
		{settings: `{}`, app: []string{"host"}}, // the client_id, where the record names no app_id
		{settings: `{"app_id":"mini"}`, app: []string{"host"}, refused: MiniAppNotFound},
		{settings: `{"app_id":"mini"}`, app: []string{"other"}, refused: NoIntegration},
		{settings: `{"app_id":"mini"}`, app: []string{"mini", "other"}, refused: NoIntegration},
		{settings: `{"app_id":"mini"}`, app: []string{"MINI"}, refused: MiniAppNotFound},
		{settings: `{"app_id":"mini"}`, app: []string{"down"}, unavailable: true},
		{settings: `{"app_id":"mini"}`, host: []string{"mini"}, refused: HostAppNotFound},
		{settings: `{"app_id":"mini"}`, app: []string{""}, host: []string{""}},
		{settings: `{"strict_headers":true}`, refused: MissingHeader},
		{settings: `{"strict_headers":true}`, app: []string{"host"}, refused: MissingHeader},
		{settings: `{"strict_headers":true}`, app: []string{""}, host: []string{"host"}, refused: MissingHeader},
		{settings: `{"strict_headers":true}`, app: []string{"host"}, host: []string{"host"}},
	} {
		r := post("", "")
		r.Header.Set("Authorization", "Token aWQ6cw==")
		for _, id := range test.app {
			r.Header.Add("x-miniapp-app-id", id)
		}
		for _, id := range test.host {
			r.Header.Add("x-hostapp-client-id", id)
		}
		req := DecodeClient(r)
		req.Client = speaker(test.settings)
		err := CheckClient(apps)(t.Context(), req)
		if test.unavailable {
			require.ErrorIs(t, err, storage.ErrUnavailable)
			continue
		}
		require.Equal(t, test.refused, vendorCode(t, err), "%+v", test)
	}
}

func TestEveryCauseHasItsErrorCodeAndStatus200(t *testing.T) {
	unknown := &authz.Request{}
	known := &authz.Request{Client: speaker(`{}`)}
	refusal := authz.Refuse
	for _, test := range []struct {
		req    *authz.Request
		e      *authz.Error
		code   string
		status int
	}{
		{unknown, refusal("invalid_client", ""), AccessDenied, 200},
		{unknown, refusal("invalid_client", "").For(authz.ReasonUnknownClient), HostAppNotFound, 200},
		{known, refusal("invalid_client", "").For(authz.ReasonUnapproved), NoIntegration, 200},
		{known, refusal("unauthorized_client", ""), FeatureDisabled, 200},
		{known, refusal("invalid_grant", ""), "INVALID", 200},
		{known, refusal("invalid_grant", "").For(authz.ReasonExpired), "EXPIRED", 200},
		{known, refusal("invalid_grant", "").For(authz.ReasonWithdrawn), AccessDenied, 200},
		{known, refusal("invalid_token", "").For(authz.ReasonRevoked), "INVALID", 200},
		{known, refusal("insufficient_scope", ""), "INVALID", 200},
		{unknown, &authz.Error{Status: 401, Reason: authz.ReasonNoToken}, "INVALID", 200},
		{known, refusal("invalid_request", ""), "INVALID", 200},
		{unknown, refusal("invalid_request", ""), ParsingError, 200},
		{unknown, &authz.Error{Code: "invalid_request", Status: 413}, ParsingError, 200},
		{known, refusal("server_error", ""), UnknownError, 200},
		{known, refusal("temporarily_unavailable", ""), UnknownError, 503},
		{known, refusal("temporarily_unavailable", "").WithStatus(429), UnknownError, 429},
		{unknown, &authz.Error{Code: "invalid_request", Status: 404}, NotImplemented, 404},
		{unknown, &authz.Error{Code: "invalid_request", Status: 405}, NotImplemented, 405},
		{unknown, &authz.Error{Code: "invalid_request", Status: 414}, ParsingError, 414},
	} {
		got := fail("INVALID", "EXPIRED")(test.req, test.e)
		require.Equal(t, authz.Response{Status: test.status, Code: test.code, Body: map[string]string{"error_code": test.code}}, got, "%+v", test.e)
	}
}

func TestUserDataIsWhatTheMiniAppRequiresAndThePersonAllowed(t *testing.T) {
	const everything = `{"sub":"u","name":"Ana Souza","given_name":"Ana","family_name":"Souza","preferred_username":"ana","email":"ana@example.com","email_verified":true,
		"phone_number":"+59899123456","phone_number_verified":true,"address":{"locality":"Canelones"},"points":120,"unionid":"x"}`
	for _, test := range []struct{ settings, claims, refused, data string }{
		{`{}`, everything, "", `{"reference":"u","email":"ana@example.com","phone":"+59899123456","first_name":"Ana","last_name":"Souza","custom_attributes":{"points":120,"unionid":"x"}}`},
		{`{}`, `{"sub":"u"}`, "", `{"reference":"u"}`},
		{`{"required_fields":["email"]}`, everything, "", `{"reference":"u","email":"ana@example.com","custom_attributes":{"points":120,"unionid":"x"}}`},
		{`{"required_fields":["last_name"]}`, `{"sub":"u","given_name":"Ana","family_name":"Souza"}`, "", `{"reference":"u","last_name":"Souza"}`},
		{`{}`, `{"email":"a@b.example","email_verified":false,"phone_number":"+59899123456","phone_number_verified":false}`, "", `{"reference":"u"}`},
		{`{}`, `{"email":"a@b.example","phone_number":"+59899123456"}`, "", `{"reference":"u"}`},
		{`{"required_fields":["email"]}`, `{"email":"a@b.example","email_verified":false}`, InvalidUserData, ""},
		{`{"required_fields":["email","phone"]}`, `{"email":"a@b.example","email_verified":true,"phone_number":null,"phone_number_verified":null}`, InvalidUserData, ""},
		{`{"required_fields":["first_name"]}`, `{"given_name":null}`, InvalidUserData, ""},
		{`{"required_fields":["email","first_name"]}`, `{"email":"a@b.example","email_verified":true}`, AccessDenied, ""},
	} {
		a := &authz.Answer{Kind: "user", Subject: "u", Claims: map[string]any{}}
		var claims map[string]any // null: allowed, and not there
		require.NoError(t, json.Unmarshal([]byte(test.claims), &claims))
		for name, value := range claims {
			a.Allowed = append(a.Allowed, name)
			if value != nil {
				a.Claims[name] = value
			}
		}
		req := &authz.Request{Client: speaker(test.settings)}
		require.Equal(t, test.refused, vendorCode(t, checkUserData(req, a)), "%+v", test)
		if test.refused == "" {
			got, err := json.Marshal(encodeUserData(req, a).Body)
			require.NoError(t, err)
			require.JSONEq(t, `{"user_data":`+test.data+`}`, string(got))
		}
	}
}

func TestACompanysTokenHasNoUserData(t *testing.T) {
	req := &authz.Request{Client: speaker(`{}`)}
	require.Equal(t, InvalidAccessToken, vendorCode(t, checkUserData(req, &authz.Answer{Kind: "company"})))
}

func TestTheStandardClaimsNeverBecomeCustomAttributes(t *testing.T) {
	claims := map[string]any{"points": 1}
	for _, name := range standardClaims {
		claims[name] = "x"
	}
	require.Equal(t, map[string]any{"points": 1}, customAttributes(claims))
}

// requireToken wants text under RFC names, or a refusal that the format can tell.
func requireToken(t *testing.T, req *authz.Request, err error, params ...string) {
	t.Helper()
	require.NotNil(t, req)
	if err != nil {
		var e *authz.Error
		require.True(t, errors.As(err, &e) && e.Status < 500, "%v", err)
		return
	}
	for name, value := range req.Params {
		require.Contains(t, append(params, "grant_type"), name)
		require.True(t, value != "" && utf8.ValidString(value) && !strings.ContainsRune(value, 0), "%s: %q", name, value)
	}
	require.True(t, req.Authorization == "" || strings.HasPrefix(req.Authorization, "Basic "))
}

func FuzzDecodeCode(f *testing.F) {
	f.Add("Basic aWQ6cw==", "application/json", `{ "authCode": "{{HOSTAPP_AUTH_CODE_THAT_COMES_FROM_SDK}}" }`)
	f.Add("Token", "", `{"auth_code":"c","authCode":"d"}`)
	f.Add(" a b ", "text/json", "auth_code=%00")
	f.Fuzz(func(t *testing.T, authorization, contentType, body string) {
		r := post(contentType, body)
		r.Header.Set("Authorization", authorization)
		req, err := decodeCode(r)
		requireToken(t, req, err, "code", "code_verifier")
	})
}

func FuzzDecodeRefresh(f *testing.F) {
	f.Add("Token aWQ6cw==", "application/json", `{"refresh_token":"r"}`)
	f.Add("", "", "refresh_token=r&refresh_token=s")
	f.Fuzz(func(t *testing.T, authorization, contentType, body string) {
		r := post(contentType, body)
		r.Header.Set("Authorization", authorization)
		req, err := decodeRefresh(r)
		requireToken(t, req, err, "refresh_token")
	})
}

func FuzzDecodeBearer(f *testing.F) {
	f.Add("Token t")
	f.Add(" bearer\tt\u00a0")
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/api/get_user_data/", nil)
		r.Header.Set("Authorization", header)
		req, err := decodeBearer(r)
		require.NoError(t, err)
		require.Len(t, req.Params, 1)
		token := req.Params["access_token"]
		require.Equal(t, strings.TrimSpace(token), token)
	})
}
