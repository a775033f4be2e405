package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/admin/api"
	"gatehouse/authz"
	"gatehouse/consent"
	"gatehouse/registry"
	"gatehouse/storage"
)

var verdicts = map[consent.Verdict]string{consent.Ask: "ask", consent.Allowed: "allowed", consent.Denied: "denied"}

// evaluated is how the operations, which do not know authz, learn what a request would share.
func (r *rooms) evaluated(ctx context.Context, c *storage.Client, person storage.User, scope string) (admin.Evaluation, error) {
	e, err := r.authz.Evaluate(ctx, c, person, scope)
	if refused, is := errors.AsType[*authz.Error](err); is && refused.Code == authz.CodeInvalidScope {
		return admin.Evaluation{}, registry.Problems{{Field: "scope", Text: "has what the mini app cannot ask a person for; leave it out, or use scopes that it is registered for"}}
	}
	if err != nil {
		return admin.Evaluation{}, err
	}
	return admin.Evaluation{Scope: e.Scope, Verdict: verdicts[e.Verdict], Ask: e.Ask, Granted: e.Granted, UserInfo: e.UserInfo, IDToken: e.IDToken}, nil
}

func (c *cli) evaluateCommand() *cobra.Command {
	var scopes []string
	cmd := c.printing(&cobra.Command{
		Use: "evaluate CLIENT_ID [USER]", Short: "print what a person would share with a mini app now", Args: cobra.RangeArgs(1, 2),
		Long: "Print what a person, named by e-mail address, phone number or ID, would share with a mini app now: whether they would be\n" +
			"asked, and what userinfo and the ID token would say. Without USER it is about a sample person. It decides nothing, and\n" +
			"the audit log says who asked about whom.",
		Example: "  gatehouse evaluate photoprint ana@example.com --scope openid --scope email -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			user := strings.Join(args[1:], "")
			return c.withHouse(cmd.Context(), func(h *house) error {
				r, err := furnish(cmd.Context(), h.cfg, h.store, slog.New(slog.DiscardHandler), time.Now)
				if err != nil {
					return err
				}
				e, err := r.house.Evaluate(cmd.Context(), asOperator(), args[0], user, strings.Join(scopes, " "))
				if errors.Is(err, storage.ErrNotFound) {
					return usagef("there is no client %q, or no person %q; see gatehouse client list and gatehouse user list", args[0], user)
				}
				if err != nil {
					return err
				}
				return c.printEvaluation(e)
			})
		},
	})
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "a scope that is asked for; else all that the mini app may ask for")
	return cmd
}

func (c *cli) printEvaluation(e admin.Evaluation) error {
	rows := [][]string{{"verdict", e.Verdict}, {"granted", strings.Join(e.Granted, " ")}, {"ask", strings.Join(e.Ask, " ")}}
	for _, part := range []struct {
		name   string
		claims map[string]any
	}{{"userinfo", e.UserInfo}, {"id_token", e.IDToken}} {
		raw, err := json.Marshal(part.claims)
		if err != nil {
			return err
		}
		rows = append(rows, []string{part.name, string(raw)})
	}
	return c.print(api.ShownEvaluation(e), []string{"WHAT", "VALUE"}, rows)
}
