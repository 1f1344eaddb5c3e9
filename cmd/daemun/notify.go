package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/notify"
	"github.com/daemun/daemun/backend/notify/courier"
	"github.com/daemun/daemun/backend/notify/inbox"
	"github.com/daemun/daemun/backend/notify/mail"
	"github.com/daemun/daemun/backend/notify/sms"
	"github.com/daemun/daemun/gateway/api"
)

// notifyOptions are the flags of how people are told about their bookings.
type notifyOptions struct {
	site                       string
	sms, smsTokenFile, smsFrom string
	smtp, smtpTLS, smtpUser    string
	smtpPasswordFile, smtpFrom string
	parallel, perSecond        int
}

func (o *notifyOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.site, "site", "", "`URL` of the citizens' pages, for links in messages")
	f.StringVar(&o.sms, "notify-sms", "", "`URL` of the gateway that takes text messages")
	f.StringVar(&o.smsTokenFile, "notify-sms-token-file", "", "`file` with the token that the text-message gateway wants")
	f.StringVar(&o.smsFrom, "notify-sms-from", "", "`number` from which text messages come")
	f.StringVar(&o.smtp, "notify-smtp", "", "`HOST:PORT` of the mail server")
	f.StringVar(&o.smtpTLS, "notify-smtp-tls", string(mail.StartTLS), "how the way to the mail server is protected: starttls, tls, or none on this machine")
	f.StringVar(&o.smtpUser, "notify-smtp-user", "", "`name` at the mail server")
	f.StringVar(&o.smtpPasswordFile, "notify-smtp-password-file", "", "`file` with the password at the mail server")
	f.StringVar(&o.smtpFrom, "notify-smtp-from", "", "`address` from which e-mail comes, such as '예방접종 <noreply@example.go.kr>'")
	f.IntVar(&o.parallel, "notify-parallel", 16, "messages on their way at once, by each channel")
	f.IntVar(&o.perSecond, "notify-per-s", 500, "messages per `second` at most, by each channel")
}

// args hands the flags on to a process of its own.
func (o *notifyOptions) args() []string {
	return []string{
		"--site=" + o.site, "--notify-sms=" + o.sms, "--notify-sms-token-file=" + o.smsTokenFile, "--notify-sms-from=" + o.smsFrom,
		"--notify-smtp=" + o.smtp, "--notify-smtp-tls=" + o.smtpTLS, "--notify-smtp-user=" + o.smtpUser,
		"--notify-smtp-password-file=" + o.smtpPasswordFile, "--notify-smtp-from=" + o.smtpFrom,
		fmt.Sprint("--notify-parallel=", o.parallel), fmt.Sprint("--notify-per-s=", o.perSecond),
	}
}

func (o *notifyOptions) check() error {
	var errs []error
	if o.parallel < 1 || o.parallel > 256 || o.perSecond < 1 || o.perSecond > 100_000 {
		errs = append(errs, fmt.Errorf("--notify-parallel %d and --notify-per-s %d: want 1 to 256 and 1 to 100000", o.parallel, o.perSecond))
	}
	if o.site != "" {
		if u, err := url.Parse(o.site); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
			errs = append(errs, fmt.Errorf("--site %q: want an address such as https://ncvr.example.go.kr", o.site))
		}
	}
	if o.sms != "" && o.site == "" {
		errs = append(errs, errors.New("--notify-sms needs --site, the address of the citizens' pages: messages about leftover doses hold a link"))
	}
	if o.smtp == "" && (o.smtpFrom != "" || o.smtpUser != "" || o.smtpPasswordFile != "") {
		errs = append(errs, errors.New("--notify-smtp-…: which mail server? Give --notify-smtp HOST:PORT"))
	}
	if o.sms == "" && (o.smsTokenFile != "" || o.smsFrom != "") {
		errs = append(errs, errors.New("--notify-sms-…: which gateway? Give --notify-sms URL"))
	}
	return errors.Join(errs...)
}

// channels are the ways that are configured.
func (o *notifyOptions) channels() (map[booking.Channel]courier.Channel, error) {
	channels := map[booking.Channel]courier.Channel{}
	if o.sms != "" {
		token, err := secret("--notify-sms-token-file", o.smsTokenFile)
		if err != nil {
			return nil, err
		}
		gateway, err := sms.New(sms.Options{URL: o.sms, Token: token, From: o.smsFrom, Parallel: o.parallel})
		if err != nil {
			return nil, fmt.Errorf("--notify-sms: %w", err)
		}
		channels[booking.ByText] = gateway
	}
	if o.smtp != "" {
		password, err := secret("--notify-smtp-password-file", o.smtpPasswordFile)
		if err != nil {
			return nil, err
		}
		server, err := mail.New(mail.Options{
			Address: o.smtp, Security: mail.Security(o.smtpTLS), User: o.smtpUser, Password: password, From: o.smtpFrom, Parallel: o.parallel,
		})
		if err != nil {
			return nil, fmt.Errorf("--notify-smtp: %w", err)
		}
		channels[booking.ByMail] = server
	}
	return channels, nil
}

// secret reads what must not stand on the command line.
func secret(flag, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s %s can be read by others (mode %04o): run chmod 600 on it", flag, path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// messenger carries the messages of a backend.
type messenger struct {
	*courier.Courier
	inbox *inbox.Inbox // nil outside a demo
}

// messenger makes what carries messages. A demo has an inbox in the place of every channel that is not configured.
func (o *notifyOptions) messenger(demo bool, store booking.Store, sealer booking.Sealer, clock func() time.Time, log *zap.Logger) (*messenger, error) {
	channels, err := o.channels()
	if err != nil {
		return nil, err
	}
	m := &messenger{}
	for _, channel := range booking.Channels {
		switch {
		case channels[channel] != nil:
		case demo:
			if m.inbox == nil {
				m.inbox = &inbox.Inbox{}
			}
			channels[channel] = m.inbox
		default:
			log.Warn("people are not told of their bookings by this channel: it is not configured; what is to be told is kept", zap.String("channel", string(channel)))
		}
	}
	m.Courier = courier.New(courier.Options{
		Outbox: store, Sealer: sealer, Writer: notify.Writer{Site: strings.TrimSuffix(o.site, "/")}, Channels: channels,
		Clock: clock, Log: log, Parallel: o.parallel, PerS: o.perSecond,
	})
	return m, nil
}

// letters shows a demo's inbox; nil where there is none.
func (m *messenger) letters() func() api.Inbox {
	if m.inbox == nil {
		return nil
	}
	return func() api.Inbox {
		letters, taken := m.inbox.Letters()
		out := api.Inbox{Taken: taken, Messages: make([]api.InboxMessage, len(letters))}
		for i, l := range letters {
			to := booking.MaskPhone(l.Phone)
			if l.Channel == booking.ByMail {
				to = booking.MaskEmail(l.Email)
			}
			out.Messages[i] = api.InboxMessage{
				ID: l.ID, At: l.At, Channel: string(l.Channel), Kind: string(l.Kind), Lang: l.Lang, To: to,
				Subject: l.Subject, Text: l.Text, Bytes: notify.Bytes(l.Text),
			}
		}
		return out
	}
}
