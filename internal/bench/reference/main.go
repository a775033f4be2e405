package main

import (
	"crypto/sha256"
	"flag"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof" // on the second listener, which serves http.DefaultServeMux
	"os"
	"runtime/debug"
)

// gcPercent is what `gatehouse serve` sets too.
const gcPercent = 400

func main() {
	listen := flag.String("listen", "127.0.0.1:9090", "where to answer")
	ops := flag.String("ops", "", "where to serve /debug/pprof; empty: nowhere")
	database := flag.String("database", "reference.db", "SQLite file, made if it is not there")
	secret := flag.String("secret", "", "the client's secret")
	flag.Parse()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if *ops != "" {
		go func() { log.Fatal(http.ListenAndServe(*ops, nil)) }()
	}
	if err := serve(*listen, *database, *secret); err != nil {
		log.Fatal(err)
	}
}

func serve(address, database, secret string) error {
	rows, err := openRows(database)
	if err != nil {
		return err
	}
	s := &server{rows: rows, secret: sha256.Sum256([]byte(secret)), key: []byte("the key of every token's HMAC")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", hello)
	mux.HandleFunc("POST /introspect", s.introspect)
	mux.HandleFunc("POST /introspect/context", s.introspectInContext)
	mux.HandleFunc("POST /token", s.token)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return http.Serve(listener, mux)
}
