using System.Text.RegularExpressions;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The wire contract changes only where somebody means it, and every part of it is explained.</summary>
public sealed partial class ContractTests
{
    [Fact]
    [Trait("Group", "snapshot")]
    public void Descriptors_MatchTheirSnapshot() =>
        Snapshot.AssertMatches("tests/ControlPlane.FunctionalTests/Snapshots/grpc-contract.txt", ContractText.Render());

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
        Directory.GetFiles(Repository.PathOf("protos/devmapd/v1"), "*.proto");

    [GeneratedRegex(@"^\s*((message|enum|service|rpc)\s+\w|(optional |repeated )?[\w.<>, ]+ = \d+;)")]
    private static partial Regex Declaration();
}
