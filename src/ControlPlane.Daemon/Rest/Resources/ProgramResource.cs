using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>An egress program: a template loaded with fixed parameters, which entries carry by its name.</summary>
internal sealed class ProgramResource
{
    /// <summary>Its name.</summary>
    /// <example>to-router-1</example>
    public required string Name { get; init; }

    /// <summary>
    /// What it does with a frame that is about to leave. `count`: lets it leave. `drop`: drops it. `rewrite-mac`: sets its
    /// Ethernet addresses. `push-vlan`: pushes an 802.1Q tag. `pop-vlan`: removes the outer tag. All count.
    /// </summary>
    /// <example>rewrite-mac</example>
    public required EgressTemplate Template { get; init; }

    /// <summary>What it was loaded with; parameters of other templates are null.</summary>
    public required ProgramParametersResource Parameters { get; init; }

    /// <summary>The revision of the program's last change.</summary>
    /// <example>44</example>
    public required long Revision { get; init; }

    /// <summary>When it was loaded, or taken over at start (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it was last changed (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>What is true of it at the moment of the answer.</summary>
    public required ProgramStatusResource Status { get; init; }

    public static ProgramResource From(ControlPlane.Core.Model.EgressProgram view) => new()
    {
        Name = view.Name,
        Template = view.Spec.Config.Template,
        Parameters = new ProgramParametersResource
        {
            SourceMac = view.Spec.Config.SourceMac?.ToString(),
            DestinationMac = view.Spec.Config.DestinationMac?.ToString(),
            VlanId = view.Spec.Config.VlanId,
        },
        Revision = view.Revision,
        CreatedAt = view.CreateTime.UtcDateTime,
        UpdatedAt = view.UpdateTime.UtcDateTime,
        Status = new ProgramStatusResource
        {
            KernelProgramId = view.Status.ProgramId,
            Entries = view.Status.Entries,
            Packets = view.Status.Packets,
            Bytes = view.Status.Bytes,
        },
    };
}
