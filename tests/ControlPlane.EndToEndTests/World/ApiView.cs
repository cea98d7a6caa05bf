namespace ControlPlane.EndToEndTests.World;

/// <summary>Everything that the API lists.</summary>
internal sealed class ApiView
{
    public long Revision { get; set; }

    public List<Devmapd.V1.Entry> Entries { get; } = [];

    public List<Devmapd.V1.Attachment> Attachments { get; } = [];

    public List<Devmapd.V1.Program> Programs { get; } = [];

    /// <summary>All of it by name.</summary>
    public Dictionary<string, Fact> ByName() =>
        Entries.Select(e => (Facts.EntryName(e.Devmap, e.Key), Facts.Of(e)))
            .Concat(Attachments.Select(a => (Facts.AttachmentName(a.Devmap, a.Interface), Facts.Of(a))))
            .Concat(Programs.Select(p => (Facts.ProgramName(p.Name), Facts.Of(p))))
            .ToDictionary(r => r.Item1, r => r.Item2);
}
