using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Lets one endpoint without TLS serve both HTTP/1.1 and HTTP/2. Kestrel serves only HTTP/1.1 on such an endpoint, because there is no
/// ALPN to choose by. A client with prior knowledge opens with the connection preface of RFC 9113 (3.4), which is not valid HTTP/1.1.
/// Its connection goes to the pipeline of another endpoint that serves HTTP/2; a pipeline does not depend on its endpoint.
/// </summary>
/// <remarks>It can go once Kestrel does this itself: https://github.com/dotnet/aspnetcore/issues/56984.</remarks>
internal sealed class Http2Pipeline
{
    private ConnectionDelegate? _http2;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Keeps the pipeline of an endpoint that serves HTTP/2. Kestrel binds endpoints in order, so this one must come first.</summary>
    public void CaptureFrom(ListenOptions endpoint) => endpoint.Use(next => _http2 = next);

    /// <summary>Gives connections of an HTTP/1.1 endpoint to the kept pipeline if they open with the preface.</summary>
    public void OfferOn(ListenOptions endpoint) => endpoint.Use(next => async connection =>
        await (await OpensWithPrefaceAsync(connection.Transport.Input, connection.ConnectionClosed) ? _http2! : next)(connection));

    /// <summary>Looks at the first bytes and leaves them in the pipe. Nearly always four bytes decide. A slow client may send one at a time.</summary>
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
                // Undecided bytes are marked as examined, so that the next read waits for more. None is consumed.
                input.AdvanceTo(read.Buffer.Start, verdict is null ? read.Buffer.End : read.Buffer.Start);
                if (verdict is not null || read.IsCompleted || read.IsCanceled)
                    return verdict == true;
            }
        }
        catch (OperationCanceledException)
        {
            // The client is too slow or has closed: the timeouts of HTTP/1.1 deal with it.
            return false;
        }
    }

    /// <summary>Whether the bytes are the preface; null while more bytes can make them so.</summary>
    private static bool? Compare(ReadOnlySequence<byte> start)
    {
        var length = (int)Math.Min(start.Length, Preface.Length);
        Span<byte> bytes = stackalloc byte[length];
        start.Slice(0, length).CopyTo(bytes);
        return !Preface.StartsWith(bytes) ? false : length == Preface.Length ? true : null;
    }
}
