package translated_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/translated"
)

func TestATextIsFoundInTheSameLanguageAndScript(t *testing.T) {
	for _, c := range []struct {
		tag, want string
		filed     []string
	}{
		{"es", "es", []string{"en", "es", "es-UY"}},
		{"es", "es-419", []string{"en", "es-UY", "es-419"}},
		{"pt-BR", "pt-BR", []string{"pt", "pt-BR", "pt-PT"}},
		{"pt-BR", "pt", []string{"pt", "pt-PT"}},
		{"pt-BR", "pt-PT", []string{"en", "es", "pt-PT"}},
		{"pt-BR", "PT-br", []string{"PT-br"}},
		{"zh-Hant", "zh-TW", []string{"zh", "zh-CN", "zh-TW"}},
		{"zh-Hant", "zh-HK", []string{"zh-CN", "zh-HK"}},
		{"zh-Hant", "zh", []string{"en", "zh"}},
		{"zh-Hant", "", []string{"en", "zh-CN", "zh-SG", "ja"}},
		{"zh-Hans", "zh-SG", []string{"zh-Hant", "zh-SG", "zh-TW"}},
		{"zh-Hans", "zh", []string{"zh", "zh-CN"}},
		{"id", "", []string{"en", "ide", "i"}},
		{"en", "en-GB", []string{"ar", "en-GB"}},
		{"en", "", []string{"ar", "-", "e", "\xff"}},
		{"", "", []string{"ar"}},
		{"th", "", nil},
	} {
		texts := map[string]string{}
		for _, tag := range c.filed {
			texts[tag] = "in " + tag
		}
		text, in := translated.In(texts, c.tag)
		require.Equal(t, c.want, in, "%s among %q", c.tag, c.filed)
		require.Equal(t, texts[c.want], text)
	}
	_, in := translated.In(map[string]string{"es": "", "es-UY": "sí"}, "es")
	require.Equal(t, "es-UY", in, "an empty text is none")
}
