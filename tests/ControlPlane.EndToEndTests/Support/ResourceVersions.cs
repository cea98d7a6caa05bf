using System.Globalization;
using ControlPlane.Client;
using ControlPlane.Storage;
using KeySelector = ControlPlane.Core.Model.KeySelector;
using TemplateParameter = ControlPlane.Core.Model.TemplateParameter;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>All resources of a daemon, as the API lists them or as the store has them.</summary>
internal static class ResourceVersions
{
    private static readonly Dictionary<string, KeySelector> Selectors = new()
    {
        [Testbed.ByInterface] = KeySelector.IngressInterface,
        [Testbed.ByVlan] = KeySelector.Vlan,
        [Testbed.ByAddress] = KeySelector.Ipv4Destination,
    };

    public static string EntryName(string devmap, string key) => $"devmaps/{devmap}/entries/{key}";

    public static string AttachmentName(string devmap, string ingress) => $"devmaps/{devmap}/attachments/{ingress}";

    public static string ProgramName(string program) => $"programs/{program}";

    public static string EntrySpec(string target, string? program, string? nextHop, IEnumerable<KeyValuePair<string, string>> labels) =>
        $"{target} {program ?? "-"} {nextHop} {string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"))}";

    public static string ProgramSpec(string template, uint? vlan) => string.Create(CultureInfo.InvariantCulture, $"{template} {vlan}");

    public static ResourceVersion Of(Devmapd.V1.Entry e) => new(
        EntrySpec(e.Spec.Interface, e.Spec.HasEgressProgram ? e.Spec.EgressProgram : null, e.Spec.Actions?.DestinationMac, e.Spec.Labels),
        e.Revision, e.CreateTime.ToDateTimeOffset(), e.UpdateTime.ToDateTimeOffset());

    public static ResourceVersion Of(Devmapd.V1.Attachment a) =>
        new($"{a.Spec.Mode}", a.Revision, a.CreateTime.ToDateTimeOffset(), a.UpdateTime.ToDateTimeOffset());

    public static ResourceVersion Of(Devmapd.V1.EgressProgram p) => new(
        ProgramSpec($"{p.Spec.Template}", p.Spec.Parameters?.HasVlanId == true ? p.Spec.Parameters.VlanId : null),
        p.Revision, p.CreateTime.ToDateTimeOffset(), p.UpdateTime.ToDateTimeOffset());

    /// <summary>Lists all resources by gRPC.</summary>
    public static async Task<ApiListing> OfApiAsync(DevmapdClient client)
    {
        var listing = new ApiListing();
        foreach (var devmap in Selectors.Keys)
        {
            await foreach (var entry in client.ListEntriesAsync(new() { Devmap = devmap, PageSize = 1000 }))
                listing.Entries.Add(entry);
            listing.Attachments.AddRange((await client.Devmaps.ListAttachmentsAsync(new() { Devmap = devmap })).Attachments);
        }

        listing.Programs.AddRange((await client.Programs.ListProgramsAsync(new())).Programs);
        listing.Revision = (await client.Devmaps.ListEntriesAsync(new() { Devmap = Testbed.ByAddress, PageSize = 1 })).Revision;
        return listing;
    }

    /// <summary>Reads all resources from the store, and its revision.</summary>
    public static (long Revision, Dictionary<string, ResourceVersion> All) OfStore(string stateDirectory)
    {
        var state = SqliteStore.Inspect(stateDirectory).State;
        var all = new Dictionary<string, ResourceVersion>();
        foreach (var e in state.Entries)
            all.Add(EntryName(e.Devmap, Selectors[e.Devmap].Format(e.Key)), new(EntrySpec(e.Spec.Interface, e.Spec.EgressProgram, e.Spec.Actions?.DestinationMac?.ToString(), e.Spec.Labels), e.Revision, e.CreateTime, e.UpdateTime));
        foreach (var a in state.Attachments)
            all.Add(AttachmentName(a.Devmap, a.Interface), new($"{a.Spec.Mode}", a.Revision, a.CreateTime, a.UpdateTime));
        foreach (var p in state.Programs)
            all.Add(ProgramName(p.Name), new(ProgramSpec(p.Spec.Config.Template.ToString(), p.Spec.Config.Parameters.Get(TemplateParameter.VlanId)), p.Revision, p.CreateTime, p.UpdateTime));
        return (state.Revision, all);
    }
}
