// OpenAPI 3.0 has only the single example; 3.1 allows it.
#pragma warning disable CS0618

using System.Text.Json.Nodes;
using ControlPlane.Core.Watching;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>Describes the tags, and gives each member of a schema the first value that a recorded example has for it.</summary>
internal sealed class DocumentFilter : IDocumentFilter
{
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.Tags = Tags.All.Select(t => new OpenApiTag { Name = t.Name, Description = t.Description }).ToHashSet();
        if (context.SchemaRepository.Schemas[nameof(WatchEvent)].Properties![SchemaNames.Discriminator] is OpenApiSchema discriminator)
            (discriminator.Description, discriminator.Example) = ("The type of the event, as in the `event` field of the stream.", "entry");
        foreach (var operation in swaggerDoc.Paths.Values.SelectMany(p => p.Operations?.Values.AsEnumerable() ?? []))
        {
            var contents = operation.Responses!.Values.SelectMany(r => r.Content?.Values ?? []).Concat(operation.RequestBody?.Content?.Values ?? []);
            foreach (var content in contents)
            {
                Fill(content.Schema, content.Example);
                foreach (var example in content.Examples?.Values ?? [])
                    Fill(content.Schema, example.Value);
            }
        }

        foreach (var member in context.SchemaRepository.Schemas.Values.SelectMany(s => s.Properties?.Values ?? []).OfType<OpenApiSchema>())
        {
            if (member.Example is null && !HoldsObjects(member))
                member.Example = JsonNullSentinel.JsonNull;
        }
    }

    private static bool HoldsObjects(OpenApiSchema schema) => schema.AllOf is { Count: > 0 } || schema.OneOf is { Count: > 0 } || schema.Items is OpenApiSchemaReference;

    private static void Fill(IOpenApiSchema? schema, JsonNode? value)
    {
        switch (value)
        {
            case JsonArray items when Resolve(schema)?.Items is { } item:
                foreach (var one in items)
                    Fill(item, one);
                break;
            case JsonObject members:
                foreach (var (name, node) in members)
                {
                    if (node is not null && PropertyOf(schema, name) is { } member)
                        FillMember(member, node);
                }

                break;
        }
    }

    private static void FillMember(IOpenApiSchema member, JsonNode node)
    {
        if (member is OpenApiSchema schema && !HoldsObjects(schema))
            schema.Example ??= node.DeepClone();
        Fill(member, node);
    }

    private static IOpenApiSchema? PropertyOf(IOpenApiSchema? schema, string name)
    {
        if (Resolve(schema) is not { } found)
            return null;
        return found.Properties is { } properties && properties.TryGetValue(name, out var member)
            ? member
            : (found.AllOf ?? []).Concat(found.OneOf ?? []).Select(s => PropertyOf(s, name)).FirstOrDefault(m => m is not null);
    }

    private static IOpenApiSchema? Resolve(IOpenApiSchema? schema) => schema is OpenApiSchemaReference reference ? reference.RecursiveTarget : schema;
}
