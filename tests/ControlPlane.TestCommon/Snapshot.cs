using Xunit.Sdk;

namespace ControlPlane.TestCommon;

/// <summary>Compares a contract with the text file that records it.</summary>
/// <remarks>
/// <c>make snapshots</c> sets <see cref="UpdateVariable"/> and so rewrites the files that differ. A test that rewrites its file fails: a run
/// that changes a contract never passes.
/// </remarks>
public static class Snapshot
{
    /// <summary>The environment variable that allows tests to rewrite snapshots. Its only value is 1.</summary>
    public const string UpdateVariable = "DEVMAPD_UPDATE_SNAPSHOTS";

    private const int ContextLines = 3;

    /// <summary>Asserts that a text is the content of a snapshot file.</summary>
    /// <param name="path">The file, from the root of the repository.</param>
    /// <param name="actual">The contract as it is now. Lines end with LF, and so does the text.</param>
    /// <exception cref="XunitException">The text differs from the file, or the file is missing.</exception>
    public static void AssertMatches(string path, string actual)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(actual);
        var update = Environment.GetEnvironmentVariable(UpdateVariable);
        if (update is not (null or "" or "1"))
            throw new XunitException($"{UpdateVariable} is '{update}'; set it to 1 or leave it out");

        var file = Repository.PathOf(path);
        var expected = File.Exists(file) ? File.ReadAllText(file) : null;
        if (expected == actual)
            return;
        if (update == "1")
        {
            File.WriteAllText(file, actual);
            throw new XunitException($"{path} was rewritten; review the change and run the test again");
        }

        throw new XunitException(
            $"{path} {(expected is null ? "does not exist" : Difference(expected, actual))}\nIf the change is intended, run 'make snapshots' and commit the file.");
    }

    private static string Difference(string expected, string actual)
    {
        var (old, now) = (expected.Split('\n'), actual.Split('\n'));
        var first = old.Zip(now).TakeWhile(p => p.First == p.Second).Count();
        return $"differs from line {first + 1} on\n{Lines(old, first, '-')}\n{Lines(now, first, '+')}";
    }

    private static string Lines(string[] lines, int first, char sign) =>
        string.Join('\n', lines.Skip(first).Take(ContextLines).Select(line => $"{sign} {line}"));
}
