package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// step is a part of a transcript: what is done before a request, the request, and what comes of it.
type step struct {
	setup    []string
	request  string // empty: only the setup
	parallel int    // how often it is sent at once; 0: it is not
	times    int    // how often it is sent in turn
	params   *string
	calls    []call
	members  *string
	answer   string
	others   string
}

// parseTranscript reads a transcript. An error for a section that it does not know, that is empty where it must not be,
// or that stands where nothing uses it.
func parseTranscript(raw []byte) ([]step, error) {
	archive := txtar.Parse(raw)
	if strings.TrimSpace(string(archive.Comment)) == "" {
		return nil, fmt.Errorf("the comment is missing: say what the transcript shows, and what of the vendor's text it belongs to")
	}
	p := parser{answered: true}
	for i, f := range archive.Files {
		if err := p.add(f.Name, string(f.Data)); err != nil {
			return nil, fmt.Errorf("section %d, %s: %w", i+1, f.Name, err)
		}
	}
	if !p.answered || p.requests == 0 {
		return nil, fmt.Errorf("the last request has no answer section")
	}
	return p.steps, nil
}

type parser struct {
	steps    []step
	requests int
	answered bool // the last request has its answer
	last     string
}

func (p *parser) add(name, text string) error {
	defer func() { p.last = name }()
	word, count, _ := strings.Cut(name, " ")
	switch word {
	case "setup":
		return p.addSetup(text)
	case "request", "repeat", "parallel":
		return p.addRequest(word, count, text)
	}
	if p.requests == 0 {
		return fmt.Errorf("comes before any request")
	}
	s := &p.steps[len(p.steps)-1]
	switch word {
	case "params", "members":
		return p.addInside(s, word, text)
	case "call", "reply":
		return p.addCall(s, word, text)
	case "answer":
		if p.answered || strings.TrimSpace(text) == "" {
			return fmt.Errorf("has no request, or nothing in it")
		}
		if p.last == "call" {
			return fmt.Errorf("comes before the reply to the call above")
		}
		s.answer, p.answered = text, s.parallel == 0
		return nil
	case "others":
		if s.parallel == 0 || p.last != "answer" {
			return fmt.Errorf("belongs behind the answer of a parallel request")
		}
		s.others, p.answered = text, true
		return nil
	}
	return fmt.Errorf("is not a section; use setup, request, repeat N, parallel N, params, call, reply, members, answer or others")
}

func (p *parser) addSetup(text string) error {
	if !p.answered {
		return fmt.Errorf("comes before the answer of the request above")
	}
	s := step{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			s.setup = append(s.setup, line)
		}
	}
	p.steps = append(p.steps, s)
	return nil
}

func (p *parser) addRequest(word, count, text string) error {
	if !p.answered {
		return fmt.Errorf("comes before the answer of the request above")
	}
	if len(strings.Fields(firstLine(text))) < 2 {
		return fmt.Errorf("must begin with a line such as POST /v1/oauth/token")
	}
	s, n := step{request: text, times: 1}, 0
	if word != "request" {
		var err error
		if n, err = strconv.Atoi(count); err != nil || n < 2 || n > 1000 {
			return fmt.Errorf("has to say how often, as in parallel 20")
		}
	}
	switch {
	case word == "parallel":
		s.parallel = n
	case word == "repeat":
		s.times = n
	case count != "":
		return fmt.Errorf("has no number; parallel N and repeat N have")
	}
	p.steps, p.answered = append(p.steps, s), false
	p.requests++
	return nil
}

func (p *parser) addInside(s *step, word, text string) error {
	field := map[string]**string{"params": &s.params, "members": &s.members}[word]
	switch {
	case p.answered || s.parallel > 0:
		return fmt.Errorf("belongs between a request and its answer")
	case *field != nil:
		return fmt.Errorf("is there twice")
	case word == "params" && (s.members != nil || s.calls != nil):
		return fmt.Errorf("belongs before call and members")
	case p.last == "call":
		return fmt.Errorf("comes before the reply to the call above")
	}
	*field = &text
	return nil
}

// addCall reads a call that the server makes before it answers, and behind it what it is replied.
func (p *parser) addCall(s *step, word, text string) error {
	switch {
	case p.answered || s.parallel > 0 || s.members != nil:
		return fmt.Errorf("belongs between a request, with its params, and the members of its answer")
	case word == "call" && p.last == "call", word == "reply" && p.last != "call":
		return fmt.Errorf("belongs in pairs, a call and its reply")
	case word == "call":
		s.calls = append(s.calls, call{request: text})
	default:
		s.calls[len(s.calls)-1].reply = text
	}
	return nil
}
