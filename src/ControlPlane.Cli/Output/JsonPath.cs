using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Cli.Running;

namespace ControlPlane.Cli.Output;

/// <summary>
/// Templates as kubectl has them: text, and in braces a path. A path has names (<c>.a</c>, <c>['a']</c>), places (<c>[0]</c>, <c>[-1]</c>), all
/// elements (<c>[*]</c>), and conditions (<c>[?(@.status.state=="Pending")]</c>).
/// </summary>
internal static class JsonPath
{
    /// <summary>Returns the template with the values of its paths.</summary>
    /// <exception cref="CommandFailedException">The template is not valid.</exception>
    public static string Apply(string template, JsonNode? root)
    {
        if (!template.Contains('{', StringComparison.Ordinal))
            template = $"{{{template}}}";
        var text = new StringBuilder();
        for (var i = 0; i < template.Length;)
        {
            if (template[i] == '{')
            {
                var end = template.IndexOf('}', i);
                if (end < 0)
                    throw CommandFailedException.Usage($"The template '{template}' has a brace that is not closed.");
                var path = template[(i + 1)..end];
                text.Append(path.StartsWith('"') ? path.Trim('"').Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal)
                    : string.Join(' ', Find(path, root).Select(TextOf)));
                i = end + 1;
            }
            else
            {
                text.Append(template[i++]);
            }
        }

        return text.ToString();
    }

    private static List<JsonNode?> Find(string path, JsonNode? root)
    {
        List<JsonNode?> found = [root];
        var rest = path.TrimStart('$');
        while (rest.Length > 0)
        {
            string step;
            if (rest[0] == '[')
            {
                var end = rest.IndexOf(']', StringComparison.Ordinal);
                if (end < 0)
                    throw Invalid(path);
                (step, rest) = (rest[1..end], rest[(end + 1)..]);
                found = [.. found.SelectMany(node => Bracket(step, node, path))];
            }
            else
            {
                rest = rest.TrimStart('.');
                var end = rest.IndexOfAny(['.', '[']);
                (step, rest) = end < 0 ? (rest, "") : (rest[..end], rest[end..]);
                if (step.Length > 0)
                    found = [.. found.SelectMany(node => step == "*" ? All(node) : Member(node, step))];
            }
        }

        return found;
    }

    private static IEnumerable<JsonNode?> Bracket(string step, JsonNode? node, string path)
    {
        if (step == "*")
            return All(node);
        if (step.StartsWith('\'') || step.StartsWith('"'))
            return Member(node, step[1..^1]);
        if (step.StartsWith("?(@", StringComparison.Ordinal) && step.EndsWith(')'))
            return All(node).Where(element => Holds(step[3..^1], element, path));
        if (!int.TryParse(step, CultureInfo.InvariantCulture, out var place))
            throw Invalid(path);
        return node is JsonArray list && (place < 0 ? list.Count + place : place) is var index && index >= 0 && index < list.Count ? [list[index]] : [];
    }

    private static bool Holds(string condition, JsonNode? element, string path)
    {
        var equal = condition.IndexOf("==", StringComparison.Ordinal);
        var unequal = condition.IndexOf("!=", StringComparison.Ordinal);
        var at = Math.Max(equal, unequal);
        if (at < 0)
            return Find(condition, element).Count > 0;
        if (condition[(at + 2)..].Trim() is not { Length: > 0 } desired)
            throw Invalid(path);
        var isEqual = Find(condition[..at].Trim(), element).Any(node => TextOf(node) == desired.Trim('"', '\''));
        return isEqual == (equal >= 0);
    }

    private static IEnumerable<JsonNode?> Member(JsonNode? node, string name) => node is JsonObject map && map.TryGetPropertyValue(name, out var value) ? [value] : [];

    private static IEnumerable<JsonNode?> All(JsonNode? node) => node switch { JsonArray list => list, JsonObject map => map.Select(p => p.Value), _ => [] };

    private static string TextOf(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : node?.ToJsonString() ?? "";

    private static CommandFailedException Invalid(string path) => CommandFailedException.Usage($"'{path}' is no path: .name, ['name'], [0], [*] and [?(@.name==\"value\")] are.");
}
