//go:build linux

package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// The two tiny children, by the names under which /proc shows them. An
// interpreter, or even a dynamically linked /bin/sleep, costs more to start than
// the supervisor's part of starting it, and would hide that.
const (
	idleName  = "idle"  // sleeps until it is killed
	linesName = "lines" // writes a line of lineSize bytes about every millisecond
)

// lineSize is the length of a line of the child named lines, with its newline.
const lineSize = 64

// idleCode sleeps in pause(2) for ever.
var idleCode = []byte{
	0xb8, 34, 0, 0, 0, // again: mov eax, SYS_pause
	0x0f, 0x05, //        syscall
	0xeb, 0xf7, //        jmp again
}

// linesCode sleeps and writes for ever. What it sleeps is less than a
// millisecond by what the kernel adds.
var linesCode = append([]byte{
	0xb8, 35, 0, 0, 0, //             0 again: mov eax, SYS_nanosleep
	0x48, 0x8d, 0x3d, 36, 0, 0, 0, //  5 lea rdi, [rip+36] (48: the pause)
	0x31, 0xf6, //                    12 xor esi, esi
	0x0f, 0x05, //                    14 syscall
	0xb8, 1, 0, 0, 0, //              16 mov eax, SYS_write
	0xbf, 1, 0, 0, 0, //              21 mov edi, 1
	0x48, 0x8d, 0x35, 31, 0, 0, 0, // 26 lea rsi, [rip+31] (64: the line)
	0xba, lineSize, 0, 0, 0, //       33 mov edx, lineSize
	0x0f, 0x05, //                    38 syscall
	0xeb, 0xd6, //                    40 jmp again
	0, 0, 0, 0, 0, 0, //              42
	0, 0, 0, 0, 0, 0, 0, 0, //        48 no seconds
	0xe0, 0x57, 0x0e, 0, 0, 0, 0, 0, // 56 and 940,000 nanoseconds
}, append(bytes.Repeat([]byte{'x'}, lineSize-1), '\n')...)

// furnish puts into dir what a daemon's programs run: the tiny children, and
// this program as the puppets. On processors whose instructions are not written
// down here, idle is sleep(1) under another name, which makes boots and restarts
// of both supervisors slower, and lines is missing.
func furnish(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if err := os.Symlink(self, filepath.Join(dir, puppetArgument)); err != nil {
		return fmt.Errorf("make the puppets: %w", err)
	}
	if runtime.GOARCH != "amd64" {
		return os.Symlink("/bin/sleep", filepath.Join(dir, idleName))
	}
	for name, code := range map[string][]byte{idleName: idleCode, linesName: linesCode} {
		if err := os.WriteFile(filepath.Join(dir, name), program(code), 0o755); err != nil {
			return fmt.Errorf("make the child %s: %w", name, err)
		}
	}
	return nil
}

// program is an executable of one segment that consists of code.
func program(code []byte) []byte {
	const (
		base    = 0x400000
		headers = 64 + 56
	)
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Entry: base + headers, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
	}
	size := uint64(headers + len(code))
	segment := elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X),
		Vaddr: base, Paddr: base, Filesz: size, Memsz: size, Align: 0x1000,
	}
	var b bytes.Buffer
	for _, part := range []any{header, segment, code} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			panic(err) // fixed sizes into memory
		}
	}
	return b.Bytes()
}
