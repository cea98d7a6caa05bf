using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What is true of an attachment.</summary>
internal sealed class AttachmentStatusResource
{
    /// <summary>
    /// Whether the redirect program runs on the interface. `Attached`: it does. `Pending`: the interface does not exist, the
    /// program is attached when it appears. `Failed`: the kernel refuses to attach it.
    /// </summary>
    /// <example>Attached</example>
    public required AttachmentState State { get; init; }

    /// <summary>The interface's ifindex; null when it does not exist.</summary>
    /// <example>1</example>
    public required uint? Ifindex { get; init; }

    /// <summary>The id of the `bpf_link`, as `bpftool link` shows it; null when there is none.</summary>
    /// <example>7</example>
    public required uint? LinkId { get; init; }

    /// <summary>Why the state is not `Attached`, in a sentence; null when it is.</summary>
    /// <example>null</example>
    public required string? Message { get; init; }
}
