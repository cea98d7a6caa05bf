using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>Where a devmap's redirect program is to run.</summary>
internal sealed class AttachmentResource
{
    /// <summary>The devmap.</summary>
    /// <example>default</example>
    public required string Devmap { get; init; }

    /// <summary>The name of the ingress interface.</summary>
    /// <example>lo</example>
    public required string Interface { get; init; }

    /// <summary>How the program is attached. `native`: in the driver. `generic`: in the network stack, on any interface.</summary>
    /// <example>generic</example>
    public required AttachMode Mode { get; init; }

    /// <summary>The revision of the attachment's last change.</summary>
    /// <example>43</example>
    public required long Revision { get; init; }

    /// <summary>When it was attached, or taken over at start (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it was last changed (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>What is true of it at the moment of the answer.</summary>
    public required AttachmentStatusResource Status { get; init; }

    public static AttachmentResource From(ControlPlane.Core.Model.Attachment view) => new()
    {
        Devmap = view.Devmap,
        Interface = view.Interface,
        Mode = view.Spec.Mode,
        Revision = view.Revision,
        CreatedAt = view.CreateTime.UtcDateTime,
        UpdatedAt = view.UpdateTime.UtcDateTime,
        Status = new AttachmentStatusResource
        {
            State = view.Status.State,
            Ifindex = view.Status.Ifindex,
            LinkId = view.Status.LinkId,
            Message = view.Status.State == AttachmentState.Attached ? null : view.Status.Conditions[0].Message,
        },
    };
}
