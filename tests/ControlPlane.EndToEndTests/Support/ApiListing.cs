namespace ControlPlane.EndToEndTests.Support;

/// <summary>All resources that the API lists.</summary>
internal sealed class ApiListing
{
    public long Revision { get; set; }

    public List<Devmapd.V1.Entry> Entries { get; } = [];

    public List<Devmapd.V1.Attachment> Attachments { get; } = [];

    public List<Devmapd.V1.EgressProgram> Programs { get; } = [];

    /// <summary>All resources by name.</summary>
    public Dictionary<string, ResourceVersion> ByName() =>
        Entries.Select(e => (ResourceVersions.EntryName(e.Devmap, e.Key), ResourceVersions.Of(e)))
            .Concat(Attachments.Select(a => (ResourceVersions.AttachmentName(a.Devmap, a.Interface), ResourceVersions.Of(a))))
            .Concat(Programs.Select(p => (ResourceVersions.ProgramName(p.Name), ResourceVersions.Of(p))))
            .ToDictionary(r => r.Item1, r => r.Item2);
}
