namespace ControlPlane.Core.Attachments;

/// <summary>How an XDP program is attached. The kernel is always told which: left to itself it may choose generic silently.</summary>
public enum AttachMode
{
    /// <summary>In the driver (<c>XDP_FLAGS_DRV_MODE</c>).</summary>
    Native,

    /// <summary>In the stack, on any interface (<c>XDP_FLAGS_SKB_MODE</c>).</summary>
    Generic,
}
