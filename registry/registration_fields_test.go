package registry

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// own are the parts of a client that no registration says.
var own = []string{"ID", "Secrets", "Status", "TokensFrom", "CreatedAt", "UpdatedAt"}

func TestEveryPartOfARegistrationIsCompared(t *testing.T) {
	kind := reflect.TypeFor[storage.Client]()
	seen := map[string]bool{}
	for i := range kind.NumField() {
		name := kind.Field(i).Name
		var c storage.Client
		fill(reflect.ValueOf(&c).Elem().Field(i))
		changed := Changed(storage.Client{}, c)
		if slices.Contains(own, name) {
			require.Empty(t, changed, name)
			continue
		}
		require.Len(t, changed, 1, name)
		require.False(t, seen[changed[0]], changed[0])
		seen[changed[0]] = true
	}
	require.Len(t, seen, len(fields))
}

// fill puts something into a field.
func fill(v reflect.Value) {
	switch value := v.Addr().Interface().(type) {
	case *string:
		*value = "x"
	case *bool:
		*value = true
	case *[]string:
		*value = []string{"x"}
	case *map[string]string:
		*value = map[string]string{"en": "x"}
	case *storage.Lifetime:
		*value = 1
	case *time.Duration:
		*value = 1
	case *time.Time:
		*value = time.Unix(1, 0)
	case *json.RawMessage:
		*value = json.RawMessage(`{"keys":[]}`)
	case *map[string]json.RawMessage:
		*value = map[string]json.RawMessage{"gam": json.RawMessage(`{}`)}
	case *[]storage.ClientScope:
		*value = []storage.ClientScope{{Name: "x"}}
	case *[]storage.ClientSecret:
		*value = []storage.ClientSecret{{ID: "x"}}
	default:
		panic(v.Type().String())
	}
}
