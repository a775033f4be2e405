package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// openURL is the command open EMAIL PASSWORD allow|deny [VARIABLE=parameter …] URL: a browser that nobody is signed in to
// opens the URL, signs in and decides where it is asked, ticking everything, and sets variables to parameters of the
// redirect that leaves the server; the parameter URL is all of it.
func openURL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || args[2] != "allow" && args[2] != "deny" {
		ts.Fatalf("usage: open EMAIL PASSWORD allow|deny [VARIABLE=parameter …] URL")
	}
	p, err := newPerson(args[0], args[1], args[2])
	ts.Check(err)
	left, err := p.open(args[len(args)-1])
	ts.Check(err)
	for _, pair := range args[3 : len(args)-1] {
		variable, parameter, _ := strings.Cut(pair, "=")
		value := left.Query().Get(parameter)
		if parameter == "URL" {
			value = left.String()
		}
		if value == "" {
			ts.Fatalf("no parameter %q in %s", parameter, left)
		}
		ts.Setenv(variable, value)
	}
}

// person is somebody at a browser of their own.
type person struct {
	email, password, decision string
	http.Client
}

func newPerson(email, password, decision string) (*person, error) {
	jar, err := cookiejar.New(nil)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &person{email, password, decision, http.Client{Jar: jar, CheckRedirect: stay}}, err
}

// open goes from page to page until a redirect leaves the server, and returns where to.
func (p *person) open(target string) (*url.URL, error) {
	at, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	server, response, body := at.Host, (*http.Response)(nil), ""
	for range 10 {
		if response == nil {
			if response, body, err = p.do(http.MethodGet, at, nil); err != nil {
				return nil, err
			}
		}
		switch location := response.Header.Get("Location"); {
		case location != "":
			if at, err = at.Parse(location); err != nil || at.Host != server {
				return at, err
			}
			response = nil
		default:
			action, form, ok := p.fill(body)
			if !ok {
				return nil, fmt.Errorf("%s answers %s, with neither a redirect nor a form to sign in or decide: %s", at, response.Status, body)
			}
			if at, err = at.Parse(action); err != nil {
				return nil, err
			}
			if response, body, err = p.do(http.MethodPost, at, form); err != nil {
				return nil, err
			}
		}
	}
	return nil, errors.New("the redirects do not end")
}

// fill fills in the form that a page has for this person.
func (p *person) fill(body string) (action string, form url.Values, ok bool) {
	if action, form, ok = readForm(body, "sign-in"); ok {
		form.Set("username", p.email)
		form.Set("password", p.password)
		return action, form, ok
	}
	if action, form, ok = readForm(body, "consent"); ok {
		if p.decision == "allow" {
			form["scope"], _ = readCheckboxes(body)
		}
		form.Set("decision", p.decision)
	}
	return action, form, ok
}

func (p *person) do(method string, at *url.URL, form url.Values) (*http.Response, string, error) {
	r, err := http.NewRequest(method, at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, "", err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	response, err := p.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode >= http.StatusBadRequest {
		err = errors.Join(err, fmt.Errorf("%s %s answers %s: %s", method, at, response.Status, body))
	}
	return response, string(body), err
}

// sameKeys is the command samekeys GOT WANT: two files hold JSON with the same keys and with values of the same types; a
// file may be stdout. A whole number is another type than one with a fraction, and every item of a list has the type of
// one of the other's.
func sameKeys(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: samekeys GOT WANT")
	}
	got, err := decodeJSON(ts.ReadFile(args[0]))
	ts.Check(err)
	want, err := decodeJSON(ts.ReadFile(args[1]))
	ts.Check(err)
	switch err := sameShape("it", got, want); {
	case err != nil && !neg:
		ts.Fatalf("%s and %s differ: %v", args[0], args[1], err)
	case err == nil && neg:
		ts.Fatalf("%s and %s have the same keys and types", args[0], args[1])
	}
}

func sameShape(at string, got, want any) error {
	if jsonType(got) != jsonType(want) {
		return fmt.Errorf("%s is of type %s, not %s", at, jsonType(got), jsonType(want))
	}
	switch want := want.(type) {
	case map[string]any:
		has, wanted := slices.Sorted(maps.Keys(got.(map[string]any))), slices.Sorted(maps.Keys(want))
		if !slices.Equal(has, wanted) {
			return fmt.Errorf("%s has the keys %q, not %q", at, has, wanted)
		}
		for key, value := range want {
			if err := sameShape(at+"."+key, got.(map[string]any)[key], value); err != nil {
				return err
			}
		}
	case []any:
		return sameItems(at, got.([]any), want)
	}
	return nil
}

func sameItems(at string, got, want []any) error {
	if len(got) == 0 != (len(want) == 0) {
		return fmt.Errorf("%s has %d items, not %d", at, len(got), len(want))
	}
	for i, item := range got {
		err := sameShape(fmt.Sprintf("%s[%d]", at, i), item, want[0])
		fits := err == nil || slices.ContainsFunc(want, func(sample any) bool { return sameShape("", item, sample) == nil })
		if !fits {
			return err
		}
	}
	return nil
}

func jsonType(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "list"
	case string:
		return "string"
	case bool:
		return "boolean"
	default:
		if types["int"](v) {
			return "integer"
		}
		return "number"
	}
}
