// SPDX-License-Identifier: Apache-2.0

package devmapd_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	devmapd "github.com/devmapd/devmapd/clients/go"
	v1 "github.com/devmapd/devmapd/clients/go/devmapdv1"
	"github.com/devmapd/devmapd/clients/go/internal/rpc"
)

// The daemons of the run; clients/testbed.py describes the variables.
var (
	shared        = "unix:" + os.Getenv("DEVMAPD_SOCKET")
	durable       = "unix:" + os.Getenv("DEVMAPD_DURABLE")
	relay         = "unix:" + os.Getenv("DEVMAPD_RELAY")
	keys    int64 = 20_000
	fast          = devmapd.Retry{Attempts: 5, FirstDelay: 10 * time.Millisecond, LongestDelay: 200 * time.Millisecond}
)

func connect(t *testing.T, address string, options devmapd.Options) *devmapd.Client {
	t.Helper()
	client, err := devmapd.Connect(address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func newKey() string { return fmt.Sprint(atomic.AddInt64(&keys, 1)) }

func context60(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func put(key string) *v1.PutEntryRequest {
	return &v1.PutEntryRequest{Devmap: "default", Key: key, Spec: &v1.EntrySpec{Interface: "sim1"}}
}

func batch(key, idempotency string) *v1.ApplyEntriesRequest {
	item := &v1.BatchItem{Write: &v1.BatchItem_Put{Put: &v1.BatchPut{Devmap: "default", Key: key, Spec: &v1.EntrySpec{Interface: "sim1"}}}}
	return &v1.ApplyEntriesRequest{Mode: v1.BatchMode_BATCH_MODE_ATOMIC, Items: []*v1.BatchItem{item}, IdempotencyKey: idempotency}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func failure(t *testing.T, err error, code devmapd.Code) *devmapd.Error {
	t.Helper()
	var e *devmapd.Error
	if !errors.As(err, &e) || !errors.Is(err, code) {
		t.Fatalf("%v is not %s", err, code)
	}
	return e
}

func TestEntryIsPutReadAndDeleted(t *testing.T) {
	ctx, client, key := context60(t), connect(t, shared, devmapd.Options{}), newKey()
	answer, err := client.Devmap.PutEntry(ctx, put(key))
	must(t, err)
	if !answer.Created {
		t.Error("not created")
	}
	got, err := client.Devmap.GetEntry(ctx, &v1.GetEntryRequest{Devmap: "default", Key: key})
	must(t, err)
	if got.Entry.Spec.Interface != "sim1" {
		t.Error(got)
	}
	_, err = client.Devmap.DeleteEntry(ctx, &v1.DeleteEntryRequest{Devmap: "default", Key: key})
	must(t, err)
	_, err = client.Devmap.GetEntry(ctx, &v1.GetEntryRequest{Devmap: "default", Key: key})
	failure(t, err, devmapd.EntryNotFound)
}

func TestTlsReachesTheSameDaemon(t *testing.T) {
	pem, err := os.ReadFile(os.Getenv("DEVMAPD_CA"))
	must(t, err)
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	client := connect(t, os.Getenv("DEVMAPD_TLS"), devmapd.Options{Token: os.Getenv("DEVMAPD_TOKEN"), TLS: &tls.Config{RootCAs: authorities}})
	host, err := client.Host.GetHost(context60(t), &v1.GetHostRequest{})
	must(t, err)
	if !host.Host.Simulated {
		t.Error(host)
	}
}

func TestTcpNeedsAToken(t *testing.T) {
	client := connect(t, os.Getenv("DEVMAPD_TCP"), devmapd.Options{Token: os.Getenv("DEVMAPD_TCP_TOKEN")})
	_, err := client.Host.GetHost(context60(t), &v1.GetHostRequest{})
	must(t, err)
	_, err = connect(t, os.Getenv("DEVMAPD_TCP"), devmapd.Options{}).Host.GetHost(context60(t), &v1.GetHostRequest{})
	failure(t, err, devmapd.Unauthenticated)
}

func TestUnknownAddressIsRefused(t *testing.T) {
	if _, err := devmapd.Connect("ftp://nowhere", devmapd.Options{}); err == nil {
		t.Error("accepted")
	}
}

func TestRefusalHasCodeResourceAndStatus(t *testing.T) {
	ctx, client, key := context60(t), connect(t, shared, devmapd.Options{}), newKey()
	first, err := client.Devmap.PutEntry(ctx, put(key))
	must(t, err)
	request := put(key)
	request.Spec.Interface, request.ExpectedRevision = "sim2", proto.Int64(first.Entry.GetRevision()+1)
	_, err = client.Devmap.PutEntry(ctx, request)
	if e := failure(t, err, devmapd.RevisionMismatch); e.Resource != "devmaps/default/entries/"+key || status.Code(err) != codes.Aborted {
		t.Error(e.Resource, status.Code(err))
	}
}

func TestInvalidArgumentHasAllFields(t *testing.T) {
	request := put("")
	request.Spec = &v1.EntrySpec{Interface: "no such thing", Labels: map[string]string{"bad name": "x"}}
	_, err := connect(t, shared, devmapd.Options{}).Devmap.PutEntry(context60(t), request)
	if e := failure(t, err, devmapd.InvalidArgument); len(e.Fields) < 2 {
		t.Error(e.Fields)
	}
}

func TestConflictHasARemedy(t *testing.T) {
	ctx, client, key := context60(t), connect(t, shared, devmapd.Options{}), newKey()
	spec := &v1.EgressProgramSpec{Template: v1.EgressTemplate_EGRESS_TEMPLATE_COUNT}
	_, err := client.Program.PutProgram(ctx, &v1.PutProgramRequest{Program: "conflict-go", Spec: spec})
	must(t, err)
	first, second := put(key), put(newKey())
	first.Spec = &v1.EntrySpec{Interface: "sim3", EgressProgram: proto.String("conflict-go")}
	second.Spec = &v1.EntrySpec{Interface: "sim3"}
	_, err = client.Devmap.PutEntry(ctx, first)
	must(t, err)
	_, err = client.Devmap.PutEntry(ctx, second)
	if e := failure(t, err, devmapd.EgressProgramConflict); e.Remedy == nil || !strings.Contains(e.Error(), e.Remedy.Summary) {
		t.Error(e)
	}
	_, err = client.Devmap.DeleteEntry(ctx, &v1.DeleteEntryRequest{Devmap: "default", Key: key})
	must(t, err)
}

func TestNoDaemonIsNoAnswer(t *testing.T) {
	client := connect(t, "unix:"+filepath.Join(t.TempDir(), "nobody.sock"), devmapd.Options{Retry: fast})
	_, err := client.Host.GetHost(context60(t), &v1.GetHostRequest{})
	if !errors.Is(err, devmapd.ErrNoAnswer) {
		t.Error(err)
	}
}

func TestSilentServerEndsAtTheDeadline(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	client := connect(t, "http://"+silent.Addr().String(), devmapd.Options{Deadline: 200 * time.Millisecond})
	_, err = client.Host.GetHost(context.Background(), &v1.GetHostRequest{})
	if !errors.Is(err, devmapd.ErrNoAnswer) {
		t.Error(err)
	}
}

func TestCancelledCallIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := connect(t, shared, devmapd.Options{}).Devmap.PutEntry(ctx, put(newKey()))
	if status.Code(err) != codes.Canceled {
		t.Error(err)
	}
}

func TestCallThatWaitsOutlivesTheDeadline(t *testing.T) {
	client := connect(t, shared, devmapd.Options{Deadline: 200 * time.Millisecond})
	request := &v1.WaitEntriesRequest{Devmap: []string{"default"}, Owner: proto.String("nobody"), Timeout: durationpb.New(500 * time.Millisecond)}
	answer, err := client.Devmap.WaitEntries(context.Background(), request)
	must(t, err)
	if answer.WaitSatisfied {
		t.Error(answer)
	}
}

func TestBatchWithAKeyHappensOnce(t *testing.T) {
	ctx, client, key := context60(t), connect(t, shared, devmapd.Options{}), newKey()
	first, err := client.Devmap.ApplyEntries(ctx, batch(key, "go-"+key))
	must(t, err)
	again, err := client.Devmap.ApplyEntries(ctx, batch(key, "go-"+key))
	must(t, err)
	if first.Revision != again.Revision {
		t.Error(first.Revision, again.Revision)
	}
}

// refusing is a server that refuses calls as often as a test says, for what a daemon does only under load.
type refusing struct {
	calls, refusals int
	answersNothing  bool
}

func (r *refusing) start(t *testing.T) *devmapd.Client {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := grpc.NewServer(grpc.UnknownServiceHandler(r.handle))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return connect(t, "http://"+listener.Addr().String(), devmapd.Options{Retry: fast})
}

func (r *refusing) handle(_ interface{}, stream grpc.ServerStream) error {
	if err := stream.RecvMsg(&v1.Synced{}); err != nil {
		return err
	}
	r.calls++
	switch {
	case r.calls > r.refusals:
		return stream.SendMsg(&v1.Synced{})
	case r.answersNothing:
		return status.Error(codes.Unavailable, "")
	}
	busy := &spb.Status{Code: int32(codes.ResourceExhausted), Message: "The queue is full."}
	for name, message := range map[string]proto.Message{
		"ErrorInfo": &rpc.ErrorInfo{Reason: "writer_busy", Domain: "devmapd"},
		"RetryInfo": &rpc.RetryInfo{RetryDelay: durationpb.New(20 * time.Millisecond)},
	} {
		value, err := proto.Marshal(message)
		if err != nil {
			return err
		}
		busy.Details = append(busy.Details, &anypb.Any{TypeUrl: "type.googleapis.com/google.rpc." + name, Value: value})
	}
	return status.ErrorProto(busy)
}

func TestBusyCallIsRepeatedAfterTheDelayOfTheDaemon(t *testing.T) {
	server := &refusing{refusals: 2}
	_, err := server.start(t).Devmap.PutEntry(context60(t), put("1"))
	must(t, err)
	if server.calls != 3 {
		t.Error(server.calls)
	}
}

func TestBusyCallIsGivenUpInTheEnd(t *testing.T) {
	server := &refusing{refusals: 100}
	_, err := server.start(t).Devmap.PutEntry(context60(t), put("1"))
	if e := failure(t, err, devmapd.WriterBusy); server.calls != fast.Attempts || e.RetryAfter != 20*time.Millisecond {
		t.Error(server.calls, e.RetryAfter)
	}
}

func TestCallWithoutAnAnswerIsRepeatedIfItDoesTheSameTwice(t *testing.T) {
	server := &refusing{refusals: 1, answersNothing: true}
	client := server.start(t)
	first := put("1")
	first.ExpectedRevision = proto.Int64(0)
	for name, c := range map[string]struct {
		call func() error
		want int
	}{
		"first put": {func() error { _, err := client.Devmap.PutEntry(context60(t), first); return err }, 1},
		"delete": {func() error {
			_, err := client.Devmap.DeleteEntry(context60(t), &v1.DeleteEntryRequest{Key: "1"})
			return err
		}, 1},
		"batch": {func() error { _, err := client.Devmap.ApplyEntries(context60(t), batch("1", "")); return err }, 1},
		"keyed": {func() error { _, err := client.Devmap.ApplyEntries(context60(t), batch("1", "once")); return err }, 2},
		"put":   {func() error { _, err := client.Devmap.PutEntry(context60(t), put("1")); return err }, 2},
		"get": {func() error {
			_, err := client.Devmap.GetEntry(context60(t), &v1.GetEntryRequest{Key: "1"})
			return err
		}, 2},
	} {
		server.calls = 0
		if err := c.call(); server.calls != c.want || (err == nil) != (c.want == 2) {
			t.Error(name, server.calls, err)
		}
	}
}

func control(t *testing.T, action string) {
	t.Helper()
	answer, err := http.Post(os.Getenv("DEVMAPD_CONTROL")+"/"+action, "", nil)
	must(t, err)
	answer.Body.Close()
}

// putDurable writes an entry of an interface that does not exist, so that nothing on this host changes.
func putDurable(t *testing.T, client *devmapd.Client, key string) *v1.Entry {
	t.Helper()
	request := &v1.PutEntryRequest{Devmap: "default", Key: key, Spec: &v1.EntrySpec{Interface: "no-such-if"}, AllowPending: true}
	answer, err := client.Devmap.PutEntry(context60(t), request)
	must(t, err)
	return answer.Entry
}

func watchDurable(t *testing.T) (*devmapd.Client, *devmapd.Watch) {
	client := connect(t, durable, devmapd.Options{})
	t.Cleanup(func() {
		_, err := client.Devmap.ReplaceEntries(context.Background(), &v1.ReplaceEntriesRequest{Devmap: "default", AllowDeletions: proto.Int32(100_000)})
		if err != nil {
			t.Error(err)
		}
	})
	watch := connect(t, relay, devmapd.Options{Retry: fast}).Watch(context60(t), "default", nil)
	t.Cleanup(watch.Close)
	return client, watch
}

func until(t *testing.T, watch *devmapd.Watch, isLast func(*v1.WatchResponse) bool) (snapshots, entries int, last *v1.WatchResponse) {
	t.Helper()
	for {
		item, err := watch.Next()
		must(t, err)
		if item.BeginsSnapshot() {
			snapshots++
			continue
		}
		if item.Event.GetEntry() != nil {
			entries++
		}
		if isLast(item.Event) {
			return snapshots, entries, item.Event
		}
	}
}

func isSynced(event *v1.WatchResponse) bool { return event.GetSynced() != nil }

func isEntry(key string) func(*v1.WatchResponse) bool {
	return func(event *v1.WatchResponse) bool { return event.GetEntry().GetKey() == key }
}

func TestWatchBeginsWithASnapshotThenReportsEveryChange(t *testing.T) {
	client, watch := watchDurable(t)
	putDurable(t, client, "101")
	if snapshots, entries, _ := until(t, watch, isSynced); snapshots != 1 || entries != 1 {
		t.Error(snapshots, entries)
	}
	second := putDurable(t, client, "102")
	if _, _, last := until(t, watch, isEntry("102")); last.GetRevision() != second.GetRevision() || *watch.Revision() != second.GetRevision() {
		t.Error(last.GetRevision(), second.GetRevision())
	}
}

func TestWatchResumesAfterEveryCutAndMissesNothing(t *testing.T) {
	client, watch := watchDurable(t)
	until(t, watch, isSynced)
	for _, key := range []string{"111", "112", "113"} {
		control(t, "cut")
		entry := putDurable(t, client, key)
		if snapshots, entries, last := until(t, watch, isEntry(key)); snapshots != 0 || entries != 1 || last.GetRevision() != entry.GetRevision() {
			t.Error(snapshots, entries, last)
		}
	}
}

func TestWatchResumesAfterARestartOfTheDaemon(t *testing.T) {
	client, watch := watchDurable(t)
	putDurable(t, client, "121")
	until(t, watch, isSynced)
	control(t, "restart")
	putDurable(t, client, "122")
	if snapshots, _, _ := until(t, watch, isEntry("122")); snapshots != 0 {
		t.Error("began again")
	}
}

func TestWatchBeginsAgainAfterTheStoreWasLost(t *testing.T) {
	client, watch := watchDurable(t)
	for _, key := range []string{"131", "132", "133"} {
		putDurable(t, client, key)
	}
	until(t, watch, isSynced)
	control(t, "reset")
	if snapshots, _, _ := until(t, watch, isSynced); snapshots != 1 {
		t.Error(snapshots)
	}
}

func TestSeveralDevmapsAreWatchedTogether(t *testing.T) {
	client := connect(t, shared, devmapd.Options{})
	watch := client.WatchDevmaps(context60(t), nil, nil)
	defer watch.Close()
	until(t, watch, isSynced)
	key := newKey()
	_, err := client.Devmap.PutEntry(context60(t), put(key))
	must(t, err)
	until(t, watch, isEntry(key))
}

func TestUnknownDevmapIsRefused(t *testing.T) {
	_, err := connect(t, shared, devmapd.Options{}).Watch(context60(t), "nosuch", nil).Next()
	failure(t, err, devmapd.DevmapNotFound)
}

func TestCancelledWatchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	watch := connect(t, shared, devmapd.Options{}).Watch(ctx, "default", nil)
	until(t, watch, isSynced)
	cancel()
	if _, err := watch.Next(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
