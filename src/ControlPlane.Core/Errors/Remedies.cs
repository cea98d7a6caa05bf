using System.Text;
using System.Text.Json.Nodes;

namespace ControlPlane.Core.Errors;

/// <summary>How to make a condition hold, or how to get around an error.</summary>
/// <remarks>It names real things: commands and call can be followed to the letter.</remarks>
/// <param name="Summary">The instruction, in a sentence for people.</param>
public sealed record Remedy(string Summary)
{
    /// <summary>Shell commands to paste, in order; empty when no command helps.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>A call of this API to make; null when no call helps.</summary>
    public OperationCall? Call { get; init; }

    /// <summary>A remedy with one shell command.</summary>
    public Remedy(string summary, string command)
        : this(summary) => Commands = [command];

    /// <summary>A remedy with a call.</summary>
    public Remedy(string summary, OperationCall call)
        : this(summary) => Call = call;

    /// <inheritdoc/>
    public bool Equals(Remedy? other) =>
        other is not null && Summary == other.Summary && Commands.SequenceEqual(other.Commands) && Equals(Call, other.Call);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Summary, Commands.Count, Call);
}

/// <summary>
/// A call of one operation of this API, independent of the protocol. REST renders a method, a path and a body; gRPC renders a method and
/// a message; a command line renders its own command. Immutable and compared by content.
/// </summary>
public sealed class OperationCall : IEquatable<OperationCall>
{
    private readonly string _text;

    /// <summary>Creates the call.</summary>
    /// <param name="operation">The id of the operation, for instance <c>putAttachment</c>.</param>
    /// <param name="path">The values of the parameters in the operation's path, by name.</param>
    /// <param name="query">The values of other parameters, by name.</param>
    /// <param name="body">The body: for a write the spec. Null for none.</param>
    public OperationCall(
        string operation, IReadOnlyList<(string Name, string Value)> path, IReadOnlyList<(string Name, string Value)>? query = null, JsonObject? body = null)
    {
        (Operation, Path, Query) = (operation, path, query ?? []);
        BodyText = body?.ToJsonString();
        _text = Describe();
    }

    /// <summary>The id of the operation.</summary>
    public string Operation { get; }

    /// <summary>The values of the parameters in the operation's path, by name.</summary>
    public IReadOnlyList<(string Name, string Value)> Path { get; }

    /// <summary>The values of other parameters, by name.</summary>
    public IReadOnlyList<(string Name, string Value)> Query { get; }

    /// <summary>The body as JSON text; null for none.</summary>
    public string? BodyText { get; }

    /// <summary>Returns the body as a new JSON object; null for none.</summary>
    public JsonObject? Body() => BodyText is null ? null : (JsonObject)JsonNode.Parse(BodyText)!;

    /// <inheritdoc/>
    public bool Equals(OperationCall? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as OperationCall);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>Returns the call in one line, for instance <c>putAttachment devmap=default interfaceName=eth0 {"mode":"generic"}</c>.</summary>
    public override string ToString() => _text;

    private string Describe()
    {
        var text = new StringBuilder(Operation);
        foreach (var (name, value) in Path.Concat(Query))
            text.Append(' ').Append(name).Append('=').Append(value);
        if (BodyText is not null)
            text.Append(' ').Append(BodyText);
        return text.ToString();
    }
}

/// <summary>The calls that remedies name. A test compares them with the table of operations.</summary>
public static class Calls
{
    /// <summary>Audits the devmap and repairs what others changed.</summary>
    public static OperationCall AuditDevmap(string devmap) => new("auditDevmap", [("devmap", devmap)]);

    /// <summary>Confirms the table of a devmap.</summary>
    public static OperationCall ConfirmEntries(string devmap) => new("confirmEntries", [("devmap", devmap)]);

    /// <summary>Lists the devmaps.</summary>
    public static OperationCall ListDevmaps() => new("listDevmaps", []);

    /// <summary>Watches the devmap.</summary>
    public static OperationCall WatchDevmap(string devmap) => new("watchDevmap", [("devmap", devmap)]);

    /// <summary>Explains what happens to a frame that arrives on an interface.</summary>
    public static OperationCall ExplainIngress(string devmap, string interfaceName) =>
        new("explainFrame", [("devmap", devmap)], [("ingress", interfaceName)]);

    /// <summary>Creates or changes an entry.</summary>
    public static OperationCall PutEntry(string devmap, string key, string interfaceName) =>
        new("putEntry", [("devmap", devmap), ("key", key)], body: new JsonObject { ["interface"] = interfaceName });

    /// <summary>Deletes an entry.</summary>
    public static OperationCall DeleteEntry(string devmap, string key, string? owner = null) =>
        new("deleteEntry", [("devmap", devmap), ("key", key)], OfOwner(owner));

    /// <summary>Lists the entries that have the egress program.</summary>
    public static OperationCall ListEntriesOf(string devmap, string program) =>
        new("listEntries", [("devmap", devmap)], [("egressProgram", program)]);

    /// <summary>Lists the entries of a devmap.</summary>
    public static OperationCall ListEntries(string devmap) => new("listEntries", [("devmap", devmap)]);

    /// <summary>Makes an attachment, or changes it to this spec.</summary>
    public static OperationCall PutAttachment(string devmap, string interfaceName, JsonObject spec) =>
        new("putAttachment", [("devmap", devmap), ("interfaceName", interfaceName)], body: spec);

    /// <summary>Detaches the redirect program.</summary>
    public static OperationCall DeleteAttachment(string devmap, string interfaceName, string? owner = null) =>
        new("deleteAttachment", [("devmap", devmap), ("interfaceName", interfaceName)], OfOwner(owner));

    /// <summary>Lists the attachments of a devmap.</summary>
    public static OperationCall ListAttachments(string devmap) => new("listAttachments", [("devmap", devmap)]);

    /// <summary>Lists the egress programs.</summary>
    public static OperationCall ListPrograms() => new("listPrograms", []);

    /// <summary>Creates an egress program.</summary>
    public static OperationCall PutProgram(string program, string template) =>
        new("putProgram", [("program", program)], body: new JsonObject { ["template"] = template });

    /// <summary>Lists the leases.</summary>
    public static OperationCall ListLeases() => new("listLeases", []);

    /// <summary>Makes a lease.</summary>
    public static OperationCall PutLease(string lease, string ttl) => new("putLease", [("lease", lease)], body: new JsonObject { ["ttl"] = ttl });

    /// <summary>Lists the tokens.</summary>
    public static OperationCall ListTokens() => new("listTokens", []);

    /// <summary>Deletes a token.</summary>
    public static OperationCall DeleteToken(string token) => new("deleteToken", [("token", token)]);

    /// <summary>Lists the interfaces.</summary>
    public static OperationCall ListInterfaces() => new("listInterfaces", []);

    /// <summary>Gives all entries for an interface one egress program, or none.</summary>
    public static OperationCall SetEgressProgram(string interfaceName, string? program) =>
        new("setEgressProgram", [("interfaceName", interfaceName)], body: new JsonObject { ["egressProgram"] = program });

    // A deletion names the owner of the resource.
    private static (string Name, string Value)[] OfOwner(string? owner) => owner is null ? [] : [("owner", owner)];
}
