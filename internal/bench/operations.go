package main

import (
	"encoding/json"
	"fmt"
)

// operation is something that a worker does at a server, again and again.
type operation struct {
	name string
	// before, when not nil, makes what do uses up. It runs for as long as do will.
	before func(w *worker) error
	do     func(w *worker) error
}

var (
	introspection     = operation{name: "introspection", do: (*worker).introspect}
	refreshing        = operation{name: "refresh", do: (*worker).refresh}
	clientCredentials = operation{name: "client credentials", do: (*worker).clientCredentials}
	codeExchange      = operation{name: "code exchange", before: (*worker).authorize, do: func(w *worker) error {
		_, err := w.exchange()
		return err
	}}
	wholeFlow = operation{name: "whole code flow", do: func(w *worker) error {
		_, err := w.flow()
		return err
	}}
	userinfo = operation{name: "userinfo", do: (*worker).userinfo}
	// withMetrics is for a server with a listener for operators.
	withMetrics = operation{name: "introspection, with /metrics", do: (*worker).introspect}
)

// operations are all of them, in the order of the report.
var operations = []operation{introspection, refreshing, clientCredentials, codeExchange, wholeFlow, userinfo}

// The same for the programs of the package reference.
var (
	bareHandler   = operation{name: "bare handler", do: (*worker).hello}
	smallestRead  = operation{name: "smallest read", do: (*worker).readSmallest}
	readInContext = operation{name: "smallest read, ends with its client", do: (*worker).readInContext}
	smallestWrite = operation{name: "smallest write", do: (*worker).writeSmallest}
)

func (w *worker) introspect() error {
	_, err := w.post("/oauth2/introspect", "token="+w.turn().Access, `"active":true`)
	return err
}

// refresh rotates a pair.
func (w *worker) refresh() error {
	p := w.turn()
	body, err := w.post("/oauth2/token", "grant_type=refresh_token&refresh_token="+p.Refresh, `"refresh_token":`)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, p)
}

func (w *worker) clientCredentials() error {
	_, err := w.post("/oauth2/token", "grant_type=client_credentials&scope=catalogue", `"access_token":`)
	return err
}

func (w *worker) userinfo() error {
	return w.get("/oauth2/userinfo", "Authorization: Bearer "+w.turn().Access+"\r\n")
}

func (w *worker) hello() error { return w.get("/", "") }

func (w *worker) get(target, header string) error {
	r, err := w.send("GET", target, header, "")
	if err == nil && r.status != 200 {
		err = fmt.Errorf("%s: %d %s", target, r.status, r.body)
	}
	return err
}

func (w *worker) readSmallest() error {
	_, err := w.post("/introspect", "token="+w.turn().Access, `"active":true`)
	return err
}

func (w *worker) readInContext() error {
	_, err := w.post("/introspect/context", "token="+w.turn().Access, `"active":true`)
	return err
}

func (w *worker) writeSmallest() error {
	_, err := w.post("/token", "grant_type=client_credentials&scope=catalogue", `"access_token":`)
	return err
}

// obtainSmallest adds a token of the reference to those that w uses.
func (w *worker) obtainSmallest() error {
	body, err := w.post("/token", "grant_type=client_credentials&scope=catalogue", `"access_token":`)
	if err != nil {
		return err
	}
	return w.keep(body)
}
