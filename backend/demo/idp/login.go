package idp

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

var page = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="ko">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>시연용 본인인증</title>
<style>body{font:1.1rem/1.6 sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem}label{display:block;font-weight:bold}
input{font:inherit;padding:.6rem;width:100%;box-sizing:border-box}button{font:inherit;padding:.7rem 1.2rem;margin:1rem .5rem 0 0}
.bad{color:#a10000}</style>
<main>
<h1>시연용 본인인증 기관</h1>
<p>실제 기관이 아닙니다. 가상의 사람만 인증합니다.<br><span lang="en">Not a real provider: it knows synthetic people only.</span></p>
{{with .Bad}}<p class="bad" role="alert">{{.}}</p>
{{end}}<form method="post" action="/login">
<input type="hidden" name="id" value="{{.ID}}">
<label for="login">시연용 사람의 등록번호 <span lang="en">(number of a synthetic person)</span></label>
<p id="hint">{{.Hint}}</p>
<input id="login" name="login" autocomplete="off" inputmode="numeric" required aria-describedby="hint">
<button name="do" value="yes">인증하기 <span lang="en">Confirm</span></button>
<button name="do" value="no" formnovalidate>취소 <span lang="en">Cancel</span></button>
</form>
</main>
`))

type view struct{ ID, Hint, Bad string }

func (s *Server) form(w http.ResponseWriter, r *http.Request) {
	s.show(w, http.StatusOK, view{ID: r.URL.Query().Get("id")})
}

func (s *Server) show(w http.ResponseWriter, status int, v view) {
	v.Hint = s.options.Hint
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = page.Execute(w, v) // a visitor who left needs no page
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request, callback func(context.Context, string) string) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	id, login := r.PostForm.Get("id"), strings.TrimSpace(r.PostForm.Get("login"))
	if r.PostForm.Get("do") == "no" {
		s.cancelled(w, r, id)
		return
	}
	if _, ok := s.options.Person(login); !ok {
		s.show(w, http.StatusUnprocessableEntity, view{ID: id, Bad: "그런 사람이 없습니다. There is nobody of that number."})
		return
	}
	if !s.store.enter(id, login) {
		s.show(w, http.StatusGone, view{ID: id, Bad: "인증 시간이 지났습니다. 예약 화면에서 다시 시작해 주세요. Please begin again."})
		return
	}
	http.Redirect(w, r, callback(r.Context(), id), http.StatusFound)
}

// cancelled sends somebody back who does not want to be known here.
func (s *Server) cancelled(w http.ResponseWriter, r *http.Request, id string) {
	asked, err := s.store.AuthRequestByID(r.Context(), id)
	if err != nil {
		s.show(w, http.StatusGone, view{ID: id, Bad: "인증 시간이 지났습니다. Please begin again."})
		return
	}
	_ = s.store.DeleteAuthRequest(r.Context(), id)
	back := url.Values{"error": {"access_denied"}, "state": {asked.GetState()}}
	http.Redirect(w, r, s.options.Client.Redirect+"?"+back.Encode(), http.StatusFound)
}
