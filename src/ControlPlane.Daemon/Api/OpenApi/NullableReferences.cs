using Microsoft.OpenApi;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>
/// Members that are another schema or null. OpenAPI 3.0 says so by <c>nullable</c> beside <c>allOf</c>, and needs the type as well. In 3.1
/// the same form is the type null and the schema at once, which no value is: there it must be one of both.
/// </summary>
internal static class NullableReferences
{
    /// <summary>Rewrites the document for OpenAPI 3.1.</summary>
    public static void Rewrite(OpenApiDocument document)
    {
        foreach (var (member, reference) in Members(document))
        {
            member.OneOf = [reference, new OpenApiSchema { Type = JsonSchemaType.Null }];
            (member.Type, member.AllOf) = (null, null);
        }
    }

    /// <summary>Adds the types that OpenAPI 3.0 needs.</summary>
    public static void AddTypes(OpenApiDocument document)
    {
        foreach (var (member, reference) in Members(document))
            member.Type = document.Components!.Schemas![((OpenApiSchemaReference)reference).Reference.Id!].Type | JsonSchemaType.Null;
    }

    private static IEnumerable<(OpenApiSchema Member, IOpenApiSchema Reference)> Members(OpenApiDocument document)
    {
        foreach (var member in document.Components!.Schemas!.Values.SelectMany(s => s.Properties?.Values ?? []).OfType<OpenApiSchema>().ToList())
        {
            if (member is { Type: JsonSchemaType.Null, AllOf: [var reference] })
                yield return (member, reference);
        }
    }
}
