package httpx

import (
	"context"
	"crypto/tls"
	"errors"
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

// Server is what answers requests on a listener.
type Server struct {
	Handler     http.Handler
	Certificate *Certificate // nil: it serves plain HTTP
	Log         *slog.Logger
	// ShutdownDelay is how long a server that is to stop still takes connections, while it asks everybody to close theirs after the
	// next answer: until whoever sends requests has seen that it is not ready. Without one, whoever sends on an idle
	// connection at that moment may get no answer.
	ShutdownDelay time.Duration
}

// Serve answers requests on l until ctx ends, and then drains: requests that are under way, and those of connections
// that were open or being opened, are answered before it returns, within 20 seconds of ShutdownDelay's end.
// The error is nil after a complete drain.
func (s Server) Serve(ctx context.Context, l net.Listener) error {
	var leaving traffic
	server := &http.Server{
		Handler:           leaving.wrap(s.Handler),
		ConnState:         leaving.note,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	go func() { stopped <- listen(server, &lastCallListener{Listener: l}, s.Certificate) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	leaving.closing.Store(true)
	select {
	case err := <-stopped: // nobody can connect any more
		return errors.Join(err, drain(server, &leaving))
	case <-time.After(s.ShutdownDelay):
	}
	stopAccepting(l)
	<-stopped
	return drain(server, &leaving)
}

func listen(server *http.Server, l net.Listener, certificate *Certificate) error {
	if certificate == nil {
		return server.Serve(l)
	}
	server.TLSConfig = &tls.Config{GetCertificate: certificate.get, MinVersion: tls.VersionTLS12}
	return server.ServeTLS(l, "", "")
}
