package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
)

// settle fills the flags that the command line left alone, from the environment and then from the --config file.
func settle(flags *pflag.FlagSet, env func(string) (string, bool)) error {
	var errs []error
	fromEnv := func(f *pflag.Flag) {
		name := "DAEMUN_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value, ok := env(name); ok && !f.Changed {
			if err := flags.Set(f.Name, value); err != nil {
				errs = append(errs, fmt.Errorf("environment variable %s: %w", name, err))
			}
		}
	}
	flags.VisitAll(fromEnv)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	path, err := flags.GetString("config")
	if err != nil || path == "" {
		return err
	}
	return fromFile(flags, path)
}

func fromFile(flags *pflag.FlagSet, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read --config: %w", err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		return fmt.Errorf("read --config %s: %w", path, err)
	}
	for name, value := range values {
		f := flags.Lookup(name)
		if f == nil {
			return fmt.Errorf("read --config %s: there is no flag %q here; the flags are %s", path, name, strings.Join(names(flags), ", "))
		}
		if f.Changed {
			continue
		}
		if err := flags.Set(name, fmt.Sprint(value)); err != nil {
			return fmt.Errorf("read --config %s: %w", path, err)
		}
	}
	return nil
}

func names(flags *pflag.FlagSet) []string {
	var all []string
	flags.VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	slices.Sort(all)
	return all
}
