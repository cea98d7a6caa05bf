using System.Net;
using System.Net.Sockets;
using ControlPlane.Client;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.ClientTests;

/// <summary>Addresses, errors, deadlines and lists.</summary>
public sealed class ClientTests(SimulatedDaemon daemon) : IClassFixture<SimulatedDaemon>, IDisposable
{
    private const string Devmap = "default";
    private readonly DevmapdClient _client = DevmapdClient.Connect(daemon.UnixAddress);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Connect_SocketAndPort_ReachTheSameDaemon()
    {
        var token = await daemon.Process.CreateTokenAsync("client");
        using var tcp = DevmapdClient.Connect(daemon.Process.Grpc.ToString(), new DevmapdClientOptions { Token = token });
        using var nobody = DevmapdClient.Connect(daemon.Process.Grpc.ToString());
        using var path = DevmapdClient.Connect($"unix://{daemon.Process.UnixSocket}");
        await _client.PutEntryAsync(Devmap, "10", new EntrySpec { Interface = "sim1" });

        Assert.Equal("sim1", (await tcp.Devmaps.GetEntryAsync(new() { Devmap = Devmap, Key = "10" })).Entry.Spec.Interface);
        Assert.Equal("unauthenticated", (await FailsAsync(nobody.DeleteEntryAsync(Devmap, "10"))).Code);
        Assert.Equal("sim1", (await path.Devmaps.GetEntryAsync(new() { Devmap = Devmap, Key = "10" })).Entry.Spec.Interface);
    }

    [Theory]
    [InlineData("127.0.0.1:5081")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData(" ")]
    public void Connect_OtherAddress_IsRefused(string address) => Assert.Throws<ArgumentException>(() => DevmapdClient.Connect(address));

    [Fact]
    public async Task Writes_PutChangeDelete_WithPreconditions()
    {
        var program = await _client.PutProgramAsync("writes", new EgressProgramSpec { Template = EgressTemplate.Count }, expectedRevision: 0);
        var attachment = await _client.PutAttachmentAsync(Devmap, "sim0", new AttachmentSpec { Mode = AttachMode.Native });
        var entry = await _client.PutEntryAsync(Devmap, "sim0", new EntrySpec { Interface = "sim2", EgressProgram = "writes" }, expectedRevision: 0);
        var later = await _client.PutEntryAsync(
            Devmap, "sim0", new EntrySpec { Interface = "late0", EgressProgram = "writes" }, allowPending: true, expectedRevision: entry.Revision);

        Assert.Equal((EntryState.Forwarding, EntryState.Pending), (entry.Status.State, later.Status.State));
        await _client.DeleteEntryAsync(Devmap, "sim0", later.Revision);
        await _client.DeleteAttachmentAsync(Devmap, "sim0", attachment.Revision);
        await _client.DeleteProgramAsync("writes", program.Revision);
        Assert.Equal("entry_not_found", (await FailsAsync(_client.DeleteEntryAsync(Devmap, "sim0"))).Code);
    }

    [Fact]
    public async Task Streams_WriteBatchesAndListThem()
    {
        var answers = new List<WriteEntriesResponse>();
        await foreach (var answer in _client.WriteEntriesAsync(Batches(3)))
            answers.Add(answer);
        var keys = new List<string>();
        await foreach (var entry in _client.StreamEntriesAsync(new StreamEntriesRequest { Devmap = Devmap, Label = { "of=stream" } }))
            keys.Add(entry.Key);

        Assert.Equal([2, 2, 2], answers.Select(a => a.Results.Count(r => r.Error is null)));
        Assert.Equal(Enumerable.Range(3000, 6).Select(k => $"{k}"), keys.Order());
        Assert.Equal("invalid_argument", (await FailsAsync(AllAsync(_client.WriteEntriesAsync(Batches(2, mode: BatchMode.Unspecified))))).Code);
        await Assert.ThrowsAsync<InvalidDataException>(() => AllAsync(_client.WriteEntriesAsync(Batches(2, failAtEnd: true))));

        static async IAsyncEnumerable<WriteEntriesRequest> Batches(int count, BatchMode mode = BatchMode.Atomic, bool failAtEnd = false)
        {
            for (var batch = 0; batch < count; batch++)
            {
                await Task.Yield();
                yield return new WriteEntriesRequest
                {
                    Mode = mode,
                    Items =
                    {
                        Enumerable.Range(3000 + (2 * batch), 2).Select(key => new BatchItem
                        {
                            Put = new BatchPut { Devmap = Devmap, Key = $"{key}", Spec = new EntrySpec { Interface = "sim1", Labels = { ["of"] = "stream" } } },
                        }),
                    },
                };
            }

            if (failAtEnd)
                throw new InvalidDataException();
        }

        static async Task AllAsync(IAsyncEnumerable<WriteEntriesResponse> answers)
        {
            await foreach (var _ in answers)
            {
            }
        }
    }

    [Fact]
    public async Task Refused_HasCodeResourceAndStatus()
    {
        var entry = await _client.PutEntryAsync(Devmap, "20", new EntrySpec { Interface = "sim1" });

        var failure = await FailsAsync(_client.PutEntryAsync(Devmap, "20", new EntrySpec { Interface = "sim2" }, expectedRevision: entry.Revision + 1));

        Assert.Equal(("revision_mismatch", StatusCode.Aborted), (failure.Code, failure.StatusCode));
        Assert.Equal($"devmaps/{Devmap}/entries/20", failure.Resource);
        Assert.Contains($"{entry.Revision}", failure.Message, StringComparison.Ordinal);
        Assert.IsType<RpcException>(failure.InnerException);
    }

    [Fact]
    public async Task InvalidArgument_HasAllFields()
    {
        var spec = new EntrySpec { Interface = "no such thing", Labels = { ["bad name"] = "x" } };

        var failure = await FailsAsync(_client.PutEntryAsync(Devmap, "", spec));

        Assert.Equal("invalid_argument", failure.Code);
        Assert.True(failure.Fields.Count >= 2, string.Join(", ", failure.Fields));
        Assert.Contains(failure.Fields, f => f.Field == "spec.interface");
        Assert.All(failure.Fields, f => Assert.NotEmpty(f.Message));
    }

    [Fact]
    public async Task Conflict_HasARemedy()
    {
        await _client.PutProgramAsync("conflict", new EgressProgramSpec { Template = EgressTemplate.Count });
        await _client.PutEntryAsync(Devmap, "30", new EntrySpec { Interface = "sim3", EgressProgram = "conflict" });

        var failure = await FailsAsync(_client.PutEntryAsync(Devmap, "31", new EntrySpec { Interface = "sim3" }));

        Assert.Equal("egress_program_conflict", failure.Code);
        Assert.NotEmpty(failure.Remedy!.Summary);
        await _client.DeleteEntryAsync(Devmap, "30");
    }

    [Fact]
    public async Task NoDaemon_HasNoCode()
    {
        using var nobody = DevmapdClient.Connect($"unix:{daemon.Process.Folder}/nobody.sock");

        var failure = await FailsAsync(nobody.Host.GetHostAsync(new()).ResponseAsync);

        Assert.Equal((null, StatusCode.Unavailable), (failure.Code, failure.StatusCode));
    }

    [Fact]
    public async Task SilentServer_EndsAtTheDeadline()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = DevmapdClient.Connect($"http://{silent.LocalEndpoint}", new DevmapdClientOptions { Deadline = TimeSpan.FromMilliseconds(200) });

        var failure = await FailsAsync(client.Host.GetHostAsync(new()).ResponseAsync);

        Assert.Equal((null, StatusCode.DeadlineExceeded), (failure.Code, failure.StatusCode));
    }

    [Fact]
    public async Task CancelledCall_IsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _client.PutEntryAsync(Devmap, "40", new EntrySpec { Interface = "sim1" }, cancellationToken: cancellation.Token));
    }

    [Fact]
    public async Task Lists_GoThroughAllPages()
    {
        const int Count = 25;
        for (var key = 0; key < Count; key++)
            await _client.PutEntryAsync(Devmap, $"{1000 + key}", new EntrySpec { Interface = "sim1", Owner = "lists" });
        var request = new ListEntriesRequest { Devmap = Devmap, PageSize = 10, Owner = "lists" };

        var entries = await ReadAsync(_client.ListEntriesAsync(request));
        var counters = await ReadAsync(_client.ListCountersAsync(new ListCountersRequest { Devmap = Devmap, PageSize = 10, Owner = "lists" }));

        var keys = Enumerable.Range(1000, Count).Select(k => $"{k}");
        Assert.Equal(keys, entries.Select(e => e.Key).Order());
        Assert.Equal(keys, counters.Select(c => c.Key).Order());
        Assert.Equal("", request.PageToken);
    }

    [Fact]
    public void Client_ReferencesNoOtherProject() => Assert.DoesNotContain(
        typeof(DevmapdClient).Assembly.GetReferencedAssemblies(), r => r.Name!.StartsWith("ControlPlane", StringComparison.Ordinal));

    private static Task<DevmapdException> FailsAsync(Task call) => Assert.ThrowsAsync<DevmapdException>(() => call);

    private static async Task<List<T>> ReadAsync<T>(IAsyncEnumerable<T> items)
    {
        var all = new List<T>();
        await foreach (var item in items)
            all.Add(item);
        return all;
    }
}
