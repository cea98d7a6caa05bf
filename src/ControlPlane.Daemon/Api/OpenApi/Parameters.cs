using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>
/// Descriptions of the parameters of operations. Parameters in paths have values that work as they are. Others have an example only where
/// the operation needs one: Swagger UI fills examples in, and a list with every filter set shows nothing.
/// </summary>
internal static class Parameters
{
    private const string Interface = "interface", Length = "length", PageSize = "pageSize", Ttl = "ttl", Vlan = "vlan";

    /// <summary>Describes a parameter that a handler declares.</summary>
    public static void Describe(OpenApiParameter parameter, Operation operation)
    {
        parameter.Description = Text(parameter.Name!, operation);
        if (Example(parameter.Name!, operation) is { } example)
            parameter.Example = parameter.Schema?.Type is { } type && (type & (JsonSchemaType.Boolean | JsonSchemaType.Integer)) != 0 ? JsonNode.Parse(example) : JsonValue.Create(example);
        if (parameter.Schema is not OpenApiSchema schema)
            return;
        schema.Type &= ~JsonSchemaType.Null;
        var (least, greatest) = parameter.Name == PageSize && operation.Id == Operations.ListChanges.Id ? (1, ChangeQuery.MaxPageSize) : Range(parameter.Name!);
        (schema.Minimum, schema.Maximum) = (Text(least), Text(greatest));
        if (parameter.Name == PageSize)
            schema.Default = EntryQuery.DefaultPageSize;
    }

    /// <summary>Returns the value that stands for a parameter in the examples; null for none.</summary>
    public static string? Example(string name, Operation operation) => name switch
    {
        // Those of the configuration cannot be written.
        "devmap" when operation == Operations.PutDevmap || operation == Operations.DeleteDevmap => "tenants",
        "owner" when operation.Id == Operations.DeleteDevmap.Id => "network",
        "dryRun" when operation.Id == Operations.ApplyState.Id => "true",
        "devmap" when operation.RestPath.Contains("{devmap}", StringComparison.Ordinal) => "default",
        // The examples have an entry that does not forward.
        "timeout" when operation.Id == Operations.WaitEntries.Id => "0s",
        // Nothing can be attached to loopback.
        "key" when operation.Id == Operations.ProbeEntry.Id => "eth0",
        "key" when operation.Id == Operations.ListChanges.Id => null,
        "key" => "lo",
        "interfaceName" when operation.Resource == "attachments" => "eth0",
        "interfaceName" => "lo",
        "program" => "to-router-1",
        "lease" => "cni",
        // The owners of the examples.
        "owner" when operation.Id == Operations.DeleteEntry.Id => "walk-through",
        "owner" when operation.Id == Operations.DeleteLease.Id => "cni",
        "token" => "orchestrator",
        // A change of the examples.
        "revision" when operation.Id == Operations.RevertChange.Id => "3",
        "revision" when operation.Id == Operations.RevertState.Id => "1",
        "dryRun" when operation.Resource == "changes" => "true",
        "force" when operation.Resource == "changes" => "true",
        "ingress" when operation.Id == Operations.ExplainFrame.Id => "lo",
        _ => null,
    };

    /// <summary>Returns the headers of preconditions that an operation takes.</summary>
    public static IEnumerable<IOpenApiParameter> Preconditions(Operation operation)
    {
        if (operation.HasPrecondition)
            yield return Header(HeaderNames.IfMatch, "Only if the resource has one of these revisions: entity tags as reads give them, joined by commas. `*`: only if the resource exists.");
        if (operation.Errors.Contains(ErrorCode.AlreadyExists) && operation.Verb == Verb.Put)
            yield return Header(HeaderNames.IfNoneMatch, "`*`: only if the resource does not exist.");
    }

    private static OpenApiParameter Header(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static (long? Least, long? Greatest) Range(string name) => name switch
    {
        PageSize => (1, EntryQuery.MaxPageSize),
        Vlan => (0, 4095),
        Length => (28, 65535),
        Ttl => (1, 255),
        "revision" or "sinceRevision" or "untilRevision" or "allowDeletions" => (0, null),
        "frames" => (1, ILiveFrames.MaxFrames),
        "revertAfterDrops" => (1, null),
        _ => (null, null),
    };

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string Text(string name, Operation operation) => name switch
    {
        "devmap" when operation.Id == Operations.WatchDevmaps.Id => "The name of a devmap. May be repeated. Omitted for all devmaps.",
        "devmap" when operation.Id == Operations.WaitEntries.Id => "Only entries of this devmap. May be repeated. Omitted for all devmaps.",
        "devmap" when operation.Id == Operations.ListChanges.Id => "Only changes of this devmap, and of resources in it.",
        "key" when operation.Id == Operations.ListChanges.Id => "Only changes of entries with this key, in its canonical text form.",
        "owner" when operation.Id == Operations.ListChanges.Id => "Only changes of resources that had this owner before or after.",
        "actor" => "Only changes by this `actor` or `account`.",
        "order" => "The order. Omitted for `newest`.",
        "sinceRevision" => "The oldest revision. Omitted for all that are kept.",
        "untilRevision" => "The newest revision. Omitted for that of now.",
        "sinceTime" => "The earliest time, such as `2026-01-01T12:00:00Z`.",
        "untilTime" => "The latest time, such as `2026-01-01T12:00:00Z`.",
        "revision" when operation.Id == Operations.RevertChange.Id => "The revision of the change.",
        "revision" when operation.Id == Operations.RevertState.Id => "The revision whose state is restored. Required.",
        "force" when operation.Id == Operations.RevertChange.Id => "Whether resources that others have changed since are brought back, too. Omitted for `false`.",
        "pageSize" when operation.Id == Operations.ListChanges.Id => "The most changes in the answer. A page ends before 3.5 MiB, which every client accepts.",
        "devmap" => "The name of the devmap.",
        "lease" => "The name of the lease.",
        "token" => "The name of the token.",
        "key" => "The key in any of its text forms: text of the devmap's key selector (`veth1`, `100`, `10.0.0.7`), or the kernel key as a number, 0 to 4294967295. An interface whose name is a number is written `if:7`. In a URL, percent-encode what a path cannot carry.",
        "interfaceName" => operation.Resource == "attachments" ? "The name of the ingress interface." : "The name of the interface.",
        "program" => "The name of the egress program.",
        PageSize => "The most entries in the answer. A page ends before 3.5 MiB, which every client accepts.",
        "pageToken" => "The `nextPageToken` of the previous page. Omitted for the first page. The filters must be those of the first page.",
        Interface when operation.Verb == Verb.Watch => "Only entries that send to this interface, attachments to it, and its changes of status.",
        "state" when operation.Verb == Verb.Watch => "Only entries in this state. The stream then has nothing else, and cannot be resumed. An entry that leaves the state is deleted for the stream.",
        "label" when operation.Verb == Verb.Watch => "Only resources with this label, written `name=value`. May be repeated: a resource must have all of them.",
        "owner" when operation.Verb == Verb.Watch => "Only resources of this owner.",
        "statusEvents" => "How changes of status are reported. `folded`: at most one a second for each interface. Omitted for `all`.",
        Interface => "Only entries with this egress interface.",
        "egressProgram" => "Only entries that carry this egress program.",
        "state" when operation.Id == Operations.WaitEntries.Id => "The state to wait for. Omitted for `Forwarding`.",
        "state" => "Only entries in this state.",
        "wait" => "The state that the call waits for after the write. Omitted for no wait.",
        "timeout" when operation.Id == Operations.WaitEntries.Id => "The longest wait, in seconds: `0s` to `300s`. Omitted for `30s`.",
        "timeout" => "The longest wait, in seconds: `0s` to `300s`. Omitted for `30s`. Only with `wait`.",
        "label" when operation.Id == Operations.ReplaceEntries.Id => "The scope: only entries with this label, written `name=value`. May be repeated: an entry must have all of them.",
        "owner" when operation.Id == Operations.ReplaceEntries.Id => "The scope: only entries of this owner. Omitted for any.",
        "dryRun" => "Whether the answer is the plan, and nothing happens. Omitted for `false`.",
        "confirm" => "How long the table waits for its confirmation before the kernel takes it back, in seconds: `1s` to `3600s`. Omitted for a table that stays.",
        "revertAfterDrops" => "The number of redirect errors of the table at which the kernel takes it back. Omitted for any number. Only with `confirm`, and not while the devmap is attached in tcx mode.",
        "rehearse" => "How long real frames are compared with the table, in seconds: `1s` to `300s`. The answer is the plan with the traffic of that time, and nothing happens. Omitted for no rehearsal.",
        "force" when operation.WritesMany => "Whether entries of other owners may be changed and deleted. Omitted for `false`.",
        "force" when operation.Id == Operations.DeleteDevmap.Id => "Whether a devmap may be deleted that is attached to interfaces, or of another owner. Omitted for `false`.",
        "force" => $"Whether a resource of another owner may be {(operation.Verb == Verb.Delete ? "deleted" : "changed")}. Omitted for `false`.",
        "owner" when operation.Verb == Verb.Delete => "The owner of the resource. Omitted for none.",
        "allowDeletions" when operation.Id == Operations.ApplyState.Id => "The most resources that may be deleted. Omitted for ten, or a twentieth of all if that is more.",
        "allowDeletions" => "The most entries that may be deleted. Omitted for ten, or a twentieth of the scope if that is more.",
        "mode" => "How the kernel follows. `inPlace`: entry by entry in the map that frames go by; for some nanoseconds a frame can miss an entry that changes. `hitless`: a new map is built beside it, and the kernel goes over to that at one moment, so no frame misses an entry that both have; the call happens then, and replaces what was written meanwhile. Omitted for `inPlace`.",
        "label" => "Only entries with this label, written `name=value`. May be repeated: an entry must have all of them.",
        "owner" => "Only entries of this owner.",
        "view" => "How much of each entry the answer shows. Omitted for `full`.",
        "allowPending" => "Whether interfaces may be missing. The resource is then `Pending` until they exist. Omitted for `false`.",
        "repair" => "Whether the audit repairs differences. Omitted for what the configuration says.",
        "frames" => "How many frames to send. Omitted for 10.",
        "ingress" => "The interface that the frame arrives on. Omitted for any interface that the redirect program runs on. Required where the interface is the devmap's key and no key is given.",
        Vlan => "The VLAN id of the tag. 0, or omitted, for an untagged frame.",
        "dst" => "The IPv4 destination. Omitted for a frame of another protocol.",
        Length => "The length of the IP packet in bytes, as an MTU counts. When omitted, MTUs are compared with all that can arrive, and the egress program is run on a short frame.",
        Ttl => "The TTL of the IP packet. Omitted for 64. It counts for the action `decrementTtl`.",
        "revision" when operation.Id == Operations.WatchDevmaps.Id => "The last revision that a stream of several devmaps gave. The stream continues after it. Omitted to begin with a snapshot.",
        "revision" when operation.Id == Operations.WaitEntries.Id => "The revision that the daemon must have reached. Omitted for any.",
        "revision" => "The last revision that a stream of this devmap gave. The stream continues after it. Omitted to begin with a snapshot.",
        "Idempotency-Key" => "Marks the call: 1 to 128 letters, digits and characters of `-._~:/+=@`, also in quotes. A repeat of the caller with the same key within a day gets the first answer, and changes nothing. Omitted for none.",
        "Last-Event-ID" => "The `id` of the last event, as browsers send it when they connect again. It goes before `revision`.",
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "is not described"),
    };
}
