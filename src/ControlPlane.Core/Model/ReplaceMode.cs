namespace ControlPlane.Core.Model;

/// <summary>How the kernel follows a replacement of many entries.</summary>
public enum ReplaceMode
{
    /// <summary>
    /// It changes entry by entry in the map that frames go by. For some nanoseconds a frame can miss an entry that changes. Other writes to the
    /// entries that come meanwhile stand.
    /// </summary>
    InPlace,

    /// <summary>
    /// A new map is built beside the one that frames go by, and one store goes over to it: each frame goes by one of the two tables as a whole, and none misses an
    /// entry that both have. The change happens then, and replaces what was written meanwhile. It takes longer, and memory for two maps.
    /// </summary>
    Hitless,
}
