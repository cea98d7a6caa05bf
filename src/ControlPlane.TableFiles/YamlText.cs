using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.TableFiles;

/// <summary>Writes JSON values as YAML.</summary>
public static class YamlText
{
    private const string Special = ":#{}[],&*!|>'\"%@`?-";

    /// <summary>Returns the value in block style, each line with its end.</summary>
    /// <param name="value">The value.</param>
    /// <param name="indent">The spaces before each line.</param>
    public static string Of(JsonNode? value, int indent = 0)
    {
        var text = new StringBuilder();
        switch (value)
        {
            case JsonObject { Count: > 0 } map:
                WriteMap(text, map, indent, isFirstIndented: true);
                break;
            case JsonArray { Count: > 0 } list:
                WriteList(text, list, indent);
                break;
            default:
                text.Append(' ', indent).Append(Scalar(value)).Append('\n');
                break;
        }

        return text.ToString();
    }

    /// <summary>Returns a text with quotes if it would be read as something else without.</summary>
    public static string Scalar(string text) =>
        text.Length > 0 && TableReader.Plain(text) is JsonValue plain && plain.GetValueKind() == JsonValueKind.String && IsPlain(text)
            ? text
            : Quoted(text);

    private static void WriteMap(StringBuilder text, JsonObject map, int indent, bool isFirstIndented)
    {
        foreach (var (name, value) in map)
        {
            text.Append(' ', isFirstIndented ? indent : 0).Append(Scalar(name)).Append(':');
            isFirstIndented = true;
            WriteValue(text, value, indent);
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } map:
                text.Append('\n');
                WriteMap(text, map, indent + 2, isFirstIndented: true);
                break;
            case JsonArray { Count: > 0 } list:
                text.Append('\n');
                WriteList(text, list, indent + 2);
                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    private static void WriteList(StringBuilder text, JsonArray list, int indent)
    {
        foreach (var item in list)
        {
            text.Append(' ', indent).Append("- ");
            if (item is JsonObject { Count: > 0 } map)
                WriteMap(text, map, indent + 2, isFirstIndented: false);
            else
                text.Append(Scalar(item)).Append('\n');
        }
    }

    private static string Scalar(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray { Count: 0 } => "[]",
        JsonArray nested => nested.ToJsonString(),
        JsonValue text when text.GetValueKind() == JsonValueKind.String => Scalar(text.GetValue<string>()),
        _ => value.ToJsonString(),
    };

    private static bool IsPlain(string text) =>
        !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]) && !text.Any(char.IsControl)
        && (!Special.Contains(text[0], StringComparison.Ordinal))
        && !text.Contains(": ", StringComparison.Ordinal) && !text.Contains(" #", StringComparison.Ordinal) && text[^1] != ':'
        && text is not ("yes" or "no" or "on" or "off" or "y" or "n" or "Yes" or "No" or "On" or "Off")
        // Other readers take these for numbers and times.
        && !(char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiHexDigit(c) || c is '.' or ':' or '-' or '+' or 'x' or 'o' or '_' or 'T' or 'Z') && text.Count(c => c == '.') < 2);

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                _ when char.IsControl(c) => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
