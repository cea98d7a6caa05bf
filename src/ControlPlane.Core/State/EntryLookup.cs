using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>Finds entries by any form of their key.</summary>
internal static class EntryLookup
{
    /// <summary>The entry a key means: by identity or, for a number, by the kernel key.</summary>
    public static PlacedEntry? Find(DevmapState devmap, EntryKey key) =>
        key.InterfaceName is null ? devmap.Entries.Find(key.Number) : devmap.Entries.Find(key);

}

/// <summary>An entry's identity over all devmaps.</summary>
internal readonly record struct EntryId(DevmapState Devmap, EntryKey Key)
{
    /// <summary>The resource's name, for messages.</summary>
    public override string ToString() => $"devmaps/{Devmap.Definition.Name}/entries/{KeyCodec.Format(Devmap.Definition.Spec.KeySelector, Key)}";
}
