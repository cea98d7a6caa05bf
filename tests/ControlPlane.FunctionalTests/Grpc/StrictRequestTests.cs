using System.IO.Compression;
using Devmapd.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>Requests that protobuf libraries let pass or garble are refused, in the words of the catalogue.</summary>
public sealed class StrictRequestTests : IAsyncLifetime
{
    private const string PutEntry = "devmapd.v1.DevmapService/PutEntry";
    private const string PutProgram = "devmapd.v1.ProgramService/PutProgram";
    private GrpcDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await GrpcDaemon.StartAsync();

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    [Fact]
    public async Task PutEntry_UnknownField_NamesItsNumberAndWritesNothing()
    {
        byte[] message = [.. Entry().ToByteArray(), .. Varint(99, 1), .. Varint(100, 1)];

        var answer = await RawCall.AskAsync(_daemon.Address, PutEntry, message);

        AssertInvalid(answer, "99", "100");
        var list = await new DevmapService.DevmapServiceClient(_daemon.Channel).ListEntriesAsync(new() { Devmap = "default" });
        Assert.Empty(list.Entries);
    }

    [Fact]
    public async Task PutProgram_UnknownFieldInAMessage_NamesItsPath()
    {
        var parameters = Varint(3, 100).Concat(Varint(77, 1)).ToArray();
        var request = new PutProgramRequest { Program = "tag", Spec = new() { Template = EgressTemplate.PushVlan } };
        byte[] message = [.. request.ToByteArray(), .. Bytes(2, Bytes(2, parameters))];

        AssertInvalid(await RawCall.AskAsync(_daemon.Address, PutProgram, message), "spec.parameters.77");
    }

    [Fact]
    public async Task PutEntry_FieldOfAnotherType_IsInvalid()
    {
        byte[] message = [.. Entry().ToByteArray(), .. Varint(2, 1)];

        AssertInvalid(await RawCall.AskAsync(_daemon.Address, PutEntry, message), "2");
    }

    [Fact]
    public async Task PutEntry_UnknownGroup_IsInvalid()
    {
        byte[] group = [.. Tag(99, WireFormat.WireType.StartGroup), .. Varint(1, 7), .. Tag(99, WireFormat.WireType.EndGroup)];
        byte[] message = [.. Entry().ToByteArray(), .. group];

        AssertInvalid(await RawCall.AskAsync(_daemon.Address, PutEntry, message), "99");
    }

    [Fact]
    public async Task PutEntry_FieldsInAnotherOrderAndTwice_IsNotRefused()
    {
        var entry = Entry();
        byte[] message = [.. Varint(4, 0), .. Bytes(2, "veth-b"u8), .. entry.ToByteArray()];

        var answer = await RawCall.AskAsync(_daemon.Address, PutEntry, message);

        Assert.Equal(StatusCode.OK, answer.Code);
    }

    [Fact]
    public async Task PutEntry_BadUtf8_IsInvalid()
    {
        byte[] message = [.. Entry().ToByteArray(), .. Bytes(2, [0x76, 0xff, 0xfe])];

        AssertInvalid(await RawCall.AskAsync(_daemon.Address, PutEntry, message));
    }

    [Theory]
    [InlineData("0a")]
    [InlineData("0aff")]
    [InlineData("ffffffffffffffffffff")]
    [InlineData("07")]
    [InlineData("00")]
    public async Task PutEntry_Malformed_IsInvalid(string hex) =>
        AssertInvalid(await RawCall.AskAsync(_daemon.Address, PutEntry, Convert.FromHexString(hex)));

    [Fact]
    public async Task PutEntry_MessageBeyondTheLimit_IsTooLarge()
    {
        var entry = Entry();
        entry.Spec.Labels.Add("note", new string('x', 64 * 1024));

        var answer = await RawCall.AskAsync(_daemon.Address, PutEntry, entry.ToByteArray());

        AssertTooLarge(answer);
        Assert.Contains("65536", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PutEntry_BeyondTheLimitOnceDecompressed_IsTooLarge()
    {
        var entry = Entry();
        entry.Spec.Labels.Add("note", new string('x', 1024 * 1024));
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(entry.ToByteArray());

        AssertTooLarge(await RawCall.AskAsync(_daemon.Address, PutEntry, compressed.ToArray(), ("grpc-encoding", "gzip")));
    }

    [Theory]
    [InlineData(9_000, StatusCode.OK)]
    [InlineData(10_000, StatusCode.ResourceExhausted)]
    public async Task ApplyEntries_MayHaveFourMebibytes(int items, StatusCode status)
    {
        var request = new ApplyEntriesRequest { Mode = BatchMode.Independent };
        for (var i = 0; i < items; i++)
            request.Items.Add(new BatchItem { Put = new() { Devmap = "default", Key = $"{100_000 + i}", Spec = new() { Interface = "never0", Labels = { ["note"] = new string('x', 200), ["more"] = new string('y', 170) } } } });
        Assert.Equal(status == StatusCode.OK, request.CalculateSize() <= 4 * 1024 * 1024);

        var calling = new DevmapService.DevmapServiceClient(_daemon.Channel).ApplyEntriesAsync(request).ResponseAsync;

        if (status == StatusCode.OK)
            Assert.Equal(items, (await calling).Results.Count(r => r.Error.Code == "interface_not_found"));
        else
            Assert.Equal("request_too_large", (await Assert.ThrowsAsync<RpcException>(() => calling)).GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason);
    }

    [Fact]
    public async Task ReplaceEntries_LargerThanFourMebibytes_IsTooLarge()
    {
        var request = new ReplaceEntriesRequest { Devmap = "default" };
        for (var i = 0; i < 10_000; i++)
            request.Entries.Add(new DesiredEntry { Key = $"{100_000 + i}", Spec = new() { Interface = "never0", Labels = { ["note"] = new string('x', 250), ["more"] = new string('y', 200) } } });
        var calling = new DevmapService.DevmapServiceClient(_daemon.Channel).ReplaceEntriesAsync(request).ResponseAsync;
        Assert.Equal("request_too_large", (await Assert.ThrowsAsync<RpcException>(() => calling)).GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason);
    }

    [Fact]
    public async Task PutEntry_TheLibrarysClientGetsTheSame_ForAMessageBeyondTheLimit()
    {
        var entry = Entry();
        entry.Spec.Labels.Add("note", new string('x', 64 * 1024));

        var e = await Assert.ThrowsAsync<RpcException>(async () =>
            await new DevmapService.DevmapServiceClient(_daemon.Channel).PutEntryAsync(entry));

        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Equal("request_too_large", e.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason);
    }

    [Fact]
    public async Task Request_EmptyAddress_NamesEachField()
    {
        AssertInvalid(await RawCall.AskAsync(_daemon.Address, "devmapd.v1.DevmapService/GetEntry", default), "devmap", "key");
        AssertInvalid(await RawCall.AskAsync(_daemon.Address, PutEntry, default), "devmap", "key", "spec");
        AssertInvalid(
            await RawCall.AskAsync(_daemon.Address, PutEntry, new PutEntryRequest { Devmap = "default", Spec = new() }.ToByteArray()), "key", "spec.interface");
        AssertInvalid(await RawCall.AskAsync(_daemon.Address, PutProgram, default), "program", "spec");
        AssertInvalid(await RawCall.AskAsync(_daemon.Address, "devmapd.v1.HostService/GetInterface", default), "interface");
        AssertInvalid(
            await RawCall.AskAsync(_daemon.Address, "devmapd.v1.DevmapService/PutAttachment", default), "devmap", "interface", "spec");
    }

    [Theory]
    [InlineData(99)]
    public async Task PutAttachment_ModeWithoutMeaning_NamesTheField(int mode)
    {
        var request = new PutAttachmentRequest { Devmap = "default", Interface = "veth-a", Spec = new() { Mode = (AttachMode)mode } };

        var answer = await RawCall.AskAsync(_daemon.Address, "devmapd.v1.DevmapService/PutAttachment", request.ToByteArray());

        AssertInvalid(answer, "spec.mode");
        Assert.Contains("AttachMode", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListEntries_StateWithoutMeaning_NamesTheField()
    {
        var request = new ListEntriesRequest { Devmap = "default", State = (EntryState)99, PageSize = 0 };

        AssertInvalid(
            await RawCall.AskAsync(_daemon.Address, "devmapd.v1.DevmapService/ListEntries", request.ToByteArray()), "page_size", "state");
    }

    [Fact]
    public async Task UnknownMethod_IsUnimplemented()
    {
        var answer = await RawCall.AskAsync(_daemon.Address, "devmapd.v1.DevmapService/Explode", default);

        Assert.Equal(StatusCode.Unimplemented, answer.Code);
    }

    private static PutEntryRequest Entry() => new() { Devmap = "default", Key = "veth-a", Spec = new() { Interface = "veth-b" } };

    private static void AssertInvalid(RawCall.Answer answer, params string[] fields)
    {
        Assert.True(answer.Code == StatusCode.InvalidArgument, answer.ToString());
        Assert.Equal("invalid_argument", answer.Reason);
        Assert.Equal((int)answer.Code, answer.Status!.Code);
        Assert.Equal(fields.Order(), answer.Fields.Order());
        Assert.All(fields, field => Assert.Contains($"{field}: ", answer.Message, StringComparison.Ordinal));
    }

    private static void AssertTooLarge(RawCall.Answer answer)
    {
        Assert.True(answer.Code == StatusCode.ResourceExhausted, answer.ToString());
        Assert.Equal("request_too_large", answer.Reason);
        Assert.Equal((int)answer.Code, answer.Status!.Code);
    }

    private static byte[] Tag(int number, WireFormat.WireType type) => Write(output => output.WriteTag(number, type));

    private static byte[] Varint(int number, uint value) => Write(output =>
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteUInt32(value);
    });

    private static byte[] Bytes(int number, ReadOnlySpan<byte> value)
    {
        var bytes = ByteString.CopyFrom(value);
        return Write(output =>
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(bytes);
        });
    }

    private static byte[] Write(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }
}
