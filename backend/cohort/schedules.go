package cohort

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed schedules/*.yaml
var shipped embed.FS

// Shipped returns the file of a schedule that comes with Daemun, such as "2021-07".
func Shipped(name string) ([]byte, error) {
	data, err := shipped.ReadFile("schedules/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no schedule %q is shipped: choose one of %s", name, strings.Join(ShippedNames(), ", "))
	}
	return data, nil
}

// ShippedNames lists the schedules that come with Daemun, in order of name.
func ShippedNames() []string {
	entries, err := shipped.ReadDir("schedules")
	if err != nil {
		panic("cohort: the embedded schedules are missing: " + err.Error()) // the compiler put them there
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}
