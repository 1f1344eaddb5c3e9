package views

import (
	"fmt"
	"io"
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/words"
)

// export asks where to and writes what happened as JSON.
func (c *Console) export() {
	d := dialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
		switch {
		case err != nil:
			c.exported("", err)
		case w != nil:
			c.exported(w.URI().Path(), c.writeExport(w))
		}
	}, c.Window)
	d.SetTitleText(c.book.T("export.title"))
	d.SetFileName("daemun-" + c.Now().In(kst).Format("20060102-150405") + ".json")
	if home, err := os.UserHomeDir(); err == nil {
		if folder, err := storage.ListerForURI(storage.NewFileURI(home)); err == nil {
			d.SetLocation(folder)
		}
	}
	d.Resize(fyne.NewSize(820, 560))
	d.Show()
}

func (c *Console) writeExport(w io.WriteCloser) error {
	if err := c.Model.Export(w, c.Now()); err != nil {
		_ = w.Close() // the first error is the one to tell
		return err
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("close the export: %w", err)
	}
	return nil
}

func (c *Console) exported(path string, err error) {
	if err != nil {
		c.Model.Did(model.Warning, words.M("log.export.failed", err.Error()), c.Now())
	} else {
		c.Model.Did(model.Info, words.M("log.export", path), c.Now())
	}
	c.Render()
}
