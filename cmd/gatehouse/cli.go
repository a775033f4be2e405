package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/internal/config"
	"gatehouse/internal/nearest"
	"gatehouse/internal/secret"
	"gatehouse/registry"
	"gatehouse/storage/gormstore"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // it was right to ask, and it did not work
	exitUsage  = 2 // the call or the configuration was wrong
)

// cli is what the commands share.
type cli struct {
	in       io.Reader
	out, err io.Writer
	environ  []string

	configFile string
	flags      map[string]string // settings given as flags
	output     format
	running    bool // the call was understood; what fails from here on is not its form
}

// usageError marks an error of whoever called, for exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run executes one command line and returns the exit code.
func (c *cli) run(ctx context.Context, args []string) int {
	root := c.rootCommand()
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(c.err, "gatehouse: "+strings.TrimSpace(err.Error()))
	if !c.running || isUsage(err) {
		return exitUsage
	}
	return exitFailed
}

func isUsage(err error) bool {
	_, usage := errors.AsType[usageError](err)
	_, settings := errors.AsType[*config.Error](err)
	_, rules := errors.AsType[registry.Problems](err)
	_, file := errors.AsType[seed.Problems](err)
	return usage || settings || rules || file
}

func (c *cli) rootCommand() *cobra.Command {
	root := c.group("gatehouse", "OAuth 2.0 and OpenID Connect for super apps",
		c.serveCommand(), c.demoCommand(), c.migrateCommand(), c.seedCommand(), c.clientCommand(), c.publisherCommand(), c.userCommand(), c.testUserCommand(), c.companyCommand(), c.scopeCommand(),
		c.grantCommand(), c.sessionCommand(), c.keyCommand(), c.apiKeyCommand(), c.initialTokenCommand(), c.deliveryCommand(), c.auditCommand(), c.dashboardCommand(), c.evaluateCommand(),
		c.doctorCommand(), c.importCommand(), c.healthcheckCommand(), c.versionCommand())
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentPreRun = func(*cobra.Command, []string) { c.running = true }
	root.PersistentFlags().StringVar(&c.configFile, "config", "", "settings file (YAML), also "+config.ConfigVariable)
	c.settingFlag(root, "database")
	addCompletion(root)
	explainCalls(root)
	return root
}

// group is a command that only holds others.
func (c *cli) group(use, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{Use: use, Short: short, Args: noSuchCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	group.AddCommand(commands...)
	return group
}

// noSuchCommand refuses the arguments of a group: each is a command that it does not have.
func noSuchCommand(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usagef("%q is not a command of %s; %s (see %s --help)", args[0], group.CommandPath(), nearest.Hint(args[0], names(group)), group.CommandPath())
}

// settingFlag adds the flag of one setting to a command and those below it.
func (c *cli) settingFlag(cmd *cobra.Command, name string) {
	for _, f := range config.Flags() {
		if f.Name == name {
			cmd.PersistentFlags().Var(setting{c, f}, f.Name, f.Help)
		}
	}
}

// setting is a flag that overrides a setting.
type setting struct {
	c    *cli
	flag config.Flag
}

func (s setting) String() string { return s.flag.Default }
func (s setting) Type() string   { return "text" }
func (s setting) Set(value string) error {
	if s.c.flags == nil {
		s.c.flags = make(map[string]string)
	}
	s.c.flags[s.flag.Name] = value
	return nil
}

func (c *cli) config() (*config.Config, error) {
	return config.Load(config.Source{File: c.configFile, Environ: c.environ, Flags: c.flags})
}

// house is the opened database of a command, and what is needed to read it.
type house struct {
	cfg   *config.Config
	root  secret.Root
	store *gormstore.Store
}

// open reads the settings and opens the database, whose schema a SQLite file gets by itself. Close the store.
func (c *cli) open(ctx context.Context) (*house, error) {
	cfg, err := c.config()
	if err != nil {
		return nil, err
	}
	return openHouse(ctx, cfg, slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
}

func openHouse(ctx context.Context, cfg *config.Config, log *slog.Logger) (*house, error) {
	root, err := cfg.Root()
	if err != nil {
		return nil, err
	}
	_, isSQLite := cfg.SQLitePath()
	store, err := gormstore.Open(ctx, cfg.Database, gormstore.Options{Migrate: isSQLite || cfg.Migrate == "auto", Log: log})
	if err != nil {
		return nil, fmt.Errorf("the database cannot be opened: %w", err)
	}
	return &house{cfg: cfg, root: root, store: store}, nil
}

// withHouse opens the database for do and closes it afterwards.
func (c *cli) withHouse(ctx context.Context, do func(*house) error) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(h), h.store.Close())
}
