using System.Text.Json;
using ControlPlane.Core.Errors;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>The answer of an API, in words that REST and gRPC share.</summary>
public abstract record Answer
{
    private Answer() { }

    /// <summary>It went well.</summary>
    /// <param name="Created">For a PUT: whether the resource is new. Null where the API does not say.</param>
    /// <param name="Facts">The answer, flattened by <see cref="Flatten"/> to the names of REST's JSON.</param>
    public sealed record Done(bool? Created, IReadOnlyDictionary<string, string?> Facts) : Answer;

    /// <summary>It failed.</summary>
    /// <param name="Code">The code as the API wrote it.</param>
    /// <param name="Detail">The sentence for people.</param>
    /// <param name="Fields">The wrong fields, as REST names them (camelCase).</param>
    /// <param name="Errno">The kernel's errno, where given.</param>
    /// <param name="Remedy">The remedy, where given.</param>
    /// <param name="Retry">Whether the API says when to try again.</param>
    public sealed record Failed(
        string? Code,
        string? Detail,
        IReadOnlyList<string> Fields,
        int? Errno,
        string? Remedy,
        bool Retry) : Answer;

    /// <summary>
    /// Turns JSON into dotted names with their values as text: <c>status.state</c>, <c>entries.0.key</c>, and
    /// <c>entries.count</c> for the length of an array. Nulls are left out.
    /// </summary>
    public static Dictionary<string, string?> Flatten(JsonElement element)
    {
        var facts = new Dictionary<string, string?>();
        Add("", element);
        return facts;

        void Add(string path, JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var property in value.EnumerateObject())
                        Add(path + (path.Length > 0 ? "." : "") + property.Name, property.Value);
                    break;
                case JsonValueKind.Array:
                    facts[path + ".count"] = $"{value.GetArrayLength()}";
                    foreach (var (index, item) in value.EnumerateArray().Index())
                        Add($"{path}.{index}", item);
                    break;
                case JsonValueKind.Null:
                    break;
                case JsonValueKind.True:
                case JsonValueKind.False:
                    facts[path] = value.GetRawText();
                    break;
                default:
                    facts[path] = value.ToString();
                    break;
            }
        }
    }

    /// <summary>A failure for people who read a failed test.</summary>
    public static string Describe(Answer answer) => answer switch
    {
        Done done => $"done (created: {done.Created}) {string.Join(", ", done.Facts.Select(f => $"{f.Key}={f.Value}"))}",
        Failed failed => $"{failed.Code} [{string.Join(", ", failed.Fields)}] {failed.Detail}",
        _ => "nothing",
    };

    /// <summary>The text of a code, for expectations.</summary>
    internal static string Text(ErrorCode code) => code.Text();
}
