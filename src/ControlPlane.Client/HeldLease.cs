using Devmapd.V1;

namespace ControlPlane.Client;

/// <summary>
/// A lease that is kept alive in the background. Disposing it deletes the lease, with the entries and attachments that name it; a process that
/// ends without that leaves it to expire.
/// </summary>
public sealed class HeldLease : IAsyncDisposable
{
    private readonly IDevmapClient _client;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _end = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _keeping;

    internal HeldLease(IDevmapClient client, Lease lease, TimeProvider clock)
    {
        (_client, Lease, _clock) = (client, lease, clock);
        _keeping = KeepAsync(lease.Spec.Ttl.ToTimeSpan());
    }

    /// <summary>The lease as it was when it was put.</summary>
    public Lease Lease { get; }

    /// <summary>The name of the lease, for <c>spec.lease</c> of entries and attachments.</summary>
    public string Name => Lease.Name;

    /// <summary>Cancelled when the lease has ended: somebody deleted it, or it could not be kept alive for its time. Put it again, and what named it.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _keeping;
        try
        {
            await _client.DeleteLeaseAsync(Name, owner: Lease.Spec.HasOwner ? Lease.Spec.Owner : null);
        }
        catch (DevmapdException)
        {
            // It has ended, or ends by its time.
        }

        _end.Dispose();
        _lost.Dispose();
    }

    private async Task KeepAsync(TimeSpan ttl)
    {
        var last = _clock.GetTimestamp();
        try
        {
            while (true)
            {
                await Task.Delay(ttl / 3, _clock, _end.Token);
                try
                {
                    await _client.KeepAliveAsync(Name, _end.Token);
                    last = _clock.GetTimestamp();
                }
                catch (DevmapdException failure) when (failure.Code != DevmapdErrors.LeaseNotFound && _clock.GetElapsedTime(last) < ttl)
                {
                    // The daemon is away. After a start it gives each lease its full time, so there is time to try again.
                }
            }
        }
        catch (DevmapdException)
        {
            await _lost.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
