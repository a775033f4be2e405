package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/net/html"

	"gatehouse/admin"
	"gatehouse/admin/api"
	"gatehouse/storage"
)

// testdata/faces.yaml says where each capability is: at the API, among the commands, on the pages of the console and of the
// developers. It is held to the calls, to the commands and to the pages as they are, in both directions.

type faces struct {
	Capabilities map[admin.Capability]struct{ API, Command, Console, Portal []string }
	// Machine are the commands of whoever runs the server, which nobody else could do anything with.
	Machine []string
}

func readFaces(t *testing.T) (f faces) {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/faces.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &f))
	return f
}

func TestEveryCapabilityIsAtTheAPIAndAmongTheCommands(t *testing.T) {
	t.Parallel()
	table := readFaces(t)
	calls, commands := map[admin.Capability][]string{}, slices.Clone(table.Machine)
	for _, call := range new(api.API).Calls() {
		calls[call.Capability] = append(calls[call.Capability], call.Method+" "+call.Path)
	}
	for _, rule := range admin.Rules {
		of, known := table.Capabilities[rule.Capability]
		require.True(t, known, "%s is not in testdata/faces.yaml", rule.Capability)
		require.NotEmpty(t, of.API, "%s is not at the API", rule.Capability)
		require.NotEmpty(t, of.Command, "%s is no command", rule.Capability)
		require.ElementsMatch(t, calls[rule.Capability], of.API, "calls of %s", rule.Capability)
		commands = append(commands, of.Command...)
	}
	require.Len(t, table.Capabilities, len(admin.Rules), "testdata/faces.yaml has what no rule is about")
	slices.Sort(commands)
	require.ElementsMatch(t, leaves((&cli{}).rootCommand(), ""), slices.Compact(commands))
}

// leaves are the commands that do something, by their names.
func leaves(cmd *cobra.Command, path string) (names []string) {
	for _, each := range cmd.Commands() {
		name := strings.TrimSpace(path + " " + each.Name())
		if len(each.Commands()) > 0 && name != "completion" {
			names = append(names, leaves(each, name)...)
		} else if name != "help" {
			names = append(names, name)
		}
	}
	return names
}

func TestThePagesDoWhatTheTableOfFacesSays(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.somethingOfEach()
	boss := s.staff("boss@example.com", storage.RoleAdmin)
	s.api(boss, "POST", "/initial-access-tokens", map[string]any{"name": "CI"}).require(t, 201)
	require.NoError(t, s.store.SetDisabled(t.Context(), s.person("closed@example.com", "").ID, true, s.now()))
	s.api(boss, "POST", "/publishers/printco/test-users", nil).require(t, 201)
	s.key(s.users["bo@example.com"], "client.read")
	operator, _ := s.inConsole("/admin", storage.RoleAdmin)
	table := readFaces(t)
	console, portal := []string{}, []string{}
	for _, of := range table.Capabilities {
		console, portal = append(console, of.Console...), append(portal, of.Portal...)
	}
	require.Equal(t, distinct(console), s.walk(operator, "/admin"), "the console")
	require.Equal(t, distinct(portal), s.walk(s.aDeveloper("bo@example.com", "printco"), "/developer"), "the pages of developers")
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// walk follows the links of pages below root and returns the pages and what their forms do: "/admin/apps/{id}", and "POST
// /admin/apps/{id} review approve" for the button approve of form#review. IDs of records stand as {id}, and of each kind of page it
// sees the first forty.
func (s *testServer) walk(b *browser, root string) []string {
	s.t.Helper()
	found, seen, times, queue := map[string]bool{}, map[string]bool{root: true}, map[string]int{}, []string{root}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		kind := kindOfPage(path)
		if times[kind]++; times[kind] > 40 {
			continue
		}
		a := b.get(path)
		for a.StatusCode == http.StatusSeeOther {
			path = a.Header.Get("Location")
			require.True(s.t, strings.HasPrefix(path, root), "%s leads to %s", kind, path)
			a = b.get(path)
		}
		require.Equal(s.t, http.StatusOK, a.StatusCode, "%s: %s", path, a.body)
		found["GET "+kindOfPage(path)] = true
		if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			continue
		}
		parsed, err := html.Parse(strings.NewReader(a.body))
		require.NoError(s.t, err)
		findElement(parsed, func(n *html.Node) bool {
			switch {
			case n.Data == "a" || n.Data == "iframe":
				target := b.pathBelow(root, path, attribute(n, "href")+attribute(n, "src"))
				if target != "" && !seen[target] {
					seen[target], queue = true, append(queue, target)
				}
			case n.Data == "form" && attribute(n, "method") == "post":
				for _, act := range actsOf(n, path, root) {
					found[act] = true
				}
			}
			return false
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// pathBelow is where a link on a page leads, without its query; empty where that is not below root.
func (b *browser) pathBelow(root, page, link string) string {
	at, err := url.Parse(page)
	require.NoError(b.s.t, err)
	target, err := at.Parse(link)
	if err != nil || link == "" || target.Host != "" || target.Path != root && !strings.HasPrefix(target.Path, root+"/") || strings.HasSuffix(target.Path, "/sign-in") {
		return ""
	}
	return target.Path
}

// ofRecord is the ID of a form that is there for each of several records.
var ofRecord = regexp.MustCompile(`^(key|person|new)-.+$`)

// actsOf are what the buttons of a form do.
func actsOf(form *html.Node, page, root string) (acts []string) {
	target := attribute(form, "action")
	if target == "" {
		target = page
	}
	if !strings.HasPrefix(target, root) {
		return nil // signing out and the like, as on every page
	}
	named := fmt.Sprintf("POST %s %s", kindOfPage(target), ofRecord.ReplaceAllString(attribute(form, "id"), "$1"))
	findElement(form, func(n *html.Node) bool {
		switch {
		case n.Data != "button" || attribute(n, "formmethod") == "dialog":
		case attribute(n, "formaction") != "":
			acts = append(acts, "POST "+kindOfPage(attribute(n, "formaction")))
		case attribute(n, "name") == "action":
			acts = append(acts, strings.TrimSpace(named)+" "+attribute(n, "value"))
		default:
			acts = append(acts, strings.TrimSpace(named))
		}
		return false
	})
	return acts
}

// kindOfPage is a path with {id} for the ID of a record: /admin/apps/photoprint is /admin/apps/{id}.
func kindOfPage(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	if len(parts) > 3 && parts[2] != "new" && path != "/admin/audit/export" {
		parts[3] = "{id}"
	}
	return strings.Join(parts, "/")
}
