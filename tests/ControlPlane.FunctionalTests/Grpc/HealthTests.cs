using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>grpc.health.v1 says what the host's readiness says.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private GrpcDaemon _daemon = null!;

    private Health.HealthClient Client => new(_daemon.Channel);

    public async Task InitializeAsync() => _daemon = await GrpcDaemon.StartAsync();

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    [Theory]
    [InlineData("")]
    [InlineData("devmapd.v1.DevmapService")]
    [InlineData("devmapd.v1.ProgramService")]
    [InlineData("devmapd.v1.TokenService")]
    [InlineData("devmapd.v1.ChangeService")]
    [InlineData("devmapd.v1.HostService")]
    public async Task Check_FollowsReadinessAndNothingElse(string service)
    {
        Assert.Equal(ServingStatus.Serving, (await Client.CheckAsync(new() { Service = service })).Status);

        _daemon.Readiness = HealthCheckResult.Unhealthy();

        Assert.Equal(ServingStatus.NotServing, (await Client.CheckAsync(new() { Service = service })).Status);
    }

    [Fact]
    public async Task Check_UnknownService_IsNotFound()
    {
        var e = await Assert.ThrowsAsync<RpcException>(async () => await Client.CheckAsync(new() { Service = "nobody" }));

        Assert.Equal(StatusCode.NotFound, e.StatusCode);
    }

    [Fact]
    public async Task Watch_TellsWhenReadinessChanges()
    {
        var deadline = TestContext.Deadline();
        using var watch = Client.Watch(new() { Service = "devmapd.v1.DevmapService" }, cancellationToken: deadline);
        await UntilAsync(ServingStatus.Serving);

        _daemon.Readiness = HealthCheckResult.Unhealthy();

        await UntilAsync(ServingStatus.NotServing);

        async Task UntilAsync(ServingStatus status)
        {
            do
                Assert.True(await watch.ResponseStream.MoveNext(deadline));
            while (watch.ResponseStream.Current.Status != status);
        }
    }
}
