package web

import (
	"net/http"

	"github.com/daemun/daemun/gateway/api"
)

// notifyStatus is how the messages to people stand.
func (s *server) notifyStatus() api.NotifyStatus {
	if s.notify == nil {
		return api.NotifyStatus{Channels: []api.ChannelStatus{}}
	}
	return s.notify()
}

// letters shows what a demo's people were sent. Outside a demo there is nothing here.
func (s *server) letters(w http.ResponseWriter, _ *http.Request) error {
	if s.inbox == nil {
		return problemNotFound
	}
	return encode(w, http.StatusOK, s.inbox())
}
