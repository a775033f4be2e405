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
	params   *string
	members  *string
	answer   string
	others   string
}

// parseTranscript reads a transcript. An error for a section that it does not know, that is empty where it must not be,
// or that stands where nothing uses it.
func parseTranscript(raw []byte) ([]step, error) {
	archive := txtar.Parse(raw)
	if strings.TrimSpace(string(archive.Comment)) == "" {
		return nil, fmt.Errorf("the comment is missing: say what the transcript shows, and which row of dialects.md")
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
	case "request", "parallel":
		return p.addRequest(word, count, text)
	}
	if p.requests == 0 {
		return fmt.Errorf("comes before any request")
	}
	s := &p.steps[len(p.steps)-1]
	switch word {
	case "params", "members":
		return p.addInside(s, word, text)
	case "answer":
		if p.answered || strings.TrimSpace(text) == "" {
			return fmt.Errorf("has no request, or nothing in it")
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
	return fmt.Errorf("is not a section; use setup, request, parallel N, params, members, answer or others")
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
	s := step{request: text}
	if word == "parallel" {
		n, err := strconv.Atoi(count)
		if err != nil || n < 2 || n > 100 {
			return fmt.Errorf("has to say how often, as in parallel 20")
		}
		s.parallel = n
	} else if count != "" {
		return fmt.Errorf("has no number; parallel N has")
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
	case word == "params" && s.members != nil:
		return fmt.Errorf("belongs before members")
	}
	*field = &text
	return nil
}
