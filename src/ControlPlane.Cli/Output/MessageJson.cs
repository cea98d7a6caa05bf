using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace ControlPlane.Cli.Output;

/// <summary>
/// Messages of the contract as the JSON of REST, and back: states in PascalCase, other enums in camelCase, times and durations as text.
/// Fields that are not set are left out.
/// </summary>
internal static class MessageJson
{
    private static readonly HashSet<string> PascalCase = ["EntryState", "AttachmentState", "TokenState", "ConditionStatus"];

    /// <summary>Returns a message as JSON.</summary>
    public static JsonNode Of(IMessage message) => message switch
    {
        Timestamp time => JsonValue.Create(time.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)),
        Duration duration => JsonValue.Create(TextOf(duration)),
        Struct values => new JsonObject(values.Fields.Select(f => KeyValuePair.Create(f.Key, OfValue(f.Value)))),
        _ => new JsonObject(
            from field in message.Descriptor.Fields.InDeclarationOrder()
            let value = OfField(message, field)
            where value is not null
            select KeyValuePair.Create(field.JsonName, (JsonNode?)value)),
    };

    /// <summary>Returns the word of an enum value, as the JSON has it.</summary>
    public static string Word<T>(T value)
        where T : struct, System.Enum
    {
        // The generated names are in PascalCase.
        var name = value.ToString();
        return PascalCase.Contains(typeof(T).Name) ? name : Camel(name);
    }

    /// <summary>A duration as the API writes it: <c>30s</c>, <c>1.5s</c>.</summary>
    public static string TextOf(Duration duration) => duration.ToTimeSpan().TotalSeconds.ToString("0.#########", CultureInfo.InvariantCulture) + "s";

    /// <summary>Reads a message. All errors are collected, each with the path of its field.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="into">The message to fill.</param>
    /// <param name="errors">Takes the errors.</param>
    /// <param name="path">The path of the message.</param>
    public static void Read(JsonObject json, IMessage into, ICollection<string> errors, string path = "")
    {
        var fields = into.Descriptor.Fields.InDeclarationOrder();
        foreach (var (name, value) in json)
        {
            var place = path.Length == 0 ? name : $"{path}.{name}";
            if (fields.FirstOrDefault(f => f.JsonName == name) is not { } field)
                errors.Add($"{place}: is not known; the fields are {string.Join(", ", fields.Select(f => f.JsonName))}");
            else if (value is not null)
                ReadField(value, into, field, errors, place);
        }
    }

    private static void ReadField(JsonNode value, IMessage into, FieldDescriptor field, ICollection<string> errors, string place)
    {
        if (field.IsMap)
        {
            if (value is not JsonObject map)
            {
                errors.Add($"{place}: must be a mapping of names to texts");
                return;
            }

            var target = (IDictionary)field.Accessor.GetValue(into);
            foreach (var (name, text) in map)
                target[name] = text?.ToString() ?? "";
        }
        else if (field.IsRepeated)
        {
            if (value is not JsonArray list)
            {
                errors.Add($"{place}: must be a list");
                return;
            }

            var target = (IList)field.Accessor.GetValue(into);
            foreach (var (index, item) in list.Index())
            {
                if (Parse(item, field, errors, $"{place}[{index}]") is { } parsed)
                    target.Add(parsed);
            }
        }
        else if (Parse(value, field, errors, place) is { } parsed)
        {
            field.Accessor.SetValue(into, parsed);
        }
    }

    private static object? Parse(JsonNode? value, FieldDescriptor field, ICollection<string> errors, string place)
    {
        var text = value is JsonValue ? value.ToString() : null;
        switch (field.FieldType)
        {
            case FieldType.String when text is not null:
                return text;
            case FieldType.Bool when value is JsonValue && value.GetValueKind() is JsonValueKind.True or JsonValueKind.False:
                return value.GetValue<bool>();
            case FieldType.UInt32 when uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number):
                return number;
            case FieldType.Int32 when int.TryParse(text, CultureInfo.InvariantCulture, out var number):
                return number;
            case FieldType.Int64 when long.TryParse(text, CultureInfo.InvariantCulture, out var number):
                return number;
            case FieldType.Enum when EnumOf(field.EnumType, text) is { } known:
                return known;
            case FieldType.Message when field.MessageType == Duration.Descriptor && text is not null && DurationOf(text) is { } duration:
                return duration;
            case FieldType.Message when value is JsonObject nested && field.MessageType != Duration.Descriptor:
                var message = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                Read(nested, message, errors, place);
                return message;
            default:
                errors.Add($"{place}: must be {Expected(field)}");
                return null;
        }
    }

    private static string Expected(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Bool => "true or false",
        FieldType.Enum => "one of " + string.Join(", ", field.EnumType.Values.Where(v => v.Number != 0).Select(WordOf)),
        FieldType.Message when field.MessageType == Duration.Descriptor => "a duration such as 30s",
        FieldType.Message => "a mapping",
        FieldType.String => "a text",
        _ => "a whole number",
    };

    private static object? EnumOf(EnumDescriptor type, string? text) =>
        type.Values.FirstOrDefault(v => v.Number != 0 && WordOf(v) == text) is { } value ? System.Enum.ToObject(type.ClrType, value.Number) : null;

    private static Duration? DurationOf(string text) =>
        text.EndsWith('s') && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e9
            ? Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds))
            : null;

    private static JsonNode? OfField(IMessage message, FieldDescriptor field)
    {
        if (field.HasPresence && !field.Accessor.HasValue(message))
            return null;
        var value = field.Accessor.GetValue(message);
        if (field.IsMap)
        {
            var map = (IDictionary)value;
            return map.Count == 0 ? null : new JsonObject(map.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(k => KeyValuePair.Create(k, (JsonNode?)JsonValue.Create((string)map[k]!))));
        }

        if (field.IsRepeated)
            return value is IList { Count: > 0 } list ? new JsonArray([.. list.Cast<object>().Select(item => Scalar(item, field))]) : null;
        // In a spec, what is as if it were not set says nothing; in a status 0 is a number.
        var isDesired = message.Descriptor.Name.EndsWith("Spec", StringComparison.Ordinal) || message.Descriptor.Name is "EntryActions" or "EgressProgramParameters";
        return value is "" or false || (isDesired && value is 0u or 0) ? null : Scalar(value, field);
    }

    private static JsonNode? Scalar(object value, FieldDescriptor field) => value switch
    {
        string text => JsonValue.Create(text),
        bool truth => JsonValue.Create(truth),
        int number when field.FieldType != FieldType.Enum => JsonValue.Create(number),
        uint number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        ulong number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        IMessage nested => Of(nested),
        _ => field.EnumType.FindValueByNumber(Convert.ToInt32(value, CultureInfo.InvariantCulture)) is { Number: not 0 } known ? JsonValue.Create(WordOf(known)) : null,
    };

    // ATTACH_MODE_AUTO of AttachMode is auto; ENTRY_STATE_FORWARDING of EntryState is Forwarding.
    private static string WordOf(EnumValueDescriptor value)
    {
        var prefix = string.Concat(value.EnumDescriptor.Name.Select((c, i) => char.IsAsciiLetterUpper(c) && i > 0 ? $"_{c}" : c.ToString())).ToUpperInvariant() + "_";
        var words = (value.Name.StartsWith(prefix, StringComparison.Ordinal) ? value.Name[prefix.Length..] : value.Name).Split('_');
        var pascal = string.Concat(words.Select(w => w[..1] + w[1..].ToLowerInvariant()));
        return PascalCase.Contains(value.EnumDescriptor.Name) ? pascal : Camel(pascal);
    }

    private static string Camel(string pascal) => char.ToLowerInvariant(pascal[0]) + pascal[1..];

    private static JsonNode? OfValue(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => JsonValue.Create(value.StringValue),
        Value.KindOneofCase.BoolValue => JsonValue.Create(value.BoolValue),
        Value.KindOneofCase.NumberValue => JsonValue.Create(value.NumberValue),
        Value.KindOneofCase.StructValue => Of(value.StructValue),
        Value.KindOneofCase.ListValue => new JsonArray([.. value.ListValue.Values.Select(OfValue)]),
        _ => null,
    };
}
