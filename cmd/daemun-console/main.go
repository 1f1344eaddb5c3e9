// Command daemun-console is the control room's desktop: it shows what the gateway does and carries an operator's
// orders to it, over mutual TLS. It is the only program of the project that needs cgo.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"github.com/daemun/daemun/admin/client"
	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/views"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
)

// config is the command line.
type config struct {
	options client.Options
	lang    words.Lang
	width   int
	height  int
}

func parseFlags(args []string) (config, error) {
	flags := flag.NewFlagSet("daemun-console", flag.ContinueOnError)
	flags.Usage = func() { usage(flags) }
	control := flags.String("control", "https://127.0.0.1:8443", "address of the control API")
	cert := flags.String("cert", "", "PEM file with the operator's certificate and its key")
	ca := flags.String("ca", "", "PEM file with the CA that signed the server's certificate")
	language := flags.String("lang", "ko", "language to start in: ko or en")
	size := flags.String("size", "1440x900", "size of the window, at least 1280x800")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if *cert == "" || *ca == "" {
		return config{}, errors.New("--cert and --ca are needed; `daemun up --demo` leaves some in DATA/demo/operators/")
	}
	l, err := words.ParseLang(*language)
	if err != nil {
		return config{}, err
	}
	width, height, err := parseSize(*size)
	if err != nil {
		return config{}, err
	}
	return config{client.Options{Control: *control, CertFile: *cert, CAFile: *ca}, l, width, height}, nil
}

func usage(flags *flag.FlagSet) {
	_, _ = fmt.Fprint(flags.Output(), `daemun-console — 대문 관제 화면 / the control room's desktop

  daemun-console --cert operator.pem --ca ca.pem [--control https://127.0.0.1:8443] [--lang ko|en]

`)
	flags.PrintDefaults()
}

func parseSize(text string) (int, int, error) {
	w, h, ok := strings.Cut(text, "x")
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	if !ok || errW != nil || errH != nil || width < 1280 || height < 800 {
		return 0, 0, fmt.Errorf("size %q: want WIDTHxHEIGHT, at least 1280x800", text)
	}
	return width, height, nil
}

func main() {
	c, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "daemun-console:", err)
		os.Exit(2)
	}
}

func run(c config) error {
	views.ReadableLocale()
	remote, err := client.New(c.options)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	context.AfterFunc(ctx, dieHard)

	desktop := app.NewWithID("kr.daemun.console")
	desktop.Settings().SetTheme(widgets.Theme{})
	window := desktop.NewWindow("")
	state := model.New()
	console := views.New(ctx, views.Options{
		Window: window, Model: state, Control: remote, Host: remote.Host(), Lang: c.lang, Now: time.Now,
	})
	painter := newPainter(state, console)
	go remote.Follow(ctx, painter, client.Usual)
	go painter.tick(ctx)
	window.SetMaster()
	window.Resize(fyne.NewSize(float32(c.width), float32(c.height)))
	window.ShowAndRun()
	return nil
}

// dieHard ends the program when the toolkit, which quits on the same signal by itself, was seen to hang in it.
func dieHard() {
	time.Sleep(3 * time.Second)
	os.Exit(1)
}
