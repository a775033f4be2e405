package httpx

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// Listen opens the listener for Serve on a TCP address.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // its sockets cannot be filtered, see refuseNew
	return config.Listen(ctx, "tcp", address)
}

// Serve answers requests on l until ctx ends, and then drains: requests that are under way, and those of connections
// that were open or being opened, are answered before it returns, within 20 seconds. With a certificate it serves TLS.
// The error is nil after a complete drain.
func Serve(ctx context.Context, l net.Listener, h http.Handler, certificate *Certificate, log *slog.Logger) error {
	var leaving traffic
	server := &http.Server{
		Handler:           leaving.wrap(h),
		ConnState:         leaving.note,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	go func() { stopped <- listen(server, lastCallListener{l}, certificate) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
		return drain(server, l, &leaving, stopped)
	}
}

func listen(server *http.Server, l net.Listener, certificate *Certificate) error {
	if certificate == nil {
		return server.Serve(l)
	}
	server.TLSConfig = &tls.Config{GetCertificate: certificate.get, MinVersion: tls.VersionTLS12}
	return server.ServeTLS(l, "", "")
}
