package partner

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"gatehouse/identity"
)

// person is a person as a super app's userinfo has them. Properties that no account has a place for are not read, nor is
// the phone number: nobody says whether it is theirs.
type person struct {
	guid, externalID    string
	email               string
	verified            bool
	firstName, lastName string
	attributes          map[string]any
}

// readPerson reads a userinfo. An error for what is no JSON object, has another type where a text belongs, or does not
// identify anybody.
func readPerson(raw []byte) (*person, error) {
	m := readMembers(raw)
	if m == nil {
		return nil, errors.New("the userinfo is no JSON object")
	}
	info := &person{attributes: make(map[string]any)}
	for name, into := range map[string]*string{
		"guid": &info.guid, "external_id": &info.externalID, "email": &info.email, "first_name": &info.firstName, "last_name": &info.lastName,
	} {
		text, err := m.text(name)
		if err != nil {
			return nil, err
		}
		*into = text
	}
	if info.guid == "" && info.externalID == "" {
		return nil, errors.New("the userinfo has neither external_id nor guid; let the super app share one of them")
	}
	_ = json.Unmarshal(m["verified_email"], &info.verified) // anything but true is no proof
	info.readCustomInfo(m)
	info.readAttributes(m["attributes"])
	return info, nil
}

// readCustomInfo keeps custominfo as an object, where it is one in a string as the vendor has it, else as the text.
func (i *person) readCustomInfo(m members) {
	text, err := m.text("custominfo")
	if err != nil || text == "" {
		return
	}
	i.attributes["custominfo"] = text
	if object := readObject(text); object != nil {
		i.attributes["custominfo"] = object
	}
}

// readObject decodes a JSON object, its numbers as they are written; nil for anything else.
func readObject(text string) map[string]any {
	if readMembers([]byte(text)) == nil {
		return nil
	}
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&object) // it was decoded before
	return object
}

// maxAttributeID is how many bytes an attribute's name may have.
const maxAttributeID = 255

// readAttributes keeps the dynamic attributes, each under its ID: a text, or the values of one that has several. What is
// written otherwise is left out: nobody is refused for it.
func (i *person) readAttributes(raw json.RawMessage) {
	var list []json.RawMessage
	_ = json.Unmarshal(raw, &list)
	for _, entry := range list {
		m := readMembers(entry)
		id, err := m.text("Id")
		if err != nil || id == "" || len(id) > maxAttributeID {
			continue
		}
		value, err := m.text("Value")
		switch several := readValues(m["MultiValues"]); {
		case several != nil:
			i.attributes[id] = several
		case err == nil && value != "":
			i.attributes[id] = value
		}
	}
}

// readValues returns several values: a list where their IDs count from 1, as we write lists ourselves, else an object.
// nil where there are none.
func readValues(raw json.RawMessage) any {
	var entries []struct {
		ID    string `json:"Id"`
		Value string
	}
	if json.Unmarshal(raw, &entries) != nil || len(entries) == 0 {
		return nil
	}
	byID, list := make(map[string]any, len(entries)), make([]any, 0, len(entries))
	for n, entry := range entries {
		byID[entry.ID] = entry.Value
		if entry.ID == strconv.Itoa(n+1) {
			list = append(list, entry.Value)
		}
	}
	if len(list) == len(entries) {
		return list
	}
	return byID
}

// identify returns whose word says who the person is, and their identifier. A guid is another name space than
// external_id: somebody whom a super app lets choose their external_id must not become the one who has that guid.
func (i *person) identify(superAppURL string) (issuer, subject string) {
	if i.externalID != "" {
		return superAppURL, i.externalID
	}
	return superAppURL + "#guid", i.guid
}

// account is the local account of somebody who is here for the first time.
func (i *person) account() identity.NewUser {
	return identity.NewUser{
		Email: i.email, EmailVerified: i.verified, FirstName: i.firstName, LastName: i.lastName, Attributes: i.attributes,
	}
}
