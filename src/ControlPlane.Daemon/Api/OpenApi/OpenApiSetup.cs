using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Api.Rest;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;
using Swashbuckle.AspNetCore.SwaggerUI;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>, the same as 3.0 at <c>/openapi/v1-3.0.json</c>, and Swagger UI at <c>/swagger</c>.</summary>
internal static class OpenApiSetup
{
    private const string Token = "token";

    public static void AddOpenApiDocument(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        services.AddTransient<ISerializerDataContractResolver>(_ => new OpenSetSchemas(new JsonSerializerDataContractResolver(RestJson.Instance.Options)));
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
                    * **It tells the truth**: an entry is `Forwarding` only if real traffic would arrive, TCP included; if not, a condition says why and what to do.
                    * **Errors** are [problem details](https://www.rfc-editor.org/rfc/rfc9457) with a stable `code`; an answer names everything that is wrong with a request. A path that is not here is answered with 404 (`path_not_found`) and a wrong method with 405 (`method_not_allowed`).

                    Try it: put the entry `lo` of devmap `default`, as the example has it, and read it back.
                    """,
                License = new OpenApiLicense { Name = "Apache-2.0", Url = new Uri("https://www.apache.org/licenses/LICENSE-2.0") },
            });
            options.AddServer(new OpenApiServer { Url = "/", Description = "This daemon." });
            options.AddSecurityDefinition(Token, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The secret of a token, as `devmapd token create` prints it. The browser needs none after the login link, and root none on the unix socket.",
            });
            options.AddSecurityRequirement(document => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Token, document)] = [] });
            options.DocInclusionPredicate((_, api) =>
                api.HttpMethod != HttpMethods.Head && api.ActionDescriptor.EndpointMetadata.OfType<Operation>().Any());
            options.IncludeXmlComments(typeof(Entry).Assembly);
            options.IncludeXmlComments(typeof(RestApi).Assembly);
            options.CustomSchemaIds(SchemaNames.Of);
            options.SupportNonNullableReferenceTypes();
            options.UseAllOfToExtendReferenceSchemas();
            options.UseOneOfForPolymorphism();
            options.SelectSubTypesUsing(SchemaNames.EventsOf);
            options.SelectDiscriminatorNameUsing(type => type == typeof(WatchEvent) ? SchemaNames.Discriminator : null);
            options.SelectDiscriminatorValueUsing(SchemaNames.EventTypeOf);
            options.MapType<Labels>(() => new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String },
            });
            options.MapType<IReadOnlyList<(string Name, string Value)>>(() => new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String },
            });
            options.MapType<ConditionType>(() => new OpenApiSchema { Type = JsonSchemaType.String });
            options.MapType<Remedy>(() => new OpenApiSchema { Type = JsonSchemaType.Object });
            options.MapType<JsonObject>(() => new OpenApiSchema { Type = JsonSchemaType.Object | JsonSchemaType.Null });
            options.MapType<MacAddress>(() => new OpenApiSchema { Type = JsonSchemaType.String });
            options.MapType<MacAddress?>(() => new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null });
            options.MapType<TimeSpan>(() => new OpenApiSchema { Type = JsonSchemaType.String, Pattern = @"^\d+(\.\d+)?s$" });
            options.MapType<XdpFeatures>(Features);
            options.MapType<XdpFeatures?>(Features);
            // OpenAPI's int32 ends at 2^31 - 1.
            options.MapType<uint>(() => Unsigned(uint.MaxValue.ToString(CultureInfo.InvariantCulture), nullable: false));
            options.MapType<uint?>(() => Unsigned(uint.MaxValue.ToString(CultureInfo.InvariantCulture), nullable: true));
            // The only numbers of 16 bits that can be missing are ids of VLANs.
            options.MapType<ushort?>(() => new OpenApiSchema { Type = JsonSchemaType.Integer | JsonSchemaType.Null, Format = "int32", Minimum = "1", Maximum = "4094" });
            options.MapType<ulong>(() => Unsigned(null, nullable: false));
            options.MapType<ulong?>(() => Unsigned(null, nullable: true));
            options.SchemaFilter<SchemaFilter>();
            options.OperationFilter<OperationFilter>();
            options.DocumentFilter<DocumentFilter>();
        });
    }

    public static void MapOpenApiDocument(this WebApplication app)
    {
        app.MapGet("/", () => Results.Redirect("/swagger/index.html")).ExcludeFromDescription().AllowAnonymous();
        app.MapSwagger("/openapi/{documentName:length(2)}.json", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.PreSerializeFilters.Add((document, _) => NullableReferences.Rewrite(document));
        }).AllowAnonymous();
        app.MapSwagger("/openapi/{documentName:length(2)}-3.0.json", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_0;
            options.PreSerializeFilters.Add((document, _) => NullableReferences.AddTypes(document));
        }).AllowAnonymous();
        // Beside the path of all other requests, which would pass through it.
        app.UseWhen(http => http.Request.Path.StartsWithSegments("/swagger"), branch => branch.UseSwaggerUI(ConfigurePage));
    }

    private static void ConfigurePage(SwaggerUIOptions options)
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
    }

    private static OpenApiSchema Features() => new()
    {
        Type = JsonSchemaType.Array | JsonSchemaType.Null,
        Items = new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Enum = [.. RestJson.WordsOf(typeof(XdpFeatures)).Skip(1).Select(w => (JsonNode)JsonValue.Create(w))],
        },
    };

    private static OpenApiSchema Unsigned(string? greatest, bool nullable) => new()
    {
        Type = nullable ? JsonSchemaType.Integer | JsonSchemaType.Null : JsonSchemaType.Integer,
        Format = "int64",
        Minimum = "0",
        Maximum = greatest,
    };
}
