package templates

// DeveloperPeople are the test people of a developer's publishers. form#new-PUBLISHER makes one (action=create), and
// form#person-ID has the buttons action=reset and action=delete.
type DeveloperPeople struct {
	Common
	Publishers []DeveloperTesters
	Most       int    // how many each publisher can have
	Login      string // whose Password is shown
	Password   string // a new one, shown this once
	Problems   []Problem
	Saved      string
}

// DeveloperTesters are the test people of one publisher.
type DeveloperTesters struct {
	ID, Name string
	People   []DeveloperPerson
	Full     bool // there can be no more
}

// DeveloperPerson is a test person.
type DeveloperPerson struct{ ID, Name, Login string }

func (*DeveloperPeople) name() string    { return "developer_people" }
func (*DeveloperPeople) address() string { return "/developer/people" }
