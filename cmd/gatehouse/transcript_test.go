package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

// The runner itself: a transcript that is wrong has to fail.

func TestATranscriptIsRefusedWhenSomethingInItIsNotUsed(t *testing.T) {
	t.Parallel()
	const request, answer = "-- request --\nGET /\n", "-- answer --\n200\n"
	for name, test := range map[string][2]string{
		"no comment":                    {request + answer, "comment is missing"},
		"no request":                    {"What it shows.\n-- setup --\nforward 1s\n", "no answer"},
		"no answer":                     {"x\n" + request, "no answer"},
		"an answer too many":            {"x\n" + request + answer + answer, "has no request"},
		"an empty answer":               {"x\n" + request + "-- answer --\n", "nothing in it"},
		"an unknown section":            {"x\n-- reqest --\nGET /\n", "comes before any request"},
		"an unknown section afterwards": {"x\n" + request + answer + "-- anwser --\n", "is not a section"},
		"params after the answer":       {"x\n" + request + answer + "-- params --\n", "between a request and its answer"},
		"params after members":          {"x\n" + request + "-- members --\na=b\n-- params --\na=b\n" + answer, "before call and members"},
		"members twice":                 {"x\n" + request + "-- members --\na=b\n-- members --\na=b\n" + answer, "twice"},
		"a setup in between":            {"x\n" + request + "-- setup --\n" + answer, "before the answer"},
		"a request in between":          {"x\n" + request + request + answer, "before the answer"},
		"others without parallel":       {"x\n" + request + answer + "-- others --\n200\n", "parallel"},
		"parallel without others":       {"x\n-- parallel 20 --\nGET /\n" + answer, "no answer"},
		"parallel without a number":     {"x\n-- parallel --\nGET /\n" + answer, "how often"},
		"repeat without a number":       {"x\n-- repeat --\nGET /\n" + answer, "how often"},
		"a call without a reply":        {"x\n" + request + "-- call --\nGET /\n" + answer, "before the reply"},
		"members before a reply":        {"x\n" + request + "-- call --\nGET /\n-- members --\na=b\n-- reply --\n200\n" + answer, "before the reply"},
		"a reply without a call":        {"x\n" + request + "-- reply --\n200\n" + answer, "in pairs"},
		"a call after members":          {"x\n" + request + "-- members --\na=b\n-- call --\nGET /\n-- reply --\n200\n" + answer, "its params, and the members"},
		"a request without a path":      {"x\n-- request --\nGET\n" + answer, "must begin"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseTranscript([]byte(test[0]))
			require.ErrorContains(t, err, test[1])
		})
	}
}

func TestAnAnswerIsComparedExactly(t *testing.T) {
	t.Parallel()
	sent := func() wireAnswer {
		header := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Location": {"https://a.example/cb?code=c1&state=s"}}
		body := `{"token": "t1", "life": null, "n": 1, "list": [{"a": true}], "again": "t1"}`
		return wireAnswer{&http.Response{Status: "201 Created", StatusCode: 201, Header: header, Body: io.NopCloser(strings.NewReader(""))}, body}
	}
	const body = `{"token": "$t", "life": null, "n": 1, "list": [{"a": true}], "again": "$t"}`
	for _, test := range []struct{ name, section, says string }{
		{"as it is", "201\nCache-Control: no-store\nX-Other:\nLocation: https://a.example/cb?state=s&code=$c\n\n" + body, ""},
		{"by types", "201\n\n" + `{"token": "$string", "life": "$any", "n": "$int", "list": "$array", "again": "$t"}`, ""},
		{"in part by a name", "201\n\n" + strings.Replace(body, `"again": "$t"`, `"again": "${KNOWN}1"`, 1), ""},
		{"another status", "200\n\n" + body, "the status is 201"},
		{"a header that is not there", "201\nX-Other: a\n\n" + body, "is missing"},
		{"a header that should not be there", "201\nCache-Control:\n\n" + body, "should not be there"},
		{"another header", "201\nCache-Control: private\n\n" + body, `is "no-store"`},
		{"a parameter too many", "201\nLocation: https://a.example/cb?state=s\n\n" + body, "parameter code=c1"},
		{"a parameter too few", "201\nLocation: https://a.example/cb?state=s&code=c1&iss=i\n\n" + body, "lacks the parameter iss"},
		{"another parameter", "201\nLocation: https://a.example/cb?state=S&code=c1\n\n" + body, "parameter state"},
		{"another place", "201\nLocation: https://b.example/cb?state=s&code=c1\n\n" + body, "leads elsewhere"},
		{"a key too many", "201\n\n" + `{"token": "$t", "n": 1, "list": [{"a": true}], "again": "$t"}`, "has the key life"},
		{"a key too few", "201\n\n" + strings.Replace(body, `"n"`, `"m": 1, "n"`, 1), "lacks the key m"},
		{"null for a number", "201\n\n" + strings.Replace(body, `null`, `0`, 1), "life is null, not 0"},
		{"another spelling of a number", "201\n\n" + strings.Replace(body, `"n": 1`, `"n": 1.0`, 1), "n is 1, not 1.0"},
		{"another type", "201\n\n" + strings.Replace(body, `true`, `"$string"`, 1), "list[0].a is true, which is no string"},
		{"a name of another value", "201\n\n" + strings.Replace(body, `"again": "$t"`, `"again": "$KNOWN"`, 1), "not the value of $KNOWN"},
		{"a name without a value in a text", "201\n\n" + strings.Replace(body, `"again": "$t"`, `"again": "a$new"`, 1), "$new has no value"},
		{"no body", "201\n", "none should be"},
		{"a page", "201\n\npage", "it is no page"},
		{"no JSON", "201\n\nsomething", "neither JSON nor page nor text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := sent().match(test.section, learned{"KNOWN": "t"})
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestAnAnswerIsHeldAgainstWhatNoDialectMayGetWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body string
		status     int
		header     http.Header
		says       string
	}{
		{"JSON that may be stored", "{}", 200, http.Header{"Content-Type": {"application/json"}}, "no-store"},
		{"JSON as a page", "{}", 200, http.Header{"Content-Type": {"text/html"}, "Cache-Control": {"no-store"}}, "no-store"},
		{"405", "", 405, http.Header{}, "Allow"},
		{"503", "", 503, http.Header{}, "Retry-After"},
		{"500", "", 500, http.Header{}, "500"},
		{"a redirect to a cleaner path", "", 307, http.Header{"Location": {"/v1/a"}}, "another spelling"},
		{"a redirect elsewhere", "", 303, http.Header{"Location": {"/login"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := wireAnswer{&http.Response{StatusCode: test.status, Header: test.header}, test.body}
			err := a.manners("POST //v1/a/?b=c\n", false)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestWordsOfACommand(t *testing.T) {
	t.Parallel()
	got, err := words(`open ana@example.com  scope="a b" "c \"d\"" /x?y#z # the rest`)
	require.NoError(t, err)
	require.Equal(t, []string{"open", "ana@example.com", "scope=a b", `c "d"`, "/x?y#z"}, got)
	_, err = words(`let A "b`)
	require.Error(t, err)
}

// Vendors' endpoints take credentials of their own, so posts of other sites are let through, and scripts of other sites
// learn nothing.
func TestVendorsEndpointsTakePostsFromAnywhereAndTellScriptsNothing(t *testing.T) {
	t.Parallel()
	p := newPlay(t, testdb.SQLite(t))
	const site = "Origin: https://evil.example\nSec-Fetch-Site: cross-site\n"
	for _, path := range []string{"/v1/oauth/access_token", "//chef/v1/oauth/token/user/", "/api/get_access_token", "/oauth/gam/v2.0/access_token"} {
		a := p.send("POST " + path + "\n" + site + "\n{}\n")
		require.NotEqual(t, http.StatusForbidden, a.StatusCode, path)
		require.Contains(t, a.Header.Get("Content-Type"), "application/json", path)
		for name := range a.Header {
			require.NotContains(t, name, "Access-Control", path)
		}
	}
	a := p.send("POST /login\n" + site + "\n\n")
	require.Equal(t, http.StatusForbidden, a.StatusCode, "pages are protected as ever")
}

func TestOurPathsAreNotUnderAPrefix(t *testing.T) {
	t.Parallel()
	p := newPlay(t, testdb.SQLite(t))
	for _, path := range []string{"/chef/oauth2/token", "/chef/login", "//oauth2/token", "/oauth2/token/", "/chef", "/virtual_dir/"} {
		require.Equal(t, http.StatusNotFound, p.send("GET "+path+"\n").StatusCode, path)
	}
}
