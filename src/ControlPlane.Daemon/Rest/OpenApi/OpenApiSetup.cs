using System.Globalization;
using ControlPlane.Daemon.Rest.Resources;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;
using Swashbuckle.AspNetCore.SwaggerUI;

namespace ControlPlane.Daemon.Rest.OpenApi;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c> and Swagger UI at <c>/swagger</c>.</summary>
internal static class OpenApiSetup
{
    public static void AddOpenApiDocument(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        services.AddTransient<ISerializerDataContractResolver>(_ => new JsonSerializerDataContractResolver(RestJson.Instance.Options));
        services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc("v1", new OpenApiInfo
            {
                Title = "devmapd",
                Version = "v1",
                Description =
                    """
                    Steers XDP redirects: which frame leaves by which interface stands in devmaps (`BPF_MAP_TYPE_DEVMAP_HASH`) that
                    this daemon owns on its host.

                    * **OK means it happened**: a write that was answered with success is durable and in the kernel.
                    * **It tells the truth**: an entry is `Forwarding` only if a frame sent to it would leave; if not, a condition says why and what to do.
                    * **Errors** are [problem details](https://www.rfc-editor.org/rfc/rfc9457) with a stable `code`; all faults of a request are told at once. A path that is not here is answered with 404 (`path_not_found`) and a wrong method with 405 (`method_not_allowed`).

                    Try it: put the entry `lo` of devmap `default`, as the example has it, and read it back.
                    """,
                License = new OpenApiLicense { Name = "Apache-2.0", Url = new Uri("https://www.apache.org/licenses/LICENSE-2.0") },
            });
            options.DocInclusionPredicate((_, api) =>
                api.HttpMethod != HttpMethods.Head && api.ActionDescriptor.EndpointMetadata.OfType<OperationFailures>().Any());
            options.IncludeXmlComments(typeof(RestApi).Assembly);
            options.CustomSchemaIds(type => type.Name.Replace("Resource", "", StringComparison.Ordinal));
            options.SupportNonNullableReferenceTypes();
            options.UseInlineDefinitionsForEnums();
            options.UseAllOfToExtendReferenceSchemas();
            // OpenAPI's int32 ends at 2^31 - 1.
            options.MapType<uint>(() => Unsigned(uint.MaxValue.ToString(CultureInfo.InvariantCulture), nullable: false));
            options.MapType<uint?>(() => Unsigned(uint.MaxValue.ToString(CultureInfo.InvariantCulture), nullable: true));
            options.MapType<ulong>(() => Unsigned(null, nullable: false));
            options.SchemaFilter<SchemaFilter>();
            options.OperationFilter<OperationFilter>();
            options.DocumentFilter<DocumentFilter>();
        });
    }

    public static void MapOpenApiDocument(this WebApplication app)
    {
        app.MapGet("/", () => Results.Redirect("/swagger/index.html")).ExcludeFromDescription();
        app.MapSwagger("/openapi/{documentName}.json");
        app.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "swagger";
            options.DocumentTitle = "devmapd API";
            options.SwaggerEndpoint("/openapi/v1.json", "devmapd v1");
            options.EnableDeepLinking();
            options.EnableTryItOutByDefault();
            options.DisplayRequestDuration();
            options.DisplayOperationId();
            options.EnableFilter();
            options.DocExpansion(DocExpansion.List);
            options.DefaultModelExpandDepth(2);
            options.DefaultModelsExpandDepth(0);
        });
    }

    private static OpenApiSchema Unsigned(string? greatest, bool nullable) => new()
    {
        Type = nullable ? JsonSchemaType.Integer | JsonSchemaType.Null : JsonSchemaType.Integer,
        Format = "int64",
        Minimum = "0",
        Maximum = greatest,
    };
}
