using System.Text.Json.Serialization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Explaining;

/// <summary>The fate of a frame, step by step.</summary>
/// <param name="Devmap">The devmap's name.</param>
/// <param name="Key">The key in its canonical text form; null if the frame has none, or was decided before.</param>
/// <param name="KernelKey">The key in the kernel's map; null in the same cases.</param>
/// <param name="Frame">The frame.</param>
/// <param name="Steps">The checks, in the order in which a frame meets it, up to the step that decided.</param>
/// <param name="Verdict">The verdict.</param>
public sealed record Explanation(
    string Devmap, string? Key, uint? KernelKey, ExplainedFrame Frame, IReadOnlyList<ExplainStep> Steps, ExplainVerdict Verdict);

/// <summary>The frame an explanation is about, as it was described and completed.</summary>
/// <param name="Ingress">The interface it arrives on; null for any that the redirect program runs on.</param>
/// <param name="Vlan">The VLAN id of its tag; 0 for none.</param>
/// <param name="Dst">Its IPv4 destination; null for a frame of another protocol.</param>
/// <param name="Length">The length of its IP packet, where it was given: MTUs are then compared with it, and else with all that can come in.</param>
/// <param name="Bytes">Its length in bytes from the Ethernet header on; that of a short one where no length was given.</param>
public sealed record ExplainedFrame(string? Ingress, ushort Vlan, string? Dst, int? Length, int Bytes);

/// <summary>One step on the path of a frame: a condition and the evidence for it.</summary>
/// <param name="Condition">The condition. A frame leaves as desired only if it holds.</param>
/// <param name="Evidence">The values behind the status, in order: camelCase names and values.</param>
public sealed record ExplainStep([property: JsonIgnore] Condition Condition, IReadOnlyList<(string Name, string Value)> Evidence)
{
    /// <summary>The kind of fact.</summary>
    public ConditionType Type => Condition.Type;

    /// <summary>Whether the fact holds. A frame leaves as desired only if it does.</summary>
    public ConditionStatus Status => Condition.Status;

    /// <summary>Whether the fact holds.</summary>
    [JsonIgnore]
    public bool Holds => Condition.Holds;

    /// <summary>A stable PascalCase code.</summary>
    public string Reason => Condition.Reason;

    /// <summary>A sentence for people.</summary>
    public string Message => Condition.Message;

    /// <summary>How to make the fact hold.</summary>
    public Remedy? Remedy => Condition.Remedy;
}

/// <summary>The verdict.</summary>
/// <param name="Outcome">The fate of the frame.</param>
/// <param name="Reason">Why: a stable CamelCase code, that of the step that decided.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Remedy">The way to let the frame leave; null where nothing needs to be done.</param>
/// <param name="Leaving">The frame as it leaves; null when it does not.</param>
public sealed record ExplainVerdict(ExplainOutcome Outcome, string Reason, string Message, Remedy? Remedy = null, LeavingFrame? Leaving = null);

/// <summary>The fate of a frame.</summary>
public enum ExplainOutcome
{
    /// <summary>It leaves by the target of an entry.</summary>
    Leaves,

    /// <summary>It is dropped.</summary>
    Dropped,

    /// <summary>It goes to the host's network stack.</summary>
    Passed,

    /// <summary>No such frame comes in.</summary>
    NotReceived,

    /// <summary>It is not for the daemon to say: another's program decides, more than one can, or a fact cannot be seen.</summary>
    Unknown,
}

/// <summary>A frame as it leaves.</summary>
/// <param name="Interface">By which interface.</param>
/// <param name="Bytes">Its length in bytes from the Ethernet header on.</param>
/// <param name="Vlan">The VLAN id of its outer tag; 0 for none.</param>
/// <param name="SourceMac">The source address that an action or the egress program set; null when it is that it came with.</param>
/// <param name="DestinationMac">The destination address that an action or the egress program set; null when it is that it came with.</param>
public sealed record LeavingFrame(string Interface, int Bytes, ushort Vlan, MacAddress? SourceMac, MacAddress? DestinationMac);
