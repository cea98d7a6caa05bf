// SPDX-License-Identifier: Apache-2.0

package devmapd

import (
	"context"
	"errors"
	"math/rand"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

const defaultWait = 30 * time.Second

// Retry says how often and how fast calls are repeated, and how fast watches connect again.
type Retry struct {
	Attempts     int           // how often a call is made at most; 1 for no repeats
	FirstDelay   time.Duration // before the first repeat; it doubles each time
	LongestDelay time.Duration // the longest delay; one that the daemon asks for may be longer
}

// DefaultRetry is the Retry of a client whose options have none.
var DefaultRetry = Retry{Attempts: 5, FirstDelay: 100 * time.Millisecond, LongestDelay: 5 * time.Second}

// delay is a little random so that clients do not come back together.
func (r Retry) delay(attempt int) time.Duration {
	d := r.FirstDelay
	for ; attempt > 0 && d < r.LongestDelay; attempt-- {
		d *= 2
	}
	if d > r.LongestDelay {
		d = r.LongestDelay
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// next returns after how long a call that failed is made again, if it is.
//
// With a delay, and while it shuts down, the daemon says that nothing has happened. Without an answer nobody knows, so only calls that
// do the same when they are made twice are repeated.
func (r Retry) next(err *Error, attempt int, mayRepeat bool) (time.Duration, bool) {
	if attempt+1 >= r.Attempts {
		return 0, false
	}
	d := r.delay(attempt)
	if err.RetryAfter > 0 {
		if err.RetryAfter > d {
			d = err.RetryAfter
		}
		return d, true
	}
	return d, err.Code == ShuttingDown || err.isUnavailable() && mayRepeat
}

// mayRepeat reports whether a call does the same if it is made twice: a read, a put of any revision, or a call with an idempotency key.
func mayRepeat(method string, request proto.Message) bool {
	name := method[strings.LastIndex(method, "/")+1:]
	for _, prefix := range []string{"Get", "List", "Explain", "Wait"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	if strings.HasPrefix(name, "Put") || strings.HasPrefix(name, "KeepAlive") {
		_, set := field(request, "expected_revision")
		return !set
	}
	_, set := field(request, "idempotency_key")
	return set
}

// waitOf returns how long the daemon may wait before it answers the request.
func waitOf(request proto.Message) time.Duration {
	fields := request.ProtoReflect().Descriptor().Fields()
	if fields.ByName("timeout") == nil {
		return 0
	}
	if _, waits := field(request, "wait"); !waits && fields.ByName("wait") != nil {
		return 0
	}
	if value, set := field(request, "timeout"); set {
		return value.Message().Interface().(*durationpb.Duration).AsDuration() + time.Second
	}
	return defaultWait + time.Second
}

// field returns the value of a field by its name, and whether it is set.
func field(message proto.Message, name protoreflect.Name) (protoreflect.Value, bool) {
	m := message.ProtoReflect()
	f := m.Descriptor().Fields().ByName(name)
	if f == nil || !m.Has(f) {
		return protoreflect.Value{}, false
	}
	return m.Get(f), true
}

// intercept gives calls a deadline, repeats them, and returns *Error.
func (o *Options) intercept(
	ctx context.Context, method string, req, reply interface{}, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	request := req.(proto.Message)
	if _, has := ctx.Deadline(); !has && o.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Deadline+waitOf(request))
		defer cancel()
	}
	for attempt := 0; ; attempt++ {
		err := FromError(invoke(ctx, method, req, reply, cc, opts...))
		var failure *Error
		if err == nil || !errors.As(err, &failure) {
			return err
		}
		delay, again := o.Retry.next(failure, attempt, mayRepeat(method, request))
		if deadline, has := ctx.Deadline(); !again || has && time.Now().Add(delay).After(deadline) {
			return err
		}
		if sleep(ctx, delay) != nil {
			return err
		}
	}
}

// sleep waits, or returns why ctx ended before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// translated is a stream whose errors are *Error.
type translated struct{ grpc.ClientStream }

func (s translated) RecvMsg(m interface{}) error { return FromError(s.ClientStream.RecvMsg(m)) }

func interceptStream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, cc, method, opts...)
	if err != nil {
		return nil, FromError(err)
	}
	return translated{stream}, nil
}
