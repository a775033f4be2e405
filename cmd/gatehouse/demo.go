package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/internal/config"
	"gatehouse/internal/httpx"
	"gatehouse/samples/hostapp"
	"gatehouse/samples/miniapp"
	"gatehouse/storage"
)

const (
	demoMiniApp = "photoprint" // the client that the sample mini app is
	demoHostApp = "nimbus-app" // the client that the sample host app is
	demoServer  = "nimbus-api" // the client that a resource server would be
)

// demo is the server with seeded people and mini apps, the sample programs and a start page, in one process.
type demo struct {
	c         *cli
	folder    string // of the database; empty: a temporary one
	listeners demoListeners
	cfg       *config.Config
	log       *slog.Logger
}

func (c *cli) demoCommand() *cobra.Command {
	d := &demo{c: c}
	cmd := c.printing(&cobra.Command{
		Use: "demo", Short: "run a seeded server, a sample host app and mini app and a start page, with nothing to configure", Args: cobra.NoArgs,
		Long: "Runs a server with people and mini apps to try things with, the sample programs and a start page, on loopback\n" +
			"(9096 to 9099, or the next free ports) and on a temporary database. Prints the URLs to open and the accounts.",
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	})
	cmd.Flags().StringVar(&d.folder, "data", "", "keep the database in this folder, and go on with it the next time")
	return cmd
}

// run starts everything, says so on stdout, and returns when ctx has ended and everything has stopped.
func (d *demo) run(ctx context.Context) error {
	if _, given := d.c.flags["database"]; given {
		return usagef("the demo has a database of its own; leave --database out, and name a folder with --data to keep it")
	}
	var err error
	if d.listeners, err = openDemoListeners(d.variable("GATEHOUSE_LISTEN")); err != nil {
		return err
	}
	defer d.listeners.close()
	if d.folder == "" {
		if d.folder, err = os.MkdirTemp("", "gatehouse-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(d.folder)
	}
	h, err := d.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(d.serve(ctx, h), h.store.Close())
}

// open reads the settings and opens the database in the demo's folder.
func (d *demo) open(ctx context.Context) (*house, error) {
	err := os.MkdirAll(d.folder, 0o700)
	if err != nil {
		return nil, err
	}
	if d.cfg, err = d.settings(); err != nil {
		return nil, err
	}
	d.log = newLog(d.cfg, d.c.err)
	return openHouse(ctx, d.cfg, d.log)
}

// settings are the environment's, on the demo's own database and listener.
func (d *demo) settings() (*config.Config, error) {
	defaults := []string{"GATEHOUSE_NAME=Nimbus", "GATEHOUSE_LOG_LEVEL=warn", "GATEHOUSE_ISSUER=" + urlOf(d.listeners.server)}
	cfg, err := config.Load(config.Source{
		File:    d.c.configFile,
		Environ: append(defaults, d.c.environ...), // the last one of a name counts
		Flags: map[string]string{
			"database":              "sqlite:" + filepath.Join(d.folder, "gatehouse.db"),
			"allow-private-network": "true",
		},
	})
	if err == nil && !cfg.Loopback() {
		return nil, usagef("the demo's issuer must be on loopback, since everybody knows its passwords; "+
			"leave GATEHOUSE_ISSUER=%s out, or set it to a URL such as http://127.0.0.1:9096", cfg.Issuer)
	}
	return cfg, err
}

// variable returns an environment variable, empty when it is not set.
func (d *demo) variable(name string) (value string) {
	for _, pair := range d.c.environ {
		if found, ok := strings.CutPrefix(pair, name+"="); ok {
			value = found
		}
	}
	return value
}

func (d *demo) serve(ctx context.Context, h *house) error {
	info, err := d.seed(ctx, h)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serveOn(ctx, d.listeners.server, d.cfg, h.store, d.log) })
	group.Go(func() error { return d.serveSamples(ctx, info) })
	return group.Wait()
}

// seed fills the database, or brings one that an earlier demo left up to date.
func (d *demo) seed(ctx context.Context, h *house) (demoInfo, error) {
	if err := refuseForeignDatabase(ctx, h.store); err != nil {
		return demoInfo{}, fmt.Errorf("%s: %w", d.folder, err)
	}
	file, info, err := renderDemoSeed(urlOf(d.listeners.miniApp), urlOf(d.listeners.hostApp))
	if err != nil {
		return demoInfo{}, err
	}
	info.Issuer, info.Start, info.Admin = d.cfg.Issuer, urlOf(d.listeners.start), d.cfg.Issuer+"/admin"
	var s seed.Seed
	if err := s.Add("demo/seed.yaml", file); err != nil {
		return demoInfo{}, err
	}
	plan, err := s.Plan(ctx, seedTarget(h))
	if err != nil {
		return demoInfo{}, err
	}
	return info, plan.Apply(ctx)
}

// refuseForeignDatabase keeps accounts with passwords that everybody knows out of a database with real people.
func refuseForeignDatabase(ctx context.Context, store storage.Store) error {
	_, err := store.Publisher(ctx, demoPublisher)
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	people, err := store.Users(ctx, "", 1)
	if err == nil && len(people) > 0 {
		err = errors.New("this database has people that the demo did not make; name another folder with --data")
	}
	return err
}

// serveSamples starts the programs around the server, says that everything is there, and serves until ctx ends.
func (d *demo) serveSamples(ctx context.Context, info demoInfo) error {
	app, err := miniapp.New(ctx, miniapp.Options{
		Issuer: info.Issuer, ClientID: demoMiniApp, ClientSecret: info.client(demoMiniApp).ClientSecret,
		BaseURL: info.MiniApp, HostName: d.cfg.Name, HostURL: info.HostApp, Log: d.log,
	})
	if err != nil {
		return fmt.Errorf("the sample mini app: %w", err)
	}
	host, err := hostapp.New(ctx, hostapp.Options{
		Issuer: info.Issuer, ClientID: demoHostApp, ClientSecret: info.client(demoHostApp).ClientSecret,
		BaseURL: info.HostApp, Name: d.cfg.Name, Log: d.log,
		MiniApps: map[string]hostapp.MiniApp{demoMiniApp: {Launch: info.MiniApp + "/launch", Home: info.MiniApp + "/"}},
	})
	if err != nil {
		return fmt.Errorf("the sample host app: %w", err)
	}
	start := newStartPage(startPage{demoInfo: info, Name: d.cfg.Name, Server: info.client(demoServer)})

	group, ctx := errgroup.WithContext(ctx)
	for listener, handler := range map[net.Listener]http.Handler{
		d.listeners.miniApp: app.Handler(), d.listeners.hostApp: host.Handler(), d.listeners.start: start,
	} {
		server := httpx.Server{Handler: handler, Log: d.log, ShutdownDelay: d.cfg.ShutdownDelay}
		group.Go(func() error { return server.Serve(ctx, listener) })
	}
	group.Go(func() error { return d.announce(info) })
	return group.Wait()
}

// announce says where everything is. As JSON it is one line, so that whoever reads it knows when it is complete.
func (d *demo) announce(info demoInfo) error {
	switch d.c.output {
	case "json":
		return json.NewEncoder(d.c.out).Encode(info)
	case "yaml":
		return printYAML(d.c.out, info)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "The demo is running. Open the start page in a browser:\n\n")
	fmt.Fprintf(&text, "  start page   %s\n  host app     %s\n  mini app     %s\n  server       %s\n"+
		"  developers   %s/developer\n  operators    %s\n\nSign in as\n\n",
		info.Start, info.HostApp, info.MiniApp, info.Issuer, info.Issuer, info.Admin)
	for _, p := range info.People {
		fmt.Fprintln(&text, strings.TrimRight(fmt.Sprintf("  %-20s %-30s %s", p.Email, p.Password, strings.Join(p.Roles, ", ")), " "))
	}
	fmt.Fprintf(&text, "\nThe database is in %s. Ctrl-C stops everything.\n", d.folder)
	_, err := io.WriteString(d.c.out, text.String())
	return err
}
