using ControlPlane.Core.Api;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>One checked fact about a resource.</summary>
internal sealed class ConditionResource
{
    /// <summary>Which check.</summary>
    /// <example>TargetAcceptsRedirect</example>
    public required string Type { get; init; }

    /// <summary>Whether the check passed.</summary>
    /// <example>true</example>
    public required bool Status { get; init; }

    /// <summary>A stable code for programs.</summary>
    /// <example>NdoXmit</example>
    public required string Reason { get; init; }

    /// <summary>A sentence for people; its wording may change.</summary>
    /// <example>The driver of veth-b accepts redirected frames.</example>
    public required string Message { get; init; }

    /// <summary>What would make the check pass, a command to paste where one exists; null when nothing needs to be done.</summary>
    /// <example>ip link set dev veth-b up</example>
    public required string? Remedy { get; init; }

    public static ConditionResource From(Condition condition) => new()
    {
        Type = condition.Type.Name,
        Status = condition.Holds,
        Reason = condition.Reason,
        Message = condition.Message,
        Remedy = condition.Remedy is { } remedy ? CallText.RestLine(remedy) : null,
    };
}
