package dialect_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

func read(body, contentType string, comments bool) (dialect.Body, error) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return dialect.ReadBody(r, comments)
}

func TestReadBodyTellsJSONFromAFormByItsFirstByte(t *testing.T) {
	const form, jsonType = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
	for _, test := range []struct{ name, body, contentType string }{
		{"JSON", `{"code": "a+b", "state": ""}`, jsonType},
		{"JSON as curl -d sends it", `{"code": "a+b"}`, form},
		{"JSON without a type", " \r\n\t{\"code\": \"a+b\"}\n", ""},
		{"a form", "code=a%2Bb&state=", form},
		{"a form without a type", "code=a%2Bb", ""},
		{"an escape in JSON", `{"code": "\u0061+b"}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			body, err := read(test.body, test.contentType, false)
			require.NoError(t, err)
			require.True(t, body.Has("code"))
			require.False(t, body.Has("nonce"))
			params, err := body.Params(map[string]string{"code": "code", "state": "state", "nonce": "nonce"})
			require.NoError(t, err)
			require.Equal(t, authz.Params{"code": "a+b"}, params)
		})
	}
}

func TestReadBodyRefusesWhatIsNeither(t *testing.T) {
	for _, test := range []struct {
		name, body, contentType string
		status                  int
	}{
		{"a form that says it is JSON", "code=a", "application/json", 400},
		{"nothing that says it is JSON", "", "application/json", 400},
		{"an array", `["code"]`, "application/json", 400},
		{"broken JSON", `{"code": `, "", 400},
		{"JSON with more behind it", `{"code": "a"} {"code": "b"}`, "", 400},
		{"a member twice", `{"code": "a", "code": "b"}`, "", 400},
		{"a member twice by an escape", `{"code": "a", "\u0063ode": "b"}`, "", 400},
		{"a comment", "{\"code\": \"a\" // here\n}", "", 400},
		{"a bad escape in a form", "code=%zz", "", 400},
		{"a NUL byte", "{\"code\": \"a\x00\"}", "", 400},
		{"an escaped NUL in a form", "code=a%00", "", 400},
		{"no UTF-8", "{\"code\": \"\xff\"}", "", 400},
		{"no UTF-8 in a form", "code=%ff", "", 400},
		{"1 MiB", `{"code": "` + strings.Repeat("a", 1<<20) + `"}`, "", 413},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := read(test.body, test.contentType, false)
			requireRefusal(t, err, test.status)
		})
	}
}

func requireRefusal(t *testing.T, err error, status int) {
	t.Helper()
	var e *authz.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, authz.CodeInvalidRequest, e.Code)
	require.Equal(t, status, e.Status)
}

func TestReadBodyTakesCommentsWhereTheVendorHasThem(t *testing.T) {
	body, err := read("{\"code\": \"a\", // the code\n \"tpd\": {\"a\": 1, }}", "", true)
	require.NoError(t, err)
	require.JSONEq(t, `{"a": 1}`, string(body.Raw("tpd")))
	require.ElementsMatch(t, []string{"code", "tpd"}, body.Names())
}

func TestTextIsAStringThatIsThereOnce(t *testing.T) {
	for _, value := range []string{`null`, `1`, `true`, `["a"]`, `{"a": "b"}`, `"\u0000"`} {
		body, err := read(`{"code": `+value+`}`, "", false)
		require.NoError(t, err)
		_, err = body.Text("code")
		requireRefusal(t, err, 400)
		_, err = body.Params(map[string]string{"code": "code"})
		requireRefusal(t, err, 400)
	}
	body, err := read("code=a&code=a", "", false)
	require.NoError(t, err)
	_, err = body.Text("code")
	requireRefusal(t, err, 400)
}

func TestScopeIsInTheRFCsSpellingWhateverSeparatesIt(t *testing.T) {
	for given, want := range map[string]string{
		"a,b,c": "a b c", "a b": "a b", "a+b": "a b", " a , b+ ": "a b", "": "", ",": "",
	} {
		require.Equal(t, want, dialect.Scope(given))
	}
}

// FuzzReadBody holds that whatever is sent is refused with invalid_request or read, and that what is read is text.
func FuzzReadBody(f *testing.F) {
	for _, body := range []string{`{"code": "a", "tpd": {"b": [1]}}`, "code=a&code=b", `{"code": null}`, "{// c\n}", `["a"]`, "%00=a", "{\"\\u0000\": \"\\ud800\"}"} {
		f.Add(body, "application/json", true)
		f.Add(body, "", false)
	}
	f.Fuzz(func(t *testing.T, raw, contentType string, comments bool) {
		body, err := read(raw, contentType, comments)
		var e *authz.Error
		if err != nil {
			require.True(t, errors.As(err, &e) && e.Code == authz.CodeInvalidRequest, err)
			return
		}
		for _, name := range body.Names() {
			require.True(t, body.Has(name))
			text, err := body.Text(name)
			require.True(t, err == nil || errors.As(err, &e), err)
			require.True(t, utf8.ValidString(text) && !slices.Contains([]byte(text), 0))
		}
	})
}
