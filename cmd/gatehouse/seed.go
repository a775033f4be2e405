package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/identity"
	"gatehouse/registry"
)

const seedHelp = `Seed files declare companies, users, scopes, publishers and clients. Applying them changes the database to what they
say and leaves alone what none of them names. Applying them again changes nothing.

A rotated client secret wins over the file: one that gatehouse client rotate-secret retired is not brought back.
A password does not: one that its owner changed is set back to the file's. Leave it out to keep what people choose.

dialects.gam.signin_secret is what the call to dialects.gam.signin_url sends. By default it is the client's own secret, of
which a sealed copy is kept while signin_url is set. It comes from client_secret or from a rotation: a file that has only
client_secret_hash keeps the copy that there is. An export has it sealed, for a database under the same root secret.`

const exportHelp = `Print the database's state as a seed file, with hashes instead of passwords and secrets.

Left out, since a seed file cannot say it: test people of publishers, versions of mini apps that wait for their review, the
pictures of uploaded logos, all secrets of a mini app that work but the newest, and what was said and decided in reviews.
Comments in the file and lines on stderr say what of that there was. API keys, initial access tokens, sessions, grants, the
audit log and signing keys are no state that a seed declares; a copy of the database has them.`

func (c *cli) seedCommand() *cobra.Command {
	apply := &cobra.Command{
		Use: "apply FILE…", Short: "bring the database to the state of the files and print what changed; - is stdin", Args: someFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			return c.withPlan(cmd.Context(), files, func(p *seed.Plan) error {
				if err := p.Apply(cmd.Context()); err != nil {
					return err
				}
				return c.printChanges(p)
			})
		},
	}
	diff := &cobra.Command{
		Use: "diff FILE…", Short: "print what apply would change, nothing when nothing would", Args: someFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			return c.withPlan(cmd.Context(), files, c.printChanges)
		},
	}
	export := &cobra.Command{
		Use: "export", Short: "print the database's state as a seed file, with hashes instead of secrets", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				file, err := seed.Export(cmd.Context(), h.store, h.cfg.Issuer, time.Now())
				if err != nil {
					return err
				}
				for _, note := range file.Notes {
					fmt.Fprintln(c.err, "note:", note)
				}
				return file.Write(c.out)
			})
		},
	}
	export.Long = exportHelp
	group := c.group("seed", "declarative state: companies, users, scopes, publishers, clients", apply, diff, export)
	group.Long = seedHelp
	return group
}

func someFiles(cmd *cobra.Command, files []string) error {
	if len(files) == 0 {
		return usagef("name the seed files, as in %s people.yaml apps.yaml", cmd.CommandPath())
	}
	return nil
}

func (c *cli) withPlan(ctx context.Context, files []string, do func(*seed.Plan) error) error {
	s, err := seed.Read(files, c.in)
	if err != nil {
		return usageError{err}
	}
	return c.withHouse(ctx, func(h *house) error {
		p, err := s.Plan(ctx, seedTarget(h))
		if err != nil {
			return err
		}
		for _, w := range p.Warnings {
			fmt.Fprintf(c.err, "warning: %s: %s\n", w.At, w.Text)
		}
		return do(p)
	})
}

func seedTarget(h *house) seed.Target {
	return seed.Target{
		Store: h.store, Registry: registry.New(h.store, time.Now), Passwords: identity.NewPasswords(passwordMemory),
		Outbound: registry.NewOutbound(h.root), Now: time.Now, Actor: operator(),
	}
}

func (c *cli) printChanges(p *seed.Plan) error {
	for _, change := range p.Changes() {
		if _, err := fmt.Fprintln(c.out, change); err != nil {
			return err
		}
	}
	return nil
}
