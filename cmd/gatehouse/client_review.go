package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/seed"
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
	var changes *entryFlags
	cmd := c.printing(&cobra.Command{
		Use: string(action) + " CLIENT_ID", Short: whatItDoes[action], Args: oneArg("client_id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				return c.takeStep(cmd.Context(), h, action, args[0], comment, changes)
			})
		},
	})
	cmd.Flags().StringVar(&comment, "comment", "", "why; developers and reviewers see it")
	if action == registry.Approve {
		cmd.Long = approveHelp
		cmd.Example = "  gatehouse client approve photoprint --name 'Photo Print' --comment 'Two words, please'"
		changes = addEntryFlags[seed.Client](cmd, "client_id", "client_secret", "client_secret_hash", "status")
	}
	return cmd
}

const approveHelp = `Let what was submitted go live. Flags, or the keys in a file, change it before that, as a reviewer's small corrections do;
what is named is replaced as a whole, the rest is approved as it was submitted.`

// stepOf is the step to take; changes are what a reviewer makes of what was submitted.
func (c *cli) stepOf(ctx context.Context, h *house, action registry.Action, id, comment string, changes *entryFlags) (registry.Step, error) {
	step := registry.Step{Action: action, ClientID: id, Comment: comment}
	if changes == nil || !changes.given() {
		return step, nil
	}
	work, err := h.admin().Client(ctx, asOperator(), id)
	if err != nil {
		return step, err
	}
	client, err := c.amendClient(registry.NewOutbound(h.root), work.Proposed(), changes)
	step.Changed, step.Was = &client, work.ETag()
	return step, err
}

func (c *cli) takeStep(ctx context.Context, h *house, action registry.Action, id, comment string, changes *entryFlags) error {
	step, err := c.stepOf(ctx, h, action, id, comment, changes)
	if err != nil {
		return noSuchClient(id, err)
	}
	status, err := h.admin().TakeStep(ctx, asOperator(), step)
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
