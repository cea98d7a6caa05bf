using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>An entry as REST shows it; the others below also. Fields that no test reads are omitted.</summary>
internal sealed record Entry(string Devmap, string Key, long Revision, EntrySpec Spec, EntryStatus Status)
{
    public uint? KernelKey => Status.KernelKey;

    public string Interface => Spec.Interface;

    public string? EgressProgram => Spec.EgressProgram;
}

internal sealed record EntrySpec(string Interface, string? EgressProgram, Actions? Actions = null);

internal sealed record Actions(string? SourceMac, string? DestinationMac, ushort? SetVlan, ushort? PushVlan, bool PopVlan, bool DecrementTtl);

internal sealed record EntryStatus(string State, uint? KernelKey, uint? Ifindex, uint? EgressProgramId, IReadOnlyList<Condition> Conditions, ulong Packets, ulong Bytes, IReadOnlyList<DropCount> Drops, ulong? Expired = null, string? ResolvedInterface = null, Actions? ResolvedActions = null)
{
    /// <summary>The conditions that do not hold.</summary>
    public IEnumerable<Condition> Faults => Conditions.Where(c => c.Status != "True");
}

internal sealed record Condition(string Type, string Status, string Reason, string Message, [property: JsonPropertyName("remedy")] Remedy? How)
{
    [JsonIgnore]
    public string? Remedy => How?.Text;
}

internal sealed record Remedy(string Summary, IReadOnlyList<string> Commands, RemedyRequest? Request)
{
    private const string InPeerNamespace = "In the peer's network namespace: ";

    /// <summary>The remedy in one line, as a person would paste it.</summary>
    public string Text => Commands.Count == 0
        ? Request?.Text ?? Summary
        : (Summary.StartsWith(InPeerNamespace, StringComparison.Ordinal) ? InPeerNamespace : "") + string.Join("; ", Commands);
}

internal sealed record RemedyRequest(string Method, string Path, JsonObject? Body)
{
    public string Text => $"{Method} {Path}{(Body is null ? "" : $" with {Body.ToJsonString()}")}";
}

internal sealed record EntryList(IReadOnlyList<Entry> Entries, string? NextPageToken, long Revision);

internal sealed record Attachment(string Devmap, string Interface, AttachmentSpec Spec, AttachmentStatus Status)
{
    public string Mode => Spec.Mode;
}

internal sealed record AttachmentSpec(string Mode);

internal sealed record AttachmentPage(IReadOnlyList<Attachment> Attachments);

internal sealed record AttachmentStatus(string State, uint? Ifindex, uint? LinkId, string? Mode, IReadOnlyList<Condition> Conditions);

internal sealed record Devmap(string Name, DevmapStatus Status);

internal sealed record DropCount(string Cause, int Errno, ulong Packets);

internal sealed record TargetDrops(uint Ifindex, string? Interface, DropCount Drops);

internal sealed record CauseCount(string Cause, ulong Packets);

internal sealed record DevmapDrops(IReadOnlyList<CauseCount> Causes, IReadOnlyList<TargetDrops> Targets);

internal sealed record MissedKey(string Key, uint KernelKey, ulong Packets);

internal sealed record DevmapStatus(
    int Entries, uint KernelMapId, uint RedirectProgramId, bool Adopted, Traffic Traffic, DevmapDrops Drops, IReadOnlyList<MissedKey> MissedKeys);

internal sealed record Traffic(ulong RedirectedPackets, ulong RedirectedBytes, ulong MissedPackets, ulong UnkeyedPackets, ulong ChecksumsCompleted, ulong ChecksumsIncomplete, ulong PeerRedirectedPackets, ulong ActionFailedPackets, ulong ExpiredPackets);

internal sealed record AuditReport(long Checked, int Found, int Repaired, IReadOnlyList<Drift> Drifts);

internal sealed record Drift(string Kind, string? Key, uint? KernelKey, string? Interface, DriftElement? Found, DriftElement? Desired, bool Repaired, string? Pin);

internal sealed record DriftElement(uint Ifindex, string? Interface, uint? EgressProgramId, string? EgressProgram, Actions? Actions);

internal sealed record EgressProgram(string Name, EgressProgramStatus Status);

internal sealed record EgressProgramList(IReadOnlyList<EgressProgram> Programs);

internal sealed record EgressProgramStatus(uint ProgramId, int Entries, ulong Packets, ulong Bytes);

internal sealed record EgressProgramSwap(string Interface, string? EgressProgram);

internal sealed record Interface(string Name, IReadOnlyList<string> AltNames, uint Ifindex, long Revision, string? Kind, bool Hardware, uint Mtu);

internal sealed record Problem(
    int Status, string Code, string Detail, [property: JsonPropertyName("remedy")] Remedy? How, string? Resource, int? Errno)
{
    [JsonIgnore]
    public string? Remedy => How?.Text;
}

internal sealed record Explanation(IReadOnlyList<ExplainStep> Steps, ExplainVerdict Verdict);

internal sealed record ExplainStep(string Type, string Status, string Reason, string Message, IReadOnlyDictionary<string, string> Evidence);

internal sealed record ExplainVerdict(string Outcome, string Reason, string Message, LeavingFrame? Leaving);

internal sealed record LeavingFrame(string Interface, int Bytes, int Vlan, string? SourceMac, string? DestinationMac);

internal sealed record Ready(string Status, IReadOnlyList<string> Warnings, Dictionary<string, string> Parts);
