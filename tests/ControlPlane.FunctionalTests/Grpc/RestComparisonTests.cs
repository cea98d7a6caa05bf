using System.Text.Json.Nodes;
using ControlPlane.TestCommon;
using Devmapd.V1;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>REST and gRPC have the same fields under the same names, with the same types. The deliberate differences are named here.</summary>
public sealed class RestComparisonTests
{
    private static readonly JsonNode Document = JsonNode.Parse(File.ReadAllText(Repository.PathOf("tests/ControlPlane.FunctionalTests/Snapshots/openapi.v1.json")))!;

    /// <summary>Responses that REST names for what they are.</summary>
    private static readonly Dictionary<string, string> SchemaNames = new()
    {
        [ListDevmapsResponse.Descriptor.Name] = "DevmapList",
        [ListEntriesResponse.Descriptor.Name] = "EntryList",
        [ListCountersResponse.Descriptor.Name] = "CounterList",
        [ListAttachmentsResponse.Descriptor.Name] = "AttachmentList",
        [ListProgramsResponse.Descriptor.Name] = "EgressProgramList",
        [ListChangesResponse.Descriptor.Name] = "ChangeList",
        [ListTokensResponse.Descriptor.Name] = "TokenList",
        [CreateTokenResponse.Descriptor.Name] = "CreateTokenResponse",
        [ListInterfacesResponse.Descriptor.Name] = "InterfaceList",
        [GetDevmapShapeResponse.Descriptor.Name] = "DevmapShape",
        [AuditDevmapResponse.Descriptor.Name] = "AuditReport",
        [ApplyEntriesResponse.Descriptor.Name] = "ApplyEntriesResponse",
        [ReplaceEntriesResponse.Descriptor.Name] = "ReplaceEntriesResponse",
        [WaitEntriesResponse.Descriptor.Name] = "WaitEntriesResponse",
        [SetEgressProgramResponse.Descriptor.Name] = "SetEgressProgramResponse",
    };

    /// <summary>Fields that one API has and the other does not need.</summary>
    private static readonly HashSet<string> Differences =
    [
        "RemedyRequest.path", // REST names a call by method and path.
    ];

    /// <summary>Fields that both have and whose types differ.</summary>
    private static readonly HashSet<string> OtherTypes =
    [
        "Interface.xdpFeatures", // A list that may be absent needs a message in protobuf.
        "DevmapSpec.counters", // Absent means true in a request of gRPC.
        "RemedyRequest.body", // The spec, or null, in REST; the whole request in gRPC.
        "EntryList.nextPageToken", "CounterList.nextPageToken", "ChangeList.nextPageToken", // Empty in gRPC, null in REST, on the last page.
    ];

    /// <summary>Fields whose comments say when they are absent.</summary>
    private static readonly HashSet<string> AbsentFields = ReadAbsentFields();

    public static TheoryData<string> Messages { get; } = new(Compared.Select(m => m.Name));

    // Requests, and responses that only wrap a resource, are gRPC's own; so are the events, which REST writes as one kind of object.
    private static IEnumerable<MessageDescriptor> Compared => ContractText.Files.SelectMany(f => f.MessageTypes).Where(m =>
        SchemaNames.ContainsKey(m.Name)
        || !(m.Name.EndsWith("Request", StringComparison.Ordinal) && m.Name != RemedyRequest.Descriptor.Name)
            && !m.Name.EndsWith("Response", StringComparison.Ordinal)
            && m.Name != XdpFeatures.Descriptor.Name
            && !Events.Contains(m.Name));

    private static IReadOnlyList<string> Events =>
    [
        .. WatchResponse.Descriptor.Oneofs[0].Fields.Select(f => f.MessageType.Name).Where(n => n is not (nameof(Entry) or nameof(Attachment) or nameof(EgressProgram) or nameof(Devmap) or nameof(Lease))),
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Message_HasTheFieldsOfTheSchema(string message)
    {
        var descriptor = Compared.Single(m => m.Name == message);
        var schema = NameOf(descriptor);
        var properties = Properties(schema);

        Assert.Equal(
            properties.Select(p => p.Key).Where(name => !Differences.Contains($"{schema}.{name}")).Order(),
            descriptor.Fields.InFieldNumberOrder().Select(f => f.JsonName).Order());
        var fields = descriptor.Fields.InFieldNumberOrder().Where(f => !OtherTypes.Contains($"{schema}.{f.JsonName}")).ToList();
        Assert.Equal(
            fields.Select(f => $"{f.JsonName}: {TypeOf(f)}{(MayBeAbsent(f) ? " or null" : "")}"),
            fields.Select(f => $"{f.JsonName}: {TypeOf(properties[f.JsonName]!)}{(MayBeNull(properties[f.JsonName]!) ? " or null" : "")}"));
    }

    [Fact]
    public void Events_HaveTheFieldsOfTheSchemas()
    {
        foreach (var field in WatchResponse.Descriptor.Oneofs[0].Fields)
        {
            var schema = EventSchema(field.JsonName);
            var expected = Events.Contains(field.MessageType.Name)
                ? field.MessageType.Fields.InFieldNumberOrder().Select(f => f.JsonName)
                : [field.JsonName];

            // gRPC has the devmap beside the event.
            Assert.Equal(new[] { "type", "revision", "devmap" }.Concat(expected).Order(), schema.Order());
        }
    }

    [Fact]
    public void EveryOptionalField_SaysWhenItIsAbsent() => Assert.All(
        ContractText.Files.SelectMany(f => f.MessageTypes).SelectMany(m => m.Fields.InFieldNumberOrder()).Where(f => f.RealContainingOneof is null),
        field =>
        {
            if (MayBeAbsent(field))
                Assert.True(field.HasPresence, $"{field.FullName} is never absent");
            else if (field.HasPresence)
                Assert.True(field.FieldType == FieldType.Message, $"{field.FullName} does not say when it is absent");
        });

    [Fact]
    public void EveryDifference_IsOne()
    {
        Assert.All(Differences, d => Assert.Contains(d, Compared.SelectMany(Both)));
        Assert.All(OtherTypes, d => Assert.Contains(d, Compared.SelectMany(Both)));

        static IEnumerable<string> Both(MessageDescriptor message) => Properties(NameOf(message)).Select(p => $"{NameOf(message)}.{p.Key}");
    }

    private static string NameOf(MessageDescriptor message) => SchemaNames.GetValueOrDefault(message.Name, message.Name);

    private static JsonObject Properties(string schema) =>
        Document["components"]!["schemas"]![schema]?["properties"]?.AsObject() ?? throw new KeyNotFoundException($"REST has no schema {schema}");

    /// <summary>The names of the properties of the event of this type, those of its base included.</summary>
    private static List<string> EventSchema(string type)
    {
        var name = Document["components"]!["schemas"]!["WatchEvent"]!["discriminator"]!["mapping"]![type]!.GetValue<string>().Split('/')[^1];
        return [.. NamesOf(Document["components"]!["schemas"]![name]!).Distinct()];

        static List<string> NamesOf(JsonNode schema) =>
        [
            .. schema["$ref"] is { } reference ? NamesOf(Document["components"]!["schemas"]![reference.GetValue<string>().Split('/')[^1]]!) : [],
            .. schema["properties"]?.AsObject().Select(p => p.Key) ?? [],
            .. (schema["allOf"] as JsonArray)?.SelectMany(part => NamesOf(part!)) ?? [],
        ];
    }

    private static HashSet<string> ReadAbsentFields()
    {
        var absent = new HashSet<string>();
        foreach (var file in Directory.GetFiles(Repository.PathOf("protos/devmapd/v1"), "*.proto"))
        {
            var (message, comment) = ("", "");
            foreach (var line in File.ReadLines(file).Select(l => l.Trim()))
            {
                if (line.StartsWith("//", StringComparison.Ordinal))
                {
                    comment += " " + line[2..].Trim();
                    continue;
                }

                if (line.StartsWith("message ", StringComparison.Ordinal))
                    message = line.Split(' ')[1];
                else if (line.Contains(" = ", StringComparison.Ordinal) && comment.Contains("bsent", StringComparison.Ordinal))
                    absent.Add($"{message}.{line.Split(" = ")[0].Split(' ')[^1]}");
                comment = "";
            }
        }

        return absent;
    }

    private static bool MayBeAbsent(FieldDescriptor field) => AbsentFields.Contains($"{field.ContainingType.Name}.{field.Name}");

    private static bool MayBeNull(JsonNode schema) =>
        (schema["type"] as JsonArray)?.Any(t => t!.GetValue<string>() == "null") == true
        || ((schema["oneOf"] ?? schema["anyOf"]) as JsonArray)?.Any(MayBeNullItself) == true;

    private static bool MayBeNullItself(JsonNode? schema) => schema!["type"]?.ToString() == "null";

    private static string TypeOf(FieldDescriptor field)
    {
        if (field.IsMap)
            return $"map of {TypeOf(field.MessageType.FindFieldByName("value"))}";
        var type = field.FieldType switch
        {
            FieldType.Bool => "boolean",
            FieldType.String => "string",
            FieldType.Double => "number",
            FieldType.Enum => EnumOf(field.EnumType),
            FieldType.Message when field.MessageType == Timestamp.Descriptor => "date-time",
            FieldType.Message when field.MessageType == Duration.Descriptor => "string",
            FieldType.Message when field.MessageType == Struct.Descriptor => "object",
            FieldType.Message => NameOf(field.MessageType),
            _ => "integer",
        };
        return field.IsRepeated ? $"list of {type}" : type;
    }

    /// <summary>The values as REST writes them: those of states and of conditions in PascalCase, all others in camelCase.</summary>
    private static string EnumOf(EnumDescriptor type)
    {
        var prefix = type.Values[0].Name[..^"UNSPECIFIED".Length];
        var pascal = type.Name.EndsWith("State", StringComparison.Ordinal) || type.Name == nameof(ConditionStatus);
        return $"one of {string.Join(' ', type.Values.Skip(1).Select(v => Words(v.Name[prefix.Length..], pascal)).Order(StringComparer.Ordinal))}";
    }

    private static string Words(string name, bool pascal) => string.Concat(name.Split('_').Select((w, i) =>
        i == 0 && !pascal ? w.ToLowerInvariant() : w[..1] + w[1..].ToLowerInvariant()));

    private static string TypeOf(JsonNode schema)
    {
        if (schema["$ref"]?.GetValue<string>() is { } reference)
        {
            var name = reference.Split('/')[^1];
            return Document["components"]!["schemas"]![name]!["enum"] is JsonArray values ? EnumOf(values) : name;
        }

        // A value that may be null: of the alternatives, the one that is not.
        if ((schema["oneOf"] ?? schema["anyOf"] ?? schema["allOf"]) is JsonArray alternatives)
            return TypeOf(alternatives.First(a => a!["type"]?.ToString() != "null")!);
        if (schema["enum"] is JsonArray words)
            return EnumOf(words);
        var type = schema["type"] is JsonArray types ? types.Select(t => t!.GetValue<string>()).First(t => t != "null") : schema["type"]?.GetValue<string>();
        return (type, schema["format"]?.GetValue<string>()) switch
        {
            ("array", _) => $"list of {TypeOf(schema["items"]!)}",
            ("object", _) when schema["additionalProperties"] is JsonObject value => $"map of {TypeOf(value)}",
            ("string", "date-time") => "date-time",
            _ => type ?? "anything",
        };
    }

    private static string EnumOf(JsonArray values) =>
        $"one of {string.Join(' ', values.Where(v => v is not null).Select(v => v!.GetValue<string>()).Order(StringComparer.Ordinal))}";
}
