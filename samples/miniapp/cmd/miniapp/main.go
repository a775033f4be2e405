// Command miniapp runs the sample mini app as a program of its own, for a registration of your own:
//
//	MINIAPP_CLIENT_SECRET=… go run ./samples/miniapp/cmd/miniapp -issuer http://127.0.0.1:9096 -client-id photoprint -scope openid,email
//
// It listens on loopback; register its base URL with /callback as the redirect URI. It prints that URL once it is there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"gatehouse/samples/miniapp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "miniapp:", err)
		os.Exit(1)
	}
}

// run serves the app until ctx ends.
func run(ctx context.Context) error {
	o := miniapp.Options{ClientSecret: os.Getenv("MINIAPP_CLIENT_SECRET"), Log: slog.Default()}
	flag.StringVar(&o.Issuer, "issuer", "http://127.0.0.1:9096", "the super app's authorization server")
	flag.StringVar(&o.ClientID, "client-id", "", "what the app was registered as; its secret is read from MINIAPP_CLIENT_SECRET")
	flag.StringVar(&o.HostName, "host", "Nimbus", "how the super app is called")
	scopes := flag.String("scope", "", "the scopes to ask for, with commas; left out: all that the app knows")
	listen := flag.String("listen", "127.0.0.1:9098", "where to listen")
	flag.Parse()
	if o.ClientID == "" {
		return errors.New("-client-id is missing: register the app first")
	}
	if *scopes != "" {
		o.Scopes = strings.Split(*scopes, ",")
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	o.BaseURL = "http://" + listener.Addr().String()
	app, err := miniapp.New(ctx, o)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: app.Handler(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // a sample has nothing to drain
	fmt.Println(o.BaseURL)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
