package metrics

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"supervisor/supervise"
)

// psinfos reads /proc/PID/psinfo, which everybody may read (illumos and Solaris).
type psinfos struct{ text [psinfoSize]byte }

func newSystem() system { return &psinfos{} }

func (*psinfos) slow() bool  { return true }
func (*psinfos) rest([]proc) {}

func (s *psinfos) list(_, into []proc) ([]proc, error) {
	names, err := namesIn("/proc")
	if err != nil {
		return into, fmt.Errorf("list the processes: %w", err)
	}
	for _, name := range names {
		if _, err := strconv.Atoi(name); err != nil {
			continue
		}
		if p, err := s.read(name); err == nil { // it is gone, otherwise
			into = append(into, p)
		}
	}
	slices.SortFunc(into, byPID)
	return into, nil
}

func (s *psinfos) read(pid string) (proc, error) {
	file, err := os.Open("/proc/" + pid + "/psinfo")
	if err != nil {
		return proc{}, err
	}
	defer file.Close()
	if _, err := io.ReadFull(file, s.text[:]); err != nil {
		return proc{}, err
	}
	return parsePsinfo(s.text[:])
}

func (*psinfos) descriptors(p *proc) int64 {
	names, err := namesIn("/proc/" + strconv.Itoa(int(p.pid)) + "/fd")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0
	case err != nil:
		return supervise.Unmeasured
	}
	return int64(len(names))
}

func namesIn(dir string) ([]string, error) {
	file, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Readdirnames(-1)
}
