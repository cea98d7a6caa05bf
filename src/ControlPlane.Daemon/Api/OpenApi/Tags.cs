using ControlPlane.Core.Api;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>The groups of operations in the OpenAPI document: one for each kind of resource, and one for streams.</summary>
internal static class Tags
{
    private const string Events = "events";

    /// <summary>The tags with their descriptions, in the order in which a person needs them.</summary>
    public static IReadOnlyList<(string Name, string Description)> All { get; } =
    [
        ("entries", "Which key leaves by which interface, and whether a frame would."),
        ("devmaps", "The tables, and the XDP programs that redirect by them."),
        ("attachments", "Where the redirect program of a devmap runs."),
        (Events, "Changes of a devmap, as they happen."),
        ("programs", "XDP programs that run on a frame as it leaves."),
        ("leases", "Entries and attachments that name a lease end with it."),
        ("changes", "Who has changed what, and ways back."),
        ("state", "The whole desired state as one document."),
        ("tokens", "Who may call from elsewhere than the unix socket."),
        ("interfaces", "The network interfaces of the host."),
        ("host", "Kernel and daemon."),
    ];

    /// <summary>Returns the tag of an operation.</summary>
    public static string Of(Operation operation) => operation.Verb == Verb.Watch ? Events : operation.Resource;
}
