namespace ControlPlane.EndToEndTests.World;

/// <summary>How an entry is to be.</summary>
internal sealed record EntryWish(string Devmap, string Key, string Target, string? Program, IReadOnlyDictionary<string, string> Labels, bool AllowPending)
{
    /// <summary>The <see cref="Fact.Spec"/> it comes to.</summary>
    public string Spec => Facts.EntrySpec(Target, Program, Labels);
}
