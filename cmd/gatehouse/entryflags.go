package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatehouse/cmd/gatehouse/seed"
)

// entryFlags are the flags of a command that creates or changes a record: the keys of its entry in a seed file with dashes, or a
// file with the entry.
type entryFlags struct {
	file  string
	texts map[string][]string
}

// addEntryFlags adds the flags for an entry of type T, but for the keys in without.
func addEntryFlags[T any](cmd *cobra.Command, without ...string) *entryFlags {
	e := &entryFlags{texts: make(map[string][]string)}
	cmd.Flags().StringVar(&e.file, "file", "", "read the entry from this YAML file instead; - is stdin")
	for _, key := range seed.Keys[T]() {
		if strings.Contains(" "+strings.Join(without, " ")+" ", " "+key.Name+" ") {
			continue
		}
		flag := cmd.Flags().VarPF(entryFlag{e, key}, strings.ReplaceAll(key.Name, "_", "-"), "", "seed key "+key.Name+repeatable(key))
		if key.Truth {
			flag.NoOptDefVal = "true"
		}
	}
	return e
}

func (e *entryFlags) given() bool { return e.file != "" || len(e.texts) > 0 }

// some says that a call which names nothing to change is wrong.
func (e *entryFlags) some(cmd *cobra.Command) error {
	if !e.given() {
		return usagef("nothing is to change; name keys as flags or give --file, see %s --help", cmd.CommandPath())
	}
	return nil
}

func repeatable(key seed.Key) string {
	if key.List {
		return ", may be given several times"
	}
	return ""
}

// readEntry returns the entry that was given, by flags or by file.
func readEntry[T any](c *cli, e *entryFlags) (T, error) {
	if e.file == "" {
		return seed.Entry[T](e.texts)
	}
	if len(e.texts) > 0 {
		var none T
		return none, errFileAndFlags
	}
	return seed.ReadEntry[T](e.file, c.in)
}

var errFileAndFlags = usagef("--file and flags for single keys exclude each other; put all keys into the file")

// amendEntry replaces the keys of an entry that were given, by flags or by file; the others stay as they are.
func amendEntry[T any](c *cli, e *entryFlags, entry *T) error {
	switch {
	case e.file == "":
		return seed.Amend(entry, e.texts)
	case len(e.texts) > 0:
		return errFileAndFlags
	}
	return seed.AmendFrom(entry, e.file, c.in)
}

// entryFlag collects the texts for one key.
type entryFlag struct {
	e   *entryFlags
	key seed.Key
}

var _ pflag.Value = entryFlag{}

func (f entryFlag) String() string { return "" }
func (f entryFlag) Type() string {
	if f.key.Truth {
		return "bool"
	}
	return "text"
}
func (f entryFlag) Set(text string) error {
	f.e.texts[f.key.Name] = append(f.e.texts[f.key.Name], text)
	return nil
}
