using ControlPlane.Daemon.Rest.Resources;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Rest.OpenApi;

/// <summary>Says of request bodies that nothing else is taken.</summary>
internal sealed class SchemaFilter : ISchemaFilter
{
    private static readonly Type[] Bodies = [typeof(EntryBody), typeof(AttachmentBody), typeof(ProgramBody), typeof(ProgramParametersResource)];

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is OpenApiSchema { Properties: not null } body)
            body.AdditionalPropertiesAllowed = !Bodies.Contains(context.Type);
    }
}
