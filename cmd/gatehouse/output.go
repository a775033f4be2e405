package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// format is how a command prints what it found.
type format string

var formats = []string{"table", "json", "yaml"}

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return strings.Join(formats, "|") }
func (f *format) Set(value string) error {
	if !slices.Contains(formats, value) {
		return fmt.Errorf("use %s", strings.Join(formats, ", "))
	}
	*f = format(value)
	return nil
}

// choice is a flag with one of a few values.
type choice struct {
	value *string
	of    []string
}

func (f *choice) String() string {
	if f.value == nil {
		return ""
	}
	return *f.value
}
func (f *choice) Type() string { return strings.Join(f.of, "|") }
func (f *choice) Set(value string) error {
	if !slices.Contains(f.of, value) {
		return fmt.Errorf("use %s", strings.Join(f.of, ", "))
	}
	*f.value = value
	return nil
}

// printing adds the flag -o to a command.
func (c *cli) printing(cmd *cobra.Command) *cobra.Command {
	c.output = "table"
	cmd.Flags().VarP(&c.output, "output", "o", "how to print")
	return cmd
}

// print writes value as JSON or YAML, under the same names, or else the table.
func (c *cli) print(value any, header []string, rows [][]string) error {
	switch c.output {
	case "json":
		encoder := json.NewEncoder(c.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(value)
	case "yaml":
		return printYAML(c.out, value)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			row[i] = oneLine(cell)
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// oneLine keeps what others have written from disturbing a terminal.
func oneLine(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '\ufffd'
		}
		return r
	}, cell)
}

// printYAML goes by way of JSON, so that both have the same names and values.
func printYAML(w io.Writer, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var node yaml.Node // JSON is YAML
	if err := yaml.Unmarshal(raw, &node); err != nil {
		return err
	}
	blockStyle(&node)
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	defer encoder.Close()
	return encoder.Encode(&node)
}

func blockStyle(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		blockStyle(child)
	}
}
