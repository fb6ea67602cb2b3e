package metrics

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// procfs reads the processes from a tree such as /proc.
//
// Of programs' processes the file stat is kept open, because opening it costs as
// much as reading it; and since an open one belongs to one process for good, it
// cannot be mistaken for a later one's. Descriptors belong to the programs first:
// no more are kept than leave half of those supervisord may have.
type procfs struct {
	root     string
	dir      int  // of root, open; noFile before the first list
	counts   bool // the size of PID/fd is how many there are (since Linux 6.2)
	pageSize int64
	spare    int // files that may still be kept, in this pass

	entries [32 << 10]byte
	text    [4 << 10]byte
	path    [32]byte
}

func newSystem() system { return newProcfs("/proc") }

func newProcfs(root string) *procfs {
	return &procfs{root: root, dir: noFile, pageSize: int64(os.Getpagesize())}
}

func (s *procfs) slow() bool { return !s.counts }

func (s *procfs) open() error {
	if s.dir != noFile {
		return nil
	}
	dir, err := unix.Open(s.root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.root, err)
	}
	var of unix.Statfs_t
	if err := unix.Fstatfs(dir, &of); err != nil {
		unix.Close(dir)
		return fmt.Errorf("look at %s: %w", s.root, err)
	}
	s.dir = dir
	var own unix.Stat_t
	s.counts = of.Type == unix.PROC_SUPER_MAGIC && unix.Fstatat(dir, "self/fd", &own, 0) == nil && own.Size > 0
	return nil
}

func (s *procfs) rest(before []proc) {
	for i := range before {
		letGo(&before[i])
	}
	if s.dir != noFile {
		unix.Close(s.dir)
		s.dir = noFile
	}
}

func letGo(p *proc) {
	if p.file != noFile {
		unix.Close(int(p.file))
		p.file = noFile
	}
}

func (s *procfs) list(before, into []proc) ([]proc, error) {
	if err := s.open(); err != nil {
		return into, err
	}
	s.spare = s.toSpare(before)
	into, err := s.pids(into)
	if err != nil {
		return into, err
	}
	alive, old := into[:0], 0
	for i := range into {
		pid := into[i].pid
		for old < len(before) && before[old].pid < pid {
			letGo(&before[old])
			old++
		}
		var was *proc
		if old < len(before) && before[old].pid == pid {
			was = &before[old]
			old++
		}
		if p, found := s.read(pid, was); found {
			alive = append(alive, p)
		}
	}
	for ; old < len(before); old++ {
		letGo(&before[old])
	}
	return alive, nil
}

// toSpare says how many files may be kept. If there are too many descriptors by
// now, all files are closed: others may need them more.
func (s *procfs) toSpare(before []proc) int {
	var limit unix.Rlimit
	var own unix.Stat_t
	if !s.counts || unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil || unix.Fstatat(s.dir, "self/fd", &own, 0) != nil {
		return 0
	}
	spare := int64(min(limit.Cur, 1<<20)/2) - own.Size
	if spare < 0 {
		for i := range before {
			letGo(&before[i])
		}
	}
	return int(max(spare, 0))
}

// pids appends a process for every directory whose name is a number.
func (s *procfs) pids(into []proc) ([]proc, error) {
	if _, err := unix.Seek(s.dir, 0, unix.SEEK_SET); err != nil {
		return into, fmt.Errorf("list %s: %w", s.root, err)
	}
	for {
		n, err := unix.ReadDirent(s.dir, s.entries[:])
		if err != nil {
			return into, fmt.Errorf("list %s: %w", s.root, err)
		}
		if n <= 0 {
			break
		}
		for names := s.entries[:n]; len(names) > 0; {
			var name []byte
			name, names = entry(names)
			if pid, ok := number(name); ok && pid > 0 {
				into = append(into, proc{pid: int32(pid)})
			}
		}
	}
	if !slices.IsSortedFunc(into, byPID) { // the kernel's own are
		slices.SortFunc(into, byPID)
	}
	return into, nil
}

// entry takes the first name off what getdents64(2) gave: inode and offset of 8
// bytes each, length of 2, type of 1, and the name with a zero behind it.
func entry(all []byte) (name, rest []byte) {
	length := min(int(binary.NativeEndian.Uint16(all[16:])), len(all))
	name = all[19:length]
	if end := bytes.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	return name, all[length:]
}

// read gives a process, unless it is gone. The file that was kept of the one that
// had its pid in the pass before is used if it is the same, and closed otherwise.
func (s *procfs) read(pid int32, was *proc) (proc, bool) {
	if was != nil && was.file != noFile {
		if p, ok := s.parse(int(was.file)); ok {
			p.file, was.file = was.file, noFile
			return p, true
		}
		letGo(was) // ESRCH: its process is gone, and this is another
	}
	file, err := s.openat(pid, "/stat", 0)
	if err != nil {
		return proc{}, false
	}
	p, ok := s.parse(file)
	if ok && s.spare > 0 && was != nil && was.owner >= 0 {
		s.spare--
		p.file = int32(file)
		return p, true
	}
	unix.Close(file)
	return p, ok
}

func (s *procfs) parse(file int) (proc, bool) {
	n, err := unix.Pread(file, s.text[:], 0)
	if err != nil || n <= 0 {
		return proc{}, false
	}
	p, err := parseStat(s.text[:n], s.pageSize)
	return p, err == nil
}

// descriptors counts the open ones of a process. Who may not look (it belongs to
// somebody else, and supervisord is not root) gets no figure.
func (s *procfs) descriptors(p *proc) int64 {
	if !s.counts {
		return s.names(p.pid)
	}
	s.name(p.pid, "/fd")
	var of unix.Statx_t
	_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(s.dir), uintptr(unsafe.Pointer(&s.path[0])), 0, unix.STATX_SIZE, uintptr(unsafe.Pointer(&of)), 0)
	if errno != 0 {
		return missing(errno)
	}
	return int64(of.Size)
}

// names counts the entries of PID/fd.
func (s *procfs) names(pid int32) int64 {
	dir, err := s.openat(pid, "/fd", unix.O_DIRECTORY)
	if err != nil {
		return missing(err)
	}
	defer unix.Close(dir)
	var count int64
	for {
		n, err := unix.ReadDirent(dir, s.entries[:])
		if err != nil {
			return missing(err)
		}
		if n <= 0 {
			return count
		}
		for names := s.entries[:n]; len(names) > 0; {
			var name []byte
			if name, names = entry(names); name[0] != '.' {
				count++
			}
		}
	}
}

// missing gives the figure that stands for an error: a process that is gone has
// nothing open, of another it is not known.
func missing(err error) int64 {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
		return 0
	}
	return supervise.Unmeasured
}

// openat opens a file below root, of a process. unix.Openat would make a copy of
// the path, for each process in each pass; so this and descriptors make the calls
// themselves.
func (s *procfs) openat(pid int32, below string, flags int) (int, error) {
	s.name(pid, below)
	flags |= unix.O_RDONLY | unix.O_CLOEXEC
	file, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(s.dir), uintptr(unsafe.Pointer(&s.path[0])), uintptr(flags), 0, 0, 0)
	if errno != 0 {
		return noFile, errno
	}
	return int(file), nil
}

// name puts PID and what is below it into path, with a zero behind it.
func (s *procfs) name(pid int32, below string) {
	path := strconv.AppendInt(s.path[:0], int64(pid), 10)
	_ = append(append(path, below...), 0)
}
