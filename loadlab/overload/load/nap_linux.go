package load

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// napper sleeps for less than a millisecond. That is time.Sleep's grain in a process that has nothing else to do: the runtime's
// poller waits in whole milliseconds, but wakes for the file of a timer when its time has come.
type napper struct {
	fd   int
	file *os.File
}

func newNapper() (*napper, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("load: timer: %w", err)
	}
	return &napper{fd, os.NewFile(uintptr(fd), "timer")}, nil
}

// nap sleeps for d, which is more than 0.
func (n *napper) nap(d time.Duration) error {
	if err := unix.TimerfdSettime(n.fd, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}, nil); err != nil {
		return fmt.Errorf("load: timer: %w", err)
	}
	var expirations [8]byte
	if _, err := n.file.Read(expirations[:]); err != nil {
		return fmt.Errorf("load: timer: %w", err)
	}
	return nil
}

func (n *napper) close() { _ = n.file.Close() }
