package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

// The commands of a transcript's setup sections.

var setupCommands = map[string]struct {
	least int // arguments
	run   func(p *play, args []string) error
}{
	"code":          {3, (*play).code},
	"open":          {3, (*play).open},
	"tokens":        {4, (*play).getTokens},
	"own-token":     {2, (*play).ownToken},
	"forward":       {1, (*play).forwardBy},
	"disconnect":    {2, (*play).disconnect},
	"connected":     {2, func(p *play, args []string) error { return p.connected(args, true) }},
	"not-connected": {2, func(p *play, args []string) error { return p.connected(args, false) }},
	"alive":         {1, func(p *play, args []string) error { return p.isActive(args[0], true) }},
	"dead":          {1, func(p *play, args []string) error { return p.isActive(args[0], false) }},
	"signed-in":     {2, (*play).signedIn},
	"suspend":       {1, func(p *play, args []string) error { return p.setStatus(args[0], storage.StatusSuspended) }},
	"reinstate":     {1, func(p *play, args []string) error { return p.setStatus(args[0], storage.StatusApproved) }},
	"disable":       {1, (*play).disable},
	"let":           {2, func(p *play, args []string) error { p.names[args[0]] = args[1]; return nil }},
	"base64": {2, func(p *play, args []string) error {
		p.names[args[0]] = base64.StdEncoding.EncodeToString([]byte(args[1]))
		return nil
	}},
	"peer":      {1, (*play).startPeer},
	"outage":    {0, (*play).outage},
	"recover":   {0, (*play).reconnect},
	"panic":     {0, func(p *play, _ []string) error { p.panics, p.tap.panics = true, true; return nil }},
	"log-has":   {1, func(p *play, args []string) error { return p.logHas(args[0], true) }},
	"log-lacks": {1, func(p *play, args []string) error { return p.logHas(args[0], false) }},
}

func (p *play) setUp(line string) error {
	args, err := words(line)
	if err != nil {
		return err
	}
	command, known := setupCommands[args[0]]
	if !known {
		return fmt.Errorf("%s is not a command", args[0])
	}
	for i := range args {
		if args[i], err = p.names.expand(args[i]); err != nil {
			return err
		}
	}
	if len(args)-1 < command.least {
		return fmt.Errorf("%s needs %d arguments", args[0], command.least)
	}
	return command.run(p, args[1:])
}

// words splits a line at spaces; "…" keeps them, with \" for a quotation mark, and # at the start of a word begins a comment.
func words(line string) ([]string, error) {
	var all []string
	for line = strings.TrimSpace(line); line != "" && line[0] != '#'; line = strings.TrimSpace(line) {
		word := ""
		for line != "" && line[0] != ' ' {
			if line[0] != '"' {
				word, line = word+line[:1], line[1:]
				continue
			}
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, errors.New("a quotation mark is missing")
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, err
			}
			word, line = word+text, line[len(quoted):]
		}
		all = append(all, word)
	}
	return all, nil
}

func (p *play) code(args []string) error {
	c, err := p.rooms.registry.Client(p.t.Context(), args[1])
	if err != nil {
		return err
	}
	query := url.Values{"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {c.RedirectURIs[0]}}
	for _, pair := range args[3:] {
		name, value, _ := strings.Cut(pair, "=")
		if query.Set(name, value); value == "" {
			query.Del(name)
		}
	}
	return p.open([]string{args[0], "allow", args[2] + "=code", "/oauth2/authorize?" + query.Encode()})
}

func (p *play) open(args []string) error {
	email, decision, pairs, target := args[0], args[1], args[2:len(args)-1], args[len(args)-1]
	decision, ticked, some := strings.Cut(decision, ":")
	if decision != "allow" && decision != "deny" || !strings.HasPrefix(target, "/") {
		return errors.New("write open EMAIL allow|deny NAME=param … /path")
	}
	b := p.browser(email)
	a := b.get(p.url + target)
	if strings.HasPrefix(a.Header.Get("Location"), "/login?") {
		a = b.signIn(a, email)
	}
	if strings.HasPrefix(a.Header.Get("Location"), "/consent?") {
		scopes := strings.Split(ticked, ",")
		if !some {
			scopes = checkboxes(p.t, b.get(a.Header.Get("Location")))
		}
		if decision == "deny" {
			scopes = nil
		}
		a = b.decide(a, decision, scopes...)
	}
	location, err := url.Parse(a.Header.Get("Location"))
	if err != nil || a.StatusCode != http.StatusSeeOther || !location.IsAbs() {
		return fmt.Errorf("the browser was not sent back: %d %s %s", a.StatusCode, location, a.body)
	}
	for _, pair := range pairs {
		name, parameter, _ := strings.Cut(pair, "=")
		value := location.Query().Get(parameter)
		if value == "" {
			return fmt.Errorf("no parameter %q in %s", parameter, location)
		}
		p.names[name] = value
	}
	return nil
}

func (p *play) getTokens(args []string) error {
	if err := p.code(append([]string{args[0], args[1], "CODE_FOR_TOKENS"}, args[4:]...)); err != nil {
		return err
	}
	c, err := p.rooms.registry.Client(p.t.Context(), args[1])
	if err != nil {
		return err
	}
	a := p.post("/oauth2/token", c.ID, url.Values{"grant_type": {"authorization_code"}, "code": {p.names["CODE_FOR_TOKENS"]}, "redirect_uri": {c.RedirectURIs[0]}})
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("the code was not exchanged: %d %s", a.StatusCode, a.body)
	}
	p.learn(args[2], a.json(p.t)["access_token"])
	p.learn(args[3], a.json(p.t)["refresh_token"])
	return nil
}

func (p *play) learn(name string, value any) {
	if text, ok := value.(string); ok {
		p.names[name] = text
	}
}

func (p *play) ownToken(args []string) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	for _, pair := range args[2:] {
		name, value, _ := strings.Cut(pair, "=")
		form.Set(name, value)
	}
	a := p.post("/oauth2/token", args[0], form)
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("no token: %d %s", a.StatusCode, a.body)
	}
	p.learn(args[1], a.json(p.t)["access_token"])
	return nil
}

func (p *play) forwardBy(args []string) error {
	d, err := time.ParseDuration(args[0])
	p.forward(d)
	return err
}

// apps opens the page of connected apps in a person's browser.
func (p *play) apps(email string) answer {
	b := p.browser(email)
	a := b.get("/account/apps")
	if strings.HasPrefix(a.Header.Get("Location"), "/login") {
		a = b.signIn(a, email)
	}
	require.Equal(p.t, http.StatusOK, a.StatusCode, a.body)
	return a
}

func (p *play) disconnect(args []string) error {
	page := p.apps(args[0])
	if !offersDisconnect(page, args[1]) {
		return fmt.Errorf("%s is not at /account/apps of %s", args[1], args[0])
	}
	action, form := formOf(p.t, page, "app-"+args[1])
	form.Set("action", "disconnect")
	if a := p.browser(args[0]).submit(action, form); a.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("%d %s", a.StatusCode, a.body)
	}
	return nil
}

func (p *play) connected(args []string, want bool) error {
	if offersDisconnect(p.apps(args[0]), args[1]) != want {
		return fmt.Errorf("%s at /account/apps of %s: %t", args[1], args[0], !want)
	}
	return nil
}

// offersDisconnect reports whether a mini app is allowed something. One that was denied is on the page too.
func offersDisconnect(page answer, app string) bool {
	root, err := html.Parse(strings.NewReader(page.body))
	if err != nil {
		return false
	}
	form := findElement(root, func(n *html.Node) bool { return n.Data == "form" && attribute(n, "id") == "app-"+app })
	return form != nil && findElement(form, func(n *html.Node) bool { return n.Data == "button" && attribute(n, "value") == "disconnect" }) != nil
}

func (p *play) isActive(token string, want bool) error {
	a := p.post("/oauth2/introspect", "resource", url.Values{"token": {token}})
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a.json(p.t)["active"] != want {
		return fmt.Errorf("introspection says %s", a.body)
	}
	return nil
}

func (p *play) signedIn(args []string) error {
	a := p.browser(args[0]).get("/account")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, args[1]) {
		return fmt.Errorf("/account answers %d to this browser, without %s", a.StatusCode, args[1])
	}
	return nil
}

func (p *play) setStatus(clientID, status string) error {
	c, err := p.rooms.registry.Client(p.t.Context(), clientID)
	if err != nil {
		return err
	}
	changed, was := *c, c.UpdatedAt
	changed.Status, changed.UpdatedAt = status, was.Add(time.Second)
	return p.rooms.registry.Update(p.t.Context(), changed, was)
}

func (p *play) disable(args []string) error {
	u, err := p.rooms.people.ByEmail(p.t.Context(), args[0])
	if err != nil {
		return err
	}
	return p.rooms.people.Disable(p.t.Context(), u.ID)
}

func (p *play) outage([]string) error {
	if strings.HasPrefix(p.dsn, "sqlite:") {
		p.t.Skip("a SQLite file cannot be taken away")
	}
	p.recover = testdb.Disconnect(p.t, p.dsn)
	return nil
}

func (p *play) reconnect([]string) error {
	if p.recover == nil {
		return errors.New("there is no outage")
	}
	p.recover()
	p.recover = nil
	return nil
}

func (p *play) logHas(text string, want bool) error {
	if strings.Contains(p.log.String(), text) != want {
		lines := strings.Split(strings.TrimSpace(p.log.String()), "\n")
		return fmt.Errorf("the log's last lines: %s", strings.Join(lines[max(0, len(lines)-5):], "\n"))
	}
	return nil
}
