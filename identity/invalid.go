package identity

import "errors"

// Invalid says that one value a person gave cannot be accepted, and how to fix it.
type Invalid struct {
	Field string            // the control's name: email, phone, password, first_name …
	Key   string            // the catalog text's key
	Args  map[string]string // fill the text's placeholders
	Text  string            // the same in plain English, for commands
}

func (e *Invalid) Error() string { return e.Field + ": " + e.Text }

// AsInvalid returns the *Invalid in err's chain, or nil.
func AsInvalid(err error) *Invalid {
	if e, ok := errors.AsType[*Invalid](err); ok {
		return e
	}
	return nil
}
