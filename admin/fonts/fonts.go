// Package fonts holds the console's Korean fonts; README.md says where they come from.
package fonts

import (
	_ "embed" // for the font files

	"fyne.io/fyne/v2"
)

//go:embed NotoSansKR-Regular.ttf
var regular []byte

//go:embed NotoSansKR-Bold.ttf
var bold []byte

// The two weights as resources for a theme.
var (
	Regular fyne.Resource = fyne.NewStaticResource("NotoSansKR-Regular.ttf", regular)
	Bold    fyne.Resource = fyne.NewStaticResource("NotoSansKR-Bold.ttf", bold)
)
