// Package pgtest runs a real PostgreSQL of its own in a folder of its own: for tests and benchmarks, never for data that
// anybody wants to keep. It is reached by a Unix socket in that folder alone. PostgreSQL refuses to run as root, so there
// it runs as the user postgres or nobody.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	admin        = "postgres" // the superuser
	startTimeout = 60 * time.Second
	stopTimeout  = 30 * time.Second
)

// Server is one PostgreSQL. It is not safe for use by many goroutines; what it serves is.
type Server struct {
	dir      string // data and socket
	programs string
	cred     *syscall.Credential // nil: ours
	process  *exec.Cmd
	log      *os.File
	ended    chan struct{}
}

// settings of the server beside PostgreSQL's own: fsync and synchronous commits are on, as they come.
var settings = map[string]string{
	"listen_addresses": "", "max_connections": "250", "shared_buffers": "128MB", "log_checkpoints": "off",
	"autovacuum_naptime": "10s", "min_wal_size": "1GB", "max_wal_size": "2GB", "log_min_messages": "warning",
}

// Start makes an empty server and waits until it answers. Close it, or its folder stays.
func Start(ctx context.Context) (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "daemun-pg-") // short: a socket's path may have 107 bytes
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, programs: programs}
	if err := s.make(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a PostgreSQL in %s: %w", dir, err), s.Close())
	}
	return s, nil
}

func (s *Server) make(ctx context.Context) error {
	var err error
	if s.cred, err = unprivileged(); err != nil {
		return err
	}
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return err
		}
	}
	if s.log, err = os.OpenFile(s.dir+".log", os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return err
	}
	// Who may connect is decided by who may enter the folder.
	init := s.command(ctx, "initdb", "-D", s.data(), "-U", admin, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions")
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	return s.Resume(ctx)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(s.programs, program), args...)
	c.Dir = s.dir
	c.Env = []string{"PATH=" + s.programs + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred}
	return c
}

// Resume starts a server that was stopped or killed, on the data that it left, and waits until it answers.
func (s *Server) Resume(ctx context.Context) error {
	args := []string{"-D", s.data(), "-k", s.dir}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		s.process = s.command(context.WithoutCancel(ctx), "postgres", args...)
		s.process.Stdout, s.process.Stderr = s.log, s.log
		s.process.SysProcAttr.Pdeathsig = syscall.SIGQUIT // nothing stays behind when the tests are killed
		s.process.SysProcAttr.Setpgid = true              // Ctrl-C is for the tests; they stop it
		if err := s.process.Start(); err != nil {
			return err
		}
		ended := make(chan struct{})
		s.ended = ended
		go func(c *exec.Cmd) {
			_ = c.Wait() // how it ended stands in its log
			close(ended)
		}(s.process)
		err := s.answers(ctx)
		if err == nil || ctx.Err() != nil || !s.gone() {
			return err
		}
		// Children of a postmaster that was killed hold its shared memory for a moment; then it does not start.
		time.Sleep(100 * time.Millisecond)
	}
}

func (s *Server) gone() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// answers waits until the server answers; the error is what its log says if it ends first or takes too long.
func (s *Server) answers(ctx context.Context) error {
	for {
		c, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return c.Close(ctx)
		}
		if s.gone() || ctx.Err() != nil {
			return fmt.Errorf("%w; its log ends: %s", err, s.logTail())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *Server) logTail() []byte {
	text, _ := os.ReadFile(s.log.Name()) // what cannot be read is not shown
	return bytes.TrimSpace(text[max(0, len(text)-1000):])
}

// URL is where a database is reached, as the superuser.
func (s *Server) URL(database string) string { return s.URLFor(admin, database) }

// URLFor is where a database is reached as some user. No password is asked for.
func (s *Server) URLFor(user, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}

// Data is the server's data folder, for tests that harm it.
func (s *Server) Data() string { return s.data() }

// Stop asks the server to stop at once, in order, and waits until it has.
func (s *Server) Stop() error {
	if s.process == nil || s.process.Process == nil || s.gone() {
		return nil
	}
	if err := s.process.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("PostgreSQL did not stop within %v", stopTimeout), s.Kill())
	}
}

// Kill ends the server and all its processes without warning (SIGKILL).
func (s *Server) Kill() error {
	if s.process == nil || s.process.Process == nil || s.gone() {
		return nil
	}
	pid := s.process.Process.Pid
	all := children(pid)
	errs := []error{kill(pid)} // first, so that it makes no more of them
	for _, child := range append(all, children(pid)...) {
		errs = append(errs, kill(child))
	}
	<-s.ended
	return errors.Join(errs...)
}

func kill(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill %d: %w", pid, err)
	}
	return nil
}

// Close stops the server and removes its folder.
func (s *Server) Close() error {
	errs := []error{s.Stop()}
	if s.log != nil {
		errs = append(errs, s.log.Close(), os.Remove(s.log.Name()))
	}
	if err := os.RemoveAll(s.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
