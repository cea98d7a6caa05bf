using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlPlane.Client;

/// <summary>Calls of a client that belong together.</summary>
public static class DevmapClientExtensions
{
    /// <summary>Puts a lease and keeps it alive until the result is disposed of.</summary>
    /// <param name="client">The client.</param>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="ttl">Its time, 1 second to 7 days. It is kept alive after a third of that.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="clock">The clock; that of the system unless given.</param>
    /// <param name="cancellationToken">Ends the first call.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public static async Task<HeldLease> HoldLeaseAsync(
        this IDevmapClient client, string lease, TimeSpan ttl, string? owner = null, TimeProvider? clock = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var spec = new LeaseSpec { Ttl = Duration.FromTimeSpan(ttl) };
        if (owner is not null)
            spec.Owner = owner;
        return new HeldLease(client, await client.PutLeaseAsync(lease, spec, cancellationToken: cancellationToken), clock ?? TimeProvider.System);
    }
}
