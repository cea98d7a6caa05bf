namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>One request, in words that REST and gRPC share. Null values are not sent.</summary>
public abstract record Operation
{
    private Operation() { }

    /// <summary>For writes: the revision that is expected; 0 for a resource that must not exist.</summary>
    public long? ExpectedRevision { get; init; }

    public sealed record ListDevmaps : Operation;

    public sealed record GetDevmap(string Devmap) : Operation;

    /// <summary>Creates or changes a devmap. Enum values are in the text form of REST.</summary>
    public sealed record PutDevmap(string Devmap, long? MaxEntries = null, long? ValueSize = null, string? KeySelector = null) : Operation
    {
        public long? NumaNode { get; init; }

        public string? MissAction { get; init; }

        public bool? Counters { get; init; }

        public IReadOnlyDictionary<string, string>? Labels { get; init; }

        public string? Owner { get; init; }

        public bool? Force { get; init; }
    }

    public sealed record DeleteDevmap(string Devmap, string? Owner = null, bool? Force = null) : Operation;

    /// <summary>Applies a state with these devmaps and entries, and nothing else.</summary>
    public sealed record ApplyState(PutDevmap[] Devmaps, PutEntry[] Entries, bool? DryRun = null, long? AllowDeletions = null) : Operation;

    public sealed record GetDevmapShape(string Devmap) : Operation;

    public sealed record AuditDevmap(string Devmap, bool? Repair = null) : Operation;

    /// <summary>Asks what becomes of a frame; with a key, of one that has it.</summary>
    public sealed record Explain(
        string Devmap,
        string? Key = null,
        string? Ingress = null,
        long? Vlan = null,
        string? Destination = null,
        long? Length = null,
        long? Ttl = null) : Operation;

    public sealed record PutEntry(
        string Devmap,
        string Key,
        string? Interface,
        string? EgressProgram = null,
        IReadOnlyDictionary<string, string>? Labels = null,
        bool? AllowPending = null,
        string? Owner = null) : Operation
    {
        public EntryActions? Actions { get; init; }

        public bool? Force { get; init; }

        public string? Lease { get; init; }

        public string? OnInterfaceGone { get; init; }

        public double? DeleteAfterSeconds { get; init; }

        public string? Wait { get; init; }

        public string? Timeout { get; init; }
    }

    /// <summary>The actions of an entry.</summary>
    public sealed record EntryActions(
        string? SourceMac = null, string? DestinationMac = null, long? SetVlan = null, long? PushVlan = null, bool? PopVlan = null, bool? DecrementTtl = null);

    public sealed record GetEntry(string Devmap, string Key) : Operation;

    public sealed record DeleteEntry(string Devmap, string Key, string? Owner = null, bool? Force = null) : Operation;

    /// <summary>Writes several entries. Items are puts and deletions.</summary>
    public sealed record ApplyEntries(string? Mode, params Operation[] Items) : Operation
    {
        public string? IdempotencyKey { get; init; }

        public bool? Force { get; init; }

        public string? Wait { get; init; }

        public string? Timeout { get; init; }
    }

    /// <summary>Replaces the entries of a devmap, or of a scope. A revision that is expected is that of the item.</summary>
    public sealed record ReplaceEntries(string Devmap, params PutEntry[] Items) : Operation
    {
        public IReadOnlyList<string>? Labels { get; init; }

        public string? Owner { get; init; }

        public bool? AllowPending { get; init; }

        public bool? DryRun { get; init; }

        public bool? Force { get; init; }

        public long? AllowDeletions { get; init; }

        public string? Mode { get; init; }

        public string? Wait { get; init; }

        public string? Timeout { get; init; }
    }

    /// <summary>Waits for entries. The timeout is in the text form of REST: seconds and an s.</summary>
    public sealed record WaitEntries(string? Timeout, params string[] Devmaps) : Operation
    {
        public IReadOnlyList<string>? Labels { get; init; }

        public string? Owner { get; init; }

        public string? State { get; init; }

        public long? Revision { get; init; }
    }

    /// <summary>Sends real frames to an entry.</summary>
    public sealed record ProbeEntry(string Devmap, string Key, long? Frames = null) : Operation;

    public sealed record ListEntries(
        string Devmap,
        int? PageSize = null,
        string? PageToken = null,
        string? Interface = null,
        string? EgressProgram = null,
        string? State = null,
        IReadOnlyList<string>? Labels = null,
        string? Owner = null,
        string? View = null) : Operation;

    public sealed record ListCounters(string Devmap, int? PageSize = null, string? PageToken = null, string? Interface = null, string? Owner = null) : Operation;

    public sealed record ListAttachments(string Devmap) : Operation;

    /// <summary>Attaches. The mode is in the text form of REST (<c>native</c>, <c>generic</c>); other texts are for faces that can send them.</summary>
    public sealed record PutAttachment(
        string Devmap,
        string Interface,
        string? Mode,
        IReadOnlyDictionary<string, string>? Labels = null,
        string? Owner = null,
        bool? AllowPending = null,
        string? Promiscuous = null,
        bool? Force = null,
        string? Lease = null) : Operation;

    public sealed record GetAttachment(string Devmap, string Interface) : Operation;

    public sealed record DeleteAttachment(string Devmap, string Interface, string? Owner = null, bool? Force = null) : Operation;

    public sealed record ListPrograms : Operation;

    /// <summary>Loads a program. The template is in the text form of REST, for instance <c>rewriteMac</c>.</summary>
    public sealed record PutProgram(
        string Program,
        string? Template,
        string? SourceMac = null,
        string? DestinationMac = null,
        long? VlanId = null,
        IReadOnlyDictionary<string, string>? Labels = null,
        string? Owner = null,
        bool? Force = null) : Operation;

    public sealed record GetProgram(string Program) : Operation;

    public sealed record DeleteProgram(string Program, string? Owner = null, bool? Force = null) : Operation;

    public sealed record SetEgressProgram(string Interface, string? EgressProgram) : Operation;

    public sealed record ListLeases : Operation;

    public sealed record GetLease(string Lease) : Operation;

    public sealed record PutLease(
        string Lease, double? TtlSeconds, string? Owner = null, IReadOnlyDictionary<string, string>? Labels = null, bool? Force = null) : Operation;

    public sealed record DeleteLease(string Lease, string? Owner = null, bool? Force = null) : Operation;

    public sealed record KeepAlive(string Lease) : Operation;

    public sealed record ListChanges(string? Devmap = null, string? Order = null, int? PageSize = null) : Operation
    {
        public string? Key { get; init; }

        public string? Owner { get; init; }

        public string? Actor { get; init; }

        public long? SinceRevision { get; init; }

        public long? UntilRevision { get; init; }

        public string? SinceTime { get; init; }
    }

    public sealed record RevertChange(long Revision, bool? Force = null, bool? DryRun = null) : Operation;

    public sealed record RevertState(long? Revision, bool? DryRun = null) : Operation;

    public sealed record ListInterfaces : Operation;

    public sealed record GetInterface(string Interface) : Operation;

    public sealed record GetHost : Operation;
}
