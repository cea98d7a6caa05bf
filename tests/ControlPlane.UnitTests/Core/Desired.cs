using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core;

internal static class Desired
{
    /// <summary>The part of an entry that writes change and the store keeps, to compare entries by.</summary>
    public static (string Devmap, string Key, EntrySpec? Spec, long? Revision, DateTimeOffset? CreateTime, DateTimeOffset? UpdateTime) DesiredPart(this Entry entry) =>
        (entry.Devmap, entry.Key, entry.Spec, entry.Revision, entry.CreateTime, entry.UpdateTime);
}
