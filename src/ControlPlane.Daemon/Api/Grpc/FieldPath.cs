using System.Text;
using Google.Protobuf.Reflection;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>Turns Core's names of fields into those of a request. Core names them as REST does, where the body is the spec.</summary>
internal static class FieldPath
{
    /// <summary>Core's name of the whole body.</summary>
    public const string Body = "body";

    private const string Spec = "spec";
    private const string Labels = "labels.";

    /// <summary><c>parameters.vlanId</c> becomes <c>spec.parameters.vlan_id</c>. The names of labels stay as the caller wrote them.</summary>
    /// <param name="path">A JSON path in camelCase.</param>
    /// <param name="request">The request, when it is known.</param>
    public static string ToProto(string path, MessageDescriptor? request)
    {
        if (path == Body)
            return Spec;
        var labels = path.StartsWith(Labels, StringComparison.Ordinal) ? 0 : path.IndexOf($".{Labels}", StringComparison.Ordinal);
        var name = labels < 0 ? ToSnakeCase(path) : ToSnakeCase(path[..labels]) + path[labels..];
        var first = name.Split('.')[0];
        return request is not null && request.FindFieldByName(first) is null && request.FindFieldByName(Spec)?.MessageType.FindFieldByName(first) is not null
            ? $"{Spec}.{name}"
            : name;
    }

    private static string ToSnakeCase(string path)
    {
        if (!path.Any(char.IsAsciiLetterUpper))
            return path;
        var text = new StringBuilder(path.Length + 4);
        foreach (var c in path)
        {
            if (char.IsAsciiLetterUpper(c))
                text.Append('_').Append(char.ToLowerInvariant(c));
            else
                text.Append(c);
        }

        return text.ToString();
    }
}
