package api

import "time"

// NotifyStatus is how the messages to people stand: text messages and e-mail about bookings.
type NotifyStatus struct {
	Channels []ChannelStatus `json:"channels"`
}

// ChannelStatus is one way to reach people. Numbers are of messages.
type ChannelStatus struct {
	Channel    string  `json:"channel"`    // text, mail
	Configured bool    `json:"configured"` // false: nothing is sent, what is due waits
	Open       bool    `json:"open"`       // false: it failed too often and is left alone for a moment
	Reason     string  `json:"reason,omitempty"`
	Due        int64   `json:"due"`       // were to be sent by now, those included that have to be tried again
	OldestS    float64 `json:"oldest_s"`  // how long the first of them has been due
	Scheduled  int64   `json:"scheduled"` // to be sent later: reminders
	Failed     int64   `json:"failed"`    // given up
	Sent       uint64  `json:"sent"`      // since the backend started
}

// Inbox answers GET /control/v1/inbox of a demo: what its people would have been sent, newest first.
type Inbox struct {
	Taken    uint64         `json:"taken"` // since the backend started; older ones are gone
	Messages []InboxMessage `json:"messages"`
}

// InboxMessage is one message of a demo.
type InboxMessage struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
	Kind    string    `json:"kind"`
	Lang    string    `json:"lang"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Bytes   int       `json:"bytes"` // as a Korean text message; up to 90 go as one
}
