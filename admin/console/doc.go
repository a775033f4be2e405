// Package console is the pages /admin for reviewers and operators. It is a face of admin.House: it reads forms and draws
// pages, and decides nothing.
package console
