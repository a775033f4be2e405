package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse/admin/samplecode"
	"gatehouse/registry"
	"gatehouse/storage"
)

// The programs that developers copy, run as they are against the real server.

const (
	// hostileName is a name that registration allows and that would do something in each language, were it not written well.
	hostileName = "';touch pwned;\";$(touch pwned)`touch pwned`$x \\u0022 \\x27 */ %> <% ?> </pre> é😀"
	// hostileRedirect is as bad as a redirect URI can be: a URI has no quotes, backquotes and backslashes (RFC 3986 §2).
	hostileRedirect = "https://mini.example/cb';touch$IFS'pwned';$(touch%20pwned)?a=$(touch$IFS'pwned')&b=%22%60"
)

// runners are the programs that run the languages.
var runners = map[string]string{"curl": "bash", "go": "go", "node": "node", "python": "python3", "java": "java", "php": "php"}

// sample is a program as somebody runs it in a terminal.
type sample struct {
	t      *testing.T
	dir    string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	lines  *bufio.Scanner
	stderr bytes.Buffer
	shown  string // what it has printed
}

func startSample(t *testing.T, p samplecode.Program) *sample {
	t.Helper()
	s := &sample{t: t, dir: t.TempDir()}
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, p.Language.File), []byte(p.Code), 0o600))
	args := strings.Fields(p.Language.Run)
	s.cmd = exec.CommandContext(t.Context(), args[0], args[1:]...)
	s.cmd.Dir, s.cmd.Stderr = s.dir, &s.stderr
	s.cmd.Env = append(os.Environ(), "GO111MODULE=off", "CLIENT_SECRET="+testSecret)
	if p.Variable == "" {
		s.cmd.Env = append(os.Environ(), "GO111MODULE=off")
	}
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	s.stdin, err = s.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	s.lines = bufio.NewScanner(out)
	return s
}

// address is what the program asks to be opened.
func (s *sample) address() string {
	s.t.Helper()
	for s.lines.Scan() {
		s.shown += s.lines.Text() + "\n"
		if strings.Contains(s.lines.Text(), "/oauth2/authorize?") {
			return s.lines.Text()
		}
	}
	_ = s.cmd.Wait()
	require.Fail(s.t, "no address to open", "%s\n%s", s.shown, s.stderr.String())
	return ""
}

// end waits for the program and returns all that it has printed.
func (s *sample) end() (string, error) {
	s.t.Helper()
	for s.lines.Scan() {
		s.shown += s.lines.Text() + "\n"
	}
	err := s.cmd.Wait()
	found, _ := filepath.Glob(filepath.Join(s.dir, "*wned*"))
	require.Empty(s.t, found, "something in the registration ran as code")
	return s.shown, err
}

// back takes the browser's last address to the program: to where it listens, or as it is pasted.
func (s *sample) back(address string) {
	s.t.Helper()
	if !strings.HasPrefix(address, "http://127.0.0.1") || runners["curl"] == filepath.Base(s.cmd.Path) {
		_, err := io.WriteString(s.stdin, address+"\n")
		require.NoError(s.t, err)
		return
	}
	u, err := url.Parse(address)
	require.NoError(s.t, err)
	icon, err := http.Get("http://" + u.Host + "/favicon.ico") // as browsers do
	require.NoError(s.t, err)
	icon.Body.Close()
	require.Equal(s.t, http.StatusNotFound, icon.StatusCode)
	seen, err := http.Get(address)
	require.NoError(s.t, err)
	seen.Body.Close()
	require.Equal(s.t, http.StatusOK, seen.StatusCode)
}

func TestTheCodeForDevelopersSignsAPersonInInEveryLanguage(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, c := range []storage.Client{
		{ID: "on-a-server", RedirectURIs: []string{"http://127.0.0.1/cb?from=gatehouse", testCallback}},
		{ID: "by-post", TokenEndpointAuthMethod: registry.MethodPost, RedirectURIs: []string{testCallback}},
		{ID: "on-a-device", Public: true, RedirectURIs: []string{hostileRedirect}},
	} {
		c.Name = hostileName
		for _, wrong := range registry.CheckClient(registry.Defaults(c), registry.NewCatalogue(nil)) {
			require.NotRegexp(t, "^(name|redirect_uris)", wrong.Field, "registration allows this: %s", wrong.Text)
		}
		s.register(c)
	}
	for _, l := range samplecode.Languages {
		for _, id := range []string{"on-a-server", "by-post", "on-a-device"} {
			user := s.person(l.ID+"-"+id+"@example.com", "") // one each: a consent page is drawn again where others decide meanwhile
			require.NoError(t, s.store.SetPassword(t.Context(), user.ID, "", s.users["ana@example.com"].PasswordHash, s.now(), false, ""))
			t.Run(l.ID+" "+id, func(t *testing.T) {
				t.Parallel()
				c, err := s.store.Client(t.Context(), id)
				require.NoError(t, err)
				p, err := samplecode.For(s.url, c, l.ID)
				require.NoError(t, err)
				require.NotContains(t, p.Code, testSecret)
				if _, err := exec.LookPath(runners[l.ID]); err != nil {
					t.Skipf("%s is not on this machine", runners[l.ID])
				}
				b := s.newBrowser()
				b.s = &testServer{t: t, url: s.url, store: s.store}

				running := startSample(t, p)
				a := b.agree(b.get(running.address()), user.Email)
				require.NotEmpty(t, callback(t, a).Get("code"), a.Header.Get("Location"))
				running.back(a.Header.Get("Location"))
				shown, err := running.end()
				require.NoError(t, err, "%s\n%s", shown, running.stderr.String())
				require.Contains(t, shown, hostileName)
				require.Contains(t, shown, `"sub":"`+user.ID+`"`)
				require.Contains(t, shown, "Refreshed.")
				require.Contains(t, shown, "Revoked.")

				if id != "by-post" {
					return
				}
				other := startSample(t, p)
				_ = other.address()
				other.back(a.Header.Get("Location")) // the answer to somebody else's request
				shown, err = other.end()
				require.Error(t, err, shown)
				require.Contains(t, other.stderr.String(), "another request")
			})
		}
	}
}

// Every face shows the same program.
func TestTheCodeForDevelopersAsksForTheAddressWhereItsPortIsTaken(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { taken.Close() })
	s.register(storage.Client{ID: "beside", Name: "Beside", RedirectURIs: []string{"http://" + taken.Addr().String() + "/cb"}})
	c, err := s.store.Client(t.Context(), "beside")
	require.NoError(t, err)
	for _, l := range samplecode.Languages {
		t.Run(l.ID, func(t *testing.T) {
			t.Parallel()
			p, err := samplecode.For(s.url, c, l.ID)
			require.NoError(t, err)
			if _, err := exec.LookPath(runners[l.ID]); err != nil {
				t.Skipf("%s is not on this machine", runners[l.ID])
			}
			b := s.newBrowser()
			b.s = &testServer{t: t, url: s.url, store: s.store}
			running := startSample(t, p)
			a := b.agree(b.get(running.address()), "ana@example.com")
			_, err = io.WriteString(running.stdin, a.Header.Get("Location")+"\n")
			require.NoError(t, err)
			shown, err := running.end()
			require.NoError(t, err, "%s\n%s", shown, running.stderr.String())
			require.Contains(t, shown, "Paste it here")
			require.Contains(t, shown, "Revoked.")
		})
	}
}

func TestTheCodeForDevelopersIsTheSameOnThePageAndAtTheAPI(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	s.register(storage.Client{ID: "kiosk", Name: hostileName, PublisherID: "acme", RedirectURIs: []string{hostileRedirect}})
	s.register(storage.Client{ID: "machine", Name: "Machine", PublisherID: "acme", GrantTypes: []string{"client_credentials"}})
	key := s.key(s.users["ana@example.com"], "client.read")
	for _, l := range samplecode.Languages {
		a := s.api(key, http.MethodGet, "/clients/kiosk/code/"+l.ID, nil).require(t, http.StatusOK)
		page := b.get("/developer/apps/kiosk/code?lang=" + l.ID)
		require.Equal(t, http.StatusOK, page.StatusCode)
		root, err := html.Parse(strings.NewReader(page.body))
		require.NoError(t, err)
		pre := findElement(root, func(n *html.Node) bool { return attribute(n, "id") == "code" })
		code := strings.ReplaceAll(a.json(t)["code"].(string), "\t", "    ")
		require.Equal(t, strings.TrimSpace(code), pre.FirstChild.FirstChild.Data)
	}
	require.Contains(t, b.get("/developer/apps/kiosk").body, `href="/developer/apps/kiosk/code"`)
	for _, refused := range []string{"/clients/kiosk/code/cobol", "/clients/machine/code/go"} {
		s.api(key, http.MethodGet, refused, nil).require(t, http.StatusUnprocessableEntity)
	}
	s.api(key, http.MethodGet, "/clients/photoprint/code/go", nil).require(t, http.StatusNotFound)
	require.Contains(t, b.get("/developer/apps/machine/code").body, "authorization_code")
	require.Equal(t, http.StatusNotFound, b.get("/developer/apps/photoprint/code").StatusCode)
}
