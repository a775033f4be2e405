package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatehouse/internal/nearest"
)

// What cobra says about a wrong call names no fix; this file adds one.

// explainCalls makes every command below cmd say what to do about a wrong call.
func explainCalls(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(explainFlag)
	for _, each := range cmd.Commands() {
		if each.Args != nil {
			each.Args = explainArgs(each.Args)
		}
		explainCalls(each)
	}
}

// explainFlag says what to do about a flag that a command does not have, or that lacks its value.
func explainFlag(cmd *cobra.Command, err error) error {
	see := fmt.Sprintf("see %s --help", cmd.CommandPath())
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usagef("%w; %s", err, see)
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return usagef("%s has no flag -%s; leave it out, or %s", cmd.CommandPath(), name, see)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	if meant := nearest.Name("--"+name, known); meant != "" {
		see = "did you mean " + meant + "?"
	}
	return usagef("unknown flag: --%s of %s; %s", name, cmd.CommandPath(), see)
}

// explainArgs says what a command takes where check refuses its arguments without a word about that.
func explainArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil || isUsage(err) {
			return err
		}
		takes := "no arguments"
		if _, names, some := strings.Cut(cmd.Use, " "); some {
			takes = names
		}
		return usagef("%s takes %s, and not %q; see %s --help", cmd.CommandPath(), takes, strings.Join(args, " "), cmd.CommandPath())
	}
}

// addCompletion adds cobra's command for the completions of shells, which must be told a shell that it knows.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Args = noSuchCommand
		cmd.RunE = func(cmd *cobra.Command, _ []string) error {
			return usagef("name a shell: %s; see %s --help", strings.Join(names(cmd), ", "), cmd.CommandPath())
		}
	}
}

// names are those of the commands of a group.
func names(group *cobra.Command) []string {
	var names []string
	for _, cmd := range group.Commands() {
		names = append(names, cmd.Name())
	}
	return names
}
