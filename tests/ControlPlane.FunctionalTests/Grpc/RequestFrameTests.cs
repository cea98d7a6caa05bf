using System.Buffers.Binary;
using System.IO.Compression;
using Devmapd.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>Requests that are not one whole message are answered in the words of the catalogue, whatever is wrong with them.</summary>
public sealed class RequestFrameTests : IAsyncLifetime
{
    private const string GetEntry = "devmapd.v1.DevmapService/GetEntry";
    private const string Check = "grpc.health.v1.Health/Check";
    private const string Reflect = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

    private static readonly byte[] Message = new GetEntryRequest { Devmap = "default", Key = "veth-a" }.ToByteArray();

    private GrpcDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await GrpcDaemon.StartAsync();

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_IsRead(string encoding)
    {
        var answer = await AskAsync(Frame(1, Compress(encoding)), encoding);
        Assert.Equal("entry_not_found", answer.Reason);
    }

    [Fact]
    public async Task GzipWithEveryFieldOfItsHeader_IsRead()
    {
        var plain = Compress("gzip");
        byte[] member = [.. plain[..3], 4 + 8 + 16 + 2, .. plain[4..10], 2, 0, 9, 9, .. "name\0"u8, .. "comment\0"u8, 0, 0, .. plain[10..]];
        Assert.Equal("entry_not_found", (await AskAsync(Frame(1, member), "gzip")).Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0000000000ff")]
    [InlineData("00000000ff00")]
    [InlineData("020000000000")]
    [InlineData("ff0000000000")]
    [InlineData("0100000000")]
    [InlineData("0100000001ff")]
    public async Task Frame_IsNotOneWholeMessage_IsInvalid(string hex) => AssertInvalid(await AskAsync(Convert.FromHexString(hex)));

    [Fact]
    public async Task Length_BeyondTheLimit_IsTooLargeAtOnce()
    {
        foreach (var header in new[] { "00ffffffff", "0000010001", "017fffffff" })
        {
            var answer = await AskAsync(Convert.FromHexString(header));
            Assert.Equal((StatusCode.ResourceExhausted, "request_too_large"), (answer.Code, answer.Reason));
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_CutShortAnywhere_IsInvalid(string encoding)
    {
        var whole = Compress(encoding);
        for (var length = 0; length < whole.Length; length++)
            AssertInvalid(await AskAsync(Frame(1, whole.AsSpan(0, length)), encoding));
    }

    [Theory]
    [InlineData("gzip", 8)]
    [InlineData("deflate", 4)]
    public async Task Compressed_ChecksumIsWrong_IsInvalid(string encoding, int trailer)
    {
        var whole = Compress(encoding);
        for (var i = whole.Length - trailer; i < whole.Length; i++)
        {
            var damaged = whole.ToArray();
            damaged[i] ^= 1;
            AssertInvalid(await AskAsync(Frame(1, damaged), encoding));
        }
    }

    [Fact]
    public async Task Compressed_OtherwiseThanTheHeaderSays_IsInvalid()
    {
        AssertInvalid(await AskAsync(Frame(1, Compress("deflate")), "gzip"));
        AssertInvalid(await AskAsync(Frame(1, Compress("gzip")), "deflate"));
        AssertInvalid(await AskAsync(Frame(1, Message), "gzip"));
        AssertInvalid(await AskAsync(Frame(1, [0x78, 0x20, 1, 2, 3, 4, 5, 6, 7, 8]), "deflate")); // needs a dictionary
        AssertInvalid(await AskAsync(Frame(1, Compress("gzip"))));
        AssertInvalid(await AskAsync(Frame(1, Compress("gzip")), "identity"));
    }

    [Fact]
    public async Task Encoding_IsNotKnown_IsUnsupportedAndSaysWhichAre()
    {
        var answer = await AskAsync(Frame(1, Message), "zzz");
        Assert.Equal((StatusCode.Unimplemented, "unsupported_media_type"), (answer.Code, answer.Reason));
        Assert.Contains("gzip, deflate and identity", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_MessageThatCannotBeRead_IsInvalid()
    {
        AssertInvalid(await RawCall.SendAsync(_daemon.Address, Check, Frame(0, [0x0a, 0xff])));
        AssertInvalid(await RawCall.SendAsync(_daemon.Address, Check, Frame(7, [])));
        Assert.Equal(StatusCode.OK, (await RawCall.SendAsync(_daemon.Address, Check, Frame(0, []))).Code);
    }

    [Theory]
    [InlineData("00000000020aff")]
    [InlineData("0700000000")]
    [InlineData("0000000005ff")]
    [InlineData("0100000001ff")]
    public async Task Reflection_MessageThatCannotBeRead_IsInvalid(string hex) =>
        AssertInvalid(await RawCall.SendAsync(_daemon.Address, Reflect, Convert.FromHexString(hex)));

    private Task<RawCall.Answer> AskAsync(byte[] body, string? encoding = null) =>
        RawCall.SendAsync(_daemon.Address, GetEntry, body, encoding is null ? [] : [("grpc-encoding", encoding)]);

    private static void AssertInvalid(RawCall.Answer answer)
    {
        Assert.True(answer.Code == StatusCode.InvalidArgument, answer.ToString());
        Assert.Equal("invalid_argument", answer.Reason);
    }

    private static byte[] Frame(byte flag, ReadOnlySpan<byte> message)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame.AsSpan(5));
        return frame;
    }

    private static byte[] Compress(string encoding)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = encoding == "gzip"
            ? new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            stream.Write(Message);
        return compressed.ToArray();
    }
}
