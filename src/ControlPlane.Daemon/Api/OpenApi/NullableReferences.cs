using Microsoft.OpenApi;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>
/// Members that are another schema or null. OpenAPI 3.0 says so by <c>nullable</c> beside <c>allOf</c>. In 3.1 the same form is the type null
/// and the schema at once, which no value is: there it must be one of both.
/// </summary>
internal static class NullableReferences
{
    /// <summary>Rewrites the document for OpenAPI 3.1.</summary>
    public static void Rewrite(OpenApiDocument document)
    {
        foreach (var member in document.Components!.Schemas!.Values.SelectMany(s => s.Properties?.Values ?? []).OfType<OpenApiSchema>())
        {
            if (member is not { Type: JsonSchemaType.Null, AllOf: [var reference] })
                continue;
            member.OneOf = [reference, new OpenApiSchema { Type = JsonSchemaType.Null }];
            (member.Type, member.AllOf) = (null, null);
        }
    }
}
