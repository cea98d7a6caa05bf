using System.Collections.Concurrent;
using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>A table of a devmap that is built beside the active one, and then active until somebody confirms it or it is taken back.</summary>
/// <param name="before">The entries before.</param>
/// <param name="since">The revision of those.</param>
/// <param name="order">How the switch is guarded.</param>
internal sealed class PendingTable(EntryTable before, long since, GuardOrder order)
{
    private int _ends;

    /// <summary>The entries before.</summary>
    public EntryTable Before => before;

    /// <summary>The revision of the entries before.</summary>
    public long Since => since;

    /// <summary>How the switch is guarded.</summary>
    public GuardOrder Order => order;

    /// <summary>The second table: until the switch the one that is built, and then the one before.</summary>
    public ICandidate Candidate { get; set; } = null!;

    /// <summary>The guard; null while the table is built.</summary>
    public ISwitchGuard? Guard { get; set; }

    /// <summary>Whether the table is active, or was.</summary>
    public bool IsSwitched { get; set; }

    /// <summary>Whether the second table was given up: the table was confirmed or taken back.</summary>
    public bool IsOver { get; set; }

    /// <summary>Takes the right to end the table. True once.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _ends, 1) == 0;

    /// <summary>Returns the table as the API shows it; null while it is built.</summary>
    public Confirmation? Read() => IsSwitched && Guard is { } guard ? Of(guard.Read()) : null;

    /// <summary>Returns the end of a table in words.</summary>
    public static string Describe(Confirmation ended) => ended.Phase switch
    {
        ConfirmationPhase.Confirmed => "confirmed",
        ConfirmationPhase.Cancelled => "cancelled",
        ConfirmationPhase.TimedOut => "taken back, because nobody confirmed it in time",
        ConfirmationPhase.Drops => string.Create(CultureInfo.InvariantCulture, $"taken back, because the kernel refused {ended.Drops} of its frames"),
        _ => "taken back, because the daemon ended before it was active",
    };

    /// <summary>Returns a guarded switch as the API shows it.</summary>
    public static Confirmation Of(GuardReport report) => new(
        report.Phase switch
        {
            GuardPhase.Confirmed => ConfirmationPhase.Confirmed,
            GuardPhase.Cancelled => ConfirmationPhase.Cancelled,
            GuardPhase.Expired => ConfirmationPhase.TimedOut,
            GuardPhase.Dropped => ConfirmationPhase.Drops,
            _ => ConfirmationPhase.Pending,
        },
        report.Deadline, report.EndTime, report.Drops);
}

/// <summary>The tables that wait for their confirmation. Safe on any thread; the writer's thread changes them.</summary>
internal sealed class PendingTables(TimeProvider time)
{
    private readonly ConcurrentDictionary<DevmapId, PendingTable> _tables = [];

    /// <summary>All of them.</summary>
    public IEnumerable<KeyValuePair<DevmapId, PendingTable>> All => _tables;

    /// <summary>Returns the table of a devmap; null if none is pending.</summary>
    public PendingTable? Find(DevmapId devmap) => _tables.GetValueOrDefault(devmap);

    /// <summary>A table is pending, or no longer.</summary>
    public void Set(DevmapId devmap, PendingTable? table)
    {
        if (table is null)
            _tables.TryRemove(devmap, out _);
        else
            _tables[devmap] = table;
    }

    /// <summary>Returns why a write to these devmaps must wait; null if no table of them is pending.</summary>
    public Error? FindRefusal(IEnumerable<DevmapId> devmaps)
    {
        if (_tables.IsEmpty)
            return null;
        foreach (var devmap in devmaps)
        {
            if (Find(devmap) is { } table)
                return DevmapErrors.ConfirmationPending(devmap.Name, table.Read() is { } read ? read.Deadline - time.GetUtcNow() : TimeSpan.Zero);
        }

        return null;
    }
}
