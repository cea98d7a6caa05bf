using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using V1 = Devmapd.V1;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>Remedies as messages: a call becomes the name of a method and its request in protobuf JSON.</summary>
internal static class RemedyMessages
{
    // By the name in the table of operations, with the name that a client calls.
    private static readonly Dictionary<string, (MessageDescriptor Request, string Name)> _methods = new[]
    {
        V1.DevmapService.Descriptor, V1.ProgramService.Descriptor, V1.HostService.Descriptor, V1.LeaseService.Descriptor,
    }.SelectMany(s => s.Methods).ToDictionary(m => $"{m.Service.Name}/{m.Name}", m => (m.InputType, $"{m.Service.FullName}/{m.Name}"), StringComparer.Ordinal);

    /// <summary>Returns the message of a remedy.</summary>
    public static V1.Remedy Of(Remedy remedy)
    {
        var message = new V1.Remedy { Summary = remedy.Summary };
        message.Commands.AddRange(remedy.Commands);
        if (remedy.Call is { } call)
            message.Request = Of(call);
        return message;
    }

    private static V1.RemedyRequest Of(OperationCall call)
    {
        var (type, method) = _methods[CallText.OperationOf(call).Grpc];
        var body = new Struct();
        foreach (var (name, value) in call.Path.Concat(call.Query))
        {
            var field = Field(type, name == "interfaceName" ? "interface" : name);
            body.Fields[field.JsonName] = Of(field, value);
        }

        if (call.Body() is not { } content)
            return new V1.RemedyRequest { Method = method, Body = body };

        // A write carries its spec in a field of that name.
        var target = body;
        if (type.FindFieldByName("spec") is { } spec)
        {
            (target, type) = (new Struct(), spec.MessageType);
            body.Fields["spec"] = Value.ForStruct(target);
        }

        foreach (var (name, value) in content)
        {
            if (value is not null)
                target.Fields[name] = Of(Field(type, name), value);
        }

        return new V1.RemedyRequest { Method = method, Body = body };
    }

    private static FieldDescriptor Field(MessageDescriptor type, string jsonName) =>
        type.Fields.InFieldNumberOrder().FirstOrDefault(f => f.JsonName == jsonName)
        ?? throw new InvalidOperationException($"a remedy names the field '{jsonName}', which {type.FullName} does not have");

    private static Value Of(FieldDescriptor field, JsonNode? node) => node switch
    {
        null => Value.ForNull(),
        JsonArray list => Value.ForList([.. list.Select(item => Of(field, item))]),
        JsonObject message => Value.ForStruct(Of(field, message)),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => Of(field, node.GetValue<string>()),
            JsonValueKind.Number => Value.ForNumber(node.GetValue<double>()),
            _ => Value.ForBool(node.GetValue<bool>()),
        },
    };

    private static Struct Of(FieldDescriptor field, JsonObject message)
    {
        var made = new Struct();
        foreach (var (name, value) in message)
            made.Fields[name] = Of(field.IsMap ? field.MessageType.FindFieldByName("value") : Field(field.MessageType, name), value);
        return made;
    }

    // Core has the words of REST: `generic` is ATTACH_MODE_GENERIC.
    private static Value Of(FieldDescriptor field, string text)
    {
        if (field.FieldType != FieldType.Enum)
            return Value.ForString(text);
        var suffix = "_" + string.Concat(text.Select(c => char.IsAsciiLetterUpper(c) ? $"_{c}" : char.ToUpperInvariant(c).ToString()));
        return Value.ForString(field.EnumType.Values.Single(v => v.Name.EndsWith(suffix, StringComparison.Ordinal)).Name);
    }
}
