using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>Shows leases as the API does.</summary>
/// <param name="state">The state, which has the times of the leases.</param>
internal sealed class LeaseViews(ControlPlaneState state)
{
    /// <summary>Counts the attachments of a snapshot that name a lease, by the lease.</summary>
    public static IReadOnlyDictionary<string, int> CountAttachments(Snapshot snapshot) => snapshot.Devmaps.Values
        .SelectMany(d => d.Attachments.Values).Select(a => a.Record.Spec.Lease).OfType<string>().CountBy(l => l).ToDictionary(StringComparer.Ordinal);

    /// <summary>Returns a lease; null if its time is over.</summary>
    public Lease? View(PlacedLease placed, int attachments) => state.LeaseClock.Find(placed.Record.Name) is { } end ? View(placed, attachments, end) : null;

    /// <summary>Returns a lease. If its time is over, it has the time of a lease that nobody kept alive.</summary>
    public Lease ViewOrLast(PlacedLease placed, int attachments) =>
        View(placed, attachments) ?? View(placed, attachments, placed.Record.UpdateTime + placed.Record.Spec.Ttl);

    private static Lease View(PlacedLease placed, int attachments, DateTimeOffset end)
    {
        var record = placed.Record;
        return new Lease(record.Name, record.Revision, record.CreateTime, record.UpdateTime, record.Spec, new LeaseStatus(end, placed.Entries, attachments));
    }
}
