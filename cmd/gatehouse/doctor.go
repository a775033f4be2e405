package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/authz/keys"
	"gatehouse/identity/upstream"
	"gatehouse/internal/audit"
	"gatehouse/internal/config"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// verdict is how a check went.
type verdict string

const (
	fine    verdict = "OK"
	dubious verdict = "WARN"
	broken  verdict = "FAIL"
)

// finding is one line of the doctor's.
type finding struct {
	Verdict verdict `json:"verdict"`
	Check   string  `json:"check"`
	Text    string  `json:"text"` // with what to do about it, where something is not fine
}

// doctor looks at everything that a server needs. It changes nothing.
type doctor struct {
	cfg      *config.Config
	findings []finding
}

func (d *doctor) say(v verdict, check, format string, args ...any) {
	d.findings = append(d.findings, finding{v, check, fmt.Sprintf(format, args...)})
}

const doctorHelp = `Check what a server with these settings needs: the settings themselves, the issuer and its cookies, the disk and who can read it,
the database, its schema and whether it keeps what it was told, the keys and their age, the audit log, the clock, who can be reached, and what
was forgotten there. It changes nothing. Every line begins with OK, WARN or FAIL and says what to do. The exit code is 1 when a line says FAIL.`

func (c *cli) doctorCommand() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "doctor", Short: "check settings, database, keys, clock, cookies and forgotten demo data", Args: cobra.NoArgs, Long: doctorHelp,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := new(doctor)
			var err error
			if d.cfg, err = c.config(); err != nil {
				d.say(broken, "configuration", "%s", err)
			} else {
				d.say(fine, "configuration", "every setting can be used")
				d.checkSettings()
				d.checkIssuer()
				d.checkOps()
				d.checkReach()
				d.checkDatabase(cmd.Context())
			}
			return c.printFindings(d.findings)
		},
	})
}

func (c *cli) printFindings(findings []finding) error {
	failed := 0
	for _, f := range findings {
		if f.Verdict == broken {
			failed++
		}
	}
	if c.output == "table" {
		for _, f := range findings {
			fmt.Fprintf(c.out, "%-4s  %-13s  %s\n", f.Verdict, f.Check, oneLine(f.Text))
		}
	} else if err := c.print(findings, nil, nil); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed; do what the lines with FAIL say", failed, len(findings))
	}
	return nil
}

// checkSettings looks at what the settings name.
func (d *doctor) checkSettings() {
	for _, text := range unbuilt(d.cfg) {
		d.say(dubious, "configuration", "%s", text)
	}
	if _, err := loadCertificate(d.cfg); err != nil {
		d.say(broken, "configuration", "%s", err)
	}
	if _, err := upstream.ReadFile(d.cfg.UpstreamsFile, d.cfg.Issuer, d.cfg.AllowPrivateNetwork); err != nil {
		d.say(broken, "configuration", "%s", err)
	}
	if d.cfg.AllowPrivateNetwork && !d.cfg.Loopback() {
		d.say(dubious, "configuration", "GATEHOUSE_ALLOW_PRIVATE_NETWORK lets mini apps' addresses reach your own network; unset it, it is for tests")
	}
	if d.cfg.SecretPrevious != "" {
		d.say(dubious, "configuration", "GATEHOUSE_SECRET_PREVIOUS is set, as during a rotation; unset it when every server has the new secret, and no session or token of the old one is left")
	}
}

// checkIssuer looks at how browsers reach the server, on which its cookies depend.
func (d *doctor) checkIssuer() {
	issuer, err := url.Parse(d.cfg.Issuer)
	_, port, errListen := net.SplitHostPort(d.cfg.Listen)
	if err != nil || errListen != nil {
		d.say(broken, "cookies", "%s or %s is no address; correct GATEHOUSE_ISSUER and GATEHOUSE_LISTEN", d.cfg.Issuer, d.cfg.Listen)
		return
	}
	switch {
	case issuer.Scheme == "http":
		d.say(fine, "cookies", "the issuer is on loopback, so that cookies go without Secure; for browsers elsewhere set GATEHOUSE_ISSUER to an https URL")
		if outside := portOf(issuer); port != "0" && port != outside {
			d.say(dubious, "issuer", "%s", portsDiffer(port, outside))
		}
	case d.cfg.TLSCertFile == "" && len(d.cfg.TrustedProxies) == 0:
		d.say(dubious, "cookies", "the issuer is https and nothing here serves it: with a proxy in front set GATEHOUSE_TRUSTED_PROXIES to its network, else set GATEHOUSE_TLS_CERT_FILE and GATEHOUSE_TLS_KEY_FILE")
	default:
		d.say(fine, "cookies", "Secure, for %s and no other host", issuer.Host)
	}
}

// checkDatabase opens the database, which must be there: nothing is made.
func (d *doctor) checkDatabase(ctx context.Context) {
	if path, is := d.cfg.SQLitePath(); is {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			d.say(dubious, "database", "there is no file %s yet; gatehouse serve makes it, or correct GATEHOUSE_DATABASE", path)
			return
		}
		d.checkDisk(path)
	}
	store, err := gormstore.Open(ctx, d.cfg.Database, gormstore.Options{AnySchema: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.say(broken, "database", "%s", err)
		return
	}
	defer store.Close()
	d.checkClock(ctx, store)
	d.checkDurability(ctx, store)
	if d.checkSchema(ctx, store) {
		d.checkKeys(ctx, store)
		d.checkAudit(ctx, store)
		d.checkData(ctx, store)
	}
}

// Servers and the database compare times with each other: of codes, of tokens, of leases.
const (
	clockDrift = 5 * time.Second
	clockOff   = time.Minute
)

func (d *doctor) checkClock(ctx context.Context, store *gormstore.Store) {
	before := time.Now()
	theirs, err := store.Clock(ctx)
	after := time.Now()
	if err != nil {
		d.say(broken, "database", "it does not answer: %s", err)
		return
	}
	d.say(fine, "database", "it answers within %s", after.Sub(before).Round(time.Millisecond))
	off := time.Duration(0)
	if theirs.Before(before) {
		off = before.Sub(theirs)
	} else if theirs.After(after) {
		off = theirs.Sub(after)
	}
	text := fmt.Sprintf("this machine and the database differ by %s", off.Round(time.Millisecond))
	switch {
	case off > clockOff:
		d.say(broken, "clock", "%s; set both by NTP, since codes live for minutes", text)
	case off > clockDrift:
		d.say(dubious, "clock", "%s; set both by NTP", text)
	default:
		d.say(fine, "clock", "%s", text)
	}
}

// checkDurability looks whether what a server is told was written is written.
func (d *doctor) checkDurability(ctx context.Context, store *gormstore.Store) {
	lax, err := store.LaxSettings(ctx)
	switch {
	case err != nil:
		d.say(dubious, "durability", "the database does not say whether it keeps what it has committed: %s", err)
	case len(lax) > 0:
		d.say(broken, "durability", "the database has %s, so that tokens and revocations that were answered can be lost in a crash; set each to on", strings.Join(lax, ", "))
	default:
		d.say(fine, "durability", "the database keeps what it has committed")
	}
}

// checkSchema reports whether the rest can be read.
func (d *doctor) checkSchema(ctx context.Context, store *gormstore.Store) bool {
	status, err := store.Status(ctx)
	if err != nil {
		d.say(broken, "schema", "it cannot be read: %s", err)
		return false
	}
	_, isSQLite := d.cfg.SQLitePath()
	switch err := status.Usable(); {
	case err == nil && len(status.Pending) > 0:
		d.say(dubious, "schema", "it works, and gatehouse migrate up brings it to what this program was built for")
	case err == nil:
		d.say(fine, "schema", "version %d", status.Version)
	case status.Version < status.Program && (isSQLite || d.cfg.Migrate == "auto"):
		d.say(dubious, "schema", "it has version %d, and gatehouse serve brings it to %d when it starts", status.Version, status.Program)
	default:
		d.say(broken, "schema", "%s", err)
	}
	return status.Usable() == nil
}

// checkKeys opens the keys with the root secret, without making one.
func (d *doctor) checkKeys(ctx context.Context, store *gormstore.Store) {
	for _, file := range d.cfg.SecretFiles() {
		info, err := os.Stat(file)
		if err != nil {
			d.say(broken, "keys", "the root secret cannot be read: %s; restore the file from a backup, nothing that was sealed opens without it", err)
			return
		}
		if info.Mode().Perm()&0o077 != 0 {
			d.say(dubious, "keys", "%s", readableSecret(file))
		}
	}
	root, err := d.cfg.Root()
	if err != nil {
		d.say(broken, "keys", "%s", err)
		return
	}
	set := keys.New(store, root, d.cfg.IDTokenLifetime, time.Now)
	if err := set.Check(ctx); err != nil {
		d.say(broken, "keys", "%s", err)
		return
	}
	all := set.List()
	if len(all) == 0 {
		d.say(fine, "keys", "there are none yet; gatehouse serve makes them")
		return
	}
	d.say(fine, "keys", "%d signing keys open with the root secret; the newest is %d days old", len(all), int(time.Since(all[0].CreatedAt).Hours()/24))
	d.checkKeyAge(all[0].CreatedAt)
}

// auditLooked is how many events of the audit log are computed anew, in about a second.
const auditLooked = 50_000

// checkAudit looks whether the audit log is what was written.
func (d *doctor) checkAudit(ctx context.Context, store *gormstore.Store) {
	for _, file := range d.cfg.SecretFiles() {
		if _, err := os.Stat(file); err != nil {
			return // checkKeys says so, and nothing here makes another one
		}
	}
	root, err := d.cfg.Root()
	if err != nil {
		return // checkKeys says so
	}
	report, whole, err := audit.New(store, root).Check(ctx, auditLooked)
	switch {
	case err != nil:
		d.say(broken, "audit log", "it cannot be read: %s", err)
	case report.Broken != "":
		d.say(broken, "audit log", "it is not whole: %s; compare with an export or a backup", report.Broken)
	case !whole:
		d.say(dubious, "audit log", "its end is what was written; it is too long to be read here, gatehouse audit verify reads all %d events", report.Sealed)
	default:
		d.say(fine, "audit log", "%d events are what was written", report.Sealed)
	}
}

// checkData looks for what was forgotten in the database.
func (d *doctor) checkData(ctx context.Context, store *gormstore.Store) {
	_, err := store.Publisher(ctx, demoPublisher)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		d.say(fine, "demo data", "none")
	case err != nil:
		d.say(broken, "demo data", "it cannot be looked for: %s", err)
	case d.cfg.Loopback():
		d.say(dubious, "demo data", "the accounts of the demo are in here, whose passwords everybody knows; use another database before others can reach it")
	default:
		d.say(broken, "demo data", "%s", strings.TrimPrefix(errDemoData.Error(), "this database "))
	}
	switch found, err := store.HasAdmin(ctx); {
	case err != nil:
		d.say(broken, "admin", "it cannot be looked for: %s", err)
	case !found:
		d.say(dubious, "admin", "nobody is an admin yet; open the link that gatehouse user setup-link prints")
	default:
		d.say(fine, "admin", "there is one")
	}
}
