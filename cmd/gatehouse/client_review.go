package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"gatehouse/registry"
	"gatehouse/storage"
)

// whatItDoes says of each action of the workflow what the command does.
var whatItDoes = map[registry.Action]string{
	registry.Submit:         "ask for a review of a mini app, or of the version that waits beside a live one",
	registry.Approve:        "let what was submitted go live",
	registry.RequestChanges: "send what was submitted back to its developers",
	registry.Reject:         "refuse what was submitted for good",
	registry.Suspend:        "stop a live mini app at once; its codes and tokens are dead for ever",
	registry.Reinstate:      "let a suspended mini app work again; people's decisions stand",
	registry.Archive:        "end a mini app for good",
}

// reviewCommands are those of the workflow, one for each action.
func (c *cli) reviewCommands() (commands []*cobra.Command) {
	for _, action := range registry.Actions() {
		commands = append(commands, c.reviewCommand(action))
	}
	return commands
}

func (c *cli) reviewCommand(action registry.Action) *cobra.Command {
	var comment string
	cmd := c.printing(&cobra.Command{
		Use: string(action) + " CLIENT_ID", Short: whatItDoes[action], Args: oneArg("client_id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				return c.takeStep(cmd.Context(), h, action, args[0], comment)
			})
		},
	})
	cmd.Flags().StringVar(&comment, "comment", "", "why; developers and reviewers see it")
	return cmd
}

func (c *cli) takeStep(ctx context.Context, h *house, action registry.Action, id, comment string) error {
	status, err := h.admin().TakeStep(ctx, asOperator(), action, id, comment, nil)
	var refused *registry.StatusError
	switch {
	case errors.As(err, &refused):
		return usageError{err}
	case errors.Is(err, storage.ErrConflict):
		return changedMeanwhile(id)
	case err != nil:
		return noSuchClient(id, err)
	}
	return c.print(map[string]string{"client_id": id, "status": status}, []string{"CLIENT ID", "STATUS"}, [][]string{{id, status}})
}
