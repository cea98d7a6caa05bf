using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The wire contract changes only where somebody means it, and every part of it is explained.</summary>
public sealed partial class ContractTests
{
    /// <summary>Set to 1, it writes the snapshot anew in place of comparing with it.</summary>
    private const string UpdateVariable = "UPDATE_SNAPSHOTS";

    [Fact]
    public void Descriptors_AreThoseOfTheSnapshot()
    {
        var path = Path.Combine(SourceFolder(), "contract.txt");
        var contract = ContractText.Render();
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            File.WriteAllText(path, contract);

        Assert.Equal(File.ReadAllText(path), contract);
    }

    [Fact]
    public void EveryProtoFile_IsInTheSnapshot() =>
        Assert.Equal(ProtoFiles().Select(Path.GetFileName).Order(), ContractText.Files.Select(f => Path.GetFileName(f.Name)).Order());

    [Fact]
    public void EveryElement_HasACommentAboveIt()
    {
        var bare = new List<string>();
        foreach (var file in ProtoFiles())
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                if (Declaration().IsMatch(lines[i]) && !(i > 0 && lines[i - 1].TrimStart().StartsWith("// ", StringComparison.Ordinal)))
                    bare.Add($"{Path.GetFileName(file)}:{i + 1}: {lines[i].Trim()}");
            }
        }

        Assert.Empty(bare);
    }

    [Fact]
    public void EveryElement_IsSeenByTheSearchForComments()
    {
        var declared = ProtoFiles().Sum(f => File.ReadLines(f).Count(l => Declaration().IsMatch(l)));

        Assert.Equal(
            ContractText.Files.Sum(f =>
                f.Services.Sum(s => 1 + s.Methods.Count)
                + f.MessageTypes.Sum(m => 1 + m.Fields.InDeclarationOrder().Count)
                + f.EnumTypes.Sum(e => 1 + e.Values.Count)),
            declared);
    }

    private static string[] ProtoFiles() =>
        Directory.GetFiles(Path.Combine(SourceFolder(), "../../../protos/devmapd/v1"), "*.proto");

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    [GeneratedRegex(@"^\s*((message|enum|service|rpc)\s+\w|(optional |repeated )?[\w.<>, ]+ = \d+;)")]
    private static partial Regex Declaration();
}
