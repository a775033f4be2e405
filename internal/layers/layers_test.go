package layers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "gatehouse"

// rooms says what each package may reach of this module, directly or through others. Leaves (see below) are open to
// everyone. A package belongs to the room with the longest name that is a prefix of its own.
var rooms = map[string][]string{
	"cmd/gatehouse": {"authz", "authz/dialect", "authz/keys", "consent", "identity", "identity/upstream", "identity/claims", "registry", "storage",
		"storage/gormstore", "superapp", "superapp/partner", "deliveries", "internal/rim", "templates", "static", "samples", "admin", "admin/api", "admin/portal", "admin/console", "admin/registration"},

	"authz": {"authz/keys", "consent", "identity", "identity/claims", "registry", "storage",
		"internal/rim", "templates", "static"},
	"authz/dialect": {"authz", "authz/keys", "consent", "identity", "identity/claims", "registry", "storage",
		"internal/rim", "templates", "static"},
	// The host app's API, and what other super apps and platforms call or are called by.
	"superapp": {"authz", "authz/dialect", "authz/keys", "consent", "identity", "identity/claims", "registry", "storage",
		"internal/rim", "templates", "static"},
	"superapp/partner": {"superapp", "authz", "authz/dialect", "authz/keys", "consent", "identity", "identity/claims", "registry", "storage",
		"internal/rim", "templates", "static"},
	// What mini apps' servers are told. It signs like authz and calls like superapp/partner, and needs neither of them.
	"deliveries": {"authz/keys", "identity/claims", "registry", "storage"},
	// What operators, reviewers and developers may do; its faces decide nothing.
	"admin":     {"authz/keys", "consent", "identity", "identity/claims", "registry", "storage", "internal/rim", "templates", "static"},
	"admin/api": {"admin", "authz/keys", "consent", "identity", "identity/claims", "registry", "storage", "internal/rim", "templates", "static"},
	// It sends registrations under the names that admin/api has for them.
	"admin/registration": {"admin", "admin/api", "authz/keys", "consent", "identity", "identity/claims", "registry", "storage", "internal/rim", "templates", "static"},
	"admin/portal":       {"admin", "authz/keys", "consent", "identity", "identity/claims", "registry", "storage", "internal/rim", "templates", "static"},
	"admin/console":      {"admin", "authz/keys", "consent", "identity", "identity/claims", "registry", "storage", "internal/rim", "templates", "static"},
	"authz/keys":         {"storage"},
	"consent":            {"identity", "identity/claims", "registry", "storage", "internal/rim", "templates", "static"},
	"identity":           {"identity/claims", "storage", "internal/rim", "templates", "static"},
	"identity/claims":    {"storage"},
	// Sign-in by other servers is a step like the forms of identity, and as far as possible from everything else.
	"identity/upstream": {"identity", "storage", "internal/rim", "templates", "static"},
	"registry":          {"storage"},

	"storage":             {},
	"storage/gormstore":   {"storage"},
	"storage/storagetest": {"storage"},
	"templates":           {"static"},
	"static":              {},

	// What somebody copies to learn from must not need us.
	"samples": {},

	// Leaves know nothing but each other and the records.
	"internal": {"storage"},
	// What all pages do before they draw: no leaf, because it knows the pages.
	"internal/rim": {"storage", "templates", "static"},
	// Databases for tests. It opens real stores, and nothing but tests may import it.
	"internal/testdb": {"storage", "storage/gormstore"},
	// What measures the program from outside, and what it is compared with: they must need nothing of it.
	"internal/bench": {},
}

// leaves may be imported by every room but storage and samples, which are to stand alone.
const leaves = "internal"

var standsAlone = []string{"storage", "storage/storagetest", "static", "samples", "internal/bench"}

// testOnly are the rooms that may be reached from tests, and from themselves, only.
var testOnly = []string{"storage/storagetest", "internal/testdb"}

// libraries says who may import a library directly; the name is the prefix of an import path.
var libraries = map[string][]string{
	"github.com/ory/":               {"authz"},
	"gorm.io/":                      {"storage/gormstore"},
	"github.com/go-gormigrate/":     {"storage/gormstore"},
	"github.com/mattn/go-sqlite3":   {"storage/gormstore", "internal/bench"},
	"github.com/jackc/pgx":          {"storage/gormstore", "internal/testdb", "internal/bench"},
	"github.com/gorilla/":           {"identity"},
	"github.com/go-jose/go-jose/v3": {"authz"},
	"github.com/spf13/":             {"cmd/gatehouse"},
	"github.com/tailscale/hujson":   {"authz/dialect"},
	"code.dny.dev/ssrf":             {"internal"},
	"golang.org/x/image":            {"registry"},
	"golang.org/x/oauth2":           {"samples", "identity/upstream"},
	"github.com/coreos/go-oidc":     {"samples", "identity/upstream"},
	"github.com/prometheus/":        {"internal"},
	"go.opentelemetry.io/":          {"internal"},
}

// goPackage is what this test reads of `go list -json`. Imports and Deps leave test files out.
type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func TestEachRoomReachesOnlyWhatTheTableAllows(t *testing.T) {
	for _, p := range list(t) {
		room := roomOf(p.ImportPath)
		if !isKnown(room) {
			t.Errorf("%s belongs to no room: add it to the table, or put it where it belongs", p.ImportPath)
			continue
		}
		for _, dep := range ours(p.Deps) {
			if other := roomOf(dep); !mayReach(room, other) {
				t.Errorf("%s reaches %s: room %q may not know room %q", p.ImportPath, dep, room, other)
			}
		}
	}
}

func TestStorageImportsTheStandardLibraryOnly(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath != module+"/storage" {
			continue
		}
		for _, dep := range p.Deps {
			// A path of the standard library has no dot in its first element; ours has none either, but a prefix.
			first, _, _ := strings.Cut(dep, "/")
			require.False(t, strings.Contains(first, ".") || first == module, "storage reaches %s", dep)
		}
		return
	}
	t.Fatal("there is no package storage")
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	for _, p := range list(t) {
		for _, imported := range p.Imports {
			for library, allowed := range libraries {
				if strings.HasPrefix(imported, library) && !slices.Contains(allowed, roomOf(p.ImportPath)) {
					t.Errorf("%s imports %s, which only %v may", p.ImportPath, imported, allowed)
				}
			}
		}
	}
}

func TestFositeAndItsJoseAreReachedThroughAuthzOnly(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath == module+"/authz" || slices.Contains(p.Deps, module+"/authz") {
			continue
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "github.com/ory/") || strings.HasPrefix(dep, "github.com/go-jose/go-jose/v3") {
				t.Errorf("%s reaches %s past authz", p.ImportPath, dep)
			}
		}
	}
}

func TestTheTableHasNoRoomThatIsGone(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range list(t) {
		seen[roomOf(p.ImportPath)] = true
	}
	for room := range rooms {
		if !seen[room] {
			t.Errorf("the table has a room %q without packages", room)
		}
	}
}

func list(t *testing.T) []goPackage {
	t.Helper()
	found, err := packages()
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

// mayReach reports whether a package of room from may depend on one of room to.
func mayReach(from, to string) bool {
	switch {
	case from == to:
		return true
	case slices.Contains(testOnly, to):
		return false
	case to == leaves:
		return !slices.Contains(standsAlone, from)
	}
	return slices.Contains(rooms[from], to)
}

func isKnown(room string) bool { _, ok := rooms[room]; return ok }

// roomOf returns the longest room name that is a prefix of the package's path, or the path itself when there is none.
func roomOf(importPath string) string {
	path := strings.TrimPrefix(importPath, module+"/")
	best := ""
	for room := range rooms {
		if (path == room || strings.HasPrefix(path, room+"/")) && len(room) > len(best) {
			best = room
		}
	}
	if best == "" {
		return path
	}
	return best
}

func ours(paths []string) []string {
	var found []string
	for _, p := range paths {
		if strings.HasPrefix(p, module+"/") {
			found = append(found, p)
		}
	}
	return found
}

// packages lists the packages of this module. A package that does not compile is listed all the same.
var packages = sync.OnceValues(func() ([]goPackage, error) {
	// The go command caches a passed test until a file that the test has looked at changes, and does not see what
	// another process reads. So look at every folder.
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "bin") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps", module+"/...").Output()
	if err != nil {
		return nil, err
	}
	var found []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
})
