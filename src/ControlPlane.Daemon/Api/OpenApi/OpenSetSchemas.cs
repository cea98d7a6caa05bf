using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>Gives open sets a named schema, as enums have one. <see cref="Complete"/> turns it into a list of words.</summary>
internal sealed class OpenSetResolver(ISerializerDataContractResolver others) : ISerializerDataContractResolver
{
    public DataContract GetDataContractForType(Type type) => typeof(OpenSetMember).IsAssignableFrom(type)
        ? DataContract.ForObject(type, [], jsonConverter: value => JsonSerializer.Serialize(value, type, RestJson.Instance))
        : others.GetDataContractForType(type);

    /// <summary>Writes the words into the schema of an open set.</summary>
    public static void Complete(OpenApiSchema schema, Type type)
    {
        schema.Type = JsonSchemaType.String;
        schema.Properties = null;
        schema.AdditionalPropertiesAllowed = true;
        schema.Enum = [.. RestJson.WordsOf(type).Select(word => (JsonNode)word)];
    }
}
