using System.Reflection;
using System.Text.Json;
using ControlPlane.Daemon.Rest.Resources;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Rest.OpenApi;

/// <summary>Says of fields which may be null, as their types do, and of request bodies that nothing else is taken.</summary>
internal sealed class SchemaFilter : ISchemaFilter
{
    private static readonly Type[] Bodies = [typeof(EntryBody), typeof(AttachmentBody), typeof(ProgramBody), typeof(ProgramParametersResource)];

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } fields } type)
            return;
        type.AdditionalPropertiesAllowed = !Bodies.Contains(context.Type);
        var nullability = new NullabilityInfoContext();
        foreach (var property in context.Type.GetProperties())
        {
            if (nullability.Create(property).ReadState == NullabilityState.NotNull
                && fields[JsonNamingPolicy.CamelCase.ConvertName(property.Name)] is OpenApiSchema { Type: { } known } field)
            {
                var rest = known & ~JsonSchemaType.Null;
                field.Type = rest == 0 ? null : rest;
            }
        }
    }
}
