using System.Globalization;
using System.IO.Compression;
using ControlPlane.Core.Writing.Loop;
using Devmapd.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>Batches and pages of entries as messages of one stream.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private const string WriteEntries = "devmapd.v1.DevmapService/WriteEntries";
    private const string StreamEntries = "devmapd.v1.DevmapService/StreamEntries";
    private GrpcDaemon _daemon = null!;
    private DevmapService.DevmapServiceClient _devmaps = null!;

    public async Task InitializeAsync()
    {
        _daemon = await GrpcDaemon.StartAsync(new WriterOptions { QueueCapacity = 4096, QueuePerCaller = 2048 });
        _devmaps = new DevmapService.DevmapServiceClient(_daemon.Channel);
    }

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    [Fact]
    public async Task EachBatch_IsAnsweredWhenItHasHappened_InOrder()
    {
        using var call = _devmaps.WriteEntries();
        for (var batch = 0; batch < 5; batch++)
        {
            await call.RequestStream.WriteAsync(Put(BatchMode.Atomic, "10.0.0.1", $"10.0.1.{batch}"));
            Assert.True(await call.ResponseStream.MoveNext(TestContext.Deadline()));
            var answer = call.ResponseStream.Current;
            Assert.Equal([batch == 0 ? ItemOutcome.Created : ItemOutcome.Unchanged, ItemOutcome.Created], answer.Results.Select(r => r.Outcome));
            Assert.Equal(answer.Revision, (await _devmaps.GetEntryAsync(new() { Devmap = "routes", Key = $"10.0.1.{batch}" })).Entry.Revision);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(TestContext.Deadline()));
    }

    [Fact]
    public async Task ManyBatchesAtOnce_AllHappen_AndOneStreamListsThem()
    {
        const int Batches = 10, Items = 50;
        using var call = _devmaps.WriteEntries();
        var answers = ReadAsync(call.ResponseStream);
        for (var batch = 0; batch < Batches; batch++)
            await call.RequestStream.WriteAsync(Put(BatchMode.Independent, [.. Enumerable.Range(0, Items).Select(i => Key((batch * Items) + i))]));
        await call.RequestStream.CompleteAsync();

        Assert.All(await answers, a => Assert.All(a.Results, r => Assert.Equal(ItemOutcome.Created, r.Outcome)));
        using var list = _devmaps.StreamEntries(new StreamEntriesRequest { Devmap = "routes", PageSize = 150 });
        var pages = await ReadAsync(list.ResponseStream);
        Assert.All(pages, p => Assert.InRange(p.Entries.Count, 0, 150));
        Assert.Equal(
            Enumerable.Range(0, Batches * Items).Select(Key).Order(StringComparer.Ordinal), pages.SelectMany(p => p.Entries).Select(e => e.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task BatchThatIsRefused_EndsTheStream_AndLeavesThoseBefore()
    {
        using var call = _devmaps.WriteEntries();
        await call.RequestStream.WriteAsync(Put(BatchMode.Atomic, "10.0.0.1"));
        await call.RequestStream.WriteAsync(Put(BatchMode.Atomic, "10.0.0.2", "no address"));
        await call.RequestStream.WriteAsync(Put(BatchMode.Atomic, "10.0.0.3"));

        Assert.True(await call.ResponseStream.MoveNext(TestContext.Deadline()));
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Deadline()));
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal("items[1].put.key", Assert.Single(failure.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations).Field);
        Assert.Equal(["10.0.0.1"], await KeysAsync());
    }

    [Fact]
    public async Task ItemThatIsRefused_IsAnAnswer_AndTheStreamGoesOn()
    {
        using var call = _devmaps.WriteEntries();
        await call.RequestStream.WriteAsync(Put(BatchMode.Independent, "10.0.0.1", "no address"));
        await call.RequestStream.WriteAsync(Put(BatchMode.Independent, "10.0.0.2"));
        await call.RequestStream.CompleteAsync();

        var answers = await ReadAsync(call.ResponseStream);
        Assert.Equal(
            [ItemOutcome.Created, ItemOutcome.Failed, ItemOutcome.Created], answers.SelectMany(a => a.Results).Select(r => r.Outcome));
        Assert.Equal("invalid_argument", answers[0].Results[1].Error.Code);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("00", "invalid_argument")]
    [InlineData("0000000002aa", "invalid_argument")]
    [InlineData("020000000000", "invalid_argument")]
    [InlineData("0100000001ff", "invalid_argument")]
    [InlineData("0000000002ffff", "invalid_argument")]
    [InlineData("007fffffff", "request_too_large")]
    public async Task StreamOfBytesThatAreNoMessages_IsAnsweredInTheWordsOfTheCatalogue(string hex, string? reason)
    {
        var first = Frame(0, Put(BatchMode.Atomic, "10.0.0.1").ToByteArray());
        foreach (var before in new byte[][] { [], first })
        {
            var answer = await RawCall.SendAsync(_daemon.Address, WriteEntries, [.. before, .. Convert.FromHexString(hex)]);
            Assert.Equal(reason, answer.Reason);
        }
    }

    [Fact]
    public async Task CompressedMessages_AreRead()
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Put(BatchMode.Atomic, "10.0.0.2").ToByteArray());
        byte[] body = [.. Frame(0, Put(BatchMode.Atomic, "10.0.0.1").ToByteArray()), .. Frame(1, compressed.ToArray())];

        var answer = await RawCall.SendAsync(_daemon.Address, WriteEntries, body, ("grpc-encoding", "gzip"));

        Assert.Equal(StatusCode.OK, answer.Code);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], await KeysAsync());
    }

    [Fact]
    public async Task List_OfNoDevmap_OrWithAWrongFilter_IsRefused()
    {
        var missing = await RawCall.AskAsync(_daemon.Address, StreamEntries, new StreamEntriesRequest { Devmap = "missing" }.ToByteArray());
        var wrong = await RawCall.AskAsync(_daemon.Address, StreamEntries, new StreamEntriesRequest { Devmap = "routes", PageSize = 0, Label = { "=" } }.ToByteArray());

        Assert.Equal("devmap_not_found", missing.Reason);
        Assert.Equal(["label", "page_size"], wrong.Fields.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ClientThatGoesAway_LeavesNothingBehind()
    {
        using (var call = _devmaps.WriteEntries())
        {
            await call.RequestStream.WriteAsync(Put(BatchMode.Atomic, "10.0.0.1"));
            Assert.True(await call.ResponseStream.MoveNext(TestContext.Deadline()));
        }

        await _daemon.UntilCallsAsync(0);
        Assert.Equal(["10.0.0.1"], await KeysAsync());
    }

    private async Task<IEnumerable<string>> KeysAsync()
    {
        using var list = _devmaps.StreamEntries(new StreamEntriesRequest { Devmap = "routes" });
        return (await ReadAsync(list.ResponseStream)).SelectMany(p => p.Entries).Select(e => e.Key).Order(StringComparer.Ordinal);
    }

    private static async Task<List<T>> ReadAsync<T>(IAsyncStreamReader<T> stream)
    {
        var all = new List<T>();
        while (await stream.MoveNext(TestContext.Deadline()))
            all.Add(stream.Current);
        return all;
    }

    private static string Key(int i) => string.Create(CultureInfo.InvariantCulture, $"10.1.{i / 250}.{i % 250}");

    private static WriteEntriesRequest Put(BatchMode mode, params string[] keys) => new()
    {
        Mode = mode,
        Items = { keys.Select(key => new BatchItem { Put = new BatchPut { Devmap = "routes", Key = key, Spec = new EntrySpec { Interface = "veth-b" } } }) },
    };

    private static byte[] Frame(byte flag, byte[] message) =>
        [flag, (byte)(message.Length >> 24), (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];
}
