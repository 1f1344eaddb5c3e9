package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

//go:embed static
var staticFiles embed.FS

// asset is one embedded file under a name that changes with its content, so that browsers may keep it for ever.
type asset struct {
	url         string
	contentType string
	etag        string
	body        []byte
	zipped      []byte // nil where that would save nothing
}

var (
	assets     = loadAssets() // by the name in source: base.css
	assetsByID = byID(assets) // by the last part of the URL: base.1a2b3c4d5e6f.css
)

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8", ".woff2": "font/woff2",
}

// loadAssets reads the embedded files, style sheets last: they name other files.
func loadAssets() map[string]*asset {
	all := map[string]*asset{}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(sheetLast(a), sheetLast(b)) })
	for _, name := range names {
		body, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			panic(err)
		}
		all[name] = newAsset(name, small(name, named(body, name, all)))
	}
	return all
}

func sheetLast(name string) string {
	if path.Ext(name) == ".css" {
		return "~" + name
	}
	return name
}

var cssURL = regexp.MustCompile(`url\(([a-zA-Z0-9.-]+)\)`)

// named puts the hashed names of other files into a style sheet.
func named(body []byte, name string, all map[string]*asset) []byte {
	if path.Ext(name) != ".css" {
		return body
	}
	return cssURL.ReplaceAllFunc(body, func(m []byte) []byte {
		other := all[string(cssURL.FindSubmatch(m)[1])]
		if other == nil {
			panic("pages: " + name + " names a file that is not there: " + string(m))
		}
		return []byte("url(" + other.url + ")")
	})
}

// small takes out of style sheets and scripts what only people read. Scripts stay in the language of old phones.
func small(name string, body []byte) []byte {
	m := minify.New()
	m.AddFunc(".css", css.Minify)
	m.Add(".js", &js.Minifier{Version: 2009})
	kind := path.Ext(name)
	if kind != ".css" && kind != ".js" {
		return body
	}
	out, err := m.Bytes(kind, body)
	if err != nil {
		panic("pages: " + name + ": " + err.Error()) // shows in every test
	}
	return out
}

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:6])
	ext := path.Ext(name)
	a := &asset{
		url:         "/static/" + strings.TrimSuffix(name, ext) + "." + hash + ext,
		contentType: contentTypes[ext], etag: `"` + hash + `"`, body: body,
	}
	var zipped bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is valid
	_, _ = zip.Write(body)                                       // a buffer takes everything
	_ = zip.Close()
	if zipped.Len() < len(body)*9/10 {
		a.zipped = zipped.Bytes()
	}
	return a
}

// byID makes the files findable by the last part of their URL, licences by their plain names too: a licence names itself.
func byID(all map[string]*asset) map[string]*asset {
	ids := map[string]*asset{}
	for name, a := range all {
		ids[path.Base(a.url)] = a
		if path.Ext(name) == ".txt" {
			ids[name] = a
		}
	}
	return ids
}

func serveStatic(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	a := assetsByID[name]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if path.Base(a.url) != name {
		h.Set("Cache-Control", "public, max-age=86400") // its name stays when its content changes
	}
	h.Set("ETag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.body
	if a.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	_, _ = w.Write(body) // a visitor who left needs no answer
}
