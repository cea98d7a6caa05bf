using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Rest.Errors;
using ControlPlane.Daemon.Rest.Reading;
using ControlPlane.Daemon.Rest.Resources;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ControlPlane.Daemon.Rest.OpenApi;

/// <summary>Completes each operation of the document from what its endpoint says of itself.</summary>
internal sealed class OperationFilter : IOperationFilter
{
    private const string Json = "application/json";
    private const string PlainText = "text/plain";
    private const string EventStream = "text/event-stream";

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var path = "/" + context.ApiDescription.RelativePath!.TrimEnd('/');
        var metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        var instance = path;
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            var (description, example) = PathParameters.Describe(parameter.Name!, path);
            parameter.Description = description;
            parameter.Example = JsonValue.Create(example);
            instance = instance.Replace($"{{{parameter.Name}}}", example, StringComparison.Ordinal);
        }

        operation.Parameters ??= [];
        foreach (var parameter in metadata.OfType<QueryParameter>())
            operation.Parameters.Add(Describe(parameter));
        foreach (var header in metadata.OfType<OperationHeader>())
            operation.Parameters.Add(Header(header.Name, header.Description));
        var creates = metadata.OfType<OperationBody>().Any();
        if (metadata.OfType<OperationPreconditions>().Any())
            operation.Parameters.Add(Header(HeaderNames.IfMatch, "Do it only if the resource is at this revision: the `ETag` of a read. `*`: only if it exists."));
        if (metadata.OfType<OperationPreconditions>().Any() && creates)
            operation.Parameters.Add(Header(HeaderNames.IfNoneMatch, "`*`: do it only if the resource does not exist."));
        if (metadata.OfType<OperationBody>().SingleOrDefault() is { } body)
            operation.RequestBody = Describe(body, context);

        operation.Responses = [];
        var answers = metadata.OfType<OperationAnswer>().ToList();
        foreach (var answer in answers)
            operation.Responses[Text(answer.Status)] = Describe(answer, context, instance);
        if (metadata.OfType<OperationText>().Any())
            operation.Responses[Text(StatusCodes.Status200OK)].Content!.Add(PlainText, new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String }, Example = ResourceExamples.Page });
        foreach (var stream in metadata.OfType<OperationStream>())
            operation.Responses[Text(stream.Status)] = Describe(stream, context);
        ErrorCode[] ofBodies = operation.RequestBody is null ? [] : [ErrorCode.RequestTooLarge, ErrorCode.UnsupportedMediaType];
        foreach (var codes in metadata.OfType<OperationFailures>().Single().Codes.Concat(ofBodies).GroupBy(c => c.Http()).OrderBy(g => g.Key))
            operation.Responses[Text(codes.Key)] = Describe([.. codes], context, instance, operation.RequestBody is not null);
    }

    private static OpenApiParameter Describe(QueryParameter parameter)
    {
        var schema = new OpenApiSchema { Type = JsonSchemaType.String };
        if (parameter.Range is { } range)
        {
            schema.Type = JsonSchemaType.Integer;
            schema.Format = "int32";
            schema.Minimum = Text(range.Least);
            schema.Maximum = Text(range.Greatest);
            schema.Default = parameter.Default;
        }

        if (parameter.IsRevision)
        {
            schema.Type = JsonSchemaType.Integer;
            schema.Format = "int64";
            schema.Minimum = Text(0);
        }

        if (parameter.Values.Count > 0)
            schema.Enum = [.. parameter.Values.Select(v => (JsonNode)JsonValue.Create(v))];
        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Description = parameter.Description,
            Example = parameter.Example,
            Schema = parameter.Repeated ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema,
        };
    }

    private static OpenApiParameter Header(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiRequestBody Describe(OperationBody body, OperationFilterContext context) => new()
    {
        Description = "A JSON object of at most 64 KiB. Fields that are not listed here are refused.",
        Required = true,
        Content = new Dictionary<string, IOpenApiMediaType>
        {
            [Json] = new OpenApiMediaType { Schema = Schema(body.Type, context), Example = ResourceExamples.Of(body.Type) },
        },
    };

    private static OpenApiResponse Describe(OperationAnswer answer, OperationFilterContext context, string instance)
    {
        var response = new OpenApiResponse { Description = answer.Description };
        if (answer.Body is { } type)
        {
            response.Content = new Dictionary<string, IOpenApiMediaType>
            {
                [Json] = new OpenApiMediaType { Schema = Schema(type, context), Example = ResourceExamples.Of(type) },
            };
        }

        if (answer.Status == StatusCodes.Status201Created)
        {
            response.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Location"] = Header("The path of the new resource.", JsonSchemaType.String, JsonValue.Create(instance)),
            };
        }

        return response;
    }

    private static OpenApiResponse Describe(OperationStream stream, OperationFilterContext context) => new()
    {
        Description = stream.Description,
        Content = new Dictionary<string, IOpenApiMediaType>
        {
            [EventStream] = new OpenApiMediaType { Schema = Schema(stream.Data, context), Example = ResourceExamples.Of(stream.Data) },
        },
    };

    private static OpenApiResponse Describe(IReadOnlyList<ErrorCode> codes, OperationFilterContext context, string instance, bool hasBody)
    {
        var response = new OpenApiResponse
        {
            Description = string.Join(" ", codes.Select(c => $"`{c.Text()}`: {c.Title()}")),
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                [Problems.ContentType] = new OpenApiMediaType
                {
                    Schema = Schema(typeof(ProblemResource), context),
                    Examples = codes.ToDictionary(
                        c => c.Text(),
                        IOpenApiExample (c) => new OpenApiExample { Summary = c.Title(), Value = ErrorExamples.Of(c, instance, hasBody) }),
                },
            },
        };
        if (codes.Any(c => c is ErrorCode.WriterBusy or ErrorCode.StoreUnavailable))
        {
            response.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Retry-After"] = Header("Seconds after which it makes sense to try again.", JsonSchemaType.Integer, JsonValue.Create(1)),
            };
        }

        return response;
    }

    private static OpenApiHeader Header(string description, JsonSchemaType type, JsonNode example) =>
        new() { Description = description, Schema = new OpenApiSchema { Type = type }, Example = example };

    private static IOpenApiSchema Schema(Type type, OperationFilterContext context) =>
        context.SchemaGenerator.GenerateSchema(type, context.SchemaRepository);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
