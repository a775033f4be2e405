package gormstore

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"gatehouse/storage"
)

// clientWordRow is a text that begins with what a client is found by.
type clientWordRow struct {
	Word     string `gorm:"primaryKey"`
	ClientID string `gorm:"primaryKey"`
}

// TableName implements gorm's schema.Tabler.
func (clientWordRow) TableName() string { return "client_words" }

// createClient stores a new client with its words and, where it waits for a review, its place in the queue.
func createClient(tx *gorm.DB, c storage.Client) error {
	row := toClientRow(c)
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	return saveClientWords(tx, c)
}

// saveClientWords brings the words of a client and its place in the queue up to date.
func saveClientWords(tx *gorm.DB, c storage.Client) error {
	if err := tx.Where("client_id = ?", c.ID).Delete(&clientWordRow{}).Error; err != nil {
		return err
	}
	rows := wordRows(c.ID, c.Name, c.Names)
	if err := tx.CreateInBatches(&rows, insertBatch).Error; err != nil {
		return err
	}
	return tx.Exec(queueClient, c.ID).Error
}

// insertBatch is how many small rows one statement inserts; SQLite takes 32,766 parameters.
const insertBatch = 1000

// wordRows are the words of a client: its ID, and those of its name and translations.
func wordRows(id, name string, names map[string]string) []clientWordRow {
	words := append(wordsOf(name), folded(id))
	for _, translation := range names {
		words = append(words, wordsOf(translation)...)
	}
	slices.Sort(words)
	var rows []clientWordRow
	for _, word := range slices.Compact(words) {
		rows = append(rows, clientWordRow{Word: word, ClientID: id})
	}
	return rows
}

// folded is a text without case, width and accents.
func folded(text string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(text))
	return strings.ToLower(bare)
}

// unspaced are scripts whose words are not set apart.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// wordsOf are the words that a name is found by, folded. In a script without spaces one may begin at every character.
func wordsOf(name string) []string {
	var words []string
	for _, word := range splitWords(name) {
		words = append(words, word)
		for i, r := range word {
			if i > 0 && unicode.In(r, unspaced...) {
				words = append(words, word[i:])
			}
		}
	}
	return words
}

// splitWords are the parts of a text between spaces and signs, folded.
func splitWords(text string) []string {
	return strings.FieldsFunc(folded(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// findByWords is a statement that selects the IDs after one of the clients that a search finds, and its arguments: those whose ID
// begins with it, and those of whose words each of its own begins one.
func findByWords(search, after string) (sql string, args []any) {
	const begins = "SELECT client_id FROM client_words w WHERE word >= ? AND word < ? AND client_id > ?"
	const too = " AND EXISTS (SELECT 1 FROM client_words o WHERE o.client_id = w.client_id AND o.word >= ? AND o.word < ?)"
	whole := folded(strings.TrimSpace(search))
	words := splitWords(search)
	if len(words) != 1 || words[0] != whole {
		sql, args = begins, []any{whole, afterPrefix(whole), after}
	}
	for i, word := range words {
		switch {
		case i > 0:
			sql += too
		case sql != "":
			sql += " UNION " + begins
		default:
			sql = begins
		}
		if args = append(args, word, afterPrefix(word)); i == 0 {
			args = append(args, after)
		}
	}
	return sql, args
}

// afterPrefix comes after every text that begins with prefix, where texts are compared byte by byte.
func afterPrefix(prefix string) string { return prefix + string(unicode.MaxRune) }

// fillClientWords gives the clients of before their words.
func fillClientWords(tx *gorm.DB) error {
	const page = 500
	for after := ""; ; {
		var clients []struct {
			ID    string
			Name  string
			Names document[map[string]string]
		}
		err := tx.Table("clients").Select("id", "name", "names").Where("id > ?", after).Order("id").Limit(page).Find(&clients).Error
		if err != nil || len(clients) == 0 {
			return err
		}
		var rows []clientWordRow
		for _, c := range clients {
			rows = append(rows, wordRows(c.ID, c.Name, c.Names.V)...)
			after = c.ID
		}
		if err := tx.CreateInBatches(&rows, insertBatch).Error; err != nil {
			return err
		}
	}
}
