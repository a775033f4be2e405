package identity

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

func TestPasswordVerifiesAgainstItsOwnHashOnly(t *testing.T) {
	p := NewPasswords(0)
	hash, err := p.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)
	other, err := p.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.NotEqual(t, hash, other, "salted")

	for password, want := range map[string]bool{"correct horse": true, "correct hors": false, "": false, "Correct horse": false} {
		ok, rehash, err := p.Verify(t.Context(), hash, password)
		require.NoError(t, err)
		require.Equal(t, want, ok, password)
		require.False(t, rehash)
	}
}

func TestPasswordComposedDifferentlyIsTheSame(t *testing.T) {
	p := NewPasswords(0)
	hash, err := p.Hash(t.Context(), "caf\u00e9 con leche")
	require.NoError(t, err)
	ok, _, err := p.Verify(t.Context(), hash, "cafe\u0301 con leche")
	require.NoError(t, err)
	require.True(t, ok)
}

func TestImportedHashesVerifyAndAskForANewOne(t *testing.T) {
	p := NewPasswords(0)
	sum, err := bcrypt.GenerateFromPassword([]byte("imported"), bcrypt.MinCost)
	require.NoError(t, err)
	cheap := argon2id{memory: 8192, passes: 1, threads: 2, salt: random(16)}
	cheap.hash = argon2.IDKey([]byte("imported"), cheap.salt, 1, 8192, 2, 32)
	hashes := []string{cheap.String()}
	for _, version := range []string{"$2a$", "$2b$", "$2y$"} {
		hashes = append(hashes, version+string(sum[4:]))
	}
	for _, hash := range hashes {
		ok, rehash, err := p.Verify(t.Context(), hash, "imported")
		require.NoError(t, err)
		require.True(t, ok && rehash, hash)
		ok, rehash, err = p.Verify(t.Context(), hash, "another")
		require.NoError(t, err)
		require.False(t, ok || rehash, hash)
	}
}

func TestBcryptPasswordsBeyond72BytesStayValid(t *testing.T) {
	long := strings.Repeat("0123456789", 10)
	sum, err := bcrypt.GenerateFromPassword([]byte(long[:72]), bcrypt.MinCost)
	require.NoError(t, err)
	ok, _, err := NewPasswords(0).Verify(t.Context(), string(sum), long)
	require.NoError(t, err)
	require.True(t, ok)
}

// bcrypt did not look at all of such a password, so what was typed may not be what the person chose.
func TestWhatBcryptDidNotCompareIsNeverHashedAnew(t *testing.T) {
	for _, password := range []string{strings.Repeat("0123456789", 8)[:72], "imported"} {
		sum, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		require.NoError(t, err)
		for typed, want := range map[string]bool{
			password: true, password + "\x00": false, password + "\x00" + password: false, password + "typo": false,
		} {
			_, rehash, err := NewPasswords(0).Verify(t.Context(), string(sum), typed)
			require.NoError(t, err)
			require.Equal(t, want, rehash, "%q", typed)
		}
	}
}

func TestAnEmptyHashIsNobodys(t *testing.T) {
	p := NewPasswords(0)
	for _, password := range []string{"", "anything"} {
		ok, rehash, err := p.Verify(t.Context(), "", password)
		require.NoError(t, err)
		require.False(t, ok || rehash)
	}
}

func TestPasswordsWaitForMemoryNoLongerThanTheirContext(t *testing.T) {
	p := NewPasswords(0) // room for one
	leave, err := p.enter(t.Context(), memoryKiB)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = p.Hash(ctx, "correct horse")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	leave()
	_, err = p.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
}

func TestPasswordsStayWithinTheirMemory(t *testing.T) {
	p := NewPasswords(2 * memoryKiB * 1024)
	var inside, most atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			leave, err := p.enter(t.Context(), memoryKiB)
			if err != nil {
				return
			}
			defer leave()
			n := inside.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			inside.Add(-1)
		})
	}
	all.Wait()
	require.LessOrEqual(t, most.Load(), int64(2))

	leave, err := p.enter(t.Context(), maxMemory) // an imported hash may ask for more than there is: it gets it all
	require.NoError(t, err)
	require.False(t, p.room.TryAcquire(1))
	leave()
}

func TestCommonPasswordsAreRefused(t *testing.T) {
	for _, password := range []string{"password1234", "Password1234!", "P@ssw0rd2024", "passwordpassword", "PASSWORD!!!!",
		"123456789012", "111111111111", "121212121212", "qwertyuiop[]", "qwertyuiopas", "1q2w3e4r5t6y", "1qaz2wsx3edc",
		"abcdefghijkl", "zyxwvutsrqpo", "987654321098", "iloveyou1234", "letmeinletmein", "administrator", "administrator1",
		"unbelievable", "hello1234567", "monkey123456", "1234password", "welcome12345", "adminadminadmin", "manchesterunited",
		"asdfghjkl123", "zxcvbnm12345", "q1w2e3r4t5y6", "aaaaaaaaaaaab", "ｐａｓｓｗｏｒｄ1234", "trustno1trustno1", "sunshine2024"} {
		err := CheckPassword(password)
		require.IsType(t, &Invalid{}, err, password)
		require.Equal(t, "problem.password_common", err.(*Invalid).Key, password)
	}
}

func TestAnyOtherPasswordOfTwelveCharactersIsAccepted(t *testing.T) {
	for _, password := range []string{"correct horse battery staple", "aaaaaaaa zebra nine", "gatehouse-visitor-note",
		"lighthouse keeper", "tr0mbone&kettle", "        eight spaces", "密码密码一二三四五六七八", "x7#kQ2!vLp9z",
		"472918305561", "a-long-password-1", strings.Repeat("ab1 ", 63) + "nine"} {
		require.NoError(t, CheckPassword(password), password)
	}
}

func TestPasswordLengthIsCountedInCharactersAndBoundInBytes(t *testing.T) {
	for password, key := range map[string]string{
		"":                               "problem.password_short",
		"eleven char":                    "problem.password_short",
		"ñandúñandú!":                    "problem.password_short",
		strings.Repeat("long pass ", 26): "problem.password_long",
		"not text \xff\xfe at all":       "problem.password_text",
	} {
		err := CheckPassword(password)
		require.IsType(t, &Invalid{}, err, password)
		require.Equal(t, key, err.(*Invalid).Key, password)
	}
	require.NoError(t, CheckPassword("ñandúñandú!?"))
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("password1234")
	f.Add("\xff")
	f.Fuzz(func(_ *testing.T, s string) { _ = CheckPassword(s) })
}
