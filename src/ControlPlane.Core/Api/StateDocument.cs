using ControlPlane.Core.Model;

namespace ControlPlane.Core.Api;

/// <summary>The whole desired state of a host, without tokens.</summary>
/// <param name="Devmaps">The devmaps.</param>
/// <param name="Programs">The egress programs.</param>
/// <param name="Leases">The leases.</param>
/// <param name="Attachments">The attachments.</param>
/// <param name="Entries">The entries.</param>
public sealed record StateDocument(
    IEnumerable<DesiredDevmap> Devmaps,
    IEnumerable<DesiredProgram> Programs,
    IEnumerable<DesiredLease> Leases,
    IEnumerable<DesiredAttachment> Attachments,
    IEnumerable<StateEntry> Entries);

/// <summary>A devmap as it must be.</summary>
/// <param name="Name">The name.</param>
/// <param name="DeclaredIn">The place where the devmap is declared on the host that the document is from. It says nothing about another host.</param>
/// <param name="Spec">The desired state.</param>
public sealed record DesiredDevmap(string Name, DeclaredIn? DeclaredIn, DevmapSpec Spec);

/// <summary>An egress program as it must be.</summary>
/// <param name="Name">The name.</param>
/// <param name="Spec">The desired state.</param>
public sealed record DesiredProgram(string Name, EgressProgramSpec Spec);

/// <summary>A lease as it must be.</summary>
/// <param name="Name">The name.</param>
/// <param name="Spec">The desired state.</param>
public sealed record DesiredLease(string Name, LeaseSpec Spec);

/// <summary>An attachment as it must be.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Interface">The name of the ingress interface.</param>
/// <param name="Spec">The desired state.</param>
public sealed record DesiredAttachment(string Devmap, string Interface, AttachmentSpec Spec);

/// <summary>An entry of a devmap as it must be.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Key">The key in any of its text forms.</param>
/// <param name="Spec">The desired state.</param>
public sealed record StateEntry(string Devmap, string Key, EntrySpec Spec);

/// <summary>The outcome of applying a state.</summary>
/// <param name="Revision">The revision of the daemon afterwards.</param>
/// <param name="Devmaps">The devmaps. Those of the configuration stay, whether the document has them or not.</param>
/// <param name="Programs">The egress programs.</param>
/// <param name="Leases">The leases.</param>
/// <param name="Attachments">The attachments.</param>
/// <param name="Entries">The entries.</param>
/// <param name="Plan">In a dry run, the changes in the order in which they would happen, at most 10,000. Else empty.</param>
/// <param name="Truncated">Whether there are more than <paramref name="Plan"/> has.</param>
/// <param name="Error">In a dry run, why the call would need an option: <c>too_many_deletions</c>. Null if it needs none.</param>
public sealed record StateOutcome(
    long Revision,
    KindCounts Devmaps,
    KindCounts Programs,
    KindCounts Leases,
    KindCounts Attachments,
    KindCounts Entries,
    IReadOnlyList<StateChange> Plan,
    bool Truncated,
    ItemError? Error)
{
    /// <summary>Most changes in a plan.</summary>
    public const int MaxPlan = 10_000;
}

/// <summary>The changes of one kind of resource.</summary>
/// <param name="Created">How many resources are new.</param>
/// <param name="Changed">How many resources change.</param>
/// <param name="Deleted">How many resources go, those that go with a devmap included.</param>
/// <param name="Unchanged">How many resources stay as they are.</param>
public sealed record KindCounts(int Created, int Changed, int Deleted, int Unchanged);

/// <summary>One change of the plan of a state.</summary>
/// <param name="Resource">The name of the resource.</param>
/// <param name="Kind">The kind of the resource.</param>
/// <param name="Action">The change.</param>
public sealed record StateChange(string Resource, ChangedKind Kind, PlannedAction Action);
