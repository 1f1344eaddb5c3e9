package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
)

// childFolder makes the test binary play the process that is killed.
const childFolder = "DAEMUN_TEST_BOOK_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		bookForever(dir)
	}
	os.Exit(m.Run())
}

const crashPeople = 20000

// bookForever books from many clients and says on standard output what was acknowledged.
func bookForever(dir string) {
	s, err := sqlite.Open(context.Background(), filepath.Join(dir, "daemun.db"), storetest.Now)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	if err := s.Import(context.Background(), storetest.Slots(50, crashPeople, crashPeople)); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for client := range 32 {
		wg.Go(func() {
			for n := client; n < crashPeople; n += 32 {
				if _, err := s.Admit(context.Background(), storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
					continue
				}
				p, err := s.Book(context.Background(), storetest.OrderOf(n, storetest.SlotID(n%50), "key-"+strconv.Itoa(n)))
				if err == nil {
					os.Stdout.WriteString("booked " + strconv.Itoa(n) + " " + p.No + "\n")
				}
			}
		})
	}
	wg.Wait()
	os.Exit(0)
}

// TestKilledProcessLosesNothing kills a process that is booking, without warning, several times over the same data.
func TestKilledProcessLosesNothing(t *testing.T) {
	dir := t.TempDir()
	acked := map[int]string{}
	for round := range 3 {
		killAfter(t, dir, 300, acked)
		s := open(t, dir)
		head, err := ledger.Verify(ledger.Head{}, s.Ledger(t.Context(), 0, -1))
		if err != nil {
			t.Fatal(err)
		}
		if seq := s.Stats(storetest.Now).LedgerSeq; seq != head.Seq {
			t.Fatalf("the ledger ends at %d, the state at %d", head.Seq, seq)
		}
		for n, no := range acked {
			b, err := s.Booking(t.Context(), no)
			if err != nil || b.Subject != storetest.Person(n) || b.Status != booking.Booked {
				t.Fatalf("round %d: %s was acknowledged and now reads %+v, %v", round, no, b, err)
			}
		}
		if o := s.Catalog().Opening(storetest.Opening); o.Booked() < int64(len(acked)) || o.Left()+o.Booked() != crashPeople {
			t.Fatalf("%d booked, %d left, %d acknowledged", o.Booked(), o.Left(), len(acked))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter starts the booking process and kills it after n acknowledgements more.
func killAfter(t *testing.T, dir string, n int, acked map[int]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for i := 0; ; i++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		words := strings.Fields(line)
		if err != nil || len(words) != 3 || words[0] != "booked" {
			t.Fatalf("the booking process says %q, %v", line, err)
		}
		person, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatal(err)
		}
		acked[person] = words[2]
		if i == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the booking process was to be killed and ended with %v", err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	_, err := sqlite.Open(t.Context(), filepath.Join(dir, "daemun.db"), storetest.Now)
	if !errors.Is(err, sqlite.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("second opening: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Close(); err != nil {
		t.Fatalf("after closing: %v", err)
	}
}

func TestFolderThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), filepath.Join(file, "daemun.db"), storetest.Now)
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Fatalf("a file for a folder: %v", err)
	}
	garbage := filepath.Join(t.TempDir(), "daemun.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), garbage, storetest.Now); err == nil || !strings.Contains(err.Error(), garbage) {
		t.Fatalf("a file that is no database: %v", err)
	}
}
