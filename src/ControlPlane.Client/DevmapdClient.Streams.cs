using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Client;

/// <summary>Writes and lists of many entries by one stream.</summary>
public sealed partial class DevmapdClient
{
    /// <summary>Lists entries by one stream: the daemon reads a page when the one before has been read.</summary>
    /// <param name="request">The devmap and the filters.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="DevmapdException">The daemon refused the list, or the connection broke.</exception>
    public async IAsyncEnumerable<Entry> StreamEntriesAsync(
        StreamEntriesRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var call = Devmaps.StreamEntries(request, cancellationToken: cancellationToken);
        await foreach (var page in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            foreach (var entry in page.Entries)
                yield return entry;
        }
    }

    /// <summary>
    /// Writes batches by one stream. An answer comes when its batch is durable and in the kernel. Batches are taken as fast as the daemon
    /// writes them, a few ahead.
    /// </summary>
    /// <param name="batches">The batches, each of at most 10,000 items, or 1,000 if atomic, and 4 MiB.</param>
    /// <param name="cancellationToken">Ends the stream. Batches that are on the way may happen all the same.</param>
    /// <returns>The answers, in the order of the batches.</returns>
    /// <exception cref="DevmapdException">A batch was refused as a whole, or the connection broke. The batches that were answered have happened.</exception>
    public async IAsyncEnumerable<WriteEntriesResponse> WriteEntriesAsync(
        IAsyncEnumerable<WriteEntriesRequest> batches, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = Devmaps.WriteEntries(cancellationToken: end.Token);
        Exception? failure = null;
        var sent = SendAsync();
        try
        {
            while (await HasAnswerAsync())
                yield return call.ResponseStream.Current;
        }
        finally
        {
            await end.CancelAsync();
            await sent;
        }

        async Task<bool> HasAnswerAsync()
        {
            try
            {
                return await call.ResponseStream.MoveNext(cancellationToken);
            }
            catch (OperationCanceledException) when (failure is not null)
            {
                // The caller's own sequence has failed.
                ExceptionDispatchInfo.Throw(failure);
                throw;
            }
        }

        async Task SendAsync()
        {
            try
            {
                await foreach (var batch in batches.WithCancellation(end.Token))
                    await call.RequestStream.WriteAsync(batch, end.Token);
                await call.RequestStream.CompleteAsync();
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException)
            {
                // The stream has ended; its answers say why.
            }
            catch (Exception e)
            {
                failure = e;
                await end.CancelAsync();
            }
        }
    }
}
