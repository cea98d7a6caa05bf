using ControlPlane.FunctionalTests.Grpc;
using Devmapd.V1;
using Google.Rpc;
using Grpc.Core;

namespace ControlPlane.FunctionalTests.Watching;

/// <summary>Watching by gRPC.</summary>
public sealed class GrpcWatchTests : IAsyncLifetime
{
    private GrpcDaemon _daemon = null!;
    private DevmapService.DevmapServiceClient _devmaps = null!;

    public async Task InitializeAsync()
    {
        _daemon = await GrpcDaemon.StartAsync();
        _devmaps = new DevmapService.DevmapServiceClient(_daemon.Channel);
    }

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    [Fact]
    public async Task Stream_HasSnapshotSyncedAndChanges()
    {
        await PutAsync("1");
        await _devmaps.PutAttachmentAsync(new() { Devmap = "vlans", Interface = "veth-a", Spec = new() { Mode = AttachMode.Native } });
        using var call = _devmaps.Watch(new() { Devmap = "vlans" }, deadline: Soon());
        var attachment = await NextAsync(call);
        Assert.Equal((false, "veth-a"), (attachment.HasRevision, attachment.Attachment.Interface));
        var entry = await NextAsync(call);
        Assert.Equal((false, EntryState.Forwarding), (entry.HasRevision, entry.Entry.Status.State));
        Assert.Equal(new WatchResponse { Revision = 3, Synced = new() }, await NextAsync(call));

        await PutAsync("2");
        await _devmaps.DeleteEntryAsync(new() { Devmap = "vlans", Key = "1" });
        await _devmaps.DeleteAttachmentAsync(new() { Devmap = "vlans", Interface = "veth-a" });
        Assert.Equal((4, "2"), await ChangeAsync(call) is var put ? (put.Revision, put.Entry.Key) : default);
        Assert.Equal(new WatchResponse { Revision = 5, EntryDeleted = new() { Key = "1" } }, await ChangeAsync(call));
        Assert.Equal(new WatchResponse { Revision = 6, AttachmentDeleted = new() { Interface = "veth-a" } }, await ChangeAsync(call));
    }

    [Fact]
    public async Task InterfaceGoes_IsOneStatusEvent_AndResumesGoOn()
    {
        await PutAsync("1");
        await PutAsync("2");
        using var call = _devmaps.Watch(new() { Devmap = "vlans", Revision = 2 }, deadline: Soon());
        Assert.Equal((3, "2"), await NextAsync(call) is var put ? (put.Revision, put.Entry.Key) : default);
        Assert.Equal(WatchResponse.EventOneofCase.Synced, (await NextAsync(call)).EventCase);
        _daemon.Testbed.Host.RemoveInterface("veth-b");
        Assert.Equal(
            new WatchResponse { Revision = 3, StatusChanged = new() { Interface = "veth-b", Entries = 2 } },
            await NextAsync(call));
    }

    [Fact]
    public async Task Filters_SelectAPart_AndLeasesAreInTheStreamOfSeveral()
    {
        var leases = new LeaseService.LeaseServiceClient(_daemon.Channel);
        await leases.PutLeaseAsync(new() { Lease = "cni", Spec = new() { Ttl = new() { Seconds = 30 }, Owner = "cni" } });
        await PutAsync("1");
        using var call = _devmaps.WatchDevmaps(new() { Owner = "cni", StatusEvents = StatusEvents.Folded }, deadline: Soon());
        Assert.Equal(("", "cni"), await NextAsync() is var lease ? (lease.Devmap, lease.Event.Lease.Name) : default);
        Assert.Equal(WatchResponse.EventOneofCase.Synced, (await NextAsync()).Event.EventCase);
        await leases.DeleteLeaseAsync(new() { Lease = "cni", Owner = "cni" });
        Assert.Equal(new WatchResponse { Revision = 4, LeaseDeleted = new() { Name = "cni" } }, (await NextAsync()).Event);

        using var wrong = _devmaps.Watch(new() { Devmap = "vlans", State = EntryState.Unmanaged, StatusEvents = (StatusEvents)9 }, deadline: Soon());
        var e = await Assert.ThrowsAsync<RpcException>(() => wrong.ResponseStream.MoveNext(default));
        Assert.Equal(["status_events", "state"], e.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));

        async Task<WatchDevmapsResponse> NextAsync()
        {
            Assert.True(await call.ResponseStream.MoveNext(default));
            return call.ResponseStream.Current;
        }
    }

    [Theory]
    [InlineData("none", null, StatusCode.NotFound, "devmap_not_found")]
    [InlineData("", null, StatusCode.InvalidArgument, "invalid_argument")]
    [InlineData("vlans", 99L, StatusCode.InvalidArgument, "invalid_argument")]
    [InlineData("vlans", -1L, StatusCode.InvalidArgument, "invalid_argument")]
    public async Task Wrong_IsRefusedAtOnce(string devmap, long? revision, StatusCode status, string reason)
    {
        var request = new WatchRequest { Devmap = devmap };
        if (revision is { } from)
            request.Revision = from;
        using var call = _devmaps.Watch(request, deadline: Soon());
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));
        Assert.Equal((status, reason), (e.StatusCode, e.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
    }

    [Fact]
    public async Task Stop_EndsWithShuttingDown()
    {
        using var call = _devmaps.Watch(new() { Devmap = "vlans" }, deadline: Soon());
        await NextAsync(call);
        await _daemon.Writer.StopAsync(TimeSpan.FromSeconds(5));
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));
        Assert.Equal((StatusCode.Unavailable, "shutting_down"), (e.StatusCode, e.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
    }

    private static DateTime Soon() => DateTime.UtcNow.AddSeconds(30);

    private async Task PutAsync(string key) =>
        await _devmaps.PutEntryAsync(new() { Devmap = "vlans", Key = key, Spec = new() { Interface = "veth-b" } });

    private static async Task<WatchResponse> NextAsync(AsyncServerStreamingCall<WatchResponse> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(default));
        return call.ResponseStream.Current;
    }

    // To attach and detach changes the interface too; that event may come in between.
    private static async Task<WatchResponse> ChangeAsync(AsyncServerStreamingCall<WatchResponse> call)
    {
        while (true)
        {
            var next = await NextAsync(call);
            if (next.EventCase != WatchResponse.EventOneofCase.StatusChanged)
                return next;
        }
    }
}
