// Package portal is /developer: the pages on which the developers of mini apps register them, fill in what reviewers look
// at, and talk with them. Plain forms; what they ask for is done by admin.House.
package portal
