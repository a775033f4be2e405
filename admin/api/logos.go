package api

import (
	"io"
	"mime"
	"net/http"
	"strings"

	"gatehouse/internal/httpx"
	"gatehouse/registry/logo"
)

var errPicture = &problem{Status: http.StatusRequestEntityTooLarge, Detail: "A logo has at most 1 MB."}

// readPicture returns the picture that is the body of a PUT. What it is made of is seen from its bytes, not from its media type.
func readPicture(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || !strings.HasPrefix(media, "image/") {
		w.Header().Set("Accept", "image/png, image/jpeg, image/webp")
		return nil, &problem{Status: http.StatusUnsupportedMediaType, Detail: "The body has to be a picture: Content-Type: image/png, image/jpeg or image/webp."}
	}
	httpx.LimitBody(w, r, logo.MaxBytes)
	body, err := io.ReadAll(r.Body)
	switch {
	case httpx.TooLarge(err):
		return nil, errPicture
	case err != nil:
		return nil, bad("The body ended early.")
	}
	return body, nil
}

// putLogo gives a mini app a picture as its logo.
func putLogo(q *request) (*response, error) {
	id := q.path("id")
	w, err := q.house.Client(q.ctx, q.caller, id)
	if err != nil {
		return nil, err
	}
	if err := q.matches(w.ETag()); err != nil {
		return nil, err
	}
	if _, err := q.house.SetLogo(q.ctx, q.caller, id, q.body, w.ETag()); err != nil {
		return nil, q.moved(WithMemberNames(err))
	}
	return again(q, id)
}
