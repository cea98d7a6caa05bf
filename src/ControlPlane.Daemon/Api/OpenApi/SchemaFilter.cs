using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>Says of schemas what the types say: which members may be null, and which are always there.</summary>
internal sealed class SchemaFilter : ISchemaFilter
{
    private static readonly Dictionary<Type, string[]> Requests = new()
    {
        [typeof(EntrySpec)] = ["interface"],
        [typeof(EntryActions)] = [],
        [typeof(BatchItem)] = [],
        [typeof(BatchPut)] = ["devmap", "key", "spec"],
        [typeof(BatchDelete)] = ["devmap", "key"],
        [typeof(DesiredEntry)] = ["key", "spec"],
        [typeof(DevmapSpec)] = [],
        [typeof(StateDocument)] = ["devmaps", "programs", "leases", "attachments", "entries"],
        [typeof(DesiredDevmap)] = ["name", "spec"],
        [typeof(DesiredProgram)] = ["name", "spec"],
        [typeof(DesiredLease)] = ["name", "spec"],
        [typeof(DesiredAttachment)] = ["devmap", "interface", "spec"],
        [typeof(StateEntry)] = ["devmap", "key", "spec"],
        [typeof(AttachmentSpec)] = [],
        [typeof(EgressProgramSpec)] = ["template"],
        [typeof(EgressProgramParameters)] = [],
        [typeof(EgressProgramChoice)] = [],
        [typeof(LeaseSpec)] = ["ttl"],
        [typeof(TokenRequest)] = ["name", "role"],
        [typeof(TokenLimits)] = [],
    };

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.MemberInfo is null && schema is OpenApiSchema named)
            OpenSetSchemas.Complete(named, context.Type);
        if (schema is not OpenApiSchema { Properties: { } members } type)
            return;
        var nullability = new NullabilityInfoContext();
        foreach (var property in context.Type.GetProperties())
        {
            if ((nullability.Create(property).ReadState == NullabilityState.NotNull || IsOmitted(property))
                && members.TryGetValue(JsonNamingPolicy.CamelCase.ConvertName(property.Name), out var member)
                && member is OpenApiSchema { Type: { } known } field)
            {
                var rest = known & ~JsonSchemaType.Null;
                field.Type = rest == 0 ? null : rest;
            }
        }

        if (context.Type == typeof(Condition) || context.Type == typeof(ExplainStep))
            Complete(members, context);
        if (context.Type == typeof(ExplainVerdict))
            members["remedy"] = Remedy(context);
        if (context.Type == typeof(Problem))
            members["detail"] = WithMessageMark((OpenApiSchema)members["detail"]);
        type.Required = Requests.TryGetValue(context.Type, out var required)
            ? required.ToHashSet()
            : members.Keys.Except(context.Type.GetProperties().Where(IsOmitted).Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name))).ToHashSet();
        type.AdditionalPropertiesAllowed = context.Type != typeof(EgressProgramChoice);
    }

    private static bool IsOmitted(PropertyInfo property) =>
        property.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition == JsonIgnoreCondition.WhenWritingNull;

    private static void Complete(IDictionary<string, IOpenApiSchema> members, SchemaFilterContext context)
    {
        if (members["type"] is OpenApiSchema type)
            type.Type = JsonSchemaType.String;
        members["lastTransitionTime"] = new OpenApiSchema
        {
            Type = JsonSchemaType.String | JsonSchemaType.Null,
            Format = "date-time",
            Description = "When the daemon saw the fact change, or when the daemon started. Null for a fact of the moment, such as a dry run.",
        };
        members["remedy"] = Remedy(context);
    }

    private static OpenApiSchema Remedy(SchemaFilterContext context) => new()
    {
        Description = "How to make the fact hold. Null when nothing needs to be done.",
        Type = JsonSchemaType.Null,
        AllOf = [context.SchemaGenerator.GenerateSchema(typeof(RemedyResource), context.SchemaRepository)],
    };

    // Generators of clients use this member as the message of their exceptions.
    private static OpenApiSchema WithMessageMark(OpenApiSchema detail)
    {
        detail.Extensions ??= new Dictionary<string, IOpenApiExtension>();
        detail.Extensions["x-ms-primary-error-message"] = new JsonNodeExtension(true);
        return detail;
    }
}
