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

// warnUnbuilt says which settings this version only reads.
func warnUnbuilt(cfg *config.Config, log *slog.Logger) {
	if cfg.Mail != "" {
		log.Warn("GATEHOUSE_MAIL is set, but this version sends no mail: sign-up signs in at once, without proof of the address")
	}
	if cfg.OpsListen != "" {
		log.Warn("GATEHOUSE_OPS_LISTEN is set, but this version has no metrics yet: nothing listens there")
	}
}

// warnSecretFiles says which files with a root secret others than their owner can use.
func warnSecretFiles(cfg *config.Config, log *slog.Logger) {
	for _, file := range cfg.SecretFiles() {
		if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
			log.Warn(fmt.Sprintf("other users of this machine can use the root secret in %s; run: chmod 600 %s", file, file))
		}
	}
}

// warnPort says that browsers are sent to another port than the one that is served. With a public issuer there is a
// proxy in between, on loopback there rarely is.
func warnPort(listener net.Listener, cfg *config.Config, log *slog.Logger) {
	issuer, err := url.Parse(cfg.Issuer)
	address, ok := listener.Addr().(*net.TCPAddr)
	if err != nil || !ok || issuer.Scheme != "http" {
		return
	}
	port := issuer.Port()
	if port == "" {
		port = "80"
	}
	if listens := strconv.Itoa(address.Port); port != listens {
		log.Warn(fmt.Sprintf("GATEHOUSE_LISTEN has port %s, and GATEHOUSE_ISSUER, which every URL is built from, has port %s; give both the same, unless a proxy stands in between",
			listens, port))
	}
}
