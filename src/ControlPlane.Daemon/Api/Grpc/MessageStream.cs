using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using ControlPlane.Core.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// The messages that a client streams, as <see cref="RequestFrames"/> reads the one of another call: whole and without compression. A
/// message is read when the framework asks for it, so that a client which sends faster has to wait.
/// </summary>
internal sealed class MessageStream : Stream
{
    private readonly PipeReader _body;
    private readonly string _encoding;
    private readonly int _limit;
    private ReadOnlyMemory<byte> _message;

    /// <summary>Stands before the body of a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="limit">The most bytes of a message.</param>
    public MessageStream(HttpContext http, int limit)
    {
        (_body, _encoding, _limit) = (http.Request.BodyReader, http.Request.Headers[RequestFrames.EncodingHeader].ToString(), limit);
        http.Request.Headers.Remove(RequestFrames.EncodingHeader);
        // However many messages come: each of them has a limit.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } wall)
            wall.MaxRequestBodySize = null;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="ControlPlaneException">A message is not whole, or too large.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_message.IsEmpty)
            _message = await NextAsync(cancellationToken);
        var length = Math.Min(buffer.Length, _message.Length);
        _message[..length].CopyTo(buffer);
        _message = _message[length..];
        return length;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    // Empty at the end of the stream.
    private async ValueTask<byte[]> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var read = await _body.ReadAsync(cancellation);
            if (read is { IsCompleted: true, Buffer.IsEmpty: true })
            {
                _body.AdvanceTo(read.Buffer.End);
                return [];
            }

            var (first, isWhole) = FirstOf(read.Buffer);
            if (RequestFrames.Judge(first, _limit, read.IsCompleted, out var isCompressed) is { } error)
                throw new ControlPlaneException(error);
            if (!isWhole)
            {
                _body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var frame = first.ToArray();
            _body.AdvanceTo(first.End);
            if (!isCompressed)
                return frame;
            return RequestFrames.Decompress(frame[RequestFrames.HeaderBytes..], _encoding, _limit, out var message) is { } refusal
                ? throw new ControlPlaneException(refusal)
                : RequestFrames.Frame(message!);
        }
    }

    /// <summary>Returns the first message with its header, as far as it has arrived.</summary>
    private static (ReadOnlySequence<byte> Frame, bool IsWhole) FirstOf(ReadOnlySequence<byte> arrived)
    {
        if (arrived.Length < RequestFrames.HeaderBytes)
            return (arrived, false);
        Span<byte> length = stackalloc byte[sizeof(uint)];
        arrived.Slice(RequestFrames.HeaderBytes - sizeof(uint), sizeof(uint)).CopyTo(length);
        var end = RequestFrames.HeaderBytes + (long)BinaryPrimitives.ReadUInt32BigEndian(length);
        return end <= arrived.Length ? (arrived.Slice(0, end), true) : (arrived, false);
    }
}
