using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Lets one endpoint without TLS serve HTTP/1.1 and HTTP/2 alike. Kestrel itself takes such an endpoint for HTTP/1.1
/// alone, as there is no ALPN to choose by; but a client with prior knowledge opens with the connection preface of RFC
/// 9113 (3.4), which is no valid HTTP/1.1. Such connections are handed to the pipeline of another endpoint, which
/// serves HTTP/2; pipelines know nothing of the endpoint that a connection came by.
/// </summary>
internal sealed class Http2Pipeline
{
    private ConnectionDelegate? _http2;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Remembers the pipeline of an endpoint that serves HTTP/2. Kestrel binds endpoints in order: this one comes first.</summary>
    public void CaptureFrom(ListenOptions endpoint) => endpoint.Use(next => _http2 = next);

    /// <summary>Hands connections of an HTTP/1.1 endpoint that open with the preface to the captured pipeline.</summary>
    public void OfferOn(ListenOptions endpoint) => endpoint.Use(next => async connection =>
        await (await OpensWithPrefaceAsync(connection.Transport.Input, connection.ConnectionClosed) ? _http2! : next)(connection));

    /// <summary>Looks at the first bytes and leaves them in the pipe. Four bytes decide nearly always; a slow client may send one at a time.</summary>
    private static async ValueTask<bool> OpensWithPrefaceAsync(PipeReader input, CancellationToken closed)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(closed);
        deadline.CancelAfter(TimeSpan.FromSeconds(15));
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(deadline.Token);
                var verdict = Compare(read.Buffer);
                // Undecided bytes are marked as seen, so that the next read waits for more; none is consumed.
                input.AdvanceTo(read.Buffer.Start, verdict is null ? read.Buffer.End : read.Buffer.Start);
                if (verdict is not null || read.IsCompleted || read.IsCanceled)
                    return verdict == true;
            }
        }
        catch (OperationCanceledException)
        {
            // Too slow, or gone: HTTP/1.1's own timeouts deal with it.
            return false;
        }
    }

    /// <summary>Whether the bytes are the preface; null while they may still become it.</summary>
    private static bool? Compare(ReadOnlySequence<byte> start)
    {
        var length = (int)Math.Min(start.Length, Preface.Length);
        Span<byte> bytes = stackalloc byte[length];
        start.Slice(0, length).CopyTo(bytes);
        return !Preface.StartsWith(bytes) ? false : length == Preface.Length ? true : null;
    }
}
