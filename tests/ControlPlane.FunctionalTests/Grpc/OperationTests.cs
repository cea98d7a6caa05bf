using System.Text.RegularExpressions;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.FunctionalTests.Scenarios;
using ControlPlane.TestCommon;
using Google.Protobuf.Reflection;
using Operation = ControlPlane.Core.Api.Operation;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The table of operations, the comments of the protos and the document of the errors say the same.</summary>
public sealed partial class OperationTests
{
    private static readonly Dictionary<string, string> Comments = ReadComments();

    public static TheoryData<string> Methods { get; } = new(Comments.Keys);

    [Fact]
    public void EveryMethod_IsAnOperation() => Assert.Equal(
        ContractText.Files.SelectMany(f => f.Services).SelectMany(s => s.Methods).Select(NameOf).Order(),
        Operations.All.Select(o => o.Grpc).Distinct().Order());

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
        Assert.Equal(OperationsOf(method).SelectMany(o => o.Errors).Distinct().Select(e => e.Text()).Order(), errors.Order());
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Comment_BeginsWithTheDescriptionOfTheOperation(string method) =>
        Assert.All(OperationsOf(method), o => Assert.StartsWith(o.Description, Comments[method], StringComparison.Ordinal));

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

    private static string IdOf(Scenarios.Operation operation) => operation switch
    {
        Scenarios.Operation.Explain { Key: null } => Operations.ExplainFrame.Id,
        Scenarios.Operation.Explain => Operations.ExplainEntry.Id,
        _ => char.ToLowerInvariant(operation.GetType().Name[0]) + operation.GetType().Name[1..],
    };

    private static IEnumerable<Operation> OperationsOf(string method) => Operations.All.Where(o => o.Grpc == method);

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
