package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"gatehouse/identity"
	"gatehouse/internal/config"
	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

func (c *cli) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "run the server until SIGTERM or SIGINT", Args: cobra.NoArgs, Long: serveHelp(),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context()) },
	}
	for _, f := range config.Flags() {
		if f.Name != "database" { // every command has it
			c.settingFlag(cmd, f.Name)
		}
	}
	return cmd
}

// serveHelp tells where settings come from; the flags follow by themselves.
func serveHelp() string {
	var text strings.Builder
	text.WriteString(`Run the server until SIGTERM or SIGINT, and then answer what is under way. SIGHUP reads the TLS certificate again.

A setting comes from its flag, else from its variable (--tls-cert-file is GATEHOUSE_TLS_CERT_FILE), else from the YAML
file of --config (tls_cert_file), else from its default. These must not stand on a command line, and can each be read
from a file that is named with _FILE at the end of the variable:

`)
	for _, v := range config.Variables() {
		fmt.Fprintf(&text, "  %-30s %s\n", v.Name, v.Help)
	}
	text.WriteString("\nTraces are sent where OTEL_EXPORTER_OTLP_ENDPOINT says (OTLP by HTTP), and the other variables of OpenTelemetry count too.")
	return text.String()
}

// gcPercent is how much a server may allocate before memory is collected, of what it holds: its caches are small, so Go's own 100
// would collect many times a second. GOGC says otherwise.
const gcPercent = 400

// memoryLimit is beyond which memory is collected sooner, in bytes: whoever signs in takes 19 MiB for a moment, on every processor,
// and that must not count five times. GOMEMLIMIT says otherwise.
func memoryLimit() int64 { return (128 + 64*int64(runtime.GOMAXPROCS(0))) << 20 }

func (c *cli) serve(ctx context.Context) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit())
	}
	log := newLog(cfg, c.err)
	h, err := openHouse(ctx, cfg, log)
	if err != nil {
		return err
	}
	return errors.Join(c.serveHouse(ctx, h, log), h.store.Close())
}

func (c *cli) serveHouse(ctx context.Context, h *house, log *slog.Logger) error {
	if err := refuseDemoData(ctx, h); err != nil {
		return err
	}
	if err := makeFirstAdmin(ctx, h, log); err != nil {
		return err
	}
	if err := c.offerSetup(ctx, h, log); err != nil {
		return err
	}
	warnUnbuilt(h.cfg, log)
	warnSecretFiles(h.cfg, log)
	listener, err := httpx.Listen(ctx, h.cfg.Listen)
	if err != nil {
		return cannotListen(h.cfg.Listen, err)
	}
	return serveOn(ctx, listener, h.cfg, h.store, log)
}

func cannotListen(address string, err error) error {
	return fmt.Errorf("cannot listen on %s: %w; stop what listens there, or choose another address with --listen or GATEHOUSE_LISTEN", address, err)
}

func cannotListenOps(address string, err error) error {
	return fmt.Errorf("cannot listen on %s for operators: %w; stop what listens there, or choose another address with --ops-listen or GATEHOUSE_OPS_LISTEN", address, err)
}

// serveOn runs the server on listener until ctx ends, and then drains. It does not close the store.
func serveOn(ctx context.Context, listener net.Listener, cfg *config.Config, store storage.Store, log *slog.Logger) error {
	defer listener.Close() // where it is not served
	certificate, err := loadCertificate(cfg)
	if err != nil {
		return err
	}
	a, err := wire(ctx, cfg, store, log, time.Now)
	if err != nil {
		return err
	}
	warnPort(listener, cfg, log)
	ops, err := listenOps(ctx, cfg)
	if err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx)) // goes on while the server drains
	var work sync.WaitGroup
	work.Go(func() { a.Run(background) })
	work.Go(func() { reloadCertificate(background, certificate, log) })
	work.Go(func() { serveOps(background, ops, a.Ops, log) })
	log.Info("listening", "addr", listener.Addr().String(), "issuer", cfg.Issuer, "version", versionText())
	err = httpx.Server{Handler: a.Handler, Certificate: certificate, Log: log, ShutdownDelay: cfg.ShutdownDelay}.Serve(ctx, listener)
	stop()
	work.Wait()
	log.Info("stopped")
	return err
}

func loadCertificate(cfg *config.Config) (*httpx.Certificate, error) {
	if cfg.TLSCertFile == "" {
		return nil, nil
	}
	certificate, err := httpx.LoadCertificate(cfg.TLSCertFile, cfg.TLSKeyFile)
	if err != nil {
		return nil, usagef("the TLS certificate cannot be read: %w; correct --tls-cert-file and --tls-key-file", err)
	}
	return certificate, nil
}

// reloadCertificate reads the certificate again at every SIGHUP, until ctx ends. Without one SIGHUP does nothing.
func reloadCertificate(ctx context.Context, certificate *httpx.Certificate, log *slog.Logger) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		if certificate == nil {
			continue
		}
		if err := certificate.Reload(); err != nil {
			log.Error("the TLS certificate cannot be read, the old one stays", "cause", err.Error())
			continue
		}
		log.Info("TLS certificate reloaded")
	}
}

// demoPublisher marks a database that was seeded for the demo: everybody knows its passwords.
const demoPublisher = "gatehouse-demo"

func refuseDemoData(ctx context.Context, h *house) error {
	if h.cfg.Loopback() {
		return nil
	}
	_, err := h.store.Publisher(ctx, demoPublisher)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return errDemoData
}

var errDemoData = errors.New("this database holds the demo's accounts, whose passwords everybody knows; use another database, or an issuer on loopback")

// makeFirstAdmin creates the account of GATEHOUSE_ADMIN_EMAIL in a database that has no accounts yet.
func makeFirstAdmin(ctx context.Context, h *house, log *slog.Logger) error {
	users, err := h.store.Users(ctx, "", 1)
	if err != nil || len(users) > 0 || h.cfg.AdminEmail == "" {
		return err
	}
	id := uuid.NewString()
	event := storage.AuditEvent{
		Actor: storage.Actor{Kind: storage.ActorServer}, Action: "user.create", Target: storage.Target{Kind: "user", ID: id},
		Detail: map[string]string{"by": "GATEHOUSE_ADMIN_EMAIL", "roles": storage.RoleAdmin},
	}
	_, err = newPeople(h, log).CreateUser(storage.Audited(ctx, event), identity.NewUser{
		ID: id, Email: h.cfg.AdminEmail, EmailVerified: true, PasswordHash: h.cfg.AdminPasswordHash, Roles: []string{storage.RoleAdmin},
	})
	switch {
	case errors.Is(err, storage.ErrExists): // another process was first
		return nil
	case errors.Is(err, identity.ErrHash), identity.Invalids(err) != nil:
		return usagef("GATEHOUSE_ADMIN_EMAIL or GATEHOUSE_ADMIN_PASSWORD_HASH: %w", err)
	case err != nil:
		return err
	}
	log.Info("first admin created")
	return nil
}

// newLog returns the log as the settings want it: JSON, or text where somebody watches.
func newLog(cfg *config.Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{}
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.ToUpper(cfg.LogLevel))); err == nil {
		options.Level = level
	}
	if cfg.LogFormat == "text" || cfg.LogFormat == "" && isTerminal(w) {
		return slog.New(httpx.LogHandler(slog.NewTextHandler(w, options)))
	}
	return slog.New(httpx.LogHandler(slog.NewJSONHandler(w, options)))
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a device too, at which nobody types
	return err != nil || !os.SameFile(info, null)
}
