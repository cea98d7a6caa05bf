using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Rest.OpenApi;

/// <summary>Describes the tags.</summary>
internal sealed class DocumentFilter : IDocumentFilter
{
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context) =>
        swaggerDoc.Tags = Tags.All.Select(t => new OpenApiTag { Name = t.Name, Description = t.Description }).ToHashSet();
}
