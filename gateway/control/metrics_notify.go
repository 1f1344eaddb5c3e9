package control

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/daemun/daemun/gateway/api"
)

var (
	messagesDue       = describe("messages_due", "Messages to people that are to be sent by now and wait.", "channel")
	messagesOldest    = describe("messages_oldest_seconds", "How long the first of them has been due.", "channel")
	messagesScheduled = describe("messages_scheduled", "Messages that are to be sent later.", "channel")
	messagesFailed    = describe("messages_failed", "Messages that were given up.", "channel")
	messagesSent      = describe("messages_sent_total", "Messages sent since the backend started.", "channel")
	messagesBlocked   = describe("messages_blocked", "1 while nothing is sent: the channel is not configured, or failed too often.", "channel")

	messageMetrics = []*prometheus.Desc{messagesDue, messagesOldest, messagesScheduled, messagesFailed, messagesSent, messagesBlocked}
)

func collectMessages(s *api.NotifyStatus, gauge func(*prometheus.Desc, float64, ...string), counter func(*prometheus.Desc, uint64, ...string)) {
	for _, c := range s.Channels {
		gauge(messagesDue, float64(c.Due), c.Channel)
		gauge(messagesOldest, c.OldestS, c.Channel)
		gauge(messagesScheduled, float64(c.Scheduled), c.Channel)
		gauge(messagesFailed, float64(c.Failed), c.Channel)
		counter(messagesSent, c.Sent, c.Channel)
		gauge(messagesBlocked, truth(!c.Configured || !c.Open), c.Channel)
	}
}
