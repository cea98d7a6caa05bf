using ControlPlane.Core.Api;
using ControlPlane.Core.Explaining;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The final word on a frame.</summary>
internal sealed class ExplainVerdictResource
{
    /// <summary>What becomes of the frame: `leaves` by the target of an entry, `dropped`, `passed` to the host's network stack, `notReceived` when no such frame comes in, `unknown` where it is not for the daemon to say.</summary>
    /// <example>leaves</example>
    public required ExplainOutcome Outcome { get; init; }

    /// <summary>Why: a stable code, that of the step that decided.</summary>
    /// <example>Forwarded</example>
    public required string Reason { get; init; }

    /// <summary>A sentence for people; its wording may change.</summary>
    /// <example>The frame leaves by 'veth-b' with 1418 bytes, in VLAN 100.</example>
    public required string Message { get; init; }

    /// <summary>What would let the frame leave; null when nothing needs to be done.</summary>
    /// <example>ip link set dev veth-b up</example>
    public required string? Remedy { get; init; }

    /// <summary>The frame as it leaves; null when it does not.</summary>
    public required LeavingFrameResource? Leaving { get; init; }

    public static ExplainVerdictResource From(ExplainVerdict verdict) => new()
    {
        Outcome = verdict.Outcome,
        Reason = verdict.Reason,
        Message = verdict.Message,
        Remedy = verdict.Remedy is { } remedy ? CallText.RestLine(remedy) : null,
        Leaving = verdict.Leaving is { } leaving ? LeavingFrameResource.From(leaving) : null,
    };
}
