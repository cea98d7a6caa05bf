using System.Text;
using Devmapd.V1;
using Google.Protobuf.Reflection;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The contract as the descriptors have it, one line for each thing a client depends on.</summary>
internal static class ContractText
{
    public static IReadOnlyList<FileDescriptor> Files { get; } =
    [
        .. new[] { DevmapService.Descriptor.File, ProgramService.Descriptor.File, LeaseService.Descriptor.File, TokenService.Descriptor.File, ChangeService.Descriptor.File, StateService.Descriptor.File, HostService.Descriptor.File }
            .SelectMany(f => f.Dependencies.Append(f))
            .SelectMany(f => f.Dependencies.Append(f))
            .Where(f => f.Package == "devmapd.v1")
            .DistinctBy(f => f.Name)
            .OrderBy(f => f.Name, StringComparer.Ordinal),
    ];

    public static string Render()
    {
        var text = new StringBuilder();
        foreach (var file in Files)
        {
            text.Append($"file {file.Name}, package {file.Package}\n");
            foreach (var service in file.Services)
                Render(text, service);
            foreach (var message in file.MessageTypes)
                Render(text, message);
            foreach (var type in file.EnumTypes)
                Render(text, type);
            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Render(StringBuilder text, ServiceDescriptor service)
    {
        text.Append($"  service {service.FullName}\n");
        foreach (var method in service.Methods)
        {
            text.Append($"    rpc {method.Name} ({Stream(method.IsClientStreaming)}{method.InputType.FullName})")
                .Append($" returns ({Stream(method.IsServerStreaming)}{method.OutputType.FullName})\n");
        }
    }

    private static void Render(StringBuilder text, MessageDescriptor message)
    {
        text.Append($"  message {message.FullName}\n");
        foreach (var range in message.ToProto().ReservedRange)
            text.Append($"    reserved {range.Start} to {range.End - 1}\n");
        foreach (var name in message.ToProto().ReservedName)
            text.Append($"    reserved {name}\n");
        foreach (var field in message.Fields.InFieldNumberOrder())
            text.Append($"    {field.FieldNumber} {field.Name}: {Type(field)}{(field.GetOptions()?.Deprecated == true ? ", deprecated" : "")}\n");
    }

    private static void Render(StringBuilder text, EnumDescriptor type)
    {
        text.Append($"  enum {type.FullName}\n");
        foreach (var value in type.Values)
            text.Append($"    {value.Number} {value.Name}\n");
    }

    private static string Type(FieldDescriptor field)
    {
        if (field.IsMap)
            return $"map<{Type(field.MessageType.Fields[1])}, {Type(field.MessageType.Fields[2])}>";
        var name = field.FieldType switch
        {
            FieldType.Message => field.MessageType.FullName,
            FieldType.Enum => field.EnumType.FullName,
            _ => field.FieldType.ToString().ToLowerInvariant(),
        };
        return (field.IsRepeated ? "repeated " : field.RealContainingOneof is { } oneof ? $"oneof {oneof.Name} " : field.ToProto().Proto3Optional ? "optional " : "") + name;
    }

    private static string Stream(bool streaming) => streaming ? "stream " : "";
}
