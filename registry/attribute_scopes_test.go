package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

func TestAScopeForAnAttributeNeedsNoPlaceInTheCatalogueOfAGAMClient(t *testing.T) {
	for name, right := range map[string]bool{
		"user_EmployeeID": true, "user_cost.center": true,
		"user_": false, "user_sub": false, "user_email_verified": false, "user_attributes": false, "user_a b": false, "EmployeeID": false,
	} {
		c := speaking("gam", `{}`)
		c.Scopes = append(c.Scopes, storage.ClientScope{Name: name})
		require.Equal(t, right, len(registry.CheckClient(c, catalogue)) == 0, name)
		c.Dialects = nil
		require.NotEmpty(t, registry.CheckClient(c, catalogue), "%s is GAM's alone", name)
	}
	require.Equal(t, []string{"EmployeeID"}, catalogue.Scope("user_EmployeeID").Claims)
	require.Equal(t, "EmployeeID", catalogue.Scope("user_EmployeeID").Title["en"])
	own := registry.NewCatalogue([]storage.Scope{{Name: "user_EmployeeID", Claims: []string{"number"}}})
	require.Equal(t, []string{"number"}, own.Scope("user_EmployeeID").Claims, "the operator's own counts")
}

func TestAdviceIsToLookAtAnAttributeThatIsSpeltAlmostLikeAScope(t *testing.T) {
	c := speaking("gam", `{}`)
	c.Scopes = []storage.ClientScope{{Name: "user_email"}, {Name: "user_emial"}, {Name: "user_EmployeeID"}}
	advice := registry.Advice(c, catalogue)
	require.Len(t, advice, 1)
	require.Equal(t, "scopes[1].name", advice[0].Field)
	require.Contains(t, advice[0].Text, "did you mean user_email?")
}
