// Package widgets holds the console's own building blocks for Fyne: they show what they are given and announce what
// was touched, and know nothing of queues or servers.
package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/daemun/daemun/admin/fonts"
)

// The palette. Normal things stay grey; amber and red are kept for what is wrong, so that they are seen.
var (
	Ground  = color.NRGBA{0x12, 0x16, 0x1b, 0xff}
	Panel   = color.NRGBA{0x1c, 0x22, 0x29, 0xff}
	Edge    = color.NRGBA{0x33, 0x3c, 0x46, 0xff}
	Ink     = color.NRGBA{0xf0, 0xf3, 0xf6, 0xff}
	Quiet   = color.NRGBA{0xa3, 0xaf, 0xbb, 0xff}
	Faded   = color.NRGBA{0x6d, 0x77, 0x82, 0xff}
	Good    = color.NRGBA{0x6f, 0xcf, 0x97, 0xff}
	Caution = color.NRGBA{0xff, 0xc1, 0x3d, 0xff}
	Alert   = color.NRGBA{0xff, 0x6b, 0x5e, 0xff}
	Blue    = color.NRGBA{0x6c, 0xb6, 0xf5, 0xff}
	Teal    = color.NRGBA{0x4f, 0xd1, 0xc0, 0xff}
	Violet  = color.NRGBA{0xc0, 0xa5, 0xf5, 0xff}
	Sand    = color.NRGBA{0xe8, 0xb8, 0x86, 0xff}
	Rose    = color.NRGBA{0xf2, 0x8d, 0xb2, 0xff}

	cautionGround = color.NRGBA{0x4d, 0x3a, 0x08, 0xff}
	alertGround   = color.NRGBA{0x6e, 0x1a, 0x15, 0xff}
)

// Tone is how good or bad something is, as a colour says it. Words and shapes say it too.
type Tone int

// Tones.
const (
	Plain Tone = iota
	Muted
	Fine
	Warn
	Bad
)

// Color is the tone's colour for text on a panel.
func (t Tone) Color() color.NRGBA {
	return [...]color.NRGBA{Ink, Quiet, Good, Caution, Alert}[t]
}

// Ground is the tone's colour for a panel that wants to be seen.
func (t Tone) Ground() color.NRGBA {
	switch t {
	case Warn:
		return cautionGround
	case Bad:
		return alertGround
	}
	return Panel
}

// Shape is the tone without colour.
func (t Tone) Shape() string {
	return [...]string{"▶", "·", "●", "▲", "■"}[t]
}

// Theme is the console's look: dark, dense, Korean fonts for every style.
type Theme struct{}

var _ fyne.Theme = Theme{}

// Color picks from the palette and leaves the rest to the toolkit's dark theme.
func (Theme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	switch name {
	case theme.ColorNameBackground:
		return Ground
	case theme.ColorNameForeground, theme.ColorNameForegroundOnError, theme.ColorNameForegroundOnPrimary:
		return Ink
	case theme.ColorNameOverlayBackground, theme.ColorNameMenuBackground:
		return Panel
	case theme.ColorNameInputBackground:
		return color.NRGBA{0x10, 0x14, 0x18, 0xff}
	case theme.ColorNameInputBorder, theme.ColorNameSeparator:
		return Edge
	case theme.ColorNameButton:
		return color.NRGBA{0x31, 0x3b, 0x46, 0xff}
	case theme.ColorNameDisabledButton:
		return color.NRGBA{0x26, 0x2d, 0x35, 0xff}
	case theme.ColorNameDisabled, theme.ColorNamePlaceHolder:
		return color.NRGBA{0x7d, 0x88, 0x94, 0xff}
	case theme.ColorNamePrimary:
		return color.NRGBA{0x2f, 0x7d, 0xc4, 0xff}
	case theme.ColorNameSelection:
		return color.NRGBA{0x24, 0x43, 0x60, 0xff}
	case theme.ColorNameError:
		return color.NRGBA{0xc4, 0x37, 0x2d, 0xff}
	case theme.ColorNameSuccess:
		return Good
	case theme.ColorNameWarning:
		return Caution
	case theme.ColorNameShadow:
		return color.NRGBA{0, 0, 0, 0x90}
	}
	return theme.DefaultTheme().Color(name, theme.VariantDark)
}

// Font gives the Korean fonts for every style but the toolkit's own symbols.
func (Theme) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Symbol:
		return theme.DefaultTheme().Font(style)
	case style.Bold:
		return fonts.Bold
	}
	return fonts.Regular
}

// Icon leaves icons to the toolkit.
func (Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size is denser than the toolkit's. Corners are square: round ones cost several percent of a core.
func (Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return 14
	case theme.SizeNamePadding:
		return 4
	case theme.SizeNameInnerPadding:
		return 6
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 0
	}
	return theme.DefaultTheme().Size(name)
}
