using ControlPlane.Core.Keys;

namespace ControlPlane.Core.State;

/// <summary>An entry's identity over all devmaps.</summary>
internal readonly record struct EntryId(DevmapState Devmap, EntryKey Key)
{
    /// <summary>The resource's name, for messages.</summary>
    public override string ToString() => $"devmaps/{Devmap.Definition.Name}/entries/{KeyCodec.Format(Devmap.Definition.KeySelector, Key)}";
}
