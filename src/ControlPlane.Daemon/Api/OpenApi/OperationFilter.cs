using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Api.Rest;
using ControlPlane.Daemon.Api.Rest.Errors;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>Completes each operation of the document from Core's table of operations.</summary>
internal sealed class OperationFilter : IOperationFilter
{
    private const string Json = "application/json", EventStream = "text/event-stream";

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var declared = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<Operation>().Single();
        operation.OperationId = declared.Id;
        operation.Summary = declared.Summary;
        operation.Description = declared.Description;
        operation.Tags = new HashSet<OpenApiTagReference> { new(Tags.Of(declared), context.Document) };
        operation.Parameters ??= [];
        foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>())
            Parameters.Describe(parameter, declared);
        foreach (var header in Parameters.Preconditions(declared))
            operation.Parameters.Add(header);
        if (operation.RequestBody is OpenApiRequestBody body)
            Complete(body, declared);

        var instance = InstanceOf(declared);
        operation.Responses ??= [];
        if (declared.Verb == Verb.Watch)
            operation.Responses = new() { ["200"] = Stream(context) };
        foreach (var (status, response) in operation.Responses)
            Complete((OpenApiResponse)response, status, declared, instance);
        ErrorCode[] ofBodies = operation.RequestBody is null ? [] : [ErrorCode.RequestTooLarge, ErrorCode.UnsupportedMediaType];
        foreach (var codes in declared.Errors.Concat(ofBodies).Concat(Operation.CommonErrors).Distinct().GroupBy(c => StatusOf(c, declared)).OrderBy(g => g.Key))
            operation.Responses[Text(codes.Key)] = Failure([.. codes], declared, context, instance, operation.RequestBody is not null);
    }

    /// <summary>Returns the path of the operation's examples.</summary>
    public static string InstanceOf(Operation operation)
    {
        var path = operation.RestPath;
        foreach (var name in (string[])["devmap", "key", "interfaceName", "program", "lease", "token", "revision"])
            path = path.Replace($"{{{name}}}", Parameters.Example(name, operation) ?? "", StringComparison.Ordinal);
        return path;
    }

    private static int StatusOf(ErrorCode code, Operation operation) =>
        code == ErrorCode.InterfaceNotFound && operation.Resource == "interfaces" ? StatusCodes.Status404NotFound
        : code == ErrorCode.AlreadyExists && operation.Verb == Verb.Create ? StatusCodes.Status409Conflict
        : code.Http();

    private static void Complete(OpenApiRequestBody body, Operation operation)
    {
        body.Required = true;
        body.Description = "A JSON object of at most 64 KiB. Fields that are not listed here are refused.";
        foreach (var content in body.Content!.Values.OfType<OpenApiMediaType>())
            content.Example = RecordedExamples.Request(operation.Id);
    }

    private static void Complete(OpenApiResponse response, string status, Operation operation, string instance)
    {
        response.Description = (status, operation.Verb) switch
        {
            ("201", _) => "The resource is new; `Location` names it.",
            ("202", _) when operation.WritesMany || operation.Verb == Verb.Put => "The write has happened, but at the end of the wait not all entries forward. Only for a call that waits.",
            ("202", _) => "The time is over, or no entry is selected: the wait is not satisfied.",
            ("200", Verb.Put) => "The resource existed, and has this state now.",
            ("204", _) => "The resource no longer exists.",
            (_, Verb.Watch) => "The stream. The `data` of each event is such an object.",
            _ => "The answer.",
        };
        foreach (var content in response.Content?.Values.OfType<OpenApiMediaType>() ?? [])
            content.Example = RecordedExamples.Answer(operation.Id, status);
        if (operation.Id.StartsWith("explain", StringComparison.Ordinal))
        {
            response.Content!.Add(ExplanationAnswer.PlainText, new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                Example = RecordedExamples.Page(operation.Id),
            });
        }

        var headers = new Dictionary<string, IOpenApiHeader>();
        if (IsTagged(operation, status))
            headers[HeaderNames.ETag] = Header("The revision in quotes, for `If-Match`.", JsonSchemaType.String, JsonValue.Create("\"42\""));
        if (status == "201")
            headers[HeaderNames.Location] = Header("The path of the new resource.", JsonSchemaType.String, JsonValue.Create(operation.Verb == Verb.Create ? $"{instance}/{Parameters.Example("token", operation)}" : instance));
        if (headers.Count > 0)
            response.Headers = headers;
    }

    private static bool IsTagged(Operation operation, string status) =>
        status != "204" && operation.Verb is Verb.Get or Verb.Put or Verb.Create or Verb.Act
        && (operation.Resource is "attachments" or "programs" or "interfaces" or "tokens" || operation.Id is "getEntry" or "putEntry");

    private static OpenApiResponse Stream(OperationFilterContext context) => new()
    {
        Content = new Dictionary<string, IOpenApiMediaType>
        {
            [EventStream] = new OpenApiMediaType { Schema = context.SchemaGenerator.GenerateSchema(typeof(WatchEvent), context.SchemaRepository) },
        },
    };

    private static OpenApiResponse Failure(
        IReadOnlyList<ErrorCode> codes, Operation operation, OperationFilterContext context, string instance, bool hasBody)
    {
        var response = new OpenApiResponse
        {
            Description = string.Join(" ", codes.Select(c => $"`{c.Text()}`: {c.Title()}")),
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                [Problems.ContentType] = new OpenApiMediaType
                {
                    Schema = context.SchemaGenerator.GenerateSchema(typeof(Problem), context.SchemaRepository),
                    Examples = codes.ToDictionary(
                        c => c.Text(),
                        IOpenApiExample (c) => new OpenApiExample { Summary = c.Title(), Value = ErrorExamples.Of(c, operation, instance, hasBody) }),
                },
            },
        };
        if (codes.Any(c => c.IsTemporary()))
        {
            response.Headers = new Dictionary<string, IOpenApiHeader>
            {
                [HeaderNames.RetryAfter] = Header("Seconds after which it makes sense to try again.", JsonSchemaType.Integer, JsonValue.Create(1)),
            };
        }

        return response;
    }

    private static OpenApiHeader Header(string description, JsonSchemaType type, JsonNode example) =>
        new() { Description = description, Schema = new OpenApiSchema { Type = type }, Example = example };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
