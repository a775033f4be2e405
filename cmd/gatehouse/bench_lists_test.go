package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"gatehouse/admin/api"
	"gatehouse/storage"
)

// Every list of the API, the console and the portal, with the records of testdata/lists.sql in PostgreSQL, at its first page, in
// its middle and at its last page. No page may take listGoal or longer, but for one in a hundred.
const (
	listGoal     = 100 * time.Millisecond
	listClients  = 4   // at a time, without a pause: twice the processors of a small machine
	listRequests = 200 // for each page
	listWalk     = 500 // pages that are read one after the other to get to the end; see deepLists for longer lists
)

func BenchmarkLists(b *testing.B) {
	debug.SetGCPercent(gcPercent) // as it is served
	dsn := furnished.Postgres(b)
	began := time.Now()
	fill(b, dsn, sizes)
	b.Logf("filled in %s", time.Since(began).Round(time.Second))
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	defer conn.Close(b.Context())
	worst := time.Duration(0)
	fmt.Printf("%-8s %-74s %-7s %9s %9s\n", "", "", "", "p50 ms", "p99 ms")
	for _, l := range newListReader(b, dsn).lists() {
		for _, at := range l.places(b, conn) {
			p50, p99 := l.measure(b, at.cursor)
			worst = max(worst, p99)
			over := ""
			if p99 >= listGoal {
				over = " !"
			}
			fmt.Printf("%-8s %-74s %-7s %9.1f %9.1f%s\n", l.face, l.path, at.name, ms(p50), ms(p99), over)
		}
	}
	b.ReportMetric(ms(worst), "worst-p99-ms")
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// listReader asks for lists as those who may: with an API key of an admin or a developer, or in their browsers.
type listReader struct {
	*testServer
	http   *http.Client
	header map[string]http.Header // by face
}

// The faces; each has a way to say who asks.
const (
	apiFace       = "api"
	developerFace = "api, dev"
	consoleFace   = "console"
	portalFace    = "portal"
)

func newListReader(t testing.TB, dsn string) *listReader {
	s := startServer(t, dsn, slog.New(slog.DiscardHandler), nil)
	r := &listReader{testServer: s, http: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: listClients},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(r.http.CloseIdleConnections)
	s.give("ana@example.com", storage.RoleDeveloper)
	s.give("bo@example.com", storage.RoleAdmin)
	ana, err := s.store.UserByLogin(t.Context(), "ana@example.com")
	require.NoError(t, err)
	cookie := func(email string) http.Header {
		browser := s.newBrowser()
		browser.signIn(browser.get("/admin"), email)
		at, err := url.Parse(s.url)
		require.NoError(t, err)
		return http.Header{"Cookie": {browser.Jar.Cookies(at)[0].String()}}
	}
	r.header = map[string]http.Header{
		apiFace:       {"Authorization": {"Bearer " + s.staff("admin@example.com", storage.RoleAdmin)}},
		developerFace: {"Authorization": {"Bearer " + s.key(ana, "*")}},
		consoleFace:   cookie("bo@example.com"), portalFace: cookie("ana@example.com"),
	}
	return r
}

// list is one list that can be asked for.
type list struct {
	*listReader
	face, path string // the path with its query, without a cursor
}

// filters are what lists are cut down to, by the path of the list: each parameter at least once.
var filters = map[string][]string{
	"/clients": {"status=approved", "status=submitted", "status=rejected", "publisher=publisher-0001", "publisher=publisher-0002", "q=p", "q=photo",
		"q=app-1", "q=photo+print", "status=submitted&publisher=publisher-0001"},
	"/users":    {"q=a", "q=abc1", "company=company-0001", "company=company-0500", "company=company-0001&q=a"},
	"/sessions": {"user=ana@example.com"},
	"/grants":   {"user=ana@example.com", "company=company-0001", "client=photoprint", "client=photoprint&user=ana@example.com"},
	"/audit": {"actor=api_key:importer", "action=session.start", "action=client.approve", "action=key.rotate", "action=session.", "action=client.",
		"action=key.", "target=user", "target=client", "target=client:photoprint", "since=2024-01-01T00:00:00Z", "until=2024-01-01T00:00:00Z",
		"until=2023-11-20T00:00:00Z&action=client.approve", "actor=api_key:importer&action=client.approve"},
	"/deliveries":       {"state=pending", "state=dead", "state=delivered", "client=photoprint", "client=photoprint&state=dead"},
	"/admin/apps":       {"search=photo", "status=submitted", "status=rejected", "publisher=publisher-0001"},
	"/admin/people":     {"q=a", "company=company-0001"},
	"/admin/sessions":   {"user=ana@example.com"},
	"/admin/decisions":  {"user=ana@example.com", "company=company-0001", "client=photoprint"},
	"/admin/audit":      {"actor=api_key:importer", "action=client.approve", "target=client"},
	"/admin/deliveries": {"state=dead", "client=photoprint"},
}

// deepLists select the keys of long lists in their order, so that nobody has to read up to their middle.
var deepLists = deepOf(map[string]string{
	"users":                            "SELECT id AS key FROM users ORDER BY 1",
	"users?q=a":                        "SELECT email AS key FROM users WHERE email LIKE 'a%' ORDER BY 1",
	"users?company=company-0001":       "SELECT id AS key FROM users WHERE company_id = 'company-0001' ORDER BY 1",
	"sessions":                         "SELECT id AS key FROM sessions WHERE expires_at = 0 ORDER BY 1",
	"grants":                           "SELECT id AS key FROM grants WHERE state = 1 ORDER BY 1",
	"grants?client=photoprint":         "SELECT id AS key FROM grants WHERE state = 1 AND client_id = 'photoprint' ORDER BY 1",
	"audit":                            deepEvents("true"),
	"audit?actor=api_key:importer":     deepEvents("actor_id = 'importer'"),
	"audit?action=session.start":       deepEvents("action = 'session.start'"),
	"audit?action=session.":            deepEvents("action LIKE 'session.%'"),
	"audit?target=user":                deepEvents("target_kind = 'user'"),
	"audit?since=2024-01-01T00:00:00Z": deepEvents("at >= 1704067200000000"),
	"audit?until=2024-01-01T00:00:00Z": deepEvents("at < 1704067200000000"),
	"deliveries":                       "SELECT id AS key FROM deliveries ORDER BY 1",
	"deliveries?state=delivered":       "SELECT id AS key FROM deliveries WHERE state = 2 ORDER BY 1",
	"deliveries?client=photoprint":     "SELECT id AS key FROM deliveries WHERE client_id = 'photoprint' ORDER BY 1",
})

// consoleNames are what the console calls lists of the API otherwise.
var consoleNames = strings.NewReplacer("users", "people", "grants", "decisions")

func deepOf(keys map[string]string) map[string]string {
	all := map[string]string{}
	for path, sql := range keys {
		all["/"+path], all["/admin/"+consoleNames.Replace(path)] = sql, sql
	}
	return all
}

func deepEvents(where string) string {
	return "SELECT id AS key FROM audit_events WHERE " + where + " ORDER BY at DESC, id DESC"
}

// lists are all there are: what the API can be asked page by page, and the pages that the console and the portal link to.
func (r *listReader) lists() []list {
	var all []list
	add := func(face, path string) {
		all = append(all, list{r, face, path})
		for _, query := range filters[path] {
			all = append(all, list{r, face, path + "?" + query})
		}
	}
	for _, call := range new(api.API).Calls() {
		if call.Method != http.MethodGet || !slices.Contains(call.Query, "cursor") {
			continue
		}
		path := strings.NewReplacer("/clients/{id}", "/clients/photoprint", "{id}", "publisher-0001").Replace(call.Path)
		for _, parameter := range call.Query {
			known := slices.ContainsFunc(filters[path], func(query string) bool { return strings.Contains("&"+query, "&"+parameter+"=") })
			require.True(r.t, known || parameter == "cursor" || parameter == "limit", "say in filters what %s is measured with as its %s", path, parameter)
		}
		add(apiFace, path)
	}
	for _, path := range []string{"/clients", "/publishers", "/deliveries", "/deliveries?state=pending", "/deliveries?state=delivered"} {
		all = append(all, list{r, developerFace, path})
	}
	for _, path := range r.links(consoleFace, "/admin/apps") {
		add(consoleFace, path)
	}
	all = append(all, list{r, portalFace, "/developer"})
	return all
}

var consoleLink = regexp.MustCompile(`href="(/admin/[a-z-]+)"`)

// links are the paths that the navigation of a page of the console leads to.
func (r *listReader) links(face, path string) (paths []string) {
	body, err := list{r, face, path}.get("")
	require.NoError(r.t, err)
	for _, match := range consoleLink.FindAllStringSubmatch(body, -1) {
		paths = append(paths, match[1])
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// get returns a page of the list; a cursor is what next returned.
func (l list) get(cursor string) (string, error) {
	u, err := url.Parse(l.url + l.path)
	if err != nil {
		return "", err
	}
	query := u.Query()
	if l.ofAPI() {
		u.Path = api.Prefix + u.Path
	}
	if cursor != "" {
		query.Set(l.parameter(), cursor)
	}
	u.RawQuery = query.Encode()
	request, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	request.Header = l.header[l.face]
	response, err := l.http.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", u, response.StatusCode, body[:min(len(body), 500)])
	}
	return string(body), err
}

func (l list) ofAPI() bool { return l.face == apiFace || l.face == developerFace }

func (l list) parameter() string {
	if l.ofAPI() {
		return "cursor"
	}
	return "after"
}

var nextLink = regexp.MustCompile(`href="([^"]*[?;]after=[^"]*)"`)

// next returns the cursor of the page after this one; empty after the last.
func (l list) next(body string) (string, error) {
	if l.ofAPI() {
		var page struct{ Next string }
		err := json.Unmarshal([]byte(body), &page)
		return page.Next, err
	}
	link := nextLink.FindStringSubmatch(body)
	if link == nil {
		return "", nil
	}
	u, err := url.Parse(html.UnescapeString(link[1]))
	if err != nil {
		return "", err
	}
	return u.Query().Get("after"), nil
}

// place is a page of a list, by what leads to it.
type place struct{ name, cursor string }

// places are the first page, one in the middle and the last, as far as there are that many.
func (l list) places(b *testing.B, conn *pgx.Conn) []place {
	body, err := l.get("")
	require.NoError(b, err)
	next, err := l.next(body)
	require.NoError(b, err)
	places := []place{{"first", ""}}
	if next == "" {
		return places
	}
	if keys, long := deepLists[l.path]; long && l.face != developerFace { // a developer's is cut down
		middle, last := l.deep(b, conn, keys, next)
		return append(places, place{"middle", middle}, place{"last", last})
	}
	cursors := []string{next}
	for next != "" && len(cursors) <= listWalk {
		body, err := l.get(next)
		require.NoError(b, err)
		if next, err = l.next(body); next != "" {
			cursors = append(cursors, next)
		}
		require.NoError(b, err)
	}
	require.LessOrEqual(b, len(cursors), listWalk, "%s is long: say in deepLists what its keys are", l.path)
	if len(cursors) > 1 {
		places = append(places, place{"middle", cursors[len(cursors)/2-1]})
	}
	return append(places, place{"last", cursors[len(cursors)-1]})
}

// deep makes the cursors of the middle and of the last page of that of the second one, which has a key in it.
func (l list) deep(b *testing.B, conn *pgx.Conn, keys, second string) (middle, last string) {
	key := func(place string) (key string) {
		b.Helper()
		sql := "WITH keys AS MATERIALIZED (" + keys + ") SELECT key FROM keys OFFSET " + place + " LIMIT 1"
		require.NoError(b, conn.QueryRow(b.Context(), sql).Scan(&key), l.path)
		return key
	}
	cursor := second
	if l.ofAPI() {
		raw, err := base64.RawURLEncoding.DecodeString(second)
		require.NoError(b, err)
		cursor = string(raw)
	}
	rows, err := conn.Query(b.Context(), keys+" LIMIT 200")
	require.NoError(b, err)
	early, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(b, err)
	there := early[max(slices.IndexFunc(early, func(key string) bool { return strings.Contains(cursor, key) }), 0)]
	require.Contains(b, cursor, there, "%s is not in the order that deepLists has", l.path)
	jump := func(place string) string {
		cursor := strings.Replace(cursor, there, key(place), 1)
		if l.ofAPI() {
			return base64.RawURLEncoding.EncodeToString([]byte(cursor))
		}
		return cursor
	}
	return jump("(SELECT count(*) / 2 FROM keys)"), jump("(SELECT count(*) - 21 FROM keys)")
}

// measure returns how long a page takes when several clients ask for it at a time.
func (l list) measure(b *testing.B, cursor string) (p50, p99 time.Duration) {
	var group sync.WaitGroup
	took, errs := make([][]time.Duration, listClients), make([]error, listClients)
	for i := range listClients {
		group.Go(func() {
			for n := 0; n < listRequests/listClients && errs[i] == nil; n++ {
				began := time.Now()
				_, errs[i] = l.get(cursor)
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(b, err)
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}
