// SPDX-License-Identifier: Apache-2.0

package devmapd

import (
	"context"
	"errors"

	"google.golang.org/grpc/status"

	"github.com/devmapd/devmapd/clients/go/devmapdv1"
)

// WatchItem is an item of a watch.
type WatchItem struct {
	Event  *devmapdv1.WatchResponse // nil where a snapshot begins
	Devmap string                   // the devmap of the event; empty if it is about none
}

// BeginsSnapshot reports whether a snapshot begins. The events up to Synced are the whole content; state from earlier items is no longer
// valid.
func (i WatchItem) BeginsSnapshot() bool { return i.Event == nil }

// Watch reports changes over breaks of the connection and restarts of the daemon. One goroutine may use it.
type Watch struct {
	ctx          context.Context
	open         func(ctx context.Context, revision *int64) (func() (WatchItem, error), error)
	retry        Retry
	revision     *int64
	receive      func() (WatchItem, error)
	cancel       context.CancelFunc
	snapshot     bool
	wasConnected bool
	attempt      int
	next         *WatchItem
}

// Watch reports every change of a devmap, in the order of revisions. It begins after the revision, or with a snapshot if that is nil. If
// the daemon no longer has the changes since, it begins again with a snapshot. It ends with ctx.
func (c *Client) Watch(ctx context.Context, devmap string, revision *int64) *Watch {
	return c.watch(ctx, revision, func(ctx context.Context, revision *int64) (func() (WatchItem, error), error) {
		stream, err := c.Devmap.Watch(ctx, &devmapdv1.WatchRequest{Devmap: devmap, Revision: revision})
		return func() (WatchItem, error) {
			event, err := stream.Recv()
			return WatchItem{event, devmap}, err
		}, err
	})
}

// WatchDevmaps is like Watch, over several devmaps, or all, and egress programs.
func (c *Client) WatchDevmaps(ctx context.Context, devmaps []string, revision *int64) *Watch {
	return c.watch(ctx, revision, func(ctx context.Context, revision *int64) (func() (WatchItem, error), error) {
		stream, err := c.Devmap.WatchDevmaps(ctx, &devmapdv1.WatchDevmapsRequest{Devmap: devmaps, Revision: revision})
		return func() (WatchItem, error) {
			response, err := stream.Recv()
			return WatchItem{response.GetEvent(), response.GetDevmap()}, err
		}, err
	})
}

func (c *Client) watch(ctx context.Context, revision *int64, open func(context.Context, *int64) (func() (WatchItem, error), error)) *Watch {
	return &Watch{ctx: ctx, open: open, retry: c.retry, revision: revision}
}

// Revision returns the revision to resume from, or nil if there is none yet.
func (w *Watch) Revision() *int64 { return w.revision }

// Next waits for the next item. It fails if the daemon refuses the watch or has never answered, and when the context ends.
func (w *Watch) Next() (WatchItem, error) {
	if w.next != nil {
		item := *w.next
		w.next = nil
		return item, nil
	}
	for {
		item, err := w.read()
		if err == nil {
			w.wasConnected, w.attempt = true, 0
			if item.Event.Revision != nil {
				w.revision = item.Event.Revision
			}
			if w.snapshot {
				w.snapshot, w.next = false, &item
				return WatchItem{}, nil
			}
			return item, nil
		}
		w.Close()
		if err := w.afterBreak(err); err != nil {
			return WatchItem{}, err
		}
	}
}

// Close ends the watch.
func (w *Watch) Close() {
	if w.cancel != nil {
		w.cancel()
	}
	w.cancel, w.receive = nil, nil
}

func (w *Watch) read() (WatchItem, error) {
	if w.receive == nil {
		var ctx context.Context
		ctx, w.cancel = context.WithCancel(w.ctx)
		w.snapshot = w.revision == nil
		receive, err := w.open(ctx, w.revision)
		if err != nil {
			return WatchItem{}, err
		}
		w.receive = receive
	}
	return w.receive()
}

// afterBreak waits until the watch may connect again, or returns why it does not.
func (w *Watch) afterBreak(err error) error {
	if w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	var failure *Error
	if !errors.As(err, &failure) {
		// The stream ended without a status.
		failure = &Error{Message: err.Error(), status: status.FromContextError(err)}
	}
	if w.revision != nil && isRevisionLost(failure) {
		w.revision = nil
		return nil
	}
	if !w.wasConnected || failure.Code != "" && failure.Code != ShuttingDown {
		return failure
	}
	w.attempt++
	return sleep(w.ctx, w.retry.delay(w.attempt-1))
}

// isRevisionLost reports whether the revision is too old, or of another store.
func isRevisionLost(err *Error) bool {
	if err.Code == InvalidArgument {
		for _, f := range err.Fields {
			if f.Field == "revision" {
				return true
			}
		}
	}
	return err.Code == RevisionCompacted
}
