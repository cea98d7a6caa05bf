namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What is true of a devmap.</summary>
internal sealed class DevmapStatusResource
{
    /// <summary>Number of entries, pending and failed ones included.</summary>
    /// <example>1</example>
    public required int Entries { get; init; }

    /// <summary>The id of the active map, as `bpftool map` shows it.</summary>
    /// <example>12</example>
    public required uint KernelMapId { get; init; }

    /// <summary>The id of the redirect program, as `bpftool prog` shows it.</summary>
    /// <example>34</example>
    public required uint RedirectProgramId { get; init; }

    /// <summary>Whether the kernel objects were there when the daemon started and were taken over as they were.</summary>
    /// <example>false</example>
    public required bool Adopted { get; init; }

    /// <summary>Traffic since the redirect program was loaded; null when the devmap does not count.</summary>
    public required DevmapTrafficResource? Traffic { get; init; }

    /// <summary>What audits found; null before the first.</summary>
    public required AuditSummaryResource? Audit { get; init; }

    /// <summary>What is true of the devmap as a whole, with the remedy where it should be otherwise.</summary>
    public required IEnumerable<ConditionResource> Conditions { get; init; }

    /// <summary>What the kernel dropped of the frames it redirected; null where the host cannot tell (feature `drop_counters`).</summary>
    public required DevmapDropsResource? Drops { get; init; }

    /// <summary>
    /// Up to 64 keys that frames had and the devmap lacked, newest first: a sample, in which a key that misses now is and one that missed
    /// once may not be. Empty when the devmap does not count.
    /// </summary>
    public required IEnumerable<MissedKeyResource> MissedKeys { get; init; }

    public static DevmapStatusResource From(ControlPlane.Core.Model.Devmap view) => new()
    {
        Entries = view.Status.Entries,
        KernelMapId = view.Status.KernelMapId,
        RedirectProgramId = view.Status.RedirectProgramId,
        Adopted = view.Status.Adopted,
        Traffic = view.Status.Traffic is { } counters ? DevmapTrafficResource.From(counters) : null,
        Audit = AuditSummaryResource.From(view.Status.Audit),
        Drops = DevmapDropsResource.From(view.Status.Drops),
        MissedKeys = view.Status.MissedKeys.Select(MissedKeyResource.From),
        Conditions = view.Status.Conditions.Select(ConditionResource.From),
    };
}
