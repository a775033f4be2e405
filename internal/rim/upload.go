package rim

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"

	"gatehouse/internal/httpx"
)

const (
	// maxUpload is how much of a form with a file is read at all, in bytes: enough that whoever chose too large a file is
	// told so on the form, with what they typed.
	maxUpload = 16 << 20
	maxParts  = 1000
)

// HasFile reports whether a posted form is of the kind that can have files in it (RFC 7578).
func HasFile(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "multipart/form-data"
}

// Upload reads such a form, with one file in the field named so, as Form reads others. Of the file it returns at most max
// bytes and one more; nothing where none was chosen.
func (p *Writer) Upload(w http.ResponseWriter, r *http.Request, field string, max int) (form url.Values, file []byte, ok bool) {
	httpx.LimitBody(w, r, maxUpload)
	reader, err := r.MultipartReader()
	if err == nil {
		form, file, err = readParts(reader, field, max)
	}
	switch {
	case httpx.TooLarge(err) || errors.Is(err, errText):
		p.Refuse(w, r, http.StatusRequestEntityTooLarge, "invalid_request", "too_large", "a form has at most 64 KiB, besides its file")
		return nil, nil, false
	case err != nil || !isText(form):
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", "the form is not one that a browser sends")
		return nil, nil, false
	}
	return form, file, true
}

// errText says that there is more text in a form than any of ours has.
var errText = errors.New("too much text")

// readParts reads what was typed into memory, and of the file no more than is wanted. What else is a file is passed over.
func readParts(reader *multipart.Reader, field string, max int) (form url.Values, file []byte, err error) {
	form = url.Values{}
	left := int64(httpx.MaxBody)
	for range maxParts {
		part, err := reader.NextPart()
		if err == io.EOF { // as it is: wrapped, it says that the form was cut off
			return form, file, nil
		}
		if err != nil {
			return nil, nil, err
		}
		name := part.FormName()
		switch {
		case isFile(part) && name == field && file == nil:
			file, err = io.ReadAll(io.LimitReader(part, int64(max)+1))
		case !isFile(part):
			var text []byte
			text, err = io.ReadAll(io.LimitReader(part, left+1))
			left -= int64(len(name) + len(text))
			form.Add(name, string(text))
		}
		if err != nil {
			return nil, nil, err
		}
		if left < 0 {
			return nil, nil, errText
		}
	}
	return nil, nil, errText
}

// isFile reports whether a part is a file, be it one without a name that nobody chose; else it was typed.
func isFile(part *multipart.Part) bool {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	_, named := params["filename"]
	return named && err == nil
}
