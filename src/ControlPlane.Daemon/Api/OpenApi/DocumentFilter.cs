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
        foreach (var (type, word) in SchemaNames.Events)
            Mark((OpenApiSchema)context.SchemaRepository.Schemas[SchemaNames.Of(type)], word);
        foreach (var operation in swaggerDoc.Paths.Values.SelectMany(p => p.Operations?.Values.AsEnumerable() ?? []))
        {
            var contents = operation.Responses!.Values.SelectMany(r => r.Content?.Values ?? []).Concat(operation.RequestBody?.Content?.Values ?? []);
            foreach (var content in contents)
            {
                Fill(content.Schema, content.Example, context.SchemaRepository.Schemas);
                foreach (var example in content.Examples?.Values ?? [])
                    Fill(content.Schema, example.Value, context.SchemaRepository.Schemas);
            }
        }

        foreach (var member in context.SchemaRepository.Schemas.Values.SelectMany(s => s.Properties?.Values ?? []).OfType<OpenApiSchema>())
        {
            if (!HoldsObjects(member))
                member.Example ??= Plain(member);
        }
    }

    // Each event has a type of its own, so that an event matches one schema alone.
    private static void Mark(OpenApiSchema schema, string word)
    {
        schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
        schema.Properties[SchemaNames.Discriminator] =
            new OpenApiSchema { Type = JsonSchemaType.String, Enum = [word], Description = "The type of the event.", Example = word };
        schema.Required = new HashSet<string>(schema.Required ?? new HashSet<string>()) { SchemaNames.Discriminator };
    }

    // For a member that no recorded answer has.
    private static JsonNode Plain(OpenApiSchema member) => member.Type switch
    {
        { } type when type.HasFlag(JsonSchemaType.Null) => JsonNullSentinel.JsonNull,
        JsonSchemaType.Boolean => true,
        JsonSchemaType.Integer or JsonSchemaType.Number => 1,
        JsonSchemaType.Array => new JsonArray(),
        JsonSchemaType.Object => new JsonObject(),
        _ => member.Format == "date-time" ? "2026-01-01T12:00:00Z" : "eth0",
    };

    private static bool HoldsObjects(OpenApiSchema schema) => schema.AllOf is { Count: > 0 } || schema.OneOf is { Count: > 0 } || schema.Items is OpenApiSchemaReference;

    private static void Fill(IOpenApiSchema? schema, JsonNode? value, Dictionary<string, IOpenApiSchema> schemas)
    {
        switch (value)
        {
            case JsonArray items when Resolve(schema, schemas)?.Items is { } item:
                foreach (var one in items)
                    Fill(item, one, schemas);
                break;
            case JsonObject members:
                foreach (var (name, node) in members)
                {
                    if (node is not null && PropertyOf(schema, name, schemas) is { } member)
                        FillMember(member, node, schemas);
                }

                break;
        }
    }

    private static void FillMember(IOpenApiSchema member, JsonNode node, Dictionary<string, IOpenApiSchema> schemas)
    {
        // An object without members shows nothing.
        if (member is OpenApiSchema { Example: null or JsonObject { Count: 0 } } schema && !HoldsObjects(schema))
            schema.Example = node.DeepClone();
        Fill(member, node, schemas);
    }

    private static IOpenApiSchema? PropertyOf(IOpenApiSchema? schema, string name, Dictionary<string, IOpenApiSchema> schemas)
    {
        if (Resolve(schema, schemas) is not { } found)
            return null;
        return found.Properties is { } properties && properties.TryGetValue(name, out var member)
            ? member
            : (found.AllOf ?? []).Concat(found.OneOf ?? []).Select(s => PropertyOf(s, name, schemas)).FirstOrDefault(m => m is not null);
    }

    private static IOpenApiSchema? Resolve(IOpenApiSchema? schema, Dictionary<string, IOpenApiSchema> schemas) =>
        schema is OpenApiSchemaReference { Reference.Id: { } id } ? schemas.GetValueOrDefault(id) : schema;
}
