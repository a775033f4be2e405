package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What a transcript says about calls that the server makes itself.

// call is one request to somebody else's server, as it has to be, and what it is answered.
type call struct{ request, reply string }

// nobody is where the fixtures' records say that other servers are.
const nobody = "https://127.0.0.1:9"

// startPeer puts a server where a client's record has one. The address is $PEER.
func (p *play) startPeer(args []string) error {
	c, err := p.rooms.registry.Client(p.t.Context(), args[0])
	if err != nil {
		return err
	}
	if p.peer == nil {
		p.peer = newPeer(p.t)
		p.names["PEER"] = p.peer.URL
	}
	changed, was := *c, c.UpdatedAt
	changed.UpdatedAt, changed.Dialects = was.Add(time.Second), map[string]json.RawMessage{}
	for name, settings := range c.Dialects {
		changed.Dialects[name] = json.RawMessage(strings.ReplaceAll(string(settings), nobody, p.peer.URL))
	}
	return p.rooms.registry.Update(p.t.Context(), changed, was)
}

// tellPeer says how the peer answers the calls of a step.
func (p *play) tellPeer(calls []call) error {
	if len(calls) > 0 && p.peer == nil {
		return errors.New("nobody is there; write peer CLIENT in a setup section")
	}
	for _, c := range calls {
		head, body, _ := strings.Cut(strings.TrimSuffix(c.reply, "\n"), "\n\n")
		lines := strings.Split(strings.TrimSpace(head), "\n")
		status, err := strconv.Atoi(lines[0])
		if err != nil {
			return fmt.Errorf("a reply begins with its status, not with %q", lines[0])
		}
		var headers []string
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ":")
			headers = append(headers, name, strings.TrimSpace(value))
		}
		if body, err = p.names.expand(body); err != nil {
			return err
		}
		_, path, _ := strings.Cut(firstLine(c.request), " ")
		p.peer.answers(path, status, body, headers...)
	}
	return nil
}

// matchCalls compares what the peer was asked with what it has to be asked, in order.
func (p *play) matchCalls(calls []call) error {
	if p.peer == nil {
		return nil
	}
	got := p.peer.asked()
	if len(got) != len(calls) {
		return fmt.Errorf("%d calls were made, not %d: %s", len(got), len(calls), strings.Join(lines(got), ", "))
	}
	for i, c := range calls {
		if err := p.names.matchCall(c.request, got[i]); err != nil {
			return fmt.Errorf("%s: %w", got[i].line, err)
		}
	}
	return nil
}

func (n learned) matchCall(section string, got received) error {
	head, body, _ := strings.Cut(strings.TrimSuffix(section, "\n"), "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	if lines[0] != got.line {
		return fmt.Errorf("it should be %s", lines[0])
	}
	for _, line := range lines[1:] {
		name, want, _ := strings.Cut(line, ":")
		value := strings.Join(got.header.Values(name), ", ")
		if want = strings.TrimSpace(want); want == "" && value == "" {
			continue
		}
		if err := n.match(want, value); err != nil {
			return fmt.Errorf("header %s %w", name, err)
		}
	}
	if strings.HasPrefix(body, "{") {
		return n.matchJSONText(body, got.body)
	}
	return n.matchForm(strings.TrimSpace(body), got.body)
}

func (n learned) matchJSONText(want, got string) error {
	wanted, err := decodeJSON(want)
	if err != nil {
		return fmt.Errorf("the wanted body is no JSON: %w", err)
	}
	sent, err := decodeJSON(got)
	if err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	return n.matchJSON("the body", wanted, sent)
}

// matchForm compares a form parameter by parameter, in order: there are servers for which it counts.
func (n learned) matchForm(want, got string) error {
	wanted, sent := strings.Split(want, "&"), strings.Split(got, "&")
	if len(wanted) != len(sent) {
		return fmt.Errorf("the body has %d parameters, not %d", len(sent), len(wanted))
	}
	for i := range wanted {
		name, value, _ := strings.Cut(wanted[i], "=")
		sentName, raw, _ := strings.Cut(sent[i], "=")
		plain, err := url.QueryUnescape(raw)
		if err != nil || sentName != name {
			return fmt.Errorf("parameter %d is %s, not %s", i+1, sentName, name)
		}
		if value == "" && plain == "" {
			continue
		}
		if err := n.match(value, plain); err != nil {
			return fmt.Errorf("parameter %s %w", name, err)
		}
	}
	return nil
}
