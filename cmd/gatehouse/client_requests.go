package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/storage"
)

// requestEntry is how one of the last requests of a mini app is printed.
type requestEntry struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Endpoint  string    `json:"endpoint"`
	Format    string    `json:"format,omitempty"`
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"reason,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
}

func (c *cli) clientRequests() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "requests CLIENT_ID", Short: "show the last answers that a mini app got, with what exactly was wrong", Args: oneArg("client_id"),
		Long: "Show the last answers that a mini app got from the protocol's endpoints, the newest first: at most " + strconv.Itoa(storage.KeptRequests) +
			"\nof the last seven days. REQUEST is the request_id in the server's log.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				requests, err := h.admin().ClientRequests(cmd.Context(), asOperator(), args[0])
				if err != nil {
					return noSuchClient(args[0], err)
				}
				return c.printRequests(requests)
			})
		},
	})
}

func (c *cli) printRequests(requests []storage.ClientRequest) error {
	entries, rows := []requestEntry{}, [][]string{}
	for _, r := range requests {
		entries = append(entries, requestEntry{r.ID, r.At, r.Endpoint, r.Format, r.Outcome, r.Reason, r.RequestID})
		rows = append(rows, []string{stamp(r.At), r.Endpoint, r.Format, r.Outcome, r.Reason, r.RequestID})
	}
	return c.print(entries, []string{"TIME", "ENDPOINT", "FORMAT", "OUTCOME", "REASON", "REQUEST"}, rows)
}
