using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>Leases that are kept alive in a stream.</summary>
public sealed class KeepAliveStreamTests : IAsyncLifetime
{
    private GrpcDaemon _daemon = null!;
    private LeaseService.LeaseServiceClient _leases = null!;

    public async Task InitializeAsync()
    {
        _daemon = await GrpcDaemon.StartAsync();
        _leases = new LeaseService.LeaseServiceClient(_daemon.Channel);
        await PutAsync("a");
        await PutAsync("b");
    }

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    [Fact]
    public async Task EachRequest_HasAnAnswer_AlsoOneOfALeaseThatDoesNotExist()
    {
        using var call = _leases.KeepAliveStream(deadline: Soon());
        foreach (var name in new[] { "a", "none", "b" })
            await call.RequestStream.WriteAsync(new() { Lease = name });
        await call.RequestStream.CompleteAsync();

        List<KeepAliveStreamResponse> answers = [];
        await foreach (var answer in call.ResponseStream.ReadAllAsync())
            answers.Add(answer);

        Assert.Equal(["a", "none", "b"], answers.Select(a => a.Lease));
        Assert.Equal([null, "lease_not_found", null], answers.Select(a => a.Error?.Code));
        Assert.Equal([true, false, true], answers.Select(a => a.ExpireTime is not null));
    }

    [Fact]
    public async Task RequestThatIsNotValid_EndsTheStream()
    {
        using var call = _leases.KeepAliveStream(deadline: Soon());
        await call.RequestStream.WriteAsync(new());
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal("invalid_argument", error.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason);
    }

    [Fact]
    public async Task DaemonStops_StreamEndsWithShuttingDown()
    {
        using var call = _leases.KeepAliveStream(deadline: Soon());
        await call.RequestStream.WriteAsync(new() { Lease = "a" });
        Assert.True(await call.ResponseStream.MoveNext(default));
        var next = call.ResponseStream.MoveNext(default);
        await _daemon.Writer.StopAsync(TimeSpan.FromSeconds(5));
        var error = await Assert.ThrowsAsync<RpcException>(() => next);
        Assert.Equal("shutting_down", error.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason);
    }

    [Fact]
    public async Task ClientGoes_CallEnds()
    {
        using (var call = _leases.KeepAliveStream(deadline: Soon()))
        {
            await call.RequestStream.WriteAsync(new() { Lease = "a" });
            Assert.True(await call.ResponseStream.MoveNext(default));
        }

        await _daemon.UntilCallsAsync(0);
    }

    private async Task PutAsync(string lease) =>
        await _leases.PutLeaseAsync(new() { Lease = lease, Spec = new() { Ttl = Duration.FromTimeSpan(TimeSpan.FromMinutes(1)) } });

    private static DateTime Soon() => DateTime.UtcNow.AddSeconds(30);
}
