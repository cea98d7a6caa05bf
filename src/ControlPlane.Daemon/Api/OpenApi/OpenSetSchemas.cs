using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>
/// The schemas of open sets and of the parameters of templates. Both have named schemas: a set as an enum has one, the parameters as an
/// object with a member for each.
/// </summary>
internal sealed class OpenSetSchemas(ISerializerDataContractResolver others) : ISerializerDataContractResolver
{
    public DataContract GetDataContractForType(Type type)
    {
        if (IsSet(type))
            return DataContract.ForObject(type, [], jsonConverter: value => JsonSerializer.Serialize(value, type, RestJson.Instance));
        return type == typeof(EgressProgramParameters)
            ? DataContract.ForObject(type, TemplateParameter.All.Select(p => new DataProperty(p.Name, PlainType(p), isNullable: true)))
            : others.GetDataContractForType(type);
    }

    /// <summary>Completes the schema of such a type. Does nothing for another type.</summary>
    public static void Complete(OpenApiSchema schema, Type type)
    {
        if (IsSet(type))
        {
            schema.Type = JsonSchemaType.String;
            schema.Properties = null;
            schema.AdditionalPropertiesAllowed = true;
            schema.Enum = [.. RestJson.WordsOf(type).Select(word => (JsonNode)word)];
        }
        else if (type == typeof(EgressProgramParameters))
        {
            foreach (var parameter in TemplateParameter.All)
                Complete((OpenApiSchema)schema.Properties![parameter.Name], parameter);
        }
    }

    private static void Complete(OpenApiSchema member, TemplateParameter parameter)
    {
        member.Type |= JsonSchemaType.Null;
        member.Description = $"{string.Join(", ", parameter.Templates.Select(t => $"`{t.Name}`"))}: {parameter.Text}. Null for other templates.";
    }

    private static bool IsSet(Type type) => typeof(OpenSetMember).IsAssignableFrom(type);

    private static Type PlainType(TemplateParameter parameter) => parameter.PlainType == typeof(uint) ? typeof(uint?) : parameter.PlainType;
}
