namespace ControlPlane.Daemon.Rest.OpenApi;

/// <summary>The groups of operations in the OpenAPI document.</summary>
internal static class Tags
{
    public const string Devmaps = "Devmaps";
    public const string Entries = "Entries";
    public const string Attachments = "Attachments";
    public const string Events = "Events";
    public const string Programs = "Egress programs";
    public const string Host = "Host";

    /// <summary>Each with its description, in the order a person needs them.</summary>
    public static IReadOnlyList<(string Name, string Description)> All { get; } =
    [
        (Entries, "Which key leaves by which interface, and whether a frame would."),
        (Devmaps, "The tables and the XDP programs that redirect by them."),
        (Attachments, "Where a devmap's redirect program runs."),
        (Events, "What happens, as it happens."),
        (Programs, "XDP programs that run on a frame as it leaves."),
        (Host, "Kernel, daemon and network interfaces."),
    ];
}
