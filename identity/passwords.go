package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"
)

// The cost of a password: OWASP's first choice for argon2id, 19 MiB, two passes, one thread.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	threads   = 1
	saltSize  = 16
	hashSize  = 32
)

// Passwords hashes and verifies passwords in a bounded amount of memory. It is safe for concurrent use.
type Passwords struct {
	room  *semaphore.Weighted // in KiB
	size  int64
	crowd crowd  // who waits for room
	dummy string // a hash that no password has
}

// NewPasswords returns a Passwords that uses at most memoryLimit bytes at a time, and all processors but one: the rest of the server
// goes on beside any number of sign-ins. One password at a time is always possible.
func NewPasswords(memoryLimit int) *Passwords {
	atOnce := max(1, runtime.GOMAXPROCS(0)-1)
	size := max(min(int64(memoryLimit)/1024, int64(atOnce)*memoryKiB), memoryKiB)
	return &Passwords{
		room:  semaphore.NewWeighted(size),
		size:  size,
		dummy: argon2id{memoryKiB, passes, threads, random(saltSize), random(hashSize)}.String(),
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// Hash returns a new PHC string (argon2id) for password. It waits for memory; the context's error when it ends
// first, one wrapping storage.ErrUnavailable when too many are waiting already.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	a := argon2id{memoryKiB, passes, threads, random(saltSize), make([]byte, hashSize)}
	leave, err := p.enter(ctx, a.memory)
	if err != nil {
		return "", err
	}
	defer leave()
	a.hash = a.sum(prepare(password))
	return a.String(), nil
}

// Verify reports whether hash is password's, and then whether it should be replaced by a new one because it was
// imported or made at another cost, and all of the password was compared. An empty hash is nobody's and costs as much as
// another. Verify waits for memory as Hash does, with the same errors; ErrHash when hash is not one.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	if hash == "" {
		hash = p.dummy
	}
	if err := CheckHash(hash); err != nil {
		return false, false, err
	}
	if isBcrypt(hash) {
		ok, err = p.verifyBcrypt(ctx, hash, password)
		return ok, ok && comparedWhole(password), err
	}
	a, err := parseArgon2id(hash)
	if err != nil {
		return false, false, err
	}
	leave, err := p.enter(ctx, a.memory)
	if err != nil {
		return false, false, err
	}
	defer leave()
	ok = subtle.ConstantTimeCompare(a.sum(prepare(password)), a.hash) == 1
	ours := a.memory == memoryKiB && a.passes == passes && a.threads == threads && len(a.hash) == hashSize
	return ok, ok && !ours, nil
}

// verifyBcrypt compares as the system that made the hash did: the bytes as they are, the first 72 of them. It takes
// as much room as an argon2id hash, which bounds the processors' work.
func (p *Passwords) verifyBcrypt(ctx context.Context, hash, password string) (bool, error) {
	leave, err := p.enter(ctx, memoryKiB)
	if err != nil {
		return false, err
	}
	defer leave()
	err = bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, ErrHash
	}
	return err == nil, nil
}

// comparedWhole reports whether bcrypt told this password from every other one. It looks at 72 bytes, and takes what comes
// after a NUL for a repetition, so the rest may be anything and is not to be stored.
func comparedWhole(password string) bool {
	return len(password) <= 72 && !strings.ContainsRune(password, 0)
}

// enter takes memory KiB of room, or all of it when it is less than that, and returns how to give it back.
func (p *Passwords) enter(ctx context.Context, memory uint32) (leave func(), err error) {
	n := min(int64(memory), p.size)
	served, err := p.crowd.join("")
	if err != nil {
		return nil, err
	}
	defer served()
	if err := p.room.Acquire(ctx, n); err != nil {
		return nil, fmt.Errorf("waiting for memory to hash a password: %w", err)
	}
	return func() { p.room.Release(n) }, nil
}

// prepare makes one password of the ways that keyboards compose the same characters (RFC 8265 §4.2.2: NFC).
func prepare(password string) string { return norm.NFC.String(password) }
