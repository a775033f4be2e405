package main

import (
	"fmt"
	"net"
	"net/url"

	"github.com/spf13/cobra"

	"gatehouse/identity/upstream"
	"gatehouse/internal/config"
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
