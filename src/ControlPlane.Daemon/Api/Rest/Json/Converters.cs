using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Api.Rest.Json;

/// <summary>A converter of values that no request carries.</summary>
internal abstract class AnswerConverter<T> : JsonConverter<T>
{
    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException($"{typeof(T).Name} is never read.");
}

/// <summary>Labels as an object, in the order of their names.</summary>
internal sealed class LabelsConverter : JsonConverter<Labels>
{
    public override Labels? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            labels[name] = reader.GetString()!;
        }

        return Labels.Of(labels);
    }

    public override void Write(Utf8JsonWriter writer, Labels value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, text) in value)
            writer.WriteString(name, text);
        writer.WriteEndObject();
    }
}

/// <summary>Ethernet addresses as six octets joined by colons.</summary>
internal sealed class MacAddressConverter : JsonConverter<MacAddress>
{
    public override MacAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        MacAddress.TryParse(reader.GetString(), out var address) ? address : throw new JsonException(MacAddress.Rule);

    public override void Write(Utf8JsonWriter writer, MacAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>Parameters of templates as an object with all parameters; null for those that are not given.</summary>
internal sealed class ParametersConverter : JsonConverter<EgressProgramParameters>
{
    public override EgressProgramParameters Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return EgressProgramParameters.Parse(document.RootElement.GetRawText());
    }

    public override void Write(Utf8JsonWriter writer, EgressProgramParameters value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var parameter in TemplateParameter.All)
        {
            writer.WritePropertyName(parameter.Name);
            if (value.Find(parameter) is { } given)
                parameter.ToJson(given).WriteTo(writer);
            else
                writer.WriteNullValue();
        }

        writer.WriteEndObject();
    }
}

/// <summary>Durations as protobuf JSON: seconds with up to seven decimals, <c>1.5s</c>.</summary>
internal sealed class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DurationText.TryParse(reader.GetString(), out var time) ? time : throw new JsonException(DurationText.Rule);

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{(decimal)value.Ticks / TimeSpan.TicksPerSecond:0.#######}s"));
}

/// <summary>Times as RFC 3339 in UTC.</summary>
internal sealed class TimestampConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);
}

/// <summary>The features of a driver as the names of those it has.</summary>
internal sealed class XdpFeaturesConverter : AnswerConverter<XdpFeatures>
{
    public override void Write(Utf8JsonWriter writer, XdpFeatures value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var feature in Enum.GetValues<XdpFeatures>())
        {
            if (feature != XdpFeatures.None && value.HasFlag(feature))
                writer.WriteStringValue(JsonNamingPolicy.CamelCase.ConvertName(feature.ToString()));
        }

        writer.WriteEndArray();
    }
}

/// <summary>Conditions, with the fields of the contract.</summary>
/// <remarks>The entries of a page share most of their conditions, so the JSON of a condition that comes again is kept.</remarks>
internal sealed class ConditionConverter : AnswerConverter<Condition>
{
    private const int Places = 32;

    // A condition has the place of its hash. The place is another condition's as soon as that is written.
    [ThreadStatic]
    private static (Condition? Condition, byte[]? Json)[]? _kept;

    public override void Write(Utf8JsonWriter writer, Condition value, JsonSerializerOptions options)
    {
        ref var place = ref (_kept ??= new (Condition?, byte[]?)[Places])[RuntimeHelpers.GetHashCode(value) % Places];
        if (!ReferenceEquals(place.Condition, value))
        {
            place = (value, null);
            WriteObject(writer, value);
            return;
        }

        place.Json ??= JsonOf(value, writer.Options);
        writer.WriteRawValue(place.Json, skipInputValidation: true);
    }

    private static byte[] JsonOf(Condition value, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, options))
            WriteObject(writer, value);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteObject(Utf8JsonWriter writer, Condition value)
    {
        writer.WriteStartObject();
        WriteFields(writer, value);
        writer.WriteEndObject();
    }

    public static void WriteFields(Utf8JsonWriter writer, Condition value)
    {
        writer.WriteString("type"u8, value.Type.Name);
        writer.WriteString("status"u8, value.Status.ToString());
        writer.WriteString("reason"u8, value.Reason);
        writer.WriteString("message"u8, value.Message);
        if (value.LastTransitionTime is { } time)
            writer.WriteString("lastTransitionTime"u8, time.UtcDateTime);
        else
            writer.WriteNull("lastTransitionTime"u8);
        WriteRemedy(writer, value.Remedy);
    }

    public static void WriteRemedy(Utf8JsonWriter writer, Remedy? remedy)
    {
        writer.WritePropertyName("remedy"u8);
        if (RemedyResource.Of(remedy) is { } resource)
            JsonSerializer.Serialize(writer, resource, RestJson.Instance.RemedyResource);
        else
            writer.WriteNullValue();
    }
}

/// <summary>Steps of explanations: the fields of a condition, and the evidence.</summary>
internal sealed class ExplainStepConverter : AnswerConverter<ExplainStep>
{
    public override void Write(Utf8JsonWriter writer, ExplainStep value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        ConditionConverter.WriteFields(writer, value.Condition);
        writer.WriteStartObject("evidence"u8);
        foreach (var (name, text) in value.Evidence)
            writer.WriteString(name, text);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}

/// <summary>Verdicts, with the remedy in the form of the contract.</summary>
internal sealed class VerdictConverter : AnswerConverter<ExplainVerdict>
{
    public override void Write(Utf8JsonWriter writer, ExplainVerdict value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("outcome"u8, JsonNamingPolicy.CamelCase.ConvertName(value.Outcome.ToString()));
        writer.WriteString("reason"u8, value.Reason);
        writer.WriteString("message"u8, value.Message);
        ConditionConverter.WriteRemedy(writer, value.Remedy);
        writer.WritePropertyName("leaving"u8);
        if (value.Leaving is null)
            writer.WriteNullValue();
        else
            JsonSerializer.Serialize(writer, value.Leaving, RestJson.Instance.LeavingFrame);
        writer.WriteEndObject();
    }
}
