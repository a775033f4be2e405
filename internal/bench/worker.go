package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

// worker is a mini app with one keep-alive connection, and the browser of one person who has signed in and allowed it what it asks.
type worker struct {
	*conn
	basic  string // header line of the client
	cookie string // header line of the browser
	codes  []string
	pairs  []pair // what it got for its codes; it uses one after another
	next   int
	took   []time.Duration
}

// pair is what one authorization is worth to the mini app.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func newWorker(p *process) (*worker, error) {
	c, err := dial(p.address)
	if err != nil {
		return nil, err
	}
	basic := base64.StdEncoding.EncodeToString([]byte(clientID + ":" + secret))
	return &worker{conn: c, basic: "Authorization: Basic " + basic + "\r\n"}, nil
}

// newWorkers returns n of them, each with so many pairs of tokens.
func newWorkers(p *process, n, pairs int) ([]*worker, error) {
	workers := make([]*worker, n)
	turns := make(chan struct{}, 4) // at a time: a sign-in takes memory and time
	err := each(n, func(i int) error {
		turns <- struct{}{}
		defer func() { <-turns }()
		w, err := newWorker(p)
		if err != nil {
			return err
		}
		workers[i] = w
		if err := w.signIn(p.url(), email(i)); err != nil {
			return err
		}
		for range pairs {
			if err := w.obtain(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		closeAll(workers)
	}
	return workers, err
}

func closeAll(workers []*worker) {
	for _, w := range workers {
		if w != nil {
			w.close()
		}
	}
}

// each calls do for 0 to n-1 at the same time and returns what went wrong.
func each(n int, do func(i int) error) error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = do(i) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func (w *worker) signIn(base, email string) error {
	b, err := newBrowser(base, email)
	if err != nil {
		return err
	}
	defer b.http.CloseIdleConnections()
	if err := b.authorize(authorizeTarget); err != nil {
		return fmt.Errorf("%s cannot sign in: %w", email, err)
	}
	w.cookie = b.cookie()
	return nil
}

var authorizeTarget = "/oauth2/authorize?" + url.Values{
	"client_id": {clientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"email"},
	"state": {"s-1"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
}.Encode()

// post sends a form as the client and wants 200 and these bytes in the answer.
func (w *worker) post(target, form, want string) ([]byte, error) {
	r, err := w.send("POST", target, w.basic, form)
	if err != nil {
		return nil, err
	}
	if r.status != 200 || !bytes.Contains(r.body, []byte(want)) {
		return nil, fmt.Errorf("%s: %d %s", target, r.status, r.body)
	}
	return r.body, nil
}

// authorize is a browser's request about which nothing is to be asked; it keeps the code.
func (w *worker) authorize() error {
	r, err := w.send("GET", authorizeTarget, w.cookie, "")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(r.location, "code=")
	code, _, _ := strings.Cut(rest, "&")
	if r.status != 303 || code == "" {
		return fmt.Errorf("authorize: %d %s %s", r.status, r.location, r.body)
	}
	w.codes = append(w.codes, code)
	return nil
}

// errNoCode ends a measurement before its time is over.
var errNoCode = errors.New("no code is left")

// exchange turns a code into a pair of tokens and returns the answer.
func (w *worker) exchange() ([]byte, error) {
	if len(w.codes) == 0 {
		return nil, errNoCode
	}
	code := w.codes[len(w.codes)-1]
	w.codes = w.codes[:len(w.codes)-1]
	form := "grant_type=authorization_code&code=" + code + "&redirect_uri=" + url.QueryEscape(callback) + "&code_verifier=" + verifier
	return w.post("/oauth2/token", form, `"refresh_token":`)
}

// flow is a whole one.
func (w *worker) flow() ([]byte, error) {
	if err := w.authorize(); err != nil {
		return nil, err
	}
	return w.exchange()
}

// obtain adds a pair to those that w uses.
func (w *worker) obtain() error {
	body, err := w.flow()
	if err != nil {
		return err
	}
	return w.keep(body)
}

// keep adds the pair of an answer of a token endpoint.
func (w *worker) keep(body []byte) error {
	var got pair
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	w.pairs = append(w.pairs, got)
	return nil
}

// turn returns the pair whose turn it is.
func (w *worker) turn() *pair {
	w.next = (w.next + 1) % len(w.pairs)
	return &w.pairs[w.next]
}
