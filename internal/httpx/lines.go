package httpx

import (
	"bufio"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// TypeLines is the media type of JSON lines (jsonlines.org).
const TypeLines = "application/jsonl"

// JSONLines answers r with a line of JSON for each value, of which there may be more than memory holds. The client has a
// minute for every 32 KiB. Where a value cannot be had the answer is cut off, so that nobody takes it for a whole one.
func JSONLines[T any](w http.ResponseWriter, r *http.Request, lines iter.Seq2[T, error]) {
	h := w.Header()
	h.Set("Content-Type", TypeLines)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	buffer := bufio.NewWriterSize(unhurried{w}, 32<<10)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	for line, err := range lines {
		if err == nil {
			err = encoder.Encode(line)
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	_ = buffer.Flush() // a client that has left is nobody's error
}

// unhurried begins the server's time for an answer anew with every write.
type unhurried struct{ http.ResponseWriter }

func (w unhurried) Write(b []byte) (int, error) {
	// What is no connection of a server, as in a test, has no deadline.
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTimeout))
	return w.ResponseWriter.Write(b)
}
