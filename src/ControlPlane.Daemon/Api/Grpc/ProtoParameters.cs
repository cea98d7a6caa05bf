using System.Text.Json;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using Google.Protobuf.Reflection;
using V1 = Devmapd.V1;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>The parameters of templates in the contract of gRPC: each is a field with the name of the parameter.</summary>
internal static class ProtoParameters
{
    private static readonly (TemplateParameter Parameter, IFieldAccessor Field)[] _fields =
        [.. TemplateParameter.All.Select(p => (p, V1.EgressProgramParameters.Descriptor.FindFieldByName(NameOf(p)).Accessor))];

    /// <summary>Returns the name of a parameter's field.</summary>
    public static string NameOf(TemplateParameter parameter) => JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Name);

    public static V1.EgressProgramParameters Of(EgressProgramParameters parameters)
    {
        var message = new V1.EgressProgramParameters();
        foreach (var (parameter, field) in _fields)
        {
            if (parameters.Find(parameter) is { } value)
                field.SetValue(message, parameter.Plain(value));
        }

        return message;
    }

    public static EgressProgramParameters Read(V1.EgressProgramParameters message, Violations violations)
    {
        var values = new Dictionary<TemplateParameter, object>();
        foreach (var (parameter, field) in _fields.Where(f => f.Field.HasValue(message)))
        {
            if (parameter.Parse(field.GetValue(message), out var error) is { } value)
                values.Add(parameter, value);
            else
                violations.Add($"parameters.{parameter.Name}", error!);
        }

        return new EgressProgramParameters(values);
    }
}
