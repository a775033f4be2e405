package gormstore_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage/gormstore"
)

// childVariable makes this test program a server that inserts tokens and says so, until it is killed.
const childVariable = "GATEHOUSE_TEST_INSERT_INTO"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(childVariable); dsn != "" {
		insertForEver(dsn)
	}
	os.Exit(m.Run())
}

func insertForEver(dsn string) {
	s, err := gormstore.Open(context.Background(), dsn, gormstore.Options{})
	if err != nil {
		panic(err)
	}
	var out sync.Mutex
	for range 16 {
		go func() {
			for {
				token := newToken()
				if err := insert(s, token); err != nil {
					panic(err)
				}
				out.Lock()
				fmt.Println(hex.EncodeToString(token.Family[:]))
				out.Unlock()
			}
		}()
	}
	select {}
}

func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		open(t, dsn).Close()
		for range 3 {
			answered := insertAndKill(t, dsn)
			s := open(t, dsn, gormstore.Options{})
			for _, family := range answered {
				token := newToken()
				copy(token.Family[:], family)
				requireStored(t, s, token)
			}
			require.NoError(t, s.Close())
		}
	})
}

// insertAndKill returns the families that another process said it had inserted before it was killed in the middle.
func insertAndKill(t *testing.T, dsn string) (answered [][]byte) {
	t.Helper()
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), childVariable+"="+dsn)
	server.Stderr = os.Stderr
	said, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		family, err := hex.DecodeString(lines.Text())
		if err != nil || len(family) != 16 {
			break // cut off by the kill
		}
		if answered = append(answered, family); len(answered) == 100 {
			require.NoError(t, server.Process.Kill())
		}
	}
	server.Wait()
	require.GreaterOrEqual(t, len(answered), 100)
	return answered
}
