package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// What every database of a measurement has in it, beside the people.
const (
	clientID = "bench"
	secret   = "a-client-secret-of-at-least-32-characters"
	password = "correct horse battery staple"
	verifier = "a-code-verifier-of-at-least-forty-three-characters"
	callback = "https://bench.example/cb"

	seedHead = `scopes:
  - {name: catalogue, title: {en: The catalogue}, client: true}
clients:
  - client_id: ` + clientID + `
    client_secret: ` + secret + `
    name: Bench
    redirect_uris: ["` + callback + `"]
    grant_types: [authorization_code, refresh_token, client_credentials]
    scopes: [{name: openid}, {name: email, required: true, purpose: {en: to write to you}}, {name: catalogue}]
users:
`
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// programs are the executables under measurement, and the folder that they are in.
type programs struct{ dir, gatehouse, reference string }

// build compiles what dir does not have, as it is shipped.
func build(ctx context.Context, dir string) (*programs, error) {
	p := &programs{dir, filepath.Join(dir, "gatehouse"), filepath.Join(dir, "reference")}
	return p, errors.Join(compile(ctx, p.gatehouse, "./cmd/gatehouse"), compile(ctx, p.reference, "./internal/bench/reference"))
}

// alone compiles Gatehouse with one commit for each write on SQLite: the same source, but for the constant that says how many
// writes may share one.
func (p *programs) alone(ctx context.Context) (string, error) {
	overlay, err := oneCommitEach(p.dir)
	if err != nil {
		return "", err
	}
	program := filepath.Join(p.dir, "gatehouse-alone")
	return program, compile(ctx, program, "-overlay", overlay, "./cmd/gatehouse")
}

func compile(ctx context.Context, program string, args ...string) error {
	if _, err := os.Stat(program); err == nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", program}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

var groupLimit = regexp.MustCompile(`(?m)^(const groupLimit\s*=\s*)\d+`)

// oneCommitEach returns an overlay for go build.
func oneCommitEach(dir string) (string, error) {
	const source = "storage/gormstore/writer_sqlite.go"
	text, err := os.ReadFile(source)
	if err != nil {
		return "", fmt.Errorf("run this from the root of the repository: %w", err)
	}
	if !groupLimit.Match(text) {
		return "", fmt.Errorf("%s has no constant groupLimit", source)
	}
	changed, overlay := filepath.Join(dir, "writer_sqlite.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, groupLimit.ReplaceAll(text, []byte("${1}1")), 0o600); err != nil {
		return "", err
	}
	at, err := filepath.Abs(source)
	if err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace": {%q: %q}}`, at, changed), 0o600)
}

// house is a Gatehouse on a database of its own.
type house struct {
	program string
	dsn     string
	dir     string
	env     []string // settings beside those that every house has
	*process
}

func (h *house) command(address, ops string, args ...string) *exec.Cmd {
	cmd := exec.Command(h.program, args...)
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(),
		"GATEHOUSE_DATABASE="+h.dsn, "GATEHOUSE_SECRET=the-root-secret-of-a-measurement-that-nobody-needs", "GATEHOUSE_MIGRATE=auto",
		"GATEHOUSE_LISTEN="+address, "GATEHOUSE_ISSUER=http://"+address, "GATEHOUSE_OPS_LISTEN="+ops)
	cmd.Env = append(cmd.Env, h.env...)
	return cmd
}

// seed makes the database and puts so many people into it.
func (h *house) seed(people int) error {
	var file strings.Builder
	file.WriteString(seedHead)
	for i := range people {
		fmt.Fprintf(&file, "  - {email: %q, email_verified: true, password: %q, first_name: Ana, last_name: Souza}\n", email(i), password)
	}
	for _, args := range [][]string{{"migrate", "up"}, {"seed", "apply", "-"}} {
		cmd := h.command("127.0.0.1:9096", "", args...)
		cmd.Stdin = strings.NewReader(file.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("gatehouse %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

func email(person int) string { return fmt.Sprintf("person-%d@example.com", person) }

// serve starts the server.
func (h *house) serve(ctx context.Context) error {
	address, err := spareAddress()
	if err != nil {
		return err
	}
	ops, err := spareAddress()
	if err != nil {
		return err
	}
	h.process, err = startProcess(ctx, h.dir, address, ops, h.command(address, ops, "serve"))
	return err
}

func referenceCommand(program, address, ops, dir string) *exec.Cmd {
	return exec.Command(program, "-listen", address, "-ops", ops, "-database", filepath.Join(dir, "reference.db"), "-secret", secret)
}
