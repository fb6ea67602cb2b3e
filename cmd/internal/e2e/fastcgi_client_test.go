//go:build compat && unix

package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// A web server's side of FastCGI, as far as these tests need it: one request on a
// connection, which the program closes when it has answered.

// Kinds of records.
const (
	fastCGIBegin  = 1
	fastCGIEnd    = 3
	fastCGIParams = 4
	fastCGIStdin  = 5
	fastCGIStdout = 6
	fastCGIStderr = 7
)

// fastCGIHeader is what every record begins with.
type fastCGIHeader struct {
	Version, Kind   uint8
	Request, Length uint16
	Padding         uint8
	_               uint8
}

// refusal is what stands in for an answer where nobody takes the connection.
type refusal struct{ err error }

func (r refusal) Error() string { return r.err.Error() }

// askFastCGI has a FastCGI program answer a GET with a query, and gives the body
// of its answer. A refusal is a connection that was not taken; any other error is
// a request that was lost.
func askFastCGI(network, address, query string) (string, error) {
	conn, err := net.Dial(network, address)
	if err != nil {
		return "", refusal{err}
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(soon)); err != nil {
		return "", err
	}
	if _, err := conn.Write(fastCGIRequest(query)); err != nil {
		return "", err
	}
	output, err := readFastCGI(conn)
	if err != nil {
		return "", err
	}
	head, body, found := strings.Cut(output, "\r\n\r\n")
	if !found || !strings.HasPrefix(head, "Status: 200 ") {
		return "", fmt.Errorf("answered %q", output)
	}
	return body, nil
}

func fastCGIRequest(query string) []byte {
	var params []byte
	for _, param := range [][2]string{
		{"REQUEST_METHOD", "GET"}, {"SERVER_PROTOCOL", "HTTP/1.1"}, {"HTTP_HOST", "localhost"},
		{"REQUEST_URI", "/?" + query}, {"QUERY_STRING", query},
	} {
		params = append(params, byte(len(param[0])), byte(len(param[1]))) // both are short
		params = append(append(params, param[0]...), param[1]...)
	}
	const responder = 1
	request := fastCGIRecord(fastCGIBegin, []byte{0, responder, 0, 0, 0, 0, 0, 0})
	request = append(request, fastCGIRecord(fastCGIParams, params)...)
	request = append(request, fastCGIRecord(fastCGIParams, nil)...)
	return append(request, fastCGIRecord(fastCGIStdin, nil)...)
}

func fastCGIRecord(kind uint8, content []byte) []byte {
	record := []byte{1, kind, 0, 1, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(record[4:], uint16(len(content)))
	return append(record, content...)
}

// readFastCGI gives what a program has written until it said that this was all.
func readFastCGI(conn io.Reader) (string, error) {
	var output strings.Builder
	for {
		var header fastCGIHeader
		if err := binary.Read(conn, binary.BigEndian, &header); err != nil {
			return "", fmt.Errorf("after %d bytes: %w", output.Len(), err)
		}
		content := make([]byte, int(header.Length)+int(header.Padding))
		if _, err := io.ReadFull(conn, content); err != nil {
			return "", fmt.Errorf("after %d bytes: %w", output.Len(), err)
		}
		content = content[:header.Length]
		switch header.Kind {
		case fastCGIStdout:
			output.Write(content)
		case fastCGIStderr:
			return "", fmt.Errorf("it says %q", content)
		case fastCGIEnd:
			if len(content) < 5 || content[4] != 0 {
				return "", errors.New("it did not do the request")
			}
			return output.String(), nil
		default:
			return "", fmt.Errorf("a record of kind %d", header.Kind)
		}
	}
}
