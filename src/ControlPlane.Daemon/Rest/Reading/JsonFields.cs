using System.Text.Json;
using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Rest.Reading;

/// <summary>
/// The fields of one JSON object of a request. A field is taken by its name and type; what is wrong, given twice or left
/// over at the end is a fault under its path. Null is the same as left out.
/// </summary>
internal sealed class JsonFields
{
    /// <summary>Longest name of an unknown field that is repeated in an answer.</summary>
    public const int MaxNameLength = 100;

    private readonly Dictionary<string, JsonElement> _left = new(StringComparer.Ordinal);
    private readonly List<string> _taken = [];
    private readonly List<JsonFields> _inner = [];
    private readonly string _path;
    private readonly Violations _faults;

    /// <summary>No object at all: every field is left out.</summary>
    public static JsonFields None { get; } = new("", new Violations());

    public JsonFields(JsonElement element, string path, Violations faults) : this(path, faults)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!TryRead(() => property.Name, out var name))
                faults.AddBounded(At("?"), "the name of a field has half a surrogate pair");
            else if (!_left.TryAdd(name, property.Value))
                faults.AddBounded(At(name), "is given more than once");
        }
    }

    private JsonFields(string path, Violations faults) => (_path, _faults) = (path, faults);

    /// <summary>A text.</summary>
    public string? Text(string name)
    {
        if (Take(name) is not { } value)
            return null;
        return AsText(name, value);
    }

    /// <summary>True or false.</summary>
    public bool? Flag(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        return Wrong<bool?>(name, "true or false", value);
    }

    /// <summary>A whole number of 64 bits.</summary>
    public long? Number(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number))
            return number;
        return Wrong<long?>(name, "a whole number", value);
    }

    /// <summary>An object whose fields are texts, under names of the caller's choice.</summary>
    public IReadOnlyDictionary<string, string>? Texts(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Object)
            return Wrong<IReadOnlyDictionary<string, string>?>(name, "an object of strings", value);
        var fields = new JsonFields(value, At(name), _faults);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, element) in fields._left)
        {
            if (fields.AsText(key, element) is { } text)
                texts.Add(key, text);
        }

        return texts;
    }

    /// <summary>An object of its own; one without fields when it is left out.</summary>
    public JsonFields Object(string name)
    {
        if (Take(name) is not { } value)
            return None;
        if (value.ValueKind != JsonValueKind.Object)
            return Wrong<JsonFields?>(name, "an object", value) ?? None;
        var fields = new JsonFields(value, At(name), _faults);
        _inner.Add(fields);
        return fields;
    }

    /// <summary>Makes faults of the fields nobody took.</summary>
    public void RefuseRest()
    {
        foreach (var name in _left.Keys)
            _faults.AddBounded(At(name), $"is not a field of this request; its fields here are {string.Join(", ", _taken)}");
        foreach (var inner in _inner)
            inner.RefuseRest();
    }

    private JsonElement? Take(string name)
    {
        _taken.Add(name);
        return _left.Remove(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private string? AsText(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            return Wrong<string?>(name, "a string", value);
        if (TryRead(value.GetString, out var text))
            return text;
        _faults.AddBounded(At(name), "has half a surrogate pair");
        return null;
    }

    private T? Wrong<T>(string name, string wanted, JsonElement value)
    {
        _faults.AddBounded(At(name), $"must be {wanted}, not {Kind(value)}");
        return default;
    }

    private string At(string name)
    {
        if (name.Length > MaxNameLength)
            name = name[..MaxNameLength] + "…";
        return _path.Length == 0 ? name : $"{_path}.{name}";
    }

    /// <summary>The reader checks escapes of surrogates only when a text is asked for.</summary>
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
}
