package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDemoTakesTheNextFreePorts(t *testing.T) {
	t.Parallel()
	first, err := openDemoListeners("")
	require.NoError(t, err)
	defer first.close()
	second, err := openDemoListeners("")
	require.NoError(t, err, "a second demo beside the first")
	defer second.close()

	seen := map[string]bool{}
	for _, l := range []net.Listener{first.server, first.miniApp, first.start, first.hostApp, second.server, second.miniApp, second.start, second.hostApp} {
		require.False(t, seen[urlOf(l)], urlOf(l))
		seen[urlOf(l)] = true
		require.True(t, l.Addr().(*net.TCPAddr).IP.IsLoopback())
	}
}

func TestDemoListensWhereItIsTold(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()

	_, err = openDemoListeners(busy.Addr().String())
	require.ErrorContains(t, err, "stop what listens there", "an address that was asked for is not exchanged for another one")

	l, err := openDemoListeners("127.0.0.1:0")
	require.NoError(t, err)
	l.close()
}

func TestDemoTellsTheAccountsThatItSeeds(t *testing.T) {
	t.Parallel()
	file, info, err := renderDemoSeed("http://127.0.0.1:9097", "http://127.0.0.1:9099")
	require.NoError(t, err)
	require.Contains(t, string(file), "http://127.0.0.1:9097/callback")
	require.NotContains(t, string(file), "{{.")
	require.Len(t, info.People, 6)
	for _, p := range info.People {
		require.NotEmpty(t, p.Email)
		require.NotEmpty(t, p.Password)
	}
	require.NotEmpty(t, info.client(demoMiniApp).ClientSecret)
	require.NotEmpty(t, info.client(demoServer).ClientSecret)
	require.NotEmpty(t, info.client(demoHostApp).ClientSecret)

	info.People, info.Clients = info.People[:1], info.Clients[:1]
	told, err := json.Marshal(info)
	require.NoError(t, err)
	require.JSONEq(t, `{"issuer": "", "start": "", "mini_app": "http://127.0.0.1:9097", "host_app": "http://127.0.0.1:9099", "admin": "",
		"people": [{"email": "ana@example.com", "password": "correct horse battery staple"}],
		"clients": [{"client_id": "photoprint", "client_secret": "demo-secret-of-photoprint-that-everybody-knows"}]}`, string(told))
}

func TestDemoTakesIssuerAndNameFromTheEnvironment(t *testing.T) {
	t.Parallel()
	listeners, err := openDemoListeners("")
	require.NoError(t, err)
	defer listeners.close()
	d := &demo{c: &cli{}, folder: t.TempDir(), listeners: listeners}

	cfg, err := d.settings()
	require.NoError(t, err)
	require.Equal(t, urlOf(listeners.server), cfg.Issuer)
	require.Equal(t, "Nimbus", cfg.Name)

	d.c.environ = []string{"GATEHOUSE_ISSUER=http://localhost:9096", "GATEHOUSE_NAME=Cirrus", "GATEHOUSE_DATABASE=postgres://elsewhere/db"}
	cfg, err = d.settings()
	require.NoError(t, err)
	require.Equal(t, "http://localhost:9096", cfg.Issuer)
	require.Equal(t, "Cirrus", cfg.Name)
	require.Equal(t, "sqlite:"+filepath.Join(d.folder, "gatehouse.db"), cfg.Database, "the demo writes to its own database only")
}

func TestDemoRefusesToBeReachedFromElsewhere(t *testing.T) {
	t.Parallel()
	for variable, says := range map[string]string{
		"GATEHOUSE_ISSUER=https://demo.example": "the demo's issuer must be on loopback",
		"GATEHOUSE_LISTEN=0.0.0.0:0":            "the demo must listen on loopback",
		"GATEHOUSE_LISTEN=:0":                   "the demo must listen on loopback",
		"GATEHOUSE_LISTEN=nowhere":              "write an address such as",
	} {
		log := &lockedBuffer{}
		code := (&cli{out: io.Discard, err: log, environ: []string{variable}}).run(t.Context(), []string{"demo", "--data", t.TempDir()})
		require.Equal(t, exitUsage, code, variable)
		require.Contains(t, log.String(), says)
	}
}

// startDemo runs the command until the test ends, and returns what it prints and a function that stops it.
func startDemo(t *testing.T, args ...string) (info demoInfo, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	printed, out := io.Pipe()
	log := &lockedBuffer{}
	code := make(chan int, 1)
	go func() {
		code <- (&cli{in: strings.NewReader(""), out: out, err: log}).run(ctx, append([]string{"demo", "-o", "json"}, args...))
		out.Close()
	}()
	stop = sync.OnceValue(func() int { cancel(); return <-code })
	t.Cleanup(func() { stop() })
	require.NoError(t, json.NewDecoder(printed).Decode(&info), log)
	return info, stop
}

func TestDemoShowsAPersonsDataWithinThirtySeconds(t *testing.T) {
	t.Parallel()
	began := time.Now()
	info, stop := startDemo(t)

	b := (&testServer{t: t, url: info.Issuer}).newBrowser()
	toHost := b.get(info.MiniApp + "/login")
	signIn := b.get(toHost.Header.Get("Location"))
	back := b.decide(b.signIn(signIn, "ana@example.com"), "allow", "points_read")
	signedIn := b.get(back.Header.Get("Location"))
	require.Equal(t, "/", signedIn.Header.Get("Location"), signedIn.body)
	page := b.get(info.MiniApp + "/")
	require.Contains(t, page.body, "ana@example.com")
	require.Contains(t, page.body, `data-scope="points_read" data-decision="allowed"`)
	require.Contains(t, page.body, `data-scope="phone" data-decision="denied"`)
	require.NotContains(t, page.body, "+59899123456")
	require.Less(t, time.Since(began), longOr(2*time.Minute, 30*time.Second))

	start := b.get(info.Start + "/")
	require.Equal(t, http.StatusOK, start.StatusCode)
	require.Contains(t, start.body, info.MiniApp)
	require.Contains(t, start.body, info.HostApp)
	require.Zero(t, stop())
}

func TestDemoGoesOnWithTheDataOfAnEarlierOne(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for range 2 {
		info, stop := startDemo(t, "--data", folder)
		b := (&testServer{t: t, url: info.Issuer}).newBrowser()
		a := b.signIn(b.get(b.get(info.MiniApp+"/login").Header.Get("Location")), "ben@example.com")
		if strings.HasPrefix(a.Header.Get("Location"), "/consent") {
			a = b.decide(a, "allow")
		}
		require.NotEmpty(t, callback(t, a).Get("code"))
		require.Zero(t, stop())
	}
	require.FileExists(t, filepath.Join(folder, "gatehouse.db"))
}

func TestDemoKeepsOutOfADatabaseWithOtherPeople(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	newTestServer(t, "sqlite:"+filepath.Join(folder, "gatehouse.db"))
	log := &lockedBuffer{}
	code := (&cli{out: io.Discard, err: log}).run(t.Context(), []string{"demo", "--data", folder})
	require.Equal(t, exitFailed, code)
	require.Contains(t, log.String(), "name another folder with --data")
}
