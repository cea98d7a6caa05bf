namespace ControlPlane.EndToEndTests.Support;

/// <summary>An entry as REST shows it. This record and those below have only the fields that tests read.</summary>
internal sealed record Entry(string Devmap, string Key, uint? KernelKey, string Interface, string? EgressProgram, long Revision, EntryStatus Status);

internal sealed record EntryStatus(string State, uint? Ifindex, uint? EgressProgramId, IReadOnlyList<Condition> Conditions, ulong Packets, ulong Bytes, IReadOnlyList<DropCount> Drops)
{
    /// <summary>The conditions that do not hold.</summary>
    public IEnumerable<Condition> Faults => Conditions.Where(c => !c.Status);
}

internal sealed record Condition(string Type, bool Status, string Reason, string Message, string? Remedy);

internal sealed record EntryPage(IReadOnlyList<Entry> Entries, string? NextPageToken, long Revision);

internal sealed record Attachment(string Devmap, string Interface, string Mode, AttachmentStatus Status);

internal sealed record AttachmentPage(IReadOnlyList<Attachment> Attachments);

internal sealed record AttachmentStatus(string State, uint? Ifindex, uint? LinkId, string? Message);

internal sealed record Devmap(string Name, DevmapStatus Status);

internal sealed record DropCount(string Cause, int Errno, ulong Packets);

internal sealed record TargetDrops(uint Ifindex, string? Interface, DropCount Drops);

internal sealed record CauseCount(string Cause, ulong Packets);

internal sealed record DevmapDrops(IReadOnlyList<CauseCount> Causes, IReadOnlyList<TargetDrops> Targets);

internal sealed record MissedKey(string Key, uint KernelKey, ulong Packets);

internal sealed record DevmapStatus(
    int Entries, uint KernelMapId, uint RedirectProgramId, bool Adopted, Traffic Traffic, DevmapDrops Drops, IReadOnlyList<MissedKey> MissedKeys);

internal sealed record Traffic(ulong RedirectedPackets, ulong RedirectedBytes, ulong MissedPackets, ulong UnkeyedPackets);

internal sealed record AuditReport(long Checked, int Found, int Repaired, IReadOnlyList<Drift> Drifts);

internal sealed record Drift(string Kind, string? Key, uint? KernelKey, string? Interface, DriftElement? Found, DriftElement? Wanted, bool Repaired);

internal sealed record DriftElement(uint Ifindex, string? Interface, uint? EgressProgramId, string? EgressProgram);

internal sealed record EgressProgram(string Name, string Template, EgressProgramStatus Status);

internal sealed record EgressProgramList(IReadOnlyList<EgressProgram> Programs);

internal sealed record EgressProgramStatus(uint KernelProgramId, int Entries, ulong Packets, ulong Bytes);

internal sealed record Problem(int Status, string Code, string Detail, string? Remedy, string? Resource, int? Errno);

internal sealed record Explanation(IReadOnlyList<ExplainStep> Steps, ExplainVerdict Verdict);

internal sealed record ExplainStep(string Check, bool Holds, string Reason, string Message, IReadOnlyDictionary<string, string> Evidence, string? Remedy);

internal sealed record ExplainVerdict(string Outcome, string Reason, string Message, string? Remedy, LeavingFrame? Leaving);

internal sealed record LeavingFrame(string Interface, int Bytes, int Vlan, string? SourceMac, string? DestinationMac);
