using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.FunctionalTests.Scenarios;
using ControlPlane.TestCommon;
using Google.Protobuf.Reflection;
using Operation = ControlPlane.Core.Api.Operation;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The table of operations, the comments of the protos, the OpenAPI document and docs/grpc.md say the same.</summary>
public sealed partial class OperationTests
{
    private static readonly Dictionary<string, string> Comments = ReadComments();

    private static readonly JsonNode Document = JsonNode.Parse(File.ReadAllText(Repository.PathOf("tests/ControlPlane.FunctionalTests/Snapshots/openapi.v1.json")))!;

    public static TheoryData<string> Ids { get; } = new(Operations.All.Select(o => o.Id));

    public static TheoryData<string> Methods { get; } = new(Comments.Keys);

    [Fact]
    public void EveryMethod_IsAnOperation() => Assert.Equal(
        ContractText.Files.SelectMany(f => f.Services).SelectMany(s => s.Methods).Select(NameOf).Order(),
        Operations.All.SelectMany(o => new[] { o.Grpc, o.GrpcStream }).OfType<string>().Distinct().Order());

    [Fact]
    public void EveryOperation_HasItsOwnIdAndPath()
    {
        Assert.Distinct(Operations.All.Select(o => o.Id));
        Assert.Distinct(Operations.All.Select(o => o.Rest));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Comment_NamesTheErrorsOfTheOperation(string method)
    {
        var errors = CodeText().Matches(Comments[method][Comments[method].LastIndexOf("Errors:", StringComparison.Ordinal)..]).Select(m => m.Groups[1].Value);

        // Explain is two operations of REST.
        Assert.Equal(OperationsOf(method).SelectMany(o => o.GrpcStream == method ? [.. o.Errors, .. Operation.StreamErrors] : o.Errors).Distinct().Select(e => e.Text()).Order(), errors.Order());
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Comment_BeginsWithTheDescriptionOfTheOperation(string method) =>
        Assert.All(OperationsOf(method), o => Assert.StartsWith(o.Description, Comments[method], StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Ids))]
    public void OpenApi_HasTheOperationWithItsErrors(string id)
    {
        var operation = Operations.All.Single(o => o.Id == id);
        var documented = OpenApi(operation);
        var errors = documented["responses"]!.AsObject().Where(r => r.Key[0] is '4' or '5')
            .SelectMany(r => CodeText().Matches(r.Value!["description"]!.GetValue<string>())).Select(m => m.Groups[1].Value);

        Assert.Equal((operation.Id, operation.Summary), (documented["operationId"]!.GetValue<string>(), documented["summary"]!.GetValue<string>()));
        // A request can fail before it reaches the operation: any for its caller or its connection, and one with a body for that.
        string[] before = ["unsupported_media_type", "request_too_large", "unauthenticated", "permission_denied", "too_many_connections"];
        Assert.Equal(operation.Errors.Select(e => e.Text()).Except(before).Order(), errors.Except(before).Order());
        Assert.Subset(errors.ToHashSet(), new HashSet<string> { "unauthenticated", "permission_denied", "too_many_connections" });
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Request_HasTheParametersOfRest(string id)
    {
        var operation = Operations.All.Single(o => o.Id == id);
        var documented = OpenApi(operation);
        var request = ContractText.Files.SelectMany(f => f.Services).SelectMany(s => s.Methods).Single(m => NameOf(m) == operation.Grpc).InputType;
        var parameters = documented["parameters"]?.AsArray().Select(p => (In: p!["in"]!.GetValue<string>(), Name: p["name"]!.GetValue<string>())).ToList() ?? [];
        List<string> names = [.. parameters.Where(p => p.In != "header").Select(p => p.Name == "interfaceName" ? "interface" : p.Name)];
        if (parameters.Contains(("header", "If-Match")))
            names.Add("expectedRevision");
        if (parameters.Contains(("header", "Idempotency-Key")))
            names.Add("idempotencyKey");
        if (documented["requestBody"]?["content"]!["application/json"]!["schema"]!["$ref"]!.GetValue<string>().Split('/')[^1] is { } body)
            names.AddRange(request.FindFieldByName("spec") is null ? Document["components"]!["schemas"]![body]!["properties"]!.AsObject().Select(p => p.Key) : ["spec"]);

        // One call of gRPC explains entries and frames.
        Assert.Equal(names.Order(), request.Fields.InFieldNumberOrder().Select(f => f.JsonName).Except(operation == Operations.ExplainFrame ? ["key"] : []).Order());
    }

    [Fact]
    public void EveryRefusalOfTheScenarios_IsAnErrorOfItsOperation() => Assert.All(ScenarioTable.All, scenario =>
    {
        if (scenario.Then is Expected.Failure failure)
            Assert.Contains(failure.Code, Operations.All.Single(o => o.Id == IdOf(scenario.When)).Errors);
    });

    [Fact]
    public void EveryError_IsInTheDocument()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/grpc.md"));
        var table = document[document.IndexOf("| reason |", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n\n", StringComparison.Ordinal)];
        var listed = table.Split('\n').Skip(2).SelectMany(row => CodeText().Matches(row.Split('|')[1])).Select(m => m.Groups[1].Value).ToList();

        // These belong to HTTP.
        var all = Enum.GetValues<ErrorCode>().Except([ErrorCode.PathNotFound, ErrorCode.MethodNotAllowed, ErrorCode.UnsupportedMediaType]);
        Assert.Equal(all.Select(e => e.Text()).Order(), listed.Order());
    }

    private static JsonNode OpenApi(Operation operation) => Document["paths"]![operation.RestPath]![operation.RestMethod.ToLowerInvariant()]!;

    private static string IdOf(Scenarios.Operation operation) => operation switch
    {
        Scenarios.Operation.Explain { Key: null } => Operations.ExplainFrame.Id,
        Scenarios.Operation.Explain => Operations.ExplainEntry.Id,
        _ => char.ToLowerInvariant(operation.GetType().Name[0]) + operation.GetType().Name[1..],
    };

    private static IEnumerable<Operation> OperationsOf(string method) => Operations.All.Where(o => o.Grpc == method || o.GrpcStream == method);

    private static string NameOf(MethodDescriptor method) => $"{method.Service.Name}/{method.Name}";

    /// <summary>The comments above the calls, each as one line.</summary>
    private static Dictionary<string, string> ReadComments()
    {
        var comments = new Dictionary<string, string>();
        foreach (var file in Directory.GetFiles(Repository.PathOf("protos/devmapd/v1"), "*_service.proto"))
        {
            var service = "";
            List<string> above = [];
            foreach (var line in File.ReadLines(file).Select(l => l.Trim()))
            {
                if (Declaration().Match(line) is { Success: true } declared)
                {
                    if (declared.Groups[1].Value == "service")
                        service = declared.Groups[2].Value;
                    else
                        comments.Add($"{service}/{declared.Groups[2].Value}", string.Join(' ', above.Where(l => l.Length > 0)));
                }

                if (line.StartsWith("//", StringComparison.Ordinal))
                    above.Add(line[2..].Trim());
                else
                    above.Clear();
            }
        }

        return comments;
    }

    [GeneratedRegex(@"^(service|rpc) (\w+)")]
    private static partial Regex Declaration();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex CodeText();
}
