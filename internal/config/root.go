package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/secret"
)

// secretSuffix names the file with the root secret beside a SQLite database.
const secretSuffix = ".secret"

// Root returns the root secret: GATEHOUSE_SECRET, or for a SQLite database without it the secret in the file beside the
// database, which the first one to ask makes. An Error when it is too short.
func (c *Config) Root() (secret.Root, error) {
	current := c.Secret
	if path, ok := c.SQLitePath(); ok && current == "" {
		var err error
		if current, err = secretBeside(path); err != nil {
			return secret.Root{}, err
		}
	}
	root, err := secret.New([]byte(current), []byte(c.SecretPrevious))
	if err != nil {
		return secret.Root{}, &Error{Problems: []string{fmt.Sprintf("%v; set %sSECRET to a longer one: %s", err, prefix, secretRecipe)}}
	}
	return root, nil
}

// secretBeside returns the secret in database+".secret". Of several processes that find no such file, one makes it.
func secretBeside(database string) (string, error) {
	path := database + secretSuffix
	text, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeSecret(path); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("the folder of the database %s does not exist; create the folder, or correct %sDATABASE", database, prefix)
		} else if err != nil {
			return "", fmt.Errorf("the root secret cannot be written beside the database: %w; make the folder writable or set %sSECRET", err, prefix)
		}
		text, err = readSmall(path)
	}
	if err != nil {
		return "", fmt.Errorf("the root secret cannot be read: %w; run gatehouse as the owner of that file, or set %sSECRET", err, prefix)
	}
	if text = strings.TrimSpace(text); len(text) < secret.MinLength {
		return "", &Error{Problems: []string{fmt.Sprintf("the root secret in %s has %d bytes, and needs at least %d; restore that file, or without a copy %s",
			path, len(text), secret.MinLength, secretRecipe)}}
	}
	return text, nil
}

// makeSecret puts a new secret at path, unless there is a file already. The file appears there complete and synced, or
// not at all: its link is made last, and fails where somebody else was first.
func makeSecret(path string) error {
	folder, name := filepath.Split(path)
	f, err := os.CreateTemp(filepath.Clean(folder), "."+name+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	random := make([]byte, 32)
	rand.Read(random)
	_, err = f.WriteString(base64.RawURLEncoding.EncodeToString(random) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Clean(folder))
}

// syncFolder makes a new name in a folder survive a crash.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
