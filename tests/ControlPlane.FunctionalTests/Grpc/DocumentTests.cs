using System.Diagnostics;
using System.Text.RegularExpressions;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>Every example of docs/grpc.md is true: they are run in order, and the answers compared line by line.</summary>
public sealed partial class DocumentTests
{
    private const string Ellipsis = "...";
    private static readonly string _root = Repository.PathOf("");

    [Fact]
    public async Task Examples_OfTheDocument_AnswerAsItSays()
    {
        await using var daemon = await GrpcDaemon.StartAsync();
        var examples = Examples(await File.ReadAllTextAsync(Path.Combine(_root, "docs/grpc.md"))).ToList();

        Assert.NotEmpty(examples);
        foreach (var (command, expected) in examples)
        {
            var here = command
                .Replace("127.0.0.1:5081", daemon.Address.Authority, StringComparison.Ordinal)
                .Replace("/run/devmapd/devmapd.sock", daemon.Socket, StringComparison.Ordinal);
            var output = await RunAsync(here);
            Assert.True(Matches(output.TrimEnd('\n').Split('\n'), expected), $"{command}\nanswered\n{output}");
        }
    }

    private static IEnumerable<(string Command, List<string> Expected)> Examples(string document)
    {
        foreach (Match block in ConsoleBlock().Matches(document))
        {
            (string Command, List<string> Expected)? example = null;
            foreach (var line in block.Groups[1].Value.TrimEnd('\n').Split('\n'))
            {
                if (!line.StartsWith("$ ", StringComparison.Ordinal))
                {
                    example!.Value.Expected.Add(line);
                    continue;
                }

                if (example is { } done)
                    yield return done;
                example = (line[2..], []);
            }

            yield return example!.Value;
        }
    }

    /// <summary>Whether the lines are those expected; an ellipsis stands for any lines up to the next that is expected.</summary>
    private static bool Matches(ReadOnlySpan<string> lines, List<string> expected)
    {
        for (var i = 0; i < expected.Count; i++)
        {
            if (expected[i] == Ellipsis)
            {
                if (i == expected.Count - 1)
                    return true;
                var next = lines.IndexOf(expected[i + 1]);
                if (next < 0)
                    return false;
                lines = lines[next..];
            }
            else if (lines.IsEmpty || lines[0] != expected[i])
            {
                return false;
            }
            else
            {
                lines = lines[1..];
            }
        }

        return lines.IsEmpty;
    }

    private static async Task<string> RunAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{command} 2>&1"])
        {
            WorkingDirectory = _root,
            RedirectStandardOutput = true,
        })!;
        var output = await shell.StandardOutput.ReadToEndAsync(TestContext.Deadline());
        await shell.WaitForExitAsync(TestContext.Deadline());
        return output;
    }

    [GeneratedRegex("```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ConsoleBlock();
}
