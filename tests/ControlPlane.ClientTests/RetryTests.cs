using ControlPlane.Client;
using ControlPlane.Testing;
using Devmapd.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.ClientTests;

/// <summary>Calls that are made again, against a service that fails as it is asked to.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private static readonly DevmapdClientOptions Quick = new() { FirstReconnectDelay = TimeSpan.FromMilliseconds(1) };
    private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-test-").FullName;
    private readonly FailingService _service = new();
    private WebApplication _app = null!;
    private DevmapdClient _client = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket($"{_folder}/sock", o => o.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(_service);
        _app = builder.Build();
        _app.MapGrpcService<FailingService>();
        await _app.StartAsync();
        _client = DevmapdClient.Connect($"unix:{_folder}/sock", Quick);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(DevmapdErrors.WriterBusy, null, 3)]
    [InlineData(DevmapdErrors.WriterBusy, 7L, 3)] // refused before anything happened
    [InlineData(DevmapdErrors.StoreUnavailable, null, 3)]
    [InlineData(DevmapdErrors.StoreUnavailable, 7L, 1)] // may have happened: a repeat would meet its own revision
    [InlineData(DevmapdErrors.RevisionMismatch, 7L, 1)]
    [InlineData(null, null, 3)] // no answer
    [InlineData(null, 7L, 1)]
    public async Task Put_IsRepeatedWhereThatIsHarmless(string? code, long? expectedRevision, int calls)
    {
        _service.Fail(code, times: 2);

        var put = _client.PutEntryAsync("default", "1", new EntrySpec { Interface = "sim1" }, expectedRevision: expectedRevision);
        if (calls > 1)
            await put;
        else
            Assert.Equal(code, (await Assert.ThrowsAsync<DevmapdException>(() => put)).Code);

        Assert.Equal(calls, _service.Calls);
    }

    [Fact]
    public async Task Failures_EndAfterTheLastAttempt()
    {
        _service.Fail(DevmapdErrors.WriterBusy, times: 100);

        await Assert.ThrowsAsync<DevmapdException>(() => _client.PutEntryAsync("default", "1", new EntrySpec()));

        Assert.Equal(Quick.MaxAttempts, _service.Calls);
    }

    [Fact]
    public async Task RetryInfo_BeyondTheDeadline_IsNotWaitedFor()
    {
        _service.Fail(DevmapdErrors.WriterBusy, times: 1, retryAfter: TimeSpan.FromMinutes(10));

        var failure = await Assert.ThrowsAsync<DevmapdException>(() => _client.PutEntryAsync("default", "1", new EntrySpec()));

        Assert.Equal(TimeSpan.FromMinutes(10), failure.RetryAfter);
        Assert.Equal(1, _service.Calls);
    }

    [Fact]
    public async Task Batch_IsRepeatedUnderOneKey()
    {
        _service.Fail(null, times: 2);

        await _client.ApplyEntriesAsync(BatchMode.Atomic, []);

        Assert.Equal(3, _service.Calls);
        Assert.Single(_service.Keys.Distinct(), key => key.Length > 0);
    }

    [Fact]
    public async Task DaemonAway_ReadWaitsForIt()
    {
        await using var host = await SimulatedDevmapd.StartAsync();
        using var client = DevmapdClient.Connect(host.Address, new DevmapdClientOptions { MaxAttempts = 100, LongestReconnectDelay = TimeSpan.FromMilliseconds(50) });
        await client.PutEntryAsync("default", "1", new EntrySpec { Interface = "sim1" });

        var restart = host.RestartAsync();
        var entry = await client.GetEntryAsync("default", "1");
        await restart;

        Assert.Equal("sim1", entry.Spec.Interface);
    }

    /// <summary>Fails as often as it is asked to, then succeeds.</summary>
    private sealed class FailingService : DevmapService.DevmapServiceBase
    {
        private RpcException? _failure;
        private int _times;

        public int Calls { get; private set; }

        public List<string> Keys { get; } = [];

        public void Fail(string? code, int times, TimeSpan? retryAfter = null)
        {
            _times = times;
            var status = new Google.Rpc.Status { Code = (int)Code.Unavailable, Message = "no" };
            if (code is not null)
                status.Details.Add(Any.Pack(new ErrorInfo { Domain = "devmapd", Reason = code }));
            if (retryAfter is { } delay)
                status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
            _failure = status.ToRpcException();
        }

        public override Task<PutEntryResponse> PutEntry(PutEntryRequest request, ServerCallContext context) =>
            Answer(new PutEntryResponse { Entry = new Entry { Spec = request.Spec } });

        public override Task<ApplyEntriesResponse> ApplyEntries(ApplyEntriesRequest request, ServerCallContext context)
        {
            Keys.Add(request.IdempotencyKey);
            return Answer(new ApplyEntriesResponse());
        }

        private Task<T> Answer<T>(T answer)
            where T : IMessage =>
            ++Calls <= _times ? throw _failure! : Task.FromResult(answer);
    }
}
