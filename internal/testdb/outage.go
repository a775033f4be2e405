package testdb

import "testing"

// Disconnect takes a database of Postgres away: it ends all connections and lets no new one in, until reconnect is
// called.
func Disconnect(t testing.TB, dsn string) (reconnect func()) {
	t.Helper()
	server, name := locate(t, dsn)
	admin(t, server, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	endConnections(t, server, name)
	return func() { admin(t, server, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true") }
}

// ReadOnly makes a database of Postgres refuse writes, as a standby does, until writable is called.
func ReadOnly(t testing.TB, dsn string) (writable func()) {
	t.Helper()
	server, name := locate(t, dsn)
	set := func(value string) {
		admin(t, server, "ALTER DATABASE "+name+" SET default_transaction_read_only = "+value)
		endConnections(t, server, name) // connections keep the setting that they began with
	}
	set("on")
	return func() { set("off") }
}

func endConnections(t testing.TB, server, name string) {
	t.Helper()
	admin(t, server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
}
