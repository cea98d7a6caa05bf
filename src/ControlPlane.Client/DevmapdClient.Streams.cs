using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Client;

/// <summary>Calls by one stream: many entries, many signs of life.</summary>
public sealed partial class DevmapdClient
{
    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public async Task<StateDocument> ExportStateAsync(CancellationToken cancellationToken = default)
    {
        using var call = States.ExportState(new(), cancellationToken: cancellationToken);
        var document = new StateDocument();
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
            document.MergeFrom(response.Part);
        return document;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<WriteEntriesResponse> WriteEntriesAsync(
        IAsyncEnumerable<WriteEntriesRequest> batches, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return ExchangeAsync(end => Devmaps.WriteEntries(cancellationToken: end), batches, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<KeepAliveStreamResponse> KeepAliveStreamAsync(IAsyncEnumerable<string> leases, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(leases);
        return ExchangeAsync(end => Leases.KeepAliveStream(cancellationToken: end), RequestsAsync(cancellationToken), cancellationToken);

        async IAsyncEnumerable<KeepAliveStreamRequest> RequestsAsync([EnumeratorCancellation] CancellationToken cancellation = default)
        {
            await foreach (var lease in leases.WithCancellation(cancellation))
                yield return new KeepAliveStreamRequest { Lease = lease };
        }
    }

    // Sends requests while it gives the answers.
    private static async IAsyncEnumerable<TAnswer> ExchangeAsync<TRequest, TAnswer>(
        Func<CancellationToken, AsyncDuplexStreamingCall<TRequest, TAnswer>> open,
        IAsyncEnumerable<TRequest> requests,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = open(end.Token);
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
                await foreach (var request in requests.WithCancellation(end.Token))
                    await call.RequestStream.WriteAsync(request, end.Token);
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
