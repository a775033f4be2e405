package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// wireAnswer is what came back over the wire.
type wireAnswer struct {
	*http.Response
	body string
}

func (a wireAnswer) String() string {
	var text strings.Builder
	fmt.Fprintln(&text, a.Status)
	for _, name := range []string{"Content-Type", "Cache-Control", "Allow", "Location", "WWW-Authenticate", "Retry-After"} {
		for _, value := range a.Header.Values(name) {
			fmt.Fprintf(&text, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&text, "\n%.4000s", a.body)
	return text.String()
}

// send sends a request section byte for byte over a connection of its own. It may be called from several goroutines
// where no browser is named.
func (p *play) send(section string) wireAnswer {
	head, body, _ := strings.Cut(strings.TrimSuffix(section, "\n"), "\n\n")
	var browser string
	first, rest, _ := strings.Cut(head, "\n")
	first, browser, _ = strings.Cut(first, " in ")
	method, target, _ := strings.Cut(first, " ")
	host := strings.TrimPrefix(p.url, "http://")
	lines := []string{method + " " + strings.TrimSpace(target) + " HTTP/1.1"}
	if rest = strings.TrimSpace(rest); rest != "" {
		lines = append(lines, strings.Split(rest, "\n")...)
	}
	body, err := p.names.expand(body)
	require.NoError(p.t, err)
	has := func(name string) bool {
		return slices.ContainsFunc(lines[1:], func(line string) bool { return strings.HasPrefix(strings.ToLower(line), name+":") })
	}
	if !has("host") {
		lines = append(lines, "Host: "+host)
	}
	if !has("content-length") && !has("transfer-encoding") && (body != "" || method == http.MethodPost) {
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)))
	}
	if !has("connection") {
		lines = append(lines, "Connection: close")
	}
	for _, cookie := range p.cookies(browser) {
		lines = append(lines, "Cookie: "+cookie.String())
	}
	head, err = p.names.expand(strings.Join(lines, "\r\n"))
	require.NoError(p.t, err)
	a := exchangeBytes(p, host, method, head+"\r\n\r\n"+body)
	if browser != "" {
		p.browser(browser).Jar.SetCookies(p.origin(), a.Cookies())
	}
	return a
}

func exchangeBytes(p *play, host, method, raw string) wireAnswer {
	conn, err := net.Dial("tcp", host)
	require.NoError(p.t, err)
	defer conn.Close()
	require.NoError(p.t, conn.SetDeadline(time.Now().Add(60*time.Second)))
	go io.WriteString(conn, raw) // who refuses a body may hang up before its end
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(p.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	return wireAnswer{response, string(body)}
}

func (p *play) origin() *url.URL {
	origin, err := url.Parse(p.url + "/")
	require.NoError(p.t, err)
	return origin
}

func (p *play) cookies(browser string) []*http.Cookie {
	if browser == "" {
		return nil
	}
	return p.browser(browser).Jar.Cookies(p.origin())
}

// browser returns the browser of a name, a new one the first time.
func (p *play) browser(name string) *browser {
	if p.browsers[name] == nil {
		p.browsers[name] = p.newBrowser()
	}
	return p.browsers[name]
}

// manners holds an answer against what no dialect may get wrong.
func (a wireAnswer) manners(request string, panics bool) error {
	target := strings.Fields(firstLine(request))[1]
	target, _, _ = strings.Cut(target, "?")
	location, err := url.Parse(a.Header.Get("Location"))
	isJSON := strings.HasPrefix(a.body, "{") || strings.HasPrefix(a.body, "[")
	switch {
	case err != nil:
		return fmt.Errorf("Location is no URL: %w", err)
	case location.Path != "" && location.Host == "" && location.Path != target && path.Clean("/"+location.Path) == path.Clean("/"+target):
		return fmt.Errorf("it is a redirect to another spelling of the path")
	case isJSON && (!strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") || a.Header.Get("Cache-Control") != "no-store"):
		return fmt.Errorf("JSON has to come with application/json and no-store")
	case a.StatusCode == http.StatusMethodNotAllowed && a.Header.Get("Allow") == "":
		return fmt.Errorf("405 without Allow")
	case a.StatusCode == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "":
		return fmt.Errorf("503 without Retry-After")
	case a.StatusCode == http.StatusInternalServerError && !panics:
		return fmt.Errorf("no input gets a 500")
	}
	return nil
}

// match compares an answer with an answer section. It learns names.
func (a wireAnswer) match(section string, n learned) error {
	head, body, _ := strings.Cut(strings.TrimSuffix(section, "\n"), "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	if lines[0] != strconv.Itoa(a.StatusCode) {
		return fmt.Errorf("the status is %d, not %s", a.StatusCode, lines[0])
	}
	for _, line := range lines[1:] {
		name, want, found := strings.Cut(line, ":")
		if !found {
			return fmt.Errorf("%q is no header; an empty line goes before the body", line)
		}
		if err := a.matchHeader(name, strings.TrimSpace(want), n); err != nil {
			return fmt.Errorf("header %s %w", name, err)
		}
	}
	if a.StatusCode/100 == 3 {
		return nil // net/http writes a hint for people there
	}
	return a.matchBody(strings.TrimSpace(body), n)
}

func (a wireAnswer) matchHeader(name, want string, n learned) error {
	got := strings.Join(a.Header.Values(name), ", ")
	switch {
	case want == "" && got != "":
		return fmt.Errorf("is %q and should not be there", got)
	case want != "" && got == "":
		return fmt.Errorf("is missing")
	case name == "Location" && !wholeName.MatchString(want):
		return n.matchURL(want, got)
	case want == "":
		return nil
	}
	return n.match(want, got)
}

func (a wireAnswer) matchBody(want string, n learned) error {
	word, argument, _ := strings.Cut(want, " ")
	switch word {
	case "$any":
		return nil
	case "":
		if a.body != "" {
			return fmt.Errorf("there is a body, and none should be")
		}
		return nil
	case "page":
		if !strings.Contains(a.body, "<main") || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			return fmt.Errorf("it is no page")
		}
		if argument != "" && !strings.Contains(a.body, `data-error="`+argument+`"`) {
			return fmt.Errorf("it is not the error page for %s", argument)
		}
		return nil
	case "text":
		return n.match(argument, a.body)
	}
	wanted, err := decodeJSON(want)
	if err != nil {
		return fmt.Errorf("the wanted body is neither JSON nor page nor text: %w", err)
	}
	got, err := decodeJSON(a.body)
	if err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return n.matchJSON("the body", wanted, got)
}
