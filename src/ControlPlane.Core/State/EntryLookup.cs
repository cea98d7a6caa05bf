using ControlPlane.Core.Errors;
using ControlPlane.Core.Keys;

namespace ControlPlane.Core.State;

/// <summary>Finds entries by any form of their key.</summary>
internal static class EntryLookup
{
    /// <summary>The entry a key means: by identity or, for a number, by the kernel key.</summary>
    public static PlacedEntry? Find(DevmapState devmap, EntryKey key) =>
        key.InterfaceName is null ? devmap.Entries.Find(key.Number) : devmap.Entries.Find(key);

    /// <summary>The error when there is none.</summary>
    public static ControlPlaneException NotFound(DevmapState devmap, string keyText) =>
        new(new Error(ErrorCode.EntryNotFound, $"The devmap '{devmap.Definition.Name}' has no entry '{keyText}'.")
        {
            Resource = $"devmaps/{devmap.Definition.Name}/entries/{keyText}",
        });
}
