using System.Text.RegularExpressions;
using ControlPlane.TestCommon;

namespace ControlPlane.UnitTests;

/// <summary>
/// Comments, messages and documents use plain words, and one word per thing. The list holds the words that have crept in before; each
/// comes with the word to use.
/// </summary>
public sealed partial class PlainEnglishTests
{
    private static readonly (string Say, Regex Avoid)[] Words =
    [
        ("desired", Word("wanted")),
        ("repaired", Word("put(s|ting)? ((it|them|that|this) )?right")),
        ("reported", Word("told")),
        ("validation error, or failure", Word("faults?")),
        ("API", Word("(both|the|each|either|a) faces?")),
        ("again", Word("anew")),
        ("also", Word("likewise")),
        ("until now", Word("so far")),
        ("arrives on", Word("(come|comes|came|coming) in by")),
        ("must, or should", Word("(is|are) to (be|have|run|go|carry|say|show|take|hold|give|get|make|stay|keep|leave|do|write|read|send)")),
        ("removed, or disappeared", Word("(is|are|was|has|have|had) (since )?gone")),
        ("subject first", Sentence("(What|Whoever|Whatever) [a-z]")),
        ("subject first", Sentence("That (is|was|has|does|means|goes|holds|would|it|which) ")),
        ("subject first", Sentence("One (that|who|whose|may|can|must|does|more) ")),
        ("if", Word("Should (it|the|they|that|even|this|any|another)")),
        ("if", Word("(had it|were (it|there|they)) ")),
        ("because", Word("for (it|he|they|we|nobody) (is|are|was|were|has|have|does|do|can|must|may|will)")),
    ];

    public static TheoryData<string> Areas { get; } =
        ["src/ControlPlane.Core", "src/ControlPlane.Kernel", "src/ControlPlane.Simulation", "src/ControlPlane.Storage", "src/ControlPlane.Daemon", "src/ControlPlane.Client", "src/ControlPlane.Cli", "src/ControlPlane.TableFiles", "src/ControlPlane.Testing", "tests", "bench", "protos", "bpf", "docs", "systemd", "packaging", "scripts", "."];

    [Theory]
    [MemberData(nameof(Areas))]
    public void Texts_UsePlainWords(string area)
    {
        var found = Files(area).SelectMany(Found).ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [Fact]
    public void Words_AreFoundWhereTheyStand() =>
        Assert.Equal(
            ["desired", "subject first"],
            Found("Texts.cs", ["/// <summary>Whether the entry is wanted. What is left out is cleared.</summary>", "var wanted = 1;"]).Select(f => f.Split(": say ")[1]));

    private static IEnumerable<string> Files(string area)
    {
        var folder = Repository.PathOf(area);
        if (!Directory.Exists(folder))
            return [];
        var depth = area == "." ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories;
        return Directory.EnumerateFiles(folder, "*", depth)
            .Where(f => Kinds().IsMatch(f) && !Built().IsMatch(f) && Path.GetFileName(f) != $"{nameof(PlainEnglishTests)}.cs")
            .Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Found(string file) => Found(Path.GetRelativePath(Repository.PathOf(""), file), File.ReadAllLines(file));

    private static IEnumerable<string> Found(string file, string[] lines)
    {
        var code = file.EndsWith(".cs", StringComparison.Ordinal);
        var inTests = file.StartsWith("tests/", StringComparison.Ordinal);
        for (var i = 0; i < lines.Length; i++)
        {
            foreach (var text in code ? Prose(lines[i], inTests) : [Quoted().Replace(lines[i], "")])
            {
                foreach (var (say, avoid) in Words)
                {
                    if (avoid.Match(text) is { Success: true } match)
                        yield return $"{file}:{i + 1}: '{match.Value.Trim()}': say {say}";
                }
            }
        }
    }

    // The comment of a line of code, and the texts in it; of tests the comments alone, since their texts are data.
    private static IEnumerable<string> Prose(string line, bool commentsOnly)
    {
        if (Comment().Match(line) is { Success: true } comment)
        {
            yield return Quoted().Replace(Tags().Replace(comment.Groups[1].Value, ""), "");
            yield break;
        }

        if (commentsOnly)
            yield break;
        foreach (Match literal in Literals().Matches(line))
            yield return Quoted().Replace(literal.Value.Trim('"'), "");
    }

    private static Regex Word(string pattern) => new($@"\b{pattern}\b", RegexOptions.CultureInvariant);

    private static Regex Sentence(string pattern) => new($@"(^[\s/*#]*|[.:;!?] ){pattern}", RegexOptions.CultureInvariant);

    [GeneratedRegex(@"\.(cs|proto|md|c|h|sh|service)$|Makefile$")]
    private static partial Regex Kinds();

    [GeneratedRegex(@"/(obj|bin|artifacts|node_modules|LICENSES)/")]
    private static partial Regex Built();

    [GeneratedRegex(@"(?:^|\s)///?(.*)$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"`[^`]*`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""")]
    private static partial Regex Literals();
}
