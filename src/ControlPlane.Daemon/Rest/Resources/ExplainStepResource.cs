using ControlPlane.Core.Api;
using ControlPlane.Core.Explaining;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>One step on the way of a frame.</summary>
internal sealed class ExplainStepResource
{
    /// <summary>What was checked: the type of a condition, or `IngressReceives`, `KeyFound`, `DevmapActive`, `EgressProgramRun`.</summary>
    /// <example>InterfaceUp</example>
    public required string Check { get; init; }

    /// <summary>Whether it is as it must be for the frame to leave as wanted.</summary>
    /// <example>true</example>
    public required bool Holds { get; init; }

    /// <summary>A stable code for programs.</summary>
    /// <example>Up</example>
    public required string Reason { get; init; }

    /// <summary>A sentence for people; its wording may change.</summary>
    /// <example>'veth-b' is up.</example>
    public required string Message { get; init; }

    /// <summary>What was looked at: ids, ifindexes, MTUs and the like, by their names.</summary>
    /// <example>{"interface": "veth-b", "ifindex": "12"}</example>
    public required IReadOnlyDictionary<string, string> Evidence { get; init; }

    /// <summary>What would put it right, a command to paste where one exists; null when nothing needs to be done.</summary>
    /// <example>ip link set dev veth-b up</example>
    public required string? Remedy { get; init; }

    public static ExplainStepResource From(ExplainStep step) => new()
    {
        Check = step.Type.Name,
        Holds = step.Holds,
        Reason = step.Reason,
        Message = step.Message,
        Evidence = new OrderedDictionary<string, string>(step.Evidence.Select(e => KeyValuePair.Create(e.Name, e.Value))),
        Remedy = step.Remedy is { } remedy ? CallText.RestLine(remedy) : null,
    };
}
