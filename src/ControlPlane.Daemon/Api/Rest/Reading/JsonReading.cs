using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;

namespace ControlPlane.Daemon.Api.Rest.Reading;

/// <summary>
/// Checks one JSON value of a request against the metadata of its type and keeps what is valid. All errors are collected under their
/// paths: unknown and repeated members, values of another kind, words that an enum does not have. Null is the same as omitted.
/// </summary>
internal sealed partial class JsonReading(Violations violations)
{
    /// <summary>Longest name of an unknown member that is repeated in an answer.</summary>
    public const int MaxNameLength = 100;

    /// <summary>Reads an object of the given type. Members that are not valid are left out, as if they were omitted.</summary>
    public T Read<T>(JsonElement? body, JsonTypeInfo<T> type) => Check(body, type, "").Deserialize(type)!;

    /// <summary>
    /// Begins to read an object whose members are lists of very many items. Each item is read on its own, so that the checked copy of the whole takes no
    /// memory.
    /// </summary>
    public Lists BeginLists(JsonElement? body) => new(this, body is null ? [] : Members(body.Value, ""));

    /// <summary>An object whose members are lists.</summary>
    /// <param name="reading">The reading.</param>
    /// <param name="given">The members that are given.</param>
    internal sealed class Lists(JsonReading reading, Dictionary<string, JsonElement> given)
    {
        private readonly List<string> _known = [];

        /// <summary>Reads a list. Null if it is missing, or is none.</summary>
        public List<T>? Read<T>(string member, JsonTypeInfo<T> type)
        {
            _known.Add(member);
            List<T>? items = null;
            if (given.Remove(member, out var list) && list.ValueKind == JsonValueKind.Array)
            {
                items = new List<T>(list.GetArrayLength());
                foreach (var (index, item) in list.EnumerateArray().Index())
                {
                    if (reading.Item(item, typeof(T), $"{member}[{index}]") is { } node)
                        items.Add(node.Deserialize(type)!);
                }
            }
            else if (list.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
            {
                reading.Wrong(member, "an array", list);
            }

            return items;
        }

        /// <summary>Refuses all other members, and returns what was read.</summary>
        public T End<T>(T read)
        {
            reading.Refuse(given.Keys, "", _known);
            return read;
        }
    }

    private JsonObject Check(JsonElement? element, JsonTypeInfo type, string path) => Check(
        element,
        [
            .. type.Properties.Where(p => p.Set is not null || p.AssociatedParameter is not null)
                .Select(p => (p.Name, p.PropertyType, p.AssociatedParameter is { HasDefaultValue: true })),
        ],
        path);

    private JsonObject Check(JsonElement? element, IReadOnlyList<(string Name, Type Type, bool HasDefault)> members, string path)
    {
        var valid = new JsonObject();
        var given = element is null ? [] : Members(element.Value, path);
        foreach (var member in members)
        {
            var at = At(path, member.Name);
            if (given.Remove(member.Name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                if (Check(value, member.Type, at) is { } node)
                    valid.Add(member.Name, node);
            }
            else if (member.Type == typeof(AttachMode) || member.Type == typeof(Promiscuous))
            {
                valid.Add(member.Name, "auto");
            }
            else if (member.Type == typeof(OnInterfaceGone))
            {
                valid.Add(member.Name, "keep");
            }
            else if (RestJson.IsWord(member.Type) && !member.HasDefault && element is not null)
            {
                violations.AddBounded(at, $"is required: one of {Words(member.Type)}");
            }
        }

        Refuse(given.Keys, path, members.Select(m => m.Name));
        return valid;
    }

    private void Refuse(IEnumerable<string> unknown, string path, IEnumerable<string> members)
    {
        foreach (var name in unknown)
            violations.AddBounded(At(path, name), $"is not a field of this request; its fields here are {string.Join(", ", members)}");
    }

    private JsonNode? Check(JsonElement value, Type type, string at)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return Text(value, at);
        if (type == typeof(bool))
            return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? JsonValue.Create(value.GetBoolean()) : Wrong(at, "true or false", value);
        if (RestJson.IsWord(type))
            return Word(value, type, at);
        if (type == typeof(DateTimeOffset))
            return Time(value, at);
        if (type == typeof(TimeSpan))
            return Duration(value, at);
        if (type == typeof(MacAddress))
            return Address(value, at);
        if (type == typeof(EgressProgramParameters))
            return Parameters(value, at);
        if (type == typeof(Labels))
            return Texts(value, at);
        if (type.IsPrimitive)
            return Number(value, type, at);
        var info = RestJson.Instance.GetTypeInfo(type) ?? throw new NotSupportedException($"{type} is no type of a request.");
        return info.Kind switch
        {
            JsonTypeInfoKind.Enumerable => Items(value, info.ElementType!, at),
            JsonTypeInfoKind.Object when value.ValueKind == JsonValueKind.Object => Check(value, info, at),
            JsonTypeInfoKind.Object => Wrong(at, "an object", value),
            _ => throw new NotSupportedException($"{type} is no type of a request."),
        };
    }

    private JsonArray? Items(JsonElement value, Type type, string at)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            Wrong(at, "an array", value);
            return null;
        }

        var items = new JsonArray();
        foreach (var (index, item) in value.EnumerateArray().Index())
        {
            if (Item(item, type, $"{at}[{index}]") is { } node)
                items.Add(node);
        }

        return items;
    }

    private JsonNode? Item(JsonElement item, Type type, string at) =>
        item.ValueKind == JsonValueKind.Null ? Wrong(at, "a value", item) : Check(item, type, at);

    private JsonObject? Texts(JsonElement value, string at)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            Wrong(at, "an object of strings", value);
            return null;
        }

        var texts = new JsonObject();
        foreach (var (name, element) in Members(value, at))
        {
            if (Text(element, At(at, name)) is { } text)
                texts.Add(name, text);
        }

        return texts;
    }

    private JsonNode? Text(JsonElement value, string at)
    {
        if (value.ValueKind != JsonValueKind.String)
            return Wrong(at, "a string", value);
        if (TryRead(value.GetString, out var text))
            return JsonValue.Create(text);
        violations.AddBounded(at, "has half a surrogate pair");
        return null;
    }

    private JsonNode? Word(JsonElement value, Type type, string at)
    {
        if (Text(value, at) is not { } text)
            return null;
        if (RestJson.WordsOf(type).Contains(text.GetValue<string>()))
            return text;
        violations.AddBounded(at, $"must be one of {Words(type)}");
        return null;
    }

    // RFC 3339: a time without its offset means another time on each host.
    private JsonNode? Time(JsonElement value, string at)
    {
        if (Text(value, at) is not { } text)
            return null;
        if (value.TryGetDateTimeOffset(out _) && OffsetAtEnd().IsMatch(text.GetValue<string>()))
            return text;
        violations.AddBounded(at, "must be a time with its offset, for instance 2027-01-31T12:00:00Z");
        return null;
    }

    private JsonNode? Duration(JsonElement value, string at)
    {
        if (Text(value, at) is not { } text)
            return null;
        if (DurationText.TryParse(text.GetValue<string>(), out _))
            return text;
        violations.AddBounded(at, DurationText.Rule);
        return null;
    }

    private JsonNode? Address(JsonElement value, string at)
    {
        if (Text(value, at) is not { } text)
            return null;
        if (MacAddress.TryParse(text.GetValue<string>(), out _))
            return text;
        violations.AddBounded(at, MacAddress.Rule);
        return null;
    }

    private JsonNode? Parameters(JsonElement value, string at)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return Wrong(at, "an object", value);
        var valid = Check(value, [.. TemplateParameter.All.Select(p => (p.Name, p.PlainType, false))], at);
        foreach (var parameter in TemplateParameter.All)
        {
            if (valid[parameter.Name] is not { } node || parameter.FromJson(JsonSerializer.SerializeToElement(node), out var error) is not null)
                continue;
            violations.AddBounded(At(at, parameter.Name), error!);
            valid.Remove(parameter.Name);
        }

        return valid;
    }

    private JsonNode? Number(JsonElement value, Type type, string at)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number))
            return Wrong(at, "a whole number", value);
        if (type == typeof(uint) && number is < 0 or > uint.MaxValue)
        {
            violations.AddBounded(at, $"must be 0 to {uint.MaxValue}");
            return null;
        }

        // The only numbers of 16 bits in requests are ids of VLANs.
        if (type == typeof(ushort) && number is < 0 or > ushort.MaxValue)
        {
            violations.AddBounded(at, ActionRules.VlanRule);
            return null;
        }

        return JsonValue.Create(number);
    }

    private Dictionary<string, JsonElement> Members(JsonElement value, string path)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            if (!TryRead(() => property.Name, out var name))
                violations.AddBounded(At(path, "?"), "the name of a field has half a surrogate pair");
            else if (!members.TryAdd(name, property.Value))
                violations.AddBounded(At(path, name), "is given more than once");
        }

        return members;
    }

    private JsonNode? Wrong(string at, string expected, JsonElement value)
    {
        violations.AddBounded(at, $"must be {expected}, not {Kind(value)}");
        return null;
    }

    private static string At(string path, string name)
    {
        if (name.Length > MaxNameLength)
            name = name[..MaxNameLength] + "…";
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    private static string Words(Type type) => string.Join(", ", RestJson.WordsOf(type));

    // The parser checks escapes of surrogates only when a text is read.
    private static bool TryRead(Func<string?> read, out string text)
    {
        try
        {
            text = read()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => $"the number {Shorten(value.GetRawText())}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    [GeneratedRegex("(Z|[+-][0-9]{2}:[0-9]{2})$")]
    private static partial Regex OffsetAtEnd();
}
