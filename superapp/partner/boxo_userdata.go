package partner

import (
	"encoding/json"
	"unicode/utf8"

	"gatehouse/authz/dialect/boxo"
	"gatehouse/registry"
)

// maxReference is how many characters a reference may have.
const maxReference = 100

// userData is a person as a host app tells a mini app about them, at the top level of what the mini app gets.
type userData struct {
	Reference string          `json:"reference"`
	Email     string          `json:"email,omitempty"`
	Phone     string          `json:"phone,omitempty"`
	FirstName string          `json:"first_name,omitempty"`
	LastName  string          `json:"last_name,omitempty"`
	Custom    json.RawMessage `json:"custom_attributes,omitempty"`
}

// readUserData reads the data of a person. Members that the format does not have are left out. Others are
// refused with INVALID_USER_DATA.
func readUserData(raw json.RawMessage) (*userData, error) {
	m := readMembers(raw)
	if m == nil {
		return nil, boxo.Refuse(boxo.InvalidUserData, "user_data has to be an object.")
	}
	data := &userData{Custom: m["custom_attributes"]}
	if string(data.Custom) == "null" {
		data.Custom = nil
	}
	for name, into := range map[string]*string{
		"reference": &data.Reference, registry.BoxoFieldEmail: &data.Email, registry.BoxoFieldPhone: &data.Phone,
		registry.BoxoFieldFirstName: &data.FirstName, registry.BoxoFieldLastName: &data.LastName,
	} {
		text, err := m.text(name)
		if err != nil {
			return nil, boxo.Refuse(boxo.InvalidUserData, "The member "+name+" of user_data has to be a string.")
		}
		*into = text
	}
	switch n := utf8.RuneCountInString(data.Reference); {
	case n == 0:
		return nil, boxo.Refuse(boxo.InvalidUserData, "The member reference of user_data is missing.")
	case n > maxReference:
		return nil, boxo.Refuse(boxo.InvalidUserData, "The member reference of user_data has more than 100 characters.")
	}
	return data, nil
}

// hasAll reports whether all of these fields have a value.
func (d *userData) hasAll(required []string) bool {
	values := map[string]string{
		registry.BoxoFieldEmail: d.Email, registry.BoxoFieldPhone: d.Phone,
		registry.BoxoFieldFirstName: d.FirstName, registry.BoxoFieldLastName: d.LastName,
	}
	for _, field := range required {
		if values[field] == "" {
			return false
		}
	}
	return true
}
