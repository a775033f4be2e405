package main

import (
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A collector that refuses or says nothing costs spans, and no request a thing: many more are made here than the queue holds.
func TestACollectorThatIsAwayHoldsUpNoRequest(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // connections are made, and nobody answers
	require.NoError(t, err)
	defer silent.Close()
	for name, address := range map[string]string{"refuses": freeAddress(t), "says nothing": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			s, start := newProcess(t, furnished.SQLite(t), "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+address,
				"OTEL_EXPORTER_OTLP_TIMEOUT=600000", "OTEL_BSP_EXPORT_TIMEOUT=600000", "OTEL_BSP_MAX_QUEUE_SIZE=32", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=32", "OTEL_BSP_SCHEDULE_DELAY=50")
			server := start()
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					for range 50 {
						began := time.Now()
						a := s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}})
						assert.Equal(t, http.StatusOK, a.StatusCode, a.body)
						assert.Less(t, time.Since(began), 60*time.Second, "a call of the collector is given up after ten minutes here")
					}
				})
			}
			group.Wait()
			began := time.Now()
			require.NoError(t, server.Process.Signal(syscall.SIGTERM))
			require.NoError(t, server.Wait())
			require.Less(t, time.Since(began), 60*time.Second, "nor does it hold up who stops")
		})
	}
}
