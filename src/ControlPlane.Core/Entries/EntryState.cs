namespace ControlPlane.Core.Entries;

/// <summary>What would become of a frame that the redirect program sends to the entry.</summary>
public enum EntryState
{
    /// <summary>In the kernel, and the frame would leave.</summary>
    Forwarding,

    /// <summary>In the kernel, but the frame would be dropped; a condition says why.</summary>
    Undeliverable,

    /// <summary>Wanted and not in the kernel, because an interface does not exist; it is written when that appears.</summary>
    Pending,

    /// <summary>The kernel refuses the entry; a condition carries errno and reason.</summary>
    Failed,
}
