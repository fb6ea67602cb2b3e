package server

import (
	"net"
	"runtime"
	"strconv"

	"supervisor/server/wire"
)

// about tells what this process takes and allows.
func (s *Server) about() wire.About {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	told := wire.About{
		Listeners: []wire.Listener{}, OpenFiles: -1, Connections: s.crowd.count(), MaxConnections: s.crowd.max,
		Memory: int64(memory.Sys - memory.HeapReleased), Goroutines: runtime.NumGoroutine(),
	}
	for i, address := range s.Addrs() {
		e := s.options.Endpoints[i]
		told.Listeners = append(told.Listeners, wire.Listener{
			Section: e.Section, Address: shownAddress(e, address), Unix: e.Unix, TLS: e.TLSCertificate != "" || e.TLSSelfSigned, Asks: !s.auth.Doors()[i].Open(),
		})
	}
	if s.house.OpenFiles == nil {
		return told
	}
	files, err := s.house.OpenFiles()
	if err != nil {
		s.log.Warn("find out how many files may be open", "err", err)
		return told
	}
	told.OpenFiles = files
	return told
}

// shownAddress is the host as it was written, with the port that was given.
func shownAddress(e Endpoint, address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		return address.String()
	}
	host := e.Host
	if host == "" {
		host = "*"
	}
	return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}
