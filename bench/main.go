//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == puppetArgument {
		os.Exit(puppet(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	rows     *regexp.Regexp
	runs     int
	long     bool
	out      string
	dir      string
	ours     string
	original string
}

// run measures what args ask for, and writes the table to out and, when asked,
// to a file. Failed measurements are an error, after all that could be measured
// has been printed.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	opts, err := parseOptions(args, progress)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	contenders, err := contenders(opts)
	if err != nil {
		return err
	}
	if err := allowManyDescriptors(); err != nil {
		return err
	}
	b := &bench{options: opts, contenders: contenders, progress: progress}
	report := b.measure(ctx)
	text := report.markdown()
	fmt.Fprint(out, text)
	if opts.out != "" {
		if err := os.WriteFile(opts.out, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
	}
	if len(report.failures) > 0 {
		return fmt.Errorf("%d measurements failed", len(report.failures))
	}
	return ctx.Err()
}

func parseOptions(args []string, progress io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	pattern := flags.String("rows", ".", "measure the rows whose name matches this regular `expression`")
	flags.IntVar(&opts.runs, "runs", 3, "how many `pairs` of runs")
	flags.BoolVar(&opts.long, "long", false, "the rows of 3000 programs too: many minutes")
	flags.StringVar(&opts.out, "out", "", "write the table to this `file` too")
	flags.StringVar(&opts.dir, "dir", os.TempDir(), "where logs and sockets go, a `directory` with a short name")
	flags.StringVar(&opts.ours, "ours", "bin", "the `directory` of our programs")
	flags.StringVar(&opts.original, "original", "/usr/bin", "the `directory` of the original's programs")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("%q is not an option", flags.Arg(0))
	}
	if opts.runs < 1 {
		return options{}, fmt.Errorf("-runs %d: at least one is needed", opts.runs)
	}
	var err error
	if opts.rows, err = regexp.Compile(*pattern); err != nil {
		return options{}, fmt.Errorf("-rows: %w", err)
	}
	return opts, nil
}

// contender is one of the two that are compared.
type contender struct {
	name string // a column of the table
	dir  string // where its programs are, absolute
}

func (c contender) supervisord() string   { return filepath.Join(c.dir, "supervisord") }
func (c contender) supervisorctl() string { return filepath.Join(c.dir, "supervisorctl") }

// The two columns. Figures are kept by these names.
const (
	original = "original"
	ours     = "ours"
)

// contenders finds both, in the order of the table.
func contenders(opts options) ([]contender, error) {
	var both []contender
	for _, c := range []contender{{original, opts.original}, {ours, opts.ours}} {
		dir, err := filepath.Abs(c.dir)
		if err != nil {
			return nil, fmt.Errorf("find %s programs: %w", c.name, err)
		}
		c.dir = dir
		for _, program := range []string{c.supervisord(), c.supervisorctl()} {
			if _, err := os.Stat(program); err != nil {
				return nil, fmt.Errorf("find the %s programs: %w", c.name, err)
			}
		}
		both = append(both, c)
	}
	return both, nil
}

// allowManyDescriptors raises the soft limit, which a thousand programs need,
// once for both daemons. With minfds= instead the original would close that many
// descriptors in every child it forks, and be slower for the bench's sake.
func allowManyDescriptors() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of descriptors: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise the limit of descriptors: %w", err)
	}
	return nil
}
