package identity

// Invalid says that one value a person gave cannot be accepted, and how to fix it. Where several cannot, they are
// joined (errors.Join).
type Invalid struct {
	Field string            // the control's name: email, phone, password, first_name …
	Key   string            // the catalog text's key
	Args  map[string]string // fill the text's placeholders
	Text  string            // the same in plain English, for commands
}

func (e *Invalid) Error() string { return e.Field + ": " + e.Text }

// Invalids returns every *Invalid that err consists of, or nil when there is anything else in it.
func Invalids(err error) []*Invalid {
	switch e := err.(type) {
	case *Invalid:
		return []*Invalid{e}
	case interface{ Unwrap() []error }:
		var all []*Invalid
		for _, part := range e.Unwrap() {
			found := Invalids(part)
			if found == nil {
				return nil
			}
			all = append(all, found...)
		}
		return all
	}
	return nil
}
