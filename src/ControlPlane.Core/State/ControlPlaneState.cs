namespace ControlPlane.Core.State;

/// <summary>The state that the writer shares with readers. Readers never wait: each answer takes <see cref="Current"/> once and reads that.</summary>
internal sealed class ControlPlaneState(FactTimes facts, CapacityOptions? capacity = null)
{
    private Snapshot _current = Snapshot.Empty;
    private InFlight _inFlight = InFlight.None;

    /// <summary>The snapshot after the last batch.</summary>
    public Snapshot Current => Volatile.Read(ref _current);

    /// <summary>The elements that the writer may be changing now.</summary>
    public InFlight InFlight => Volatile.Read(ref _inFlight);

    /// <summary>When the facts of interfaces changed.</summary>
    public FactTimes Facts => facts;

    /// <summary>The devmaps' kernel objects.</summary>
    public DevmapHandles Handles { get; } = new();

    /// <summary>From when on devmaps warn that they become full.</summary>
    public CapacityOptions Capacity { get; } = capacity ?? new CapacityOptions();

    /// <summary>The times of the leases.</summary>
    public LeaseClock LeaseClock { get; } = new(facts.Time);

    /// <summary>The tables that wait for their confirmation.</summary>
    public PendingTables Pending { get; } = new(facts.Time);

    /// <summary>The findings of audits.</summary>
    public AuditTallies Audits { get; } = new();

    /// <summary>The proofs that probes gave of entries.</summary>
    public Proofs Proofs { get; } = new(facts);

    /// <summary>Publishes a batch with one write, and then says that nothing is in flight. For the writer only.</summary>
    public void Publish(Snapshot snapshot)
    {
        Volatile.Write(ref _current, snapshot);
        Volatile.Write(ref _inFlight, InFlight.None);
    }

    /// <summary>Says what the writer is about to change. It stays in flight until the next <see cref="Publish"/>. For the writer only.</summary>
    public void Announce(InFlight inFlight) => Volatile.Write(ref _inFlight, inFlight);
}
