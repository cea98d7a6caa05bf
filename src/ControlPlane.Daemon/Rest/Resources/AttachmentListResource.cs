namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>Where a devmap's redirect program is to run.</summary>
internal sealed class AttachmentListResource
{
    /// <summary>The attachments, in order of the interfaces' names.</summary>
    public required IEnumerable<AttachmentResource> Attachments { get; init; }
}
