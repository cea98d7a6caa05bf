namespace ControlPlane.Core.Attachments;

/// <summary>Whether the redirect program runs on the interface.</summary>
public enum AttachmentState
{
    /// <summary>It runs there.</summary>
    Attached,

    /// <summary>The interface does not exist; it is attached when that appears.</summary>
    Pending,

    /// <summary>The kernel refuses to attach it.</summary>
    Failed,
}
