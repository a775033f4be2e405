package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/foreign"
	"gatehouse/registry"
	"gatehouse/storage"
)

const importHelp = `Register the clients of another server here. What means the same is taken; what does not, a wildcard in a redirect URI first of
all, is left out and printed as a decision that somebody has to make. A client whose client_id is taken here stays as it is. --dry-run
prints the same and changes nothing. A client whose secret is not in the file gets a new one, printed this once.

People keep their accounts where they are, and can sign in with them (GATEHOUSE_UPSTREAMS_FILE). The mini apps' users get new subs.`

func (c *cli) importCommand() *cobra.Command {
	group := c.group("import", "take over the clients of another server",
		c.importFrom("hydra", "Ory Hydra", "what hydra list oauth2-clients --format json printed", foreign.Hydra),
		c.importFrom("keycloak", "Keycloak", "the export of a realm, or of a client", foreign.Keycloak))
	group.Long = importHelp
	return group
}

// reader reads the clients in a file of another server.
type reader func(raw []byte, catalogue *registry.Catalogue, now time.Time) (foreign.File, error)

func (c *cli) importFrom(name, server, what string, read reader) *cobra.Command {
	var dryRun bool
	cmd := c.printing(&cobra.Command{
		Use: name + " FILE", Short: "register the clients of " + server + " from " + what + "; - is stdin", Args: oneArg("file"), Long: importHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := c.readImport(args[0])
			if err != nil {
				return err
			}
			return c.withHouse(cmd.Context(), func(h *house) error {
				scopes, err := h.store.Scopes(cmd.Context())
				if err != nil {
					return err
				}
				file, err := read(raw, registry.NewCatalogue(scopes), time.Now())
				if err != nil {
					return usagef("%s cannot be read: %w; give %s", args[0], err, what)
				}
				return c.importClients(cmd.Context(), h, file, dryRun)
			})
		},
	})
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be taken, and change nothing")
	return cmd
}

// maxImport is the largest file in bytes.
const maxImport = 256 << 20

func (c *cli) readImport(path string) ([]byte, error) {
	from := c.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, usagef("the file cannot be read: %w; correct its name", err)
		}
		defer f.Close()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, maxImport+1))
	if err == nil && len(raw) > maxImport {
		err = usagef("%s has more than %d bytes; export the clients without the people", path, maxImport)
	}
	return raw, err
}

// imported is what became of the clients of a file.
type imported struct {
	DryRun    bool               `json:"dry_run"`
	Imported  []importedClient   `json:"imported"`
	Skipped   []skippedClient    `json:"skipped"`
	Decisions []foreign.Decision `json:"decisions"`
	Own       []string           `json:"own"` // the other server's own clients, which were left out
}

type importedClient struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"` // a new one, where the file has none
}

type skippedClient struct {
	ClientID string `json:"client_id"`
	Reason   string `json:"reason"`
}

func (c *cli) importClients(ctx context.Context, h *house, file foreign.File, dryRun bool) error {
	done := imported{DryRun: dryRun, Imported: []importedClient{}, Skipped: []skippedClient{}, Decisions: []foreign.Decision{}, Own: append([]string{}, file.Own...)}
	for _, client := range file.Clients {
		taken, err := h.importClient(ctx, client, dryRun)
		switch _, rules := errors.AsType[registry.Problems](err); {
		case rules, errors.Is(err, errNotImported):
			done.Skipped = append(done.Skipped, skippedClient{client.ID, err.Error()})
			if rules || client.Skipped != "" { // else it is here already, and was decided about
				done.Decisions = append(done.Decisions, aboutRedirects(client.Decisions)...)
			}
			continue
		case err != nil:
			return errors.Join(c.printImport(done), fmt.Errorf("client %s: %w", client.ID, err))
		}
		done.Imported = append(done.Imported, taken)
		done.Decisions = append(done.Decisions, client.Decisions...)
	}
	return c.printImport(done)
}

// aboutRedirects are the decisions that can bring in a client that was left out; the others are about one that is here.
func aboutRedirects(decisions []foreign.Decision) []foreign.Decision {
	return slices.DeleteFunc(slices.Clone(decisions), func(d foreign.Decision) bool { return d.Field != "redirect_uris" })
}

// errNotImported is wrapped by the reason why a client is not.
var errNotImported = errors.New("it was not imported")

func (h *house) importClient(ctx context.Context, client foreign.Client, dryRun bool) (importedClient, error) {
	taken := importedClient{ClientID: client.ID}
	if client.Skipped != "" {
		return taken, fmt.Errorf("%w: %s", errNotImported, client.Skipped)
	}
	_, err := h.store.Client(ctx, client.ID)
	switch {
	case err == nil:
		return taken, fmt.Errorf("%w: this client_id exists here", errNotImported)
	case !errors.Is(err, storage.ErrNotFound) || dryRun:
		return taken, ignoring(err, storage.ErrNotFound)
	}
	_, taken.ClientSecret, err = h.admin().ImportClient(ctx, asOperator(), client.Record)
	return taken, err
}

func ignoring(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}

// printImport prints a line for each client and for each decision.
func (c *cli) printImport(done imported) error {
	if c.output != "table" {
		return c.print(done, nil, nil)
	}
	for _, client := range done.Imported {
		line := "+ client " + client.ClientID
		if client.ClientSecret != "" {
			line += "  new secret: " + client.ClientSecret
		}
		fmt.Fprintln(c.out, oneLine(line))
	}
	for _, client := range done.Skipped {
		fmt.Fprintln(c.out, oneLine(fmt.Sprintf("- client %s: %s", client.ClientID, client.Reason)))
	}
	if len(done.Own) > 0 {
		fmt.Fprintln(c.out, oneLine("- the other server's own clients were left out: "+strings.Join(done.Own, ", ")))
	}
	for _, d := range done.Decisions {
		value := ""
		if d.Value != "" {
			value = fmt.Sprintf("%q ", d.Value)
		}
		fmt.Fprintln(c.out, oneLine(fmt.Sprintf("? client %s, %s: %s%s", d.ClientID, d.Field, value, d.Text)))
	}
	return nil
}
