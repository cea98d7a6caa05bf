// SPDX-License-Identifier: Apache-2.0

package devmapd

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/devmapd/devmapd/clients/go/devmapdv1"
	"github.com/devmapd/devmapd/clients/go/internal/rpc"
)

const domain = "devmapd"

// ErrNoAnswer is the error of a call that the daemon did not answer: a write may have happened or not.
var ErrNoAnswer = errors.New("devmapd: no answer")

// Code is a code of the catalogue of errors. It serves errors.Is:
//
//	if errors.Is(err, devmapd.EntryNotFound) { ... }
type Code string

// Error returns the code.
func (c Code) Error() string { return string(c) }

// InvalidField is a field of a request that is not valid.
type InvalidField struct {
	Field   string // its path in the request, for instance spec.interface
	Message string // the reason
}

// Error is a call that failed. The daemon refused it if there is a Code; otherwise the daemon did not answer.
type Error struct {
	Code        Code              // the code of the catalogue; empty if the daemon did not answer
	Message     string            // a sentence, which may change
	Fields      []InvalidField    // all fields that are not valid
	Remedy      *devmapdv1.Remedy // how to make the call succeed; nil if the daemon knows no remedy
	Resource    string            // the resource behind the error, for instance devmaps/default/entries/veth-a
	Errno       int               // the kernel's error number; 0 if the kernel was not asked
	RetryAfter  time.Duration     // when the call may succeed; 0 if the daemon does not say
	VerifierLog string            // the end of the verifier's log, if a program failed to load

	status *status.Status
}

// Error returns the code and the message, and the remedy if there is one.
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Message
	if e.Code == "" {
		text = e.status.Code().String() + ": " + e.Message
	}
	if e.Remedy != nil {
		text += " " + e.Remedy.Summary
	}
	return text
}

// Is reports whether target is the code of the error, or ErrNoAnswer if it has none.
func (e *Error) Is(target error) bool {
	if target == ErrNoAnswer {
		return e.Code == ""
	}
	code, ok := target.(Code)
	return ok && code == e.Code
}

// GRPCStatus returns the status of the call, for status.FromError.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// FromError reads the error of a call of gRPC. Calls of a Client have this error already.
func FromError(err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	e := &Error{Message: st.Message(), status: st}
	info := &rpc.ErrorInfo{}
	if !detail(st, "google.rpc.ErrorInfo", info) || info.Domain != domain {
		return e
	}
	e.Code, e.Resource = Code(info.Reason), info.Metadata["resource"]
	e.Errno, _ = strconv.Atoi(info.Metadata["errno"])
	bad, retry, debug, remedy := &rpc.BadRequest{}, &rpc.RetryInfo{}, &rpc.DebugInfo{}, &devmapdv1.Remedy{}
	if detail(st, "google.rpc.BadRequest", bad) {
		for _, v := range bad.FieldViolations {
			e.Fields = append(e.Fields, InvalidField{v.Field, v.Description})
		}
	}
	if detail(st, "google.rpc.RetryInfo", retry) {
		e.RetryAfter = retry.RetryDelay.AsDuration()
	}
	if detail(st, "google.rpc.DebugInfo", debug) {
		e.VerifierLog = debug.Detail
	}
	if detail(st, "devmapd.v1.Remedy", remedy) {
		e.Remedy = remedy
	}
	return e
}

// detail reads the detail of a type into a message.
func detail(st *status.Status, name string, message proto.Message) bool {
	for _, any := range st.Proto().GetDetails() {
		if strings.HasSuffix(any.GetTypeUrl(), "/"+name) {
			return proto.Unmarshal(any.GetValue(), message) == nil
		}
	}
	return false
}

// isUnavailable reports whether nobody answered.
func (e *Error) isUnavailable() bool { return e.Code == "" && e.status.Code() == codes.Unavailable }
