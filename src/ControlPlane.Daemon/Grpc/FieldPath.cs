using System.Text;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Turns Core's names of fields, camelCase JSON paths, into those of the contract.</summary>
internal static class FieldPath
{
    private const string Labels = "labels.";

    /// <summary><c>parameters.vlanId</c> becomes <c>parameters.vlan_id</c>; the names of labels are the caller's and stay.</summary>
    public static string ToProto(string path)
    {
        if (path.StartsWith(Labels, StringComparison.Ordinal) || !path.Any(char.IsAsciiLetterUpper))
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
