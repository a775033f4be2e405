package main

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"gatehouse/internal/traces"
)

// What the doctor sees of the machine: its disk, who can read what, and whether others can be reached.

// What a disk should have left, in bytes: for a WAL that grows under load, and for the copy that a migration or a backup makes.
const (
	littleSpace = 1 << 30
	noSpace     = 64 << 20
)

// checkDisk looks at the disk of a SQLite file, and who else can read it.
func (d *doctor) checkDisk(path string) {
	info, err := os.Stat(path)
	if err != nil {
		d.say(broken, "disk", "%s cannot be looked at: %s", path, err)
		return
	}
	if info.Mode().Perm()&0o077 != 0 {
		d.say(dubious, "permissions", "other users of this machine can use %s, which has people's data; run: chmod 600 %s", path, path)
	} else {
		d.say(fine, "permissions", "nobody but its owner and root can read %s", path)
	}
	free, known := freeSpace(filepath.Dir(path))
	mib := free >> 20
	switch {
	case !known:
	case free < noSpace:
		d.say(broken, "disk", "%d MiB are left for %s; free some, or writes fail soon", mib, path)
	case free < littleSpace || free < uint64(info.Size()):
		d.say(dubious, "disk", "%d MiB are left for %s, which has %d MiB; free some", mib, path, info.Size()>>20)
	default:
		d.say(fine, "disk", "%d MiB are left for %s", mib, path)
	}
}

// checkOps looks who can read the numbers of operators: that listener asks nobody who they are.
func (d *doctor) checkOps() {
	host, _, err := net.SplitHostPort(d.cfg.OpsListen)
	if err != nil {
		return // nothing listens there
	}
	addr, err := netip.ParseAddr(host)
	if host == "" || err == nil && (addr.IsUnspecified() || addr.IsGlobalUnicast() && !addr.IsPrivate()) {
		d.say(dubious, "metrics", "GATEHOUSE_OPS_LISTEN is %s, where others may read profiles and numbers without signing in; give it an address of a private network", d.cfg.OpsListen)
		return
	}
	d.say(fine, "metrics", "at http://%s/metrics", d.cfg.OpsListen)
}

// reachTimeout bounds how long somebody is waited for.
const reachTimeout = 3 * time.Second

// checkReach looks whether those can be reached that a server calls or is called through.
func (d *doctor) checkReach() {
	if endpoint := traces.Endpoint(); endpoint != "" {
		d.reach("traces", endpoint, "correct OTEL_EXPORTER_OTLP_ENDPOINT, or start the collector; until then spans are lost and nothing else")
	}
	issuer, err := url.Parse(d.cfg.Issuer)
	if err != nil || issuer.Scheme != "https" {
		return // on loopback, where nobody comes from elsewhere
	}
	d.reach("reachability", d.cfg.Issuer, "browsers and mini apps call that address: correct its DNS or what stands in front; if this machine may not call it, try from elsewhere")
}

// reach opens a connection to where a URL leads.
func (d *doctor) reach(check, target, fix string) {
	u, err := url.Parse(target)
	if err != nil || u.Hostname() == "" {
		d.say(broken, check, "the address of it is no URL; %s", fix)
		return
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	address := net.JoinHostPort(u.Hostname(), port)
	conn, err := net.DialTimeout("tcp", address, reachTimeout)
	if err != nil {
		d.say(dubious, check, "%s cannot be reached (%s); %s", address, rootCause(err), fix)
		return
	}
	_ = conn.Close()
	d.say(fine, check, "%s can be reached", address)
}

// rootCause is what the system or the resolver said, without the address that stands before it.
func rootCause(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}
