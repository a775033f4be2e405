package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/config"
)

const healthTimeout = 5 * time.Second

func (c *cli) healthcheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "healthcheck", Short: "ask the server on this machine whether it is ready", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.config()
			if err != nil {
				return err
			}
			return healthcheck(cmd.Context(), cfg)
		},
	}
	c.settingFlag(cmd, "listen")
	return cmd
}

func healthcheck(ctx context.Context, cfg *config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	url := "http://" + reachable(cfg.Listen) + "/readyz"
	// The certificate is made out to the issuer's name, not to this machine's address.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	if cfg.TLSCertFile != "" {
		url = "https://" + reachable(cfg.Listen) + "/readyz"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil && strings.Contains(err.Error(), "HTTP response to HTTPS client") {
		return errors.New("the server at " + url + " speaks plain HTTP; leave GATEHOUSE_TLS_CERT_FILE out here, or set it for the server too")
	}
	if err != nil {
		return errors.New("no server answers at " + url + "; start it with gatehouse serve, or correct --listen")
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusBadRequest {
		// The answer of net/http to plain HTTP on a TLS listener; /readyz never answers so.
		return errors.New("the server at " + url + " speaks HTTPS; set GATEHOUSE_TLS_CERT_FILE and GATEHOUSE_TLS_KEY_FILE here as for the server")
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server at %s is not ready (status %d); its log says why", url, response.StatusCode)
	}
	return nil
}

// reachable turns the address of a listener on all interfaces into one that can be called.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
