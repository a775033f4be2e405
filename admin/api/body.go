package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"gatehouse/registry"
)

// maxDepth is how deep a body may be nested.
const maxDepth = 32

// object is a JSON object as it was sent; numbers are json.Number.
type object = map[string]any

// readObject reads a body that is one JSON object. Nothing at all is an empty one. Members that are there twice are refused:
// which of them counts would be anybody's guess (RFC 8259 §4).
func readObject(body []byte) (object, error) {
	if len(body) == 0 {
		return object{}, nil
	}
	if !utf8.Valid(body) {
		return nil, bad("The body is not UTF-8.")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	value, err := readValue(decoder, "", 0)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON")
		}
	}
	var twice *problem
	if errors.As(err, &twice) {
		return nil, twice
	}
	o, is := value.(object)
	if err != nil || !is {
		return nil, bad("The body is not one JSON object.")
	}
	return o, nil
}

func readValue(decoder *json.Decoder, path string, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, bad(fmt.Sprintf("The body is nested deeper than %d levels.", maxDepth))
	}
	switch token {
	case json.Delim('{'):
		return readMembers(decoder, path, depth)
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			item, err := readValue(decoder, fmt.Sprintf("%s[%d]", path, len(list)), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err := decoder.Token()
		return list, err
	}
	if text, is := token.(string); is && strings.ContainsRune(text, 0) {
		return nil, bad("The member " + path + " has NUL in it.")
	}
	return token, nil
}

func readMembers(decoder *json.Decoder, path string, depth int) (any, error) {
	o := object{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		at := join(path, name)
		if _, twice := o[name]; twice {
			return nil, &problem{Status: http.StatusBadRequest, Type: typeFields, Title: "A member is there twice", Errors: registry.Problems{{Field: at, Text: "is there twice; leave one out"}}}
		}
		if strings.ContainsRune(name, 0) {
			return nil, bad("A name has NUL in it.")
		}
		if o[name], err = readValue(decoder, at, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return o, err
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// decode reads a body into a struct, strictly.
func decode[T any](body []byte) (T, error) {
	o, err := readObject(body)
	if err != nil {
		var none T
		return none, err
	}
	return into[T](o)
}
