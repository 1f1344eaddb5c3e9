package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// asset is one embedded file under a name that changes with its content, so that browsers may keep it for ever.
type asset struct {
	url         string
	contentType string
	etag        string
	body        []byte
	zipped      []byte
}

var (
	assets     = loadAssets() // by the name in source: daemun.css
	assetsByID = byID(assets) // by the last part of the URL: daemun.1a2b3c4d5e6f.css
)

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func loadAssets() map[string]*asset {
	all := map[string]*asset{}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	for _, e := range entries {
		body, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		all[e.Name()] = newAsset(e.Name(), body)
	}
	return all
}

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:6])
	ext := path.Ext(name)
	var zipped bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is valid
	_, _ = zip.Write(body)                                       // a buffer takes everything
	_ = zip.Close()
	return &asset{
		url:         "/static/" + strings.TrimSuffix(name, ext) + "." + hash + ext,
		contentType: contentTypes[ext], etag: `"` + hash + `"`, body: body, zipped: zipped.Bytes(),
	}
}

func byID(all map[string]*asset) map[string]*asset {
	ids := map[string]*asset{}
	for _, a := range all {
		ids[path.Base(a.url)] = a
	}
	return ids
}

func serveStatic(w http.ResponseWriter, r *http.Request) {
	a := assetsByID[r.PathValue("name")]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	_, _ = w.Write(body) // a visitor who left needs no answer
}
