using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>The desired state of an entry.</summary>
internal sealed record DesiredEntry(string Devmap, string Key, string Target, string? Program, IReadOnlyDictionary<string, string> Labels, bool AllowPending)
{
    /// <summary>The <see cref="ResourceVersion.Spec"/> it comes to.</summary>
    public string Spec => ResourceVersions.EntrySpec(Target, Program, Labels);
}
