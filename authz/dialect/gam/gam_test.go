package gam

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
	"gatehouse/storage"
)

func post(target, body string) *http.Request {
	return httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
}

func TestParameterNamesAreReadInAnyCaseAndOnce(t *testing.T) {
	for body, want := range map[string]authz.Params{
		"Grant_type=authorization_code&CODE=c&Client_Id=": {"grant_type": "authorization_code", "code": "c"},
		`{"GRANT_TYPE": "a", "scope": null, "X": [1]}`:    {"grant_type": "a"},
		"refresh_to\u212aen=r&code=c":                     {"code": "c"},
		"scope=a&scope=b&code=c":                          {"code": "c"},
		"code=c&Code=":                                    nil,
		"code=c&code=c":                                   nil,
		`{"code":"a","CODE":"b"}`:                         nil,
		`{"code":["a"]}`:                                  nil,
	} {
		params, err := ReadForm(post("/x", body), tokenParameters...)
		require.Equal(t, want == nil, err != nil, body)
		if want != nil {
			require.Equal(t, want, params, body)
		}
	}
	_, err := ReadForm(post("/x?Code=c", "grant_type=a"), tokenParameters...)
	require.ErrorContains(t, err, "not into the URL")
	_, err = ReadForm(post("/x?gxid=1", "grant_type=a"), tokenParameters...)
	require.NoError(t, err)
}

func TestAnAccessTokenIsBareOrBehindOAuthOrBearer(t *testing.T) {
	for header, token := range map[string]string{
		"t": "t", "OAuth t": "t", "oauth t": "t", "Bearer t": "t", "BEARER  t": "t",
		"": "", "Bearer": "", "OAuth": "", "Basic t": "", "Token t": "",
	} {
		require.Equal(t, token, tokenOf(header), header)
	}
}

func TestAttributesAreTextsAndListsHaveMultiValues(t *testing.T) {
	a := &authz.Answer{
		Client: &storage.Client{}, Person: &storage.User{}, Subject: "u", Scope: []string{"gam_user_data", "gam_user_additional_data", "user_EmployeeID"},
		Claims: map[string]any{
			"sub": "u", "name": "Ana Souza", "email": "ana@example.com", "email_verified": false, "phone_number_verified": true, "gender": "female",
			"address": map[string]any{"street_address": "Street 1", "locality": "Canelones"}, "custominfo": map[string]any{"a": "<&>"},
			"roles": []string{"admin"}, "application_data": "x", "initial_properties": map[string]any{"b": true, "a": 1.0},
			"EmployeeID": "123100",
			"attributes": map[string]any{"points": 120.0, "tags": []any{"x", 2.0, map[string]any{"Id": "k", "Value": "v"}, map[string]any{"a": "b"}}, "Company": map[string]any{"GX": "GeneXus", "GL": "Globant"}, "EmployeeID": "123100", "none": []any{}},
		},
	}
	before, err := json.Marshal(a.Claims)
	require.NoError(t, err)
	got, err := json.Marshal(userInfoOf(a))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"guid": "u", "external_id": "u", "email": "ana@example.com", "verified_email": false, "gender": "F", "address": "Street 1",
		"custominfo": "{\"a\":\"<&>\"}", "roles": ["admin"], "application_data": "x",
		"initial_properties": [{"Id": "a", "Value": "1"}, {"Id": "b", "Value": "true"}],
		"attributes": [
			{"Id": "Company", "IsMultiValue": true, "Value": "", "MultiValues": [{"Id": "GL", "Value": "Globant"}, {"Id": "GX", "Value": "GeneXus"}]},
			{"Id": "EmployeeID", "IsMultiValue": false, "Value": "123100"},
			{"Id": "none", "IsMultiValue": true, "Value": ""},
			{"Id": "points", "IsMultiValue": false, "Value": "120"},
			{"Id": "tags", "IsMultiValue": true, "Value": "", "MultiValues": [{"Id": "1", "Value": "x"}, {"Id": "2", "Value": "2"}, {"Id": "k", "Value": "v"}, {"Id": "4", "Value": "{\"a\":\"b\"}"}]}
		]}`, string(got))
	after, err := json.Marshal(a.Claims)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "an answer is written without being changed")
}

func TestEachScopeReleasesExactlyItsProperties(t *testing.T) {
	claims := map[string]any{"sub": "u", "name": "Ana Souza", "unionid": "x", "updated_at": 1}
	for scope, want := range map[string]string{
		"user_name":        `{"guid": "", "name": "Ana Souza"}`,
		"user_guid":        `{"guid": "u"}`,
		"user_external_id": `{"guid": "", "external_id": "u"}`,
		"gam_user_data":    `{"guid": "u", "external_id": "u"}`,
		"fullcontrol":      `{"guid": "u", "external_id": "u"}`,
		"user_city":        `{"guid": ""}`,
	} {
		a := &authz.Answer{Client: &storage.Client{}, Person: &storage.User{}, Subject: "u", Scope: []string{scope}, Claims: claims}
		got, err := json.Marshal(userInfoOf(a))
		require.NoError(t, err)
		require.JSONEq(t, want, string(got), scope)
		a.Client = &storage.Client{SubjectType: "pairwise"}
		require.Empty(t, userInfoOf(a).GUID, scope)
		require.Equal(t, "u", userInfoOf(a).ExternalID, scope)
	}
}

// checkDecoded wants texts under RFC names and nothing else.
func checkDecoded(t *testing.T, req *authz.Request, err error, names []string) {
	if err != nil && !strings.Contains(err.Error(), "invalid_request") {
		t.Fatalf("not in the words of the RFCs: %v", err)
	}
	if req == nil {
		return
	}
	for name, value := range req.Params {
		if names != nil && !slices.Contains(names, name) {
			t.Fatalf("parameter %q", name)
		}
		if value == "" || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
			t.Fatalf("%s = %q", name, value)
		}
	}
}

func FuzzDecodeToken(f *testing.F) {
	f.Add("Grant_type=authorization_code&code=c&client_id=i&client_secret=s", "", "")
	f.Add(`{"grant_type":"refresh_token","refresh_token":"r","scope":null}`, "application/json", "Basic aTpz")
	f.Add("code=%00&CODE=%ff", "text/plain", "OAuth t")
	f.Fuzz(func(t *testing.T, body, contentType, authorization string) {
		r := post("/oauth/gam/v2.0/access_token", body)
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", authorization)
		req, err := decodeToken(r)
		checkDecoded(t, req, err, tokenParameters)
		if req.Authorization != "" && !strings.EqualFold(req.Authorization[:5], "Basic") {
			t.Fatal(req.Authorization)
		}
	})
}

func FuzzDecodeUserInfo(f *testing.F) {
	f.Add("access_token=t", "OAuth t", "")
	f.Add(`{"Access_Token":"t"}`, "t", "ACCESS_TOKEN=t")
	f.Fuzz(func(t *testing.T, body, authorization, query string) {
		r := post("/oauth/gam/userinfo", body)
		r.URL.RawQuery = query
		r.Header.Set("Authorization", authorization)
		req, err := decodeUserInfo(r)
		if authorization == "" || utf8.ValidString(authorization) && !strings.ContainsRune(authorization, 0) { // net/http lets no other through
			checkDecoded(t, req, err, []string{"access_token"})
		}
	})
}

func FuzzDecodeAuthorize(f *testing.F) {
	f.Add("oauth=auth&client_id=c&redirect_uri=https%3A%2F%2Fa.example%2Fcb&state=s&scope=user_email+user_guid")
	f.Add("Response_Type=code&scope=a,b%2Bc&Scope=d&state=%00")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/oauth/gam/signin", nil)
		r.URL = &url.URL{Path: r.URL.Path, RawQuery: query}
		req, err := decodeAuthorize(r)
		checkDecoded(t, req, err, nil)
		if req != nil && strings.ContainsAny(req.Params["scope"], ",+") {
			t.Fatal(req.Params["scope"])
		}
	})
}

func TestWhoHasNoCustomInfoHasTheirAttributesThereWhereBothWereAllowed(t *testing.T) {
	of := func(claims map[string]any, allowed ...string) string {
		return userInfoOf(&authz.Answer{Client: &storage.Client{}, Person: &storage.User{}, Subject: "u", Claims: claims, Allowed: allowed}).CustomInfo
	}
	own := map[string]any{"City": "Canelones", "points": 120}
	require.Equal(t, `{"City":"Canelones","points":120}`, of(map[string]any{"attributes": own}, "attributes", "custominfo"))
	require.Equal(t, "kept", of(map[string]any{"attributes": own, "custominfo": "kept"}, "attributes", "custominfo"))
	require.Empty(t, of(map[string]any{"attributes": own}, "attributes"), "custominfo was not allowed")
	require.Empty(t, of(map[string]any{"EmployeeID": "1"}, "EmployeeID", "custominfo"), "nor were all attributes")
}

func TestTooManyRequestsAreNoWordAboutAToken(t *testing.T) {
	tooMany := authz.Refuse(authz.CodeTemporarilyUnavailable, "Slow down.").WithStatus(http.StatusTooManyRequests)
	for _, settings := range []string{`{}`, `{"error_format":"gam"}`} {
		req := &authz.Request{Client: &storage.Client{Dialects: map[string]json.RawMessage{"gam": json.RawMessage(settings)}}}
		answer := failUserInfo(req, tooMany)
		require.Equal(t, http.StatusTooManyRequests, answer.Status)
		require.Equal(t, "429", answer.Code)
		require.Empty(t, answer.Header, "a challenge would ask for another token")
	}
}
