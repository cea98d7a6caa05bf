using System.Text.Json;
using System.Text.Json.Serialization;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Api.Rest.Json;

/// <summary>Converts the members of all open sets to their names, and back.</summary>
internal sealed class OpenSets : JsonConverterFactory
{
    private static readonly Dictionary<Type, (string[] Words, JsonConverter Converter)> Sets = new()
    {
        [typeof(KeySelector)] = Of(KeySelector.Set),
        [typeof(EgressTemplate)] = Of(EgressTemplate.Set),
    };

    /// <summary>Returns the names of the members of an open set; null for another type.</summary>
    public static string[]? WordsOf(Type type) => Sets.TryGetValue(type, out var set) ? set.Words : null;

    public override bool CanConvert(Type typeToConvert) => Sets.ContainsKey(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) => Sets[typeToConvert].Converter;

    private static (string[] Words, JsonConverter Converter) Of<T>(OpenSet<T> set)
        where T : OpenSetMember =>
        ([.. set.All.Select(m => m.Name)], new MemberConverter<T>(set));

    private sealed class MemberConverter<T>(OpenSet<T> set) : JsonConverter<T>
        where T : OpenSetMember
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            set.TryFind(reader.GetString(), out var member) ? member : throw new JsonException(set.Unknown($"'{reader.GetString()}'"));

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
    }
}
