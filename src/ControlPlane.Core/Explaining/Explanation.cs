using ControlPlane.Core.Model;

namespace ControlPlane.Core.Explaining;

/// <summary>What becomes of a frame, step by step.</summary>
/// <param name="Devmap">The devmap's name.</param>
/// <param name="Key">The key in its canonical text form; null when the frame has none, or did not come so far.</param>
/// <param name="KernelKey">The key in the kernel's map; null likewise.</param>
/// <param name="Frame">The frame.</param>
/// <param name="Steps">What was checked, in the order in which a frame meets it, up to the step that decided.</param>
/// <param name="Verdict">The final word.</param>
public sealed record Explanation(
    string Devmap, string? Key, uint? KernelKey, ExplainedFrame Frame, IReadOnlyList<ExplainStep> Steps, ExplainVerdict Verdict);

/// <summary>The frame an explanation is about, as it was described and completed.</summary>
/// <param name="Ingress">The interface it comes in by; null for any that the redirect program runs on.</param>
/// <param name="Vlan">The VLAN id of its tag; 0 for none.</param>
/// <param name="Destination">Its IPv4 destination; null for a frame of another protocol.</param>
/// <param name="Length">The length of its IP packet, where it was given: MTUs are then compared with it, and else with all that can come in.</param>
/// <param name="Bytes">Its length in bytes from the Ethernet header on; that of a short one where no length was given.</param>
public sealed record ExplainedFrame(string? Ingress, ushort Vlan, string? Destination, int? Length, int Bytes);

/// <summary>One step on the way of a frame.</summary>
/// <param name="Check">What was checked, in CamelCase: a condition's type (<see cref="ConditionTypes"/>), or one of <see cref="ExplainChecks"/>.</param>
/// <param name="Holds">Whether it is as it must be for the frame to leave as wanted.</param>
/// <param name="Reason">A stable CamelCase code.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Evidence">What was looked at, in order: camelCase names and values.</param>
/// <param name="Remedy">What would put it right; a command to paste where one exists.</param>
public sealed record ExplainStep(
    string Check, bool Holds, string Reason, string Message, IReadOnlyList<(string Name, string Value)> Evidence, string? Remedy = null)
{
    internal static ExplainStep Of(Condition condition, IReadOnlyList<(string Name, string Value)> evidence) =>
        new(condition.Type, condition.Status, condition.Reason, condition.Message, evidence, condition.Remedy);
}

/// <summary>The final word.</summary>
/// <param name="Outcome">What becomes of the frame.</param>
/// <param name="Reason">Why: a stable CamelCase code, that of the step that decided.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Remedy">What would let the frame leave; null where nothing needs to be done.</param>
/// <param name="Leaving">The frame as it leaves; null when it does not.</param>
public sealed record ExplainVerdict(ExplainOutcome Outcome, string Reason, string Message, string? Remedy = null, LeavingFrame? Leaving = null);

/// <summary>What becomes of a frame.</summary>
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

    /// <summary>It is not for the daemon to say: another's program decides, or more than one can.</summary>
    Unknown,
}

/// <summary>A frame as it leaves.</summary>
/// <param name="Interface">By which interface.</param>
/// <param name="Bytes">Its length in bytes from the Ethernet header on.</param>
/// <param name="Vlan">The VLAN id of its outer tag; 0 for none.</param>
/// <param name="SourceMac">The source address the egress program set; null when it is that it came with.</param>
/// <param name="DestinationMac">The destination address the egress program set; null when it is that it came with.</param>
public sealed record LeavingFrame(string Interface, int Bytes, ushort Vlan, MacAddress? SourceMac, MacAddress? DestinationMac);
