package gormstore_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// Each list, however it is cut down. Where few rows are left, they may be sorted; else an index has them in their order.
func TestListsAreReadByIndex(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		var j journal
		s := open(t, dsn, gormstore.Options{Migrate: true, Statement: j.observe})
		ctx, now, one := t.Context(), time.Now(), []string{"printco"}
		clients := func(q storage.ClientQuery) func() { return func() { s.FindClients(ctx, q, "c", 10) } }
		users := func(q storage.UserQuery) func() { return func() { s.FindUsers(ctx, q, "u", 10) } }
		events := func(f storage.AuditFilter) func() { return func() { s.AuditEvents(ctx, f, "e", 10) } }
		deliveries := func(q storage.DeliveryQuery) func() { return func() { s.FindDeliveries(ctx, q, "d", 10) } }
		for name, list := range map[string]struct {
			read  func()
			sorts bool
		}{
			"clients":                {read: clients(storage.ClientQuery{})},
			"clients, status":        {read: clients(storage.ClientQuery{Status: storage.StatusRejected})},
			"clients, publisher":     {read: clients(storage.ClientQuery{Publishers: one})},
			"clients, submitted":     {read: clients(storage.ClientQuery{Status: storage.StatusSubmitted}), sorts: true},
			"clients, name":          {read: clients(storage.ClientQuery{Search: "photo print"}), sorts: true},
			"clients, publishers":    {read: clients(storage.ClientQuery{Publishers: []string{"a", "b"}}), sorts: true},
			"queue":                  {read: func() { s.ReviewQueue(ctx, storage.QueuePlace{Since: now, ClientID: "c"}, 10) }, sorts: true},
			"publishers":             {read: func() { s.Publishers(ctx, "p", 10) }},
			"companies":              {read: func() { s.Companies(ctx, "c", 10) }},
			"users":                  {read: users(storage.UserQuery{})},
			"users, e-mail":          {read: users(storage.UserQuery{Search: "a"})},
			"users, company":         {read: users(storage.UserQuery{CompanyID: "acme"})},
			"users, both":            {read: users(storage.UserQuery{Search: "a", CompanyID: "acme"})},
			"sessions":               {read: func() { s.AllSessions(ctx, "s", 10, now) }},
			"sessions, user":         {read: func() { s.UserSessions(ctx, "u", now) }, sorts: true},
			"grants":                 {read: func() { s.AllGrants(ctx, "g", 10) }, sorts: true},
			"grants, client":         {read: func() { s.ClientGrants(ctx, "c", "g", 10) }, sorts: true},
			"grants, owner":          {read: func() { s.OwnedGrants(ctx, storage.Owner{UserID: "u"}, "c", 10) }, sorts: true},
			"events":                 {read: events(storage.AuditFilter{})},
			"events, times":          {read: events(storage.AuditFilter{Since: now, Until: now})},
			"events, actor":          {read: events(storage.AuditFilter{Actor: storage.Actor{Kind: storage.ActorUser, ID: "u"}})},
			"events, action":         {read: events(storage.AuditFilter{Action: "client.approve"})},
			"events, target":         {read: events(storage.AuditFilter{Target: storage.Target{Kind: "client", ID: "c"}})},
			"events, action, until":  {read: events(storage.AuditFilter{Action: "client.approve", Until: now})},
			"deliveries":             {read: deliveries(storage.DeliveryQuery{})},
			"deliveries, pending":    {read: deliveries(storage.DeliveryQuery{State: storage.DeliveryPending})},
			"deliveries, delivered":  {read: deliveries(storage.DeliveryQuery{State: storage.DeliveryDelivered})},
			"deliveries, dead":       {read: deliveries(storage.DeliveryQuery{State: storage.DeliveryDead})},
			"deliveries, client":     {read: deliveries(storage.DeliveryQuery{ClientID: "c"})},
			"deliveries, both":       {read: deliveries(storage.DeliveryQuery{ClientID: "c", State: storage.DeliveryDead})},
			"deliveries, publishers": {read: deliveries(storage.DeliveryQuery{Publishers: one}), sorts: true},
			"API keys":               {read: func() { s.APIKeys(ctx, "", "k", 10) }},
			"live API keys":          {read: func() { s.LiveAPIKeys(ctx, "u", now) }},
			"versions":               {read: func() { s.ClientVersions(ctx, "c", "", "v", 10) }},
			"versions, approved":     {read: func() { s.ClientVersions(ctx, "c", storage.StatusApproved, "v", 1) }},
			"notes":                  {read: func() { s.ReviewNotes(ctx, "c", "n", 10) }},
			"notes, newest":          {read: func() { s.LastNotes(ctx, "c", "", 10) }},
		} {
			j.take()
			list.read()
			statements := j.take()
			require.NotEmpty(t, statements, name)
			for _, statement := range statements {
				requireIndexed(t, s, dsn, name, statement, list.sorts)
			}
		}
	})
}

func requireIndexed(t *testing.T, s *gormstore.Store, dsn, name, statement string, sorts bool) {
	t.Helper()
	var plan []string
	var err error
	if strings.HasPrefix(dsn, "sqlite:") {
		plan, err = s.Explain(statement, make([]any, 10)[:parameters(statement)]...)
	} else {
		plan, err = s.ExplainIndexed(t.Context(), statement, parameters(statement))
	}
	require.NoError(t, err, "%s: %s", name, statement)
	for _, step := range plan {
		says := name + ": " + statement + "\n" + strings.Join(plan, "\n")
		wholeTable := strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "INDEX") && !subquery.MatchString(step) || strings.Contains(step, "Seq Scan")
		require.False(t, wholeTable, says)
		sorted := strings.Contains(step, "TEMP B-TREE") || strings.Contains(step, "Sort")
		require.False(t, sorted && !sorts, says)
	}
}

// subquery matches a step of SQLite's that goes through what another step has found.
var subquery = regexp.MustCompile(`^SCAN (own|versions|waiting|\(subquery|CONSTANT)`)
