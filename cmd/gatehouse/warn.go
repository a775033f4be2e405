package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"

	"gatehouse/internal/config"
)

// What serve can do and its operator probably did not mean.

// unbuilt says which settings this version only reads.
func unbuilt(cfg *config.Config) (texts []string) {
	if cfg.Mail != "" {
		texts = append(texts, "GATEHOUSE_MAIL is set, but this version sends no mail: sign-up signs in at once, without proof of the address")
	}
	return texts
}

func warnUnbuilt(cfg *config.Config, log *slog.Logger) {
	for _, text := range unbuilt(cfg) {
		log.Warn(text)
	}
}

// warnSecretFiles says which files with a root secret others than their owner can use.
func warnSecretFiles(cfg *config.Config, log *slog.Logger) {
	for _, file := range cfg.SecretFiles() {
		if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
			log.Warn(readableSecret(file))
		}
	}
}

func readableSecret(file string) string {
	return fmt.Sprintf("other users of this machine can use the root secret in %s; run: chmod 600 %s", file, file)
}

// warnPort says that browsers are sent to another port than the one that is served. With a public issuer there is a
// proxy in between, on loopback there rarely is.
func warnPort(listener net.Listener, cfg *config.Config, log *slog.Logger) {
	issuer, err := url.Parse(cfg.Issuer)
	address, ok := listener.Addr().(*net.TCPAddr)
	if err != nil || !ok || issuer.Scheme != "http" {
		return
	}
	if port, listens := portOf(issuer), strconv.Itoa(address.Port); port != listens {
		log.Warn(portsDiffer(listens, port))
	}
}

// portOf is the port of an http URL.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return "80"
}

func portsDiffer(listens, issuer string) string {
	return fmt.Sprintf("GATEHOUSE_LISTEN has port %s, and GATEHOUSE_ISSUER, which every URL is built from, has port %s; give both the same, unless a proxy stands in between",
		listens, issuer)
}
