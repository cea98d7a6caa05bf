using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Api;

/// <summary>Renders calls of remedies as requests of the API.</summary>
public static class CallText
{
    /// <summary>Returns the operation that the call names.</summary>
    /// <exception cref="InvalidOperationException">There is no such operation.</exception>
    public static Operation OperationOf(OperationCall call) =>
        Operations.All.FirstOrDefault(o => o.Id == call.Operation)
        ?? throw new InvalidOperationException($"a remedy names the operation '{call.Operation}', which does not exist");

    /// <summary>Returns the path of REST, with its query.</summary>
    public static string RestPath(OperationCall call)
    {
        var path = OperationOf(call).RestPath;
        foreach (var (name, value) in call.Path)
            path = path.Replace($"{{{name}}}", Uri.EscapeDataString(value), StringComparison.Ordinal);
        return call.Query.Count == 0
            ? path
            : $"{path}?{string.Join('&', call.Query.Select(q => $"{q.Name}={Uri.EscapeDataString(q.Value)}"))}";
    }

    /// <summary>Returns the request of REST in one line, for instance <c>PUT /v1/... with {"mode":"generic"}</c>.</summary>
    public static string RestLine(OperationCall call) =>
        $"{OperationOf(call).RestMethod} {RestPath(call)}{(call.BodyText is { } body ? $" with {body}" : "")}";

    /// <summary>Returns a remedy in one line: its commands, else its request of REST, else its summary.</summary>
    public static string RestLine(Remedy remedy)
    {
        if (remedy.Commands.Count == 0)
            return remedy.Call is { } call ? RestLine(call) : remedy.Summary;
        var where = remedy.Summary.StartsWith(CommonRemedies.InPeerNamespace, StringComparison.Ordinal) ? CommonRemedies.InPeerNamespace : "";
        return where + string.Join("; ", remedy.Commands);
    }
}
